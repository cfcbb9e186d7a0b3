// ops/moments.c: mean and variance over axes, in one pass.
//
// Blocks of inputs, of a row or of columns (op/fold.h), give sums, and sums of
// the squares of what lies between them and their mean. These are put together
// (Chan, Golub, LeVeque) in float64: blocks pairwise, in the one tree of
// kernel/tree.h, to parts, and parts one by one. So a large mean does not take
// the digits of a small variance.

#include <string.h>

#include "base/cut.h"
#include "kernel/moments.h"
#include "kernel/tree.h"
#include "op/axes.h"
#include "op/fold.h"
#include "ops/rules.h"
#include "tensor/writer.h"

enum { AXES, KEEPDIMS };  // attributes
enum { MEAN, VARIANCE };  // outputs

enum {
  SLOTS = 8,                           // of the tree of a part
  ROW_PART = ND_BLOCK << (SLOTS - 1),  // inputs
  ROWS = 32,                           // of a block of columns
  COLUMN_PART = ROWS << (SLOTS - 1),   // rows
  COLUMNS = 128,                       // that are walked together, at most
  ROOM = ROWS * COLUMNS
};

ND_DECLARE_LEVELS(const nd_moments_table, nd_moments_table);

static const char *const results[] = { "mean", "variance", NULL };

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!nd_axes_infer(c, j->in[0], &j->attr[AXES], j->attr[KEEPDIMS].integer,
                     &out[MEAN]))
    return false;
  out[VARIANCE] = out[MEAN];
  return true;
}

// Number of inputs of each output.
static int64_t count_folded(const nd_job *j)
{
  return j->out[MEAN]->size > 0 ? j->in[0]->size / j->out[MEAN]->size : 0;
}

// ---------------------------------------------------------------- the tree --

// Of `n` inputs of each of some columns: their sums, and the sums of squares
// about their means.
typedef struct moments {
  double n;
  double sum[COLUMNS], squares[COLUMNS];
} moments;

// Takes in those of `n` others.
static void join(int64_t columns, moments *l, double n, const double *sum,
                 const double *squares)
{
  const double weight = l->n * n / (l->n + n);
  for (int64_t i = 0; i < columns; i++) {
    const double gap = sum[i] / n - l->sum[i] / l->n;
    l->squares[i] += squares[i] + gap * gap * weight;
    l->sum[i] += sum[i];
  }
  l->n += n;
}

typedef struct tree {
  int64_t columns;
  int64_t blocks;
  moments slots[SLOTS];
} tree;

static void join_slots(void *slots, int into, int from)
{
  tree *t = slots;
  const moments *m = &t->slots[from];
  join(t->columns, &t->slots[into], m->n, m->sum, m->squares);
}

static void start_tree(tree *t, int64_t columns)
{
  t->columns = columns;
  t->blocks = 0;
}

// Where the next block of `n` inputs goes; it is taken in by add_block.
static moments *next_block(tree *t, int64_t n)
{
  moments *m = &t->slots[nd_tree_slot(t->blocks)];
  m->n = (double)n;
  return m;
}

static void add_block(tree *t)
{
  nd_tree_add(t->blocks++, join_slots, t);
}

static void end_tree(tree *t, double *sum, double *squares)
{
  const size_t bytes = (size_t)t->columns * sizeof *sum;
  const moments *m = &t->slots[nd_tree_end(t->blocks, join_slots, t)];
  memcpy(sum, m->sum, bytes);
  memcpy(squares, m->squares, bytes);
}

// ------------------------------------------------------------------ inputs --

typedef struct source {
  const nd_moments_kernels *k;
  nd_folding fold;
  int64_t width;
  int64_t most;  // inputs that are loaded together, at most
  union {
    double room[ROOM];  // of either dtype
    nd_tile tile;       // of rows whose inputs lie across
  };
} source;

static void start(source *s, const nd_job *j)
{
  static const nd_moments_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_moments_table);
  const nd_tensor *x = j->in[0];
  s->k = &tables[x->context->level]->at[x->dtype];
  nd_fold_plan(&s->fold, x, (nd_dtype)x->dtype, &j->attr[AXES], false);
  s->width = (int64_t)s->fold.reader.width;
  if (!s->fold.columns)
    nd_reader_use(&s->fold.reader, &s->tile);
  s->most = s->fold.reader.tile != NULL ? ND_BLOCK : ROOM;
}

// Inputs from..from+n-1, `most` at most unless they lie so.
static const char *load(source *s, int64_t from, int64_t n)
{
  const char *place = nd_reader_place(&s->fold.reader);
  if (place != NULL)
    return place + from * s->width;
  if (s->fold.reader.tile != NULL)
    return nd_reader_at(&s->fold.reader, from, n);
  nd_reader_seek(&s->fold.reader, from);
  nd_walk_copy(&s->fold.reader.walk, n, s->room);
  return (const char *)s->room;
}

// Rows of `n` inputs, the first of them at `from`, which are `step` apart.
static const char *load_rows(source *s, int64_t from, int64_t rows, int64_t n,
                             int64_t *step)
{
  const int64_t apart = s->fold.last;
  nd_walk *walk = &s->fold.reader.walk;
  const char *in;
  int64_t stride;
  if (nd_walk_rows(walk, from, n, apart, &in, &stride) >= rows) {
    *step = stride / s->width;
    return in;
  }
  for (int64_t r = 0; r < rows; r++) {
    nd_walk_seek(walk, from + r * apart);
    nd_walk_copy(walk, n, (char *)s->room + r * n * s->width);
  }
  *step = n;
  return (const char *)s->room;
}

// Short rows of `n` inputs, the first of them at `from`.
static void fold_short(source *s, int64_t from, int64_t rows, int64_t n,
                       double *sum, double *squares)
{
  const char *in = load(s, from, rows * n);
  for (int64_t r = 0; r < rows; r++, in += n * s->width)
    s->k->run(n, &sum[r], &squares[r], in);
}

// Part of a row: `n` inputs from `from` on.
static void fold_row(source *s, int64_t from, int64_t n, double *sum,
                     double *squares)
{
  tree t;
  start_tree(&t, 1);
  const char *in = NULL;
  for (int64_t at = 0; at < n; at += ND_BLOCK, in += ND_BLOCK * s->width) {
    const int64_t size = nd_least(n - at, ND_BLOCK);
    if (at % s->most == 0)
      in = load(s, from + at, nd_least(n - at, s->most));
    moments *m = next_block(&t, size);
    s->k->run(size, m->sum, m->squares, in);
    add_block(&t);
  }
  end_tree(&t, sum, squares);
}

// Rows first..first+rows-1 of `n` neighbouring outputs in columns, from `at`.
static void fold_columns(source *s, int64_t at, int64_t n, int64_t first,
                         int64_t rows, double *sum, double *squares)
{
  const int64_t last = s->fold.last;
  const int64_t base = at / last * last * s->fold.folded + at % last;
  tree t;
  start_tree(&t, n);
  for (int64_t r = first; r < first + rows; r += ROWS) {
    const int64_t size = nd_least(first + rows - r, ROWS);
    int64_t step;
    const char *in = load_rows(s, base + r * last, size, n, &step);
    moments *m = next_block(&t, size);
    s->k->columns(size, n, step, m->sum, m->squares, in);
    add_block(&t);
  }
  end_tree(&t, sum, squares);
}

// `n` inputs, from number `first` on, of output `at` and of some behind it, of
// which there are `outs`; returns of how many, COLUMNS at most.
static int64_t fold_some(source *s, int64_t at, int64_t outs, int64_t first,
                         int64_t n, double *sum, double *squares)
{
  const int64_t most = nd_least(outs, COLUMNS);
  if (n == 0) {
    memset(sum, 0, (size_t)most * sizeof *sum);
    memset(squares, 0, (size_t)most * sizeof *squares);
    return most;
  }
  if (s->fold.columns) {
    fold_columns(s, at, most, first, n, sum, squares);
    return most;
  }
  if (n > ND_BLOCK || n != s->fold.folded) {
    fold_row(s, at * s->fold.folded + first, n, sum, squares);
    return 1;
  }
  const int64_t some = nd_least(most, s->most / n);
  fold_short(s, at * n, some, n, sum, squares);
  return some;
}

// ----------------------------------------------------------------- outputs --

// Means of so many sums, to outputs `apart` from each other.
static void give(const nd_job *j, int which, int64_t first, int64_t apart,
                 int64_t some, const double *sum)
{
  nd_writer w;
  const double n = (double)count_folded(j);
  nd_writer_start(&w, j->out[which], ND_FLOAT64);
  nd_writer_seek(&w, first);
  double *y = nd_writer_next(&w), value;
  for (int64_t i = 0; i < some && apart == 1; i++)
    y[i] = sum[i] / n;
  if (apart == 1)
    nd_writer_done(&w, some);
  for (int64_t i = 0; i < some && apart > 1; i++) {
    value = sum[i] / n;
    nd_writer_put(&w, first + i * apart, &value);
  }
}

// Outputs from..to-1, of folds of one part.
static void run_outputs(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const nd_job *j = what;
  double sum[COLUMNS], squares[COLUMNS];
  source s;
  start(&s, j);
  const int64_t apart = s.fold.between;
  nd_outputs o = { .from = from, .to = to };
  while (nd_fold_next(&s.fold, &o)) {
    for (int64_t i = 0, n; i < o.n; i += n) {
      n = fold_some(&s, o.at + i, o.n - i, 0, s.fold.folded, sum, squares);
      give(j, MEAN, o.first + i * apart, apart, n, sum);
      give(j, VARIANCE, o.first + i * apart, apart, n, squares);
    }
  }
}

static int64_t size_of_part(const nd_folding *l)
{
  return l->columns ? COLUMN_PART : ROW_PART;
}

static int64_t count_parts(const nd_job *j)
{
  nd_folding l;
  nd_fold_plan(&l, j->in[0], (nd_dtype)j->in[0]->dtype, &j->attr[AXES], false);
  return nd_parts(l.folded, size_of_part(&l));
}

// Inputs first..first+n-1 of outputs from..to-1, the first of which is to be at
// `sum`.
static void fold_outputs(source *s, int64_t from, int64_t to, int64_t first,
                         int64_t n, double *sum, double *squares)
{
  const int64_t apart = s->fold.between;
  double some[2][COLUMNS];
  nd_outputs o = { .from = from, .to = to };
  while (nd_fold_next(&s->fold, &o)) {
    for (int64_t i = 0, outs; i < o.n; i += outs) {
      outs = fold_some(s, o.at + i, o.n - i, first, n, some[0], some[1]);
      for (int64_t k = 0; k < outs; k++) {
        const int64_t place = o.first - from + (i + k) * apart;
        sum[place] = some[0][k];
        squares[place] = some[1][k];
      }
    }
  }
}

// Unit p * outputs + i is part p of output i: sums of all, then squares.
static void run_parts(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_job *j = what;
  const int64_t outs = j->out[MEAN]->size;
  double *sum = shared, *squares = sum + outs * count_parts(j);
  source s;
  start(&s, j);
  const int64_t most = size_of_part(&s.fold);
  for (int64_t unit = from, n; unit < to; unit += n) {
    const int64_t first = unit / outs * most, at = unit % outs;
    n = nd_least(outs - at, to - unit);
    fold_outputs(&s, at, at + n, first, nd_least(s.fold.folded - first, most),
                 sum + unit, squares + unit);
  }
}

static void join_parts(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_job *j = what;
  const int64_t outs = j->out[MEAN]->size, parts = count_parts(j);
  const double *sum = shared, *squares = sum + outs * parts;
  nd_folding l;
  nd_fold_plan(&l, j->in[0], (nd_dtype)j->in[0]->dtype, &j->attr[AXES], false);
  const int64_t most = size_of_part(&l);
  for (int64_t at = from, n; at < to; at += n) {
    n = nd_least(to - at, COLUMNS);
    moments all = { .n = (double)most };
    memcpy(all.sum, sum + at, (size_t)n * sizeof *sum);
    memcpy(all.squares, squares + at, (size_t)n * sizeof *sum);
    for (int64_t p = 1; p < parts; p++)
      join(n, &all, (double)nd_least(l.folded - p * most, most),
           sum + p * outs + at, squares + p * outs + at);
    give(j, MEAN, at, 1, n, all.sum);
    give(j, VARIANCE, at, 1, n, all.squares);
  }
}

static bool next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const int64_t outs = j->out[MEAN]->size, parts = count_parts(j);
  const float inputs = .4F * (float)count_folded(j);
  const nd_step steps[] = {
    { .units = outs * parts,
      .cost = 5 + inputs / (float)parts,
      .run = run_parts },
    { .units = outs, .cost = 5 + 3 * (float)parts, .run = join_parts },
  };
  if (parts > 1 && i < 2)
    *step = steps[i];
  else
    *step = (nd_step){ .units = outs, .cost = 5 + inputs, .run = run_outputs };
  return i < (parts > 1 ? 2 : 1);
}

static nd_work work(const nd_job *j)
{
  const int64_t parts = count_parts(j);
  const size_t units = parts > 1 ? (size_t)(j->out[MEAN]->size * parts) : 0;
  return (nd_work){ .shared = 2 * units * sizeof(double), .next = next };
}

// ------------------------------------------------------------- derivatives --

// How far each input lies from its mean.
static nd_tensor *centred(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  return SUB(x, KEEP_AXES(j->out[MEAN], x, j->attr[AXES]));
}

static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  nd_tensor *x = j->in[0];
  const nd_value axes = j->attr[AXES];
  const double n = (double)count_folded(j);
  nd_tensor *by_mean = NULL, *by_variance = NULL;
  if (g[MEAN] != NULL)
    by_mean = SPREAD(DIV(g[MEAN], NUM(n)), x, axes);
  if (g[VARIANCE] != NULL) {
    nd_tensor *share = DIV(g[VARIANCE], NUM(n / 2));
    by_variance = CHAIN(KEEP_AXES(share, x, axes), centred(c, j));
  }
  gx[0] = ADD_ANY(by_mean, by_variance);
}

static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  const nd_value axes = j->attr[AXES];
  const bool keep = j->attr[KEEPDIMS].integer;
  const double n = (double)count_folded(j);
  ty[MEAN] = DIV(SUM(t[0], axes, keep), NUM(n));
  ty[VARIANCE] = DIV(SUM(CHAIN(t[0], centred(c, j)), axes, keep), NUM(n / 2));
}

nd_tensor *nd_rule_variance(nd_context *c, nd_tensor *x, const nd_value *attr)
{
  nd_tensor *out[2];
  const bool ok = nd_rule_all(c, &nd_op_moments, 1, &x, attr, out);
  return ok ? out[VARIANCE] : NULL;
}

const nd_op nd_op_moments = {
  .name = "moments",
  .module = "nn",
  .doc = "mean and variance over axes, or over all of them; the variance is "
         "that of a population; nan of none",
  .params = nd_fold_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { 1 << 0 | ND_NEEDS_OUT },
  .results = results,
  .infer = infer,
  .work = work,
  .vjp = vjp,
  .jvp = jvp,
  .jvp_within_needs = true,
  .low = -2,
  .high = 2,
  .cases = "[3 4]; [3 4] axis=1; [2 3 4] axis=2 keepdims=true; "
           "[2 3 4] axis=[1 3]; []; [0 3] axis=2; [3 0] axis=1; [3] axis=[]",
  .long_cases = "[2 140000] axis=2; [2 140000]; [70000 3] axis=1",
};

const nd_op *const nd_ops_moments[] = { &nd_op_moments, NULL };
