// lua/coroutine.h: coroutines that a stop ends.

#ifndef ND_LUA_COROUTINE_H
#define ND_LUA_COROUTINE_H

#include <lua.h>

// Puts coroutine.resume, wrap and close that know of stops in place of Lua's.
void ndL_open_coroutine(lua_State *L);

#endif
