// ops/moments.c: mean and variance over axes, in one pass.
//
// Blocks of inputs give a sum, and the sum of the squares of what lies between
// them and their mean. These are put together pairwise (Chan, Golub, LeVeque),
// in the one tree of kernel/tree.h and in float64, so that a large mean does
// not take the digits of a small variance. Long folds run in parts that are
// subtrees.

#include "kernel/tree.h"
#include "op/axes.h"
#include "op/fold.h"
#include "ops/rules.h"

enum { AXES, KEEPDIMS };  // attributes
enum { MEAN, VARIANCE };  // outputs
enum { PART = ND_FOLD_PART };

ND_DECLARE_LEVELS(const nd_reduce_table, nd_reduce_table);

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

static int64_t count_parts(const nd_job *j)
{
  return nd_fold_row_parts(count_folded(j));
}

// Of some inputs: how many, their sum, the sum of squares about their mean.
typedef struct moments {
  double n, sum, squares;
} moments;

// `l` becomes what it and `m` have together.
static void join(moments *l, const moments *m)
{
  if (m->n == 0)
    return;
  if (l->n == 0) {
    *l = *m;
    return;
  }
  const double gap = m->sum / m->n - l->sum / l->n;
  l->squares += m->squares + gap * gap * (l->n * m->n / (l->n + m->n));
  l->sum += m->sum;
  l->n += m->n;
}

static void join_slots(void *slots, int into, int from)
{
  moments *slot = slots;
  moments both = slot[from];
  join(&both, &slot[into]);
  slot[into] = both;
}

// What reads the inputs of a job.
typedef struct reader {
  nd_folding fold;
  void (*sum)(int64_t n, void *out, const void *in);
} reader;

static void start(reader *r, const nd_job *j)
{
  static const nd_reduce_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_reduce_table);
  const nd_tensor *x = j->in[0];
  nd_fold_plan(&r->fold, x, ND_FLOAT64, &j->attr[AXES], true);
  r->sum = tables[x->context->level]->at[ND_SUM][ND_FLOAT64].run;
}

// The next `n` inputs, a block at most.
static moments read_block(reader *r, int64_t n)
{
  double squares[ND_BLOCK];
  moments m = { .n = (double)n };
  const double *x = nd_reader_next(&r->fold.reader, n);
  r->sum(n, &m.sum, x);
  const double mean = m.sum / m.n;
  for (int64_t i = 0; i < n; i++)
    squares[i] = (x[i] - mean) * (x[i] - mean);
  r->sum(n, &m.squares, squares);
  return m;
}

// The next `n` inputs, a block at a time.
static moments read_inputs(reader *r, int64_t n)
{
  moments slots[ND_TREE_SLOTS];
  int64_t leaf = 0;
  for (int64_t at = 0; at < n; at += ND_BLOCK, leaf++) {
    const int64_t size = n - at < ND_BLOCK ? n - at : ND_BLOCK;
    slots[nd_tree_slot(leaf)] = read_block(r, size);
    nd_tree_add(leaf, join_slots, slots);
  }
  return leaf > 0 ? slots[nd_tree_end(leaf, join_slots, slots)]
                  : (moments){ 0 };
}

static void give(const nd_job *j, int64_t i, moments m)
{
  const double mean = m.sum / m.n, variance = m.squares / m.n;
  if (j->out[MEAN]->dtype == ND_FLOAT32) {
    ((float *)(void *)j->out[MEAN]->data)[i] = (float)mean;
    ((float *)(void *)j->out[VARIANCE]->data)[i] = (float)variance;
  } else {
    ((double *)(void *)j->out[MEAN]->data)[i] = mean;
    ((double *)(void *)j->out[VARIANCE]->data)[i] = variance;
  }
}

// Outputs from..to-1, of folds of one part.
static void run_outputs(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const nd_job *j = what;
  reader r;
  start(&r, j);
  nd_reader_seek(&r.fold.reader, from * r.fold.folded);
  for (int64_t i = from; i < to; i++)
    give(j, i, read_inputs(&r, r.fold.folded));
}

// ---------------------------------------------------------------- in parts --

// Unit i * parts + p is part p of output i.
static void run_parts(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_job *j = what;
  const int64_t parts = count_parts(j);
  moments *part = shared;
  reader r;
  start(&r, j);
  for (int64_t unit = from; unit < to; unit++) {
    const int64_t first = unit % parts * PART, left = r.fold.folded - first;
    nd_reader_seek(&r.fold.reader, unit / parts * r.fold.folded + first);
    part[unit] = read_inputs(&r, left < PART ? left : PART);
  }
}

static void join_parts(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_job *j = what;
  const int64_t parts = count_parts(j);
  const moments *part = shared;
  for (int64_t i = from; i < to; i++) {
    moments slots[ND_TREE_SLOTS];
    for (int64_t p = 0; p < parts; p++) {
      slots[nd_tree_slot(p)] = part[i * parts + p];
      nd_tree_add(p, join_slots, slots);
    }
    give(j, i, slots[nd_tree_end(parts, join_slots, slots)]);
  }
}

static bool next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const int64_t outs = j->out[MEAN]->size, parts = count_parts(j);
  const float inputs = (float)count_folded(j);
  const nd_step steps[] = {
    { .units = outs * parts,
      .cost = 100 + 2 * inputs / (float)parts,
      .run = run_parts },
    { .units = outs, .cost = 10 + 10 * (float)parts, .run = join_parts },
  };
  if (parts > 1 && i < 2)
    *step = steps[i];
  else
    *step = (nd_step){ .units = outs,
                       .cost = 100 + 2 * inputs,
                       .run = run_outputs };
  return i < (parts > 1 ? 2 : 1);
}

static nd_work work(const nd_job *j)
{
  const int64_t parts = count_parts(j);
  const size_t units = parts > 1 ? (size_t)(j->out[MEAN]->size * parts) : 0;
  return (nd_work){ .shared = units * sizeof(moments), .next = next };
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
  .low = -2,
  .high = 2,
  .cases = "[3 4]; [3 4] axis=1; [2 3 4] axis=2 keepdims=true; "
           "[2 3 4] axis=[1 3]; []; [0 3] axis=2; [3 0] axis=1; [3] axis=[]",
  .long_cases = "[2 140000] axis=2; [2 140000]; [70000 3] axis=1",
};

const nd_op *const nd_ops_moments[] = { &nd_op_moments, NULL };
