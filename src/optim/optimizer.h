// optim/optimizer.h: an update rule at work on variables.

#ifndef ND_OPTIM_OPTIMIZER_H
#define ND_OPTIM_OPTIMIZER_H

#include "optim/rules.h"
#include "tape/variable.h"

// The slots of one variable: on the variable's list, so that they go with it,
// and on the optimizer's, so that they go with that.
typedef struct nd_slots {
  nd_attachment attachment;  // first; its keeper is the optimizer
  struct nd_slots *next, **link;
  nd_tensor *at[ND_MAX_SLOTS];
} nd_slots;

struct nd_optimizer {
  nd_context *context;
  const nd_update *update;
  double settings[ND_MAX_SETTINGS];
  int64_t iterations;  // updates done
  nd_slots *slots;
};

#endif
