// ops/search.c: where values belong among sorted ones, and which are among the
// largest.

#include "base/cut.h"
#include "op/axes.h"
#include "ops/rules.h"

// ------------------------------------------------------------ searchsorted --

enum { SIDE, OUT_TYPE, ATTRS };  // attributes
enum { LEFT, RIGHT };            // words

static const char *const sides[] = { [LEFT] = "left", [RIGHT] = "right", NULL };
static const nd_param search_params[] = {
  { "sorted_sequence", ND_TENSOR },
  { "values", ND_TENSOR },
  { "side", ND_WORD, "left", .words = sides },
  { "out_type", ND_WORD_DTYPE, "int32" },
  { 0 },
};

static bool search_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *sorted = j->in[0], *values = j->in[1];
  bool fits = sorted->rank > 0 && sorted->rank == values->rank;
  for (int i = 0; i < sorted->rank - 1 && fits; i++)
    fits = sorted->dims[i] == values->dims[i];
  if (!fits)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "shapes differ before the last axis: sorted_sequence is %s, "
                   "values is %s",
                   ND_SHAPE(sorted->rank, sorted->dims),
                   ND_SHAPE(values->rank, values->dims));
  *out = nd_type_of(values);
  out->dtype = (nd_dtype)j->attr[OUT_TYPE].integer;
  return out->dtype == ND_INT32 || out->dtype == ND_INT64 ||
         nd_fail(c, ND_BAD_ARGUMENT, "out_type must be int32 or int64, got %s",
                 nd_dtype_name(out->dtype));
}

// How many of `n` are below `v`, or not above it. nan is above all others.
#define DEFINE_COUNT(label, type)                                         \
  static int64_t count_##label(const void *row, int64_t n, const void *p, \
                               bool right)                                \
  {                                                                       \
    const type *x = row, v = *(const type *)p;                            \
    int64_t low = 0, high = n;                                            \
    while (low < high) {                                                  \
      const int64_t at = low + (high - low) / 2;                          \
      const bool below = x[at] < v || (v != v && x[at] == x[at]);         \
      if (below || (right && !(v < x[at]) && (x[at] == x[at] || v != v))) \
        low = at + 1;                                                     \
      else                                                                \
        high = at;                                                        \
    }                                                                     \
    return low;                                                           \
  }

DEFINE_COUNT(float32, float)
DEFINE_COUNT(float64, double)
DEFINE_COUNT(int32, int32_t)
DEFINE_COUNT(int64, int64_t)
DEFINE_COUNT(uint8, uint8_t)

typedef int64_t count_below(const void *row, int64_t n, const void *p,
                            bool right);

static count_below *const counters[ND_DTYPES] = {
  [ND_FLOAT32] = count_float32, [ND_FLOAT64] = count_float64,
  [ND_INT32] = count_int32,     [ND_INT64] = count_int64,
  [ND_UINT8] = count_uint8,
};

static void search_run(const nd_job *j, int64_t from, int64_t to)
{
  const nd_tensor *sorted = j->in[0], *values = j->in[1], *y = j->out[0];
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)sorted->dtype);
  const int64_t n = sorted->dims[sorted->rank - 1];
  const int64_t each = values->dims[values->rank - 1];
  const bool right = j->attr[SIDE].integer == RIGHT;
  count_below *const count = counters[sorted->dtype];
  for (int64_t i = from; i < to; i++) {
    const char *row = nd_values(sorted) + i / each * n * width;
    const int64_t at = count(row, n, nd_values(values) + i * width, right) + 1;
    if (y->dtype == ND_INT32)
      ((int32_t *)(void *)y->data)[i] = (int32_t)at;
    else
      ((int64_t *)(void *)y->data)[i] = at;
  }
}

const nd_op nd_op_searchsorted = {
  .name = "searchsorted",
  .doc = "for each value the first position, from 1, along the last axis of "
         "sorted_sequence that is not below it, or, of side 'right', that is "
         "above it; one more than there are if none is",
  .params = search_params,
  .attrs = ATTRS,
  .dtypes = ND_NUMBERS,
  .infer = search_infer,
  .run = search_run,
  .dense = 1 << 0 | 1 << 1,
  .cost = 40,
  .picks = 1 << 0,
};

nd_tensor *nd_rule_search(nd_context *c, nd_tensor *sorted, nd_tensor *values,
                          bool above)
{
  const nd_value attr[] = { [SIDE] = nd_value_integer(above ? RIGHT : LEFT),
                            [OUT_TYPE] = nd_value_integer(ND_INT64) };
  return nd_rule_apply(c, &nd_op_searchsorted, 2,
                       (nd_tensor *[]){ sorted, values }, attr);
}

// ---------------------------------------------------------------- in_top_k --

static const nd_param top_params[] = {
  { "targets", ND_TENSOR, .dtypes = ND_INTS },
  { "predictions", ND_TENSOR },
  { "k", ND_INTEGER },
  { 0 },
};

// Of targets [n] and predictions [n classes]: fewer than k predictions of the
// row are above that of the target, and all are finite.
static void in_top_k(nd_context *c, const nd_job *j)
{
  nd_tensor *targets = j->in[0], *x = j->in[1];
  if (x->rank != 2 || targets->rank != 1 || targets->dims[0] != x->dims[0]) {
    nd_fail(c, ND_BAD_ARGUMENT,
            "targets must be [n], predictions [n classes]: they are %s and %s",
            ND_SHAPE(targets->rank, targets->dims), ND_SHAPE(x->rank, x->dims));
    return;
  }
  const int64_t n = x->dims[0], classes = x->dims[1];
  targets = CAST(targets, ND_INT64);
  nd_tensor *ids = BROADCAST(COUNT(classes, 1), 2, x->dims);
  ids = ADD(ids, NUMBER(ids, 1));
  nd_tensor *chosen = EQ(ids, RESHAPE(targets, 2, ((int64_t[]){ n, 1 })));
  nd_tensor *zero = NUMBER(x, 0), *one = NUMBER(x, 1);
  nd_tensor *value = SUM_ALONG(IF(chosen, x, zero), 2, KEEP);
  nd_tensor *bad = IF(nd_rule1(c, &nd_op_is_finite, x), zero, one);
  nd_tensor *known = SUM_ALONG(IF(chosen, one, zero), 2, DROP);
  nd_tensor *above = SUM_ALONG(IF(GT(x, value), one, zero), 2, DROP);
  nd_tensor *none = EQ(SUM_ALONG(bad, 2, DROP), zero);
  nd_tensor *within = GT(NUMBER(x, (double)j->attr[0].integer), above);
  j->out[0] = GT(IF(none, IF(within, known, zero), zero), zero);
}

const nd_op nd_op_in_top_k = {
  .name = "in_top_k",
  .module = "nn",
  .doc =
    "whether the prediction of each target, a class from 1, is among the k "
    "largest of its row, ties included; not where one is nan or inf",
  .params = top_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .compose = in_top_k,
};

const nd_op *const nd_ops_search[] = { &nd_op_searchsorted, &nd_op_in_top_k,
                                       NULL };
