// lua/load.h: from text to a function. All text that comes to run in a program
// or host of ours comes through here, so `with` works in all of it; Lua's own
// `load` alone stays what it is.

#ifndef ND_LUA_LOAD_H
#define ND_LUA_LOAD_H

#include <lua.h>
#include <stddef.h>

// Makes `require`, `dofile` and `loadfile` accept `with`. Call once, after the
// libraries are open.
void ndL_installload(lua_State *L);

// Adds nd.load to the module table on top of the stack.
void ndL_open_load(lua_State *L);

// Like luaL_loadbufferx: pushes the function or the message. Here and below,
// only a lack of memory raises.
int ndL_load(lua_State *L, const char *text, size_t size, const char *name,
             const char *mode);

// Like luaL_loadfilex; a NULL path is the standard input. `env` is the stack
// index of the function's environment, or 0 for the globals.
int ndL_loadfile(lua_State *L, const char *path, const char *mode, int env);

// Pushes the plain Lua of a file, heading and all, or the message.
int ndL_lower(lua_State *L, const char *path);

#endif
