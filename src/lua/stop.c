// lua/stop.c: the hook that notices an interruption, and how a stop is raised
// so that it cannot be caught.

#include "lua/stop.h"

#include <lauxlib.h>
#include <stdio.h>

#include "base/context.h"
#include "lua/newstate.h"
#include "lua/where.h"

// With limits, an interruption is looked for every so many VM instructions, and
// finalizers get so many looks when the state closes, 10 million instructions.
enum { STEPS = 10000, CLOSING_LOOKS = 1000 };

static void on_hook(lua_State *L, lua_Debug *ar);

void ndL_stop_arm(lua_State *L)
{
  lua_sethook(L, on_hook,
              LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

void ndL_stop_settle(lua_State *L)
{
  const ndL_stop *s = ndL_stopof(L);
  if (s->stands)
    lua_sethook(L, on_hook, LUA_MASKCOUNT, 1);
  else if (s->limits)
    lua_sethook(L, on_hook, LUA_MASKCOUNT, STEPS);
  else if (lua_gethook(L) == on_hook)
    lua_sethook(L, NULL, 0, 0);
}

void ndL_stop_return(lua_State *L)
{
  ndL_stopof(L)->running = L;
  if (atomic_load(&ndL_contextof(L)->interrupted))
    ndL_stop_arm(L);
}

// Keeps what the stop says, at first without a need for memory.
static void note(lua_State *L, ndL_stop *s, const char *message)
{
  snprintf(s->text, sizeof s->text, "%s", message);
  s->stands = true;
  ndL_stop_settle(L);
  const int top = lua_gettop(L);
  lua_pushstring(L, message);
  if (s->describe != NULL)
    s->describe(L);
  snprintf(s->text, sizeof s->text, "%s", lua_tostring(L, -1));
  lua_settop(L, top);
}

// lua_error takes this very string for Lua's own error.
static int raise_standing(lua_State *L)
{
  ndL_stop_settle(L);
  lua_pushliteral(L, "not enough memory");
  return lua_error(L);
}

int ndL_stop_raise(lua_State *L, const char *message)
{
  ndL_stop *s = ndL_stopof(L);
  if (s->mild) {
    snprintf(s->text, sizeof s->text, "%s", message);
    lua_pushstring(L, message);
    return lua_error(L);
  }
  if (!s->stands)
    note(L, s, message);
  s->hushed = false;
  return raise_standing(L);
}

bool ndL_stop_stands(lua_State *L)
{
  const ndL_stop *s = ndL_stopof(L);
  return s != NULL && s->stands;
}

void ndL_stop_check(lua_State *L)
{
  ndL_stop *s = ndL_stopof(L);
  if (!s->stands)
    return;
  s->hushed = false;
  raise_standing(L);
}

// The line that Lua's own program would name; if that is ours, the script's.
static void push_mild_where(lua_State *L)
{
  lua_Debug ar;
  const bool ours = lua_getstack(L, 1, &ar) && lua_getinfo(L, "S", &ar) &&
                    ndL_isours(ar.source);
  if (ours)
    ndL_pushwhere(L);
  else
    luaL_where(L, 1);
}

static void raise_mild(lua_State *L, const ndL_stop *s)
{
  ndL_stop_settle(L);
  push_mild_where(L);
  lua_pushstring(L, s->word);
  lua_concat(L, 2);
  ndL_stop_raise(L, lua_tostring(L, -1));
}

// Whether there is a stop; the first to see it says where it is.
static bool notice(lua_State *L, ndL_stop *s)
{
  if (s->stands)
    return true;
  const bool late = s->looks > 0 && --s->looks == 0;
  if (!late && !nd_context_interrupted(ndL_contextof(L))) {
    ndL_stop_settle(L);
    return false;
  }
  if (s->mild)
    raise_mild(L, s);
  ndL_pushwhere(L);
  lua_pushstring(L, s->word);
  lua_concat(L, 2);
  note(L, s, lua_tostring(L, -1));
  lua_pop(L, 1);
  return true;
}

// A coroutine yields, never to be resumed: raising in a hook would leave its
// hooks off while what is open in it closes. It can at counts and lines only.
static void on_hook(lua_State *L, lua_Debug *ar)
{
  ndL_stop *s = ndL_stopof(L);
  const bool counts = ar->event == LUA_HOOKCOUNT || ar->event == LUA_HOOKLINE;
  const bool yields = L == s->running && lua_isyieldable(L) && !s->mild;
  if ((yields && !counts) || !notice(L, s))
    return;
  s->hushed = !yields;
  if (yields)
    lua_yield(L, 0);
  else
    raise_standing(L);
}

void ndL_stop_begin(lua_State *L)
{
  ndL_stop *s = ndL_stopof(L);
  nd_context_interrupted(ndL_contextof(L));
  s->running = L;
  s->text[0] = '\0';
  s->patient = s->asked = 0;
  s->tapes = nd_recorders_depth(ndL_contextof(L));
}

void ndL_stop_close(lua_State *L)
{
  ndL_stop_begin(L);
  ndL_stopof(L)->looks = CLOSING_LOOKS;
}

// A coroutine that was stopped inside a C function stays open for ever, but no
// tape of its records what comes later.
void ndL_stop_end(lua_State *L)
{
  ndL_stop *s = ndL_stopof(L);
  if (s->stands)
    nd_recorders_leave_to(ndL_contextof(L), s->tapes);
  s->stands = false;
  ndL_stop_settle(L);
}

// --------------------------------------------------------------- patience --

static int patience_begin(lua_State *L)
{
  ndL_stop *s = ndL_stopof(L);
  if (s != NULL && s->patient++ == 0)
    s->asked = 0;
  return 0;
}

static int patience_finish(lua_State *L)
{
  ndL_stop *s = ndL_stopof(L);
  if (s != NULL && s->patient > 0)
    s->patient--;
  return 0;
}

static int patience_asked(lua_State *L)
{
  const ndL_stop *s = ndL_stopof(L);
  lua_pushboolean(L, s != NULL && s->asked);
  return 1;
}

static const luaL_Reg patience[] = {
  { "begin", patience_begin },
  { "finish", patience_finish },
  { "asked", patience_asked },
  { NULL, NULL },
};

int ndL_open_patience(lua_State *L)
{
  luaL_newlib(L, patience);
  return 1;
}
