// lua/custom.h: nd.custom_gradient.

#ifndef ND_LUA_CUSTOM_H
#define ND_LUA_CUSTOM_H

#include <lua.h>

// Adds it to the module on top.
void ndL_open_custom(lua_State *L);

#endif
