// lua/names.h: names, and errors for those that there are none of.

#ifndef ND_LUA_NAMES_H
#define ND_LUA_NAMES_H

#include <lua.h>
#include <stdbool.h>

#include "op/param.h"

// True for a string that C sees whole, without a NUL inside.
bool ndL_isname(lua_State *L, int i);

// Raises the error of a name that `what` lacks: the value at `key`. From
// `first` on, the stack has the tables of what there is.
int ndL_failname(lua_State *L, const char *what, int key, int first);

// Raises the error of an option that `function` does not take.
int ndL_failoption(lua_State *L, const char *function, const char *name,
                   const nd_param *params);

// Pushes a list of the names of parameters.
void ndL_pushparams(lua_State *L, const nd_param *params);

// A native module: nearest(name, list).
int ndL_open_nearest(lua_State *L);

// Makes it an error to ask the table of methods on top for one that is not in
// it; `what` has them.
void ndL_closemethods(lua_State *L, const char *what);

#endif
