// lua/registry.h: what Lua's registry keeps for us. The key is the address of a
// `static const char SOMETHING_KEY`, which nothing else can have.

#ifndef ND_LUA_REGISTRY_H
#define ND_LUA_REGISTRY_H

#include <lua.h>

// Keeps a new table under `key`, whose keys are weak if `mode` is "k", and
// whose values are if it is "v"; it has room for a list of `n`.
void ndL_keepweak(lua_State *L, const void *key, const char *mode, int n);

#endif
