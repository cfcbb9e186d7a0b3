// optim/optimizer.h: an update rule at work on variables.

#ifndef ND_OPTIM_OPTIMIZER_H
#define ND_OPTIM_OPTIMIZER_H

#include "optim/rules.h"
#include "tape/variable.h"

// The slots of one variable: those of the rule, the running mean of its values,
// and the sum of gradients that wait for a step. They are on the variable's
// list, so that they go with it, and on the optimizer's, so that they go with
// that.
enum { ND_MEAN_SLOT = ND_MAX_SLOTS, ND_SUM_SLOT, ND_ALL_SLOTS };

// What a variable may be excluded from: weight decay, and the first way of the
// rule.
enum { ND_BY_DECAY, ND_BY_RULE, ND_EXCLUSIONS };

typedef struct nd_slots {
  nd_attachment attachment;  // first; its keeper is the optimizer
  struct nd_slots *next, **link;
  nd_tensor *at[ND_ALL_SLOTS];
  bool averaged;  // the running mean has begun
  bool summed;    // gradients wait in the sum
  bool excluded[ND_EXCLUSIONS];
  uint32_t asked;  // the number of the question that was last answered of it
} nd_slots;

struct nd_optimizer {
  nd_context *context;
  const nd_update *update;
  int own;  // settings of the rule; those of every optimizer come behind
  double settings[ND_MAX_SETTINGS];
  int64_t iterations;  // updates done
  int64_t waiting;     // calls whose gradients wait for the next update
  uint32_t asking;     // number of the question, a script's, what to exclude
  nd_slots *slots;
};

// A setting that every optimizer has.
static inline double nd_optimizer_common(const nd_optimizer *o, int setting)
{
  return o->settings[o->own + setting];
}

// How many calls make an update.
static inline int64_t nd_optimizer_calls(const nd_optimizer *o)
{
  const double n = nd_optimizer_common(o, ND_GRADIENT_ACCUMULATION_STEPS);
  return n > 1 ? (int64_t)n : 1;
}

// Those that every variable that goes this way has to have now, as bits.
int nd_slots_kept(const nd_optimizer *o, int way);

// The slots of a variable, NULL if it has none; makes those in `kept`.
nd_slots *nd_slots_find(const nd_optimizer *o, nd_variable *v);
bool nd_slots_ensure(nd_optimizer *o, nd_variable *v, int kept);

// The type of a slot of `v`, which has two axes if that lacks one of them.
nd_type nd_slot_type(const nd_optimizer *o, const nd_variable *v, int i);

// Has the slot of that name begin anew. False, and an error, if there is none.
bool nd_slots_drop(nd_optimizer *o, nd_variable *v, const char *name);

// Lets go of what rules keep and no way has to have any more: begun again it
// begins anew.
void nd_slots_forget(nd_optimizer *o);

// The slots of a variable, which has them from now on. NULL without memory.
nd_slots *nd_slots_take(nd_optimizer *o, nd_variable *v);

#endif
