// lua/variable_rows.c: the scatter family of Variables: rows and other parts
// that meet theirs by position, and rows that are read so.

#include "lua/variable_rows.h"

#include <string.h>

#include "lua/box.h"
#include "lua/error.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "lua/values.h"
#include "op/slices.h"
#include "ops/entries.h"

static nd_variable *check_variable(lua_State *L, ndL_state *S,
                                   const char *function)
{
  nd_variable *v = ndL_tovariable(L, S, 1);
  if (v == NULL)
    ndL_typeerror(L, function, "self", "a Variable", 1);
  return v;
}

// The way that the last word of the function's name says.
static nd_scatter_way way_of(const char *function)
{
  return nd_scatter_find(strrchr(function, '_') + 1);
}

// Returns the Variable.
static int finish(lua_State *L, ndL_state *S, bool ok, const char *before)
{
  nd_context_leave(S->context, before);
  if (!ok)
    return ndL_raise(L, S);
  lua_settop(L, 1);
  return 1;
}

// -------------------------------------------------------- by IndexedSlices --

static const nd_param slices_params[] = {
  { "slices", ND_TENSOR, .doc = "nd.IndexedSlices: what meets which rows" },
  { NULL },
};

typedef bool meeting(nd_variable *v, nd_scatter_way way, nd_tensor *positions,
                     nd_tensor *rows);

static int scatter_slices(lua_State *L, meeting *meet)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_read(L, S, &a, 2);
  check_variable(L, S, a.function);
  const nd_tensor *x = ndL_hold(L, S, 2, true);
  const nd_slices *s = x == NULL ? NULL : nd_slices_of(x);
  if (s == NULL)
    return ndL_typeerror(L, a.function, "slices",
                         "nd.IndexedSlices(values, indices)", 2);
  nd_variable *v = check_variable(L, S, a.function);
  const char *before = nd_context_enter(S->context, a.function);
  void *script = ndL_enter(L, S);
  const bool ok = meet(v, way_of(a.function), s->positions, s->values);
  ndL_leave(S, script);
  return finish(L, S, ok, before);
}

static int rows_scatter(lua_State *L)
{
  return scatter_slices(L, nd_variable_scatter_rows);
}

static int rows_scatter_batches(lua_State *L)
{
  return scatter_slices(L, nd_variable_scatter_batches);
}

// ---------------------------------------------------------- by many indices --

static const nd_param nd_params[] = {
  { "indices", ND_TENSOR,
    .doc = "lists of indices along its first axes, each for a part" },
  { "updates", ND_TENSOR, .doc = "what meets these parts" },
  { NULL },
};

static int rows_scatter_nd(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_read(L, S, &a, 2);
  nd_variable *v = check_variable(L, S, a.function);
  const nd_dtype dtype = (nd_dtype)v->value->dtype;
  nd_tensor *indices = ndL_checktensor(L, S, 2, ND_INT64, a.function,
                                       "indices");
  nd_tensor *updates = ndL_checktensor(L, S, 3, dtype, a.function, "updates");
  v = check_variable(L, S, a.function);
  const char *before = nd_context_enter(S->context, a.function);
  void *script = ndL_enter(L, S);
  const bool ok = nd_variable_scatter_nd(v, way_of(a.function), 0, indices,
                                         updates);
  ndL_leave(S, script);
  return finish(L, S, ok, before);
}

// ----------------------------------------------------------------- reading --

static const nd_param read_params[] = {
  { "indices", ND_TENSOR, .doc = "of rows" },
  { NULL },
};

static int rows_read(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_read(L, S, &a, 2);
  check_variable(L, S, a.function);
  nd_tensor *x[] = { ndL_hold(L, S, 1, true),
                     ndL_checktensor(L, S, 2, ND_INT64, a.function,
                                     "indices") };
  ndL_box *box = ndL_newbox(L, S);
  return ndL_result(L, S, box, nd_apply(S->context, &nd_op_gather, 2, x, NULL));
}

static const ndL_function methods[] = {
  { "scatter_update", rows_scatter, slices_params,
    "sets rows; the last for a row wins" },
  { "scatter_add", rows_scatter, slices_params, "adds to rows" },
  { "scatter_sub", rows_scatter, slices_params, "subtracts from rows" },
  { "scatter_mul", rows_scatter, slices_params, "multiplies rows" },
  { "scatter_div", rows_scatter, slices_params, "divides rows" },
  { "scatter_max", rows_scatter, slices_params,
    "leaves the larger of each row and what meets it" },
  { "scatter_min", rows_scatter, slices_params,
    "leaves the smaller of each row and what meets it" },
  { "batch_scatter_update", rows_scatter_batches, slices_params,
    "sets rows of batches, of which the indices have as many axes but one" },
  { "scatter_nd_update", rows_scatter_nd, nd_params,
    "sets parts; the last for a part wins" },
  { "scatter_nd_add", rows_scatter_nd, nd_params, "adds to parts" },
  { "scatter_nd_sub", rows_scatter_nd, nd_params, "subtracts from parts" },
  { "scatter_nd_max", rows_scatter_nd, nd_params,
    "leaves the larger of each part and what meets it" },
  { "scatter_nd_min", rows_scatter_nd, nd_params,
    "leaves the smaller of each part and what meets it" },
  { "sparse_read", rows_read, read_params, "rows by position" },
  { NULL },
};

void ndL_open_variable_rows(lua_State *L)
{
  ndL_pushmetatable(L, ndL_getstate(L), NDL_VARIABLE);
  lua_getfield(L, -1, "__methods");
  ndL_bind(L, "Variable:", methods);
  lua_pop(L, 2);
}
