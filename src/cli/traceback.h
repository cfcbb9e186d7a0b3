// cli/traceback.h: the way to an error, without what is not the user's.

#ifndef CLI_TRACEBACK_H
#define CLI_TRACEBACK_H

#include <lua.h>

// Pushes the message and the traceback of the functions that run, without
// those of our own Lua modules and without what these have called.
void cli_traceback_push(lua_State *L, const char *message);

// As above for a statement of the prompt: the traceback ends with it, and is
// left out if it has no function beyond it.
void cli_traceback_push_brief(lua_State *L, const char *message);

#endif
