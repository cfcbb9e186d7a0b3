// lua/limits.h: what scripts may not have where a host keeps limits.

#ifndef ND_LUA_LIMITS_H
#define ND_LUA_LIMITS_H

#include <lua.h>

// Takes from scripts what a state with limits cannot lend them.
void ndL_limit(lua_State *L);

#endif
