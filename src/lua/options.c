// lua/options.c: brings arguments by name to positions.

#include "lua/options.h"

#include <lauxlib.h>
#include <string.h>

#include "lua/error.h"
#include "lua/names.h"

static bool is_among(const char *name, int n, const char *const *names)
{
  for (int i = 0; i < n; i++) {
    if (strcmp(names[i], name) == 0)
      return true;
  }
  return false;
}

// Of several unknown names the first in the order of letters is shown.
void ndL_checknames(lua_State *L, int i, const char *function, int n,
                    const char *const *names)
{
  const char *unknown = NULL;
  bool named = true;
  for (lua_pushnil(L); lua_next(L, i);) {  // any order
    lua_pop(L, 1);
    const char *name = NULL;
    if (lua_type(L, -1) == LUA_TSTRING)
      name = lua_tostring(L, -1);
    else
      named = false;
    if (name != NULL && !(ndL_isname(L, -1) && is_among(name, n, names)) &&
        (unknown == NULL || strcmp(name, unknown) < 0))
      unknown = name;
  }
  if (!named)
    ndL_error(L, "%s: options go by name, as in { %s = ... }", function,
              n > 0 ? names[0] : "name");
  if (unknown != NULL)
    ndL_failoption(L, function, unknown, n, names);
}

bool ndL_isoptions(lua_State *L, int i)
{
  if (lua_type(L, i) != LUA_TTABLE || lua_rawlen(L, i) > 0)
    return false;
  bool any = false, named = true;
  const int top = lua_gettop(L);
  i = lua_absindex(L, i);
  for (lua_pushnil(L); named && lua_next(L, i); lua_pop(L, 1)) {  // any order
    any = true;
    named = lua_type(L, -2) == LUA_TSTRING;
  }
  lua_settop(L, top);
  return any && named;
}

void ndL_spread(lua_State *L, const char *function, int fixed, int n,
                const char *const *names)
{
  const int top = lua_gettop(L);
  if (top > fixed && ndL_isoptions(L, top)) {
    ndL_checknames(L, top, function, n, names);
    luaL_checkstack(L, n + 1, function);
    lua_insert(L, fixed + 1);
    for (int i = top - fixed - 1; i < n; i++) {
      lua_pushstring(L, names[i]);
      lua_rawget(L, fixed + 1);
    }
    lua_remove(L, fixed + 1);
  } else if (top > fixed + n) {
    ndL_error(L, "%s: takes at most %d arguments, got %d", function, fixed + n,
              top);
  }
  lua_settop(L, fixed + n);
}

void ndL_checkoptions(lua_State *L, const char *function, int n,
                      const char *const *names)
{
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  } else if (lua_type(L, 1) != LUA_TTABLE) {
    ndL_error(L, "%s: takes one table of options, got %s", function,
              ndL_typename(L, 1));
  }
  lua_settop(L, 1);
  ndL_checknames(L, 1, function, n, names);
}
