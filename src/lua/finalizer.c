// lua/finalizer.c: finalizers that can be stopped. Lua runs a finalizer with
// hooks off. So here an object with __gc is not marked for Lua's finalization:
// a guard is, which only the object keeps alive (it is the value of a weak key)
// and which keeps the object. Its finalizer is ours, and calls that of the
// object in a Lua thread where hooks are on. What scripts see is as in Lua:
// when, in which order, and with which function finalizers are called.

#include "lua/finalizer.h"

#include <lauxlib.h>

#include "lua/newstate.h"
#include "lua/registry.h"
#include "lua/stop.h"

static const char GUARDS_KEY = 0;     // the guards, by object
static const char METATABLE_KEY = 0;  // theirs
static const char THREAD_KEY = 0;     // in which finalizers run

// Calls the function with the object, which are on top of L. One thread is
// enough, as Lua collects nothing while a finalizer runs.
static void call(lua_State *L)
{
  ndL_stop *s = ndL_stopof(L);
  lua_State *before = s->running;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &THREAD_KEY);
  lua_State *T = lua_tothread(L, -1);
  lua_pop(L, 1);
  lua_xmove(L, T, 2);
  s->running = T;
  ndL_stop_settle(T);
  const int status = lua_pcall(T, 1, 0, 0);
  s->running = before;
  if (s->stands) {
    lua_settop(T, 0);
    ndL_stop_settle(L);
  } else if (status != LUA_OK) {
    lua_xmove(T, L, 1);
    lua_error(L);
  }
}

// The guard's finalizer. While a stop stands it waits for the next collection.
static int guard_gc(lua_State *L)
{
  if (ndL_stopof(L)->stands) {
    lua_getmetatable(L, 1);
    lua_setmetatable(L, 1);
    return 0;
  }
  lua_getiuservalue(L, 1, 1);
  lua_pushnil(L);
  lua_setiuservalue(L, 1, 1);
  if (!lua_getmetatable(L, 2))
    return 0;
  lua_pushliteral(L, "__gc");
  if (lua_rawget(L, -2) != LUA_TNIL) {
    lua_pushvalue(L, 2);
    call(L);
  }
  return 0;
}

// True if the object at 1 has a guard whose finalizer is still to come.
static bool is_guarded(lua_State *L, int guards)
{
  lua_pushvalue(L, 1);
  bool guarded = lua_rawget(L, guards) == LUA_TUSERDATA;
  if (guarded)
    guarded = lua_getiuservalue(L, -1, 1) != LUA_TNIL;
  lua_settop(L, guards);
  return guarded;
}

static void add_guard(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &GUARDS_KEY);
  const int guards = lua_gettop(L);
  if (is_guarded(L, guards))
    return;
  lua_pushvalue(L, 1);
  lua_newuserdatauv(L, 0, 1);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &METATABLE_KEY);
  lua_setmetatable(L, -2);
  lua_rawset(L, guards);
}

// Gives the table at 1 the metatable at 2, whose __gc Lua does not see. Taking
// it out and putting it back needs no memory.
static void set_unmarked(lua_State *L)
{
  lua_pushliteral(L, "__gc");
  lua_pushvalue(L, -1);
  lua_rawget(L, 2);
  lua_pushliteral(L, "__gc");
  lua_pushnil(L);
  lua_rawset(L, 2);
  lua_pushvalue(L, 2);
  lua_setmetatable(L, 1);
  lua_rawset(L, 2);
}

static bool has_gc(lua_State *L)
{
  if (lua_isnil(L, 2))
    return false;
  lua_pushliteral(L, "__gc");
  const bool has = lua_rawget(L, 2) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}

// As Lua's.
static int base_setmetatable(lua_State *L)
{
  const int type = lua_type(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2,
                   "nil or table");
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
    return luaL_error(L, "cannot change a protected metatable");
  lua_settop(L, 2);
  if (has_gc(L)) {
    add_guard(L);
    lua_settop(L, 2);
    set_unmarked(L);
    lua_settop(L, 1);
  } else {
    lua_setmetatable(L, 1);
  }
  return 1;
}

void ndL_open_finalizer(lua_State *L)
{
  ndL_keepweak(L, &GUARDS_KEY, "k", 0);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, guard_gc);
  lua_setfield(L, -2, "__gc");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &METATABLE_KEY);
  lua_newthread(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &THREAD_KEY);
  lua_pushcfunction(L, base_setmetatable);
  lua_setglobal(L, "setmetatable");
}
