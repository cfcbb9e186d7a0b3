// ops/matmul.c: c[.. m n] = a[.. m k] b[.. k n]. Linear in a and in b, so
// forward mode needs no code; the transpose below is the whole derivative.
// Leading axes are batches and broadcast.

#include "op/multiply.h"
#include "ops/rules.h"

static const nd_param params[] = {
  { "a", ND_TENSOR },
  { "b", ND_TENSOR },
  { "transpose_a", ND_FLAG, "false" },
  { "transpose_b", ND_FLAG, "false" },
  { 0 },
};

// -------------------------------------------------------------- inference --

static bool fail_shapes(nd_context *c, const nd_job *j, const char *what)
{
  return nd_fail(c, ND_BAD_ARGUMENT, "%s: a is %s%s, b is %s%s", what,
                 ND_SHAPE(j->in[0]->rank, j->in[0]->dims),
                 nd_product_flips(j, 0) ? " transposed" : "",
                 ND_SHAPE(j->in[1]->rank, j->in[1]->dims),
                 nd_product_flips(j, 1) ? " transposed" : "");
}

// The batch axes of the result.
static bool infer_batch(const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0]->rank >= j->in[1]->rank ? j->in[0] : j->in[1];
  const nd_tensor *y = x == j->in[0] ? j->in[1] : j->in[0];
  const int missing = x->rank - y->rank;
  out->rank = x->rank;
  for (int i = 0; i < x->rank - 2; i++) {
    const int64_t p = x->dims[i];
    const int64_t q = i < missing ? 1 : y->dims[i - missing];
    if (p != q && p != 1 && q != 1)
      return false;
    out->shape[i] = p == 1 ? q : p;
  }
  return true;
}

static bool matmul_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  for (int i = 0; i < 2; i++) {
    const nd_tensor *x = j->in[i];
    if (x->rank < 2)
      return nd_fail(c, ND_BAD_ARGUMENT, "needs at least 2 axes: %s is %s",
                     params[i].name, ND_SHAPE(x->rank, x->dims));
  }
  if (nd_product_side(j, 0, 1) != nd_product_side(j, 1, 0))
    return fail_shapes(c, j, "inner sizes differ");
  if (!infer_batch(j, out))
    return fail_shapes(c, j, "batch axes do not broadcast");
  out->dtype = (nd_dtype)j->in[0]->dtype;
  out->shape[out->rank - 2] = nd_product_side(j, 0, 0);
  out->shape[out->rank - 1] = nd_product_side(j, 1, 1);
  return true;
}

// ------------------------------------------------------------- derivative --

nd_tensor *nd_rule_matmul(nd_context *c, nd_tensor *x, bool flip_x,
                          nd_tensor *y, bool flip_y)
{
  const nd_value attr[] = { [ND_TRANSPOSE_A] = nd_value_integer(flip_x),
                            [ND_TRANSPOSE_B] = nd_value_integer(flip_y) };
  return nd_rule_apply(c, &nd_op_matmul, 2, (nd_tensor *[]){ x, y }, attr);
}

// The batches of `x`, one after the other, as the rows of one matrix.
static nd_tensor *stack(nd_context *c, nd_tensor *x)
{
  if (x == NULL)
    return NULL;
  const int64_t width = x->dims[x->rank - 1];
  int64_t rows = 1;
  for (int i = 0; i < x->rank - 1; i++)
    rows *= x->dims[i];
  return RESHAPE(x, 2, ((int64_t[]){ rows, width }));
}

// With c = A B, dA = g B^T and dB = A^T g; a flipped input wants that
// transposed, which flips and swaps the factors.
static nd_tensor *by_a(nd_context *c, const nd_job *j, nd_tensor *g)
{
  const bool flip_b = nd_product_flips(j, 1);
  return nd_product_flips(j, 0) ? MATMUL(j->in[1], flip_b, g, true)
                                : MATMUL(g, false, j->in[1], !flip_b);
}

static nd_tensor *by_b(nd_context *c, const nd_job *j, nd_tensor *g)
{
  const bool flip_a = nd_product_flips(j, 0);
  nd_tensor *x = j->in[0];
  if (nd_product_stacks(j)) {
    x = stack(c, x);
    g = stack(c, g);
  }
  return nd_product_flips(j, 1) ? MATMUL(g, true, x, flip_a)
                                : MATMUL(x, !flip_a, g, false);
}

static void matmul_transpose(nd_context *c, const nd_job *j,
                             nd_tensor *const *g, const bool *wanted,
                             nd_tensor **gx)
{
  if (wanted[0])
    gx[0] = by_a(c, j, g[0]);
  if (wanted[1])
    gx[1] = by_b(c, j, g[0]);
}

const nd_op nd_op_matmul = {
  .name = "matmul",
  .doc = "matrix product a[.. m k] b[.. k n], of either transposed if told to; "
         "leading axes are batches and broadcast",
  .params = params,
  .attrs = 2,
  .dtypes = ND_NUMBERS,
  .derivative = ND_BILINEAR,
  .needs = { 1 << 1, 1 << 0 },
  .infer = matmul_infer,
  .run = nd_multiply_run,
  .work = nd_multiply_work,
  .transpose = matmul_transpose,
  .low = -3,
  .high = 3,
  .cases = "[2 3] [3 4]; [3 2] [3 4] transpose_a=true; "
           "[2 3] [4 3] transpose_b=true; "
           "[3 2] [4 3] transpose_a=true transpose_b=true; [2 2 3] [3 4]; "
           "[2 1 2 3] [3 3 2]; [2 2 3] [4 3] transpose_b=true; "
           "[2 3 2] [3 4] transpose_a=true; [0 3] [3 4]; [2 0] [0 3]",
  .long_cases =
    "[300 300] [300 520]; [100 1300] [1300 700]; [2 1000 300] [2 300 130]; "
    "[1 3000] [3000 9000]; [3 200000] [200000 5]; [5 200000] [200000 3]; "
    "[1 1200000] [2 1200000] transpose_b=true; [2 1200000] [1200000 1]; "
    "[1300 500] [1300 300] transpose_a=true; [2 300 300] [2 300 270]",
  .cost = 8,
};

const nd_op *const nd_ops_matmul[] = { &nd_op_matmul, NULL };
