// lua/class_slices.c: nd.IndexedSlices, which makes tensors that are sums of
// rows, as gradients of gathers are, and what is asked of them.

#include "lua/class_slices.h"

#include <string.h>

#include "lua/box.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/names.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "lua/values.h"

static const nd_param params[] = {
  { "values", ND_TENSOR, .doc = "rows, one for each of the indices" },
  { "indices", ND_TENSOR, .doc = "where each is added; -1 is the last row" },
  { "shape", ND_SIZES, "nil",
    .doc = "of the sum; nil: as many rows as the largest index says" },
  { "dtype", ND_WORD_DTYPE, "nil", .doc = "of literal values; nil: their own" },
  { NULL },
};

enum { SHAPE = 2, DTYPE };

static int slices_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_read(L, S, &a, 1);
  const nd_value *shape = &a.at[SHAPE], *given = &a.at[DTYPE];
  const nd_dtype dtype = given->given ? (nd_dtype)given->integer : ND_DTYPES;
  nd_tensor *values = ndL_checktensor(L, S, 1, dtype, a.function, "values");
  nd_tensor *indices = ndL_checktensor(L, S, 2, ND_INT32, a.function,
                                       "indices");
  if (dtype != ND_DTYPES && values->dtype != dtype)
    return ndL_error(L, "%s: dtypes differ: %s and %s; use nd.cast", a.function,
                     nd_dtype_name((nd_dtype)values->dtype),
                     nd_dtype_name(dtype));
  ndL_box *box = ndL_newbox(L, S);
  return ndL_result(L, S, box,
                    nd_slices_new(values, indices, shape->n,
                                  shape->given ? shape->list : NULL));
}

static int slices_is(lua_State *L)
{
  lua_settop(L, 1);
  lua_pushboolean(L, nd_tensor_is_slices(ndL_peek(L, ndL_upstate(L), 1)));
  return 1;
}

bool ndL_askslices(lua_State *L, ndL_state *S)
{
  const char *key = ndL_isname(L, 2) ? lua_tostring(L, 2) : "";
  const bool values = strcmp(key, "values") == 0;
  nd_tensor *x = ndL_peek(L, S, 1);
  if (x == NULL || (!values && strcmp(key, "indices") != 0))
    return false;
  if (!nd_tensor_is_slices(x))
    ndL_error(L,
              "index: only IndexedSlices have '%s', this tensor is dense; "
              "nd.is_indexed_slices(x) asks",
              key);
  x = ndL_hold(L, S, 1, false);
  ndL_box *box = ndL_newbox(L, S);
  return ndL_result(L, S, box,
                    values ? nd_slices_values(x) : nd_slices_indices(x)) == 1;
}

static const ndL_function functions[] = {
  { "IndexedSlices", slices_new, params,
    "a tensor of zeros with rows added at indices, that keeps them" },
  { "is_indexed_slices", slices_is, ndL_anyvalue,
    "whether it is a tensor that keeps rows and their indices" },
  { NULL },
};

void ndL_open_slices(lua_State *L)
{
  ndL_bind(L, "nd.", functions);
}
