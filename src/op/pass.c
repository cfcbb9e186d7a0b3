// op/pass.c: plans, runs, and hands out what came of it.

#include "op/pass.h"

#include "op/plan.h"

static void count_pass(nd_node *p)
{
  if (p->passes < UINT8_MAX)
    p->passes++;
}

// Ends the nodes that have their values. Their tensors are held: what one of
// them lets go of may be the last to hold another.
static void hand_out(nd_plan *plan)
{
  nd_tensor *held[ND_MOST_NODES];
  const int n = plan->nodes;
  for (int k = 0; k < n; k++) {
    held[k] = nd_tensor_keep(plan->order[k]->tensor);
    count_pass(plan->order[k]);
  }
  for (int k = 0; k < plan->kept; k++)
    nd_node_end(plan->result[k].node, plan->result[k].block);
  for (int k = 0; k < n; k++)
    nd_tensor_release(held[k]);
}

static bool run(nd_context *c, nd_plan *plan)
{
  if (nd_plan_program(plan) &&
      nd_program_run(c, &plan->program, &plan->bindings)) {
    hand_out(plan);
    return true;
  }
  nd_plan_abandon(plan);
  return false;
}

bool nd_pass_run(nd_context *c, int n, nd_tensor *const *roots)
{
  nd_plan plan;
  const char *before = nd_context_enter(c, nd_node_of(roots[0])->op->name);
  bool ok;
  if (nd_plan_nodes(c, n, roots, &plan))
    ok = run(c, &plan);
  else
    ok = nd_force(plan.order[plan.nodes - 1]->tensor);
  nd_context_leave(c, before);
  return ok;
}
