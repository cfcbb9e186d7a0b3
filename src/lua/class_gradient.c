// lua/class_gradient.c: tape:gradient. Targets and sources may be nested
// tables; they are flattened for the core, and the gradients come back in the
// same shape.

#include "lua/class_gradient.h"

#include "lua/box.h"
#include "lua/class_explain.h"
#include "lua/class_tape.h"
#include "lua/error.h"
#include "lua/flat.h"
#include "lua/nested.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "lua/warning.h"
#include "tape/notes.h"

// Pushes memory for `n` seeds and the list of them; NULL if there are none.
static nd_tensor **make_seeds(lua_State *L, ndL_state *S, int i, int target,
                              int n)
{
  if (lua_isnil(L, i))
    return NULL;
  nd_tensor **seeds = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *seeds, 0);
  static const ndL_pairing words = { .function = "gradient",
                                     .argument = "output_gradients",
                                     .many = "output gradients",
                                     .like = "target",
                                     .likes = "targets" };
  ndL_pushpaired(L, S, i, target, &words);
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

// What there is to warn of after a gradient was given.
typedef struct remark {
  bool recorded;  // by the persistent tape itself
  int unknown;    // sources that the tape did not know
  int first;      // of them, counted from 0
} remark;

// Says why the first source that the tape did not know has no gradient.
static void warn_unknown(lua_State *L, ndL_state *S, const remark *r)
{
  const int top = lua_gettop(L);
  const nd_tensor *x;
  const char *reason = NULL;
  if (!ndL_pushlabel(L, S, 3, r->first))
    return;
  if ((x = ndL_peek(L, S, -1)) != NULL)
    reason = nd_missing_find(S->context, NULL, 0, NULL, x);
  lua_pushfstring(L, "no gradient for source%s", lua_tostring(L, top + 1));
  if (r->unknown > 1)
    lua_pushfstring(L, "%s and %d more", lua_tostring(L, -1), r->unknown - 1);
  if (reason != NULL)
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

// References of what is like the sources: a rule may call a script, and that
// may change what they were.
static bool keep_outlines(ndL_flat *sources)
{
  bool ok = true;
  for (int k = 0; k < sources->n; k++) {
    sources->at[k] = nd_tensor_outline(sources->at[k]);
    ok = ok && sources->at[k] != NULL;
  }
  return ok;
}

static bool differentiate(lua_State *L, ndL_state *S, nd_tape *t,
                          const ndL_flat *targets, nd_tensor *const *seeds,
                          const ndL_flat *sources, nd_tensor **gradients)
{
  const bool persistent = t->persistent;  // a script may free the tape
  void *before = ndL_enter(L, S);
  const bool ok = nd_tape_differentiate(t, targets->n, targets->at, seeds,
                                        sources->n, sources->at, gradients);
  ndL_leave(S, before);
  if (ok && !persistent)
    ndL_dropheld(L, S);
  return ok;
}

enum { UNCONNECTED_GRADIENTS = 3 };

static const nd_param params[] = {
  { "target", ND_NESTED, .doc = "what is differentiated" },
  { "sources", ND_NESTED, .doc = "by what; the result has their structure" },
  { "output_gradients", ND_TENSOR, "nil",
    .doc = "factors, in the structure of target; nil: ones" },
  { "unconnected_gradients", ND_WORD, "none", .words = ndL_unconnected,
    .doc = "what a source gets that target does not depend on" },
  { NULL },
};

static int tape_gradient(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_checktape(L, S, "gradient");
  ndL_read(L, S, &a, 2);
  const int64_t mode = a.at[UNCONNECTED_GRADIENTS].integer;
  const bool zeros = mode == NDL_ZERO;
  ndL_flat targets, sources, gradients;
  ndL_flatten(L, S, 2, a.function, "target", &targets);
  ndL_flatten(L, S, 3, a.function, "sources", &sources);
  ndL_makeroom(L, &gradients, sources.n);
  nd_tensor **seeds = make_seeds(L, S, 4, 2, targets.n);
  const int seed_list = lua_gettop(L);
  const int boxes = ndL_pushboxes(L, S, sources.n);
  ndL_gather(L, S, &targets);
  ndL_gather(L, S, &sources);
  if (seeds != NULL)
    gather_seeds(L, S, seed_list, seeds, targets.n);
  nd_tape *t = ndL_totape(L, S, 1);
  if (t == NULL)  // a finalizer took it away
    return ndL_typeerror(L, a.function, "self", "a GradientTape", 1);
  if (mode == NDL_ERROR)
    ndL_requireconnected(L, S, a.function, targets.n, targets.at, &sources);
  remark r = { .recorded = t->persistent && nd_tape_records(t) };
  const bool ok = (!zeros || keep_outlines(&sources)) &&
                  differentiate(L, S, t, &targets, seeds, &sources,
                                gradients.at) &&
                  ndL_fillboxes(L, S, &sources, gradients.at, boxes, zeros);
  for (int k = 0; k < sources.n && zeros; k++)
    nd_tensor_release(sources.at[k]);
  if (!ok)
    return ndL_raise(L, S);
  t = ndL_totape(L, S, 1);  // a script may have freed it
  if (t != NULL && !zeros) {
    r.unknown = t->strangers;
    r.first = t->stranger;
  }
  ndL_pushlike(L, S, &sources, boxes);
  if (r.recorded || r.unknown > 0)
    ndL_trywarn(L, warn_all, &r);
  return 1;
}

void ndL_open_gradient(lua_State *L)
{
  static const ndL_function methods[] = {
    { "gradient", tape_gradient, params,
      "the derivative of target, summed up, by each of the sources" },
    { NULL },
  };
  ndL_bindmethods(L, NDL_TAPE, "GradientTape:", methods);
}
