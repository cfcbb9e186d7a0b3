// lua/holders.c: goes through an object's fields.

#include "lua/holders.h"

#include <lauxlib.h>
#include <stdbool.h>

enum { OBJECT = 1, KEYS };

// Whether the key on top is one that all may see.
static bool is_public(lua_State *L)
{
  return lua_type(L, -1) != LUA_TSTRING || *lua_tostring(L, -1) != '_';
}

// Adds the field whose key is on top to the list at `list`.
static void add_field(lua_State *L, int list)
{
  lua_pushvalue(L, -1);
  const int type = lua_rawget(L, OBJECT);
  if (type != LUA_TTABLE && type != LUA_TUSERDATA)
    return;
  const lua_Integer n = (lua_Integer)lua_rawlen(L, list);
  lua_rawseti(L, list, n + 2);
  lua_rawseti(L, list, n + 1);
}

static int holders(lua_State *L)
{
  luaL_checktype(L, OBJECT, LUA_TTABLE);
  lua_newtable(L);
  const int list = lua_gettop(L);
  for (int keys = KEYS; keys < list; keys++) {
    luaL_checktype(L, keys, LUA_TTABLE);
    const lua_Integer n = (lua_Integer)lua_rawlen(L, keys);
    for (lua_Integer i = 1; i <= n; i++) {
      lua_rawgeti(L, keys, i);
      if (is_public(L))
        add_field(L, list);
      lua_settop(L, list);
    }
  }
  return 1;
}

int ndL_open_holders(lua_State *L)
{
  lua_pushcfunction(L, holders);
  return 1;
}
