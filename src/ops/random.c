// ops/random.c: tensors of random numbers from the counter-based generator:
// normal ones and uniform ones (op/stream.h says of which streams).

#include <math.h>

#include "base/interval.h"
#include "base/number.h"
#include "base/philox.h"
#include "op/axes.h"
#include "op/stream.h"
#include "ops/rules.h"

// Attributes; the two in the middle are mean and stddev, or minval and maxval.
enum { SHAPE, P, Q, DTYPE, SEED, ATTRS };

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  out->dtype = (nd_dtype)j->attr[DTYPE].integer;
  return nd_stream_check(c, &j->attr[SEED]) &&
         nd_sizes_infer(c, &j->attr[SHAPE], out);
}

// In float32 a number must be finite there, as that is where it is used.
static bool check_finite(nd_context *c, const char *name, double x,
                         nd_dtype dtype)
{
  return isfinite(dtype == ND_FLOAT32 ? (float)x : x) ||
         nd_fail(c, ND_BAD_ARGUMENT, "%s must be a finite %s, got %s", name,
                 nd_dtype_name(dtype), ND_NUMBER(x));
}

static bool infer_float(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!infer(c, j, out))
    return false;
  if (!nd_dtype_in(out->dtype, ND_FLOATS))
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "dtype must be float32 or float64, got %s",
                   nd_dtype_name(out->dtype));
  return check_finite(c, "mean", j->attr[P].number, out->dtype) &&
         check_finite(c, "stddev", j->attr[Q].number, out->dtype) &&
         (j->attr[Q].number >= 0 ||
          nd_fail(c, ND_BAD_ARGUMENT, "stddev must be 0 or more, got %s",
                  ND_NUMBER(j->attr[Q].number)));
}

// True if numbers of `dtype` lie in the interval.
static bool holds_numbers(nd_dtype dtype, double low, double high)
{
  float first, last;
  const double most = dtype == ND_INT32 ? 0x1p31 : 0x1p63;
  if (dtype == ND_FLOAT32)
    return nd_interval_float32(low, high, &first, &last);
  if (dtype == ND_FLOAT64)
    return isfinite(low) && isfinite(high) && low <= high;
  return low >= -most && low <= high && high < most;
}

// Where uniform numbers end.
static double top_of(const nd_job *j)
{
  return j->attr[Q].given ? j->attr[Q].number : 1;
}

static bool infer_uniform(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!infer(c, j, out))
    return false;
  const double low = j->attr[P].number, high = top_of(j);
  if (!nd_dtype_in(out->dtype, ND_FLOATS | ND_INTS) || out->dtype == ND_UINT8)
    return nd_fail(c, ND_BAD_ARGUMENT, "no such dtype here: %s",
                   nd_dtype_name(out->dtype));
  if (nd_dtype_in(out->dtype, ND_INTS) && !j->attr[Q].given)
    return nd_fail(c, ND_BAD_ARGUMENT, "%s needs maxval, the largest number",
                   nd_dtype_name(out->dtype));
  if (!holds_numbers(out->dtype, low, high))
    return nd_fail(c, ND_BAD_ARGUMENT, "no such interval of %s: %s to %s",
                   nd_dtype_name(out->dtype), ND_NUMBER(low), ND_NUMBER(high));
  if (nd_dtype_in(out->dtype, ND_INTS) &&
      (low != floor(low) || high != floor(high)))
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "bounds of %s must be whole numbers: %s to %s",
                   nd_dtype_name(out->dtype), ND_NUMBER(low), ND_NUMBER(high));
  return true;
}

// Once per call, before the ranges run.
static bool take_stream(nd_context *c, const nd_job *j)
{
  return nd_stream_take(c, &j->attr[SEED]);
}

typedef void fill_f32(nd_philox s, uint64_t first, size_t n, float p, float q,
                      float *out);
typedef void fill_f64(nd_philox s, uint64_t first, size_t n, double p, double q,
                      double *out);

static void run_float(const nd_job *j, int64_t from, int64_t to, fill_f32 *f32,
                      fill_f64 *f64)
{
  const nd_philox s = nd_stream_of(j->out[0]->context, &j->attr[SEED]);
  const double p = j->attr[P].number, q = j->attr[Q].number;
  const size_t n = (size_t)(to - from);
  void *out = j->out[0]->data;
  if (j->out[0]->dtype == ND_FLOAT32)
    f32(s, (uint64_t)from, n, (float)p, (float)q, (float *)out + from);
  else
    f64(s, (uint64_t)from, n, p, q, (double *)out + from);
}

static void normal_run(const nd_job *j, int64_t from, int64_t to)
{
  run_float(j, from, to, nd_philox_fill_normal_f32, nd_philox_fill_normal_f64);
}

static void truncated_run(const nd_job *j, int64_t from, int64_t to)
{
  run_float(j, from, to, nd_philox_fill_truncated_f32,
            nd_philox_fill_truncated_f64);
}

static void fill_uniform_f32(nd_philox s, uint64_t first, size_t n, double low,
                             double high, float *out)
{
  float least, last;
  nd_interval_float32(low, high, &least, &last);
  nd_philox_fill_uniform_f32(s, first, n, least, (float)high, out);
}

static void uniform_run(const nd_job *j, int64_t from, int64_t to)
{
  const nd_philox s = nd_stream_of(j->out[0]->context, &j->attr[SEED]);
  const double low = j->attr[P].number;
  const double high = top_of(j);
  const size_t n = (size_t)(to - from);
  void *out = j->out[0]->data;
  if (j->out[0]->dtype == ND_INT32)
    nd_philox_fill_integers_i32(s, (uint64_t)from, n, (int32_t)low,
                                (int32_t)high, (int32_t *)out + from);
  else if (j->out[0]->dtype == ND_INT64)
    nd_philox_fill_integers_i64(s, (uint64_t)from, n, (int64_t)low,
                                (int64_t)high, (int64_t *)out + from);
  else if (j->out[0]->dtype == ND_FLOAT32)
    fill_uniform_f32(s, (uint64_t)from, n, low, high, (float *)out + from);
  else
    nd_philox_fill_uniform_f64(s, (uint64_t)from, n, low, high,
                               (double *)out + from);
}

static const nd_param normal_params[] = {
  { "shape", ND_SIZES },          { "mean", ND_NUMBER, "0.0" },
  { "stddev", ND_NUMBER, "1.0" }, { "dtype", ND_WORD_DTYPE, "float32" },
  { "seed", ND_INTEGERS, "nil" }, { 0 },
};
static const nd_param uniform_params[] = {
  { "shape", ND_SIZES },          { "minval", ND_NUMBER, "0.0" },
  { "maxval", ND_NUMBER, "nil" }, { "dtype", ND_WORD_DTYPE, "float32" },
  { "seed", ND_INTEGERS, "nil" }, { 0 },
};

const nd_op nd_op_normal = {
  .name = "normal",
  .module = "random",
  .inside = true,
  .doc = "normally distributed numbers",
  .params = normal_params,
  .attrs = ATTRS,
  .infer = infer_float,
  .check = take_stream,
  .run = normal_run,
  .cost = 4,
};

const nd_op nd_op_truncated_normal = {
  .name = "truncated_normal",
  .module = "random",
  .inside = true,
  .doc = "normal numbers, drawn again beyond two standard deviations",
  .params = normal_params,
  .attrs = ATTRS,
  .infer = infer_float,
  .check = take_stream,
  .run = truncated_run,
  .cost = 7,
};

const nd_op nd_op_uniform = {
  .name = "uniform",
  .module = "random",
  .inside = true,
  .doc = "evenly distributed, below maxval, or 1; integers include both ends",
  .params = uniform_params,
  .attrs = ATTRS,
  .infer = infer_uniform,
  .check = take_stream,
  .run = uniform_run,
  .cost = 2,
};

nd_tensor *nd_rule_uniform(nd_context *c, nd_dtype dtype, int rank,
                           const int64_t *shape, nd_value seed)
{
  nd_value attr[ATTRS];
  nd_values_start(&nd_op_uniform, attr);
  attr[SHAPE] = nd_value_list(rank, shape);
  attr[DTYPE] = nd_value_integer(dtype);
  attr[SEED] = seed;
  if (nd_dtype_in(dtype, ND_INTS))
    attr[Q] = (nd_value){ .given = true,
                          .number = dtype == ND_INT64 ? 0x1p62 : INT32_MAX };
  return nd_rule_apply(c, &nd_op_uniform, 0, NULL, attr);
}

// --------------------------------------------------------------- stateless --

// The same ops by a stream that is given: its two numbers come second.
static void draw_stateless(nd_context *c, const nd_job *j, const nd_op *op)
{
  const nd_value *a = j->attr;
  const nd_value attr[] = {
    [SHAPE] = a[0], [P] = a[2], [Q] = a[3], [DTYPE] = a[4], [SEED] = a[1],
  };
  if (nd_stream_check_stateless(c, &a[1]))
    j->out[0] = nd_rule_apply(c, op, 0, NULL, attr);
}

static void stateless_normal(nd_context *c, const nd_job *j)
{
  draw_stateless(c, j, &nd_op_normal);
}

static void stateless_truncated_normal(nd_context *c, const nd_job *j)
{
  draw_stateless(c, j, &nd_op_truncated_normal);
}

static void stateless_uniform(nd_context *c, const nd_job *j)
{
  draw_stateless(c, j, &nd_op_uniform);
}

static const nd_param stateless_normal_params[] = {
  { "shape", ND_SIZES },
  { "seed", ND_INTEGERS },
  { "mean", ND_NUMBER, "0.0" },
  { "stddev", ND_NUMBER, "1.0" },
  { "dtype", ND_WORD_DTYPE, "float32" },
  { 0 },
};
static const nd_param stateless_uniform_params[] = {
  { "shape", ND_SIZES },
  { "seed", ND_INTEGERS },
  { "minval", ND_NUMBER, "0.0" },
  { "maxval", ND_NUMBER, "nil" },
  { "dtype", ND_WORD_DTYPE, "float32" },
  { 0 },
};

const nd_op nd_op_stateless_normal = {
  .name = "stateless_normal",
  .module = "random",
  .inside = true,
  .doc = "normally distributed numbers, the same for the same two of seed",
  .params = stateless_normal_params,
  .attrs = ATTRS,
  .compose = stateless_normal,
};

const nd_op nd_op_stateless_truncated_normal = {
  .name = "stateless_truncated_normal",
  .module = "random",
  .inside = true,
  .doc = "normal numbers, drawn again beyond two standard deviations, the same "
         "for the same two of seed",
  .params = stateless_normal_params,
  .attrs = ATTRS,
  .compose = stateless_truncated_normal,
};

const nd_op nd_op_stateless_uniform = {
  .name = "stateless_uniform",
  .module = "random",
  .inside = true,
  .doc =
    "evenly distributed numbers, below maxval, or 1, the same for the same "
    "two of seed; integers include both ends",
  .params = stateless_uniform_params,
  .attrs = ATTRS,
  .compose = stateless_uniform,
};

const nd_op *const nd_ops_random[] = {
  &nd_op_normal,
  &nd_op_truncated_normal,
  &nd_op_uniform,
  &nd_op_stateless_normal,
  &nd_op_stateless_truncated_normal,
  &nd_op_stateless_uniform,
  NULL,
};

void nd_random_set_seed(nd_context *c, uint64_t seed)
{
  if (c == NULL)
    return;
  c->seed = seed;
  c->stream = 0;
}
