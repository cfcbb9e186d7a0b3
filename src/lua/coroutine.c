// lua/coroutine.c: coroutine.resume, wrap and close as in Lua, and besides: the
// stop knows which thread runs, and what ends by a stop is closed and ends its
// resumer too.

#include "lua/coroutine.h"

#include <lauxlib.h>

#include "lua/newstate.h"
#include "lua/registry.h"
#include "lua/stop.h"

// The set of the threads whose hooks are off for ever. What is open
// in them stays so: a handler there could not be stopped.
static const char HUSHED_KEY = 0;

static lua_State *check_thread(lua_State *L)
{
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co != NULL, 1, "thread");
  return co;
}

static void add_hushed(lua_State *L, lua_State *co)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &HUSHED_KEY);
  lua_pushthread(co);
  lua_xmove(co, L, 1);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

static bool is_hushed(lua_State *L, int i)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &HUSHED_KEY);
  lua_pushvalue(L, i);
  const bool hushed = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 2);
  return hushed;
}

// Closes what is open in `co`, as the thread that runs.
static int close_thread(lua_State *L, lua_State *co)
{
  ndL_stop *s = ndL_stopof(L);
  s->running = co;
  ndL_stop_settle(co);
  const int status = lua_resetthread(co);
  ndL_stop_return(L);
  return status;
}

// After a stop in `co`, which has ended, or waits for ever.
static void stop_thread(lua_State *L, lua_State *co, int status)
{
  if (status != LUA_YIELD && ndL_stopof(L)->hushed)
    add_hushed(L, co);
  else
    close_thread(L, co);
  ndL_stop_check(L);
}

// Moves the results of `co`; their number, or -1 and a message.
static int take_results(lua_State *L, lua_State *co, int n)
{
  if (!lua_checkstack(L, n + 1)) {
    lua_pop(co, n);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, n);
  return n;
}

// Resumes `co` with the `n` values on top of L.
static int resume(lua_State *L, lua_State *co, int n)
{
  ndL_stop *s = ndL_stopof(L);
  int results;
  ndL_stop_check(L);
  if (!lua_checkstack(co, n)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, n);
  s->running = co;
  const int status = lua_resume(co, L, n, &results);
  ndL_stop_return(L);
  if (s->stands)
    stop_thread(L, co, status);
  if (status == LUA_OK || status == LUA_YIELD)
    return take_results(L, co, results);
  lua_xmove(co, L, 1);
  return -1;
}

static int base_resume(lua_State *L)
{
  lua_State *co = check_thread(L);
  const int n = resume(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, n >= 0);
  if (n < 0) {
    lua_insert(L, -2);
    return 2;
  }
  lua_insert(L, -(n + 1));
  return n + 1;
}

// The error of a wrapped coroutine, on top, at the line of its caller.
static int raise_wrapped(lua_State *L, lua_State *co)
{
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) {
    status = close_thread(L, co);
    ndL_stop_check(L);
    lua_xmove(co, L, 1);
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int call_wrapped(lua_State *L)
{
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  const int n = resume(L, co, lua_gettop(L));
  return n < 0 ? raise_wrapped(L, co) : n;
}

static int base_wrap(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

// Upvalue 1 is coroutine.status.
static const char *status_name(lua_State *L)
{
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  return lua_tostring(L, -1);
}

static int base_close(lua_State *L)
{
  lua_State *co = check_thread(L);
  const char *name = status_name(L);
  if (name[0] == 'r' || name[0] == 'n')  // running, normal
    return luaL_error(L, "cannot close a %s coroutine", name);
  ndL_stop_check(L);
  if (is_hushed(L, 1)) {
    lua_pushboolean(L, 0);
    lua_pushliteral(L, "interrupted");
    return 2;
  }
  const int status = close_thread(L, co);
  ndL_stop_check(L);
  lua_pushboolean(L, status == LUA_OK);
  if (status == LUA_OK)
    return 1;
  lua_xmove(co, L, 1);
  return 2;
}

void ndL_open_coroutine(lua_State *L)
{
  ndL_keepweak(L, &HUSHED_KEY, "k", 0);
  lua_getglobal(L, "coroutine");
  lua_pushcfunction(L, base_resume);
  lua_setfield(L, -2, "resume");
  lua_pushcfunction(L, base_wrap);
  lua_setfield(L, -2, "wrap");
  lua_getfield(L, -1, "status");
  lua_pushcclosure(L, base_close, 1);
  lua_setfield(L, -2, "close");
  lua_pop(L, 1);
}
