// lua/differences.h: tape/differences.h for our Lua modules.

#ifndef ND_LUA_DIFFERENCES_H
#define ND_LUA_DIFFERENCES_H

#include <lua.h>

// The native module, a function: differences(f, h, n) gives the list of the
// derivatives at t = 0 of the n numbers in the list f(t).
int ndL_open_differences(lua_State *L);

#endif
