// lua/op.h: ops as Lua functions.

#ifndef ND_LUA_OP_H
#define ND_LUA_OP_H

#include "lua/state.h"
#include "op/op.h"

// Pushes the function of an op: one and the same, made at the first call.
void ndL_pushop(lua_State *L, ndL_state *S, const nd_op *op);

// Pushes a new function for the op's metamethod.
void ndL_pushoperator(lua_State *L, ndL_state *S, const nd_op *op);

#endif
