// lua/class_forward.c: nd.autodiff.ForwardAccumulator: tangents beside values,
// from its construction to the end of its block, and in other blocks of it.

#include "lua/class_forward.h"

#include <lauxlib.h>

#include "lua/box.h"
#include "lua/error.h"
#include "lua/flat.h"
#include "lua/guard.h"
#include "lua/names.h"
#include "lua/nested.h"
#include "lua/signature.h"
#include "tape/forward.h"

static const char NAME[] = "ForwardAccumulator";

typedef struct forward {
  nd_accumulator *accumulator;  // NULL after __gc
  bool fresh;  // started by its constructor, not yet by a block
} forward;

static forward *check_self(lua_State *L, const char *function)
{
  ndL_state *S = ndL_upstate(L);
  forward *f = ndL_toobject(L, S, 1, NDL_ACCUMULATOR);
  if (f == NULL || f->accumulator == NULL)
    ndL_typeerror(L, function, "self", "a ForwardAccumulator", 1);
  return f;
}

// Pushes an accumulator that watches nothing yet.
static forward *push_new(lua_State *L, ndL_state *S)
{
  forward *f = ndL_newobject(L, S, NDL_ACCUMULATOR, sizeof *f, 0);
  f->fresh = false;
  f->accumulator = nd_accumulator_new(S->context);
  if (f->accumulator == NULL)
    ndL_raise(L, S);
  return f;
}

static const nd_param new_params[] = {
  { "primals", ND_NESTED, .doc = "what tangents are carried on from" },
  { "tangents", ND_NESTED,
    .doc = "a tangent for each primal, in the structure of primals" },
  { NULL },
};

static int forward_new(lua_State *L)
{
  static const ndL_pairing words = { .function = NAME,
                                     .argument = "tangents",
                                     .many = "tangents",
                                     .like = "primals",
                                     .likes = "primals" };
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  ndL_flat primals;
  ndL_flatten(L, S, 1, NAME, "primals", &primals);
  ndL_pushpaired(L, S, 2, 1, &words);
  const int tangents = lua_gettop(L);
  forward *f = push_new(L, S);
  ndL_gather(L, S, &primals);
  for (int k = 0; k < primals.n; k++) {
    lua_rawgeti(L, tangents, k + 1);
    nd_tensor *t = ndL_peek(L, S, -1);
    if (t == NULL)
      ndL_error(L, "%s: primal %d has no tangent", NAME, k + 1);
    if (!nd_accumulator_watch(f->accumulator, primals.at[k], t))
      return ndL_raise(L, S);
    lua_pop(L, 1);
  }
  f->fresh = nd_accumulator_start(f->accumulator);
  return f->fresh ? 1 : ndL_raise(L, S);
}

// One that nobody can reach may still listen, and be at work when a script's
// function collects: the next collection has it again.
static int forward_gc(lua_State *L)
{
  forward *f = ndL_checkself(L, NDL_ACCUMULATOR, "__gc");
  if (f->accumulator != NULL && nd_accumulator_works(f->accumulator)) {
    lua_getmetatable(L, 1);
    lua_setmetatable(L, 1);
    return 0;
  }
  nd_accumulator_free(f->accumulator);
  f->accumulator = NULL;
  return 0;
}

// `with accumulator do`: a new one listens already.
static int forward_enter(lua_State *L)
{
  forward *f = check_self(L, NAME);
  const bool fresh = f->fresh;
  lua_settop(L, 1);
  f->fresh = false;
  if (fresh || nd_accumulator_start(f->accumulator))
    return 1;
  return ndL_raise(L, ndL_upstate(L));
}

static int forward_close(lua_State *L)
{
  forward *f = check_self(L, "close");
  f->fresh = false;
  if (nd_accumulator_stop(f->accumulator))
    return 0;
  return ndL_raise(L, ndL_upstate(L));
}

enum { UNCONNECTED_GRADIENTS = 1 };

static const nd_param jvp_params[] = {
  { "target", ND_NESTED, .doc = "whose tangents are asked for" },
  { "unconnected_gradients", ND_WORD, "none", .words = ndL_unconnected,
    .doc = "what has no tangent gets" },
  { NULL },
};

// The tangents are in boxes; here is only whether they were there.
static void require_all(lua_State *L, ndL_state *S, const ndL_flat *tangents)
{
  int first = 0;
  while (first < tangents->n && tangents->at[first] != NULL)
    first++;
  if (first < tangents->n && ndL_pushlabel(L, S, 2, first))
    ndL_error(L,
              "jvp: no tangent for target%s: it does not depend on a primal, "
              "or was computed outside the block",
              lua_tostring(L, -2));
}

static int forward_jvp(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  check_self(L, "jvp");
  ndL_read(L, S, &a, 2);
  const int64_t mode = a.at[UNCONNECTED_GRADIENTS].integer;
  ndL_flat targets, tangents;
  ndL_flatten(L, S, 2, "jvp", "target", &targets);
  ndL_makeroom(L, &tangents, targets.n);
  const int boxes = ndL_pushboxes(L, S, targets.n);
  ndL_gather(L, S, &targets);
  nd_accumulator *acc = check_self(L, "jvp")->accumulator;
  for (int k = 0; k < targets.n; k++)
    tangents.at[k] = nd_accumulator_jvp(acc, targets.at[k]);
  const bool found = nd_error_code(S->context) == ND_OK;
  if (!ndL_fillboxes(L, S, &targets, tangents.at, boxes,
                     found && mode == NDL_ZERO) ||
      !found)
    return ndL_raise(L, S);
  if (mode == NDL_ERROR)
    require_all(L, S, &tangents);
  ndL_pushlike(L, S, &targets, boxes);
  return 1;
}

// -------------------------------------------------------------------- open --

static const ndL_function functions[] = {
  { NAME, forward_new, new_params,
    "carries tangents beside what is computed in its block" },
  { NULL },
};

static const ndL_function methods[] = {
  { "jvp", forward_jvp, jvp_params,
    "gives the derivative in the direction of the tangents" },
  { NULL },
};

static const luaL_Reg metamethods[] = {
  { "__gc", forward_gc },
  { "__close", forward_close },
  { "__enter", forward_enter },
  { NULL, NULL },
};

void ndL_open_forward(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  luaL_getsubtable(L, -1, "autodiff");
  ndL_bind(L, "nd.autodiff.", functions);
  lua_pop(L, 1);
  ndL_newmetatable(L, S, NDL_ACCUMULATOR, NAME);
  ndL_setplain(L, metamethods);
  lua_newtable(L);
  ndL_bind(L, "ForwardAccumulator:", methods);
  ndL_closemethods(L, NAME);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
