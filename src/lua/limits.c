// lua/limits.c: what scripts get in a state with limits: nothing by which they
// could catch, delay or remove a stop, or change what is not theirs.

#include "lua/limits.h"

#include <lualib.h>
#include <string.h>

#include "lua/error.h"

// Upvalue 1 is the name of the function that this stands for.
static int refuse(lua_State *L)
{
  return ndL_error(L, "debug.%s: a host that keeps limits does not lend it",
                   lua_tostring(L, lua_upvalueindex(1)));
}

// Of the debug library only what looks is left.
static void reduce_debug(lua_State *L)
{
  lua_getglobal(L, LUA_DBLIBNAME);
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {  // any order
    const char *name = lua_tostring(L, -2);
    if (strcmp(name, "traceback") == 0 || strcmp(name, "getinfo") == 0)
      continue;
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, refuse, 1);
    lua_rawset(L, -5);
  }
  lua_pop(L, 1);
}

static bool has(lua_State *L, const char *name)
{
  lua_pushstring(L, name);
  const bool present = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 1);
  return present;
}

// Metatables that libraries in C give to their values, files for one, are in
// the registry. Scripts that reached one could put a finalizer into it.
static void hide_metatables(lua_State *L)
{
  lua_pushnil(L);
  for (; lua_next(L, LUA_REGISTRYINDEX); lua_pop(L, 1)) {  // any order
    if (!lua_istable(L, -1) || !has(L, "__name") || has(L, "__metatable"))
      continue;
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
  }
}

void ndL_limit(lua_State *L)
{
  reduce_debug(L);
  hide_metatables(L);
}
