// lua/random_numbers.h: numbers that a RandomState draws.

#ifndef ND_LUA_RANDOM_NUMBERS_H
#define ND_LUA_RANDOM_NUMBERS_H

#include <lua.h>

// Adds the methods to the class of RandomStates, which is open.
void ndL_open_numbers(lua_State *L);

#endif
