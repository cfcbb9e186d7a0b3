// lua/zip.c: nd.zip: pairs of two lists, which `apply_gradients` takes.

#include "lua/zip.h"

#include "lua/error.h"
#include "lua/nested.h"
#include "lua/signature.h"

static const char *const lists[] = { "a list", NULL };
static const nd_param params[] = {
  { "a", ND_TABLE, .words = lists, .doc = "of the first of each pair" },
  { "b", ND_TABLE, .words = lists, .doc = "of the second" },
  { NULL },
};

// Pushes the first of the keys that is no number: a name, if there is one.
static void push_first_name(lua_State *L, int i)
{
  ndL_pushkeys(L, i);
  int type = lua_rawgeti(L, -1, 1);
  for (lua_Integer k = 2; type == LUA_TNUMBER; k++) {
    lua_pop(L, 1);
    type = lua_rawgeti(L, -1, k);
  }
  lua_remove(L, -2);
}

// The length of the list at `i`.
static lua_Integer check_list(lua_State *L, int i)
{
  const lua_Integer n = (lua_Integer)lua_rawlen(L, i);
  if (ndL_islist(L, i, n))
    return n;
  push_first_name(L, i);
  if (lua_type(L, -1) == LUA_TSTRING)
    ndL_error(L,
              "zip: %s must be a list, got the name '%s'; apply_gradients "
              "takes tables with names as they are",
              params[i - 1].name, lua_tostring(L, -1));
  lua_pop(L, 1);
  return n;
}

// Sets element `to` of the table on top to element `from` of the list at `i`.
static void copy(lua_State *L, int i, lua_Integer from, int to)
{
  const int type = lua_rawgeti(L, i, from);
  if (type <= LUA_TBOOLEAN && !lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
  }
  lua_rawseti(L, -2, to);
}

static int zip(lua_State *L)
{
  ndL_arguments a;
  ndL_read(L, ndL_upstate(L), &a, 1);
  const lua_Integer n = check_list(L, 1), m = check_list(L, 2);
  const lua_Integer most = n > m ? n : m;
  lua_createtable(L, (int)most, 0);
  for (lua_Integer i = 1; i <= most; i++) {
    lua_createtable(L, 2, 0);
    copy(L, 1, i, 1);
    copy(L, 2, i, 2);
    lua_rawseti(L, -2, i);
  }
  return 1;
}

void ndL_open_zip(lua_State *L)
{
  static const ndL_function functions[] = {
    { "zip", zip, params,
      "the list of the pairs { a[i], b[i] }, with false for what one lacks" },
    { NULL },
  };
  ndL_bind(L, "nd.", functions);
}
