// lua/class_tape.c: GradientTape: what it watches and when it records.

#include "lua/class_tape.h"

#include <stdlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/class_variable.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/names.h"
#include "lua/nested.h"
#include "lua/registry.h"
#include "lua/scope.h"
#include "lua/signature.h"
#include "lua/warning.h"
#include "tape/explain.h"

// ------------------------------------------------------------ what is held --

// A tape has a place among the boxes of tapes that record, by which the core's
// tape leads to Lua's. There is a tape for each step of a training: it takes a
// place of one that has ended, without a table's growing.

static const char BOXES_KEY = 0;  // by place from 1, weak
static const char HELD_KEY = 0;   // what is held for tapes, by box, weak

// Takes a place for the tape of the box on top; with none free it has none.
// `boxes` is where they are.
static void take_place(lua_State *L, ndL_state *S, ndL_taped *b, int boxes)
{
  b->place = 0;
  while (b->place < NDL_PLACES && S->tapes[b->place] != NULL &&
         nd_tape_is_entered(S->tapes[b->place]))
    b->place++;
  if (b->place == NDL_PLACES)
    return;
  S->tapes[b->place] = b->tape;
  lua_pushvalue(L, -1);
  lua_rawseti(L, boxes, b->place + 1);
}

// Pushes the box of a tape, or nothing if a host made it, or if the box is
// about to go.
static bool push_box(lua_State *L, const ndL_state *S, const nd_tape *t)
{
  int place = 0;
  while (place < NDL_PLACES && S->tapes[place] != t)
    place++;
  if (place == NDL_PLACES)
    return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &BOXES_KEY);
  const bool lives = lua_rawgeti(L, -1, place + 1) != LUA_TNIL;
  lua_remove(L, -2);
  if (!lives)
    lua_pop(L, 1);
  return lives;
}

void ndL_pushheld(lua_State *L, const ndL_state *S, const nd_tape *t, bool make)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &HELD_KEY);
  const int all = lua_gettop(L);
  if (!push_box(L, S, t)) {
    lua_pushnil(L);
    lua_replace(L, all);
    return;
  }
  lua_pushvalue(L, -1);
  if (lua_rawget(L, all) == LUA_TNIL && make) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, all + 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, all);
  }
  lua_replace(L, all);
  lua_settop(L, all);
}

void ndL_dropheld(lua_State *L, const ndL_state *S)
{
  if (S->calls == 0)
    return;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &HELD_KEY);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

// ---------------------------------------------------------------- tapes --

static ndL_taped *to_taped(lua_State *L, const ndL_state *S, int i)
{
  ndL_box *b = ndL_toobject(L, S, i, NDL_TAPE);
  return b == NULL ? NULL : &b->taped;
}

nd_tape *ndL_totape(lua_State *L, const ndL_state *S, int i)
{
  const ndL_taped *b = to_taped(L, S, i);
  return b == NULL ? NULL : b->tape;
}

nd_tape *ndL_checktape(lua_State *L, ndL_state *S, const char *function)
{
  nd_tape *t = ndL_totape(L, S, 1);
  if (t == NULL)
    ndL_typeerror(L, function, "self", "a GradientTape", 1);
  return t;
}

enum { PERSISTENT, WATCH_ACCESSED_VARIABLES };

static const nd_param new_params[] = {
  { "persistent", ND_FLAG, "false",
    .doc = "whether it gives more than one gradient" },
  { "watch_accessed_variables", ND_FLAG, "true",
    .doc = "whether Variables that are trainable are watched when read" },
  { NULL },
};

static int tape_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  int flags = a.at[PERSISTENT].integer ? ND_TAPE_PERSISTENT : 0;
  if (!a.at[WATCH_ACCESSED_VARIABLES].integer)
    flags |= ND_TAPE_NO_AUTO_WATCH;
  ndL_box *box = ndL_newbox(L, S);
  ndL_taped_free_lost(S);
  void *before = ndL_enter(L, S);
  nd_tape *t = nd_tape_new(S->context, flags);
  ndL_leave(S, before);
  if (t == NULL)
    return ndL_raise(L, S);
  ndL_taped_start(S, &box->taped, t);
  ndL_settype(L, S, box, NDL_TAPE);
  take_place(L, S, &box->taped, lua_upvalueindex(NDL_OWN + 1));
  return 1;
}

// In a stock Lua. A script may have called it before.
static int tape_gc(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_box *box = ndL_checkself(L, NDL_TAPE, "__gc");
  if (box->taped.tape != NULL)
    nd_tape_free(ndL_taped_end(S, &box->taped));
  return 0;
}

// Leaving the block only stops recording.
static int tape_close(lua_State *L)
{
  nd_tape_stop(ndL_checktape(L, ndL_upstate(L), "close"));
  return 0;
}

// `with tape do`: a new tape records already.
static int tape_enter(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  nd_tape *t = ndL_checktape(L, S, "GradientTape");
  lua_settop(L, 1);
  if (nd_tape_is_entered(t) && t->fresh) {
    t->fresh = false;
    return 1;
  }
  const bool afresh = t->used;
  if (!nd_tape_start(t))
    return ndL_raise(L, S);
  if (afresh)
    ndL_dropheld(L, S);
  ndL_taped *b = to_taped(L, S, 1);
  if (!ndL_taped_has_place(S, b)) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &BOXES_KEY);
    lua_pushvalue(L, 1);
    take_place(L, S, b, 2);
  }
  lua_settop(L, 1);
  return 1;
}

static int tape_release(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  if (!nd_tape_release(ndL_checktape(L, S, "release")))
    return ndL_raise(L, S);
  ndL_dropheld(L, S);
  return 0;
}

static int tape_reset(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  nd_tape *t = ndL_checktape(L, S, "reset");
  void *before = ndL_enter(L, S);
  const bool ok = nd_tape_reset(t);
  ndL_leave(S, before);
  if (!ok)
    return ndL_raise(L, S);
  ndL_dropheld(L, S);
  return 0;
}

// ------------------------------------------------------------------- watch --

// Watches the tensor or variable on top of the stack.
static void watch(lua_State *L, ndL_state *S)
{
  nd_tape *t = ndL_checktape(L, S, "watch");
  nd_variable *v = ndL_tovariable(L, S, -1);
  nd_tensor *x = ndL_peek(L, S, -1);
  if (!(v != NULL ? nd_tape_watch_variable(t, v) : nd_tape_watch(t, x)))
    ndL_raise(L, S);
  if (!nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS)) {
    char text[ND_REASON_TEXT];
    nd_explain_dtype(x, text);
    lua_pushfstring(L, "no gradient: %s", text);
    ndL_warn(L, "watch", lua_tostring(L, -1));
    lua_pop(L, 1);
  }
}

static const nd_param watch_params[] = {
  { "value", ND_NESTED, .doc = "what it has is watched" },
  { NULL },
};

static int tape_watch(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_checktape(L, S, "watch");
  ndL_read(L, S, &a, 2);
  if (ndL_peek(L, S, 2) != NULL) {
    watch(L, S);
    return 0;
  }
  ndL_pushleaves(L, S, 2, "watch", "value");
  for (lua_Unsigned i = 1; i <= lua_rawlen(L, 3); i++) {
    if (lua_rawgeti(L, 3, (lua_Integer)i), ndL_peek(L, S, -1) != NULL)
      watch(L, S);
    lua_settop(L, 3);
  }
  return 0;
}

static int compare_ids(const void *a, const void *b)
{
  const uint64_t p = (*(nd_variable *const *)a)->value->identity.id;
  const uint64_t q = (*(nd_variable *const *)b)->value->identity.id;
  return p < q ? -1 : p > q;
}

// In the order in which the variables were made.
static int tape_watched(lua_State *L)
{
  const nd_tape *t = ndL_checktape(L, ndL_upstate(L), "watched_variables");
  size_t n = t->variable_count;
  nd_variable **sorted = lua_newuserdatauv(L, (n + 1) * sizeof *sorted, 0);
  n = n < t->variable_count ? n : t->variable_count;  // after finalizers
  if (n > 0)
    memcpy(sorted, t->variables, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, compare_ids);
  lua_createtable(L, (int)n, 0);
  lua_Integer at = 0;
  for (size_t i = 0; i < n; i++) {
    ndL_pushvariable(L, sorted[i]);
    if (lua_isnil(L, -1))
      lua_pop(L, 1);
    else
      lua_rawseti(L, -2, ++at);
  }
  return 1;
}

// ------------------------------------------------------------------- pause --

// Pushes what ends the pause when it is closed.
static void push_pause(lua_State *L, const char *function)
{
  ndL_state *S = ndL_upstate(L);
  nd_tape *t = ndL_checktape(L, S, function);
  ndL_newobject(L, S, NDL_PAUSE, 0, 1);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  if (!nd_tape_pause(t, function))
    ndL_raise(L, S);
}

static int tape_stop_recording(lua_State *L)
{
  push_pause(L, "stop_recording");
  return 1;
}

static const nd_param pause_params[] = {
  { "f", ND_FUNCTION, .doc = "called without arguments" },
  { NULL },
};

static int tape_pause(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_checktape(L, S, "pause");
  ndL_read(L, S, &a, 2);
  push_pause(L, "pause");
  lua_toclose(L, 3);
  lua_pushvalue(L, 2);
  lua_call(L, 0, LUA_MULTRET);
  return lua_gettop(L) - 3;
}

static int pause_close(lua_State *L)
{
  ndL_checkself(L, NDL_PAUSE, "__close");
  lua_getiuservalue(L, 1, 1);
  nd_tape *t = ndL_totape(L, ndL_upstate(L), -1);
  if (t != NULL)
    nd_tape_resume(t);
  return 0;
}

// -------------------------------------------------------------------- open --

static const ndL_function functions[] = {
  { "GradientTape", tape_new, new_params,
    "records what is computed, and gives its gradient" },
  { NULL },
};

static const ndL_function methods[] = {
  { "watch", tape_watch, watch_params,
    "records what is computed from tensors too" },
  { "pause", tape_pause, pause_params,
    "returns what f() returns, of which nothing is recorded", .plain = true },
  { "stop_recording", tape_stop_recording,
    .doc = "a block for `with` and <close> in which nothing is recorded" },
  { "reset", tape_reset, .doc = "forgets what was recorded and watched" },
  { "release", tape_release, .doc = "gives its memory back at once" },
  { "watched_variables", tape_watched,
    .doc = "the Variables that were read, in the order they were made in" },
  { NULL },
};

static const luaL_Reg finalizer[] = { { "__gc", tape_gc }, { NULL, NULL } };

static const luaL_Reg metamethods[] = {
  { "__close", tape_close },
  { "__enter", tape_enter },
  { NULL, NULL },
};

void ndL_open_tape(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  ndL_keepweak(L, &HELD_KEY, "k", 0);
  ndL_keepweak(L, &BOXES_KEY, "v", NDL_PLACES);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &BOXES_KEY);
  ndL_pushfunction(L, functions, 1);
  lua_setfield(L, -2, functions->name);
  ndL_note(L, "nd.", functions);
  ndL_newmetatable(L, S, NDL_TAPE, "GradientTape");
  ndL_setplain(L, metamethods);
  if (S->heap == NULL)
    ndL_setplain(L, finalizer);
  lua_newtable(L);
  ndL_bind(L, "GradientTape:", methods);
  ndL_closemethods(L, "GradientTape");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  ndL_newmetatable(L, S, NDL_PAUSE, "stop_recording");
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, pause_close, 1);
  lua_setfield(L, -2, "__close");
  lua_pop(L, 1);
}
