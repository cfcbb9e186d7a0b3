// lua/origin.c: what Lua knows of a function that is written in it.

#include "lua/origin.h"

#include <stdbool.h>
#include <string.h>

#include "lua/where.h"

// Pushes the names of the function's parameters.
static void push_params(lua_State *L, int f, int count)
{
  lua_createtable(L, count, 0);
  for (int i = 1; i <= count; i++) {
    lua_pushvalue(L, f);
    lua_pushstring(L, lua_getlocal(L, NULL, i));
    lua_remove(L, -2);
    lua_rawseti(L, -2, i);
  }
}

// Pushes the first upvalue that has the metatable, or nil.
static void push_upvalue(lua_State *L, int f, int metatable)
{
  for (int i = 1; lua_getupvalue(L, f, i) != NULL; i++) {
    if (lua_getmetatable(L, -1)) {
      const bool found = lua_rawequal(L, -1, metatable);
      lua_pop(L, 1);
      if (found)
        return;
    }
    lua_pop(L, 1);
  }
  lua_pushnil(L);
}

static int origin(lua_State *L)
{
  lua_settop(L, 2);
  if (!lua_isfunction(L, 1) || lua_iscfunction(L, 1))
    return 0;
  lua_Debug ar;
  lua_pushvalue(L, 1);
  lua_getinfo(L, ">Su", &ar);
  if (!ndL_isours(ar.source))
    return 0;
  lua_pushlstring(L, ar.source + strlen("=["), ar.srclen - strlen("=[]"));
  lua_pushinteger(L, ar.linedefined);
  push_params(L, 1, ar.nparams);
  lua_pushboolean(L, ar.isvararg);
  push_upvalue(L, 1, 2);
  return 5;
}

int ndL_open_origin(lua_State *L)
{
  lua_pushcfunction(L, origin);
  return 1;
}
