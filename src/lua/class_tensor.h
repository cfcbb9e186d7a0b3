// lua/class_tensor.h: tensors, and what Variables have of them.

#ifndef ND_LUA_CLASS_TENSOR_H
#define ND_LUA_CLASS_TENSOR_H

#include "lua/state.h"
#include "tensor/tensor.h"

// Adds nd.constant and so on to the module table on top of the stack, and makes
// the metatables of tensors and Variables, which ops then fill.
void ndL_open_tensor(lua_State *L);

// The tensor or Variable at 1, held, whose values are there, and are now
// numbers, of which tapes have heard.
nd_tensor *ndL_takevalues(lua_State *L, ndL_state *S, const char *function);

// Sets the __index of a type with tensor methods, once those are complete.
void ndL_setindex(lua_State *L, ndL_state *S, ndL_type type);

#endif
