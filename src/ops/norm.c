// ops/norm.c: lengths of vectors, how far numbers scatter, and vectors of a
// given length: all made of other ops. Where a length is 0 its gradient is 0.

#include <math.h>

#include "base/number.h"
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

// ------------------------------------------------------------------- norms --

enum { ORD, NORM_AXES, NORM_KEEPDIMS };  // attributes
enum { EUCLIDEAN = 1, FRO, NUC };        // ord as a word

static const char *const words[] = { "euclidean", "fro", "nuc", NULL };

static const nd_param norm_params[] = {
  { "x", ND_TENSOR },
  { "ord", ND_NUMBER_OR_WORD, "euclidean", .words = words },
  { "axis", ND_AXES, "nil" },
  { "keepdims", ND_FLAG, "false" },
  { 0 },
};

static nd_value one_axis(const nd_value *axes, int i)
{
  return nd_value_list(1, axes->list + i);
}

// (sum |x|^p)^(1/p), with gradient 0 where it is 0.
static nd_tensor *power_norm(nd_context *c, nd_tensor *x, double p,
                             nd_value axes)
{
  nd_tensor *sum = SUM(POW(ABS(x), NUMBER(x, p)), axes, DROP);
  nd_tensor *zero = NUMBER(x, 0), *none = EQ(sum, zero);
  nd_tensor *root = POW(IF(none, NUMBER(x, 1), sum), NUMBER(x, 1 / p));
  return IF(none, zero, root);
}

// How many elements are not 0.
static nd_tensor *count(nd_context *c, nd_tensor *x, nd_value axes)
{
  nd_tensor *one = NUMBER(x, 1), *zero = NUMBER(x, 0);
  return SUM(IF(EQ(x, zero), zero, one), axes, DROP);
}

// Of sizes, the largest along axes: 0 of none.
static nd_tensor *largest(nd_context *c, nd_tensor *sizes, nd_value axes)
{
  const bool none = sizes != NULL && sizes->size == 0;
  return none ? SUM(sizes, axes, DROP) : MAX_OF(sizes, axes);
}

static nd_tensor *vector_norm(nd_context *c, nd_tensor *x, double p,
                              nd_value axes)
{
  if (isinf(p))
    return p > 0 ? largest(c, ABS(x), axes) : MIN_OF(ABS(x), axes);
  if (p == 2)
    return ROOT(SUM(SQUARE(x), axes, DROP));
  if (p == 1)
    return SUM(ABS(x), axes, DROP);
  return p == 0 ? count(c, x, axes) : power_norm(c, x, p, axes);
}

// The singular values of the matrices in two axes, as the last axis.
static nd_tensor *singular_values(nd_context *c, nd_tensor *x,
                                  const nd_value *axes)
{
  const int row = nd_axis_place(axes->list[0], x->rank);
  const int column = nd_axis_place(axes->list[1], x->rank);
  int64_t perm[ND_MAX_RANK];
  int n = 0;
  for (int i = 0; i < x->rank; i++) {
    if (i != row && i != column)
      perm[n++] = i + 1;
  }
  perm[n++] = row + 1;
  perm[n] = column + 1;
  nd_tensor *values = NULL;
  return SVD(TRANSPOSE(x, perm), false, &values) ? values : NULL;
}

// The largest sum of a column's sizes, or the smallest; along the other axis
// that of a row's.
static nd_tensor *sum_norm(nd_context *c, nd_tensor *x, const nd_value *axes,
                           double p)
{
  const int along = isinf(p) != 0;
  int64_t left = axes->list[!along];
  const int gone = nd_axis_place(axes->list[along], x->rank);
  left = nd_axis_place(left, x->rank) + 1;
  left -= left > gone;
  nd_tensor *sums = SUM(ABS(x), one_axis(axes, along), DROP);
  const nd_value other = nd_value_list(1, &left);
  return p > 0 ? largest(c, sums, other) : MIN_OF(sums, other);
}

static nd_tensor *matrix_norm(nd_context *c, const nd_job *j, nd_tensor *x)
{
  const nd_value *ord = &j->attr[ORD], *axes = &j->attr[NORM_AXES];
  const int64_t last = -1;
  const nd_value values = nd_value_list(1, &last);
  const double p = ord->number;
  if (ord->dropped == NUC)
    return SUM(singular_values(c, x, axes), values, DROP);
  if (p == 2)
    return largest(c, singular_values(c, x, axes), values);
  if (p == -2)
    return MIN_OF(singular_values(c, x, axes), values);
  if (p == 1 || p == -1 || isinf(p))
    return sum_norm(c, x, axes, p);
  nd_fail(
    c, ND_BAD_ARGUMENT,
    "matrices have norms of ord 1, -1, 2, -2, inf, -inf, 'fro' and 'nuc', "
    "got %s",
    ND_NUMBER(p));
  return NULL;
}

static bool check_norm(nd_context *c, const nd_job *j)
{
  const nd_value *ord = &j->attr[ORD], *axes = &j->attr[NORM_AXES];
  const int set = nd_axes_resolve(c, axes, j->in[0]->rank);
  if (set < 0)
    return false;
  if (isnan(ord->number))
    return nd_fail(c, ND_BAD_ARGUMENT, "ord is nan");
  return ord->dropped != NUC || (axes->given && axes->n == 2) ||
         nd_fail(c, ND_BAD_ARGUMENT, "'nuc' needs two axes");
}

// Without the axes, or with 1 for them.
static nd_tensor *norm_of(nd_context *c, const nd_job *j, bool keep)
{
  nd_tensor *x = j->in[0];
  const nd_value *ord = &j->attr[ORD], axes = j->attr[NORM_AXES];
  if (!check_norm(c, j))
    return NULL;
  const bool frobenius = ord->dropped == EUCLIDEAN || ord->dropped == FRO;
  const bool matrices = axes.given && axes.n == 2 && !frobenius;
  nd_tensor *y = matrices
                   ? matrix_norm(c, j, x)
                   : vector_norm(c, x, frobenius ? 2 : ord->number, axes);
  return keep ? KEEP_AXES(y, x, axes) : y;
}
static void norm(nd_context *c, const nd_job *j)
{
  j->out[0] = norm_of(c, j, j->attr[NORM_KEEPDIMS].integer);
}

#define NORM_CASES                                                   \
  "[3 4]; [3 4] axis=1; [2 3 4] axis=-1 ord=3 keepdims=true; [3 4] " \
  "ord=inf axis=2; [3 4] ord=-inf; [3 4] ord=1; [2 3 4] axis=[3 2] " \
  "ord=1; [2 3 4] axis=[1 3] ord=inf; [2 3 4] axis=[1 2] ord=fro; [0 3]"

const nd_op nd_op_norm = {
  .name = "norm",
  .module = "linalg",
  .doc = "norm of vectors along an axis or of all elements: (sum |x|^ord)^(1 / "
         "ord), the largest or smallest for inf and -inf, for 0 how many are "
         "not 0; of matrices in two axes 'fro', 'nuc', 1, 2, inf and these "
         "below 0; gradient 0 where it is 0",
  .params = norm_params,
  .attrs = 3,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = norm,
  .low = .2,
  .high = 3,
  .cases = NORM_CASES,
};

// ----------------------------------------------------------------- vectors --

static const char *const normalize_results[] = { "normalized", "norm", NULL };

static void normalize(nd_context *c, const nd_job *j)
{
  j->out[1] = norm_of(c, j, true);
  j->out[0] = j->out[1] == NULL ? NULL : DIV(j->in[0], j->out[1]);
}

static const nd_param normalize_all_params[] = {
  { "x", ND_TENSOR },
  { "ord", ND_NUMBER_OR_WORD, "euclidean", .words = words },
  { "axis", ND_AXES, "nil" },
  { 0 },
};

const nd_op nd_op_normalize = {
  .name = "normalize",
  .module = "linalg",
  .inside = true,
  .doc = "x / norm(x, ord, axis), and that norm",
  .params = normalize_all_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .results = normalize_results,
  .compose = normalize,
  .low = .2,
  .high = 3,
  .cases = "[3 4]; [3 4] axis=1; [2 3 4] axis=-1 ord=3; [0 3]",
};

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

static const nd_param global_params[] = {
  { "inputs", ND_TENSORS },
  { 0 },
};

static void global_norm(nd_context *c, const nd_job *j)
{
  nd_tensor *sum = NULL;
  const nd_value all = { 0 };
  if (j->n == 0) {
    nd_fail(c, ND_BAD_ARGUMENT, "needs at least one tensor");
    return;
  }
  for (int i = 0; i < j->n; i++) {
    nd_tensor *squares = SUM(SQUARE(j->in[i]), all, DROP);
    sum = i == 0 ? squares : ADD(sum, squares);
  }
  j->out[0] = ROOT(sum);
}

const nd_op nd_op_global_norm = {
  .name = "global_norm",
  .module = "linalg",
  .doc = "square root of the sum of squares of all elements of all inputs",
  .params = global_params,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = global_norm,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; [3] [2 2] []; [0] [2]",
};

const nd_op *const nd_ops_norm[] = {
  &nd_op_reduce_euclidean_norm,
  &nd_op_reduce_variance,
  &nd_op_reduce_std,
  &nd_op_l2_normalize,
  &nd_op_norm,
  &nd_op_normalize,
  &nd_op_clip_by_norm,
  &nd_op_global_norm,
  NULL,
};
