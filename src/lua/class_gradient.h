// lua/class_gradient.h: the method `gradient` of tapes.

#ifndef ND_LUA_CLASS_GRADIENT_H
#define ND_LUA_CLASS_GRADIENT_H

#include "lua/flat.h"

// Adds the method to the class of tapes, which is open.
void ndL_open_gradient(lua_State *L);

#endif
