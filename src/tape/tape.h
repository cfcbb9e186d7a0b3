// tape/tape.h: what a tape is: the ops that happened to what it watches, in
// order, each with what its derivative will read.

#ifndef ND_TAPE_TAPE_H
#define ND_TAPE_TAPE_H

#include "op/op.h"
#include "tape/identities.h"

// One op that happened. It lives in the tape's arena with everything it points
// to, except the tensors that are not scalars: of those it holds references.
// A value that the derivative does not read is kept as an outline, its shape
// and dtype. The outputs are the nodes node, node + 1, ...
typedef struct nd_record {
  struct nd_record *before, *after;
  const nd_op *op;
  int32_t n;     // inputs
  int32_t outs;  // outputs
  int32_t node;
  int32_t *in_nodes;  // 0: not watched
  nd_tensor **in;
  nd_tensor **out;
  nd_attr *attr;  // op->attrs of them
} nd_record;

typedef struct nd_chunk {
  struct nd_chunk *next;
  size_t size, used;  // of bytes
  char bytes[];
} nd_chunk;

struct nd_tape {
  nd_context *context;
  nd_tape *outer;   // the one entered before this one
  uint32_t serial;  // changes whenever the tape starts afresh
  bool persistent;
  bool auto_watch;
  bool entered;  // on the context's stack
  bool paused;   // entered, but not recording
  bool used;     // has given its one result, or was released
  bool released;
  bool fresh;  // entered by its constructor, not yet by a block
  nd_chunk *chunks;
  nd_record *first, *last;
  int32_t nodes;            // numbered from 1
  nd_identities watched;    // node by identity, for what has no slot of its own
  int strangers;            // sources of the last gradient that it did not know
  int stranger;             // the first of them
  nd_variable **variables;  // watched ones, references
  size_t variable_count, variable_room;
};

// The node of `x` on the tape, 0 if it is not watched. Serials come round after
// 2^32 tapes: a slot that old must at least not lead outside.
static inline int32_t nd_tape_node(const nd_tape *t, const nd_tensor *x)
{
  if (x->tape == t->serial && x->node <= t->nodes)
    return x->node;
  const nd_identities *m = &t->watched;
  return x->id > m->highest ? 0 : nd_identities_find(m, x->id);
}

// Drops everything recorded; the list of watched variables stays readable.
void nd_tape_drop(nd_tape *t);

// Drops everything recorded and watched, and goes on recording.
bool nd_tape_reset(nd_tape *t);

// Stops, drops everything, and refuses gradients until it is entered again.
void nd_tape_release(nd_tape *t);

// Suspends and resumes recording while the tape stays entered. `name` is what
// the user called, for the error.
bool nd_tape_pause(nd_tape *t, const char *name);
bool nd_tape_resume(nd_tape *t);

// Lets go of one record's tensors.
void nd_record_release(nd_record *r);

// Watches `v` for all recording tapes that watch by themselves.
bool nd_tape_note_read(nd_context *c, nd_variable *v);

// How many tapes are entered.
int nd_tape_depth(const nd_context *c);

// Leaves the innermost ones until `depth` are entered.
void nd_tape_leave_to(nd_context *c, int depth);

// True if some tape is recording.
bool nd_tape_any_records(const nd_context *c);

// True if some recording tape watches `x`.
bool nd_tape_any_watches(const nd_context *c, const nd_tensor *x);

// Gradients of the sum of all targets' elements, times `seeds` where given.
// gradients[i] is a new reference, or NULL where nothing leads from a source to
// a target. Uses the tape up unless it is persistent.
bool nd_tape_differentiate(nd_tape *t, int target_count,
                           nd_tensor *const *targets, nd_tensor *const *seeds,
                           int source_count, nd_tensor *const *sources,
                           nd_tensor **gradients);

#endif
