// lua/within.c: what is marked of the calls that run.

#include "lua/within.h"

#include <lauxlib.h>

static const char ON_ERROR_KEY = 0;

enum { MARKED = 1, FRAMES };

// Adds the call whose value in the table of the marked is on top.
static void add_frame(lua_State *L, const lua_Debug *ar)
{
  lua_createtable(L, 3, 0);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, 1);
  for (int i = 1; i <= 2; i++) {
    if (lua_getlocal(L, ar, i) != NULL)
      lua_rawseti(L, -2, i + 1);
  }
  lua_rawseti(L, FRAMES, (lua_Integer)lua_rawlen(L, FRAMES) + 1);
}

static int running(lua_State *L)
{
  lua_Debug ar;
  luaL_checktype(L, MARKED, LUA_TTABLE);
  lua_settop(L, MARKED);
  lua_newtable(L);
  for (int level = 1; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "f", &ar);
    if (lua_rawget(L, MARKED) != LUA_TNIL)
      add_frame(L, &ar);
    lua_pop(L, 1);
  }
  return 1;
}

static int on_error(lua_State *L)
{
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &ON_ERROR_KEY);
  return 0;
}

void ndL_addwithin(lua_State *L)
{
  if (!lua_checkstack(L, LUA_MINSTACK))
    return;
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &ON_ERROR_KEY) == LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  lua_pushvalue(L, -2);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING)
    lua_replace(L, -2);
  else
    lua_pop(L, 1);
}

static int add_within(lua_State *L)
{
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  ndL_addwithin(L);
  return 1;
}

int ndL_open_frames(lua_State *L)
{
  static const luaL_Reg functions[] = {
    { "add_within", add_within },
    { "on_error", on_error },
    { "running", running },
    { NULL, NULL },
  };
  luaL_newlib(L, functions);
  return 1;
}
