// lua/bind_tape.c: GradientTape. Targets and sources may be nested tables; they
// are flattened for the core, and the gradients come back in the same shape.

#include <stdlib.h>
#include <string.h>

#include "lua/bind.h"

static nd_tape *to_tape(lua_State *L, ndL_state *S, int i)
{
  if (ndL_typeof(L, S, i) != NDL_TAPE)
    return NULL;
  return *(nd_tape **)lua_touserdata(L, i);
}

static nd_tape *check_tape(lua_State *L, const char *function)
{
  nd_tape *t = to_tape(L, ndL_upstate(L), 1);
  if (t == NULL)
    ndL_typeerror(L, function, "self", "a GradientTape", 1);
  return t;
}

static bool option(lua_State *L, int i, const char *name, bool initial)
{
  if (lua_isnil(L, i))
    return initial;
  if (!lua_isboolean(L, i))
    ndL_typeerror(L, "GradientTape", name, "true or false", i);
  return lua_toboolean(L, i);
}

// GradientTape(persistent, watch_accessed_variables)
static int tape_new(lua_State *L)
{
  static const char *const names[] = { "persistent",
                                       "watch_accessed_variables" };
  ndL_state *S = ndL_upstate(L);
  if (lua_gettop(L) == 1 && lua_type(L, 1) == LUA_TTABLE) {
    ndL_checkoptions(L, "GradientTape", 2, names);
    lua_getfield(L, 1, names[0]);
    lua_getfield(L, 1, names[1]);
    lua_remove(L, 1);
  } else {
    ndL_spread(L, "GradientTape", 0, 2, names);
  }
  int flags = option(L, 1, names[0], false) ? ND_TAPE_PERSISTENT : 0;
  flags |= option(L, 2, names[1], true) ? 0 : ND_TAPE_NO_AUTO_WATCH;
  nd_tape **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, S->metatables[NDL_TAPE]);
  lua_setmetatable(L, -2);
  *box = nd_tape_new(S->context, flags);
  return *box == NULL ? ndL_raise(L, S) : 1;
}

static int tape_gc(lua_State *L)
{
  nd_tape **box = ndL_checkself(L, NDL_TAPE, "__gc");
  nd_tape_free(*box);
  ndL_disown(L);
  return 0;
}

// Leaving the block only stops recording.
static int tape_close(lua_State *L)
{
  nd_tape_stop(check_tape(L, "close"));
  return 0;
}

// `with tape do`: a new tape records already.
static int tape_enter(lua_State *L)
{
  nd_tape *t = check_tape(L, "GradientTape");
  lua_settop(L, 1);
  if (t->entered && t->fresh) {
    t->fresh = false;
    return 1;
  }
  return nd_tape_start(t) ? 1 : ndL_raise(L, ndL_upstate(L));
}

static int tape_release(lua_State *L)
{
  nd_tape_release(check_tape(L, "release"));
  return 0;
}

static int tape_reset(lua_State *L)
{
  if (!nd_tape_reset(check_tape(L, "reset")))
    return ndL_raise(L, ndL_upstate(L));
  return 0;
}

// ------------------------------------------------------------------- watch --

enum { DEEPEST = 32 };

// Raises unless the value at `i`, which is no tensor, is a table of some.
static void check_nested(lua_State *L, int i, const char *function,
                         const char *argument, int depth)
{
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_typeerror(L, function, argument, "a tensor, a Variable or a table", i);
  if (depth > DEEPEST)
    ndL_error(L, "%s: a table is nested deeper than %d", function, DEEPEST);
}

static void watch(lua_State *L, ndL_state *S, nd_tape *t, int i, int depth)
{
  nd_variable *v = ndL_tovariable(L, S, i);
  nd_tensor *x = ndL_peek(L, S, i);
  if (x != NULL) {
    if (!nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS)) {
      luaL_where(L, 1);
      lua_pushfstring(L, "%swatch: no gradient reaches a tensor of %s",
                      lua_tostring(L, -1), nd_dtype_name((nd_dtype)x->dtype));
      lua_warning(L, lua_tostring(L, -1), 0);
      lua_pop(L, 2);
    }
    const bool ok = v != NULL ? nd_tape_watch_variable(t, v)
                              : nd_tape_watch(t, x);
    if (!ok)
      ndL_raise(L, S);
    return;
  }
  check_nested(L, i, "watch", "a value", depth);
  luaL_checkstack(L, 4, "watch");
  for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))
    watch(L, S, t, lua_gettop(L), depth + 1);
}

static int tape_watch(lua_State *L)
{
  nd_tape *t = check_tape(L, "watch");
  lua_settop(L, 2);
  watch(L, ndL_upstate(L), t, 2, 0);
  return 0;
}

static int compare_ids(const void *a, const void *b)
{
  const nd_variable *p = *(nd_variable *const *)a;
  const nd_variable *q = *(nd_variable *const *)b;
  return p->id < q->id ? -1 : p->id > q->id;
}

// In the order in which the variables were made.
static int tape_watched(lua_State *L)
{
  const nd_tape *t = check_tape(L, "watched_variables");
  size_t n = t->variable_count;
  nd_variable **sorted = lua_newuserdatauv(L, (n + 1) * sizeof *sorted, 0);
  n = n < t->variable_count ? n : t->variable_count;  // after finalizers
  if (n > 0)
    memcpy(sorted, t->variables, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, compare_ids);
  lua_getfield(L, LUA_REGISTRYINDEX, "nadir.variables");
  lua_createtable(L, (int)n, 0);
  lua_Integer at = 0;
  for (size_t i = 0; i < n; i++) {
    lua_rawgetp(L, -2, sorted[i]);
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
  nd_tape *t = check_tape(L, function);
  lua_newuserdatauv(L, 0, 1);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, S->metatables[NDL_PAUSE]);
  lua_setmetatable(L, -2);
  if (!nd_tape_pause(t, function))
    ndL_raise(L, S);
}

static int tape_stop_recording(lua_State *L)
{
  push_pause(L, "stop_recording");
  return 1;
}

// pause(f): returns what f() returns; nothing of it is recorded.
static int tape_pause(lua_State *L)
{
  lua_settop(L, 2);
  if (lua_type(L, 2) != LUA_TFUNCTION)
    ndL_typeerror(L, "pause", "f", "a function", 2);
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
  nd_tape *t = to_tape(L, ndL_upstate(L), -1);
  if (t != NULL)
    nd_tape_resume(t);
  return 0;
}

// ---------------------------------------------------------------- gradient --

// Tensors out of nested tables, in a Lua userdata so that errors free it.
typedef struct flat {
  nd_tensor **at;
  int n;
  int room;
} flat;

enum { MOST = 1 << 24 };

static int count(lua_State *L, ndL_state *S, int i, const char *argument,
                 int depth)
{
  if (ndL_peek(L, S, i) != NULL)
    return 1;
  check_nested(L, i, "gradient", argument, depth);
  luaL_checkstack(L, 4, "gradient");
  int n = 0;
  for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1)) {
    n += count(L, S, lua_gettop(L), argument, depth + 1);
    if (n > MOST)
      ndL_error(L, "gradient: more than %d tensors in %s", MOST, argument);
  }
  return n;
}

static void add_values(lua_State *L, ndL_state *S, int i, flat *f, int depth)
{
  nd_tensor *x = ndL_peek(L, S, i);
  const bool table = lua_type(L, i) == LUA_TTABLE && depth <= DEEPEST;
  if (x == NULL ? !table : f->n == f->room)
    ndL_error(L, "gradient: a table changed during the call");
  if (x != NULL) {
    f->at[f->n++] = x;
    return;
  }
  for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))
    add_values(L, S, lua_gettop(L), f, depth + 1);
}

// Reads the values at `i`. An allocation may run a finalizer, and that may
// change a table or assign to a variable: what is read is good up to the next.
static void gather(lua_State *L, ndL_state *S, int i, flat *f)
{
  luaL_checkstack(L, 4 * DEEPEST, "gradient");
  f->n = 0;
  add_values(L, S, i, f, 0);
  if (f->n < f->room)
    ndL_error(L, "gradient: a table changed during the call");
}

// Pushes memory for the values at `i`.
static flat make_flat(lua_State *L, ndL_state *S, int i, const char *argument)
{
  flat f = { .room = count(L, S, i, argument, 0) };
  f.at = lua_newuserdatauv(L, (size_t)(f.room + 1) * sizeof *f.at, 0);
  return f;
}

// Seeds in the order of the targets, as values in the table at `list`.
typedef struct seeding {
  int list;
  int n;
  int depth;
} seeding;

// Adds the seed at `i`, as a tensor; `false` and nil stand for ones.
static void add_seed(lua_State *L, ndL_state *S, int i, int target, seeding *p)
{
  const nd_tensor *x = ndL_peek(L, S, target);
  const nd_dtype dtype = x == NULL ? ND_FLOAT32 : (nd_dtype)x->dtype;
  const int top = lua_gettop(L);
  if (lua_toboolean(L, i))
    ndL_checktensor(L, S, i, dtype, "gradient", "output_gradients");
  if (lua_gettop(L) == top)
    lua_pushvalue(L, i);
  if (!lua_toboolean(L, -1))
    lua_pushboolean(L, 0);
  lua_rawseti(L, p->list, ++p->n);
  lua_settop(L, top);
}

static int count_entries(lua_State *L, int i)
{
  int n = 0;
  for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))
    n++;
  return n;
}

// The seeds at `i`, in the structure of the targets at `target`.
static void list_seeds(lua_State *L, ndL_state *S, int i, int target,
                       seeding *p)
{
  if (lua_type(L, target) != LUA_TTABLE) {
    add_seed(L, S, i, target, p);
    return;
  }
  check_nested(L, target, "gradient", "target", p->depth++);
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_typeerror(L, "gradient", "output_gradients", "a table like target", i);
  const int given = count_entries(L, i), wanted = count_entries(L, target);
  if (given != wanted)
    ndL_error(L, "gradient: %d output gradients for %d targets", given, wanted);
  luaL_checkstack(L, 8, "gradient");
  for (lua_pushnil(L); lua_next(L, target); lua_pop(L, 2)) {
    const int value = lua_gettop(L);
    lua_pushvalue(L, -2);
    if (lua_rawget(L, i) == LUA_TNIL)
      ndL_error(L, "gradient: output_gradients lacks '%s'",
                luaL_tolstring(L, value - 1, NULL));
    list_seeds(L, S, value + 1, value, p);
  }
  p->depth--;
}

// Pushes memory for `n` seeds and the list of them; NULL if there are none.
static nd_tensor **make_seeds(lua_State *L, ndL_state *S, int i, int target,
                              int n)
{
  if (lua_isnil(L, i))
    return NULL;
  nd_tensor **seeds = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *seeds, 0);
  lua_newtable(L);
  seeding p = { .list = lua_gettop(L) };
  list_seeds(L, S, i, target, &p);
  return seeds;
}

static void gather_seeds(lua_State *L, ndL_state *S, int list,
                         nd_tensor **seeds, int n)
{
  for (int k = 0; k < n; k++) {
    lua_rawgeti(L, list, k + 1);
    seeds[k] = ndL_peek(L, S, -1);
    lua_pop(L, 1);
  }
}

static bool zeros_wanted(lua_State *L, int i)
{
  if (lua_isnoneornil(L, i))
    return false;
  if (lua_type(L, i) != LUA_TSTRING)
    ndL_typeerror(L, "gradient", "unconnected_gradients", "'none' or 'zero'",
                  i);
  const char *mode = lua_tostring(L, i);
  if (strcmp(mode, "zero") != 0 && strcmp(mode, "none") != 0)
    ndL_error(L,
              "gradient: unconnected_gradients must be 'none' or 'zero', "
              "got '%s'",
              mode);
  return mode[0] == 'z';
}

// Pushes gradients in the structure of the sources at `i`: a missing one is nil
// alone and false in a table. `boxes` is the table of boxes, `*at` counts.
static void rebuild(lua_State *L, ndL_state *S, int i, int boxes, int *at,
                    bool inside)
{
  if (ndL_typeof(L, S, i) <= NDL_VARIABLE) {
    lua_rawgeti(L, boxes, ++*at);
    const ndL_box *box = lua_touserdata(L, -1);
    if (box == NULL || box->tensor == NULL) {
      lua_pop(L, 1);
      if (inside)
        lua_pushboolean(L, 0);
      else
        lua_pushnil(L);
    }
    return;
  }
  luaL_checkstack(L, 6, "gradient");
  lua_newtable(L);
  const int result = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, i);) {
    lua_pushvalue(L, -2);
    rebuild(L, S, lua_gettop(L) - 1, boxes, at, true);
    lua_rawset(L, result);
    lua_pop(L, 1);
  }
}

// Pushes a table of `n` empty boxes. Returns its index.
static int push_boxes(lua_State *L, int n)
{
  lua_createtable(L, n, 0);
  for (int k = 1; k <= n; k++) {
    ndL_newbox(L);
    lua_rawseti(L, -2, k);
  }
  return lua_gettop(L);
}

// Fills the boxes with the gradients, or zeros where they are missing.
static bool fill_boxes(lua_State *L, ndL_state *S, const flat *sources,
                       nd_tensor **gradients, int boxes, bool zeros)
{
  bool ok = true;
  for (int k = 0; k < sources->n; k++) {
    nd_tensor *g = gradients[k];
    if (g == NULL && zeros) {
      const nd_type type = nd_type_of(sources->at[k]);
      g = nd_tensor_new(S->context, type.dtype, type.rank, type.shape, NULL);
      ok = ok && g != NULL;
    }
    if (g == NULL)
      continue;
    lua_rawgeti(L, boxes, k + 1);
    ndL_fill(L, S, lua_touserdata(L, -1), g);
    lua_pop(L, 1);
  }
  return ok;
}

// gradient(target, sources, output_gradients, unconnected_gradients)
static int tape_gradient(lua_State *L)
{
  static const char *const names[] = { "output_gradients",
                                       "unconnected_gradients" };
  ndL_state *S = ndL_upstate(L);
  ndL_pace(L, S);
  check_tape(L, "gradient");
  if (lua_gettop(L) > 3)
    ndL_spread(L, "gradient", 3, 2, names);
  else
    lua_settop(L, 5);
  const bool zeros = zeros_wanted(L, 5);
  flat targets = make_flat(L, S, 2, "target");
  flat sources = make_flat(L, S, 3, "sources");
  nd_tensor **seeds = make_seeds(L, S, 4, 2, targets.room);
  const int seed_list = lua_gettop(L);
  nd_tensor **gradients = lua_newuserdatauv(
    L, (size_t)(sources.room + 1) * sizeof *gradients, 0);
  const int boxes = push_boxes(L, sources.room);
  gather(L, S, 2, &targets);
  gather(L, S, 3, &sources);
  if (seeds != NULL)
    gather_seeds(L, S, seed_list, seeds, targets.n);
  nd_tape *t = check_tape(L, "gradient");
  if (!nd_tape_differentiate(t, targets.n, targets.at, seeds, sources.n,
                             sources.at, gradients) ||
      !fill_boxes(L, S, &sources, gradients, boxes, zeros))
    return ndL_raise(L, S);
  int at = 0;
  rebuild(L, S, 3, boxes, &at, false);
  return 1;
}

// -------------------------------------------------------------------- open --

static const luaL_Reg methods[] = {
  { "watch", tape_watch },
  { "gradient", tape_gradient },
  { "stop_recording", tape_stop_recording },
  { "pause", tape_pause },
  { "reset", tape_reset },
  { "release", tape_release },
  { "watched_variables", tape_watched },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__gc", tape_gc },
  { "__close", tape_close },
  { "__enter", tape_enter },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "GradientTape", tape_new },
  { NULL, NULL },
};

void ndL_open_tape(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  ndL_setfunctions(L, functions);
  ndL_newmetatable(L, S, NDL_TAPE, "GradientTape");
  ndL_setfunctions(L, metamethods);
  lua_newtable(L);
  ndL_setfunctions(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  ndL_newmetatable(L, S, NDL_PAUSE, "stop_recording");
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, pause_close, 1);
  lua_setfield(L, -2, "__close");
  lua_pop(L, 1);
}
