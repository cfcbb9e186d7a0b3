// lua/random_order.c: rows and positions in random order, or some of them.

#include "lua/random_order.h"

#include <string.h>

#include "lua/box.h"
#include "lua/class_random.h"
#include "lua/draw.h"
#include "lua/error.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "lua/values.h"
#include "ops/entries.h"

// The tensor, variable or list at `i`, which has rows; NULL when it is none of
// them. May push one value to hold it.
static nd_tensor *read_rows(lua_State *L, ndL_state *S, int i,
                            const char *function)
{
  nd_tensor *x = ndL_hold(L, S, i, true);
  if (x == NULL && lua_type(L, i) == LUA_TTABLE)
    x = ndL_checktensor(L, S, i, ND_DTYPES, function, "x");
  if (x != NULL && x->rank == 0)
    ndL_error(L, "%s: needs an axis: x is []", function);
  return x;
}

static const char *const sources[] = { "a whole number, a tensor or a list",
                                       NULL };

// Reads the first argument, at 2: a count n, or n rows of `*x`, which is NULL
// for a count.
static int64_t read_source(lua_State *L, ndL_state *S, const ndL_arguments *a,
                           nd_tensor **x)
{
  int64_t n = 0;
  *x = read_rows(L, S, 2, a->function);
  if (*x == NULL && !ndL_towhole(L, 2, &n))
    ndL_refuse(a, 0);
  return *x != NULL ? (*x)->dims[0] : n;
}

// The rows of `x` at positions `at`, whose reference this takes.
static nd_tensor *gather_rows(ndL_state *S, nd_tensor *x, nd_tensor *at)
{
  if (at == NULL)
    return NULL;
  nd_tensor *in[] = { x, at };
  nd_tensor *rows = nd_apply(S->context, &nd_op_gather, 2, in, NULL);
  nd_tensor_release(at);
  return rows;
}

// The same for positions that `r` drew: after a failure it is as before them.
static nd_tensor *gather_drawn(ndL_state *S, nd_tensor *x, nd_tensor *at,
                               nd_mt19937 *r, const nd_mt19937 *before)
{
  nd_tensor *rows = gather_rows(S, x, at);
  if (rows == NULL)
    *r = *before;
  return rows;
}

// ------------------------------------------------------------------ choice --

// Positions of 1..n: draws of their own, or the first of a permutation.
static nd_tensor *draw_choice(ndL_state *S, nd_mt19937 *r, int64_t n,
                              bool replace, const nd_type *type)
{
  if (replace)
    return ndL_drawintegers(S, "choice", r, 1, n, type);
  nd_tensor *x = ndL_drawtensor(S, "choice", type);
  nd_tensor *all = x != NULL ? ndL_drawpermutation(S, "choice", r, NULL, n)
                             : NULL;
  if (all == NULL) {
    nd_tensor_release(x);
    return NULL;
  }
  memcpy(x->data, all->data, (size_t)x->size * nd_dtype_size(type->dtype));
  nd_tensor_release(all);
  return x;
}

// Pushes the one position in `at`, or the value that the list has there.
static int push_choice(lua_State *L, ndL_state *S, nd_tensor *at)
{
  if (at == NULL)
    return ndL_raise(L, S);
  const bool wide = at->dtype == ND_INT64;
  const int64_t i = wide ? *(int64_t *)at->data : *(int32_t *)at->data;
  nd_tensor_release(at);
  if (lua_type(L, 2) == LUA_TTABLE)
    lua_rawgeti(L, 2, i);
  else
    lua_pushinteger(L, i);
  return 1;
}

static const nd_param choice_params[] = {
  { "x", ND_OTHER, .words = sources,
    .doc = "the last of 1.., or what has rows" },
  { "size", ND_SIZES, "nil",
    .doc = "of a tensor; nil: one position or row or, of a list, value" },
  { "replace", ND_FLAG, "true", .doc = "whether one may come again" },
  { NULL },
};

enum { SIZE = 1, REPLACE };

static int random_choice(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = ndL_checkrandom(L, "choice");
  ndL_pace(L, S);
  ndL_arguments a;
  ndL_read(L, S, &a, 2);
  nd_type type;
  ndL_setsize(&a.at[SIZE], &type);
  const bool replace = a.at[REPLACE].integer != 0;
  const bool sized = type.rank != NDL_NO_SIZE;
  const bool one = !sized && lua_type(L, 2) == LUA_TTABLE;
  nd_tensor *x = NULL;
  const int64_t n = one ? (int64_t)lua_rawlen(L, 2) : read_source(L, S, &a, &x);
  if (n < 1)
    return ndL_error(L, "choice: nothing to choose from: 1..%lld",
                     (long long)n);
  type.dtype = ndL_fitintegers(1, n);
  type.rank = sized ? type.rank : 0;
  const int64_t size = nd_type_size(&type);
  if (!replace && size > n)
    return ndL_error(L, "choice: too many without replacement: %lld of %lld",
                     (long long)size, (long long)n);
  ndL_box *box = ndL_newbox(L, S);
  const nd_mt19937 before = *r;
  nd_tensor *at = draw_choice(S, r, n, replace, &type);
  if (x != NULL)
    return ndL_result(L, S, box, gather_drawn(S, x, at, r, &before));
  return sized ? ndL_result(L, S, box, at) : push_choice(L, S, at);
}

// ------------------------------------------------------------------- order --

static const nd_param permutation_params[] = {
  { "x", ND_OTHER, .words = sources,
    .doc = "the last of 1.., or what has rows" },
  { NULL },
};

static int random_permutation(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = ndL_checkrandom(L, "permutation");
  ndL_pace(L, S);
  ndL_arguments a;
  ndL_read(L, S, &a, 2);
  nd_tensor *x;
  const int64_t n = read_source(L, S, &a, &x);
  ndL_box *box = ndL_newbox(L, S);
  const nd_mt19937 before = *r;
  nd_tensor *order = ndL_drawpermutation(S, "permutation", r, NULL, n);
  if (x != NULL)
    order = gather_drawn(S, x, order, r, &before);
  return ndL_result(L, S, box, order);
}

static const char *const lists[] = { "a list", NULL };

static const nd_param shuffle_params[] = {
  { "x", ND_OTHER, .words = lists, .doc = "whose values change places" },
  { NULL },
};

static int random_shuffle(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = ndL_checkrandom(L, "shuffle");
  ndL_arguments a;
  ndL_read(L, S, &a, 2);
  if (ndL_typeof(L, S, 2) <= NDL_VARIABLE)
    return ndL_error(L, "shuffle: tensors never change; use permutation");
  if (lua_type(L, 2) != LUA_TTABLE)
    ndL_refuse(&a, 0);
  for (lua_Unsigned i = lua_rawlen(L, 2); i > 1; i--) {
    const lua_Unsigned j = nd_mt19937_interval(r, i - 1) + 1;
    lua_rawgeti(L, 2, (lua_Integer)i);
    lua_rawgeti(L, 2, (lua_Integer)j);
    lua_rawseti(L, 2, (lua_Integer)i);
    lua_rawseti(L, 2, (lua_Integer)j);
  }
  return 0;
}

enum { ROWS, SEED };

static const nd_param rows_params[] = {
  { "x", ND_TENSOR, .doc = "whose rows are given in another order" },
  { "seed", ND_INTEGERS, "nil", .doc = "one number or two, as of uniform" },
  { NULL },
};

static int module_shuffle(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_pace(L, S);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  nd_tensor *x = read_rows(L, S, 1, "shuffle");
  if (x == NULL)
    ndL_refuse(&a, ROWS);
  ndL_box *box = ndL_newbox(L, S);
  const uint64_t stream = S->context->stream;
  nd_tensor *order = ndL_drawpermutation(S, "shuffle", NULL, &a.at[SEED],
                                         x->dims[0]);
  nd_tensor *rows = gather_rows(S, x, order);
  if (rows == NULL)
    S->context->stream = stream;
  return ndL_result(L, S, box, rows);
}

static const ndL_function functions[] = {
  { "shuffle", module_shuffle, rows_params, "rows in random order" },
  { NULL },
};

static const ndL_function methods[] = {
  { "choice", random_choice, choice_params, "some of 1..x, or of the rows" },
  { "permutation", random_permutation, permutation_params,
    "1..x, or the rows, in random order" },
  { "shuffle", random_shuffle, shuffle_params, "reorders a list in place" },
  { NULL },
};

void ndL_open_order(lua_State *L)
{
  ndL_bindmethods(L, NDL_RANDOM, "RandomState:", methods);
  luaL_getsubtable(L, -1, "random");
  ndL_bind(L, "nd.random.", functions);
  lua_pop(L, 1);
}
