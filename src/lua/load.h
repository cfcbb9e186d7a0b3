// lua/load.h: from text to a function. All text that comes to run in a program
// or host of ours comes through here, so `with` works in all of it; Lua's own
// `load` alone stays what it is.

#ifndef ND_LUA_LOAD_H
#define ND_LUA_LOAD_H

#include "lua/source.h"

// Like luaL_loadbufferx: pushes the function or the message. Here and below,
// only a lack of memory raises.
int ndL_load(lua_State *L, const char *text, size_t size, const char *name,
             const char *mode);

// The same for a source.
int ndL_loadsource(lua_State *L, const ndL_source *s, const char *mode);

// Pushes a chunk's name: one like those of our own modules would hide the lines
// of a script.
const char *ndL_pushchunkname(lua_State *L, const char *name);

// Like luaL_loadfilex; a NULL path is the standard input. `env` is the stack
// index of the function's environment, or 0 for the globals.
int ndL_loadfile(lua_State *L, const char *path, const char *mode, int env);

// Pushes the plain Lua of a file, heading and all, or the message.
int ndL_lower(lua_State *L, const char *path);

#endif
