// lua/op_fields.h: ops as fields of nd, nd.nn, ..., as methods and operators. A
// field is made when somebody first asks for it, so that a new state does not
// pay for the ops that nobody uses. A script may set or remove it like any
// other; one that it removed is not made again.

#ifndef ND_LUA_OP_FIELDS_H
#define ND_LUA_OP_FIELDS_H

#include "lua/state.h"

// Gives the module table on top of the stack its ops, with those in tables of
// its own, and the types of tensors their methods and operators.
void ndL_open_fields(lua_State *L);

// Sets the field of the table at `t` that is an op, and pushes it, if the value
// at `key` is the name of one that nobody has asked for. Else false.
bool ndL_askfield(lua_State *L, int t, int key);

// Sets all fields of the table at `t` that are ops and that nobody has asked
// for, for whoever walks it. Without ops in it nothing happens.
void ndL_fillfields(lua_State *L, int t);

// Pushes these for our modules in Lua, and what an __newindex calls:
// ask(t, name), fill(t), and take(t, name), since when `name` is a script's.
int ndL_pushfields(lua_State *L);

#endif
