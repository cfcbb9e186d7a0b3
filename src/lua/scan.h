// lua/scan.h: tells texts that need the translator from those that do not.

#ifndef ND_LUA_SCAN_H
#define ND_LUA_SCAN_H

#include <stdbool.h>
#include <stddef.h>

// Whether the word `with` stands in `text` as a name, outside of strings and
// comments. Plain Lua never needs more than this one pass to be loaded.
bool ndL_scan_with(const char *text, size_t size);

#endif
