// cli/scan.h: tells texts that need the translator from those that do not.

#ifndef CLI_SCAN_H
#define CLI_SCAN_H

#include <stdbool.h>
#include <stddef.h>

// Whether the word `with` stands in `text` as a name, outside of strings and
// comments. Plain Lua never needs more than this one pass to be loaded.
bool cli_scan_with(const char *text, size_t size);

#endif
