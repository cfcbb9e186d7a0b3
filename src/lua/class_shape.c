// lua/class_shape.c: the value of x.shape: a list of sizes that prints as
// messages show it and compares with any other list.

#include "lua/class_shape.h"

#include <lauxlib.h>

#include "lua/error.h"
#include "lua/guard.h"

static const char METATABLE_KEY = 0;

void ndL_pushshape(lua_State *L, const nd_tensor *x)
{
  const nd_type type = nd_type_of(x);  // the table may cost us `x`
  lua_createtable(L, type.rank, 0);
  for (int i = 0; i < type.rank; i++) {
    lua_pushinteger(L, type.shape[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &METATABLE_KEY);
  lua_setmetatable(L, -2);
}

// Pushes the list at `i` as "[2 3]".
static void push_text(lua_State *L, int i)
{
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addchar(&b, '[');
  for (lua_Integer k = 1, n = (lua_Integer)lua_rawlen(L, i); k <= n; k++) {
    luaL_addstring(&b, k > 1 ? " " : "");
    lua_rawgeti(L, i, k);
    luaL_tolstring(L, -1, NULL);
    lua_remove(L, -2);
    luaL_addvalue(&b);
  }
  luaL_addchar(&b, ']');
  luaL_pushresult(&b);
}

static int shape_tostring(lua_State *L)
{
  if (lua_type(L, 1) != LUA_TTABLE)
    return ndL_typeerror(L, "tostring", "self", "a shape", 1);
  push_text(L, 1);
  return 1;
}

// How many keys of any kind the table at `i` has.
static lua_Unsigned count_keys(lua_State *L, int i)
{
  lua_Unsigned n = 0;
  for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))  // any order
    n++;
  return n;
}

// A list with names in it is no shape.
static bool equals(lua_State *L)
{
  if (lua_type(L, 1) != LUA_TTABLE || lua_type(L, 2) != LUA_TTABLE)
    return false;
  const lua_Unsigned n = lua_rawlen(L, 1);
  bool equal = n == lua_rawlen(L, 2) && count_keys(L, 1) == n &&
               count_keys(L, 2) == n;
  for (lua_Unsigned i = 1; i <= n && equal; i++) {
    lua_rawgeti(L, 1, (lua_Integer)i);
    lua_rawgeti(L, 2, (lua_Integer)i);
    equal = lua_rawequal(L, -2, -1);
    lua_pop(L, 2);
  }
  return equal;
}

static int shape_equals(lua_State *L)
{
  lua_settop(L, 2);
  lua_pushboolean(L, equals(L));
  return 1;
}

static int shape_concat(lua_State *L)
{
  lua_settop(L, 2);
  for (int i = 1; i <= 2; i++) {
    const int type = lua_type(L, i);
    if (type == LUA_TTABLE)
      push_text(L, i);
    else if (type == LUA_TSTRING || type == LUA_TNUMBER)
      lua_pushvalue(L, i);
    else
      return ndL_error(L, "..: a shape and a %s value do not join",
                       ndL_typename(L, i));
  }
  lua_concat(L, 2);
  return 1;
}

static const luaL_Reg metamethods[] = {
  { "__tostring", shape_tostring },
  { "__eq", shape_equals },
  { "__concat", shape_concat },
  { NULL, NULL },
};

void ndL_open_shape(lua_State *L)
{
  lua_newtable(L);
  lua_pushliteral(L, "nadir.shape");
  lua_setfield(L, -2, "__name");
  ndL_setfunctions(L, metamethods);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &METATABLE_KEY);
}
