// lua/console.h: consoles (lua/nadir/console.lua), for hosts and for the
// prompt.

#ifndef ND_LUA_CONSOLE_H
#define ND_LUA_CONSOLE_H

#include <lua.h>

#include "lua/nadirlua.h"

// A Lua function: given a console and its next line, or nil if none follows, it
// returns an nd_answer and, of ND_CONSOLE_DONE, the function that is still to
// run, of ND_CONSOLE_FAILED the message.
int ndL_console_read(lua_State *L);

#endif
