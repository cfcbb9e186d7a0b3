// lua/class_random.h: nd.random.

#ifndef ND_LUA_CLASS_RANDOM_H
#define ND_LUA_CLASS_RANDOM_H

#include "base/mt19937.h"
#include "lua/state.h"

// Adds nd.random to the module table on top of the stack.
void ndL_open_random(lua_State *L);

// The generator of the RandomState at 1, or an error.
nd_mt19937 *ndL_checkrandom(lua_State *L, const char *function);

#endif
