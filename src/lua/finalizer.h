// lua/finalizer.h: finalizers that a stop ends.

#ifndef ND_LUA_FINALIZER_H
#define ND_LUA_FINALIZER_H

#include <lua.h>

// setmetatable whose finalizers can be stopped, in place of Lua's.
void ndL_open_finalizer(lua_State *L);

#endif
