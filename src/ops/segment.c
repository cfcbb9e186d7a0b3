// ops/segment.c: rows of the same id folded to one: means, products and
// extremes; sums of ids that rise. Ids count from 1; those below stand for no
// row where they need not rise.

#include <float.h>
#include <math.h>

#include "op/scatter.h"
#include "ops/rules.h"

enum { NUM_SEGMENTS = 0 };  // attribute

static const nd_param sorted_params[] = {
  { "x", ND_TENSOR },
  { "segment_ids", ND_TENSOR, .dtypes = ND_INTS },
  { 0 },
};
static const nd_param unsorted_params[] = {
  { "x", ND_TENSOR },
  { "segment_ids", ND_TENSOR, .dtypes = ND_INTS },
  { "num_segments", ND_INTEGER },
  { 0 },
};

// Rows [count ..] with the id of each, and how many rows each of `n` ids has,
// [n 1 ..] with as many axes.
typedef struct segments {
  nd_tensor *rows, *ids, *counts;
  int64_t n;
} segments;

static nd_tensor *as_column(nd_context *c, nd_tensor *x, int rank)
{
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < rank; i++)
    shape[i] = 1;
  if (x != NULL)
    shape[0] = x->size;
  return RESHAPE(x, rank, shape);
}

static bool check_ids(nd_context *c, const nd_tensor *x, const nd_tensor *ids)
{
  bool fits = ids->rank > 0 && ids->rank <= x->rank;
  for (int i = 0; fits && i < ids->rank; i++)
    fits = ids->dims[i] == x->dims[i];
  return fits ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "shapes differ: segment_ids is %s, x is %s",
                 ND_SHAPE(ids->rank, ids->dims), ND_SHAPE(x->rank, x->dims));
}

static bool begin(nd_context *c, const nd_job *j, int64_t n, segments *s)
{
  nd_tensor *x = j->in[0], *ids = j->in[1];
  int64_t shape[ND_MAX_RANK];
  const int rank = x->rank - ids->rank + 1;
  shape[0] = ids->size;
  for (int i = 1; i < rank; i++)
    shape[i] = x->dims[ids->rank + i - 1];
  s->n = n;
  s->rows = RESHAPE(x, rank, shape);
  s->ids = CAST(RESHAPE(ids, 1, &ids->size), ND_INT64);
  if (s->rows == NULL || s->ids == NULL)
    return false;
  nd_tensor *ones = BROADCAST(NUMBER(s->ids, 1), 1, &ids->size);
  s->counts = as_column(c, SEGMENT_SUM(ones, s->ids, n), rank);
  return s->counts != NULL;
}

// A whole number of the ids; false after an error.
static bool read(nd_tensor *x, int64_t *value)
{
  if (x == NULL || !nd_force(x))
    return false;
  *value = (int64_t)nd_tensor_first(x);
  return true;
}

// The last of ids that rise from 1 on, 0 of none; -1 after an error.
static int64_t last_id(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0], *ids = j->in[1];
  const int64_t n = ids->size;
  int64_t falls = 0, first, last;
  if (!check_ids(c, x, ids))
    return -1;
  if (ids->rank != 1)
    return nd_fail(c, ND_BAD_ARGUMENT, "segment_ids must have one axis, got %s",
                   ND_SHAPE(ids->rank, ids->dims)) -
           1;
  if (n == 0)
    return 0;
  if (n > 1) {
    nd_tensor *fall = GT(SLICE_ALONG(ids, 0, 1, n - 1, 1),
                         SLICE_ALONG(ids, 0, 2, n, 1));
    if (!read(SUM(CAST(fall, ND_INT64), (nd_value){ 0 }, DROP), &falls))
      return -1;
  }
  if (!read(PART(ids, 0, 1), &first) || !read(PART(ids, 0, n), &last))
    return -1;
  if (falls > 0 || first < 1)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   falls > 0 ? "segment_ids must not fall"
                             : "segment_ids count from 1 here") -
           1;
  return last;
}

// ------------------------------------------------------------------- folds --

typedef nd_tensor *fold(nd_context *c, const segments *s);

// Where rows go: those of no id behind all others.
static nd_tensor *places(nd_context *c, const segments *s, nd_tensor *ids)
{
  nd_tensor *one = NUMBER(ids, 1);
  return IF(GE(ids, one), ids, NUMBER(ids, (double)s->n + 1));
}

// `rows` put at the places of ids into rows of `value`.
static nd_tensor *put(nd_context *c, const segments *s, nd_tensor *rows,
                      nd_tensor *ids, nd_tensor *value, nd_scatter_way way)
{
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < s->rows->rank; i++)
    shape[i] = i == 0 ? s->n + 1 : s->rows->dims[i];
  nd_tensor *all = BROADCAST(value, s->rows->rank, shape);
  all = SCATTER(all, places(c, s, ids), rows, way);
  return s->n > 0 ? SLICE_ALONG(all, 0, 1, s->n, 1)
                  : SLICE_ALONG(all, 0, 2, 1, 1);
}

static nd_tensor *sum(nd_context *c, const segments *s)
{
  return SEGMENT_SUM(s->rows, s->ids, s->n);
}

static nd_tensor *mean(nd_context *c, const segments *s)
{
  nd_tensor *n = MAXIMUM(s->counts, NUMBER(s->counts, 1));
  return DIV(sum(c, s), CAST(n, (nd_dtype)s->rows->dtype));
}

static nd_tensor *sqrt_n(nd_context *c, const segments *s)
{
  nd_tensor *n = MAXIMUM(s->counts, NUMBER(s->counts, 1));
  return MUL(sum(c, s), RSQRT(CAST(n, (nd_dtype)s->rows->dtype)));
}

// The least or the most that the dtype of `like` has: of floats the infinities,
// or the finite ones.
static nd_tensor *farthest(nd_context *c, const nd_tensor *like, bool high,
                           bool finite)
{
  const nd_dtype dtype = (nd_dtype)like->dtype;
  const double most = dtype == ND_INT32     ? INT32_MAX
                      : dtype == ND_UINT8   ? UINT8_MAX
                      : !finite             ? INFINITY
                      : dtype == ND_FLOAT32 ? (double)FLT_MAX
                                            : DBL_MAX;
  nd_tensor *least = NUMBER(like, dtype == ND_INT64   ? -0x1p63
                                  : dtype == ND_INT32 ? INT32_MIN
                                  : dtype == ND_UINT8 ? 0
                                                      : -most);
  if (!high)
    return least;
  return dtype == ND_INT64 ? SUB(NUMBER(like, -1), least) : NUMBER(like, most);
}

static nd_tensor *max(nd_context *c, const segments *s)
{
  return put(c, s, s->rows, s->ids, farthest(c, s->rows, false, false),
             ND_SCATTER_MAX);
}

static nd_tensor *min(nd_context *c, const segments *s)
{
  return put(c, s, s->rows, s->ids, farthest(c, s->rows, true, false),
             ND_SCATTER_MIN);
}

// Of rows in the order of their ids each becomes the product of all up to it
// that have its id: where it is that of d rows, those of 2 d are at hand.
static nd_tensor *prod(nd_context *c, const segments *s)
{
  nd_tensor *order = nd_rule1(c, &nd_op_argsort, s->ids);
  nd_tensor *x = GATHER(s->rows, order), *ids = GATHER(s->ids, order);
  for (int64_t d = 1, n = s->ids->size; d < n && x != NULL && ids != NULL;
       d *= 2) {
    nd_tensor *later = SLICE_ALONG(x, 0, d + 1, n, 1);
    nd_tensor *both = MUL(SLICE_ALONG(x, 0, 1, n - d, 1), later);
    nd_tensor *same = EQ(SLICE_ALONG(ids, 0, 1, n - d, 1),
                         SLICE_ALONG(ids, 0, d + 1, n, 1));
    nd_tensor *parts[] = { SLICE_ALONG(x, 0, 1, d, 1),
                           IF(as_column(c, same, s->rows->rank), both, later) };
    x = CONCAT(2, parts, 1);
  }
  return x == NULL || ids == NULL
           ? NULL
           : put(c, s, x, ids, NUMBER(x, 1), ND_SCATTER_UPDATE);
}

// The fold of all ids; where one has no rows, `rest`.
static nd_tensor *fold_all(nd_context *c, const segments *s, fold *f,
                           nd_tensor *rest)
{
  return IF(EQ(s->counts, NUMBER(s->counts, 0)), rest, f(c, s));
}

static void fold_sorted(nd_context *c, const nd_job *j, fold *f,
                        nd_tensor *rest)
{
  segments s;
  const int64_t n = last_id(c, j);
  if (n >= 0 && begin(c, j, n, &s))
    j->out[0] = fold_all(c, &s, f, rest);
}

static void fold_unsorted(nd_context *c, const nd_job *j, fold *f,
                          nd_tensor *rest)
{
  segments s;
  const int64_t n = j->attr[NUM_SEGMENTS].integer;
  if (n < 0)
    nd_fail(c, ND_BAD_ARGUMENT, "num_segments is negative: %lld", (long long)n);
  else if (check_ids(c, j->in[0], j->in[1]) && begin(c, j, n, &s))
    j->out[0] = fold_all(c, &s, f, rest);
}

// ------------------------------------------------------------- the entries --

#define SORTED(name, rest)                                   \
  static void segment_##name(nd_context *c, const nd_job *j) \
  {                                                          \
    fold_sorted(c, j, name, rest);                           \
  }
#define UNSORTED(name, rest)                                  \
  static void unsorted_##name(nd_context *c, const nd_job *j) \
  {                                                           \
    fold_unsorted(c, j, name, rest);                          \
  }

SORTED(sum, NUMBER(j->in[0], 0))
SORTED(mean, NUMBER(j->in[0], 0))
SORTED(max, NUMBER(j->in[0], 0))
SORTED(min, NUMBER(j->in[0], 0))
SORTED(prod, NUMBER(j->in[0], 1))
UNSORTED(mean, NUMBER(j->in[0], 0))
UNSORTED(sqrt_n, NUMBER(j->in[0], 0))
UNSORTED(max, farthest(c, j->in[0], false, true))
UNSORTED(min, farthest(c, j->in[0], true, true))
UNSORTED(prod, NUMBER(j->in[0], 1))

#define BY_RISING                                                           \
  .params = sorted_params, .derivative = ND_COMPOSED, .low = .5, .high = 2, \
  .cases = "[4] {1 1 2 4}; [3 2] {1 2 2}; [0] {}"

#define BY_ANY                                                                 \
  .params = unsorted_params, .attrs = 1, .derivative = ND_COMPOSED, .low = .5, \
  .high = 2,                                                                   \
  .cases = "[4] {2 1 2 -1} num_segments=2; [3 2] {2 1 2} "                     \
           "num_segments=2; [0] {} num_segments=0"

const nd_op nd_op_segment_sum = {
  .name = "segment_sum",
  .doc = "sums of rows of the same id, which rises; 0 of none",
  BY_RISING,
  .dtypes = ND_NUMBERS,
  .compose = segment_sum,
};

const nd_op nd_op_segment_mean = {
  .name = "segment_mean",
  .doc = "means of rows of the same id, which rises; 0 of none",
  BY_RISING,
  .dtypes = ND_FLOATS,
  .compose = segment_mean,
};

const nd_op nd_op_segment_max = {
  .name = "segment_max",
  .doc = "largest of rows of the same id, which rises; ties share the "
         "gradient; 0 of none",
  BY_RISING,
  .dtypes = ND_NUMBERS,
  .compose = segment_max,
};

const nd_op nd_op_segment_min = {
  .name = "segment_min",
  .doc = "smallest of rows of the same id, which rises; ties share the "
         "gradient; 0 of none",
  BY_RISING,
  .dtypes = ND_NUMBERS,
  .compose = segment_min,
};

const nd_op nd_op_segment_prod = {
  .name = "segment_prod",
  .doc = "products of rows of the same id, which rises; 1 of none",
  BY_RISING,
  .dtypes = ND_NUMBERS,
  .compose = segment_prod,
};

const nd_op nd_op_unsorted_segment_mean = {
  .name = "unsorted_segment_mean",
  .doc = "means of rows of the same id, of which those below 1 are left out; 0 "
         "of none",
  BY_ANY,
  .dtypes = ND_FLOATS,
  .compose = unsorted_mean,
};

const nd_op nd_op_unsorted_segment_sqrt_n = {
  .name = "unsorted_segment_sqrt_n",
  .doc = "sums of rows of the same id, of which those below 1 are left out, "
         "over the square root of how many they are; 0 of none",
  BY_ANY,
  .dtypes = ND_FLOATS,
  .compose = unsorted_sqrt_n,
};

const nd_op nd_op_unsorted_segment_max = {
  .name = "unsorted_segment_max",
  .doc = "largest of rows of the same id, of which those below 1 are left out; "
         "ties share the gradient; of none the lowest finite number",
  BY_ANY,
  .dtypes = ND_NUMBERS,
  .compose = unsorted_max,
};

const nd_op nd_op_unsorted_segment_min = {
  .name = "unsorted_segment_min",
  .doc = "smallest of rows of the same id, of which those below 1 are left "
         "out; ties share the gradient; of none the highest finite number",
  BY_ANY,
  .dtypes = ND_NUMBERS,
  .compose = unsorted_min,
};

const nd_op nd_op_unsorted_segment_prod = {
  .name = "unsorted_segment_prod",
  .doc = "products of rows of the same id, of which those below 1 are left "
         "out; 1 of none",
  BY_ANY,
  .dtypes = ND_NUMBERS,
  .compose = unsorted_prod,
};

const nd_op *const nd_ops_segment[] = {
  &nd_op_segment_sum,
  &nd_op_segment_mean,
  &nd_op_segment_max,
  &nd_op_segment_min,
  &nd_op_segment_prod,
  &nd_op_unsorted_segment_mean,
  &nd_op_unsorted_segment_sqrt_n,
  &nd_op_unsorted_segment_max,
  &nd_op_unsorted_segment_min,
  &nd_op_unsorted_segment_prod,
  NULL,
};
