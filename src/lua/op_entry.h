// lua/op_entry.h: entries of the table of ops, as Lua tables.

#ifndef ND_LUA_OP_ENTRY_H
#define ND_LUA_OP_ENTRY_H

#include <lua.h>

// Adds nd.ops to the module table on top of the stack.
void ndL_open_entry(lua_State *L);

#endif
