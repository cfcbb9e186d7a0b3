// ops/scan.c: what is folded of all elements up to each, along an axis: cumsum,
// cumprod, cummax, cumulative_logsumexp. All but the first double: where each
// element holds the fold of the d up to it, those of 2 d are at hand. So
// derivatives divide by nothing, and are right at zeros.

#include <math.h>

#include "op/axes.h"
#include "ops/rules.h"

enum { AXIS, EXCLUSIVE, REVERSE };  // attributes

static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "1" },
  { "exclusive", ND_FLAG, "false" },
  { "reverse", ND_FLAG, "false" },
  { 0 },
};

// `x` one place further on along the axis, behind the neutral element.
static nd_tensor *shift(nd_context *c, nd_tensor *x, int axis, double neutral,
                        bool reverse)
{
  const int64_t n = x->dims[axis];
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = i == axis ? 1 : x->dims[i];
  nd_tensor *first = BROADCAST(NUMBER(x, neutral), x->rank, shape);
  if (reverse) {
    nd_tensor *parts[] = { SLICE_ALONG(x, axis, 2, n, 1), first };
    return CONCAT(2, parts, axis + 1);
  }
  nd_tensor *kept = n > 1 ? SLICE_ALONG(x, axis, 1, n - 1, 1)
                          : SLICE_ALONG(x, axis, 2, 1, 1);
  nd_tensor *parts[] = { first, kept };
  return CONCAT(2, parts, axis + 1);
}

// The axis, and the input, shifted if it is exclusive; NULL after an error.
static nd_tensor *start(nd_context *c, const nd_job *j, double neutral,
                        int *axis)
{
  nd_tensor *x = j->in[0];
  *axis = nd_axis_infer(c, j, j->attr[AXIS].integer);
  if (*axis < 0)
    return NULL;
  return j->attr[EXCLUSIVE].integer && x->dims[*axis] > 0
           ? shift(c, x, *axis, neutral, j->attr[REVERSE].integer)
           : x;
}

// ---------------------------------------------------------------- doubling --

typedef nd_tensor *combine(nd_context *c, nd_tensor *earlier, nd_tensor *later);

static nd_tensor *flip(nd_context *c, nd_tensor *x, int axis)
{
  return x == NULL ? NULL : SLICE_ALONG(x, axis, -1, 1, -1);
}

static nd_tensor *double_up(nd_context *c, nd_tensor *x, int axis, combine *f)
{
  const int64_t n = x == NULL ? 0 : x->dims[axis];
  for (int64_t d = 1; d < n && x != NULL; d *= 2) {
    nd_tensor *earlier = SLICE_ALONG(x, axis, 1, n - d, 1);
    nd_tensor *parts[] = { SLICE_ALONG(x, axis, 1, d, 1),
                           f(c, earlier, SLICE_ALONG(x, axis, d + 1, n, 1)) };
    x = CONCAT(2, parts, axis + 1);
  }
  return x;
}

static nd_tensor *scan(nd_context *c, const nd_job *j, double neutral,
                       combine *f)
{
  int axis;
  const bool reverse = j->attr[REVERSE].integer;
  nd_tensor *x = start(c, j, neutral, &axis);
  if (x == NULL)
    return NULL;
  if (x->dims[axis] < 2)
    return IDENTITY(x);
  return reverse ? flip(c, double_up(c, flip(c, x, axis), axis, f), axis)
                 : double_up(c, x, axis, f);
}

static nd_tensor *multiply(nd_context *c, nd_tensor *earlier, nd_tensor *later)
{
  return MUL(earlier, later);
}

static nd_tensor *maximum(nd_context *c, nd_tensor *earlier, nd_tensor *later)
{
  return MAXIMUM(earlier, later);
}

static nd_tensor *logsumexp(nd_context *c, nd_tensor *earlier, nd_tensor *later)
{
  nd_tensor *both[] = { earlier, later };
  const int64_t axis = 1;
  return nd_rule_fold(c, &nd_op_reduce_logsumexp, STACK(2, both, 1),
                      nd_value_list(1, &axis), DROP);
}

// ------------------------------------------------------------- the entries --

static void cumsum(nd_context *c, const nd_job *j)
{
  int axis;
  nd_tensor *x = start(c, j, 0, &axis);
  if (x != NULL)
    j->out[0] = RUNNING_SUM(x, axis, j->attr[REVERSE].integer);
}

static void cumprod(nd_context *c, const nd_job *j)
{
  j->out[0] = scan(c, j, 1, multiply);
}

static void cummax(nd_context *c, const nd_job *j)
{
  j->out[0] = scan(c, j, -INFINITY, maximum);
}

static void cumulative_logsumexp(nd_context *c, const nd_job *j)
{
  j->out[0] = scan(c, j, -INFINITY, logsumexp);
}

#define CASES                                                          \
  "[4]; [5] reverse=true; [3 4]; [2 3 4] axis=-2 reverse=true; [0 3] " \
  "axis=2; [3 0] axis=1; [1]"
#define EXCLUSIVE_CASES \
  "; [3 5] axis=2 exclusive=true; [4] exclusive=true reverse=true"

#define SHARED .params = params, .attrs = 3, .derivative = ND_COMPOSED

const nd_op nd_op_cumsum = {
  .name = "cumsum",
  .doc = "running sums along an axis, from its end if reverse, of the elements "
         "before each if exclusive; integers wrap",
  SHARED,
  .dtypes = ND_NUMBERS,
  .compose = cumsum,
  .cases = CASES EXCLUSIVE_CASES,
  .low = -2,
  .high = 2,
};

const nd_op nd_op_cumprod = {
  .name = "cumprod",
  .doc = "running products along an axis, from its end if reverse, of the "
         "elements before each if exclusive; integers wrap",
  SHARED,
  .dtypes = ND_NUMBERS,
  .compose = cumprod,
  .cases = CASES EXCLUSIVE_CASES,
  .low = .5,
  .high = 1.5,
};

const nd_op nd_op_cummax = {
  .name = "cummax",
  .doc = "largest so far along an axis, from its end if reverse, of the "
         "elements before each if exclusive; nan wins; a tie belongs to the "
         "first",
  SHARED,
  .dtypes = ND_FLOATS,
  .compose = cummax,
  .cases = CASES,
  .low = -2,
  .high = 2,
};

const nd_op nd_op_cumulative_logsumexp = {
  .name = "cumulative_logsumexp",
  .doc = "log of running sums of exp along an axis, without overflow, from its "
         "end if reverse, of the elements before each if exclusive",
  SHARED,
  .dtypes = ND_FLOATS,
  .compose = cumulative_logsumexp,
  .cases = CASES,
  .low = -2,
  .high = 2,
};

const nd_op *const nd_ops_scan[] = {
  &nd_op_cumsum, &nd_op_cumprod, &nd_op_cummax, &nd_op_cumulative_logsumexp,
  NULL,
};
