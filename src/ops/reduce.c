// ops/reduce.c: folds over axes: sum, mean, product, maximum, minimum, any,
// all.
//
// Every result element is one fixed tree over its inputs, decided by the shape
// and the axes alone:
// - rows, when the last axis is folded: blocks of ND_BLOCK inputs, each over
//   lanes (kernel/reduce.h), then pairwise over blocks;
// - columns, when the last axis stays: GROUP rows are added up one by one, then
//   GROUP such groups, then those.

#include "kernel/reduce.h"

#include <string.h>

#include "kernel/convert.h"
#include "op/axes.h"
#include "ops/rules.h"
#include "tensor/walk.h"

ND_DECLARE_LEVELS(const nd_reduce_table, nd_reduce_table);

enum { AXES, KEEPDIMS };  // attributes

static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXES, "nil" },
  { "keepdims", ND_FLAG, "false" },
  { 0 },
};

enum { GROUP = 256, LEVELS_OF_PAIRS = 56 };

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  return nd_axes_infer(c, j->in[0], &j->attr[AXES], j->attr[KEEPDIMS].integer,
                       out);
}

// ---------------------------------------------------------------- folding --

// How the input is walked: [kept, folded] for rows, else [kept, folded, last].
typedef struct layout {
  nd_walk walk;
  int64_t folded;  // inputs of one output
  int64_t last;    // outputs side by side in columns; 1 for rows
  bool columns;
} layout;

// By rows if asked, whatever the axes.
static void plan(layout *l, nd_context *c, const nd_job *j, bool by_rows)
{
  const nd_tensor *x = j->in[0];
  const int set = nd_axes_resolve(c, &j->attr[AXES], x->rank);
  const int rank = x->rank;
  int axes[ND_MAX_RANK];
  int n = 0;
  int tail = rank;
  while (!by_rows && tail > 0 && !(set >> (tail - 1) & 1))
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

static bool fold_range(nd_context *c, const nd_job *j, nd_fold fold,
                       int64_t from, int64_t to)
{
  static const nd_reduce_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_reduce_table);
  const nd_reduce_kernels *k = &tables[c->level]->at[fold][j->in[0]->dtype];
  layout l;
  plan(&l, c, j, false);
  char *out = j->out[0]->data + from * (int64_t)l.walk.width;
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

#define RUN(name, fold)                                                \
  static bool name##_run(nd_context *c, const nd_job *j, int64_t from, \
                         int64_t to)                                   \
  {                                                                    \
    return fold_range(c, j, fold, from, to);                           \
  }

RUN(sum, ND_SUM)
RUN(prod, ND_PROD)
RUN(max, ND_MAX)
RUN(min, ND_MIN)

// Number of inputs of each output.
static int64_t count_folded(const nd_job *j)
{
  return j->out[0]->size > 0 ? j->in[0]->size / j->out[0]->size : 0;
}

// Holds the sum of any number of integers.
__extension__ typedef __int128 wide;

// The mean of the next l->folded integers, toward 0; 0 of none.
static int64_t mean_row(layout *l, nd_level level, nd_dtype dtype)
{
  wide sum = 0;
  int64_t raw[ND_BLOCK], block[ND_BLOCK];
  for (int64_t at = 0; at < l->folded; at += ND_BLOCK) {
    const int64_t left = l->folded - at;
    const int64_t n = left < ND_BLOCK ? left : ND_BLOCK;
    nd_walk_copy(&l->walk, n, raw);
    nd_convert(level, ND_INT64, dtype, n, block, raw);
    for (int64_t i = 0; i < n; i++)
      sum += block[i];
  }
  return l->folded > 0 ? (int64_t)(sum / l->folded) : 0;
}

static void mean_integers(nd_context *c, const nd_job *j, int64_t from,
                          int64_t to)
{
  const nd_dtype dtype = (nd_dtype)j->out[0]->dtype;
  layout l;
  plan(&l, c, j, true);
  nd_walk_seek(&l.walk, from * l.folded);
  char *out = j->out[0]->data + from * (int64_t)l.walk.width;
  for (int64_t i = from; i < to; i++, out += l.walk.width) {
    const int64_t mean = mean_row(&l, c->level, dtype);
    nd_convert(c->level, dtype, ND_INT64, 1, out, &mean);
  }
}

// The sum over its count.
static bool mean_run(nd_context *c, const nd_job *j, int64_t from, int64_t to)
{
  if (nd_dtype_in((nd_dtype)j->out[0]->dtype, ND_INTS)) {
    mean_integers(c, j, from, to);
    return true;
  }
  if (!fold_range(c, j, ND_SUM, from, to))
    return false;
  const int64_t n = count_folded(j);
  void *data = j->out[0]->data;
  for (int64_t i = from; i < to; i++) {
    if (j->out[0]->dtype == ND_FLOAT32)
      ((float *)data)[i] /= (float)n;
    else
      ((double *)data)[i] /= (double)n;
  }
  return true;
}

// ------------------------------------------------------------- derivatives --

extern const nd_op nd_op_reduce_sum;

nd_tensor *nd_rule_sum(nd_context *c, nd_tensor *x, nd_value axes, bool keep)
{
  const nd_value attr[] = {
    [AXES] = axes, [KEEPDIMS] = nd_value_integer(keep)
  };
  return nd_rule_apply(c, &nd_op_reduce_sum, 1, &x, attr);
}

nd_tensor *nd_rule_sum_along(nd_context *c, nd_tensor *x, int64_t axis,
                             bool keep)
{
  return SUM(x, nd_value_list(1, &axis), keep);
}

nd_tensor *nd_rule_sum_to(nd_context *c, nd_tensor *x, const nd_tensor *like)
{
  if (x == NULL || nd_same_shape(x, like))
    return x;
  int64_t axes[ND_MAX_RANK];
  int n = 0;
  const int missing = x->rank - like->rank;
  for (int i = 0; i < x->rank; i++) {
    if (i < missing || (like->dims[i - missing] == 1 && x->dims[i] != 1))
      axes[n++] = i + 1;
  }
  nd_tensor *sum = n > 0 ? SUM(x, nd_value_list(n, axes), DROP) : x;
  return RESHAPE(sum, like->rank, like->dims);
}

nd_tensor *nd_rule_keep_axes(nd_context *c, nd_tensor *y, const nd_tensor *x,
                             nd_value axes)
{
  const int set = nd_axes_resolve(c, &axes, x->rank);
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = set >> i & 1 ? 1 : x->dims[i];
  return RESHAPE(y, x->rank, shape);
}

nd_tensor *nd_rule_spread(nd_context *c, nd_tensor *y, const nd_tensor *x,
                          nd_value axes)
{
  return BROADCAST(KEEP_AXES(y, x, axes), x->rank, x->dims);
}

static void sum_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                          const bool *wanted, nd_tensor **gx)
{
  gx[0] = SPREAD(g[0], j->in[0], j->attr[AXES]);
}

static void mean_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                           const bool *wanted, nd_tensor **gx)
{
  nd_tensor *share = DIV(g[0], NUM((double)count_folded(j)));
  gx[0] = SPREAD(share, j->in[0], j->attr[AXES]);
}

// Shares of the inputs that attain the extremum: 1 / how many they are.
static nd_tensor *tie_shares(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0], *y = j->out[0];
  const nd_value axes = j->attr[AXES];
  nd_tensor *chosen = CAST(EQ(x, KEEP_AXES(y, x, axes)), (nd_dtype)y->dtype);
  return DIV(chosen, SUM(chosen, axes, KEEP));
}

static void extremum_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                         const bool *wanted, nd_tensor **gx)
{
  nd_tensor *kept = KEEP_AXES(g[0], j->in[0], j->attr[AXES]);
  gx[0] = CHAIN(kept, tie_shares(c, j));
}

static void extremum_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                         nd_tensor **ty)
{
  ty[0] = SUM(CHAIN(t[0], tie_shares(c, j)), j->attr[AXES],
              j->attr[KEEPDIMS].integer);
}

// Each input's derivative of the product: the product of all others.
static nd_tensor *others(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const nd_value axes = j->attr[AXES];
  return FROM_ROWS(OTHERS(AS_ROWS(x, x, axes)), x, axes);
}

static void prod_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                     const bool *wanted, nd_tensor **gx)
{
  gx[0] = CHAIN(KEEP_AXES(g[0], j->in[0], j->attr[AXES]), others(c, j));
}

static void prod_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                     nd_tensor **ty)
{
  ty[0] = SUM(CHAIN(t[0], others(c, j)), j->attr[AXES],
              j->attr[KEEPDIMS].integer);
}

// ------------------------------------------------------------- the entries --

#define CASES                                                               \
  "[3 4]; [3 4] axis=1; [2 3 4] axis=2 keepdims=true; [2 3 4] axis=[1 3]; " \
  "[]; [0 3] axis=2; [3 0] axis=1"

#define SHARED                                                        \
  .params = params, .attrs = 2, .infer = infer, .low = .5, .high = 2, \
  .cases = CASES

const nd_op nd_op_reduce_sum = {
  .name = "reduce_sum",
  .doc = "sum over axes, or over all of them; integers wrap; 0 of none",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_LINEAR,
  .run = sum_run,
  .transpose = sum_transpose,
};

const nd_op nd_op_reduce_mean = {
  .name = "reduce_mean",
  .doc = "mean over axes; nan of none; of integers exact, then toward 0",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_LINEAR,
  .run = mean_run,
  .transpose = mean_transpose,
};

const nd_op nd_op_reduce_prod = {
  .name = "reduce_prod",
  .doc = "product over axes; integers wrap; 1 of none",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_VJP,
  .needs = { 1 << 0 },
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
  .needs = { 1 << 0 | ND_NEEDS_OUT },
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
  .needs = { 1 << 0 | ND_NEEDS_OUT },
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
