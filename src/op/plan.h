// op/plan.h: which nodes a pass computes, and the program and the bindings that
// do it.

#ifndef ND_OP_PLAN_H
#define ND_OP_PLAN_H

#include "op/pending.h"
#include "op/program.h"

// A node's values that are kept, and the room for them.
typedef struct nd_kept {
  nd_node *node;
  nd_block *block;
} nd_kept;

typedef struct nd_plan {
  int nodes, kept;
  nd_node *order[ND_MOST_NODES];  // each after those that it reads
  nd_kept result[ND_MOST_NODES];
  nd_program program;
  nd_bindings bindings;
} nd_plan;

// Plans `roots`, which one pass can compute, and as many of the folds that wait
// for it as find a place. False if the first root alone has too many nodes:
// plan->order[0] .. are those that there is room for.
bool nd_plan_nodes(nd_context *c, int n, nd_tensor *const *roots,
                   nd_plan *plan);

// Makes the program. False without memory for the results.
bool nd_plan_program(nd_plan *plan);

// Gives back the room for the results.
void nd_plan_abandon(nd_plan *plan);

#endif
