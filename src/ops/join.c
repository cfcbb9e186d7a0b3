// ops/join.c: lists of tensors joined along an axis that they have (concat) or
// along a new one (stack).

#include "base/cut.h"
#include "kernel/move.h"
#include "op/axes.h"
#include "ops/rules.h"
#include "tensor/walk.h"

enum { AXIS };             // attribute
enum { CACHE = 1 << 14 };  // bytes

static const nd_param concat_params[] = {
  { "values", ND_TENSORS },
  { "axis", ND_AXIS },
  { 0 },
};
static const nd_param stack_params[] = {
  { "values", ND_TENSORS },
  { "axis", ND_AXIS, "1" },
  { 0 },
};

static bool fail_shapes(nd_context *c, const nd_job *j, int i)
{
  return nd_fail(c, ND_BAD_ARGUMENT, "shapes differ: %s and %s",
                 ND_SHAPE(j->in[0]->rank, j->in[0]->dims),
                 ND_SHAPE(j->in[i]->rank, j->in[i]->dims));
}

static bool concat_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (j->n == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "needs at least one tensor");
  *out = nd_type_of(j->in[0]);
  const int axis = nd_axis_infer(c, j, j->attr[AXIS].integer);
  if (axis < 0)
    return false;
  for (int i = 1; i < j->n; i++) {
    const nd_tensor *x = j->in[i];
    if (x->rank != out->rank)
      return fail_shapes(c, j, i);
    for (int k = 0; k < x->rank; k++) {
      if (k != axis && x->dims[k] != out->shape[k])
        return fail_shapes(c, j, i);
    }
    int64_t *size = &out->shape[axis];
    if (__builtin_add_overflow(*size, x->dims[axis], size))
      return nd_fail(c, ND_BAD_ARGUMENT, "too large");
  }
  return true;
}

static bool stack_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (j->n == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "needs at least one tensor");
  const nd_tensor *first = j->in[0];
  if (first->rank == ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes", ND_MAX_RANK);
  const int axis = nd_axis_resolve(c, j->attr[AXIS].integer, first->rank + 1);
  if (axis < 0)
    return false;
  for (int i = 1; i < j->n; i++) {
    if (!nd_same_shape(first, j->in[i]))
      return fail_shapes(c, j, i);
  }
  *out = nd_type_of(first);
  for (int i = out->rank; i > axis; i--)
    out->shape[i] = out->shape[i - 1];
  out->shape[axis] = j->n;
  out->rank++;
  return true;
}

// The result as rows, each made of one run from every input.
typedef struct layout {
  int64_t row, rows;  // elements of a row; how many there are
  int64_t width;      // bytes of an element
} layout;

// `axis` is where the runs start.
static layout see_rows(const nd_job *j, int axis)
{
  const nd_tensor *out = j->out[0];
  layout l = { .row = 1,
               .width = (int64_t)nd_dtype_size((nd_dtype)out->dtype) };
  for (int i = axis; i < out->rank; i++)
    l.row *= out->dims[i];
  l.rows = l.row > 0 ? out->size / l.row : 0;
  return l;
}

// Elements from..to-1 of one row.
static void join_part(const nd_job *j, const layout *l, int64_t r, int64_t from,
                      int64_t to)
{
  char *out = j->out[0]->data + r * l->row * l->width;
  int64_t before = 0;
  for (int i = 0; i < j->n && before < to; i++) {
    const int64_t run = j->in[i]->size / l->rows;
    const int64_t first = from > before ? from : before;
    const int64_t end = nd_least(before + run, to);
    if (first < end) {
      nd_walk walk;
      nd_walk_start(&walk, j->in[i], r * run + first - before);
      nd_walk_copy(&walk, end - first, out + first * l->width);
    }
    before += run;
  }
}

// Runs r..r+n-1 of an input, to where these rows want them.
static void join_runs(const nd_tensor *x, const layout *l, int64_t r, int64_t n,
                      char *out)
{
  const int64_t run = x->size / l->rows, apart = l->row * l->width;
  if (x->dense) {
    nd_move_rows(n, run * l->width, nd_values(x) + r * run * l->width,
                 run * l->width, out, apart);
    return;
  }
  nd_walk walk;
  nd_walk_start(&walk, x, r * run);
  for (int64_t i = 0; i < n; i++)
    nd_walk_copy(&walk, run, out + i * apart);
}

// Whole rows, so many at a time that these stay in the first cache.
static void join_rows(const nd_job *j, const layout *l, int64_t from,
                      int64_t to)
{
  const int64_t bytes = l->row * l->width, few = 1 + CACHE / bytes;
  for (int64_t r = from; r < to; r += few) {
    char *out = j->out[0]->data + r * bytes;
    for (int i = 0; i < j->n; i++) {
      join_runs(j->in[i], l, r, nd_least(to - r, few), out);
      out += j->in[i]->size / l->rows * l->width;
    }
  }
}

// A part of a row, whole rows, and another part.
static void join(const nd_job *j, int axis, int64_t from, int64_t to)
{
  const layout l = see_rows(j, axis);
  if (l.rows == 0)
    return;
  const int64_t first = nd_parts(from, l.row), last = to / l.row;
  if (first > last) {
    join_part(j, &l, last, from - last * l.row, to - last * l.row);
    return;
  }
  if (first * l.row > from)
    join_part(j, &l, first - 1, from - (first - 1) * l.row, l.row);
  join_rows(j, &l, first, last);
  if (last * l.row < to)
    join_part(j, &l, last, 0, to - last * l.row);
}

static void concat_run(const nd_job *j, int64_t from, int64_t to)
{
  const int rank = j->out[0]->rank;
  join(j, nd_axis_place(j->attr[AXIS].integer, rank), from, to);
}

static nd_tensor *apply_along(nd_context *c, const nd_op *op, int n,
                              nd_tensor *const *x, int64_t axis)
{
  const nd_value attr[] = { [AXIS] = nd_value_integer(axis) };
  return nd_rule_apply(c, op, n, x, attr);
}

nd_tensor *nd_rule_concat(nd_context *c, int n, nd_tensor *const *x,
                          int64_t axis)
{
  return apply_along(c, &nd_op_concat, n, x, axis);
}

nd_tensor *nd_rule_stack(nd_context *c, int n, nd_tensor *const *x,
                         int64_t axis)
{
  return apply_along(c, &nd_op_stack, n, x, axis);
}

static void concat_transpose(nd_context *c, const nd_job *j,
                             nd_tensor *const *g, const bool *wanted,
                             nd_tensor **gx)
{
  const int axis = nd_axis_resolve(c, j->attr[AXIS].integer, g[0]->rank);
  int64_t before = 0;
  for (int i = 0; i < j->n; i++) {
    const int64_t size = j->in[i]->dims[axis];
    if (wanted[i] && size == 0)
      gx[i] = ZEROS(j->in[i]);
    else if (wanted[i])
      gx[i] = SLICE_ALONG(g[0], axis, before + 1, before + size, 1);
    before += size;
  }
}

static void stack_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                            const bool *wanted, nd_tensor **gx)
{
  const int axis = nd_axis_resolve(c, j->attr[AXIS].integer, g[0]->rank);
  for (int i = 0; i < j->n; i++) {
    if (wanted[i])
      gx[i] = PART(g[0], axis, i + 1);
  }
}

const nd_op nd_op_concat = {
  .name = "concat",
  .doc = "tensors one after the other along an axis that they have",
  .params = concat_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = concat_infer,
  .run = concat_run,
  .transpose = concat_transpose,
  .low = -3,
  .high = 3,
  .cases = "[2 3] [1 3] axis=1; [2 1] [2 3] [2 0] axis=-1; [0] [0] axis=1",
};

const nd_op nd_op_stack = {
  .name = "stack",
  .doc = "tensors of one shape along a new axis",
  .params = stack_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = stack_infer,
  .run = concat_run,
  .transpose = stack_transpose,
  .low = -3,
  .high = 3,
  .cases = "[] [] []; [2 3] [2 3] axis=2; [0] [0] axis=-1",
};

const nd_op *const nd_ops_join[] = { &nd_op_concat, &nd_op_stack, NULL };
