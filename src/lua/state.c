// lua/state.c: makes and finds the state, and makes objects of our types.

#include "lua/state.h"

#include <string.h>

#include "lua/entropy.h"
#include "lua/where.h"

static const char STATE_KEY = 0;

static int state_gc(lua_State *L)
{
  ndL_state *S = lua_touserdata(L, lua_upvalueindex(1));
  if (lua_touserdata(L, 1) != S)
    return 0;
  if (S->end != NULL)
    S->end(S);
  if (S->owns_context)
    nd_context_free(S->context);
  S->context = NULL;
  return 0;
}

ndL_state *ndL_addstate(lua_State *L)
{
  ndL_state *S = lua_newuserdatauv(L, sizeof *S, 0);
  memset(S, 0, sizeof *S);
  S->mark = ndL_invent(S);
  S->print = nd_print_defaults;
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  S->main = lua_tothread(L, -1);
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, state_gc, 1);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &STATE_KEY);
  return S;
}

ndL_state *ndL_getstate(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &STATE_KEY);
  ndL_state *S = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return S;
}

int ndL_failclosed(lua_State *L)
{
  ndL_pushwhere(L);
  lua_pushliteral(L, "nadir: the state is closed");
  lua_concat(L, 2);
  return lua_error(L);
}

void ndL_settype(lua_State *L, const ndL_state *S, void *object, ndL_type type)
{
  ndL_mark(S, object, type);
  ndL_pushmetatable(L, S, type);
  lua_setmetatable(L, -2);
}

void *ndL_newobject(lua_State *L, const ndL_state *S, ndL_type type,
                    size_t size, int values)
{
  ndL_object *o = lua_newuserdatauv(L, sizeof *o + size, values);
  memset(o + 1, 0, size);
  ndL_settype(L, S, o + 1, type);
  return o + 1;
}

void ndL_newmetatable(lua_State *L, ndL_state *S, ndL_type type,
                      const char *name)
{
  lua_newtable(L);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, -1);
  S->metatables[type] = luaL_ref(L, LUA_REGISTRYINDEX);
}
