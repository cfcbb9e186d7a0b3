// tape/slices.c: tensors that are sums of rows, made and taken apart by ops, so
// that tapes follow.

#include "tape/slices.h"

#include <string.h>

#include "op/integers.h"
#include "ops/rules.h"

// `x`, whose first `axes` are one after the other those of positions, with one
// axis in their place. Of the pool, or `x`.
static nd_tensor *as_list(nd_context *c, nd_tensor *x, int axes)
{
  if (axes == 1)
    return x;
  int64_t shape[ND_MAX_RANK] = { 1 };
  for (int i = 0; i < axes; i++)
    shape[0] *= x->dims[i];
  for (int i = axes; i < x->rank; i++)
    shape[1 + i - axes] = x->dims[i];
  return RESHAPE(x, 1 + x->rank - axes, shape);
}

static nd_tensor *list_values(nd_context *c, const nd_slices *s)
{
  return as_list(c, s->values, s->positions->rank);
}

static nd_tensor *list_positions(nd_context *c, const nd_slices *s)
{
  return as_list(c, s->positions, s->positions->rank);
}

nd_tensor *nd_slices_join(nd_context *c, nd_tensor *x, nd_tensor *y)
{
  const nd_slices *s = nd_slices_of(x), *t = nd_slices_of(y);
  const size_t mark = nd_pool_mark(c);
  nd_tensor *sum;
  if (s->positions->size + t->positions->size > 2 * x->dims[0]) {
    sum = nd_rule2(c, &nd_op_add, x, y);
  } else {
    nd_tensor *values[] = { list_values(c, s), list_values(c, t) };
    nd_tensor *at[] = { list_positions(c, s), list_positions(c, t) };
    for (int i = 0; i < 2 && s->positions->dtype != t->positions->dtype; i++)
      at[i] = CAST(at[i], ND_INT64);
    sum = UNGATHER(CONCAT(2, values, 1), CONCAT(2, at, 1), x->dims[0]);
  }
  sum = nd_tensor_keep(sum);
  nd_pool_drain(c, mark);
  return sum;
}

// ------------------------------------------------------- public functions --

// Positions from 1 for such as may count from the end.
static nd_tensor *count_from_1(nd_context *c, nd_tensor *positions,
                               int64_t size)
{
  int64_t bad;
  if (nd_integers_within(positions, 1, size, false, &bad))
    return positions;
  if (size > INT32_MAX)
    positions = CAST(positions, ND_INT64);
  if (positions == NULL)
    return NULL;
  nd_tensor *zero = nd_rule_number(c, positions, 0);
  nd_tensor *behind = nd_rule_number(c, positions, (double)size + 1);
  return IF(GT(zero, positions), ADD(positions, behind), positions);
}

static nd_tensor *find_values(nd_context *c, const nd_tensor *x)
{
  return list_values(c, nd_slices_of(x));
}

static nd_tensor *find_indices(nd_context *c, const nd_tensor *x)
{
  return count_from_1(c, list_positions(c, nd_slices_of(x)), x->dims[0]);
}

static nd_tensor *read(nd_tensor *x, const char *name,
                       nd_tensor *(*find)(nd_context *c, const nd_tensor *x))
{
  if (x == NULL || !nd_context_ready(x->context))
    return NULL;
  nd_context *c = x->context;
  const char *before = nd_context_enter(c, name);
  const size_t mark = nd_pool_mark(c);
  nd_tensor *found = NULL;
  if (nd_is_sliced(x))
    found = nd_tensor_keep(find(c, x));
  else
    nd_fail(c, ND_BAD_ARGUMENT, "this tensor is dense and has no slices");
  nd_pool_drain(c, mark);
  nd_context_leave(c, before);
  return found;
}

nd_tensor *nd_slices_values(nd_tensor *x)
{
  return read(x, "values", find_values);
}

nd_tensor *nd_slices_indices(nd_tensor *x)
{
  return read(x, "indices", find_indices);
}

// ------------------------------------------------------------------- making --

static bool check_dtypes(nd_context *c, const nd_tensor *values,
                         const nd_tensor *indices)
{
  const nd_dtype of_values = (nd_dtype)values->dtype;
  const nd_dtype of_indices = (nd_dtype)indices->dtype;
  if (indices->context != c)
    return nd_fail_foreign(c, "indices", 0);
  if (!nd_dtype_in(of_values, ND_NUMBERS))
    return nd_fail(c, ND_BAD_ARGUMENT, "values must be numbers, got %s",
                   nd_dtype_name(of_values));
  return nd_dtype_in(of_indices, ND_INTS) ||
         nd_fail(c, ND_BAD_ARGUMENT, "indices must be integers, got %s",
                 nd_dtype_name(of_indices));
}

static bool fail_shapes(nd_context *c, const nd_tensor *values,
                        const nd_tensor *indices, const nd_type *type)
{
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "shapes differ: values is %s, indices is %s, shape is %s",
                 ND_SHAPE(values->rank, values->dims),
                 ND_SHAPE(indices->rank, indices->dims),
                 ND_SHAPE(type->rank, type->shape));
}

// Whether `values` has a row like those of `type` for each of the indices.
static bool check_shapes(nd_context *c, const nd_tensor *values,
                         const nd_tensor *indices, const nd_type *type)
{
  const int lead = indices->rank;
  bool fits = type->rank >= 1 && values->rank == lead + type->rank - 1;
  for (int i = 0; fits && i < values->rank; i++)
    fits = values->dims[i] ==
           (i < lead ? indices->dims[i] : type->shape[1 + i - lead]);
  return (fits || fail_shapes(c, values, indices, type)) &&
         nd_sizes_check(c, type->rank, type->shape);
}

// The largest of the indices, which count from 1; 0 if there are none.
static bool find_largest(nd_context *c, nd_tensor *indices, int64_t *largest)
{
  int64_t bad = 0;
  double found = 0;
  if (!nd_integers_within(indices, 1, INT64_MAX, false, &bad))
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "index %lld needs the shape, which is not given",
                   (long long)bad);
  if (indices->size == 0) {
    *largest = 0;
    return true;
  }
  nd_tensor *most = nd_apply(c, &nd_op_reduce_max, 1, &indices, NULL);
  const bool ok = nd_tensor_item(most, &found);
  nd_tensor_release(most);
  *largest = (int64_t)found;
  return ok;
}

// The shape that is left out: rows up to the largest index.
static bool find_shape(nd_context *c, const nd_tensor *values,
                       nd_tensor *indices, nd_type *type)
{
  const int lead = indices->rank;
  *type = (nd_type){ .rank = 1 };
  if (lead > values->rank)
    return nd_fail(
      c, ND_BAD_ARGUMENT, "shapes differ: values is %s, indices is %s",
      ND_SHAPE(values->rank, values->dims), ND_SHAPE(lead, indices->dims));
  for (int i = lead; i < values->rank; i++)
    type->shape[type->rank++] = values->dims[i];
  return find_largest(c, indices, &type->shape[0]);
}

static nd_tensor *make(nd_context *c, nd_tensor *values, nd_tensor *indices,
                       nd_type *type, bool given)
{
  if (!check_dtypes(c, values, indices) || !nd_force(indices) ||
      (!given && !find_shape(c, values, indices, type)) ||
      !check_shapes(c, values, indices, type) ||
      !nd_integers_check_positions(c, indices, type->shape[0]))
    return NULL;
  const size_t mark = nd_pool_mark(c);
  nd_tensor *x = nd_tensor_keep(UNGATHER(values, indices, type->shape[0]));
  nd_pool_drain(c, mark);
  return x;
}

nd_tensor *nd_slices_new(nd_tensor *values, nd_tensor *indices, int rank,
                         const int64_t *dense_shape)
{
  if (values == NULL || indices == NULL || !nd_context_ready(values->context))
    return NULL;
  nd_context *c = values->context;
  const char *before = nd_context_enter(c, "IndexedSlices");
  nd_type type = { .rank = rank };
  nd_tensor *x = NULL;
  if (dense_shape != NULL && (rank < 0 || rank > ND_MAX_RANK))
    nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, got %d", ND_MAX_RANK, rank);
  else if (dense_shape != NULL && rank > 0)
    memcpy(type.shape, dense_shape, (size_t)rank * sizeof *type.shape);
  if (nd_error_code(c) == ND_OK)
    x = make(c, values, indices, &type, dense_shape != NULL);
  nd_context_leave(c, before);
  return x;
}
