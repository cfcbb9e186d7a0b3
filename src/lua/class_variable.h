// lua/class_variable.h: Variables.

#ifndef ND_LUA_CLASS_VARIABLE_H
#define ND_LUA_CLASS_VARIABLE_H

#include <lua.h>

#include "lua/state.h"
#include "tape/variable.h"

// Adds nd.Variable to the module table on top of the stack.
void ndL_open_variable(lua_State *L);

// Pushes the Variable that `v` is in Lua; nil if Lua dropped it.
void ndL_pushvariable(lua_State *L, const nd_variable *v);

// The same, but what Lua dropped it gets again, without its name.
void ndL_restorevariable(lua_State *L, ndL_state *S, nd_variable *v);

#endif
