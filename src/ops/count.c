// ops/count.c: how often values occur: bincount, confusion_matrix and
// histograms. What is counted gets the number of its bin, from 1, and rows of
// ones, or weights, are summed by these numbers.

#include <math.h>

#include "base/number.h"
#include "op/axes.h"
#include "ops/rules.h"

// A whole number of `x`, which it takes values of; false after an error.
static bool read(nd_tensor *x, int64_t *value)
{
  if (x == NULL || !nd_force(x))
    return false;
  *value = (int64_t)nd_tensor_first(x);
  return true;
}

// The dtype of counts: int32 if none is asked for.
static nd_dtype asked(const nd_value *dtype)
{
  return dtype->given ? (nd_dtype)dtype->integer : ND_INT32;
}

// The largest of values that count from 1; 0 of none, -1 after an error.
static int64_t find_most(nd_context *c, const char *name, nd_tensor *x)
{
  const nd_value all = { 0 };
  int64_t least = 1, most = 0;
  if (x == NULL || (x->size > 0 && (!read(MIN_OF(x, all), &least) ||
                                    !read(MAX_OF(x, all), &most))))
    return -1;
  if (least > 0)
    return most;
  return nd_fail(c, ND_BAD_ARGUMENT, "%s count from 1 here, got %lld", name,
                 (long long)least) -
         1;
}

// Sums of weights, or counts as that dtype, by bin: `ids` has one for each; 0
// is none.
static nd_tensor *sum_bins(nd_context *c, nd_tensor *ids, nd_tensor *weights,
                           nd_dtype dtype, int64_t bins)
{
  if (ids == NULL)
    return NULL;
  nd_tensor *ones = BROADCAST(CAST(NUMBER(ids, 1), dtype), 1, &ids->size);
  nd_tensor *rows = weights == NULL ? ones : RESHAPE(weights, 1, &ids->size);
  return SEGMENT_SUM(rows, RESHAPE(ids, 1, &ids->size), bins);
}

static bool check_weights(nd_context *c, const char *name, const nd_tensor *x,
                          const nd_tensor *weights)
{
  return weights == NULL || nd_same_shape(x, weights) ||
         nd_fail(c, ND_BAD_ARGUMENT, "shapes differ: %s is %s, weights is %s",
                 name, ND_SHAPE(x->rank, x->dims),
                 ND_SHAPE(weights->rank, weights->dims));
}

// ---------------------------------------------------------------- bincount --

enum { MINLENGTH, MAXLENGTH, BIN_DTYPE, BIN_AXIS, BIN_ATTRS };

static const nd_param bincount_params[] = {
  { "x", ND_TENSOR, .dtypes = ND_INTS },
  { "weights", ND_TENSOR, "nil" },
  { "minlength", ND_INTEGER, "nil" },
  { "maxlength", ND_INTEGER, "nil" },
  { "dtype", ND_WORD_DTYPE, "nil" },
  { "axis", ND_AXIS, "nil" },
  { 0 },
};

// How many rows are counted apart; -1 after an error.
static int64_t count_rows(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  if (!j->attr[BIN_AXIS].given)
    return 1;
  const int axis = nd_axis_infer(c, j, j->attr[BIN_AXIS].integer);
  if (axis < 0)
    return -1;
  if (x->rank > 2)
    return nd_fail(c, ND_BAD_ARGUMENT, "with an axis x has one or two, got %s",
                   ND_SHAPE(x->rank, x->dims)) -
           1;
  return axis == 1 ? x->dims[0] : 1;
}

static void bincount(nd_context *c, const nd_job *j)
{
  nd_tensor *x = CAST(j->in[0], ND_INT64), *weights = nd_job_in(j, 1);
  const nd_value *least = &j->attr[MINLENGTH], *most = &j->attr[MAXLENGTH];
  const int64_t rows = count_rows(c, j);
  if (rows < 0 || x == NULL || !check_weights(c, "x", x, weights))
    return;
  int64_t n = find_most(c, "values", x);
  if (n < 0)
    return;
  if (least->given && n < least->integer)
    n = least->integer;
  if (most->given && n > most->integer)
    n = most->integer < 0 ? 0 : most->integer;
  nd_tensor *zero = NUMBER(x, 0);
  nd_tensor *ids = IF(GT(x, NUMBER(x, (double)n)), zero, x);
  const int64_t shape[] = { rows, n };
  if (j->attr[BIN_AXIS].given && x->rank == 2 && rows == x->dims[0]) {
    nd_tensor *before = RESHAPE(COUNT(rows, n), 2, ((int64_t[]){ rows, 1 }));
    ids = IF(EQ(ids, zero), zero, ADD(ids, before));
    j->out[0] = RESHAPE(
      sum_bins(c, ids, weights, asked(&j->attr[BIN_DTYPE]), rows * n), 2,
      shape);
    return;
  }
  j->out[0] = sum_bins(c, ids, weights, asked(&j->attr[BIN_DTYPE]), n);
}

const nd_op nd_op_bincount = {
  .name = "bincount",
  .doc = "how often each of 1, 2 .. occurs in x, or the sums of their weights; "
         "up to the largest, at least minlength and at most maxlength of them; "
         "of each row alone if axis is the second",
  .params = bincount_params,
  .attrs = BIN_ATTRS,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = bincount,
  .low = -3,
  .high = 3,
  .cases = "{1 3 3 2} [4] minlength=5; {{1 2} {2 2}} [2 2] axis=2; {2 1} [2] "
           "maxlength=1; {} [0]",
};

// -------------------------------------------------------- confusion_matrix --

enum { NUM_CLASSES, CONFUSION_DTYPE, CONFUSION_ATTRS };

static const nd_param confusion_params[] = {
  { "labels", ND_TENSOR, .dtypes = ND_INTS },
  { "predictions", ND_TENSOR, .dtypes = ND_INTS },
  { "num_classes", ND_INTEGER, "nil" },
  { "weights", ND_TENSOR, "nil" },
  { "dtype", ND_WORD_DTYPE, "nil" },
  { 0 },
};

static bool check_class(nd_context *c, const char *name, int64_t most,
                        int64_t classes)
{
  return most <= classes ||
         nd_fail(c, ND_BAD_ARGUMENT, "%s must be within 1..%lld, got %lld",
                 name, (long long)classes, (long long)most);
}

static void confusion_matrix(nd_context *c, const nd_job *j)
{
  nd_tensor *labels = CAST(j->in[0], ND_INT64);
  nd_tensor *guesses = CAST(j->in[1], ND_INT64), *weights = nd_job_in(j, 2);
  if (labels == NULL || guesses == NULL)
    return;
  if (!nd_same_shape(labels, guesses)) {
    nd_fail(c, ND_BAD_ARGUMENT,
            "shapes differ: labels is %s, predictions is %s",
            ND_SHAPE(labels->rank, labels->dims),
            ND_SHAPE(guesses->rank, guesses->dims));
    return;
  }
  const int64_t label = find_most(c, "labels", labels);
  const int64_t guess = label < 0 ? -1 : find_most(c, "predictions", guesses);
  int64_t n = label > guess ? label : guess;
  if (guess < 0 || !check_weights(c, "labels", labels, weights))
    return;
  if (j->attr[NUM_CLASSES].given)
    n = j->attr[NUM_CLASSES].integer;
  if (!check_class(c, "labels", label, n) ||
      !check_class(c, "predictions", guess, n))
    return;
  nd_tensor *row = MUL(SUB(labels, NUMBER(labels, 1)),
                       NUMBER(labels, (double)n));
  const nd_dtype dtype = asked(&j->attr[CONFUSION_DTYPE]);
  const nd_type type = { .dtype = dtype, .rank = 2, .shape = { n, n } };
  const int64_t bins = nd_type_size(&type);
  if (bins < 0) {
    nd_fail(c, ND_BAD_ARGUMENT, "too large: %s", ND_SHAPE(2, type.shape));
    return;
  }
  j->out[0] = RESHAPE(sum_bins(c, ADD(row, guesses), weights, dtype, bins), 2,
                      type.shape);
}

const nd_op nd_op_confusion_matrix = {
  .name = "confusion_matrix",
  .doc =
    "how often each class, from 1, a row, was predicted as each, a column, "
    "or the sums of their weights",
  .params = confusion_params,
  .attrs = CONFUSION_ATTRS,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = confusion_matrix,
  .low = -3,
  .high = 3,
  .cases = "{1 3 3 2} {1 2 3 2} [4]; {1 1} {1 1} [2] num_classes=3",
};

// -------------------------------------------------------------- histograms --

enum { NBINS, FIXED_DTYPE, FIXED_ATTRS };

static const nd_param fixed_params[] = {
  { "values", ND_TENSOR },
  { "value_range", ND_TENSOR },
  { "nbins", ND_INTEGER, "100" },
  { "dtype", ND_WORD_DTYPE, "nil" },
  { 0 },
};

static bool check_bins(nd_context *c, int64_t bins)
{
  return bins > 0 || nd_fail(c, ND_BAD_ARGUMENT,
                             "the number of bins must be 1 or more, got %lld",
                             (long long)bins);
}

// The first bin takes what lies below, the last what lies above.
static nd_tensor *fixed_bins(nd_context *c, const nd_job *j)
{
  nd_tensor *x = CAST(j->in[0], ND_FLOAT64), *ends = CAST(j->in[1], ND_FLOAT64);
  const int64_t bins = j->attr[NBINS].integer;
  if (!check_bins(c, bins) || x == NULL || ends == NULL)
    return NULL;
  if (ends->rank != 1 || ends->dims[0] != 2) {
    nd_fail(c, ND_BAD_ARGUMENT, "value_range must be [2], got %s",
            ND_SHAPE(ends->rank, ends->dims));
    return NULL;
  }
  nd_tensor *low = PART(ends, 0, 1), *high = PART(ends, 0, 2);
  if (low == NULL || high == NULL || !nd_force(low) || !nd_force(high))
    return NULL;
  const double width = nd_tensor_first(high) - nd_tensor_first(low);
  if (!(width > 0 && width < INFINITY)) {
    nd_fail(c, ND_BAD_ARGUMENT,
            "value_range must rise, and be finite, got %s, %s",
            ND_NUMBER(nd_tensor_first(low)), ND_NUMBER(nd_tensor_first(high)));
    return NULL;
  }
  nd_tensor *share = DIV(SUB(x, low), SUB(high, low));
  nd_tensor *at = FLOOR(MUL(share, NUMBER(x, (double)bins)));
  at = ADD(at, NUMBER(x, 1));
  at = MAXIMUM(at, NUMBER(x, 1));
  at = MINIMUM(at, NUMBER(x, (double)bins));
  return CAST(IF(EQ(at, at), at, NUMBER(x, 0)), ND_INT64);
}

static void histogram_fixed_width_bins(nd_context *c, const nd_job *j)
{
  j->out[0] = CAST(fixed_bins(c, j), asked(&j->attr[FIXED_DTYPE]));
}

static void histogram_fixed_width(nd_context *c, const nd_job *j)
{
  j->out[0] = sum_bins(c, fixed_bins(c, j), NULL, asked(&j->attr[FIXED_DTYPE]),
                       j->attr[NBINS].integer);
}

const nd_op nd_op_histogram_fixed_width_bins = {
  .name = "histogram_fixed_width_bins",
  .doc =
    "the bin, from 1, of each value, of nbins of one width in value_range, "
    "[2]; what lies outside belongs to the first or the last; 0 of nan",
  .params = fixed_params,
  .attrs = FIXED_ATTRS,
  .dtypes = ND_NUMBERS,
  .compose = histogram_fixed_width_bins,
};

const nd_op nd_op_histogram_fixed_width = {
  .name = "histogram_fixed_width",
  .doc = "how many values each of nbins of one width in value_range, [2], has; "
         "what lies outside belongs to the first or the last; nan to none",
  .params = fixed_params,
  .attrs = FIXED_ATTRS,
  .dtypes = ND_NUMBERS,
  .compose = histogram_fixed_width,
};

static const char *const histogram_results[] = { "counts", "edges", NULL };
static const nd_param histogram_params[] = {
  { "x", ND_TENSOR },
  { "bins", ND_INTEGER, "10" },
  { "range", ND_TENSOR, "nil" },
  { 0 },
};

// The lowest and the highest of floats, or those of `range`; 0 and 1 of none.
// A range of one number is widened by a half to both sides.
static bool find_ends(nd_context *c, const nd_job *j, double *ends)
{
  nd_tensor *x = j->in[0], *range = nd_job_in(j, 1);
  const nd_value all = { 0 };
  ends[0] = 0;
  ends[1] = 1;
  if (range != NULL && (range->rank != 1 || range->dims[0] != 2))
    return nd_fail(c, ND_BAD_ARGUMENT, "range must be [2], got %s",
                   ND_SHAPE(range->rank, range->dims));
  if (range == NULL && x->size == 0)
    return true;
  nd_tensor *low = range != NULL ? PART(range, 0, 1) : MIN_OF(x, all);
  nd_tensor *high = range != NULL ? PART(range, 0, 2) : MAX_OF(x, all);
  if (low == NULL || high == NULL || !nd_force(low) || !nd_force(high))
    return false;
  ends[0] = nd_tensor_first(low);
  ends[1] = nd_tensor_first(high);
  if (ends[0] == ends[1]) {
    ends[0] -= .5;
    ends[1] += .5;
  }
  return (isfinite(ends[0]) && isfinite(ends[1]) && ends[0] < ends[1]) ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "the range must be finite and rise: %s, %s",
                 ND_NUMBER(ends[0]), ND_NUMBER(ends[1]));
}

// Of the last bin the upper edge is in it, too.
static void histogram(nd_context *c, const nd_job *j)
{
  const int64_t bins = j->attr[0].integer;
  double ends[2];
  if (!check_bins(c, bins) || !find_ends(c, j, ends))
    return;
  nd_tensor *x = RESHAPE(CAST(j->in[0], ND_FLOAT64), 1, &j->in[0]->size);
  const nd_value attr[] = { nd_value_integer(bins + 1), { .given = false } };
  nd_tensor *sides[] = { NUMBER(x, ends[0]), NUMBER(x, ends[1]) };
  nd_tensor *edges = nd_rule_apply(c, &nd_op_linspace, 2, sides, attr);
  nd_tensor *at = SEARCH(edges, x, true);
  nd_tensor *last = NUMBER(at, (double)bins);
  nd_tensor *one = NUMBER(at, 1), *none = NUMBER(at, 0);
  at = IF(EQ(x, sides[1]), last, SUB(at, one));
  at = IF(GT(at, last), none, at);
  j->out[0] = sum_bins(c, at, NULL, ND_INT64, bins);
  j->out[1] = CAST(edges, nd_dtype_in((nd_dtype)j->in[0]->dtype, ND_FLOATS)
                            ? (nd_dtype)j->in[0]->dtype
                            : ND_FLOAT32);
}

const nd_op nd_op_histogram = {
  .name = "histogram",
  .doc =
    "how many of x each of so many bins of one width has, and their edges; "
    "bins reach from the lowest to the highest, or over range, [2], "
    "outside of which nothing is counted",
  .params = histogram_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .results = histogram_results,
  .compose = histogram,
};

const nd_op *const nd_ops_count[] = {
  &nd_op_bincount,
  &nd_op_confusion_matrix,
  &nd_op_histogram_fixed_width_bins,
  &nd_op_histogram_fixed_width,
  &nd_op_histogram,
  NULL,
};
