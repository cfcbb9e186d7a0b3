// lua/names.c: errors for names and options that there are none of. The words
// and the nearest name come from the module nadir.names; C says what there is.

#include "lua/names.h"

#include <lauxlib.h>
#include <string.h>

#include "base/near.h"
#include "lua/error.h"
#include "lua/module.h"

static void push_function(lua_State *L, const char *name)
{
  ndL_require(L, "nadir.names");
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

int ndL_failname(lua_State *L, const char *what, int key, int first)
{
  const int last = lua_gettop(L);
  key = lua_absindex(L, key);
  luaL_checkstack(L, last - first + 8, what);
  push_function(L, "missing");
  lua_pushstring(L, what);
  lua_pushvalue(L, key);
  for (int i = first; i <= last; i++)
    lua_pushvalue(L, i);
  lua_call(L, 2 + last - first + 1, 1);
  return ndL_error(L, "%s", luaL_tolstring(L, -1, NULL));
}

void ndL_pushparams(lua_State *L, const nd_param *params)
{
  lua_newtable(L);
  for (int i = 0; params[i].name != NULL; i++) {
    lua_pushstring(L, params[i].name);
    lua_rawseti(L, -2, i + 1);
  }
}

int ndL_failoption(lua_State *L, const char *function, const char *name,
                   const nd_param *params)
{
  luaL_checkstack(L, 8, function);
  push_function(L, "unknown_option");
  lua_pushstring(L, function);
  lua_pushstring(L, name);
  ndL_pushparams(L, params);
  lua_call(L, 3, 1);
  return ndL_error(L, "%s", luaL_tolstring(L, -1, NULL));
}

// nearest(name, list): the name of the list that was meant, or nil.
static int find_nearest(lua_State *L)
{
  nd_near near = { .name = luaL_checkstring(L, 1) };
  luaL_checktype(L, 2, LUA_TTABLE);
  const lua_Integer n = (lua_Integer)lua_rawlen(L, 2);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, 2, i);  // the list keeps the name
    if (lua_type(L, -1) == LUA_TSTRING)
      nd_near_try(&near, lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  lua_pushstring(L, near.best);
  return 1;
}

int ndL_open_nearest(lua_State *L)
{
  lua_pushcfunction(L, find_nearest);
  return 1;
}

bool ndL_isname(lua_State *L, int i)
{
  return lua_type(L, i) == LUA_TSTRING &&
         strlen(lua_tostring(L, i)) == lua_rawlen(L, i);
}

// Upvalues: state, what to call the object. Lua calls it with the table of
// methods, which lacks the key.
static int fail_method(lua_State *L)
{
  lua_settop(L, 2);
  lua_pushvalue(L, 1);
  return ndL_failname(L, lua_tostring(L, lua_upvalueindex(2)), 2, 3);
}

void ndL_closemethods(lua_State *L, const char *what)
{
  lua_createtable(L, 0, 1);
  lua_pushlightuserdata(L, ndL_getstate(L));
  lua_pushstring(L, what);
  lua_pushcclosure(L, fail_method, 2);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}
