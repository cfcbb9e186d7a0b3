// lua/switches.h: what nd.debugging has that is not written in Lua.

#ifndef ND_LUA_SWITCHES_H
#define ND_LUA_SWITCHES_H

#include "lua/state.h"

// The native module, a table of functions.
int ndL_open_switches(lua_State *L);

#endif
