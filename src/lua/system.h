// lua/system.h: what the module tells about itself and the machine.

#ifndef ND_LUA_SYSTEM_H
#define ND_LUA_SYSTEM_H

#include <lua.h>

// Adds its functions to the module table on top of the stack.
void ndL_open_system(lua_State *L);

// Pushes the function of the module "nadir.columns".
int ndL_open_columns(lua_State *L);

// Pushes the module "nadir.host": the name of this machine.
int ndL_open_host(lua_State *L);

#endif
