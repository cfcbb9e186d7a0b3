// lua/zip.h: nd.zip.

#ifndef ND_LUA_ZIP_H
#define ND_LUA_ZIP_H

#include <lua.h>

// Sets nd.zip, into the module on top.
void ndL_open_zip(lua_State *L);

#endif
