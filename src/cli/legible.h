// cli/legible.h: bytes of any kind as text that a terminal can show.

#ifndef CLI_LEGIBLE_H
#define CLI_LEGIBLE_H

#include <stddef.h>

// A string to free, which the locale can decode: what it cannot becomes \xff
// and the like, as does a zero byte. NULL if there is no memory.
char *cli_legible(const char *text, size_t size);

#endif
