// tape/jacobian.h: all derivatives of one tensor by others, made of sweeps over
// the records of a tape. A row of a result is written where it stays before the
// next is swept, unless some tape or accumulator is to hear how it came to be.

#ifndef ND_TAPE_JACOBIAN_H
#define ND_TAPE_JACOBIAN_H

#include "tape/tape.h"

typedef struct nd_jacobian_options {
  const char *name;  // what the user called; NULL: "jacobian"
  bool batched;      // examples lie along the first axis of all, independent
  bool check;        // that they are
  bool zeros;        // where the target does not depend on a source; else NULL
} nd_jacobian_options;

// results[i] becomes a new reference of d target / d sources[i], in the shape
// of the target and then of the source, in the dtype of the source. Batched the
// shapes are [b y...], [b x...] and [b y... x...]. Uses the tape up unless it
// is persistent.
bool nd_tape_jacobians(nd_tape *t, const nd_jacobian_options *options,
                       nd_tensor *target, int n, nd_tensor *const *sources,
                       nd_tensor **results);

// results[i * n + k] becomes that of the derivative of a target with one
// element by source i, by source k. The tape records the former.
bool nd_tape_hessians(nd_tape *t, bool zeros, nd_tensor *target, int n,
                      nd_tensor *const *sources, nd_tensor **results);

#endif
