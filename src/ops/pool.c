// ops/pool.c: the largest elements, and the means, of windows that slide over
// one, two or three spatial axes, channels last. What is padded does not count.
//
// max_pool_gradient and max_pool_tangent are each other's transposes, at the
// places where x is largest, which do not move: so their derivative by x is 0.
// avg_pool and avg_pool_gradient are transposes, too.

#include "op/axes.h"
#include "op/pool.h"
#include "ops/rules.h"

static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "ksize", ND_INTEGERS },
  { "strides", ND_INTEGERS, "nil" },
  { "padding", ND_PADDING, "VALID" },
  { 0 },
};
static const nd_param pair_params[] = {
  { "x", ND_TENSOR },
  { "v", ND_TENSOR },
  { "ksize", ND_INTEGERS },
  { "strides", ND_INTEGERS, "nil" },
  { "padding", ND_PADDING, "VALID" },
  { 0 },
};
static const nd_param spread_params[] = {
  { "g", ND_TENSOR },
  { "ksize", ND_INTEGERS },
  { "strides", ND_INTEGERS, "nil" },
  { "padding", ND_PADDING, "VALID" },
  { "shape", ND_SIZES },
  { 0 },
};
enum { KSIZE, STRIDES, PADDING, SHAPE };  // attributes

// ---------------------------------------------------------------- inference --

static bool check_padding(nd_context *c, const nd_window *w)
{
  for (int i = 0; i < ND_SPATIAL; i++) {
    if (w->before[i] >= w->taps[i] || w->after[i] >= w->taps[i])
      return nd_fail(
        c, ND_BAD_ARGUMENT,
        "padding must be less than ksize, got %lld for %lld",
        (long long)(w->before[i] > w->after[i] ? w->before[i] : w->after[i]),
        (long long)w->taps[i]);
  }
  return true;
}

// The windows over what has these sizes, with batch and channels.
static bool see_window(nd_context *c, const nd_job *j, int rank,
                       const int64_t *sizes, nd_window *w)
{
  const nd_value *a = j->attr;
  const nd_sliding how = { .steps = &a[a[STRIDES].given ? STRIDES : KSIZE],
                           .padding = &a[PADDING] };
  *w = nd_window_start(rank - 2);
  nd_window_sizes(w, sizes + 1, w->in);
  return nd_window_numbers(c, w, "ksize", &a[KSIZE], w->taps) &&
         nd_window_slide(c, w, &how) && check_padding(c, w);
}

static bool infer_windows(nd_context *c, const nd_job *j, nd_type *out,
                          int rank)
{
  const nd_tensor *x = j->in[0];
  nd_window w;
  if (nd_window_rank(c, x, "x", rank) < 0 ||
      !see_window(c, j, x->rank, x->dims, &w))
    return false;
  *out = nd_type_of(x);
  for (int i = 0; i < w.rank; i++)
    out->shape[1 + i] = w.out[ND_SPATIAL - w.rank + i];
  return true;
}

static bool infer_any(nd_context *c, const nd_job *j, nd_type *out)
{
  return infer_windows(c, j, out, 0);
}

static bool infer_1d(nd_context *c, const nd_job *j, nd_type *out)
{
  return infer_windows(c, j, out, 1);
}

static bool infer_2d(nd_context *c, const nd_job *j, nd_type *out)
{
  return infer_windows(c, j, out, 2);
}

static bool infer_3d(nd_context *c, const nd_job *j, nd_type *out)
{
  return infer_windows(c, j, out, 3);
}

static bool infer_like(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  return true;
}

static bool infer_shape(nd_context *c, const nd_job *j, nd_type *out)
{
  out->dtype = (nd_dtype)j->in[0]->dtype;
  return nd_sizes_infer(c, &j->attr[SHAPE], out);
}

// ------------------------------------------------------------------ running --

static nd_pool_work see_work(const nd_job *j, nd_pooling how)
{
  const nd_tensor *x = how == ND_POOL_SPREAD ? j->out[0] : j->in[0];
  nd_pool_work l = { .how = how,
                     .images = x->dims[0],
                     .channels = x->dims[x->rank - 1],
                     .dtype = (nd_dtype)x->dtype,
                     .k = nd_pool_find(j->out[0]),
                     .x = nd_values(j->in[0]),
                     .v = nd_values(j->in[j->n - 1]),
                     .y = j->out[0]->data };
  see_window(NULL, j, x->rank, x->dims, &l.w);
  return l;
}

#define WORK(label, how)                                               \
  static void label##_units(const void *what, void *shared, void *own, \
                            int64_t from, int64_t to)                  \
  {                                                                    \
    const nd_pool_work l = see_work(what, how);                        \
    nd_pool_run(&l, from, to);                                         \
  }                                                                    \
  static bool label##_next(const void *what, nd_step *step, int i)     \
  {                                                                    \
    const nd_pool_work l = see_work(what, how);                        \
    nd_pool_step(&l, step);                                            \
    step->run = label##_units;                                         \
    return i == 0;                                                     \
  }                                                                    \
  static nd_work label##_work(const nd_job *j)                         \
  {                                                                    \
    return (nd_work){ .next = label##_next };                          \
  }

WORK(max, ND_POOL_MAX)
WORK(take, ND_POOL_TAKE)
WORK(put, ND_POOL_PUT)
WORK(mean, ND_POOL_MEAN)
WORK(spread, ND_POOL_SPREAD)

// --------------------------------------------------------------- derivative --

static nd_tensor *pair(nd_context *c, const nd_job *j, const nd_op *op,
                       nd_tensor *v)
{
  return nd_rule_apply(c, op, 2, (nd_tensor *[]){ j->in[0], v }, j->attr);
}

static void max_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                    const bool *wanted, nd_tensor **gx)
{
  gx[0] = pair(c, j, &nd_op_max_pool_gradient, g[0]);
}

static void max_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                    nd_tensor **ty)
{
  ty[0] = pair(c, j, &nd_op_max_pool_tangent, t[0]);
}

// Of each of the two by the other.
static void pair_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                     const bool *wanted, nd_tensor **gx)
{
  const nd_op *other = j->op == &nd_op_max_pool_gradient
                         ? &nd_op_max_pool_tangent
                         : &nd_op_max_pool_gradient;
  if (wanted[0])
    gx[0] = ZEROS(j->in[0]);
  if (wanted[1])
    gx[1] = pair(c, j, other, g[0]);
}

static void pair_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                     nd_tensor **ty)
{
  ty[0] = t[1] != NULL ? pair(c, j, j->op, t[1]) : ZEROS(j->out[0]);
}

static void mean_rule(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  const nd_tensor *x = j->in[0];
  const nd_value attr[] = { [KSIZE] = j->attr[KSIZE],
                            [STRIDES] = j->attr[STRIDES],
                            [PADDING] = j->attr[PADDING],
                            [SHAPE] = nd_value_list(x->rank, x->dims) };
  gx[0] = nd_rule_apply(c, &nd_op_avg_pool_gradient, 1, g, attr);
}

static void spread_rule(nd_context *c, const nd_job *j, nd_tensor *const *g,
                        const bool *wanted, nd_tensor **gx)
{
  gx[0] = nd_rule_apply(c, &nd_op_avg_pool, 1, g, j->attr);
}

// ------------------------------------------------------------------ entries --

#define POOL                                                                 \
  .module = "nn", .inside = true, .dtypes = ND_FLOATS, .low = -3, .high = 3, \
  .dense = 3, .cost = 4

#define MAX                                                                    \
  POOL, .params = params, .attrs = 3, .derivative = ND_VJP,                    \
        .needs = { 1 << 0 }, .work = max_work, .vjp = max_vjp, .jvp = max_jvp, \
        .jvp_within_needs = true

#define MEAN                                                   \
  POOL, .params = params, .attrs = 3, .derivative = ND_LINEAR, \
        .work = mean_work, .transpose = mean_rule

// What both kinds have over so many axes.
#define OVER_ANY .infer = infer_any, .cases = "[1 4 2] ksize=2"
#define OVER_1D      \
  .infer = infer_1d, \
  .cases = "[2 6 2] ksize=2; [1 7 1] ksize=3 strides=2 padding=SAME"
#define OVER_2D                                                         \
  .infer = infer_2d,                                                    \
  .cases = "[1 4 4 2] ksize=2; [1 5 4 1] ksize=[3 2] strides=[1 2] "    \
           "padding=SAME; [1 4 3 1] ksize=[1 3 2 1] strides=1 "         \
           "padding=[1 0:1]; [0 4 4 1] ksize=2",                        \
  .long_cases = "[3 50 50 40] ksize=2; [2 60 40 70] ksize=3 strides=2 " \
                "padding=SAME; [1 70 70 300] ksize=5 strides=1"
#define OVER_3D                                                 \
  .infer = infer_3d, .cases = "[1 2 3 4 1] ksize=2 strides=1; " \
                              "[1 3 2 4 1] ksize=[2 1 3] padding=SAME"

#define LARGEST "the largest elements of windows of ksize over "
#define MEANS "the means of windows of ksize over "

const nd_op nd_op_max_pool = {
  .name = "max_pool",
  MAX,
  .doc = LARGEST
  "x[batch spatial.. channels], 1 to 3 axes; strides are ksize if not "
  "given; a gradient goes to the first of equals",
  OVER_ANY,
};

const nd_op nd_op_max_pool1d = {
  .name = "max_pool1d",
  MAX,
  .doc = LARGEST "x[batch length channels]; strides are ksize if not given",
  OVER_1D,
};

const nd_op nd_op_max_pool2d = {
  .name = "max_pool2d",
  MAX,
  .doc = LARGEST
  "x[batch height width channels]; strides are ksize if not given",
  OVER_2D,
};

const nd_op nd_op_max_pool3d = {
  .name = "max_pool3d",
  MAX,
  .doc = LARGEST
  "x[batch depth height width channels]; strides are ksize if not given",
  OVER_3D,
};

const nd_op nd_op_avg_pool = {
  .name = "avg_pool",
  MEAN,
  .doc = MEANS
  "x[batch spatial.. channels], 1 to 3 axes; strides are ksize if not "
  "given; what is padded does not count",
  OVER_ANY,
};

const nd_op nd_op_avg_pool1d = {
  .name = "avg_pool1d",
  MEAN,
  .doc = MEANS "x[batch length channels]; strides are ksize if not given",
  OVER_1D,
};

const nd_op nd_op_avg_pool2d = {
  .name = "avg_pool2d",
  MEAN,
  .doc = MEANS "x[batch height width channels]; strides are ksize if not given",
  OVER_2D,
};

const nd_op nd_op_avg_pool3d = {
  .name = "avg_pool3d",
  MEAN,
  .doc = MEANS
  "x[batch depth height width channels]; strides are ksize if not given",
  OVER_3D,
};

const nd_op nd_op_max_pool_gradient = {
  .name = "max_pool_gradient",
  POOL,
  .hidden = true,
  .doc = "zeros like x, to which v is added where windows of x have their "
         "largest elements",
  .params = pair_params,
  .attrs = 3,
  .derivative = ND_VJP,
  .needs = { 0, 1 << 0 },
  .infer = infer_like,
  .work = put_work,
  .vjp = pair_vjp,
  .jvp = pair_jvp,
  .jvp_within_needs = true,
  .cases = "[1 4 4 1] [1 2 2 1] ksize=2; "
           "[1 5 4 1] [1 3 4 1] ksize=3 strides=[2 1] padding=SAME",
  .long_cases = "[3 50 50 40] [3 25 25 40] ksize=2; "
                "[2 61 40 70] [2 31 20 70] ksize=3 strides=2 padding=SAME",
};

const nd_op nd_op_max_pool_tangent = {
  .name = "max_pool_tangent",
  POOL,
  .hidden = true,
  .doc = "elements of v where windows of x have their largest",
  .params = pair_params,
  .attrs = 3,
  .derivative = ND_VJP,
  .needs = { 0, 1 << 0 },
  .infer = infer_any,
  .work = take_work,
  .vjp = pair_vjp,
  .jvp = pair_jvp,
  .jvp_within_needs = true,
  .cases = "[1 4 4 1] [1 4 4 1] ksize=2; "
           "[1 5 4 1] [1 5 4 1] ksize=3 strides=[2 1] padding=SAME",
  .long_cases = "[3 50 50 40] [3 50 50 40] ksize=2",
};

const nd_op nd_op_avg_pool_gradient = {
  .name = "avg_pool_gradient",
  POOL,
  .hidden = true,
  .doc = "g, the gradient of an avg_pool of something of that shape, spread "
         "over its windows",
  .params = spread_params,
  .attrs = 4,
  .derivative = ND_LINEAR,
  .infer = infer_shape,
  .work = spread_work,
  .transpose = spread_rule,
  .cases = "[1 2 2 1] ksize=2 shape=[1 4 4 1]; "
           "[1 3 4 1] ksize=3 strides=[2 1] padding=SAME shape=[1 5 4 1]",
  .long_cases =
    "[3 25 25 40] ksize=2 shape=[3 50 50 40]; "
    "[2 31 20 70] ksize=3 strides=2 padding=SAME shape=[2 61 40 70]",
};

const nd_op *const nd_ops_pool[] = {
  &nd_op_max_pool,         &nd_op_max_pool1d,        &nd_op_max_pool2d,
  &nd_op_max_pool3d,       &nd_op_avg_pool,          &nd_op_avg_pool1d,
  &nd_op_avg_pool2d,       &nd_op_avg_pool3d,        &nd_op_max_pool_gradient,
  &nd_op_max_pool_tangent, &nd_op_avg_pool_gradient, NULL,
};
