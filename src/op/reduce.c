// op/reduce.c: folds over axes: sum, mean, product, maximum, minimum, any, all.
//
// Every result element is one fixed tree over its inputs, decided by the shape
// and the axes alone:
// - rows, when the last axis is folded: blocks of ND_BLOCK inputs, each over
//   lanes (kernel/reduce.h), then pairwise over blocks;
// - columns, when the last axis stays: GROUP rows are added up one by one, then
//   GROUP such groups, then those.

#include "kernel/reduce.h"

#include <math.h>
#include <string.h>

#include "op/axes.h"
#include "op/vocab_tensor.h"
#include "tensor/walk.h"

ND_DECLARE_LEVELS(const nd_reduce_table, nd_reduce_table);

static const nd_param params[] = {
  { "x", ND_TENSOR, NULL, 0 },
  { "axis", ND_AXES, "nil", 0 },
  { "keepdims", ND_FLAG, "false", 0 },
  { 0 },
};

enum { GROUP = 256, LEVELS_OF_PAIRS = 56 };

// ---------------------------------------------------------------- folding --

// How the input is walked: [kept, folded] for rows, else [kept, folded, last].
typedef struct layout {
  nd_walk walk;
  int64_t folded;  // inputs of one output
  int64_t last;    // outputs side by side in columns; 1 for rows
  bool columns;
} layout;

static void plan(layout *l, const nd_args *a, int set)
{
  const nd_tensor *x = a->in[0];
  const int rank = x->rank;
  int axes[ND_MAX_RANK];
  int n = 0;
  int tail = rank;
  while (tail > 0 && !(set >> (tail - 1) & 1))
    tail--;
  l->columns = tail > 0 && tail < rank;
  l->folded = 1;
  l->last = 1;
  for (int i = 0; i < (l->columns ? tail : rank); i++) {
    if (!(set >> i & 1))
      axes[n++] = i;
  }
  for (int i = 0; i < rank; i++) {
    if (set >> i & 1) {
      axes[n++] = i;
      l->folded *= x->dims[i];
    }
  }
  for (int i = tail; l->columns && i < rank; i++) {
    axes[n++] = i;
    l->last *= x->dims[i];
  }
  nd_walk_permuted(&l->walk, x, axes, 0);
}

// Folds the next l->folded inputs: a block at a time, blocks pairwise. Slot k
// holds the fold of 2^k blocks while bit k of their count is set.
static void fold_row(layout *l, const nd_reduce_kernels *k, char *out)
{
  const size_t width = l->walk.width;
  double block[ND_BLOCK];
  double slots[LEVELS_OF_PAIRS];
  char *slot = (char *)slots;
  int64_t blocks = 0;
  for (int64_t at = 0; at < l->folded; at += ND_BLOCK, blocks++) {
    const int64_t left = l->folded - at;
    const int64_t n = left < ND_BLOCK ? left : ND_BLOCK;
    double value;
    nd_walk_copy(&l->walk, n, block);
    k->run(n, &value, block);
    int i = 0;
    for (; blocks >> i & 1; i++) {
      k->merge(1, slot + (size_t)i * width, &value);
      memcpy(&value, slot + (size_t)i * width, width);
    }
    memcpy(slot + (size_t)i * width, &value, width);
  }
  k->run(0, out, l->walk.data);
  for (int i = 0; blocks >> i != 0; i++) {
    if (blocks >> i & 1)
      k->merge(1, out, slot + (size_t)i * width);
  }
}

// Outputs from..to-1 by rows.
static void fold_rows(layout *l, const nd_reduce_kernels *k, int64_t from,
                      int64_t to, char *out)
{
  const size_t width = l->walk.width;
  const bool direct = nd_walk_is_dense(&l->walk) && l->folded <= ND_BLOCK;
  nd_walk_seek(&l->walk, from * l->folded);
  const char *in = l->walk.data + l->walk.offset;
  for (int64_t i = from; i < to; i++, out += width) {
    if (direct) {
      k->run(l->folded, out, in);
      in += (size_t)l->folded * width;
    } else {
      fold_row(l, k, out);
    }
  }
}

// sum = sum f row, or just row if that is the first.
static void add_row(const nd_reduce_kernels *k, int64_t n, size_t width,
                    void *sum, const void *row, bool is_first)
{
  if (is_first)
    memcpy(sum, row, (size_t)n * width);
  else
    k->merge(n, sum, row);
}

// `n` neighbouring outputs, from output `at` on, in columns.
static void fold_columns(layout *l, const nd_reduce_kernels *k, int64_t at,
                         int64_t n, char *out)
{
  const size_t width = l->walk.width;
  double row[ND_BLOCK], group[ND_BLOCK], groups[ND_BLOCK];
  const int64_t first = at / l->last * l->last * l->folded + at % l->last;
  for (int64_t i = 0; i < n; i++)
    k->run(0, out + (size_t)i * width, l->walk.data);
  for (int64_t r = 0; r < l->folded; r++) {
    const bool end = r == l->folded - 1;
    nd_walk_seek(&l->walk, first + r * l->last);
    nd_walk_copy(&l->walk, n, row);
    add_row(k, n, width, group, row, r % GROUP == 0);
    if (r % GROUP == GROUP - 1 || end)
      add_row(k, n, width, groups, group, r % (GROUP * GROUP) < GROUP);
    if (r % (GROUP * GROUP) == GROUP * GROUP - 1 || end)
      k->merge(n, out, groups);
  }
}

static bool fold_range(nd_context *c, const nd_job *job, nd_fold fold,
                       int64_t from, int64_t to)
{
  static const nd_reduce_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_reduce_table);
  const nd_args *a = job->args;
  const nd_reduce_kernels *k = &tables[c->level]->at[fold][a->in[0]->dtype];
  layout l;
  plan(&l, a, nd_axes_resolve(c, &a->attr[0], a->in[0]->rank));
  char *out = job->out->data + from * (int64_t)l.walk.width;
  if (!l.columns) {
    fold_rows(&l, k, from, to, out);
    return true;
  }
  for (int64_t at = from; at < to;) {
    const int64_t left = l.last - at % l.last;
    int64_t n = to - at < left ? to - at : left;
    n = n < ND_BLOCK ? n : ND_BLOCK;
    fold_columns(&l, k, at, n, out);
    out += (size_t)n * l.walk.width;
    at += n;
  }
  return true;
}

#define RUN(name, fold)                                                  \
  static bool name##_run(nd_context *c, const nd_job *job, int64_t from, \
                         int64_t to)                                     \
  {                                                                      \
    return fold_range(c, job, fold, from, to);                           \
  }

RUN(sum, ND_SUM)
RUN(prod, ND_PROD)
RUN(max, ND_MAX)
RUN(min, ND_MIN)

// Number of inputs of each output.
static int64_t count_folded(const nd_args *a, const nd_tensor *out)
{
  const int64_t size = a->in[0]->size;
  if (out->size > 0)
    return size / out->size;
  return 0;
}

static void divide_int32(int32_t *x, int64_t n)
{
  *x = (int32_t)(*x / n);
}

static void divide_uint8(uint8_t *x, int64_t n)
{
  *x = (uint8_t)(*x / n);
}

// The sum over its count; integers truncate toward 0, and empty is 0.
static bool mean_run(nd_context *c, const nd_job *job, int64_t from, int64_t to)
{
  if (!fold_range(c, job, ND_SUM, from, to))
    return false;
  const int64_t n = count_folded(job->args, job->out);
  const int64_t whole = n > 0 ? n : 1;  // may not fit the dtype
  char *data = job->out->data;
  for (int64_t i = from; i < to; i++) {
    switch ((nd_dtype)job->out->dtype) {
    case ND_FLOAT32: ((float *)(void *)data)[i] /= (float)n; break;
    case ND_FLOAT64: ((double *)(void *)data)[i] /= (double)n; break;
    case ND_INT32: divide_int32((int32_t *)(void *)data + i, whole); break;
    case ND_INT64: ((int64_t *)(void *)data)[i] /= whole; break;
    default: divide_uint8((uint8_t *)data + i, whole); break;
    }
  }
  return true;
}

// ------------------------------------------------------------- derivatives --

// `g` spread over everything that was folded into it.
static nd_tensor *spread(nd_context *c, const nd_args *a, nd_tensor *g)
{
  const nd_tensor *x = a->in[0];
  return nd_rule_broadcast(c, nd_axes_keep(c, a, g), x->rank, x->dims);
}

// The same reduction as the op's, of `x`, by another op.
static nd_tensor *fold_alike(nd_context *c, const nd_op *op, const nd_args *a,
                             nd_tensor *x)
{
  nd_args b = *a;
  b.in = b.few;
  b.few[0] = x;
  return nd_rule_args(c, op, &b);
}

static nd_tensor *sum_transpose(nd_context *c, int i, const nd_args *a,
                                nd_tensor *out, nd_tensor *g)
{
  (void)i;
  (void)out;
  return spread(c, a, g);
}

static nd_tensor *mean_transpose(nd_context *c, int i, const nd_args *a,
                                 nd_tensor *out, nd_tensor *g)
{
  (void)i;
  const int64_t n = count_folded(a, out);
  return spread(c, a, DIV(g, NUM((double)n)));
}

// Shares of the inputs that attain the extremum: 1 / how many they are.
static nd_tensor *tie_shares(nd_context *c, const nd_args *a, nd_tensor *out)
{
  nd_tensor *chosen = nd_rule_cast(c, EQ(a->in[0], nd_axes_keep(c, a, out)),
                                   (nd_dtype)out->dtype);
  nd_tensor *count = fold_alike(c, &nd_op_reduce_sum, a, chosen);
  return DIV(chosen, nd_axes_keep(c, a, count));
}

static nd_tensor *extremum_vjp(nd_context *c, int i, const nd_args *a,
                               nd_tensor *out, nd_tensor *g)
{
  (void)i;
  return CHAIN(nd_axes_keep(c, a, g), tie_shares(c, a, out));
}

static nd_tensor *extremum_jvp(nd_context *c, const nd_args *a, nd_tensor *out,
                               nd_tensor *const *t)
{
  return fold_alike(c, &nd_op_reduce_sum, a,
                    CHAIN(t[0], tie_shares(c, a, out)));
}

extern const nd_op nd_op_reduce_prod, nd_op_slice, nd_op_concat;

// True if every product, a new tensor's, can be divided by its factors: none
// met a zero, overflowed, or lost bits near zero.
static bool are_normal(const nd_tensor *products)
{
  const void *y = nd_values(products);
  for (int64_t i = 0; i < products->size; i++) {
    const bool single = products->dtype == ND_FLOAT32;
    if (single ? !isnormal(((const float *)y)[i])
               : !isnormal(((const double *)y)[i]))
      return false;
  }
  return true;
}

// Position j (from 0) of an axis of `x`, which stays as an axis of size 1.
static nd_tensor *take(nd_context *c, nd_tensor *x, int axis, int64_t j)
{
  nd_args a = { .n = 1, .in = &x };
  nd_attr *ranges = &a.attr[0];
  ranges->given = true;
  ranges->n = (uint8_t)(3 * x->rank);
  for (int i = 0; i < x->rank; i++) {
    ranges->v[3 * i] = i == axis ? j + 1 : 1;
    ranges->v[3 * i + 1] = i == axis ? j + 1 : -1;
    ranges->v[3 * i + 2] = 1;
  }
  return nd_rule_args(c, &nd_op_slice, &a);
}

// For each position of an axis, the product of all other positions: what comes
// before times what comes after. parts[j] becomes that of position j.
static void multiply_others(nd_context *c, nd_tensor *x, int axis,
                            nd_tensor **parts)
{
  const int64_t n = x->dims[axis];
  int64_t slab[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    slab[i] = i == axis ? 1 : x->dims[i];
  nd_tensor *one = nd_rule_number(c, x, 1);
  nd_tensor *before = nd_rule_broadcast(c, one, x->rank, slab);
  nd_tensor *after = before;
  for (int64_t j = 0; j < n; j++) {
    parts[j] = before;
    before = MUL(before, take(c, x, axis, j));
  }
  for (int64_t j = n - 1; j >= 0; j--) {
    parts[j] = MUL(parts[j], after);
    after = MUL(after, take(c, x, axis, j));
  }
}

static nd_tensor *others_along(nd_context *c, nd_tensor *x, int axis)
{
  if (x == NULL || x->size == 0)
    return x;
  const int64_t n = x->dims[axis];
  const size_t bytes = (size_t)n * sizeof(nd_tensor *);
  nd_tensor **parts = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  if (parts == NULL)
    return NULL;
  multiply_others(c, x, axis, parts);
  nd_args a = { .n = (int)n, .in = parts };
  a.attr[0].given = true;
  a.attr[0].integer = axis + 1;
  nd_tensor *all = nd_rule_args(c, &nd_op_concat, &a);
  nd_memory_free(c, parts, bytes, ND_MEMORY_OBJECT);
  return all;
}

// Each input's derivative of the product. It is y / x if all of y are normal
// numbers. Else the product of the others is built without dividing: axis by
// axis, the products before and after each position, which is right in every
// order of derivative.
static nd_tensor *products_of_others(nd_context *c, const nd_args *a,
                                     nd_tensor *out)
{
  nd_tensor *x = a->in[0];
  if (are_normal(out))
    return DIV(nd_axes_keep(c, a, out), x);
  const int set = nd_axes_resolve(c, &a->attr[0], x->rank);
  nd_tensor *others = NULL;
  nd_tensor *rest = x;  // folded over the axes before
  for (int axis = 0; axis < x->rank; axis++) {
    if (!(set >> axis & 1))
      continue;
    nd_tensor *along = others_along(c, rest, axis);
    others = others == NULL ? along : MUL(others, along);
    nd_args fold = { .n = 1, .in = &rest };
    nd_args_start(&nd_op_reduce_prod, &fold);
    fold.attr[0] = (nd_attr){ .given = true, .n = 1, .v = { axis + 1 } };
    fold.attr[1].integer = 1;
    rest = nd_rule_args(c, &nd_op_reduce_prod, &fold);
  }
  return others == NULL ? nd_rule_broadcast(c, NUM(1), x->rank, x->dims)
                        : others;
}

static nd_tensor *prod_vjp(nd_context *c, int i, const nd_args *a,
                           nd_tensor *out, nd_tensor *g)
{
  (void)i;
  return CHAIN(nd_axes_keep(c, a, g), products_of_others(c, a, out));
}

static nd_tensor *prod_jvp(nd_context *c, const nd_args *a, nd_tensor *out,
                           nd_tensor *const *t)
{
  return fold_alike(c, &nd_op_reduce_sum, a,
                    CHAIN(t[0], products_of_others(c, a, out)));
}

// ------------------------------------------------------------- the entries --

#define CASES                                                               \
  "[3 4]; [3 4] axis=1; [2 3 4] axis=2 keepdims=true; [2 3 4] axis=[1 3]; " \
  "[]; [0 3] axis=2; [3 0] axis=1"

#define SHARED                                                                \
  .params = params, .attrs = 2, .infer = nd_axes_infer, .low = .5, .high = 2, \
  .cases = CASES

const nd_op nd_op_reduce_sum = {
  .name = "reduce_sum",
  .doc = "sum over axes, or over all of them; 0 of none",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_LINEAR,
  .run = sum_run,
  .transpose = sum_transpose,
};

const nd_op nd_op_reduce_mean = {
  .name = "reduce_mean",
  .doc = "mean over axes; integers truncate toward 0; nan of none",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_LINEAR,
  .run = mean_run,
  .transpose = mean_transpose,
};

const nd_op nd_op_reduce_prod = {
  .name = "reduce_prod",
  .doc = "product over axes; 1 of none; gradients are right at zeros",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_VJP,
  .needs = 1 << 0 | ND_NEEDS_OUT,
  .run = prod_run,
  .vjp = prod_vjp,
  .jvp = prod_jvp,
};

const nd_op nd_op_reduce_max = {
  .name = "reduce_max",
  .doc = "largest over axes; nan wins; ties share the gradient; -inf of none",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_VJP,
  .needs = 1 << 0 | ND_NEEDS_OUT,
  .run = max_run,
  .vjp = extremum_vjp,
  .jvp = extremum_jvp,
};

const nd_op nd_op_reduce_min = {
  .name = "reduce_min",
  .doc = "smallest over axes; nan wins; ties share the gradient; inf of none",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_VJP,
  .needs = 1 << 0 | ND_NEEDS_OUT,
  .run = min_run,
  .vjp = extremum_vjp,
  .jvp = extremum_jvp,
};

const nd_op nd_op_reduce_any = {
  .name = "reduce_any",
  .doc = "true where one over the axes is true; false of none",
  SHARED,
  .dtypes = ND_BOOLS,
  .run = max_run,
};

const nd_op nd_op_reduce_all = {
  .name = "reduce_all",
  .doc = "true where all over the axes are true; true of none",
  SHARED,
  .dtypes = ND_BOOLS,
  .run = min_run,
};

const nd_op *const nd_ops_reduce[] = {
  &nd_op_reduce_sum, &nd_op_reduce_mean, &nd_op_reduce_prod, &nd_op_reduce_max,
  &nd_op_reduce_min, &nd_op_reduce_any,  &nd_op_reduce_all,  NULL,
};
