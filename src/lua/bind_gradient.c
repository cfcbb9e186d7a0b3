// lua/bind_gradient.c: tape:gradient. Targets and sources may be nested tables;
// they are flattened for the core, and the gradients come back in the same
// shape.

#include <string.h>

#include "lua/bind_tape.h"

enum { MOST = 1 << 24, FEW = 8 };

// Tensors out of nested tables: a few in place, more in a Lua userdata, so that
// errors free them.
typedef struct flat {
  nd_tensor **at;
  int n;
  int room;
  nd_tensor *few[FEW];
} flat;

static int count(lua_State *L, ndL_state *S, int i, const char *argument,
                 int depth)
{
  if (ndL_peek(L, S, i) != NULL)
    return 1;
  ndL_checknested(L, i, "gradient", argument, depth);
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
  const bool table = lua_type(L, i) == LUA_TTABLE && depth <= NDL_DEEPEST;
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
  luaL_checkstack(L, 4 * NDL_DEEPEST, "gradient");
  f->n = 0;
  add_values(L, S, i, f, 0);
  if (f->n < f->room)
    ndL_error(L, "gradient: a table changed during the call");
}

// Pushes memory for `n` tensors, or a place holder if they fit.
static void make_room(lua_State *L, flat *f, int n)
{
  f->n = 0;
  f->room = n;
  f->at = f->few;
  if (n > FEW)
    f->at = lua_newuserdatauv(L, (size_t)n * sizeof *f->at, 0);
  else
    lua_pushnil(L);
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
  ndL_checknested(L, target, "gradient", "target", p->depth++);
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

// gradient(target, sources, output_gradients, unconnected_gradients)
int ndL_gradient(lua_State *L)
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
  make_room(L, &targets, count(L, S, 2, "target", 0));
  make_room(L, &sources, count(L, S, 3, "sources", 0));
  make_room(L, &gradients, sources.room);
  nd_tensor **seeds = make_seeds(L, S, 4, 2, targets.room);
  const int seed_list = lua_gettop(L);
  const int boxes = push_boxes(L, S, sources.room);
  gather(L, S, 2, &targets);
  gather(L, S, 3, &sources);
  if (seeds != NULL)
    gather_seeds(L, S, seed_list, seeds, targets.n);
  nd_tape *t = ndL_checktape(L, "gradient");
  if (!nd_tape_differentiate(t, targets.n, targets.at, seeds, sources.n,
                             sources.at, gradients.at) ||
      !fill_boxes(L, S, &sources, gradients.at, boxes, zeros))
    return ndL_raise(L, S);
  int at = 0;
  rebuild(L, S, 3, boxes, &at, false);
  return 1;
}
