// cli/source.h: from text to a function. All text that the program runs comes
// through here, so `with` works in all of it.

#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include <lua.h>
#include <stddef.h>

// Makes `require`, `dofile` and `loadfile` accept `with`. Call once, after the
// libraries are open and "nadir.syntax" is in package.preload.
void cli_source_open(lua_State *L);

// Like luaL_loadbufferx: pushes the function or the message, never raises.
int cli_source_load(lua_State *L, const char *text, size_t size,
                    const char *name, const char *mode);

// Like luaL_loadfilex; a NULL path is the standard input. `env` is the stack
// index of the function's environment, or 0 for the globals. May raise only
// when there is no memory.
int cli_source_loadfile(lua_State *L, const char *path, const char *mode,
                        int env);

// Pushes the plain Lua of a file, heading and all, or the message.
int cli_source_lower(lua_State *L, const char *path);

#endif
