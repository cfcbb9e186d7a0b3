// lua/draw.c: tensors for random numbers, and whole numbers drawn into them.

#include "lua/draw.h"

#include "op/stream.h"
#include "tensor/tensor.h"

void ndL_setsize(const nd_value *size, nd_type *type)
{
  type->rank = size->given ? size->n : NDL_NO_SIZE;
  for (int i = 0; i < type->rank; i++)
    type->shape[i] = size->list[i];
}

nd_tensor *ndL_drawtensor(ndL_state *S, const char *function,
                          const nd_type *type)
{
  nd_context *c = S->context;
  const char *before = nd_context_enter(c, function);
  const bool ok = nd_sizes_check(c, type->rank, type->shape);
  nd_tensor *x = ok ? nd_tensor_make(c, type) : NULL;
  nd_context_leave(c, before);
  return x;
}

nd_dtype ndL_fitintegers(int64_t low, int64_t last)
{
  return low >= INT32_MIN && last <= INT32_MAX ? ND_INT32 : ND_INT64;
}

nd_tensor *ndL_drawintegers(ndL_state *S, const char *function, nd_mt19937 *r,
                            int64_t low, int64_t last, const nd_type *type)
{
  nd_tensor *x = ndL_drawtensor(S, function, type);
  void *out = x != NULL ? x->data : NULL;
  if (x != NULL && x->dtype == ND_INT32)
    nd_mt19937_fill_randint_i32(r, low, last + 1, (size_t)x->size, out);
  else if (x != NULL)
    nd_mt19937_fill_randint_i64(r, low, last + 1, (size_t)x->size, out);
  return x;
}

static void count_from_one(nd_tensor *x)
{
  int32_t *narrow = (int32_t *)x->data;
  int64_t *wide = (int64_t *)x->data;
  for (int64_t i = 0; x->dtype == ND_INT32 && i < x->size; i++)
    narrow[i]++;
  for (int64_t i = 0; x->dtype == ND_INT64 && i < x->size; i++)
    wide[i]++;
}

static bool take_stream(nd_context *c, const char *function,
                        const nd_value *seed, nd_philox *s)
{
  const char *before = nd_context_enter(c, function);
  const bool ok = nd_stream_check(c, seed) && nd_stream_take(c, seed);
  nd_context_leave(c, before);
  *s = nd_stream_of(c, seed);
  return ok;
}

nd_tensor *ndL_drawpermutation(ndL_state *S, const char *function,
                               nd_mt19937 *r, const nd_value *seed, int64_t n)
{
  const nd_type type = { ndL_fitintegers(1, n), 1, { n } };
  nd_philox s = { 0 };
  if (r == NULL && !take_stream(S->context, function, seed, &s))
    return NULL;
  nd_tensor *x = ndL_drawtensor(S, function, &type);
  if (x == NULL)
    return NULL;
  if (r == NULL && type.dtype == ND_INT32)
    nd_philox_fill_permutation_i32(s, (size_t)n, (int32_t *)x->data);
  else if (r == NULL)
    nd_philox_fill_permutation_i64(s, (size_t)n, (int64_t *)x->data);
  else if (type.dtype == ND_INT32)
    nd_mt19937_fill_permutation_i32(r, (size_t)n, (int32_t *)x->data);
  else
    nd_mt19937_fill_permutation_i64(r, (size_t)n, (int64_t *)x->data);
  count_from_one(x);
  return x;
}
