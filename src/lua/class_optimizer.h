// lua/class_optimizer.h: optimizers.

#ifndef ND_LUA_CLASS_OPTIMIZER_H
#define ND_LUA_CLASS_OPTIMIZER_H

#include <lua.h>

// Adds nd.optimizers to the module table on top of the stack.
void ndL_open_optimizer(lua_State *L);

#endif
