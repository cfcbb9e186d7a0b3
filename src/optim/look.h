// optim/look.h: the words that rules look at whole variables with. They stand
// where `c` is the context and `w` the nd_whole.

#ifndef ND_OPTIM_LOOK_H
#define ND_OPTIM_LOOK_H

#include "ops/rules.h"
#include "optim/entry.h"

#undef NUM
#define NUM(v) nd_rule_number(c, w->w, v)

// A mean that forgets: `m`, with that share of `x` instead.
#define MIX(m, x, share) ADD(m, MUL(SUB(x, m), NUM(share)))

// The sum of the squares of all elements; of one, to be read.
#define SQUARES(x) SUM(SQUARE(x), (nd_value){ .given = false }, DROP)

// Reads a tensor of one element. False after an error, also for NULL.
static inline bool nd_look_at(nd_tensor *x, double *value)
{
  if (x == NULL || !nd_force(x))
    return false;
  *value = nd_tensor_first(x);
  return true;
}

#endif
