// lua/zip.c: nd.zip: pairs of two lists, which `apply_gradients` takes.

#include "lua/zip.h"

#include <string.h>

#include "lua/error.h"
#include "lua/signature.h"

// The first name among the keys, in the order of letters; NULL.
static const char *first_name(lua_State *L, int i)
{
  const char *first = NULL;
  for (lua_pushnil(L); lua_next(L, i);) {  // any order: the least is kept
    lua_pop(L, 1);
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                                      : NULL;
    if (name != NULL && (first == NULL || strcmp(name, first) < 0))
      first = name;
  }
  return first;
}

// The length of the list at `i`. Names come after its last position, if it has
// any.
static lua_Integer check_list(lua_State *L, int i, const ndL_arguments *a)
{
  const lua_Integer n = (lua_Integer)lua_rawlen(L, i);
  if (n > 0)
    lua_pushinteger(L, n);
  else
    lua_pushnil(L);
  if (!lua_next(L, i))  // any order: whether there is one
    return n;
  lua_pop(L, 2);
  const char *name = first_name(L, i);
  if (name != NULL)
    ndL_error(L,
              "zip: %s must be a list, got the name '%s'; apply_gradients "
              "takes tables with names as they are",
              a->reader.params[i - 1].name, name);
  return n;
}

// Sets element `to` of the table on top to element `from` of the list at `i`.
static void copy(lua_State *L, int i, lua_Integer from, int to)
{
  lua_rawgeti(L, i, from);
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
  }
  lua_rawseti(L, -2, to);
}

static const char *const lists[] = { "a list", NULL };
static const nd_param params[] = {
  { "a", ND_TABLE, .words = lists, .doc = "of the first of each pair" },
  { "b", ND_TABLE, .words = lists, .doc = "of the second" },
  { NULL },
};

static int zip(lua_State *L)
{
  ndL_arguments a;
  ndL_read(L, ndL_upstate(L), &a, 1);
  const lua_Integer n = check_list(L, 1, &a), m = check_list(L, 2, &a);
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
