// lua/finally.h: what is done where a block is left, however it is left.

#ifndef ND_LUA_FINALLY_H
#define ND_LUA_FINALLY_H

#include <lua.h>

// Native module: finally(f, ...), which gives table.pack(f, ...) for a variable
// that is to be closed: then f(...) is called, as the table is by then. A stop
// runs no function of Lua's any more, but those of C it does: what is made by
// finally(rawset, t, key, t[key]) before t[key] changes sets that back,
// whatever comes.
int ndL_open_finally(lua_State *L);

#endif
