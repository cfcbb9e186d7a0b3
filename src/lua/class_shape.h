// lua/class_shape.h: the value of x.shape.

#ifndef ND_LUA_CLASS_SHAPE_H
#define ND_LUA_CLASS_SHAPE_H

#include <lua.h>

#include "tensor/tensor.h"

// Makes the metatable of shapes.
void ndL_open_shape(lua_State *L);

// Pushes the shape of `x`, a list.
void ndL_pushshape(lua_State *L, const nd_tensor *x);

#endif
