// optim/optimizer.h: an update rule at work on variables.

#ifndef ND_OPTIM_OPTIMIZER_H
#define ND_OPTIM_OPTIMIZER_H

#include "optim/rules.h"
#include "tape/identities.h"
#include "tensor/tensor.h"

// The slots of one variable.
typedef struct nd_slots {
  nd_tensor *at[ND_MAX_SLOTS];
} nd_slots;

struct nd_optimizer {
  nd_context *context;
  const nd_update *update;
  double settings[ND_MAX_SETTINGS];
  int64_t iterations;     // updates done
  nd_identities entries;  // position + 1 in `slots`, by the variable's identity
  nd_slots *slots;
  size_t count, room;
};

#endif
