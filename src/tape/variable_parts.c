// tape/variable_parts.c: assigns parts of variables: ranges, and rows by
// position. Small changes are made in place where nobody else holds the value;
// others in a copy, which the variable adopts when it is whole.

#include <string.h>

#include "op/ranges.h"
#include "op/scatter.h"
#include "ops/entries.h"
#include "tape/variable.h"

// What writes to `out`: steps that run on the change.
typedef struct change {
  nd_tensor *out;
  const nd_tensor *x;  // put to the ranges
  nd_ranges ranges;
  nd_scatter scatter;
  bool (*next)(struct change *k, nd_step *step, int i);
} change;

static bool is_small(change *k)
{
  float cost = 0;
  nd_step step;
  for (int i = 0; cost <= ND_PATIENCE && k->next(k, &step, i); i++)
    cost += (float)step.units * step.cost + step.start;
  return cost <= ND_PATIENCE;
}

static bool run(nd_context *c, change *k, bool in_place)
{
  nd_step step;
  for (int i = 0; k->next(k, &step, i); i++) {
    if (in_place)
      nd_step_finish(c, &step, k);
    else if (!nd_step_run(c, &step, k, NULL))
      return false;
  }
  return true;
}

static nd_tensor *copy_value(const nd_variable *v)
{
  const nd_type type = nd_type_of(v->value);
  nd_tensor *copy = nd_tensor_make(v->context, &type);
  if (copy == NULL || nd_tensor_copy(v->value, copy->data))
    return copy;
  nd_tensor_release(copy);
  return NULL;
}

// `x` is what the change reads, of the `given` tensor.
static bool apply(nd_variable *v, change *k, const nd_tensor *x,
                  nd_tensor *given)
{
  const bool apart = x->block == NULL || x->block != v->value->block;
  if (!nd_variable_tell(v, given, false))
    return false;
  k->out = v->value;
  k->scatter.out = v->value->data;
  if (apart && !nd_tensor_is_shared(v->value) && is_small(k))
    return run(v->context, k, true);
  nd_tensor *copy = copy_value(v);
  if (copy == NULL)
    return false;
  k->out = copy;
  k->scatter.out = copy->data;
  if (run(v->context, k, false))
    return nd_variable_replace(v, copy);
  nd_tensor_release(copy);
  return false;
}

// ------------------------------------------------------------------ ranges --

static void put_units(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const change *k = what;
  nd_ranges_put(&k->ranges, k->x, k->out, from, to);
}

static bool next_put(change *k, nd_step *step, int i)
{
  const nd_ranges *r = &k->ranges;
  int64_t size = 1;
  for (int axis = 0; axis < r->rank; axis++)
    size *= r->shape[axis];
  const bool runs = r->rank > 0 && r->axis[k->out->rank - 1].step == 1;
  *step = (nd_step){ 0, size, runs ? .5F : 6, put_units };
  return i == 0;
}

static bool assign_part(nd_variable *v, const nd_value *ranges, nd_tensor *x)
{
  nd_context *c = v->context;
  change k = { .out = v->value, .x = x, .next = next_put };
  const nd_ranges *r = &k.ranges;
  if (!nd_ranges_find(c, ranges, v->value->rank, v->value->dims, &k.ranges) ||
      !nd_variable_takes(v, x))
    return false;
  if (!nd_broadcasts_to(x, r->rank, r->shape))
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "does not fit: the part is %s, the value is %s",
                   ND_SHAPE(r->rank, r->shape), ND_SHAPE(x->rank, x->dims));
  return nd_force(x) && apply(v, &k, x, x);
}

bool nd_variable_assign_part(nd_variable *v, const nd_value *ranges,
                             nd_tensor *x)
{
  if (v == NULL || x == NULL || !nd_context_ready(v->context))
    return false;
  const char *before = nd_context_enter(v->context, "assign");
  const bool ok = assign_part(v, ranges, x);
  nd_context_leave(v->context, before);
  return ok;
}

// -------------------------------------------------------------------- rows --

static void scatter_units(const void *what, void *shared, void *own,
                          int64_t from, int64_t to)
{
  nd_scatter_units(&((const change *)what)->scatter, from, to);
}

static bool next_scatter(change *k, nd_step *step, int i)
{
  const bool more = nd_scatter_step(&k->scatter, step, i);
  step->run = scatter_units;
  return more;
}

// `rows` have the shape of `positions` and of what is left of the variable
// without its first axes, `axes` of them.
static bool check_rows(const nd_variable *v, const nd_tensor *positions,
                       const nd_tensor *rows, int axes)
{
  const nd_tensor *value = v->value;
  bool fits = rows->rank == positions->rank + value->rank - axes;
  for (int i = 0; fits && i < rows->rank; i++) {
    const int own = i - positions->rank + axes;
    fits = rows->dims[i] ==
           (i < positions->rank ? positions->dims[i] : value->dims[own]);
  }
  return fits ||
         nd_fail(v->context, ND_BAD_ARGUMENT,
                 "shapes differ: the variable is %s, indices stand for %s of "
                 "its parts, updates are %s",
                 ND_SHAPE(value->rank, value->dims),
                 ND_SHAPE(positions->rank, positions->dims),
                 ND_SHAPE(rows->rank, rows->dims));
}

static bool check_way(const nd_variable *v, nd_scatter_way way)
{
  const nd_dtype dtype = (nd_dtype)v->value->dtype;
  return way == ND_SCATTER_UPDATE || nd_dtype_in(dtype, ND_NUMBERS) ||
         nd_fail(v->context, ND_BAD_ARGUMENT,
                 dtype == ND_BOOL ? "the variable must be numbers, got %s"
                                  : "the variable is %s, which is only stored",
                 nd_dtype_name(dtype));
}

// The first `axes` axes make the rows, at `positions` of which `rows` come.
static bool scatter(nd_variable *v, nd_scatter_way way, nd_tensor *positions,
                    nd_tensor *rows, int axes)
{
  nd_context *c = v->context;
  int64_t size = 1, run = 1;
  for (int i = 0; i < v->value->rank; i++)
    *(i < axes ? &size : &run) *= v->value->dims[i];
  if (!check_way(v, way) || !nd_variable_takes(v, rows) ||
      !check_rows(v, positions, rows, axes) || !nd_force(positions) ||
      !nd_force(rows) || !nd_scatter_check(c, way, positions, rows, size))
    return false;
  nd_tensor *dense = nd_tensor_dense(rows);
  if (dense == NULL)
    return false;
  change k = { .next = next_scatter,
               .scatter = { .way = way,
                            .positions = positions,
                            .rows = dense,
                            .size = size,
                            .run = run } };
  const bool ok = apply(v, &k, dense, rows);
  nd_tensor_release(dense);
  return ok;
}

static bool check_positions(const nd_variable *v, const nd_tensor *x)
{
  if (x->context != v->context)
    return nd_fail_foreign(v->context, "indices", 0);
  return nd_dtype_in((nd_dtype)x->dtype, ND_INTS) ||
         nd_fail(v->context, ND_BAD_ARGUMENT,
                 "indices must be integers, got %s",
                 nd_dtype_name((nd_dtype)x->dtype));
}

bool nd_variable_scatter_rows(nd_variable *v, nd_scatter_way way,
                              nd_tensor *positions, nd_tensor *rows)
{
  if (v == NULL || positions == NULL || rows == NULL ||
      !nd_context_ready(v->context) || !check_positions(v, positions))
    return false;
  return v->value->rank > 0
           ? scatter(v, way, positions, rows, 1)
           : nd_fail(v->context, ND_BAD_ARGUMENT, "the variable has no rows");
}

bool nd_variable_scatter_nd(nd_variable *v, nd_scatter_way way,
                            int64_t batch_dims, nd_tensor *indices,
                            nd_tensor *updates)
{
  if (v == NULL || indices == NULL || updates == NULL ||
      !nd_context_ready(v->context) || !check_positions(v, indices))
    return false;
  const nd_value attr[] = { nd_value_list(v->value->rank, v->value->dims),
                            nd_value_integer(batch_dims) };
  nd_tensor *at = nd_variable_compute(v->context, &nd_op_row_positions, 1,
                                      &indices, attr);
  if (at == NULL)
    return false;
  const int64_t axes = batch_dims + indices->dims[indices->rank - 1];
  const bool ok = scatter(v, way, at, updates, (int)axes);
  nd_tensor_release(at);
  return ok;
}

// Each position as a list of one index.
bool nd_variable_scatter_batches(nd_variable *v, nd_scatter_way way,
                                 nd_tensor *positions, nd_tensor *rows)
{
  if (v == NULL || positions == NULL || !nd_context_ready(v->context))
    return false;
  const int rank = positions->rank;
  int64_t shape[ND_MAX_RANK + 1], strides[ND_MAX_RANK + 1];
  if (rank == 0 || rank == ND_MAX_RANK)
    return nd_fail(v->context, ND_BAD_ARGUMENT, "indices are %s",
                   ND_SHAPE(rank, positions->dims));
  for (int i = 0; i <= rank; i++) {
    shape[i] = i < rank ? positions->dims[i] : 1;
    strides[i] = i < rank ? nd_strides(positions)[i] : 1;
  }
  if (!nd_force(positions))
    return false;
  nd_tensor *lists = nd_tensor_view(positions, rank + 1, shape, strides, 0);
  const bool ok = nd_variable_scatter_nd(v, way, rank - 1, lists, rows);
  nd_tensor_release(lists);
  return ok;
}

// ------------------------------------------------------------------- hosts --

bool nd_variable_assign_slice(nd_variable *v, const char *ranges, nd_tensor *x)
{
  nd_value value;
  if (v == NULL || ranges == NULL || x == NULL || !nd_context_ready(v->context))
    return false;
  nd_context *c = v->context;
  const char *before = nd_context_enter(c, "assign");
  const size_t bytes = nd_values_room(ranges) * sizeof(int64_t);
  int64_t *lists = nd_memory_new(c, bytes, ND_MEMORY_OBJECT);
  bool ok = lists != NULL;
  if (ok) {
    nd_values_start(&nd_op_slice, &value);
    ok = nd_values_parse(c, &nd_op_slice, &value, lists, ranges) &&
         assign_part(v, &value, x);
    nd_memory_free(c, lists, bytes, ND_MEMORY_OBJECT);
  }
  nd_context_leave(c, before);
  return ok;
}

bool nd_variable_scatter(nd_variable *v, const char *way, nd_tensor *indices,
                         nd_tensor *updates)
{
  if (v == NULL || way == NULL || indices == NULL || updates == NULL ||
      !nd_context_ready(v->context))
    return false;
  const char *before = nd_context_enter(v->context, "scatter");
  const nd_scatter_way found = nd_scatter_find(way);
  bool ok = found != ND_SCATTER_WAYS ||
            nd_fail(v->context, ND_BAD_ARGUMENT, "no such way: '%s'", way);
  ok = ok && nd_variable_scatter_nd(v, found, 0, indices, updates);
  nd_context_leave(v->context, before);
  return ok;
}
