// ops/reduce.c: folds over axes: sum, mean, product, maximum, minimum, any,
// all.

#include "op/axes.h"
#include "op/fold.h"
#include "ops/rules.h"
#include "tensor/writer.h"

enum { AXES, KEEPDIMS };  // attributes

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  return nd_axes_infer(c, j->in[0], &j->attr[AXES], j->attr[KEEPDIMS].integer,
                       out);
}

// Number of inputs of each output.
static int64_t count_folded(const nd_job *j)
{
  return j->out[0]->size > 0 ? j->in[0]->size / j->out[0]->size : 0;
}

// Holds the sum of any number of integers.
__extension__ typedef __int128 wide;

// The sum of `n` integers from element `from` on.
static wide sum_integers(nd_folding *l, int64_t from, int64_t n)
{
  wide sum = 0;
  for (; n > 0; n -= ND_BLOCK, from += ND_BLOCK) {
    const int64_t size = n < ND_BLOCK ? n : ND_BLOCK;
    const int64_t *block = nd_reader_at(&l->reader, from, size);
    for (int64_t i = 0; i < size; i++)
      sum += block[i];
  }
  return sum;
}

// Means round toward 0; that of none is 0.
static void put_mean(const nd_job *j, int64_t i, wide sum)
{
  const int64_t n = count_folded(j), mean = n > 0 ? (int64_t)(sum / n) : 0;
  nd_writer w;
  nd_writer_start(&w, j->out[0], ND_INT64);
  nd_writer_put(&w, i, &mean);
}

static void mean_integers(const nd_job *j, int64_t from, int64_t to)
{
  nd_folding l;
  nd_tile tile;
  nd_fold_plan(&l, j->in[0], ND_INT64, &j->attr[AXES], true);
  nd_reader_use(&l.reader, &tile);
  for (int64_t i = from; i < to; i++)
    put_mean(j, i, sum_integers(&l, i * l.folded, l.folded));
}

// Makes a mean of the sum of `n` floats.
static void divide_one(nd_dtype dtype, int64_t n, void *sum)
{
  if (dtype == ND_FLOAT32)
    *(float *)sum /= (float)n;
  else
    *(double *)sum /= (double)n;
}

static void divide(const nd_job *j, int64_t from, int64_t to)
{
  const int64_t n = count_folded(j);
  const nd_dtype dtype = (nd_dtype)j->out[0]->dtype;
  for (int64_t i = from; i < to; i++)
    divide_one(dtype, n, j->out[0]->data + (size_t)i * nd_dtype_size(dtype));
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
  nd_fold_range(j, &j->attr[AXES], fold, from, to);
  if (mean)
    divide(j, from, to);
}

// ---------------------------------------------------------------- in parts --

static void run_parts(const nd_job *j, nd_fold fold, char *parts, int64_t from,
                      int64_t to)
{
  nd_fold_run_parts(j, &j->attr[AXES], fold, parts, from, to);
}

static void join_parts(const nd_job *j, nd_fold fold, bool mean,
                       const char *parts, int64_t from, int64_t to)
{
  nd_fold_join_parts(j, &j->attr[AXES], fold, parts, from, to);
  if (mean)
    divide(j, from, to);
}

// Of floats, and of integers that are not averaged.
static int64_t count_parts(const nd_job *j)
{
  return nd_fold_parts(j, &j->attr[AXES]);
}

// What an input takes, in nanoseconds; a mean widens integers first.
#define EACH .13F
#define EACH_INTEGER .5F

// Parts by run[0], then what they give by run[1], where an input takes `each`.
static bool next_step(const nd_job *j, int64_t parts, float each,
                      nd_units_run *const *run, nd_step *step, int i)
{
  const int64_t outs = j->out[0]->size;
  const int64_t units = i == 0 ? outs * parts : outs;
  const int64_t inputs = i == 0 ? j->in[0]->size : outs * parts;
  const size_t width = nd_dtype_size((nd_dtype)j->in[0]->dtype);
  if (i >= 2)
    return false;
  each = nd_moving_cost(each, (float)width, inputs);
  *step = (nd_step){
    .units = units,
    .cost = .5F + each * (float)inputs / (float)units,
    .run = run[i],
  };
  return true;
}

static int64_t count_row_parts(const nd_job *j)
{
  return nd_fold_row_parts(count_folded(j));
}

// Sums of integers, unit i * parts + p that of part p of output i; then means.
static void sum_parts_of_integers(const void *what, void *shared, void *own,
                                  int64_t from, int64_t to)
{
  const nd_job *j = what;
  const int64_t parts = count_row_parts(j), most = ND_FOLD_PART;
  wide *sums = shared;
  nd_folding l;
  nd_fold_plan(&l, j->in[0], ND_INT64, &j->attr[AXES], true);
  for (int64_t unit = from; unit < to; unit++) {
    const int64_t first = unit % parts * most, left = l.folded - first;
    sums[unit] = sum_integers(&l, unit / parts * l.folded + first,
                              left < most ? left : most);
  }
}

static void join_parts_of_integers(const void *what, void *shared, void *own,
                                   int64_t from, int64_t to)
{
  const nd_job *j = what;
  const wide *sums = shared;
  const int64_t parts = count_row_parts(j);
  for (int64_t i = from; i < to; i++) {
    wide sum = 0;
    for (int64_t p = 0; p < parts; p++)
      sum += sums[i * parts + p];
    put_mean(j, i, sum);
  }
}

static bool mean_integers_next(const void *j, nd_step *step, int i)
{
  static nd_units_run *const run[] = { sum_parts_of_integers,
                                       join_parts_of_integers };
  return next_step(j, count_row_parts(j), EACH_INTEGER, run, step, i);
}

// No work where there is just one part.
static nd_work plan_work(const nd_job *j, bool mean,
                         bool (*next)(const void *what, nd_step *step, int i))
{
  if (nd_fold_row_parts(j->in[0]->size) <= 1)
    return (nd_work){ 0 };
  const bool whole = mean && is_integer(j);
  const int64_t parts = whole ? count_row_parts(j) : count_parts(j);
  const size_t width = nd_dtype_size((nd_dtype)j->out[0]->dtype);
  if (parts <= 1)
    return (nd_work){ 0 };
  return (nd_work){
    .shared = (size_t)(j->out[0]->size * parts) *
              (whole ? sizeof(wide) : width),
    .next = whole ? mean_integers_next : next,
  };
}

#define WORK(name, fold, mean)                                        \
  static void name##_run(const nd_job *j, int64_t from, int64_t to)   \
  {                                                                   \
    run_range(j, fold, mean, from, to);                               \
  }                                                                   \
  static void name##_parts(const void *j, void *shared, void *own,    \
                           int64_t from, int64_t to)                  \
  {                                                                   \
    run_parts(j, fold, shared, from, to);                             \
  }                                                                   \
  static void name##_join(const void *j, void *shared, void *own,     \
                          int64_t from, int64_t to)                   \
  {                                                                   \
    join_parts(j, fold, mean, shared, from, to);                      \
  }                                                                   \
  static bool name##_next(const void *j, nd_step *step, int i)        \
  {                                                                   \
    static nd_units_run *const run[] = { name##_parts, name##_join }; \
    return next_step(j, count_parts(j), EACH, run, step, i);          \
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

nd_tensor *nd_rule_fold(nd_context *c, const nd_op *fold, nd_tensor *x,
                        nd_value axes, bool keep)
{
  const nd_value attr[] = {
    [AXES] = axes, [KEEPDIMS] = nd_value_integer(keep)
  };
  return nd_rule_apply(c, fold, 1, &x, attr);
}

nd_tensor *nd_rule_sum(nd_context *c, nd_tensor *x, nd_value axes, bool keep)
{
  return nd_rule_fold(c, &nd_op_reduce_sum, x, axes, keep);
}

nd_tensor *nd_rule_sum_along(nd_context *c, nd_tensor *x, int64_t axis,
                             bool keep)
{
  return SUM(x, nd_value_list(1, &axis), keep);
}

// Of few elements, for nobody who listens.
static nd_tensor *sum_all(nd_context *c, const nd_tensor *x)
{
  nd_tensor *sum = nd_scalar_make(c, (nd_dtype)x->dtype);
  if (sum != NULL)
    nd_fold_all(x, ND_SUM, sum->data);
  return nd_pool_add(c, sum);
}

nd_tensor *nd_rule_sum_to(nd_context *c, nd_tensor *x, const nd_tensor *like)
{
  if (x == NULL || nd_same_shape(x, like))
    return x;
  if (like->rank == 0 && nd_fold_is_short(x) && !nd_context_has_recorders(c))
    return sum_all(c, x);
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
  if (x == NULL)
    return NULL;
  const int set = nd_axes_resolve(c, &axes, x->rank);
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = set >> i & 1 ? 1 : x->dims[i];
  return RESHAPE(y, x->rank, shape);
}

nd_tensor *nd_rule_spread(nd_context *c, nd_tensor *y, const nd_tensor *x,
                          nd_value axes)
{
  if (y == NULL || x == NULL)
    return NULL;
  nd_tensor *kept = y->rank == 0 ? y : KEEP_AXES(y, x, axes);
  return BROADCAST(kept, x->rank, x->dims);
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

// Of more than one part: along rows, along columns, and along both.
#define LONG_CASES "[2 140000] axis=2; [2 140000]; [70000 3] axis=1; [131072]"

#define SHARED                                                                \
  .params = nd_fold_params, .attrs = 2, .infer = infer, .low = .5, .high = 2, \
  .cases = CASES, .long_cases = LONG_CASES

static const nd_reduction sum_reduction = { .fold = ND_SUM };
static const nd_reduction mean_reduction = { ND_SUM, divide_one };
static const nd_reduction prod_reduction = { .fold = ND_PROD };
static const nd_reduction max_reduction = { .fold = ND_MAX };
static const nd_reduction min_reduction = { .fold = ND_MIN };

const nd_op nd_op_reduce_sum = {
  .name = "reduce_sum",
  .doc = "sum over axes, or over all of them; integers wrap; 0 of none",
  SHARED,
  .dtypes = ND_NUMBERS,
  .derivative = ND_LINEAR,
  .run = sum_run,
  .work = sum_work,
  .reduction = &sum_reduction,
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
  .reduction = &mean_reduction,
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
  .reduction = &prod_reduction,
  .vjp = prod_vjp,
  .jvp = prod_jvp,
  .jvp_within_needs = true,
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
  .reduction = &max_reduction,
  .vjp = extremum_vjp,
  .jvp = extremum_jvp,
  .jvp_within_needs = true,
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
  .reduction = &min_reduction,
  .vjp = extremum_vjp,
  .jvp = extremum_jvp,
  .jvp_within_needs = true,
};

const nd_op nd_op_reduce_any = {
  .name = "reduce_any",
  .doc = "true where one over the axes is true; false of none",
  SHARED,
  .dtypes = ND_BOOLS,
  .run = max_run,
  .work = max_work,
  .reduction = &max_reduction,
};

const nd_op nd_op_reduce_all = {
  .name = "reduce_all",
  .doc = "true where all over the axes are true; true of none",
  SHARED,
  .dtypes = ND_BOOLS,
  .run = min_run,
  .work = min_work,
  .reduction = &min_reduction,
};

const nd_op *const nd_ops_reduce[] = {
  &nd_op_reduce_sum, &nd_op_reduce_mean, &nd_op_reduce_prod, &nd_op_reduce_max,
  &nd_op_reduce_min, &nd_op_reduce_any,  &nd_op_reduce_all,  NULL,
};
