// lua/warning.h: what is no error, but hardly what was meant.

#ifndef ND_LUA_WARNING_H
#define ND_LUA_WARNING_H

#include <lua.h>

// Warns with "file:line: function: text", once for each line and function.
void ndL_warn(lua_State *L, const char *function, const char *text);

// Calls `f`, which warns, with the values at 1, 2 and 3 and `data`. What was
// done is done: that there is no memory for a warning raises nothing.
void ndL_trywarn(lua_State *L, lua_CFunction f, void *data);

// Pushes the function of the module "nadir.warning", ndL_warn for our Lua.
int ndL_open_warning(lua_State *L);

#endif
