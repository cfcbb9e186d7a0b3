// tape/sweep.h: the reverse sweep, which can be run with one seed after the
// other; and how a tape gives what sweeps make.

#ifndef ND_TAPE_SWEEP_H
#define ND_TAPE_SWEEP_H

#include "tape/tape.h"
#include "tape/variable.h"

typedef struct nd_sweep {
  nd_context *c;
  nd_tape *tape;
  const nd_record *last;  // when the sweep began
  int32_t nodes;          // likewise
  bool heard;             // no short way: somebody listens, or is strict
  int count;              // of the sources
  int32_t *sources;       // their nodes: a rule may replace a variable's value
  nd_tensor **grads;      // by node, references; NULL: nothing arrived
  uint8_t *marks;         // by node
} nd_sweep;

// Prepares to sweep from the records that there are now to the sources. What
// was started, also in vain, is to be finished.
bool nd_sweep_start(nd_sweep *s, nd_tape *t, int n, nd_tensor *const *sources);
void nd_sweep_finish(nd_sweep *s);

// As nd_tape_differentiate, but of the tape only `strangers` changes. After a
// failure it is not run again.
bool nd_sweep_run(nd_sweep *s, int target_count, nd_tensor *const *targets,
                  nd_tensor *const *seeds, nd_tensor *const *sources,
                  nd_tensor **gradients);

// Calls `give`, during which the tape counts as swept, and uses the tape up if
// that succeeds and it is not persistent. `name` is what the user called.
typedef bool nd_giving(nd_tape *t, void *asked);
bool nd_tape_give(nd_tape *t, const char *name, nd_giving *give, void *asked);

// Fails if one of these is of another context; `what` is what they are.
bool nd_tape_check(nd_context *c, const char *what, int n, nd_tensor *const *x);

// The same for what a host asks: `give` gets the values of the variables.
typedef bool nd_by_tensors(nd_tape *t, nd_tensor *target, int n,
                           nd_tensor *const *sources, nd_tensor **results);
bool nd_tape_by_variables(nd_tape *t, const char *name, nd_tensor *target,
                          int n, nd_variable *const *sources,
                          nd_by_tensors *give, nd_tensor **results);

#endif
