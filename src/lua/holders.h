// lua/holders.h: the fields of an object that may hold other objects.

#ifndef ND_LUA_HOLDERS_H
#define ND_LUA_HOLDERS_H

#include <lua.h>

// Native module: holders(object, keys...) gives those of the keys in some lists
// whose fields are tables or userdata, each followed by the field, as one list.
// Names that begin with an underscore are left out, and metatables are not
// asked. Most fields are settings: it is faster than a loop of Lua's.
int ndL_open_holders(lua_State *L);

#endif
