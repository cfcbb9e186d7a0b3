// lua/state.c: opens the module, and what all of the binding shares: types,
// errors with the script's line, and the collector's pace.

#include "lua/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lua/bind.h"
#include "lua/guard.h"
#include "lua/module.h"
#include "lua/stop.h"

// Net growth of tensor memory between two minor collections.
enum { PACE_BYTES = 1 << 18, LEAST_PACE = 64 << 10 };

// Growth of the Lua heap, in KB, that is never worth a full collection.
enum { HEAP_SLACK = 256 };

static const char STATE_KEY = 0;
static const char CONTEXT_KEY = 0;
static const char MODULE_KEY = 0;

// ------------------------------------------------------------------ types --

ndL_state *ndL_getstate(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &STATE_KEY);
  ndL_state *S = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return S;
}

ndL_type ndL_typeof(lua_State *L, const ndL_state *S, int i)
{
  if (lua_type(L, i) != LUA_TUSERDATA || !lua_getmetatable(L, i))
    return NDL_OTHER;
  const void *mt = lua_topointer(L, -1);
  lua_pop(L, 1);
  for (int type = 0; type < NDL_TYPES; type++) {
    if (S->metatables[type] == mt)
      return (ndL_type)type;
  }
  return NDL_OTHER;
}

void *ndL_checkself(lua_State *L, ndL_type type, const char *function)
{
  if (ndL_typeof(L, ndL_upstate(L), 1) != type)
    ndL_error(L, "%s: self is of another type: %s", function,
              lua_isnone(L, 1) ? "none" : ndL_typename(L, 1));
  return lua_touserdata(L, 1);
}

void ndL_newmetatable(lua_State *L, ndL_state *S, ndL_type type,
                      const char *name)
{
  lua_newtable(L);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  S->metatables[type] = lua_topointer(L, -1);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, S->metatables[type]);
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

// True of a box whose finalizer has run: another finalizer may still hold it.
static bool is_finalized(lua_State *L, int i)
{
  const ndL_type type = ndL_typeof(L, ndL_getstate(L), i);
  const bool owns = type == NDL_TENSOR || type == NDL_VARIABLE ||
                    type == NDL_TAPE || type == NDL_OPTIMIZER;
  return owns && *(void **)lua_touserdata(L, i) == NULL;
}

const char *ndL_typename(lua_State *L, int i)
{
  i = lua_absindex(L, i);
  if (is_finalized(L, i)) {
    luaL_getmetafield(L, i, "__name");
    return lua_pushfstring(L, "finalized %s", lua_tostring(L, -1));
  }
  if (luaL_getmetafield(L, i, "__name") == LUA_TSTRING)
    return lua_tostring(L, -1);
  return luaL_typename(L, i);
}

// ----------------------------------------------------------------- errors --

void ndL_pushwhere(lua_State *L)
{
  lua_Debug ar;
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline > 0 && !ndL_isours(ar.source)) {
      lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
      return;
    }
  }
  lua_pushliteral(L, "");
}

int ndL_error(lua_State *L, const char *format, ...)
{
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  ndL_pushwhere(L);
  lua_pushstring(L, text);
  lua_concat(L, 2);
  return lua_error(L);
}

int ndL_raise(lua_State *L, ndL_state *S)
{
  char text[sizeof S->context->error.message];
  S->refused |= nd_error_code(S->context) == ND_NO_MEMORY;
  snprintf(text, sizeof text, "%s", nd_error_message(S->context));
  const bool stops = nd_error_code(S->context) == ND_INTERRUPTED;
  nd_error_clear(S->context);
  if (!stops || S->owns_context)
    return ndL_error(L, "%s", text);
  ndL_pushwhere(L);
  lua_pushstring(L, text);
  lua_concat(L, 2);
  return ndL_stop_raise(L, lua_tostring(L, -1));
}

int ndL_failclosed(lua_State *L)
{
  return ndL_error(L, "nadir: the state is closed");
}

int ndL_typeerror(lua_State *L, const char *function, const char *argument,
                  const char *wanted, int i)
{
  if (lua_isnoneornil(L, i))
    return ndL_error(L, "%s: %s is missing: it must be %s", function, argument,
                     wanted);
  return ndL_error(L, "%s: %s must be %s, got %s", function, argument, wanted,
                   ndL_typename(L, i));
}

// -------------------------------------------------------------- collector --
// Lua sees a few bytes of each tensor. So tensor memory is counted here: net
// growth by PACE_BYTES costs a minor collection, and doubling since the last
// full one costs a full one. Objects, such as the records of tapes, count as
// well. A quota makes both come sooner, so that what was dropped never takes
// more than half of what the quotas leave. Minor collections that are asked for
// put off the full ones that Lua would do by itself, so the Lua heap, too, is
// watched for doubling.

static size_t held(const ndL_state *S)
{
  const nd_memory *m = &S->context->memory;
  return m->used[ND_MEMORY_TENSOR] + m->used[ND_MEMORY_OBJECT];
}

static void set_pace(ndL_state *S, size_t left)
{
  const size_t half = nd_memory_headroom(S->context) / 2;
  const size_t growth = half < PACE_BYTES ? half : PACE_BYTES;
  S->pace = left + (growth > LEAST_PACE ? growth : LEAST_PACE);
}

void ndL_collect(lua_State *L, ndL_state *S)
{
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCCOLLECT);
  S->collections++;
  S->floor = held(S);
  S->room = nd_memory_headroom(S->context);
  S->heap_floor = lua_gc(L, LUA_GCCOUNT);
  set_pace(S, S->floor);
}

bool ndL_retry(lua_State *L, ndL_state *S)
{
  if (nd_error_code(S->context) != ND_NO_MEMORY)
    return false;
  nd_error_clear(S->context);
  ndL_collect(L, S);
  return true;
}

void ndL_pace(lua_State *L, ndL_state *S)
{
  if (held(S) < S->pace)
    return;
  lua_gc(L, LUA_GCSTEP, 0);
  const size_t left = held(S);
  const size_t most = 2 * S->floor + 4 * (size_t)PACE_BYTES;
  const bool pressed = left > S->floor && left - S->floor > S->room / 2;
  const bool heaped = lua_gc(L, LUA_GCCOUNT) > 2 * S->heap_floor + HEAP_SLACK;
  if (left > most || pressed || heaped)
    ndL_collect(L, S);
  else
    set_pace(S, left);
}

// ---------------------------------------------------------------- opening --

static int state_gc(lua_State *L)
{
  ndL_state *S = lua_touserdata(L, lua_upvalueindex(1));
  if (lua_touserdata(L, 1) != S)
    return 0;
  if (S->owns_context)
    nd_context_free(S->context);
  S->context = NULL;
  return 0;
}

void ndL_setcontext(lua_State *L, nd_context *c)
{
  lua_pushlightuserdata(L, c);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &CONTEXT_KEY);
}

// Pushes the new state. It is the first thing of ours that gets a finalizer, so
// its finalizer is the last to run.
static int open_state(lua_State *L)
{
  ndL_state *S = lua_newuserdatauv(L, sizeof *S, 0);
  memset(S, 0, sizeof *S);
  lua_newtable(L);
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, state_gc, 1);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &CONTEXT_KEY);
  S->context = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (S->context == NULL) {
    S->owns_context = true;
    S->context = nd_context_new(NULL);
  }
  if (S->context == NULL)
    return luaL_error(L, "nadir: no context: out of memory, or this CPU cannot "
                         "run the level in NADIR_CPU");
  S->room = nd_memory_headroom(S->context);
  set_pace(S, 0);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &STATE_KEY);
  lua_gc(L, LUA_GCGEN, 0, 0);
  return 1;
}

// A second opening, as after package.loaded.nadir = nil, gives the same module:
// its objects belong to the one state.
__attribute__((visibility("default"))) int luaopen_nadir(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &MODULE_KEY) != LUA_TNIL)
    return 1;
  ndL_preload(L);
  open_state(L);
  lua_newtable(L);
  ndL_open_shape(L);
  ndL_open_tensor(L);
  ndL_open_op(L);
  ndL_open_variable(L);
  ndL_open_tape(L);
  ndL_open_optimizer(L);
  ndL_open_random(L);
  ndL_open_system(L);
  ndL_open_load(L);
  ndL_finish(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &MODULE_KEY);
  return 1;
}
