// ops/argmax.c: positions of extremes along one axis. They count from 1; the
// first of equals wins, and nan is passed over.
//
// Inputs that lie one after the other are folded to the extreme first, whose
// place is then looked up. Outputs that lie beside each other take their inputs
// row by row.

#include <string.h>

#include "base/cut.h"
#include "kernel/place.h"
#include "op/axes.h"
#include "op/fold.h"
#include "ops/entries.h"

enum { AXIS, OUTPUT_TYPE };              // attributes
enum { PART = 1 << 16, RUN = 1 << 12 };  // inputs; of the first cache

ND_DECLARE_LEVELS(const nd_place_table, nd_place_table);

static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "1" },
  { "output_type", ND_WORD_DTYPE, "int64" },
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
  out->dtype = (nd_dtype)j->attr[OUTPUT_TYPE].integer;
  out->rank = 0;
  for (int i = 0; i < x->rank; i++) {
    if (i != axis)
      out->shape[out->rank++] = x->dims[i];
  }
  return out->dtype == ND_INT32 || out->dtype == ND_INT64 ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "output_type must be int32 or int64, got %s",
                 nd_dtype_name(out->dtype));
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

static const nd_place_kernels *find_kernels(const nd_tensor *x)
{
  static const nd_place_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_place_table);
  return &tables[x->context->level]->at[x->dtype];
}

// True if the element at `b` is better than that at `a`, which comes first.
static bool is_better(const nd_job *j, const void *a, const void *b)
{
  const size_t width = nd_dtype_size((nd_dtype)j->in[0]->dtype);
  double pair[2];
  memcpy(pair, a, width);
  memcpy((char *)pair + width, b, width);
  return choose(j)((char *)pair, (int64_t)width, 2) == 2;
}

// The places of the best of `rows` runs, of RUN inputs at most: looked up, or
// found one by one where nan is, which the fold does not pass over.
static void find_rows(const nd_job *j, const char *x, int64_t rows, int64_t n,
                      void *values, int64_t *best)
{
  const nd_tensor *in = j->in[0];
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)in->dtype);
  const nd_fold fold = j->op == &nd_op_argmax ? ND_MAX : ND_MIN;
  nd_fold_kernels(in, fold)->rows(rows, n, values, x);
  find_kernels(in)->first(rows, n, x, values, best);
  for (int64_t r = 0; r < rows; r++) {
    if (best[r] > n)
      best[r] = choose(j)(x + r * n * width, width, n);
  }
}

// The same as a `find_function`, of inputs that lie one after the other.
static int64_t find_in_run(const nd_job *j, const char *x, int64_t n)
{
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)j->in[0]->dtype);
  int64_t best = 0;
  for (int64_t at = 0; at < n; at += RUN) {
    double value;
    int64_t place;
    find_rows(j, x + at * width, 1, n - at < RUN ? n - at : RUN, &value,
              &place);
    place += at - 1;
    if (at == 0 || is_better(j, x + best * width, x + place * width))
      best = place;
  }
  return best + 1;
}

// Inputs first..first+n-1 of `outs` outputs that lie beside each other, where
// row 0 of the inputs is `x` and rows are `stride` bytes apart.
static void find_beside(const nd_job *j, const char *x, int64_t stride,
                        int64_t outs, int64_t n, int64_t *best)
{
  const nd_place_kernels *k = find_kernels(j->in[0]);
  double values[ND_BLOCK];
  int32_t at[ND_BLOCK] = { 0 };
  memcpy(values, x, (size_t)outs * nd_dtype_size((nd_dtype)j->in[0]->dtype));
  for (int64_t r = 1; r < n; r++)
    (j->op == &nd_op_argmax ? k->above : k->below)(outs, x + r * stride, values,
                                                   at, (int32_t)r);
  for (int64_t i = 0; i < outs; i++)
    best[i] = at[i] + 1;
}

// How many outputs from `i` on, a block at most, lie beside each other, or all
// of whose inputs lie one after the other if `rows`.
static int64_t count_outputs(const nd_job *j, int64_t i, int64_t most,
                             bool rows)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_place(j->attr[AXIS].integer, x->rank);
  const int last = axis == x->rank - 1 ? axis - 1 : x->rank - 1;
  most = most < ND_BLOCK ? most : ND_BLOCK;
  if (rows)
    return x->dense && axis == x->rank - 1 ? most : 1;
  if (last < 0 || nd_strides(x)[last] != 1)
    return 1;
  const int64_t left = x->dims[last] - i % x->dims[last];
  return left < most ? left : most;
}

// The best of inputs first..first+n-1, PART at most, of outputs from..to-1.
static void find_outputs(const nd_job *j, int64_t from, int64_t to,
                         int64_t first, int64_t n, int64_t *best)
{
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)j->in[0]->dtype);
  double values[ND_BLOCK];
  for (int64_t i = from, outs; i < to; i += outs, best += outs) {
    int64_t stride;
    const char *x = find_inputs(j, i, &stride);
    x += first * stride;
    const bool whole = stride == width && count_inputs(j) <= RUN;
    outs = count_outputs(j, i, to - i, whole);
    if (whole)
      find_rows(j, x, outs, n, values, best);
    else if (outs > 1)
      find_beside(j, x, stride, outs, n, best);
    else
      *best = stride == width ? find_in_run(j, x, n) : choose(j)(x, stride, n);
  }
}

// Places become elements at.. of the output.
static void put(const nd_job *j, int64_t at, int64_t n, const int64_t *best)
{
  const nd_tensor *y = j->out[0];
  const nd_dtype dtype = (nd_dtype)y->dtype;
  nd_convert(y->context->level, dtype, ND_INT64, n,
             y->data + at * (int64_t)nd_dtype_size(dtype), best);
}

static void run(const nd_job *j, int64_t from, int64_t to)
{
  int64_t best[ND_BLOCK];
  for (int64_t at = from, n; at < to; at += n) {
    n = nd_least(to - at, ND_BLOCK);
    find_outputs(j, at, at + n, 0, count_inputs(j), best);
    put(j, at, n, best);
  }
}

// ---------------------------------------------------------------- in parts --

static int64_t count_parts(const nd_job *j)
{
  return nd_parts(count_inputs(j), PART);
}

// Unit p * outputs + i finds the best of part p of output i, from 1 there.
static void find_in_parts(const void *what, void *shared, void *own,
                          int64_t from, int64_t to)
{
  const nd_job *j = what;
  const int64_t outs = j->out[0]->size, n = count_inputs(j);
  int64_t *best = shared;
  for (int64_t unit = from, end; unit < to; unit = end) {
    const int64_t part = unit / outs, first = part * PART;
    end = (part + 1) * outs < to ? (part + 1) * outs : to;
    find_outputs(j, unit - part * outs, end - part * outs, first,
                 n - first < PART ? n - first : PART, best + unit);
  }
}

// The best of the best of parts of output `i`.
static int64_t find_among(const nd_job *j, int64_t i, const int64_t *best)
{
  const int64_t outs = j->out[0]->size;
  int64_t stride;
  const char *x = find_inputs(j, i, &stride);
  int64_t found = best[i] - 1;
  for (int64_t p = 1; p < count_parts(j); p++) {
    const int64_t other = p * PART + best[p * outs + i] - 1;
    if (is_better(j, x + found * stride, x + other * stride))
      found = other;
  }
  return found + 1;
}

static void join_parts(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_job *j = what;
  for (int64_t i = from; i < to; i++) {
    const int64_t best = find_among(j, i, shared);
    put(j, i, 1, &best);
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
  .doc = "positions, from 1, of the largest along axis; first of equals",
  .params = params,
  .attrs = 2,
  .dtypes = ND_NUMBERS,
  .infer = infer,
  .run = run,
  .work = work,
  .long_cases = LONG_CASES,
};

const nd_op nd_op_argmin = {
  .name = "argmin",
  .doc = "positions, from 1, of the smallest along axis; first of equals",
  .params = params,
  .attrs = 2,
  .dtypes = ND_NUMBERS,
  .infer = infer,
  .run = run,
  .work = work,
  .long_cases = LONG_CASES,
};

const nd_op *const nd_ops_argmax[] = { &nd_op_argmax, &nd_op_argmin, NULL };
