// lua/open.h: opens the module.

#ifndef ND_LUA_OPEN_H
#define ND_LUA_OPEN_H

#include <lua.h>

int luaopen_nadir(lua_State *L);

// Registers "nadir", every embedded module and LPeg in package.preload.
void ndL_preload(lua_State *L);

// What the generated functions call that stock Lua finds in nadir.so when a
// script begins with `require "nadir.with"`: luaopen_nadir_with, and so on.
int ndL_openembedded(lua_State *L, const char *name);

#endif
