// ops/norm.c: lengths of vectors, how far numbers scatter, and vectors of a
// given length: all made of other ops. Where a length is 0 its gradient is 0.

#include "op/axes.h"
#include "ops/rules.h"

enum { AXES, KEEPDIMS };  // attributes of folds

// ------------------------------------------------------------------- folds --

static void euclidean_norm(nd_context *c, const nd_job *j)
{
  const nd_value *attr = j->attr;
  j->out[0] = ROOT(SUM(SQUARE(j->in[0]), attr[AXES], attr[KEEPDIMS].integer));
}

const nd_op nd_op_reduce_euclidean_norm = {
  .name = "reduce_euclidean_norm",
  .doc = "square root of the sum of squares over axes, or over all of them; "
         "gradient 0 where it is 0",
  .params = nd_fold_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = euclidean_norm,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; [3 4] axis=1; [2 3 4] axis=[1 3] keepdims=true; []; [0 3]",
};

static void variance(nd_context *c, const nd_job *j)
{
  j->out[0] = VARIANCE(j->in[0], j->attr);
}

const nd_op nd_op_reduce_variance = {
  .name = "reduce_variance",
  .doc = "variance of a population over axes, or over all of them; nan of none",
  .params = nd_fold_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = variance,
  .low = -2,
  .high = 2,
  .cases = "[3 4]; [3 4] axis=1; [2 3 4] axis=[1 3] keepdims=true; [0 3] "
           "axis=2",
};

static void deviation(nd_context *c, const nd_job *j)
{
  j->out[0] = ROOT(VARIANCE(j->in[0], j->attr));
}

const nd_op nd_op_reduce_std = {
  .name = "reduce_std",
  .doc = "standard deviation of a population over axes, or over all of them; "
         "nan of none; gradient 0 where all are equal",
  .params = nd_fold_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = deviation,
  .low = -2,
  .high = 2,
  .cases = "[3 4]; [3 4] axis=1; [2 3 4] axis=[1 3] keepdims=true; [0 3] "
           "axis=2",
};

// ----------------------------------------------------------------- vectors --

enum { AXIS, EPSILON };

static const nd_param normalize_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXES, "nil" },
  { "epsilon", ND_NUMBER, "1e-12" },
  { 0 },
};

static void l2_normalize(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  nd_tensor *least = NUMBER(x, j->attr[EPSILON].number);
  nd_tensor *squares = SUM(SQUARE(x), j->attr[AXIS], KEEP);
  j->out[0] = MUL(x, RSQRT(MAXIMUM(squares, least)));
}

const nd_op nd_op_l2_normalize = {
  .name = "l2_normalize",
  .module = "nn",
  .doc = "x / sqrt(max(sum(x * x), epsilon)), with sums over axes, or over all",
  .params = normalize_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = l2_normalize,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; [3 4] axis=1; [2 3 4] axis=[1 3]; [3] epsilon=99; [0 3]",
};

enum { CLIP_NORM, CLIP_AXES };

static const nd_param clip_params[] = {
  { "x", ND_TENSOR },
  { "clip_norm", ND_NUMBER },
  { "axes", ND_AXES, "nil" },
  { 0 },
};

static void clip_by_norm(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  nd_tensor *most = NUMBER(x, j->attr[CLIP_NORM].number);
  nd_tensor *norm = ROOT(SUM(SQUARE(x), j->attr[CLIP_AXES], KEEP));
  j->out[0] = DIV(MUL(x, most), MAXIMUM(norm, most));
}

const nd_op nd_op_clip_by_norm = {
  .name = "clip_by_norm",
  .doc = "x, made shorter where its Euclidean norm over axes, or over all, is "
         "above clip_norm",
  .params = clip_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = clip_by_norm,
  .low = -3,
  .high = 3,
  .cases = "[3 4] clip_norm=2; [3 4] clip_norm=4 axes=1; [] clip_norm=9; "
           "[0 3] clip_norm=1",
};

const nd_op *const nd_ops_norm[] = {
  &nd_op_reduce_euclidean_norm, &nd_op_reduce_variance, &nd_op_reduce_std,
  &nd_op_l2_normalize,          &nd_op_clip_by_norm,    NULL,
};
