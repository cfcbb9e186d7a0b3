// lua/class_gradient.c: tape:gradient. Targets and sources may be nested
// tables; they are flattened for the core, and the gradients come back in the
// same shape.

#include "lua/class_gradient.h"

#include <string.h>

#include "lua/box.h"
#include "lua/class_tape.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/nested.h"
#include "lua/options.h"
#include "lua/pace.h"
#include "lua/values.h"
#include "lua/warning.h"
#include "tape/explain.h"

enum { FEW = 8 };

// Tensors out of nested tables: a few in place, more in a Lua userdata, so that
// errors free them.
typedef struct flat {
  nd_tensor **at;
  int n;
  int from;  // stack index of the value that the user gave
  int list;  // of the list of what is in it; 0: it is one tensor
  nd_tensor *few[FEW];
} flat;

// Pushes memory for `n` tensors, or a place holder if they fit.
static void make_room(lua_State *L, flat *f, int n)
{
  f->n = n;
  f->at = f->few;
  if (n > FEW)
    f->at = lua_newuserdatauv(L, (size_t)n * sizeof *f->at, 0);
  else
    lua_pushnil(L);
}

// Pushes the list of the tensors in the value at `i`, and room for them.
static void flatten(lua_State *L, ndL_state *S, int i, const char *argument,
                    flat *f)
{
  f->from = i;
  f->list = 0;
  int n = 1;
  if (ndL_peek(L, S, i) == NULL) {
    ndL_pushleaves(L, S, i, "gradient", argument);
    f->list = lua_gettop(L);
    n = (int)lua_rawlen(L, f->list);
  }
  make_room(L, f, n);
}

// Reads the values. An allocation may run a finalizer, and that may change a
// table or assign to a variable: what is read is good up to the next.
static void gather(lua_State *L, ndL_state *S, flat *f)
{
  if (f->list == 0) {
    f->at[0] = ndL_peek(L, S, f->from);
    return;
  }
  bool same = lua_rawlen(L, f->list) == (lua_Unsigned)f->n;
  for (int k = 0; k < f->n && same; k++) {
    lua_rawgeti(L, f->list, k + 1);
    f->at[k] = ndL_peek(L, S, -1);
    same = f->at[k] != NULL;
    lua_pop(L, 1);
  }
  if (!same)
    ndL_error(L, "gradient: a table changed during the call");
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
  for (lua_pushnil(L); lua_next(L, i); lua_pop(L, 1))  // any order
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
  ndL_checknested(L, target, "gradient", "target", p->depth++);
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_typeerror(L, "gradient", "output_gradients", "a table like target", i);
  const int given = count_entries(L, i), wanted = count_entries(L, target);
  if (given != wanted)
    ndL_error(L, "gradient: %d output gradients for %d targets", given, wanted);
  luaL_checkstack(L, 8, "gradient");
  ndL_pushkeys(L, target);
  const int keys = lua_gettop(L);
  for (int k = 1; k <= wanted; k++) {
    lua_rawgeti(L, keys, k);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, i) == LUA_TNIL)
      ndL_error(L, "gradient: output_gradients lacks '%s'",
                luaL_tolstring(L, keys + 1, NULL));
    lua_pushvalue(L, keys + 1);
    lua_rawget(L, target);
    list_seeds(L, S, keys + 2, keys + 3, p);
    lua_settop(L, keys);
  }
  lua_settop(L, keys - 1);
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

// Pushes the next gradient: a missing one is nil alone and false in a table.
static void push_gradient(lua_State *L, int boxes, int *at, bool inside)
{
  lua_rawgeti(L, boxes, ++*at);
  const ndL_box *box = lua_touserdata(L, -1);
  if (box != NULL && box->tensor != NULL)
    return;
  lua_pop(L, 1);
  if (inside)
    lua_pushboolean(L, 0);
  else
    lua_pushnil(L);
}

// Pushes gradients in the structure of the sources at `i`. `boxes` is the table
// of boxes, `*at` counts.
static void rebuild(lua_State *L, ndL_state *S, int i, int boxes, int *at,
                    bool inside)
{
  if (ndL_typeof(L, S, i) <= NDL_VARIABLE) {
    push_gradient(L, boxes, at, inside);
    return;
  }
  luaL_checkstack(L, 6, "gradient");
  lua_newtable(L);
  const int result = lua_gettop(L);
  if (ndL_isplain(L, S, i)) {
    const lua_Integer n = (lua_Integer)lua_rawlen(L, i);
    for (lua_Integer k = 1; k <= n; k++) {
      push_gradient(L, boxes, at, true);
      lua_rawseti(L, result, k);
    }
    return;
  }
  ndL_pushkeys(L, i);
  for (lua_Unsigned k = 1; k <= lua_rawlen(L, result + 1); k++) {
    lua_rawgeti(L, result + 1, (lua_Integer)k);
    lua_pushvalue(L, -1);
    lua_rawget(L, i);
    rebuild(L, S, result + 3, boxes, at, true);
    lua_replace(L, result + 3);
    lua_rawset(L, result);
  }
  lua_settop(L, result);
}

// Pushes a table of `n` empty boxes. Returns its index. Lua searches an object
// that gets a finalizer from the newest one on, so many boxes get theirs when
// they are made.
static int push_boxes(lua_State *L, const ndL_state *S, int n)
{
  lua_createtable(L, n, 0);
  for (int k = 1; k <= n; k++) {
    ndL_newbox(L);
    if (n > FEW) {
      lua_rawgetp(L, LUA_REGISTRYINDEX, S->metatables[NDL_TENSOR]);
      lua_setmetatable(L, -2);
    }
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

// What there is to warn of after a gradient was given.
typedef struct remark {
  bool recorded;  // by the persistent tape itself
  int unknown;    // sources that the tape did not know
  int first;      // of them, counted from 0
} remark;

// Says why the first source that the tape did not know has no gradient.
static void warn_unknown(lua_State *L, ndL_state *S, const remark *r)
{
  char reason[ND_REASON_TEXT];
  const int top = lua_gettop(L);
  if (!ndL_pushlabel(L, S, 3, r->first))
    return;
  nd_explain_source(reason, ndL_totape(L, S, 1), ndL_peek(L, S, -1),
                    ndL_tovariable(L, S, -1));
  lua_pushfstring(L, "no gradient for source%s", lua_tostring(L, top + 1));
  if (r->unknown > 1)
    lua_pushfstring(L, "%s and %d more", lua_tostring(L, -1), r->unknown - 1);
  lua_pushfstring(L, "%s: %s", lua_tostring(L, -1), reason);
  ndL_warn(L, "gradient", lua_tostring(L, -1));
}

static int warn_all(lua_State *L)
{
  const remark *r = lua_touserdata(L, 4);
  if (r->recorded)
    ndL_warn(L, "gradient",
             "the persistent tape records its own gradient, and is slower each "
             "time; call gradient after its block, unless you want derivatives "
             "of derivatives");
  if (r->unknown > 0)
    warn_unknown(L, ndL_getstate(L), r);
  return 0;
}

// gradient(target, sources, output_gradients, unconnected_gradients)
static int tape_gradient(lua_State *L)
{
  static const char *const names[] = { "output_gradients",
                                       "unconnected_gradients" };
  ndL_state *S = ndL_upstate(L);
  ndL_pace(L, S);
  ndL_checktape(L, "gradient");
  if (lua_gettop(L) > 3)
    ndL_spread(L, "gradient", 3, 2, names);
  else
    lua_settop(L, 5);
  const bool zeros = zeros_wanted(L, 5);
  flat targets, sources, gradients;
  flatten(L, S, 2, "target", &targets);
  flatten(L, S, 3, "sources", &sources);
  make_room(L, &gradients, sources.n);
  nd_tensor **seeds = make_seeds(L, S, 4, 2, targets.n);
  const int seed_list = lua_gettop(L);
  const int boxes = push_boxes(L, S, sources.n);
  gather(L, S, &targets);
  gather(L, S, &sources);
  if (seeds != NULL)
    gather_seeds(L, S, seed_list, seeds, targets.n);
  nd_tape *t = ndL_checktape(L, "gradient");
  remark r = { .recorded = t->persistent && nd_tape_records(t) };
  if (!nd_tape_differentiate(t, targets.n, targets.at, seeds, sources.n,
                             sources.at, gradients.at) ||
      !fill_boxes(L, S, &sources, gradients.at, boxes, zeros))
    return ndL_raise(L, S);
  r.unknown = zeros ? 0 : t->strangers;
  r.first = t->stranger;
  int at = 0;
  rebuild(L, S, 3, boxes, &at, false);
  if (r.recorded || r.unknown > 0)
    ndL_trywarn(L, warn_all, &r);
  return 1;
}

void ndL_open_gradient(lua_State *L)
{
  static const luaL_Reg methods[] = {
    { "gradient", tape_gradient },
    { NULL, NULL },
  };
  ndL_addmethods(L, NDL_TAPE, methods);
}
