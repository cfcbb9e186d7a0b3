// lua/manager.h: opens the managers of `with` statements.

#ifndef ND_LUA_MANAGER_H
#define ND_LUA_MANAGER_H

#include <lua.h>

// A native module: open(value), which returns what the manager's name stands
// for and then the manager. It is called once in each step of a training.
int ndL_open_manager(lua_State *L);

#endif
