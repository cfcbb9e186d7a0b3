// lua/class_random.h: nd.random.

#ifndef ND_LUA_CLASS_RANDOM_H
#define ND_LUA_CLASS_RANDOM_H

#include <lua.h>

// Adds nd.random to the module table on top of the stack.
void ndL_open_random(lua_State *L);

#endif
