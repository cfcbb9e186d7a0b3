// step.h: an optimizer, and one step of it on one variable.

#ifndef ND_TEST_STEP_H
#define ND_TEST_STEP_H

#include "../values.h"
#include "optim/optimizer.h"

static inline nd_optimizer *make(const char *name, const char *options)
{
  nd_optimizer *o = nd_optimizer_new(c, name, options);
  CHECK(o != NULL);
  return o;
}

static inline bool apply(nd_optimizer *o, nd_variable *v, nd_tensor *g)
{
  return nd_optimizer_apply(o, 1, &v, &g);
}

#endif
