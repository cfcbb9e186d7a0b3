// ops/normalize.c: normalizations as functions: by moments that are given, and
// by those of x itself over its last axis or over groups of channels.

#include "base/number.h"
#include "op/axes.h"
#include "ops/rules.h"

// x * scale + offset, either of which may be NULL.
static nd_tensor *adjust(nd_context *c, nd_tensor *x, nd_tensor *scale,
                         nd_tensor *offset)
{
  x = scale == NULL ? x : MUL(x, scale);
  return offset == NULL ? x : ADD(x, offset);
}

// 1 / sqrt(variance + epsilon)
static nd_tensor *inverse_root(nd_context *c, nd_tensor *variance,
                               double epsilon)
{
  if (variance == NULL)
    return NULL;
  return RSQRT(ADD(variance, NUMBER(variance, epsilon)));
}

static bool check_epsilon(nd_context *c, double epsilon)
{
  return epsilon >= 0 ||
         nd_fail(c, ND_BAD_ARGUMENT, "epsilon must be 0 or more, got %s",
                 ND_NUMBER(epsilon));
}

// Whether what is given is [size], one number for each position of an axis.
static bool check_vector(nd_context *c, const char *name, const nd_tensor *x,
                         int64_t size)
{
  return x == NULL || (x->rank == 1 && x->dims[0] == size) ||
         nd_fail(c, ND_BAD_ARGUMENT, "%s must be [%lld], got %s", name,
                 (long long)size, ND_SHAPE(x->rank, x->dims));
}

// ------------------------------------------------------------ standardize --

enum { AXES, EPSILON, ATTRS };     // attributes
enum { Y, MEAN, VARIANCE, OUTS };  // outputs

static const nd_param standardize_params[] = {
  { "x", ND_TENSOR },
  { "axes", ND_AXES },
  { "epsilon", ND_NUMBER, "0.001" },
  { 0 },
};
static const char *const standardize_results[] = { "y", "mean", "variance",
                                                   NULL };

static void run_standardize(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0], *out[2];
  const nd_value axes = j->attr[AXES];
  const nd_value attr[] = { axes, nd_value_integer(DROP) };
  if (!check_epsilon(c, j->attr[EPSILON].number) ||
      !nd_rule_all(c, &nd_op_moments, 1, &x, attr, out))
    return;
  nd_tensor *root = inverse_root(c, out[1], j->attr[EPSILON].number);
  j->out[Y] = MUL(SUB(x, KEEP_AXES(out[0], x, axes)), KEEP_AXES(root, x, axes));
  j->out[MEAN] = out[0];
  j->out[VARIANCE] = out[1];
}

// Of what is folded to an output, the mean; axes stay.
static nd_tensor *mean_of(nd_context *c, const nd_job *j, nd_tensor *x)
{
  nd_tensor *sum = SUM(x, j->attr[AXES], KEEP);
  const int64_t n = sum != NULL && sum->size > 0 ? x->size / sum->size : 1;
  return sum == NULL ? NULL : MUL(sum, NUMBER(sum, 1 / (double)n));
}

// 1 / sqrt(variance + epsilon), axes as 1.
static nd_tensor *root_of(nd_context *c, const nd_job *j)
{
  nd_tensor *variance = KEEP_AXES(j->out[VARIANCE], j->in[0], j->attr[AXES]);
  return inverse_root(c, variance, j->attr[EPSILON].number);
}

// How y moves with x, which is symmetric: root (t - mean(t) - y mean(t y)).
static nd_tensor *bend(nd_context *c, const nd_job *j, nd_tensor *t)
{
  nd_tensor *y = j->out[Y];
  nd_tensor *along = MUL(y, mean_of(c, j, MUL(t, y)));
  return MUL(SUB(SUB(t, mean_of(c, j, t)), along), root_of(c, j));
}

// A gradient of the moments passes on by its n-th part, that of the variance
// times 2 (x - mean), which is 2 y / root.
static void standardize_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                            const bool *wanted, nd_tensor **gx)
{
  const nd_value axes = j->attr[AXES];
  nd_tensor *x = j->in[0], *sum = g[Y] == NULL ? NULL : bend(c, j, g[Y]);
  const int64_t outs = j->out[MEAN]->size;
  const double share = outs > 0 && x->size > 0 ? (double)outs / (double)x->size
                                               : 1;
  if (g[MEAN] != NULL)
    sum = ADD_ANY(sum, MUL(SPREAD(g[MEAN], x, axes), NUMBER(g[MEAN], share)));
  if (g[VARIANCE] != NULL) {
    nd_tensor *each = DIV(KEEP_AXES(g[VARIANCE], x, axes), root_of(c, j));
    sum = ADD_ANY(sum, MUL(MUL(each, NUMBER(each, 2 * share)), j->out[Y]));
  }
  gx[0] = sum;
}

static void standardize_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                            nd_tensor **ty)
{
  nd_tensor *mean = j->out[MEAN];
  nd_tensor *spread = mean_of(c, j, MUL(t[0], j->out[Y]));
  spread = MUL(DIV(spread, root_of(c, j)), NUMBER(mean, 2));
  ty[Y] = bend(c, j, t[0]);
  ty[MEAN] = RESHAPE(mean_of(c, j, t[0]), mean->rank, mean->dims);
  ty[VARIANCE] = RESHAPE(spread, mean->rank, mean->dims);
}

static const nd_op nd_op_standardize = {
  .name = "standardize",
  .module = "nn",
  .inside = true,
  .doc =
    "(x - mean) / sqrt(variance + epsilon), by the moments of x over axes, "
    "and these moments; the variance is that of all there is, not of a "
    "sample",
  .params = standardize_params,
  .attrs = ATTRS,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_OUT, ND_NEEDS_OUT, ND_NEEDS_OUT },
  .results = standardize_results,
  .compose = run_standardize,
  .vjp = standardize_vjp,
  .jvp = standardize_jvp,
  .jvp_within_needs = true,
  .low = -2,
  .high = 2,
  .cases = "[3 4] axes=1; [3 4] axes=-1 epsilon=.1; [2 3 4] axes=[1 2]; "
           "[2 3 4] axes=[1 2 3] epsilon=.5; [0 3] axes=2",
};

static nd_tensor *standardize(nd_context *c, nd_tensor *x, nd_value axes,
                              double epsilon)
{
  const nd_value attr[] = { axes, { .given = true, .number = epsilon } };
  nd_tensor *out[OUTS];
  if (x == NULL || !nd_rule_all(c, &nd_op_standardize, 1, &x, attr, out))
    return NULL;
  return out[Y];
}

// ----------------------------------------------------- batch_normalization --

static const nd_param batch_params[] = {
  { "x", ND_TENSOR },
  { "mean", ND_TENSOR },
  { "variance", ND_TENSOR },
  { "offset", ND_TENSOR, "nil" },
  { "scale", ND_TENSOR, "nil" },
  { "variance_epsilon", ND_NUMBER, "0.001" },
  { 0 },
};

static void batch_normalization(nd_context *c, const nd_job *j)
{
  const double epsilon = j->attr[0].number;
  if (!check_epsilon(c, epsilon))
    return;
  nd_tensor *root = inverse_root(c, j->in[2], epsilon);
  if (nd_job_in(j, 4) != NULL)
    root = MUL(root, j->in[4]);
  nd_tensor *y = MUL(SUB(j->in[0], j->in[1]), root);
  j->out[0] = adjust(c, y, NULL, nd_job_in(j, 3));
}

const nd_op nd_op_batch_normalization = {
  .name = "batch_normalization",
  .module = "nn",
  .inside = true,
  .doc = "(x - mean) / sqrt(variance + variance_epsilon) * scale + offset; all "
         "broadcast",
  .params = batch_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = batch_normalization,
  .low = .5,
  .high = 3,
  .cases = "[3 4] [4] [4]; [3 4] [4] [4] [4] [4]; [2 3] [3] [3] [3] "
           "variance_epsilon=.5; [0 3] [3] [3]",
};

// -------------------------------------------------------------- the others --

enum { LAYER_AXIS, LAYER_EPSILON, LAYER_ATTRS };  // attributes

static const nd_param layer_params[] = {
  { "x", ND_TENSOR },
  { "gamma", ND_TENSOR, "nil" },
  { "beta", ND_TENSOR, "nil" },
  { "axis", ND_AXES, "nil" },
  { "epsilon", ND_NUMBER, "1e-05" },
  { 0 },
};

static const int64_t last_axis = -1;

static nd_value axes_or_last(const nd_value *axes)
{
  return axes->given ? *axes : nd_value_list(1, &last_axis);
}

static void layer_norm(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const nd_value axes = axes_or_last(&j->attr[LAYER_AXIS]);
  const double epsilon = j->attr[LAYER_EPSILON].number;
  if (check_epsilon(c, epsilon) && nd_axes_resolve(c, &axes, x->rank) >= 0)
    j->out[0] = adjust(c, standardize(c, x, axes, epsilon), nd_job_in(j, 1),
                       nd_job_in(j, 2));
}

const nd_op nd_op_layer_norm = {
  .name = "layer_norm",
  .module = "nn",
  .inside = true,
  .doc = "(x - mean) / sqrt(variance + epsilon) * gamma + beta, by the moments "
         "of x over axes, or over the last one",
  .params = layer_params,
  .attrs = LAYER_ATTRS,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = layer_norm,
  .low = -2,
  .high = 2,
  .cases = "[3 4]; [3 4] [4] [4]; [2 3 4] [3 4] [3 4] axis=[2 3]; [2 3] [3] "
           "epsilon=.1; [0 3]",
};

static const nd_param rms_params[] = {
  { "x", ND_TENSOR },
  { "scale", ND_TENSOR, "nil" },
  { "axis", ND_AXES, "nil" },
  { "epsilon", ND_NUMBER, "1e-05" },
  { 0 },
};

static void rms_norm(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const nd_value axes = axes_or_last(&j->attr[LAYER_AXIS]);
  const double epsilon = j->attr[LAYER_EPSILON].number;
  if (!check_epsilon(c, epsilon) || nd_axes_resolve(c, &axes, x->rank) < 0)
    return;
  nd_tensor *sum = SUM(SQUARE(x), axes, KEEP);
  if (sum == NULL)
    return;
  const int64_t n = sum->size > 0 ? x->size / sum->size : 1;
  nd_tensor *mean = DIV(sum, NUMBER(x, (double)n));
  j->out[0] = adjust(c, MUL(x, inverse_root(c, mean, epsilon)), nd_job_in(j, 1),
                     NULL);
}

const nd_op nd_op_rms_norm = {
  .name = "rms_norm",
  .module = "nn",
  .inside = true,
  .doc = "x / sqrt(mean(x * x) + epsilon) * scale, by the mean over axes, or "
         "over the last one",
  .params = rms_params,
  .attrs = LAYER_ATTRS,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = rms_norm,
  .low = -2,
  .high = 2,
  .cases = "[3 4]; [3 4] [4]; [2 3 4] axis=[2 3]; [2 3] [3] epsilon=.1; [0 3]",
};

enum { GROUPS, GROUP_EPSILON, GROUP_ATTRS };  // attributes

static const nd_param group_params[] = {
  { "x", ND_TENSOR },
  { "groups", ND_INTEGER },
  { "gamma", ND_TENSOR, "nil" },
  { "beta", ND_TENSOR, "nil" },
  { "epsilon", ND_NUMBER, "1e-05" },
  { 0 },
};

static bool check_groups(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const int64_t groups = j->attr[GROUPS].integer;
  const int64_t channels = x->rank > 0 ? x->dims[x->rank - 1] : 0;
  if (x->rank < 2 || x->rank == ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "x must be [batch .. channels], got %s",
                   ND_SHAPE(x->rank, x->dims));
  if (groups < 1 || channels % groups != 0)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "groups must divide the last axis of x, %lld: %lld",
                   (long long)channels, (long long)groups);
  return check_epsilon(c, j->attr[GROUP_EPSILON].number) &&
         check_vector(c, "gamma", nd_job_in(j, 1), channels) &&
         check_vector(c, "beta", nd_job_in(j, 2), channels);
}

// [batch .. groups, of each], whose moments are over all but batch and groups.
static void group_norm(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  if (!check_groups(c, j))
    return;
  const int rank = x->rank + 1;
  int64_t shape[ND_MAX_RANK], axes[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = x->dims[i];
  shape[rank - 2] = j->attr[GROUPS].integer;
  shape[rank - 1] = x->dims[x->rank - 1] / shape[rank - 2];
  for (int i = 1; i < rank - 1; i++)
    axes[i - 1] = i < rank - 2 ? i + 1 : rank;
  nd_tensor *y = standardize(c, RESHAPE(x, rank, shape),
                             nd_value_list(rank - 2, axes),
                             j->attr[GROUP_EPSILON].number);
  j->out[0] = adjust(c, RESHAPE(y, x->rank, x->dims), nd_job_in(j, 1),
                     nd_job_in(j, 2));
}

const nd_op nd_op_group_norm = {
  .name = "group_norm",
  .module = "nn",
  .inside = true,
  .doc = "(x - mean) / sqrt(variance + epsilon) * gamma + beta, by the moments "
         "of each of so many groups of channels, the last axis, of each of a "
         "batch, the first",
  .params = group_params,
  .attrs = GROUP_ATTRS,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = group_norm,
  .low = -2,
  .high = 2,
  .cases = "[2 4] groups=2; [2 3 4] [4] [4] groups=2; [1 2 2 3] groups=1; "
           "[2 3 4] groups=4",
};

const nd_op *const nd_ops_normalize[] = {
  &nd_op_standardize, &nd_op_batch_normalization,
  &nd_op_layer_norm,  &nd_op_group_norm,
  &nd_op_rms_norm,    NULL,
};
