// lua/variable_all.h: several Variables at once.

#ifndef ND_LUA_VARIABLE_ALL_H
#define ND_LUA_VARIABLE_ALL_H

#include <lua.h>

// Native module: a table of
//   check(function, variables, values)   raises unless each of a list of
//                                        Variables may have that value
//   assign(function, variables, values)  gives it to them, or raises, and none
//                                        of them has changed
// which raise errors as `function`, and
//   put_back(variables, kept)            gives them what Variables in another
//                                        list have kept for them, even without
//                                        memory, or when a host stops the
//                                        script
int ndL_open_variable_all(lua_State *L);

#endif
