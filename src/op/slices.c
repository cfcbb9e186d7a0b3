// op/slices.c: what waits as rows: it is made, added up, and let go of.

#include "op/slices.h"

static nd_tensor *run(nd_context *c, const nd_slices *s, nd_tensor *positions,
                      const nd_type *type)
{
  if (!nd_context_ready(c) || !nd_force(s->values))
    return NULL;
  nd_tensor *sum = nd_tensor_make(c, type);
  if (sum == NULL)
    return NULL;
  const nd_value attr[] = { nd_value_integer(type->shape[0]) };
  const nd_job j = { .op = s->op,
                     .n = 2,
                     .outs = 1,
                     .in = (nd_tensor *[]){ s->values, positions },
                     .out = &sum,
                     .attr = attr };
  if (nd_job_run(c, &j))
    return sum;
  nd_tensor_release(sum);
  return NULL;
}

nd_tensor *nd_slices_sum(const nd_tensor *x, nd_tensor *positions, int64_t size)
{
  nd_type type = nd_type_of(x);
  type.shape[0] = size;
  const char *before = nd_context_enter(x->context, "IndexedSlices");
  nd_tensor *sum = run(x->context, nd_slices_of(x), positions, &type);
  nd_context_leave(x->context, before);
  return sum;
}

static bool force(nd_tensor *x)
{
  nd_tensor *sum = nd_slices_sum(x, nd_slices_of(x)->positions, x->dims[0]);
  if (sum == NULL)
    return false;
  x->waits = false;
  x->block = sum->block;
  x->data = sum->data;
  sum->block = NULL;
  nd_tensor_release(sum);
  return true;
}

bool nd_slices_force(int n, nd_tensor *const *x)
{
  for (int i = 0; i < n; i++) {
    if (x[i]->waits && nd_is_sliced(x[i]) && !force(x[i]))
      return false;
  }
  return true;
}

static void drop(nd_tensor *x)
{
  nd_slices *s = nd_slices_of(x);
  nd_tensor_release(s->values);
  nd_tensor_release(s->positions);
  nd_small_free(x->context, s, sizeof *s);
}

// A reference of `x` without its rows, so that rows of rows are no chain that
// it would take a deep stack to let go of. The values are there then.
static nd_tensor *keep_plain(nd_tensor *x)
{
  if (!nd_is_sliced(x))
    return nd_tensor_keep(x);
  nd_tensor *y = nd_tensor_view(x, x->rank, x->dims, nd_strides(x), 0);
  if (y != NULL)
    y->identity = x->identity;
  return y;
}

bool nd_slices_wait(const nd_job *j, nd_tensor *out)
{
  nd_slices *s = nd_small_new(out->context, sizeof *s);
  if (s == NULL)
    return false;
  *s = (nd_slices){ .pending = { .force = force, .drop = drop },
                    .op = j->op,
                    .values = keep_plain(j->in[0]),
                    .positions = keep_plain(j->in[1]) };
  out->slices = &s->pending;
  out->pending = &s->pending;
  out->waits = true;
  return s->values != NULL && s->positions != NULL;
}
