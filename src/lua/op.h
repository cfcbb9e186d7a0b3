// lua/op.h: ops as functions, methods and operators.

#ifndef ND_LUA_OP_H
#define ND_LUA_OP_H

#include <lua.h>

// Adds the ops and nd.ops to the module table on top of the stack.
void ndL_open_op(lua_State *L);

#endif
