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

// A long fold is cut where a subtree of that tree ends: so many inputs to a
// part.
enum { GROUP = 256, LEVELS_OF_PAIRS = 56, PART = GROUP * GROUP };

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
static void plan(layout *l, const nd_job *j, bool by_rows)
{
  const nd_tensor *x = j->in[0];
  const int set = nd_axes_set(&j->attr[AXES], x->rank);
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

// A fold of 2^i leaves in each slot i whose bit is set in their count.
typedef struct tree {
  const nd_reduce_kernels *k;
  size_t width;
  int64_t leaves;
  double slots[LEVELS_OF_PAIRS];
} tree;

static char *slot(tree *t, int i)
{
  return (char *)t->slots + (size_t)i * t->width;
}

// The slots stay as they are: none is read before it is set.
static void start_tree(tree *t, const nd_reduce_kernels *k, size_t width)
{
  t->k = k;
  t->width = width;
  t->leaves = 0;
}

// One more leaf, which is not kept.
static void add_leaf(tree *t, double *leaf)
{
  int i = 0;
  for (; t->leaves >> i & 1; i++) {
    t->k->merge(1, slot(t, i), leaf);
    memcpy(leaf, slot(t, i), t->width);
  }
  memcpy(slot(t, i), leaf, t->width);
  t->leaves++;
}

// Merges all that the tree holds into `out`.
static void join_leaves(tree *t, char *out)
{
  for (int i = 0; t->leaves >> i != 0; i++) {
    if (t->leaves >> i & 1)
      t->k->merge(1, out, slot(t, i));
  }
}

// Folds the next `n` inputs: a block at a time, blocks pairwise.
static void fold_row(layout *l, const nd_reduce_kernels *k, int64_t n,
                     char *out)
{
  tree t;
  double block[ND_BLOCK];
  start_tree(&t, k, l->walk.width);
  for (int64_t at = 0; at < n; at += ND_BLOCK) {
    const int64_t size = n - at < ND_BLOCK ? n - at : ND_BLOCK;
    double value;
    nd_walk_copy(&l->walk, size, block);
    k->run(size, &value, block);
    add_leaf(&t, &value);
  }
  k->run(0, out, l->walk.data);
  join_leaves(&t, out);
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
      fold_row(l, k, l->folded, out);
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

// Rows first..end-1 of `n` neighbouring outputs, from output `at` on, in
// columns: what a part of the fold gives.
static void fold_part_columns(layout *l, const nd_reduce_kernels *k, int64_t at,
                              int64_t n, int64_t first, int64_t end, char *out)
{
  const size_t width = l->walk.width;
  double row[ND_BLOCK], group[ND_BLOCK];
  const int64_t start = at / l->last * l->last * l->folded + at % l->last;
  for (int64_t r = first; r < end; r++) {
    nd_walk_seek(&l->walk, start + r * l->last);
    nd_walk_copy(&l->walk, n, row);
    add_row(k, n, width, group, row, r % GROUP == 0);
    if (r % GROUP == GROUP - 1 || r == end - 1)
      add_row(k, n, width, out, group, r - first < GROUP);
  }
}

// `n` neighbouring outputs in columns.
static void fold_columns(layout *l, const nd_reduce_kernels *k, int64_t at,
                         int64_t n, char *out)
{
  double part[ND_BLOCK];
  for (int64_t i = 0; i < n; i++)
    k->run(0, out + (size_t)i * l->walk.width, l->walk.data);
  for (int64_t first = 0; first < l->folded; first += PART) {
    const int64_t left = l->folded - first;
    const int64_t end = first + (left < PART ? left : PART);
    fold_part_columns(l, k, at, n, first, end, (char *)part);
    k->merge(n, out, part);
  }
}

static const nd_reduce_kernels *find_kernels(const nd_job *j, nd_fold fold)
{
  static const nd_reduce_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_reduce_table);
  const nd_tensor *x = j->in[0];
  return &tables[x->context->level]->at[fold][x->dtype];
}

// The outputs beside each other from `at` to `to`, a block of them at most.
static int64_t count_beside(const layout *l, int64_t at, int64_t to)
{
  const int64_t left = l->last - at % l->last;
  const int64_t n = to - at < left ? to - at : left;
  return n < ND_BLOCK ? n : ND_BLOCK;
}

// Elements from..to-1 of the result.
static void fold_range(const nd_job *j, nd_fold fold, int64_t from, int64_t to)
{
  const nd_reduce_kernels *k = find_kernels(j, fold);
  layout l;
  plan(&l, j, false);
  char *out = j->out[0]->data + from * (int64_t)l.walk.width;
  if (!l.columns) {
    fold_rows(&l, k, from, to, out);
    return;
  }
  for (int64_t at = from, n; at < to; at += n) {
    n = count_beside(&l, at, to);
    fold_columns(&l, k, at, n, out);
    out += (size_t)n * l.walk.width;
  }
}

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

static void mean_integers(const nd_job *j, int64_t from, int64_t to)
{
  const nd_dtype dtype = (nd_dtype)j->out[0]->dtype;
  const nd_level level = j->out[0]->context->level;
  layout l;
  plan(&l, j, true);
  nd_walk_seek(&l.walk, from * l.folded);
  char *out = j->out[0]->data + from * (int64_t)l.walk.width;
  for (int64_t i = from; i < to; i++, out += l.walk.width) {
    const int64_t mean = mean_row(&l, level, dtype);
    nd_convert(level, dtype, ND_INT64, 1, out, &mean);
  }
}

// Makes means of sums.
static void divide(const nd_job *j, int64_t from, int64_t to)
{
  const int64_t n = count_folded(j);
  void *data = j->out[0]->data;
  for (int64_t i = from; i < to; i++) {
    if (j->out[0]->dtype == ND_FLOAT32)
      ((float *)data)[i] /= (float)n;
    else
      ((double *)data)[i] /= (double)n;
  }
}

static bool is_integer(const nd_job *j)
{
  return nd_dtype_in((nd_dtype)j->out[0]->dtype, ND_INTS);
}

static void run_range(const nd_job *j, nd_fold fold, bool mean, int64_t from,
                      int64_t to)
{
  if (mean && is_integer(j)) {
    mean_integers(j, from, to);
    return;
  }
  fold_range(j, fold, from, to);
  if (mean)
    divide(j, from, to);
}

// ---------------------------------------------------------------- in parts --

// Of a long fold, parts are folded first: unit p * outputs + i is part p of
// output i, and leaves its fold in that place of the shared memory. Then,
// output by output, the parts are joined: rows as the leaves of the tree that
// they are, the last one first if it is no whole subtree.

static int64_t count_parts(const nd_job *j)
{
  return (count_folded(j) + PART - 1) / PART;
}

static void fold_parts(const nd_job *j, nd_fold fold, char *parts, int64_t from,
                       int64_t to)
{
  const nd_reduce_kernels *k = find_kernels(j, fold);
  const int64_t outs = j->out[0]->size;
  layout l;
  plan(&l, j, false);
  for (int64_t unit = from, n; unit < to; unit += n) {
    const int64_t first = unit / outs * PART, at = unit % outs;
    const int64_t left = l.folded - first;
    const int64_t size = left < PART ? left : PART;
    char *out = parts + unit * (int64_t)l.walk.width;
    n = 1;
    if (l.columns) {
      n = count_beside(&l, at,
                       at + (to - unit < outs - at ? to - unit : outs - at));
      fold_part_columns(&l, k, at, n, first, first + size, out);
    } else {
      nd_walk_seek(&l.walk, at * l.folded + first);
      fold_row(&l, k, size, out);
    }
  }
}

static void join_rows(const nd_job *j, const nd_reduce_kernels *k,
                      const char *parts, size_t width, int64_t i, char *out)
{
  const int64_t outs = j->out[0]->size, whole = count_folded(j) / PART;
  tree t;
  start_tree(&t, k, width);
  for (int64_t p = 0; p < whole; p++) {
    double leaf;
    memcpy(&leaf, parts + (size_t)(p * outs + i) * width, width);
    add_leaf(&t, &leaf);
  }
  if (whole < count_parts(j))
    memcpy(out, parts + (size_t)(whole * outs + i) * width, width);
  else
    k->run(0, out, out);
  join_leaves(&t, out);
}

static void join_parts(const nd_job *j, nd_fold fold, const char *parts,
                       int64_t from, int64_t to)
{
  const nd_reduce_kernels *k = find_kernels(j, fold);
  const int64_t outs = j->out[0]->size;
  layout l;
  plan(&l, j, false);
  const size_t width = l.walk.width;
  for (int64_t i = from; i < to; i++) {
    char *out = j->out[0]->data + (size_t)i * width;
    if (!l.columns) {
      join_rows(j, k, parts, width, i, out);
      continue;
    }
    k->run(0, out, out);
    for (int64_t p = 0; p < count_parts(j); p++)
      k->merge(1, out, parts + (size_t)(p * outs + i) * width);
  }
}

// Parts by run[0], then run[1].
static bool next_step(const nd_job *j, nd_units_run *const *run, nd_step *step,
                      int i)
{
  if (i >= 2)
    return false;
  const int64_t inputs[] = { PART, count_parts(j) };
  step->first = 0;
  step->units = j->out[0]->size * (i == 0 ? count_parts(j) : 1);
  step->cost = 1 + .5F * (float)inputs[i];
  step->run = run[i];
  return true;
}

// No work where there are no parts.
static nd_work plan_work(const nd_job *j, bool mean,
                         bool (*next)(const void *what, nd_step *step, int i))
{
  if (j->in[0]->size <= PART || count_parts(j) <= 1 || (mean && is_integer(j)))
    return (nd_work){ 0 };
  const size_t parts = (size_t)(j->out[0]->size * count_parts(j));
  return (nd_work){ .shared = parts * nd_dtype_size((nd_dtype)j->out[0]->dtype),
                    .next = next };
}

#define WORK(name, fold, mean)                                        \
  static void name##_run(const nd_job *j, int64_t from, int64_t to)   \
  {                                                                   \
    run_range(j, fold, mean, from, to);                               \
  }                                                                   \
  static void name##_parts(const void *j, void *shared, void *own,    \
                           int64_t from, int64_t to)                  \
  {                                                                   \
    fold_parts(j, fold, shared, from, to);                            \
  }                                                                   \
  static void name##_join(const void *j, void *shared, void *own,     \
                          int64_t from, int64_t to)                   \
  {                                                                   \
    join_parts(j, fold, shared, from, to);                            \
    if (mean)                                                         \
      divide(j, from, to);                                            \
  }                                                                   \
  static bool name##_next(const void *j, nd_step *step, int i)        \
  {                                                                   \
    static nd_units_run *const run[] = { name##_parts, name##_join }; \
    return next_step(j, run, step, i);                                \
  }                                                                   \
  static nd_work name##_work(const nd_job *j)                         \
  {                                                                   \
    return plan_work(j, mean, name##_next);                           \
  }

WORK(sum, ND_SUM, false)
WORK(prod, ND_PROD, false)
WORK(max, ND_MAX, false)
WORK(min, ND_MIN, false)
WORK(mean, ND_SUM, true)

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
  .work = sum_work,
  .transpose = sum_transpose,
};

const nd_op nd_op_reduce_mean = {
  .name = "reduce_mean",
  .doc = "mean over axes; nan of none; of integers exact, then toward 0",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_LINEAR,
  .run = mean_run,
  .work = mean_work,
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
  .work = prod_work,
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
  .work = max_work,
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
  .work = min_work,
  .vjp = extremum_vjp,
  .jvp = extremum_jvp,
};

const nd_op nd_op_reduce_any = {
  .name = "reduce_any",
  .doc = "true where one over the axes is true; false of none",
  SHARED,
  .dtypes = ND_BOOLS,
  .run = max_run,
  .work = max_work,
};

const nd_op nd_op_reduce_all = {
  .name = "reduce_all",
  .doc = "true where all over the axes are true; true of none",
  SHARED,
  .dtypes = ND_BOOLS,
  .run = min_run,
  .work = min_work,
};

const nd_op *const nd_ops_reduce[] = {
  &nd_op_reduce_sum, &nd_op_reduce_mean, &nd_op_reduce_prod, &nd_op_reduce_max,
  &nd_op_reduce_min, &nd_op_reduce_any,  &nd_op_reduce_all,  NULL,
};
