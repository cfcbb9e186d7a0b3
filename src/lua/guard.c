// lua/guard.c: the second try of a call that finds no memory. Ops, which are
// too short to be called protected, have their own (lua/op.c).

#include "lua/guard.h"

#include "lua/pace.h"
#include "lua/stop.h"

static void push_call(lua_State *L, int n)
{
  luaL_checkstack(L, n + 1, "too many arguments");
  lua_pushvalue(L, lua_upvalueindex(NDL_GUARDED));
  for (int i = 1; i <= n; i++)
    lua_pushvalue(L, i);
}

// Where nothing limits memory the call is plain, in this frame: its upvalues
// are the same.
static int guard(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  if (!nd_memory_is_limited(S->context))
    return lua_tocfunction(L, lua_upvalueindex(NDL_GUARDED))(L);
  const int n = lua_gettop(L);
  S->refused = false;
  push_call(L, n);
  const int status = lua_pcall(L, n, LUA_MULTRET, 0);
  if (status == LUA_OK)
    return lua_gettop(L) - n;
  if (ndL_stop_stands(L) || (status != LUA_ERRMEM && !S->refused))
    return lua_error(L);
  lua_settop(L, n);
  ndL_collect(L, S);
  push_call(L, n);
  lua_call(L, n, LUA_MULTRET);
  return lua_gettop(L) - n;
}

// Makes what is on top of the stack the second upvalue of `function`; the `n`
// values from `first` on are its own.
static void push_closure(lua_State *L, lua_CFunction function, int first, int n)
{
  lua_pushlightuserdata(L, ndL_getstate(L));
  lua_insert(L, -2);
  for (int i = 0; i < n; i++)
    lua_pushvalue(L, first + i);
  lua_pushcclosure(L, function, NDL_OWN - 1 + n);
}

void ndL_pushguarded(lua_State *L, lua_CFunction function, int n)
{
  const int first = lua_gettop(L) - n + 1;
  lua_pushnil(L);
  push_closure(L, function, first, n);
  push_closure(L, guard, first, n);
  if (n > 0)
    lua_replace(L, first);
  lua_settop(L, first);
}

void ndL_setfunctions(lua_State *L, const luaL_Reg *functions)
{
  for (const luaL_Reg *f = functions; f->name != NULL; f++) {
    ndL_pushguarded(L, f->func, 0);
    lua_setfield(L, -2, f->name);
  }
}

void ndL_setplain(lua_State *L, const luaL_Reg *functions)
{
  lua_pushlightuserdata(L, ndL_getstate(L));
  luaL_setfuncs(L, functions, 1);
}
