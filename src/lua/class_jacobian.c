// lua/class_jacobian.c: tape:jacobian and its kind. The target is one tensor,
// the sources may be nested tables.

#include "lua/class_jacobian.h"

#include "lua/box.h"
#include "lua/class_explain.h"
#include "lua/class_tape.h"
#include "lua/error.h"
#include "lua/flat.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "tape/jacobian.h"

// A call, its target at 2 and its sources at 3.
typedef struct asked {
  nd_jacobian_options options;
  nd_tape *tape;
  nd_tensor *target;
  ndL_flat sources, results;
} asked;

typedef bool giver(asked *a);

static bool give_jacobians(asked *a)
{
  return nd_tape_jacobians(a->tape, &a->options, a->target, a->sources.n,
                           a->sources.at, a->results.at);
}

static bool give_hessians(asked *a)
{
  return nd_tape_hessians(a->tape, a->options.zeros, a->target, a->sources.n,
                          a->sources.at, a->results.at);
}

static nd_tensor *check_target(lua_State *L, ndL_state *S, const asked *a)
{
  nd_tensor *x = ndL_peek(L, S, 2);
  if (x == NULL)
    ndL_typeerror(L, a->options.name, "target", "one tensor or Variable", 2);
  return x;
}

// Reads tape, target and sources for the last time before the core is called.
static void look_again(lua_State *L, ndL_state *S, asked *a)
{
  ndL_gather(L, S, &a->sources);
  a->target = check_target(L, S, a);
  a->tape = ndL_checktape(L, S, a->options.name);
}

static bool call_core(lua_State *L, ndL_state *S, asked *a, giver *give)
{
  const bool persistent = a->tape->persistent;  // a script may free the tape
  void *before = ndL_enter(L, S);
  const bool ok = give(a);
  ndL_leave(S, before);
  if (ok && !persistent)
    ndL_dropheld(L, S);
  return ok;
}

// Puts the tensors in the boxes, those of `n` of them from `first` on.
static void fill_boxes(lua_State *L, ndL_state *S, const asked *a, int first,
                       int boxes)
{
  ndL_fillboxes(L, S, &a->sources, a->results.at + first, boxes, false);
}

static int give(lua_State *L, ndL_state *S, asked *a, bool required)
{
  ndL_makeroom(L, &a->results, a->sources.n);
  const int boxes = ndL_pushboxes(L, S, a->sources.n);
  look_again(L, S, a);
  if (required)
    ndL_requireconnected(L, S, a->options.name, 1, &a->target, &a->sources);
  if (!call_core(L, S, a, give_jacobians))
    return ndL_raise(L, S);
  fill_boxes(L, S, a, 0, boxes);
  ndL_pushlike(L, S, &a->sources, boxes);
  return 1;
}

// -------------------------------------------------------------- jacobian --

enum { UNCONNECTED = 2, BATCH_CHECK = 5, HESSIAN_UNCONNECTED = 2 };

// Rows of boxes that fit a stack.
enum { MOST_SOURCES = 10000 };

#define UNCONNECTED_PARAM(initial)                               \
  {                                                              \
    "unconnected_gradients", ND_WORD, initial,                   \
      .words = ndL_unconnected,                                  \
      .doc = "what a source gets that target does not depend on" \
  }

// How TensorFlow is told to run its sweeps; nothing depends on them here.
#define IGNORED_PARAMS                                               \
  { "parallel_iterations", ND_INTEGER, "nil", .doc = "is ignored" }, \
  {                                                                  \
    "experimental_use_pfor", ND_FLAG, "true", .doc = "is ignored"    \
  }

static const nd_param jacobian_params[] = {
  { "target", ND_NESTED, .doc = "the tensor that is differentiated" },
  { "sources", ND_NESTED, .doc = "by what; the result has their structure" },
  UNCONNECTED_PARAM("none"),
  IGNORED_PARAMS,
  { NULL },
};

static int tape_jacobian(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments r;
  ndL_pace(L, S);
  ndL_checktape(L, S, "jacobian");
  ndL_read(L, S, &r, 2);
  const int64_t mode = r.at[UNCONNECTED].integer;
  asked a = { .options = { .name = r.function, .zeros = mode == NDL_ZERO } };
  check_target(L, S, &a);
  ndL_flatten(L, S, 3, r.function, "sources", &a.sources);
  return give(L, S, &a, mode == NDL_ERROR);
}

static const nd_param batch_params[] = {
  { "target", ND_NESTED, .doc = "a tensor [batch ...]" },
  { "source", ND_NESTED, .doc = "by what: [batch ...]" },
  UNCONNECTED_PARAM("zero"),
  IGNORED_PARAMS,
  { "check", ND_FLAG, "false",
    .doc = "whether it is verified that no example depends on another one" },
  { NULL },
};

static int tape_batch_jacobian(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments r;
  ndL_pace(L, S);
  ndL_checktape(L, S, "batch_jacobian");
  ndL_read(L, S, &r, 2);
  const int64_t mode = r.at[UNCONNECTED].integer;
  asked a = { .options = { .name = r.function,
                           .batched = true,
                           .check = r.at[BATCH_CHECK].integer } };
  a.options.zeros = mode != NDL_ERROR;
  check_target(L, S, &a);
  ndL_flatten(L, S, 3, r.function, "source", &a.sources);
  return give(L, S, &a, mode == NDL_ERROR);
}

// --------------------------------------------------------------- hessian --

static const nd_param hessian_params[] = {
  { "target", ND_NESTED, .doc = "a tensor with one element" },
  { "sources", ND_NESTED,
    .doc = "by what; of tables the result is a table for each, of tables" },
  UNCONNECTED_PARAM("none"),
  { NULL },
};

// How many stack slots ndL_pushboxes takes for `n`.
static int width_of(int n)
{
  return n <= NDL_FEW ? n : 1;
}

// Pushes boxes for each row; returns the index of the first.
static int push_row_boxes(lua_State *L, const ndL_state *S, int n)
{
  const int first = lua_gettop(L) + 1;
  for (int i = 0; i < n; i++) {
    luaL_checkstack(L, 8, "hessian");
    ndL_pushboxes(L, S, n);
  }
  return first;
}

// Pushes each row in the structure of the sources, as boxes are: a few one by
// one, more in a table. Returns the index of the first, or of that.
static int push_rows(lua_State *L, ndL_state *S, asked *a, int boxes)
{
  const int n = a->sources.n, rows = lua_gettop(L) + 1;
  luaL_checkstack(L, NDL_FEW + 8, "hessian");
  if (n > NDL_FEW)
    lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    const int at = boxes + i * width_of(n);
    fill_boxes(L, S, a, i * n, at);
    ndL_pushlike(L, S, &a->sources, at);
    if (n > NDL_FEW)
      lua_rawseti(L, rows, i + 1);
  }
  return rows;
}

static int tape_hessian(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments r;
  ndL_pace(L, S);
  ndL_checktape(L, S, "hessian");
  ndL_read(L, S, &r, 2);
  const int64_t mode = r.at[HESSIAN_UNCONNECTED].integer;
  asked a = { .options = { .name = r.function, .zeros = mode == NDL_ZERO } };
  check_target(L, S, &a);
  ndL_flatten(L, S, 3, r.function, "sources", &a.sources);
  if (a.sources.n > MOST_SOURCES)
    return ndL_error(L, "hessian: more than %d sources", MOST_SOURCES);
  ndL_makeroom(L, &a.results, a.sources.n * a.sources.n);
  const int boxes = push_row_boxes(L, S, a.sources.n);
  look_again(L, S, &a);
  if (mode == NDL_ERROR)
    ndL_requireconnected(L, S, r.function, 1, &a.target, &a.sources);
  if (!call_core(L, S, &a, give_hessians))
    return ndL_raise(L, S);
  const int rows = push_rows(L, S, &a, boxes);
  if (a.sources.list == 0)
    lua_pushvalue(L, rows);
  else
    ndL_pushlike(L, S, &a.sources, rows);
  return 1;
}

void ndL_open_jacobian(lua_State *L)
{
  static const ndL_function methods[] = {
    { "jacobian", tape_jacobian, jacobian_params,
      "all derivatives of target by each of the sources: the axes of target, "
      "then those of the source" },
    { "batch_jacobian", tape_batch_jacobian, batch_params,
      "the same for each example along the first axis, which no other one "
      "depends on" },
    { "hessian", tape_hessian, hessian_params,
      "all second derivatives of a number by the sources" },
    { NULL },
  };
  ndL_bindmethods(L, NDL_TAPE, "GradientTape:", methods);
}
