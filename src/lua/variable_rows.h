// lua/variable_rows.h: what changes and reads parts of Variables by position.

#ifndef ND_LUA_VARIABLE_ROWS_H
#define ND_LUA_VARIABLE_ROWS_H

#include <lua.h>

// Adds these methods to Variables, whose type is there.
void ndL_open_variable_rows(lua_State *L);

#endif
