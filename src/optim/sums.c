// optim/sums.c: sums of gradients that wait for a step.

#include "optim/sums.h"

#include "base/work.h"
#include "op/pending.h"
#include "ops/entries.h"
#include "optim/frame.h"

typedef struct adding {
  nd_sum_kernel *add;
  const nd_tensor *x;
  nd_tensor *sum;
  bool first;
} adding;

static void add_part(const void *what, void *shared, void *own, int64_t from,
                     int64_t to)
{
  const adding *a = what;
  const size_t at = (size_t)from * nd_dtype_size((nd_dtype)a->x->dtype);
  a->add(to - from, a->first, a->sum->data + at, a->x->data + at);
}

static void add_gradient(nd_optimizer *o, nd_slots *slots, const nd_tensor *g)
{
  const adding a = { .add = nd_frame_kernels(o->context->level)->add[g->dtype],
                     .x = g,
                     .sum = slots->at[ND_SUM_SLOT],
                     .first = !slots->summed };
  const nd_step step = { .units = g->size, .cost = .3F, .run = add_part };
  nd_step_finish(o->context, &step, &a);
  slots->summed = true;
}

bool nd_sums_are_due(const nd_optimizer *o)
{
  return o->waiting + 1 >= nd_optimizer_calls(o);
}

void nd_sums_take(nd_turn *turn)
{
  nd_optimizer *o = turn->o;
  if (nd_optimizer_calls(o) == 1)
    return;
  for (int i = 0; i < turn->n; i++) {
    nd_update_job *j = &turn->jobs[i];
    if (j->gradient == NULL)
      continue;
    nd_slots *slots = nd_slots_find(o, j->variable);
    add_gradient(o, slots, j->gradient);
    nd_tensor_release(j->gradient);
    j->gradient = nd_tensor_keep(slots->at[ND_SUM_SLOT]);
  }
}

bool nd_sums_join(nd_turn *turn)
{
  nd_optimizer *o = turn->o;
  bool ok = true;
  for (int i = 0; i < turn->n && ok && nd_optimizer_calls(o) > 1; i++) {
    nd_update_job *j = &turn->jobs[i];
    nd_slots *slots = j->gradient == NULL ? NULL
                                          : nd_slots_find(o, j->variable);
    if (slots == NULL || !slots->summed)
      continue;
    nd_tensor *const both[] = { slots->at[ND_SUM_SLOT], j->gradient };
    nd_tensor *sum = nd_apply(o->context, &nd_op_add, 2, both, NULL);
    ok = sum != NULL && nd_force(sum);
    nd_tensor_release(j->gradient);
    j->gradient = sum;
  }
  return ok;
}
