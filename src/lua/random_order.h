// lua/random_order.h: rows and positions in random order, or some of them.

#ifndef ND_LUA_RANDOM_ORDER_H
#define ND_LUA_RANDOM_ORDER_H

#include <lua.h>

// Adds methods to the class of RandomStates, which is open, and
// nd.random.shuffle to the module table on top of the stack.
void ndL_open_order(lua_State *L);

#endif
