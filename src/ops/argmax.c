// ops/argmax.c: positions of extremes along one axis. They count from 1; the
// first of equals wins, and nan is passed over.

#include <string.h>

#include "op/axes.h"
#include "op/op.h"
#include "ops/entries.h"

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

// Where output `i` finds its inputs, which are `stride` bytes apart.
static const char *find_inputs(const nd_job *j, int64_t i, int64_t *stride)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_place(j->attr[AXIS].integer, x->rank);
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)x->dtype);
  int64_t offset = 0;
  for (int k = x->rank - 1; k >= 0; k--) {
    if (k == axis)
      continue;
    offset += i % x->dims[k] * nd_strides(x)[k];
    i /= x->dims[k];
  }
  *stride = nd_strides(x)[axis] * width;
  return nd_values(x) + offset * width;
}

static int64_t count_inputs(const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  return x->dims[nd_axis_place(j->attr[AXIS].integer, x->rank)];
}

static find_function *choose(const nd_job *j)
{
  return (j->op == &nd_op_argmax ? find_max : find_min)[j->in[0]->dtype];
}

static void run(const nd_job *j, int64_t from, int64_t to)
{
  find_function *find = choose(j);
  int64_t *out = (int64_t *)(void *)j->out[0]->data;
  for (int64_t i = from, stride; i < to; i++) {
    const char *x = find_inputs(j, i, &stride);
    out[i] = find(x, stride, count_inputs(j));
  }
}

// ---------------------------------------------------------------- in parts --

enum { PART = 1 << 16 };  // inputs

static int64_t count_parts(const nd_job *j)
{
  return (count_inputs(j) + PART - 1) / PART;
}

// Unit i * parts + p finds the best of part p of output i.
static void find_in_parts(const void *what, void *shared, void *own,
                          int64_t from, int64_t to)
{
  const nd_job *j = what;
  const int64_t parts = count_parts(j), n = count_inputs(j);
  find_function *find = choose(j);
  int64_t *best = shared;
  for (int64_t unit = from, stride; unit < to; unit++) {
    const int64_t first = unit % parts * PART;
    const char *x = find_inputs(j, unit / parts, &stride);
    best[unit] = first + find(x + first * stride, stride,
                              n - first < PART ? n - first : PART);
  }
}

// The best of the best of parts; an earlier one wins as it does in `find`.
static int64_t find_among(const nd_job *j, const char *x, int64_t stride,
                          const int64_t *best)
{
  const size_t width = nd_dtype_size((nd_dtype)j->in[0]->dtype);
  int64_t found = best[0];
  for (int64_t p = 1; p < count_parts(j); p++) {
    double pair[2];
    memcpy(pair, x + (found - 1) * stride, width);
    memcpy((char *)pair + width, x + (best[p] - 1) * stride, width);
    if (choose(j)((char *)pair, (int64_t)width, 2) == 2)
      found = best[p];
  }
  return found;
}

static void join_parts(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_job *j = what;
  const int64_t *best = shared;
  int64_t *out = (int64_t *)(void *)j->out[0]->data;
  for (int64_t i = from, stride; i < to; i++) {
    const char *x = find_inputs(j, i, &stride);
    out[i] = find_among(j, x, stride, best + i * count_parts(j));
  }
}

static bool next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const int64_t outs = j->out[0]->size, parts = count_parts(j);
  if (i == 0)
    *step = (nd_step){ 0, outs * parts, 2.F * PART, find_in_parts };
  else
    *step = (nd_step){ 0, outs, 4.F * (float)parts, join_parts };
  return i < 2;
}

static nd_work work(const nd_job *j)
{
  const int64_t parts = count_parts(j);
  if (parts <= 1)
    return (nd_work){ 0 };
  return (nd_work){
    .shared = (size_t)(j->out[0]->size * parts) * sizeof(int64_t), .next = next
  };
}

// Rows of more than one part, which lie beside each other in memory or not.
#define LONG_CASES "[2 140000] axis=2; [70000 3] axis=1"

const nd_op nd_op_argmax = {
  .name = "argmax",
  .doc = "int64 positions, from 1, of the largest along axis; first of equals",
  .params = params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .infer = infer,
  .run = run,
  .work = work,
  .long_cases = LONG_CASES,
};

const nd_op nd_op_argmin = {
  .name = "argmin",
  .doc = "int64 positions, from 1, of the smallest along axis; first of equals",
  .params = params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .infer = infer,
  .run = run,
  .work = work,
  .long_cases = LONG_CASES,
};

const nd_op *const nd_ops_argmax[] = { &nd_op_argmax, &nd_op_argmin, NULL };
