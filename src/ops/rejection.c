// ops/rejection.c: random numbers of gamma and Poisson distributions, each by
// an op with the shape of all that is drawn, which users do not see, and two
// that they do.

#include <float.h>
#include <math.h>

#include "base/number.h"
#include "base/rejection.h"
#include "op/axes.h"
#include "op/floats.h"
#include "op/stream.h"
#include "ops/rules.h"
#include "tensor/reader.h"
#include "tensor/writer.h"

// ------------------------------------------------------------------- draws --

enum { SHAPE, DTYPE, SEED, DRAW_ATTRS };  // attributes of the hidden ops

static bool draw_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  out->dtype = (nd_dtype)j->attr[DTYPE].integer;
  return nd_stream_check(c, &j->attr[SEED]) &&
         nd_sizes_infer(c, &j->attr[SHAPE], out);
}

static bool take_stream(nd_context *c, const nd_job *j)
{
  return nd_stream_take(c, &j->attr[SEED]);
}

// Numbers of a dtype that are drawn end there: a gamma number above 0 is at
// least the smallest with all of its digits, so that its logarithm is finite.
static double least_of(nd_dtype dtype)
{
  return dtype == ND_FLOAT32 ? (double)FLT_MIN : DBL_MIN;
}

static double most_of(nd_dtype dtype)
{
  return dtype == ND_INT32   ? INT32_MAX
         : dtype == ND_INT64 ? 0x1p63 - 1024
                             : INFINITY;
}

typedef void fill(nd_philox s, uint64_t first, size_t n, const double *p,
                  double *out);

// Elements from..to-1, kept within `least`, unless the parameter is 0, and
// `most`.
static void draw_run(const nd_job *j, int64_t from, int64_t to, fill *f,
                     double least, double most)
{
  const nd_tensor *y = j->out[0];
  const nd_philox s = nd_stream_of(j->out[0]->context, &j->attr[SEED]);
  nd_reader r;
  nd_writer w;
  nd_reader_broadcast(&r, j->in[0], ND_FLOAT64, y->rank, y->dims);
  nd_reader_seek(&r, from);
  nd_writer_start(&w, y, ND_FLOAT64);
  nd_writer_seek(&w, from);
  for (int64_t n; from < to; from += n) {
    n = to - from < ND_BLOCK ? to - from : ND_BLOCK;
    const double *p = nd_reader_next(&r, n);
    double *out = nd_writer_next(&w);
    f(s, (uint64_t)from, (size_t)n, p, out);
    for (int64_t i = 0; i < n; i++) {
      const double low = p[i] > 0 && out[i] < least ? least : out[i];
      out[i] = low > most ? most : low;
    }
    nd_writer_done(&w, n);
  }
}

static void gamma_run(const nd_job *j, int64_t from, int64_t to)
{
  draw_run(j, from, to, nd_rejection_gamma,
           least_of((nd_dtype)j->out[0]->dtype), INFINITY);
}

static void poisson_run(const nd_job *j, int64_t from, int64_t to)
{
  draw_run(j, from, to, nd_rejection_poisson, 0,
           most_of((nd_dtype)j->out[0]->dtype));
}

// A draw moves with alpha so that its place in the distribution stays; where it
// is the least it stays itself.
static nd_tensor *gamma_slope(nd_context *c, const nd_job *j)
{
  nd_tensor *y = j->out[0], *slope = GAMMA_SLOPE(j->in[0], y, 1);
  nd_tensor *least = NUMBER(y, least_of((nd_dtype)y->dtype));
  return IF(GE(least, y), NUMBER(y, 0), slope);
}

static void gamma_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  if (wanted[0])
    gx[0] = CHAIN(g[0], gamma_slope(c, j));
}

static void gamma_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                      nd_tensor **ty)
{
  ty[0] = CHAIN(t[0], gamma_slope(c, j));
}

static const nd_param draw_params[] = {
  { "parameter", ND_TENSOR },
  { "shape", ND_SIZES },
  { "dtype", ND_WORD_DTYPE, "float32" },
  { "seed", ND_INTEGERS, "nil" },
  { 0 },
};

const nd_op nd_op_draw_gamma = {
  .name = "draw_gamma",
  .hidden = true,
  .doc = "draws of shape, which the parameter broadcasts to, and its dtype",
  .params = draw_params,
  .attrs = DRAW_ATTRS,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_IN | ND_NEEDS_OUT },
  .infer = draw_infer,
  .check = take_stream,
  .run = gamma_run,
  .vjp = gamma_vjp,
  .jvp = gamma_jvp,
  .jvp_within_needs = true,
  .cost = 80,
};

const nd_op nd_op_draw_poisson = {
  .name = "draw_poisson",
  .hidden = true,
  .doc = "draws of shape, which the parameter broadcasts to",
  .params = draw_params,
  .attrs = DRAW_ATTRS,
  .dtypes = ND_FLOATS,
  .infer = draw_infer,
  .check = take_stream,
  .run = poisson_run,
  .cost = 80,
};

static nd_tensor *draw(nd_context *c, const nd_op *op, nd_tensor *x,
                       const nd_type *type, nd_value seed)
{
  const nd_value attr[] = {
    [SHAPE] = nd_value_list(type->rank, type->shape),
    [DTYPE] = nd_value_integer(type->dtype),
    [SEED] = seed,
  };
  return nd_rule_apply(c, op, 1, &x, attr);
}

// ------------------------------------------------------------------ shapes --

// What the parameters broadcast to, with `shape` before it.
static bool infer_shape(nd_context *c, const nd_job *j, const nd_value *shape,
                        nd_type *out)
{
  nd_type each;
  if (!nd_sizes_infer(c, shape, out) || !nd_broadcast(c, j, &each))
    return false;
  if (out->rank + each.rank > ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, got %d", ND_MAX_RANK,
                   out->rank + each.rank);
  for (int i = 0; i < each.rank; i++)
    out->shape[out->rank++] = each.shape[i];
  return true;
}

static bool broadcasts_to(const nd_type *x, const nd_type *out)
{
  bool fits = x->rank <= out->rank;
  for (int i = 1; fits && i <= x->rank; i++) {
    const int64_t size = x->shape[x->rank - i];
    fits = size == 1 || size == out->shape[out->rank - i];
  }
  return fits;
}

// `shape`, which is that of all draws: parameters broadcast to it.
static bool infer_whole(nd_context *c, const nd_job *j, const nd_value *shape,
                        nd_type *out)
{
  nd_type each;
  if (!nd_sizes_infer(c, shape, out) || !nd_broadcast(c, j, &each))
    return false;
  return broadcasts_to(&each, out) ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "parameters must broadcast to shape: they are %s, shape is %s",
                 ND_SHAPE(each.rank, each.shape),
                 ND_SHAPE(out->rank, out->shape));
}

// ------------------------------------------------------------------- gamma --

// alpha is 0 or more, beta is above 0; what is nan gives nan.
static bool check_gamma(nd_context *c, const nd_job *j)
{
  double bad;
  nd_tensor *beta = nd_job_in(j, 1);
  if (!nd_floats_within(j->in[0], 0, INFINITY, true, &bad))
    return nd_fail(c, ND_BAD_ARGUMENT, "alpha must be 0 or more, got %s",
                   ND_NUMBER(bad));
  return beta == NULL ||
         nd_floats_within(beta, DBL_TRUE_MIN, INFINITY, true, &bad) ||
         nd_fail(c, ND_BAD_ARGUMENT, "beta must be above 0, got %s",
                 ND_NUMBER(bad));
}

static void draw_gamma(nd_context *c, const nd_job *j, nd_type *type,
                       const nd_value *dtype, nd_value seed)
{
  nd_tensor *alpha = j->in[0], *beta = nd_job_in(j, 1);
  type->dtype = (nd_dtype)(dtype->given ? dtype->integer : alpha->dtype);
  if (!nd_dtype_in(type->dtype, ND_FLOATS)) {
    nd_fail(c, ND_BAD_ARGUMENT, "dtype must be float32 or float64, got %s",
            nd_dtype_name(type->dtype));
    return;
  }
  if (!check_gamma(c, j))
    return;
  nd_tensor *y = draw(c, &nd_op_draw_gamma, CAST(alpha, type->dtype), type,
                      seed);
  j->out[0] = beta == NULL ? y : DIV(y, CAST(beta, type->dtype));
}

static void gamma_each(nd_context *c, const nd_job *j)
{
  nd_type type;
  if (infer_shape(c, j, &j->attr[0], &type))
    draw_gamma(c, j, &type, &j->attr[1], j->attr[2]);
}

static void gamma_whole(nd_context *c, const nd_job *j)
{
  nd_type type;
  if (infer_whole(c, j, &j->attr[0], &type) &&
      nd_stream_check_stateless(c, &j->attr[1]))
    draw_gamma(c, j, &type, &j->attr[2], j->attr[1]);
}

static const nd_param gamma_params[] = {
  { "shape", ND_SIZES },          { "alpha", ND_TENSOR },
  { "beta", ND_TENSOR, "nil" },   { "dtype", ND_WORD_DTYPE, "nil" },
  { "seed", ND_INTEGERS, "nil" }, { 0 },
};
static const nd_param stateless_gamma_params[] = {
  { "shape", ND_SIZES },
  { "seed", ND_INTEGERS },
  { "alpha", ND_TENSOR },
  { "beta", ND_TENSOR, "nil" },
  { "dtype", ND_WORD_DTYPE, "nil" },
  { 0 },
};

// Draws do not follow their own derivatives, as another alpha takes other
// proposals: cases can only have none.
const nd_op nd_op_gamma = {
  .name = "gamma",
  .module = "random",
  .inside = true,
  .doc =
    "gamma distributed numbers: for each alpha and rate beta, or 1, so many as "
    "shape says, along axes before theirs; 0 for alpha 0, else above 0. "
    "Gradients are those of the quantiles that were drawn",
  .params = gamma_params,
  .attrs = 3,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = gamma_each,
  .low = .5,
  .high = 3,
  .cases = "[3] shape=[0]; [3] [2 1] shape=[0] seed=[1 2]",
};

const nd_op nd_op_stateless_gamma = {
  .name = "stateless_gamma",
  .module = "random",
  .inside = true,
  .doc = "gamma distributed numbers of that shape, which alpha and rate beta "
         "broadcast to, the same for the same two of seed",
  .params = stateless_gamma_params,
  .attrs = 3,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = gamma_whole,
  .low = .5,
  .high = 3,
  .cases = "[3] shape=[0 3] seed=[1 2]; [3] [1 3] shape=[0 3] seed=[1 2]",
};

// ----------------------------------------------------------------- poisson --

// The largest lam of which hardly a draw in 10^30 does not fit the dtype.
static double most_lam(nd_dtype dtype)
{
  return dtype == ND_INT32   ? 2146927555
         : dtype == ND_INT64 ? 9223372000e9
                             : INFINITY;
}

// lam is 0 or more; in floats nan gives nan and inf gives inf.
static bool check_poisson(nd_context *c, nd_tensor *lam, nd_dtype dtype)
{
  double bad;
  const bool real = nd_dtype_in(dtype, ND_FLOATS);
  if (!real && dtype != ND_INT32 && dtype != ND_INT64)
    return nd_fail(c, ND_BAD_ARGUMENT, "no such dtype here: %s",
                   nd_dtype_name(dtype));
  if (nd_floats_within(lam, 0, most_lam(dtype), real, &bad))
    return true;
  if (bad > 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "lam is too large for %s: %s",
                   nd_dtype_name(dtype), ND_NUMBER(bad));
  return nd_fail(c, ND_BAD_ARGUMENT, "lam must be 0 or more, got %s",
                 ND_NUMBER(bad));
}

static void draw_poisson(nd_context *c, const nd_job *j, nd_type *type,
                         int64_t dtype, nd_value seed)
{
  nd_tensor *lam = j->in[0];
  type->dtype = (nd_dtype)dtype;
  if (!check_poisson(c, lam, type->dtype))
    return;
  if (!nd_dtype_in((nd_dtype)lam->dtype, ND_FLOATS))
    lam = CAST(lam, ND_FLOAT64);
  j->out[0] = draw(c, &nd_op_draw_poisson, lam, type, seed);
}

static void poisson_each(nd_context *c, const nd_job *j)
{
  nd_type type;
  if (infer_shape(c, j, &j->attr[0], &type))
    draw_poisson(c, j, &type, j->attr[1].integer, j->attr[2]);
}

static void poisson_whole(nd_context *c, const nd_job *j)
{
  nd_type type;
  if (infer_whole(c, j, &j->attr[0], &type) &&
      nd_stream_check_stateless(c, &j->attr[1]))
    draw_poisson(c, j, &type, j->attr[2].integer, j->attr[1]);
}

static const nd_param poisson_params[] = {
  { "shape", ND_SIZES },
  { "lam", ND_TENSOR, .dtypes = ND_NUMBERS },
  { "dtype", ND_WORD_DTYPE, "float32" },
  { "seed", ND_INTEGERS, "nil" },
  { 0 },
};
static const nd_param stateless_poisson_params[] = {
  { "shape", ND_SIZES },
  { "seed", ND_INTEGERS },
  { "lam", ND_TENSOR, .dtypes = ND_NUMBERS },
  { "dtype", ND_WORD_DTYPE, "int32" },
  { 0 },
};

const nd_op nd_op_poisson = {
  .name = "poisson",
  .module = "random",
  .inside = true,
  .doc =
    "whole numbers of a Poisson distribution: for each mean lam so many as "
    "shape says, along axes before those of lam",
  .params = poisson_params,
  .attrs = 3,
  .dtypes = ND_FLOATS,
  .compose = poisson_each,
};

const nd_op nd_op_stateless_poisson = {
  .name = "stateless_poisson",
  .module = "random",
  .inside = true,
  .doc = "whole numbers of a Poisson distribution, of that shape, which the "
         "means lam broadcast to, the same for the same two of seed",
  .params = stateless_poisson_params,
  .attrs = 3,
  .dtypes = ND_FLOATS,
  .compose = poisson_whole,
};

const nd_op *const nd_ops_rejection[] = {
  &nd_op_draw_gamma,
  &nd_op_draw_poisson,
  &nd_op_gamma,
  &nd_op_stateless_gamma,
  &nd_op_poisson,
  &nd_op_stateless_poisson,
  NULL,
};
