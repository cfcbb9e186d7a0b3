// lua/origin.h: which function of ours a function is, for help.

#ifndef ND_LUA_ORIGIN_H
#define ND_LUA_ORIGIN_H

#include <lua.h>

// Pushes the function of the module "nadir.origin": origin(f, metatable) gives,
// of a function written in one of our modules, the name of the module, the line
// that it begins in, a list of the names of its parameters, whether more
// follow, and the first of its upvalues that has the metatable, or nil; nothing
// of any other value.
int ndL_open_origin(lua_State *L);

#endif
