// optim/clip.h: what becomes of gradients before a rule sees them, where that
// takes more than one look: sums of several calls, and norms.

#ifndef ND_OPTIM_CLIP_H
#define ND_OPTIM_CLIP_H

#include "optim/optimizer.h"
#include "optim/rows.h"

// What one variable's step needs, references.
typedef struct nd_update_job {
  nd_tensor *gradient;  // NULL: none
  nd_tensor *fresh;     // room for the new value; NULL: update in place
  nd_rows rows;         // of the gradient, where others stay as they are
  double scale;         // what clipping by a norm multiplies the gradient by
} nd_update_job;

// Sets the scales of `n` jobs, whose gradients will be multiplied by `scale`.
void nd_clip_find(const nd_optimizer *o, int n, nd_update_job *jobs,
                  double scale);

// Adds the gradients to those that wait. True if this call makes an update, for
// which the gradients are now the sums of all; always, if each call does.
bool nd_sums_take(nd_optimizer *o, int n, nd_variable *const *variables,
                  nd_update_job *jobs);

#endif
