// lua/registry.c: tables in Lua's registry.

#include "lua/registry.h"

void ndL_keepweak(lua_State *L, const void *key, const char *mode, int n)
{
  lua_createtable(L, n, 0);
  lua_createtable(L, 0, 1);
  lua_pushstring(L, mode);
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}
