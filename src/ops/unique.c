// ops/unique.c: the values that occur, each once, in the order in which they
// come first. Sorted, equals are neighbours, and the first of them is the one
// that came first.

#include "ops/rules.h"

static const char *const results[] = { "values", "indices", NULL };
static const char *const all_results[] = { "values", "indices", "counts",
                                           NULL };
static const nd_param params[] = {
  { "x", ND_TENSOR },
  { 0 },
};

static nd_tensor *order_of(nd_context *c, nd_tensor *x)
{
  return CAST(nd_rule1(c, &nd_op_argsort, x), ND_INT64);
}

static nd_tensor *plus_one(nd_context *c, nd_tensor *x)
{
  return x == NULL ? NULL : ADD(x, NUMBER(x, 1));
}

// The number of each of sorted values among those that differ, from 1.
static nd_tensor *number_groups(nd_context *c, nd_tensor *sorted)
{
  if (sorted == NULL || sorted->size < 2)
    return sorted == NULL ? NULL : plus_one(c, COUNT(sorted->size, 1));
  const int64_t n = sorted->size, one = 1;
  nd_tensor *differs = nd_rule2(c, &nd_op_not_equal,
                                SLICE_ALONG(sorted, 0, 2, n, 1),
                                SLICE_ALONG(sorted, 0, 1, n - 1, 1));
  nd_tensor *steps = CAST(differs, ND_INT64);
  nd_tensor *first = steps == NULL ? NULL
                                   : BROADCAST(NUMBER(steps, 1), 1, &one);
  nd_tensor *parts[] = { first, steps };
  return RUNNING_SUM(CONCAT(2, parts, 1), 0, false);
}

static void find_unique(nd_context *c, const nd_job *j, nd_dtype dtype,
                        nd_tensor **counts)
{
  nd_tensor *x = j->in[0];
  if (x->rank != 1) {
    nd_fail(c, ND_BAD_ARGUMENT, "x must have one axis, got %s",
            ND_SHAPE(x->rank, x->dims));
    return;
  }
  if (x->dtype == ND_BOOL)
    x = CAST(x, ND_UINT8);
  nd_tensor *order = order_of(c, x);
  nd_tensor *groups = number_groups(c, GATHER(x, order));
  if (groups == NULL || !nd_force(groups))
    return;
  const int64_t n = x->size;
  nd_tensor *end = n > 0 ? PART(groups, 0, n) : NULL;
  if (n > 0 && (end == NULL || !nd_force(end)))
    return;
  const int64_t m = n > 0 ? (int64_t)nd_tensor_first(end) : 0;
  nd_tensor *starts = SEARCH(groups, plus_one(c, COUNT(m, 1)), false);
  nd_tensor *firsts = GATHER(order, starts), *ranks = order_of(c, firsts);
  nd_tensor *rank = order_of(c, ranks);
  j->out[0] = GATHER(j->in[0], GATHER(firsts, ranks));
  nd_tensor *places = GATHER(GATHER(rank, groups), order_of(c, order));
  j->out[1] = CAST(places, dtype);
  if (counts != NULL && groups != NULL) {
    nd_tensor *ones = BROADCAST(NUMBER(groups, 1), 1, &n);
    *counts = CAST(GATHER(SEGMENT_SUM(ones, groups, m), ranks), dtype);
  }
}

static void unique(nd_context *c, const nd_job *j)
{
  find_unique(c, j, ND_INT32, NULL);
}

static void unique_with_counts(nd_context *c, const nd_job *j)
{
  find_unique(c, j, ND_INT32, &j->out[2]);
}

const nd_op nd_op_unique = {
  .name = "unique",
  .doc = "the values of x, [n], each once, first come first, and for each of x "
         "the int32 position of its value among them, from 1",
  .params = params,
  .dtypes = ND_VALUES,
  .results = results,
  .compose = unique,
};

const nd_op nd_op_unique_with_counts = {
  .name = "unique_with_counts",
  .doc = "what unique gives, and how often each value occurs",
  .params = params,
  .dtypes = ND_VALUES,
  .results = all_results,
  .compose = unique_with_counts,
};

const nd_op *const nd_ops_unique[] = { &nd_op_unique, &nd_op_unique_with_counts,
                                       NULL };
