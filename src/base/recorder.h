// base/recorder.h: who listens to a context. Recorders stand on a stack; what
// happens is told to each that is not paused, from the innermost outwards.

#ifndef ND_BASE_RECORDER_H
#define ND_BASE_RECORDER_H

#include "base/context.h"

struct nd_job;

// Begins the object of whoever listens. What returns false has set the error.
struct nd_recorder {
  nd_recorder *outer;  // the one entered before this one
  bool entered;        // on the context's stack
  bool paused;         // entered, but told nothing
  bool (*applied)(nd_recorder *r, const struct nd_job *j);
  bool (*read)(nd_recorder *r, nd_variable *v);
  bool (*watches)(const nd_recorder *r, const nd_tensor *x);
};

void nd_recorder_enter(nd_context *c, nd_recorder *r);

// In any order; one that is not entered stays so.
void nd_recorder_leave(nd_context *c, nd_recorder *r);

// Tell all that are not paused; false as soon as one fails.
bool nd_recorders_applied(nd_context *c, const struct nd_job *j);
bool nd_recorders_read(nd_context *c, nd_variable *v);

// Whether one that is not paused is there, and whether one watches `x`.
bool nd_recorders_hear(const nd_context *c);
bool nd_recorders_watch(const nd_context *c, const nd_tensor *x);

// How many are entered.
int nd_recorders_depth(const nd_context *c);

// Leaves the innermost ones until `depth` are entered.
void nd_recorders_leave_to(nd_context *c, int depth);

#endif
