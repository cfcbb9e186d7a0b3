// ops/matmul.c: c[.. m n] = a[.. m k] b[.. k n]. Linear in a and in b, so
// forward mode needs no code; the transpose below is the whole derivative.
// Leading axes are batches and broadcast.

#include "kernel/matmul.h"

#include "ops/rules.h"

ND_DECLARE_LEVELS(const nd_matmul_table, nd_matmul_table);

enum { TRANSPOSE_A, TRANSPOSE_B };  // attributes

static const nd_param params[] = {
  { "a", ND_TENSOR },
  { "b", ND_TENSOR },
  { "transpose_a", ND_FLAG, "false" },
  { "transpose_b", ND_FLAG, "false" },
  { 0 },
};

static bool is_flipped(const nd_job *j, int i)
{
  return j->attr[i == 0 ? TRANSPOSE_A : TRANSPOSE_B].integer != 0;
}

// Size of the rows (0) or columns (1) of input `i` as it is multiplied.
static int64_t side(const nd_job *j, int i, int axis)
{
  const nd_tensor *x = j->in[i];
  return x->dims[x->rank - 2 + (axis ^ (int)is_flipped(j, i))];
}

static int64_t side_stride(const nd_job *j, int i, int axis)
{
  const nd_tensor *x = j->in[i];
  return nd_strides(x)[x->rank - 2 + (axis ^ (int)is_flipped(j, i))];
}

// -------------------------------------------------------------- inference --

static bool fail_shapes(nd_context *c, const nd_job *j, const char *what)
{
  return nd_fail(c, ND_BAD_ARGUMENT, "%s: a is %s%s, b is %s%s", what,
                 ND_SHAPE(j->in[0]->rank, j->in[0]->dims),
                 is_flipped(j, 0) ? " transposed" : "",
                 ND_SHAPE(j->in[1]->rank, j->in[1]->dims),
                 is_flipped(j, 1) ? " transposed" : "");
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
  if (side(j, 0, 1) != side(j, 1, 0))
    return fail_shapes(c, j, "inner sizes differ");
  if (!infer_batch(j, out))
    return fail_shapes(c, j, "batch axes do not broadcast");
  out->dtype = (nd_dtype)j->in[0]->dtype;
  out->shape[out->rank - 2] = side(j, 0, 0);
  out->shape[out->rank - 1] = side(j, 1, 1);
  return true;
}

// ---------------------------------------------------------------- running --

// Where matrix number `batch` of the result finds its input `i`.
static const void *find_matrix(const nd_job *j, int i, int64_t batch)
{
  const nd_tensor *x = j->in[i];
  const nd_tensor *out = j->out[0];
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
static bool stacks(const nd_job *j)
{
  return j->in[0]->rank > 2 && j->in[1]->rank == 2 && !is_flipped(j, 0);
}

static nd_matmul plan(const nd_job *j)
{
  nd_matmul p = {
    .m = side(j, 0, 0),
    .n = side(j, 1, 1),
    .k = side(j, 0, 1),
    .a_row = side_stride(j, 0, 0),
    .a_column = side_stride(j, 0, 1),
    .b_row = side_stride(j, 1, 0),
    .b_column = side_stride(j, 1, 1),
  };
  if (stacks(j) && j->in[0]->dense) {
    p.m = j->out[0]->size / p.n;
    p.a_row = p.k;
    p.a_column = 1;
  }
  return p;
}

// Elements from..to-1 of the result, matrix by matrix.
static void run_batches(const nd_job *j, const nd_matmul_kernels *kernels,
                        nd_matmul *p, void *scratch, int64_t from, int64_t to)
{
  const int64_t size = p->m * p->n;
  const size_t width = nd_dtype_size((nd_dtype)j->out[0]->dtype);
  for (int64_t batch = from / size; batch * size < to; batch++) {
    const int64_t first = batch * size;
    p->a = find_matrix(j, 0, batch);
    p->b = find_matrix(j, 1, batch);
    p->c = j->out[0]->data + first * (int64_t)width;
    p->from = from > first ? from - first : 0;
    p->to = to - first < size ? to - first : size;
    kernels->run(p, scratch);
  }
}

static const nd_matmul_kernels *find_kernels(const nd_job *j)
{
  static const nd_matmul_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_matmul_table);
  const nd_tensor *out = j->out[0];
  return tables[out->context->level]->at[out->dtype];
}

static void run_range(const nd_job *j, void *scratch, int64_t from, int64_t to)
{
  nd_matmul p = plan(j);
  run_batches(j, find_kernels(j), &p, scratch, from, to);
}

static void matmul_run(const nd_job *j, int64_t from, int64_t to)
{
  run_range(j, NULL, from, to);
}

static void run_with_scratch(const void *what, void *shared, void *own,
                             int64_t from, int64_t to)
{
  run_range(what, own, from, to);
}

// One step over the elements of the result. Each range packs its panels again,
// so that a range must have many elements, whatever k is.
static bool matmul_next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  *step = (nd_step){
    .units = j->out[0]->size,
    .cost = 4,
    .run = run_with_scratch,
  };
  return i == 0;
}

// Only large products need more memory than the stack has.
static nd_work matmul_work(const nd_job *j)
{
  nd_matmul p = plan(j);
  p.to = p.m * p.n;
  const size_t own = find_kernels(j)->scratch(&p);
  return (nd_work){ .own = own, .next = own > 0 ? matmul_next : NULL };
}

// ------------------------------------------------------------- derivative --

nd_tensor *nd_rule_matmul(nd_context *c, nd_tensor *x, bool flip_x,
                          nd_tensor *y, bool flip_y)
{
  const nd_value attr[] = { [TRANSPOSE_A] = nd_value_integer(flip_x),
                            [TRANSPOSE_B] = nd_value_integer(flip_y) };
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
  const bool flip_b = is_flipped(j, 1);
  return is_flipped(j, 0) ? MATMUL(j->in[1], flip_b, g, true)
                          : MATMUL(g, false, j->in[1], !flip_b);
}

static nd_tensor *by_b(nd_context *c, const nd_job *j, nd_tensor *g)
{
  const bool flip_a = is_flipped(j, 0);
  nd_tensor *x = j->in[0];
  if (stacks(j)) {
    x = stack(c, x);
    g = stack(c, g);
  }
  return is_flipped(j, 1) ? MATMUL(g, true, x, flip_a)
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
  .run = matmul_run,
  .work = matmul_work,
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
