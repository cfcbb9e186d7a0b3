// ops/activation.c: activations that are formulas of others: those that see
// more than one element at a time, and those that need not be fastest.

#include "base/number.h"
#include "op/axes.h"
#include "ops/rules.h"

static const nd_param x_params[] = { { "x", ND_TENSOR }, { 0 } };
static const nd_param axis_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "-1" },
  { 0 },
};

static void glu(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const int axis = nd_axis_infer(c, j, j->attr[0].integer);
  if (axis < 0)
    return;
  const int64_t n = x->dims[axis], half = n / 2;
  if (n % 2 != 0 || n == 0) {
    nd_fail(c, ND_BAD_ARGUMENT, "axis %d has no two halves: x is %s", axis + 1,
            ND_SHAPE(x->rank, x->dims));
    return;
  }
  nd_tensor *gate = SIGMOID(SLICE_ALONG(x, axis, half + 1, n, 1));
  j->out[0] = MUL(SLICE_ALONG(x, axis, 1, half, 1), gate);
}

const nd_op nd_op_glu = {
  .name = "glu",
  .module = "nn",
  .inside = true,
  .doc = "the first half along axis, times the sigmoid of the second",
  .params = axis_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = glu,
  .low = -3,
  .high = 3,
  .cases = "[4]; [3 4]; [4 3] axis=1; [0 2]",
};

static void tanh_shrink(nd_context *c, const nd_job *j)
{
  j->out[0] = SUB(j->in[0], TANH(j->in[0]));
}

const nd_op nd_op_tanh_shrink = {
  .name = "tanh_shrink",
  .module = "nn",
  .inside = true,
  .doc = "x - tanh(x)",
  .params = x_params,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = tanh_shrink,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; [0 3]",
};

static const nd_param gelu_params[] = {
  { "x", ND_TENSOR },
  { "approximate", ND_FLAG, "false" },
  { 0 },
};

static void gelu(nd_context *c, const nd_job *j)
{
  const bool rough = j->attr[0].integer != 0;
  j->out[0] = nd_rule1(c, rough ? &nd_op_gelu_tanh : &nd_op_gelu_exact,
                       j->in[0]);
}

const nd_op nd_op_gelu = {
  .name = "gelu",
  .module = "nn",
  .doc = "x * p, where p is the share of a normal distribution below x; "
         "approximate: by tanh",
  .params = gelu_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = gelu,
  .low = -.5,
  .high = 3,
  .cases = "[3 4]; [3 4] approximate=true; [0 3]",
};

static const nd_param swish_params[] = {
  { "x", ND_TENSOR },
  { "beta", ND_NUMBER, "1" },
  { 0 },
};

static void swish(nd_context *c, const nd_job *j)
{
  j->out[0] = nd_rule_apply(c, &nd_op_silu, 1, j->in, j->attr);
}

const nd_op nd_op_swish = {
  .name = "swish",
  .module = "nn",
  .inside = true,
  .doc = "another name of silu: x * sigmoid(beta * x)",
  .params = swish_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = swish,
  .low = -.5,
  .high = 3,
  .cases = "[3 4]; [3 4] beta=2; [0 3]",
};

static const nd_param squareplus_params[] = {
  { "x", ND_TENSOR },
  { "b", ND_NUMBER, "4" },
  { 0 },
};

// With r = sqrt(x x + b): (x + r) / 2, which is b / 2 / (r - x) below 0.
static void squareplus(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const double b = j->attr[0].number;
  if (!(b >= 0)) {
    nd_fail(c, ND_BAD_ARGUMENT, "b must be 0 or more, got %s", ND_NUMBER(b));
    return;
  }
  nd_tensor *zero = NUMBER(x, 0), *above = GE(x, zero);
  nd_tensor *r = ROOT(ADD(SQUARE(x), NUMBER(x, b)));
  nd_tensor *size = ADD(r, IF(above, x, NEG(x))), *one = NUMBER(x, 1);
  nd_tensor *high = MUL(size, NUMBER(x, .5));
  nd_tensor *low = DIV(NUMBER(x, b / 2), IF(above, one, size));
  j->out[0] = IF(above, high, low);
}

const nd_op nd_op_squareplus = {
  .name = "squareplus",
  .module = "nn",
  .inside = true,
  .doc = "(x + sqrt(x * x + b)) / 2",
  .params = squareplus_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = squareplus,
  .low = .2,
  .high = 3,
  .cases = "[3 4]; [3 4] b=.5; [0 3]",
};

enum { THRESHOLD, REST, THRESHOLD_ATTRS };

static const nd_param threshold_params[] = {
  { "x", ND_TENSOR },
  { "threshold", ND_NUMBER },
  { "default_value", ND_NUMBER },
  { 0 },
};

static void threshold(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  j->out[0] = IF(GT(x, NUMBER(x, j->attr[THRESHOLD].number)), x,
                 NUMBER(x, j->attr[REST].number));
}

const nd_op nd_op_threshold = {
  .name = "threshold",
  .module = "nn",
  .inside = true,
  .doc = "x where it is above threshold, else default_value",
  .params = threshold_params,
  .attrs = THRESHOLD_ATTRS,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = threshold,
  .low = .2,
  .high = 3,
  .cases = "[3 4] threshold=.1 default_value=5; [0 3] threshold=1 "
           "default_value=0; [] threshold=4 default_value=-1",
};

// Of x in falling order the first k are in the support, as long as 1 + k x[k]
// is above their sum; y = max(x - (sum - 1) / k, 0).
static nd_tensor *support_shift(nd_context *c, nd_tensor *x)
{
  const int64_t n = x->dims[x->rank - 1];
  const nd_value attr[] = { nd_value_integer(-1), nd_value_integer(1) };
  nd_tensor *sorted = nd_rule_apply(c, &nd_op_sort, 1, &x, attr);
  nd_tensor *one = NUMBER(x, 1), *zero = NUMBER(x, 0);
  nd_tensor *k = ADD(CAST(COUNT(n, 1), (nd_dtype)x->dtype), one);
  nd_tensor *sums = RUNNING_SUM(sorted, x->rank - 1, false);
  nd_tensor *in = GT(ADD(one, MUL(k, sorted)), sums);
  nd_tensor *size = SUM_ALONG(IF(in, one, zero), -1, KEEP);
  nd_tensor *sum = SUM_ALONG(IF(in, sorted, zero), -1, KEEP);
  return DIV(SUB(sum, one), size);
}

static void sparsemax(nd_context *c, const nd_job *j)
{
  const int axis = nd_axis_infer(c, j, j->attr[0].integer);
  nd_tensor *x = j->in[0];
  if (axis < 0)
    return;
  const int last = x->rank - 1;
  if (x->size == 0) {
    j->out[0] = IDENTITY(x);
    return;
  }
  x = MOVE_AXES(x, axis, 1, last);
  nd_tensor *y = x == NULL ? NULL : SUB(x, support_shift(c, x));
  if (y != NULL)
    j->out[0] = MOVE_AXES(IF(GT(NUMBER(y, 0), y), NUMBER(y, 0), y), last, 1,
                          axis);
}

const nd_op nd_op_sparsemax = {
  .name = "sparsemax",
  .module = "nn",
  .inside = true,
  .doc = "the distribution along axis that is nearest to x",
  .params = axis_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = sparsemax,
  .low = -1,
  .high = 1,
  .cases = "[5]; [3 4]; [4 3] axis=1; [0 3]; [1]",
};

const nd_op *const nd_ops_activation[] = {
  &nd_op_glu,        &nd_op_gelu,      &nd_op_tanh_shrink, &nd_op_swish,
  &nd_op_squareplus, &nd_op_threshold, &nd_op_sparsemax,   NULL,
};
