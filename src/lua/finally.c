// lua/finally.c: tables whose `__close` is a function of C.

#include "lua/finally.h"

#include <lauxlib.h>

// For `n` and what users add.
enum { ROOM = 4 };

static int finish(lua_State *L)
{
  lua_getfield(L, 1, "n");
  const int n = (int)lua_tointeger(L, -1);
  luaL_checkstack(L, n, NULL);
  for (int i = 1; i <= n; i++)
    lua_rawgeti(L, 1, i);
  lua_call(L, n - 1, 0);
  return 0;
}

// Upvalue: the metatable.
static int make(lua_State *L)
{
  const int n = lua_gettop(L);
  lua_createtable(L, n, ROOM);
  lua_insert(L, 1);
  for (int i = n; i > 0; i--)
    lua_rawseti(L, 1, i);
  lua_pushinteger(L, n);
  lua_setfield(L, 1, "n");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_setmetatable(L, 1);
  return 1;
}

int ndL_open_finally(lua_State *L)
{
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, finish);
  lua_setfield(L, -2, "__close");
  lua_pushcclosure(L, make, 1);
  return 1;
}
