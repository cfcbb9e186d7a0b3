// tape/finder.h: finds the first nan or inf. While it is on, every op's result,
// every gradient that a rule gives and every tangent is computed and looked at
// at once, and the first that is not finite is an error that tells of what it
// was made. What makes a result is not looked into: a slope may be infinite
// where a zero comes in. Views, and what has no inputs, give nothing new.

#ifndef ND_TAPE_FINDER_H
#define ND_TAPE_FINDER_H

#include "base/context.h"
#include "op/op.h"

// Whether the finder of the strand is on, and awake.
static inline bool nd_finder_hears(const nd_context *c)
{
  return nd_recorder_entered(&c->strand.finder) && !c->strand.finder.paused;
}

// Look at what an op's rules gave: `g` and `t` are what came in, of which any
// may be NULL, like what they gave. False after an error.
bool nd_finder_gradients(nd_context *c, const nd_job *j, nd_tensor *const *g,
                         nd_tensor *const *gx);
bool nd_finder_tangents(nd_context *c, const nd_job *j, nd_tensor *const *t,
                        nd_tensor *const *ty);

// The sum of two gradients; values that have just been updated, those of
// variables with a gradient.
bool nd_finder_sum(nd_context *c, nd_tensor *const *in, nd_tensor *sum);
bool nd_finder_variables(nd_context *c, int n, nd_variable *const *variables,
                         nd_tensor *const *gradients);

#endif
