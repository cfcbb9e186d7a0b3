// lua/class_forward.h: nd.autodiff.ForwardAccumulator.

#ifndef ND_LUA_CLASS_FORWARD_H
#define ND_LUA_CLASS_FORWARD_H

#include <lua.h>

// Adds it to the module on top.
void ndL_open_forward(lua_State *L);

#endif
