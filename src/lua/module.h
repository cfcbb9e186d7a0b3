// lua/module.h: our own modules: those written in Lua, which are embedded, and
// what they need of C. A module is opened once for a state and kept where no
// script reaches it, so ours do not depend on what scripts do to `require`,
// `package` and the standard libraries.

#ifndef ND_LUA_MODULE_H
#define ND_LUA_MODULE_H

#include <lauxlib.h>
#include <lua.h>

// Pushes the module. Raises if there is none, or if it cannot be opened, and
// then the next call tries again.
void ndL_require(lua_State *L, const char *name);

// Registers "nadir", every embedded module and LPeg in package.preload. Those
// that `natives` names are opened by its functions; it ends with a NULL name,
// and stays the caller's.
void ndL_addmodules(lua_State *L, const luaL_Reg *natives);

// Calls the module "nadir" in Lua with the table on top; its result stays.
void ndL_finish(lua_State *L);

#endif
