// lua/loaders.h: what scripts load with.

#ifndef ND_LUA_LOADERS_H
#define ND_LUA_LOADERS_H

#include <lua.h>

// Makes `require`, `dofile` and `loadfile` accept `with`. Call once, after the
// libraries are open.
void ndL_installload(lua_State *L);

// Adds nd.load to the module table on top of the stack.
void ndL_open_loaders(lua_State *L);

#endif
