// lua/differences.c: derivatives by differences of what a Lua function gives.

#include "lua/differences.h"

#include <lauxlib.h>

#include "tape/differences.h"

typedef struct sampled {
  lua_State *L;
  int64_t n;
} sampled;

// Calls the function at 1; after a failure its error is on top.
static bool sample(void *what, double t, double *y)
{
  const sampled *s = what;
  lua_State *L = s->L;
  lua_pushvalue(L, 1);
  lua_pushnumber(L, t);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK)
    return false;
  for (int64_t i = 0; i < s->n; i++) {
    lua_rawgeti(L, -1, i + 1);
    y[i] = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return true;
}

static int differences(lua_State *L)
{
  const double h = luaL_checknumber(L, 2);
  sampled s = { L, luaL_checkinteger(L, 3) };
  const size_t n = (size_t)s.n;
  double *dy = lua_newuserdatauv(L, (2 * n + 1) * sizeof *dy, 0);
  if (!nd_differences(sample, &s, h, s.n, dy + n, dy))
    return lua_error(L);
  lua_createtable(L, (int)s.n, 0);
  for (int64_t i = 0; i < s.n; i++) {
    lua_pushnumber(L, dy[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

int ndL_open_differences(lua_State *L)
{
  lua_pushcfunction(L, differences);
  return 1;
}
