// lua/warning.c: what is no error, but hardly what was meant. Each function
// warns once for each line of the script. The host's function hears of it; in a
// Lua that is not ours lua/nadir/warn.lua does.

#include "lua/warning.h"

#include "lua/module.h"
#include "lua/newstate.h"
#include "lua/state.h"
#include "lua/where.h"

static const char SEEN_KEY = 0;

// A script that makes its chunks as it runs has any number of lines.
enum { MOST_SEEN = 1000 };

// Pushes the set of the lines that have warned.
static void push_seen(lua_State *L, ndL_state *S)
{
  const int type = lua_rawgetp(L, LUA_REGISTRYINDEX, &SEEN_KEY);
  if (type == LUA_TTABLE && S->warned < MOST_SEEN)
    return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &SEEN_KEY);
  S->warned = 0;
}

// True the first time for the key on top, which it leaves.
static bool is_new(lua_State *L, ndL_state *S)
{
  push_seen(L, S);
  lua_pushvalue(L, -2);
  const bool fresh = lua_rawget(L, -2) == LUA_TNIL;
  lua_pop(L, 1);
  if (fresh) {
    lua_pushvalue(L, -2);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    S->warned++;
  }
  lua_pop(L, 1);
  return fresh;
}

// Tells what is on top of the stack.
static void emit(lua_State *L, const ndL_state *S)
{
  const nd_context *c = S->context;
  if (c->warning != NULL)
    c->warning(c->warning_data, lua_tostring(L, -1));
  if (!S->owns_context)
    return;
  ndL_require(L, "nadir.warn");
  lua_insert(L, -2);
  lua_call(L, 1, 0);
}

void ndL_warn(lua_State *L, const char *function, const char *text)
{
  ndL_state *S = ndL_getstate(L);
  const int top = lua_gettop(L);
  if (ndL_isquiet(L))
    return;
  luaL_checkstack(L, 8, function);
  ndL_pushwhere(L);
  lua_pushfstring(L, "%s%s", lua_tostring(L, top + 1), function);
  if (is_new(L, S)) {
    lua_pushfstring(L, "%s: %s", lua_tostring(L, top + 2), text);
    emit(L, S);
  }
  lua_settop(L, top);
}

void ndL_trywarn(lua_State *L, lua_CFunction f, void *data)
{
  if (!lua_checkstack(L, LUA_MINSTACK))
    return;
  lua_pushcfunction(L, f);
  for (int i = 1; i <= 3; i++)
    lua_pushvalue(L, i);
  lua_pushlightuserdata(L, data);
  if (lua_pcall(L, 4, 0, 0) != LUA_OK)
    lua_pop(L, 1);
}

// warning(function, text)
static int warn_of(lua_State *L)
{
  ndL_warn(L, luaL_checkstring(L, 1), luaL_checkstring(L, 2));
  return 0;
}

int ndL_open_warning(lua_State *L)
{
  lua_pushcfunction(L, warn_of);
  return 1;
}
