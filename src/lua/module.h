// lua/module.h: our own modules: those written in Lua, which are embedded, and
// what they need of C. A module is opened once for a state and kept where no
// script reaches it, so ours do not depend on what scripts do to `require`,
// `package` and the standard libraries.

#ifndef ND_LUA_MODULE_H
#define ND_LUA_MODULE_H

#include <lua.h>
#include <stdbool.h>

#include "lua/embedded.h"

// Pushes the module. Raises if there is none, or if it cannot be opened, and
// then the next call tries again.
void ndL_require(lua_State *L, const char *name);

// Registers "nadir", every embedded module and LPeg in package.preload.
void ndL_preload(lua_State *L);

// Calls the module "nadir" in Lua with the table on top; its result stays.
void ndL_finish(lua_State *L);

// Whether the name of a chunk, as in lua_Debug.source, says that it is ours.
bool ndL_isours(const char *source);

#endif
