// ops/join.c: lists of tensors joined along an axis that they have (concat) or
// along a new one (stack).

#include "op/axes.h"
#include "op/rule.h"
#include "tensor/walk.h"

static const nd_param concat_params[] = {
  { "values", ND_TENSORS, NULL, 0 },
  { "axis", ND_AXIS, NULL, 0 },
  { 0 },
};
static const nd_param stack_params[] = {
  { "values", ND_TENSORS, NULL, 0 },
  { "axis", ND_AXIS, "1", 0 },
  { 0 },
};

static bool fail_shapes(nd_context *c, const nd_args *a, int i)
{
  return nd_fail(c, ND_BAD_ARGUMENT, "shapes differ: %s and %s",
                 ND_SHAPE(a->in[0]->rank, a->in[0]->dims),
                 ND_SHAPE(a->in[i]->rank, a->in[i]->dims));
}

static bool concat_infer(nd_context *c, const nd_args *a, nd_type *out)
{
  if (a->n == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "needs at least one tensor");
  *out = nd_type_of(a->in[0]);
  if (out->rank == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "needs an axis, values are []");
  const int axis = nd_axis_resolve(c, a->attr[0].integer, out->rank);
  if (axis < 0)
    return false;
  for (int i = 1; i < a->n; i++) {
    const nd_tensor *x = a->in[i];
    if (x->rank != out->rank)
      return fail_shapes(c, a, i);
    for (int j = 0; j < x->rank; j++) {
      if (j != axis && x->dims[j] != out->shape[j])
        return fail_shapes(c, a, i);
    }
    int64_t *size = &out->shape[axis];
    if (__builtin_add_overflow(*size, x->dims[axis], size))
      return nd_fail(c, ND_BAD_ARGUMENT, "too large");
  }
  return true;
}

static bool stack_infer(nd_context *c, const nd_args *a, nd_type *out)
{
  if (a->n == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "needs at least one tensor");
  const nd_tensor *first = a->in[0];
  if (first->rank == ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes", ND_MAX_RANK);
  const int axis = nd_axis_resolve(c, a->attr[0].integer, first->rank + 1);
  if (axis < 0)
    return false;
  for (int i = 1; i < a->n; i++) {
    if (!nd_same_shape(first, a->in[i]))
      return fail_shapes(c, a, i);
  }
  *out = nd_type_of(first);
  for (int i = out->rank; i > axis; i--)
    out->shape[i] = out->shape[i - 1];
  out->shape[axis] = a->n;
  out->rank++;
  return true;
}

// The result as rows, each made of one run from every input; `axis` is where
// the runs start.
static bool join(const nd_job *job, int axis, int64_t from, int64_t to)
{
  const nd_args *a = job->args;
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)job->out->dtype);
  int64_t row = 1;
  for (int i = axis; i < job->out->rank; i++)
    row *= job->out->dims[i];
  const int64_t rows = row > 0 ? job->out->size / row : 0;
  int64_t before = 0;
  for (int i = 0; i < a->n && rows > 0; i++) {
    const int64_t run = a->in[i]->size / rows;
    nd_walk walk;
    nd_walk_start(&walk, a->in[i], 0);
    for (int64_t r = from / row; r * row < to; r++) {
      const int64_t start = r * row + before;
      const int64_t skip = from > start ? from - start : 0;
      const int64_t end = to < start + run ? to - start : run;
      if (skip >= end)
        continue;
      nd_walk_seek(&walk, r * run + skip);
      nd_walk_copy(&walk, end - skip, job->out->data + (start + skip) * width);
    }
    before += run;
  }
  return true;
}

static bool concat_run(nd_context *c, const nd_job *job, int64_t from,
                       int64_t to)
{
  const nd_args *a = job->args;
  const int rank = job->out->rank;
  return join(job, nd_axis_resolve(c, a->attr[0].integer, rank), from, to);
}

extern const nd_op nd_op_slice;

// Positions first..last of one axis of `g`; one that is dropped if asked.
static nd_tensor *take(nd_context *c, nd_tensor *g, int axis, int64_t first,
                       int64_t last, bool drop)
{
  if (g == NULL)
    return NULL;
  nd_args a = { .n = 1, .in = &g };
  nd_attr *ranges = &a.attr[0];
  ranges->given = true;
  ranges->n = (uint8_t)(3 * (axis + 1));
  ranges->dropped = (uint8_t)(drop << axis);
  for (int i = 0; i <= axis; i++) {
    ranges->v[3 * i] = i == axis ? first : 1;
    ranges->v[3 * i + 1] = i == axis ? last : -1;
    ranges->v[3 * i + 2] = 1;
  }
  return nd_rule_args(c, &nd_op_slice, &a);
}

// Where input `i` starts on the axis. Goes on from where the cursor stands, so
// that the starts of all inputs take one pass over them.
static int64_t find_start(const nd_args *a, int axis, int i)
{
  nd_cursor fresh = { 0 };
  nd_cursor *at = a->cursor != NULL ? a->cursor : &fresh;
  if (at->next > i)
    *at = fresh;
  for (; at->next < i; at->next++)
    at->count += a->in[at->next]->dims[axis];
  return at->count;
}

static nd_tensor *concat_transpose(nd_context *c, int i, const nd_args *a,
                                   nd_tensor *out, nd_tensor *g)
{
  const int axis = nd_axis_resolve(c, a->attr[0].integer, out->rank);
  const int64_t before = find_start(a, axis, i);
  const int64_t size = a->in[i]->dims[axis];
  if (size == 0)
    return nd_rule_zeros(c, a->in[i]);
  return take(c, g, axis, before + 1, before + size, false);
}

static nd_tensor *stack_transpose(nd_context *c, int i, const nd_args *a,
                                  nd_tensor *out, nd_tensor *g)
{
  const int axis = nd_axis_resolve(c, a->attr[0].integer, out->rank);
  return take(c, g, axis, i + 1, i + 1, true);
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
