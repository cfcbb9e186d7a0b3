// cli/call.h: calling what was loaded, and saying what went wrong.

#ifndef CLI_CALL_H
#define CLI_CALL_H

#include <lua.h>

// What follows the message of an error. Brief is for a line of the prompt: the
// traceback stops at the line, and is left out if it has no function beyond it.
enum cli_trace { CLI_TRACE_FULL, CLI_TRACE_BRIEF, CLI_TRACE_NONE };

// Calls the function below `arguments` values; Ctrl-C raises in it. Returns a
// status; if it is not LUA_OK, the message is on the stack, as a string.
int cli_call(lua_State *L, int arguments, int results, enum cli_trace trace);

// Prints and pops the message of a status that is not LUA_OK, after `program`
// and a colon if it is not NULL. Returns the status.
int cli_report(lua_State *L, int status, const char *program);

#endif
