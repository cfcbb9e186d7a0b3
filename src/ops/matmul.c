// ops/matmul.c: c[.. m n] = a[.. m k] b[.. k n]. Linear in a and in b, so
// forward mode needs no code; the transpose below is the whole derivative.
// Leading axes are batches and broadcast.

#include "kernel/matmul.h"

#include "op/vocab_tensor.h"

ND_DECLARE_LEVELS(const nd_matmul_table, nd_matmul_table);

static const nd_param params[] = {
  { "a", ND_TENSOR, NULL, 0 },
  { "b", ND_TENSOR, NULL, 0 },
  { "transpose_a", ND_FLAG, "false", 0 },
  { "transpose_b", ND_FLAG, "false", 0 },
  { 0 },
};

static bool is_flipped(const nd_args *a, int i)
{
  return a->attr[i].integer != 0;
}

// Size of the rows (0) or columns (1) of input `i` as it is multiplied.
static int64_t side(const nd_args *a, int i, int axis)
{
  const nd_tensor *x = a->in[i];
  return x->dims[x->rank - 2 + (axis ^ (int)is_flipped(a, i))];
}

static int64_t side_stride(const nd_args *a, int i, int axis)
{
  const nd_tensor *x = a->in[i];
  return nd_strides(x)[x->rank - 2 + (axis ^ (int)is_flipped(a, i))];
}

// -------------------------------------------------------------- inference --

static bool fail_shapes(nd_context *c, const nd_args *a, const char *what)
{
  return nd_fail(c, ND_BAD_ARGUMENT, "%s: a is %s%s, b is %s%s", what,
                 ND_SHAPE(a->in[0]->rank, a->in[0]->dims),
                 is_flipped(a, 0) ? " transposed" : "",
                 ND_SHAPE(a->in[1]->rank, a->in[1]->dims),
                 is_flipped(a, 1) ? " transposed" : "");
}

// The batch axes of the result.
static bool infer_batch(const nd_args *a, nd_type *out)
{
  const nd_tensor *x = a->in[0]->rank >= a->in[1]->rank ? a->in[0] : a->in[1];
  const nd_tensor *y = x == a->in[0] ? a->in[1] : a->in[0];
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

static bool matmul_infer(nd_context *c, const nd_args *a, nd_type *out)
{
  for (int i = 0; i < 2; i++) {
    const nd_tensor *x = a->in[i];
    if (x->rank < 2)
      return nd_fail(c, ND_BAD_ARGUMENT, "needs at least 2 axes: %s is %s",
                     params[i].name, ND_SHAPE(x->rank, x->dims));
  }
  if (side(a, 0, 1) != side(a, 1, 0))
    return fail_shapes(c, a, "inner sizes differ");
  if (!infer_batch(a, out))
    return fail_shapes(c, a, "batch axes do not broadcast");
  out->dtype = (nd_dtype)a->in[0]->dtype;
  out->shape[out->rank - 2] = side(a, 0, 0);
  out->shape[out->rank - 1] = side(a, 1, 1);
  return true;
}

// ---------------------------------------------------------------- running --

// Where matrix number `batch` of the result finds its input `i`.
static const void *find_matrix(const nd_job *job, int i, int64_t batch)
{
  const nd_tensor *x = job->args->in[i];
  const nd_tensor *out = job->out;
  const int missing = out->rank - x->rank;
  int64_t offset = 0;
  for (int axis = out->rank - 3; axis >= missing; axis--) {
    const int64_t at = batch % out->dims[axis];
    batch /= out->dims[axis];
    if (x->dims[axis - missing] != 1)
      offset += at * nd_strides(x)[axis - missing];
  }
  return nd_values(x) + offset * (int64_t)nd_dtype_size((nd_dtype)x->dtype);
}

// True if a's batches are multiplied with the same matrix, so that one after
// the other they are the rows of one matrix.
static bool stacks(const nd_args *a)
{
  return a->in[0]->rank > 2 && a->in[1]->rank == 2 && !is_flipped(a, 0);
}

static nd_matmul plan(const nd_job *job)
{
  const nd_args *a = job->args;
  nd_matmul p = {
    .m = side(a, 0, 0),
    .n = side(a, 1, 1),
    .k = side(a, 0, 1),
    .a_row = side_stride(a, 0, 0),
    .a_column = side_stride(a, 0, 1),
    .b_row = side_stride(a, 1, 0),
    .b_column = side_stride(a, 1, 1),
  };
  if (stacks(a) && a->in[0]->dense) {
    p.m = job->out->size / p.n;
    p.a_row = p.k;
    p.a_column = 1;
  }
  return p;
}

// Elements from..to-1 of the result, matrix by matrix.
static void run_batches(const nd_job *job, const nd_matmul_kernels *kernels,
                        nd_matmul *p, void *scratch, int64_t from, int64_t to)
{
  const int64_t size = p->m * p->n;
  const size_t width = nd_dtype_size((nd_dtype)job->out->dtype);
  for (int64_t batch = from / size; batch * size < to; batch++) {
    const int64_t first = batch * size;
    p->a = find_matrix(job, 0, batch);
    p->b = find_matrix(job, 1, batch);
    p->c = job->out->data + first * (int64_t)width;
    p->from = from > first ? from - first : 0;
    p->to = to - first < size ? to - first : size;
    kernels->run(p, scratch);
  }
}

static bool matmul_run(nd_context *c, const nd_job *job, int64_t from,
                       int64_t to)
{
  static const nd_matmul_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_matmul_table);
  const nd_matmul_kernels *kernels = tables[c->level]->at[job->out->dtype];
  nd_matmul p = plan(job);
  p.to = p.m * p.n < to - from ? p.m * p.n : to - from;
  const size_t bytes = kernels->scratch(&p);
  if (bytes == 0) {
    run_batches(job, kernels, &p, NULL, from, to);
    return true;
  }
  nd_block *scratch = nd_block_new(c, bytes);
  if (scratch == NULL)
    return false;
  run_batches(job, kernels, &p, nd_block_data(scratch), from, to);
  nd_block_free(c, scratch);
  return true;
}

// ------------------------------------------------------------- derivative --

// x y, each transposed if its flag says so.
static nd_tensor *multiply(nd_context *c, nd_tensor *x, bool flip_x,
                           nd_tensor *y, bool flip_y)
{
  nd_args a = { .n = 2, .in = a.few, .few = { x, y } };
  a.attr[0] = (nd_attr){ .given = true, .integer = flip_x };
  a.attr[1] = (nd_attr){ .given = true, .integer = flip_y };
  return nd_rule_args(c, &nd_op_matmul, &a);
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
  return nd_rule_reshape(c, x, 2, (int64_t[]){ rows, width });
}

// With c = A B, dA = g B^T and dB = A^T g; a flipped input wants that
// transposed, which flips and swaps the factors.
static nd_tensor *matmul_transpose(nd_context *c, int i, const nd_args *a,
                                   nd_tensor *out, nd_tensor *g)
{
  (void)out;
  const bool flip_a = is_flipped(a, 0);
  const bool flip_b = is_flipped(a, 1);
  nd_tensor *x = a->in[0];
  nd_tensor *y = a->in[1];
  if (i == 0)
    return flip_a ? multiply(c, y, flip_b, g, true)
                  : multiply(c, g, false, y, !flip_b);
  if (stacks(a)) {
    x = stack(c, x);
    g = stack(c, g);
  }
  return flip_b ? multiply(c, g, true, x, flip_a)
                : multiply(c, x, !flip_a, g, false);
}

const nd_op nd_op_matmul = {
  .name = "matmul",
  .doc = "matrix product a[.. m k] b[.. k n], of either transposed if told to; "
         "leading axes are batches and broadcast",
  .params = params,
  .attrs = 2,
  .dtypes = ND_NUMBERS,
  .derivative = ND_BILINEAR,
  .needs = 1 << 0 | 1 << 1,
  .infer = matmul_infer,
  .run = matmul_run,
  .transpose = matmul_transpose,
  .low = -3,
  .high = 3,
  .cases = "[2 3] [3 4]; [3 2] [3 4] transpose_a=true; "
           "[2 3] [4 3] transpose_b=true; "
           "[3 2] [4 3] transpose_a=true transpose_b=true; [2 2 3] [3 4]; "
           "[2 1 2 3] [3 3 2]; [2 2 3] [4 3] transpose_b=true; "
           "[2 3 2] [3 4] transpose_a=true; [0 3] [3 4]; [2 0] [0 3]",
  .cost = 8,
};

const nd_op *const nd_ops_matmul[] = { &nd_op_matmul, NULL };
