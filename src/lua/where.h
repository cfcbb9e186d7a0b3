// lua/where.h: where a script is, and which chunks are no script's.

#ifndef ND_LUA_WHERE_H
#define ND_LUA_WHERE_H

#include <lua.h>
#include <stdbool.h>

#include "base/place.h"

// Whether the name of a chunk, as in lua_Debug.source, says that it is ours.
bool ndL_isours(const char *source);

// Pushes "file:line: " of the innermost function that is a script's: neither C
// nor of our own modules. Pushes "" if there is none.
void ndL_pushwhere(lua_State *L);

// An nd_where of the lua_State `L`: that function's line.
int ndL_where(void *L, char source[ND_SOURCE_NAME]);

#endif
