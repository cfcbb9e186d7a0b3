// ops/argmax.c: positions of extremes along one axis. They count from 1; the
// first of equals wins, and nan is passed over.

#include "op/axes.h"
#include "op/op.h"
#include "tensor/walk.h"

enum { AXIS };  // attribute

static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "1" },
  { 0 },
};

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_infer(c, j, j->attr[AXIS].integer);
  if (axis < 0)
    return false;
  if (x->dims[axis] == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "axis %d is empty: x is %s", axis + 1,
                   ND_SHAPE(x->rank, x->dims));
  out->dtype = ND_INT64;
  out->rank = 0;
  for (int i = 0; i < x->rank; i++) {
    if (i != axis)
      out->shape[out->rank++] = x->dims[i];
  }
  return true;
}

// Position of the best of `n` elements, `stride` bytes apart.
#define DEFINE_FIND(label, type, better)                                \
  static int64_t find_##label(const char *x, int64_t stride, int64_t n) \
  {                                                                     \
    int64_t best = 0;                                                   \
    type value = *(const type *)(const void *)x;                        \
    for (int64_t i = 1; i < n; i++) {                                   \
      const type v = *(const type *)(const void *)(x + i * stride);     \
      if (v better value || (value != value && v == v)) {               \
        value = v;                                                      \
        best = i;                                                       \
      }                                                                 \
    }                                                                   \
    return best + 1;                                                    \
  }

typedef int64_t find_function(const char *x, int64_t stride, int64_t n);

#define DEFINE_PAIR(constant, type, name) \
  DEFINE_FIND(max_##name, type, >)        \
  DEFINE_FIND(min_##name, type, <)

DEFINE_PAIR(ND_FLOAT32, float, float32)
DEFINE_PAIR(ND_FLOAT64, double, float64)
DEFINE_PAIR(ND_INT32, int32_t, int32)
DEFINE_PAIR(ND_INT64, int64_t, int64)
DEFINE_PAIR(ND_UINT8, uint8_t, uint8)

#define ROW(way)                                                              \
  {                                                                           \
    [ND_FLOAT32] = find_##way##_float32, [ND_FLOAT64] = find_##way##_float64, \
    [ND_INT32] = find_##way##_int32, [ND_INT64] = find_##way##_int64,         \
    [ND_UINT8] = find_##way##_uint8,                                          \
  }

static find_function *const find_max[ND_DTYPES] = ROW(max);
static find_function *const find_min[ND_DTYPES] = ROW(min);

static void find_range(const nd_job *j, int64_t from, int64_t to,
                       find_function *const *find)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_place(j->attr[AXIS].integer, x->rank);
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)x->dtype);
  int64_t *out = (int64_t *)(void *)j->out[0]->data;
  for (int64_t i = from; i < to; i++) {
    int64_t offset = 0;
    int64_t rest = i;
    for (int k = x->rank - 1; k >= 0; k--) {
      if (k == axis)
        continue;
      offset += rest % x->dims[k] * nd_strides(x)[k];
      rest /= x->dims[k];
    }
    out[i] = find[x->dtype](nd_values(x) + offset * width,
                            nd_strides(x)[axis] * width, x->dims[axis]);
  }
}

static void argmax_run(const nd_job *j, int64_t from, int64_t to)
{
  find_range(j, from, to, find_max);
}

static void argmin_run(const nd_job *j, int64_t from, int64_t to)
{
  find_range(j, from, to, find_min);
}

const nd_op nd_op_argmax = {
  .name = "argmax",
  .doc = "int64 positions, from 1, of the largest along axis; first of equals",
  .params = params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .infer = infer,
  .run = argmax_run,
};

const nd_op nd_op_argmin = {
  .name = "argmin",
  .doc = "int64 positions, from 1, of the smallest along axis; first of equals",
  .params = params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .infer = infer,
  .run = argmin_run,
};

const nd_op *const nd_ops_argmax[] = { &nd_op_argmax, &nd_op_argmin, NULL };
