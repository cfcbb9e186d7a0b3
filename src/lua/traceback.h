// lua/traceback.h: what is said of an error: its message, and the way to it,
// without what is not the user's.

#ifndef ND_LUA_TRACEBACK_H
#define ND_LUA_TRACEBACK_H

#include <lua.h>

// Handlers for lua_pcall. Each makes a string of any error: the message, or an
// object's own text; the latter two add the functions that run, without those
// of our own Lua modules and without what these have called. Brief is for a
// statement of a console: the traceback ends with it, and is left out if it has
// no function beyond it.
int ndL_message(lua_State *L);
int ndL_message_brief(lua_State *L);
int ndL_message_full(lua_State *L);

// Pushes the message with its brief traceback.
void ndL_traceback(lua_State *L, const char *message);

#endif
