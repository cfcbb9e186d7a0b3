// optim/sums.h: gradients of several calls, added up.

#ifndef ND_OPTIM_SUMS_H
#define ND_OPTIM_SUMS_H

#include "optim/turn.h"

// Whether this call makes an update.
bool nd_sums_are_due(const nd_optimizer *o);

// Adds the gradients to those that wait; where an update is due they become the
// sums of all.
void nd_sums_take(nd_turn *turn);

// The same where an update is due, in memory of their own, so that a failure
// that comes later changes nothing: those that wait are none the more. False
// without memory.
bool nd_sums_join(nd_turn *turn);

#endif
