// ops/contract.c: sums of products over axes that tensors share: matvec,
// tensordot, and what einsum does with two at a time. They become matrices
// [batch m k] and [batch k n], and their product [batch m n].

#include "ops/contract.h"

#include <string.h>

#include "op/axes.h"
#include "ops/rules.h"

nd_factor nd_factor_sum(nd_context *c, const nd_factor *f, nd_labels gone)
{
  int64_t axes[ND_MAX_RANK];
  nd_factor y = { .x = f->x };
  int n = 0;
  for (int i = 0; i < f->rank; i++) {
    if (gone & nd_label(f->at[i]))
      axes[n++] = i + 1;
    else
      y.at[y.rank++] = f->at[i];
  }
  if (n > 0)
    y.x = SUM(f->x, nd_value_list(n, axes), DROP);
  return y;
}

nd_tensor *nd_factor_arrange(nd_context *c, const nd_factor *f,
                             const uint8_t *at)
{
  int64_t perm[ND_MAX_RANK];
  bool moves = false;
  for (int i = 0; i < f->rank; i++) {
    int from = 0;
    while (f->at[from] != at[i])
      from++;
    perm[i] = from + 1;
    moves = moves || from != i;
  }
  return moves ? TRANSPOSE(f->x, perm) : f->x;
}

// Some axes, in order; how many elements they have.
typedef struct axes {
  int n;
  uint8_t at[3 * ND_MAX_RANK];
  int64_t shape[3 * ND_MAX_RANK];
  int64_t size;
} axes;

// Those axes of `f` that are wanted.
static axes pick(const nd_factor *f, nd_labels wanted)
{
  axes a = { .size = 1 };
  for (int i = 0; i < f->rank; i++) {
    if (!(wanted & nd_label(f->at[i])))
      continue;
    a.at[a.n] = f->at[i];
    a.shape[a.n++] = f->x->dims[i];
    a.size *= f->x->dims[i];
  }
  return a;
}

static axes join(const axes *x, const axes *y, const axes *z)
{
  const axes *all[] = { x, y, z };
  axes a = { .size = x->size * y->size * z->size };
  for (int i = 0; i < 3; i++) {
    memcpy(a.at + a.n, all[i]->at, (size_t)all[i]->n);
    memcpy(a.shape + a.n, all[i]->shape, (size_t)all[i]->n * sizeof *a.shape);
    a.n += all[i]->n;
  }
  return a;
}

static bool lies_so(const nd_factor *f, const axes *a)
{
  return memcmp(f->at, a->at, (size_t)f->rank) == 0;
}

// ----------------------------------------------------------------- pairs --

// What is multiplied: matrices, whose rows and columns have changed places if
// it is turned.
typedef struct operand {
  nd_tensor *x;
  bool turned;
} operand;

// `f` as [batch rows columns], or without a batch as a matrix; turned if it
// lies so, as products take either and nothing moves.
static operand lay_out(nd_context *c, const nd_factor *f, const axes *batch,
                       const axes *rows, const axes *columns)
{
  const axes plain = join(batch, rows, columns),
             turned = join(batch, columns, rows);
  const bool turns = !lies_so(f, &plain) && lies_so(f, &turned);
  const int64_t shape[] = { batch->size, (turns ? columns : rows)->size,
                            (turns ? rows : columns)->size };
  nd_tensor *x = nd_factor_arrange(c, f, (turns ? &turned : &plain)->at);
  x = batch->n > 0 ? RESHAPE(x, 3, shape) : RESHAPE(x, 2, shape + 1);
  return (operand){ x, turns };
}

// The product of two that have no label alone that is not in `kept`.
static nd_factor multiply(nd_context *c, const nd_factor *p, const nd_factor *q,
                          nd_labels kept)
{
  const nd_labels both = nd_factor_labels(p) & nd_factor_labels(q);
  const axes batch = pick(p, both & kept), inner = pick(p, both & ~kept);
  const axes m = pick(p, ~both), n = pick(q, ~both);
  const axes out = join(&batch, &m, &n);
  nd_factor y = { .rank = out.n };
  if (out.n > ND_MAX_RANK) {
    nd_fail(c, ND_BAD_ARGUMENT, "a product of two has more than %d axes",
            ND_MAX_RANK);
    return y;
  }
  const operand x = lay_out(c, p, &batch, &m, &inner),
                z = lay_out(c, q, &batch, &inner, &n);
  nd_tensor *product = inner.n > 0 ? MATMUL(x.x, x.turned, z.x, z.turned)
                                   : MUL(x.x, z.x);
  y.x = RESHAPE(product, out.n, out.shape);
  memcpy(y.at, out.at, (size_t)out.n);
  return y;
}

nd_factor nd_factor_contract(nd_context *c, const nd_factor *p,
                             const nd_factor *q, nd_labels kept)
{
  const nd_labels of_p = nd_factor_labels(p), of_q = nd_factor_labels(q);
  const nd_factor x = nd_factor_sum(c, p, of_p & ~of_q & ~kept);
  const nd_factor z = nd_factor_sum(c, q, of_q & ~of_p & ~kept);
  if (x.x == NULL || z.x == NULL)
    return (nd_factor){ NULL };
  return multiply(c, &x, &z, kept);
}

// ------------------------------------------------------------------ matvec --

enum { TRANSPOSE_A = 0 };  // attribute

static const nd_param matvec_params[] = {
  { "a", ND_TENSOR },
  { "b", ND_TENSOR },
  { "transpose_a", ND_FLAG, "false" },
  { 0 },
};

static void matvec(nd_context *c, const nd_job *j)
{
  nd_tensor *a = j->in[0], *b = j->in[1];
  int64_t shape[ND_MAX_RANK];
  if (a->rank < 2 || b->rank < 1 || b->rank == ND_MAX_RANK) {
    nd_fail(c, ND_BAD_ARGUMENT, "needs matrices and vectors, got %s and %s",
            ND_SHAPE(a->rank, a->dims), ND_SHAPE(b->rank, b->dims));
    return;
  }
  memcpy(shape, b->dims, (size_t)b->rank * sizeof *shape);
  shape[b->rank] = 1;
  nd_tensor *column = RESHAPE(b, b->rank + 1, shape);
  nd_tensor *y = MATMUL(a, j->attr[TRANSPOSE_A].integer, column, false);
  if (y != NULL)
    j->out[0] = RESHAPE(y, y->rank - 1, y->dims);
}

const nd_op nd_op_matvec = {
  .name = "matvec",
  .module = "linalg",
  .inside = true,
  .doc = "matrix a[.. m n] times vector b[.. n]; leading axes are batches and "
         "broadcast",
  .params = matvec_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = matvec,
  .low = -3,
  .high = 3,
  .cases = "[2 3] [3]; [3 2] [3] transpose_a=true; [2 2 3] [3]; [2 3] [4 3]; "
           "[0 3] [3]; [2 0] [0]",
};

// --------------------------------------------------------------- tensordot --

enum { AXES = 0 };  // attribute

static const nd_param tensordot_params[] = {
  { "a", ND_TENSOR },
  { "b", ND_TENSOR },
  { "axes", ND_AXIS_PAIRS },
  { 0 },
};

// The axes of a and b that pair `i` of `n` is; false after an error.
static bool find_pair(nd_context *c, const nd_job *j, int i, int *of_a,
                      int *of_b)
{
  const nd_value *v = &j->attr[AXES];
  const nd_tensor *a = j->in[0], *b = j->in[1];
  if (v->dropped) {
    *of_a = a->rank - (int)v->list[0] + i;
    *of_b = i;
  } else {
    *of_a = nd_axis_resolve(c, v->list[2 * i], a->rank);
    *of_b = nd_axis_resolve(c, v->list[2 * i + 1], b->rank);
  }
  if (*of_a < 0 || *of_b < 0)
    return false;
  return a->dims[*of_a] == b->dims[*of_b] ||
         nd_fail(c, ND_BAD_ARGUMENT, "axis %d of %s and axis %d of %s differ",
                 *of_a + 1, ND_SHAPE(a->rank, a->dims), *of_b + 1,
                 ND_SHAPE(b->rank, b->dims));
}

// How many pairs of axes there are; -1 after an error.
static int count_pairs(nd_context *c, const nd_job *j)
{
  const nd_value *v = &j->attr[AXES];
  const nd_tensor *a = j->in[0], *b = j->in[1];
  const int least = a->rank < b->rank ? a->rank : b->rank;
  const int64_t n = v->dropped ? v->list[0] : v->n / 2;
  if (n >= 0 && n <= least)
    return (int)n;
  nd_fail(c, ND_BAD_ARGUMENT, "%lld axes of %s and %s", (long long)n,
          ND_SHAPE(a->rank, a->dims), ND_SHAPE(b->rank, b->dims));
  return -1;
}

static nd_factor number_axes(nd_tensor *x, int first)
{
  nd_factor f = { .x = x, .rank = x->rank };
  for (int i = 0; i < x->rank; i++)
    f.at[i] = (uint8_t)(first + i);
  return f;
}

static void tensordot(nd_context *c, const nd_job *j)
{
  nd_factor p = number_axes(j->in[0], 0);
  nd_factor q = number_axes(j->in[1], ND_MAX_RANK);
  const int n = count_pairs(c, j);
  nd_labels inner = 0;
  for (int i = 0; i < n; i++) {
    int of_a, of_b;
    if (!find_pair(c, j, i, &of_a, &of_b))
      return;
    if ((inner & nd_label(of_a)) || q.at[of_b] < ND_MAX_RANK) {
      nd_fail(c, ND_BAD_ARGUMENT, "an axis appears twice");
      return;
    }
    inner |= nd_label(of_a);
    q.at[of_b] = (uint8_t)of_a;
  }
  if (n >= 0)
    j->out[0] = nd_factor_contract(c, &p, &q, ~inner).x;
}

const nd_op nd_op_tensordot = {
  .name = "tensordot",
  .module = "linalg",
  .doc = "sum of products over pairs of axes: {of_a, of_b}, lists of as many "
         "axes, or n for the last n of a and the first n of b",
  .params = tensordot_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = tensordot,
  .low = -3,
  .high = 3,
  .cases = "[2 3] [3 4] axes=1; [2 3 4] [4 2 3] axes=[2:3 1:2]; [2] [3] "
           "axes=0; [2 3] [2 3] axes=2; [0 3] [3] axes=1",
};

const nd_op *const nd_ops_contract[] = { &nd_op_matvec, &nd_op_tensordot,
                                         NULL };
