// tape/tape.h: what a tape is: the ops that happened to what it watches, in
// order, each with what its derivative will read.

#ifndef ND_TAPE_TAPE_H
#define ND_TAPE_TAPE_H

#include "tape/breaks.h"
#include "tape/record.h"

struct nd_tape {
  nd_recorder recorder;
  nd_context *context;
  bool persistent;
  bool auto_watch;
  bool used;  // has given its one result, or was released
  bool released;
  bool freed;               // by its owner, during a sweep or a drop
  bool drops;               // its records, just now
  int sweeps;               // in progress: one rule may ask for another
  bool fresh;               // entered by its constructor, not yet by a block
  nd_records records;       // their serial changes when it starts afresh
  int32_t nodes;            // numbered from 1
  nd_identities watched;    // node by identity, for what has no slot of its own
  int strangers;            // sources of the last gradient that it did not know
  int stranger;             // the first of them
  nd_variable **variables;  // watched ones, references
  size_t variable_count, variable_room;
  nd_breaks *breaks;     // NULL until there is one
  uint32_t number;       // serial at its beginning, which it keeps
  nd_place place;        // where it was made
  nd_place reset_place;  // where it was last reset
  // Tensors made outside of (began, ended], or within (left, back], were made
  // while it did not record, those up to `reset` before it was; 0: never.
  uint64_t began, ended, left, back, reset;
  nd_tape *newer, *older;  // of the context's
  nd_tape *next;           // for the owner's use
};

// The node of `x` on the tape, 0 if it is not watched. Serials come round after
// 2^32 tapes: a slot that old must at least not lead outside.
static inline int32_t nd_tape_node(const nd_tape *t, const nd_tensor *x)
{
  const nd_identity *identity = &x->identity;
  if (identity->tape == t->records.serial && identity->node <= t->nodes)
    return identity->node;
  const nd_identities *m = &t->watched;
  return identity->id > m->highest ? 0 : nd_identities_find(m, identity->id);
}

static inline bool nd_tape_is_entered(const nd_tape *t)
{
  return nd_recorder_entered(&t->recorder);
}

static inline bool nd_tape_records(const nd_tape *t)
{
  return nd_recorder_entered(&t->recorder) && !t->recorder.paused;
}

// What fails during a sweep says this.
#define ND_TAPE_SWEPT "the tape is giving its gradient"

// Drops everything recorded; the list of watched variables stays readable. What
// is let go of may free the tape: then `freed` is set, and the caller does it.
void nd_tape_drop(nd_tape *t);

// Drops everything recorded and watched, and goes on recording. Fails during a
// sweep or a drop.
bool nd_tape_reset(nd_tape *t);

// Stops, drops everything, and refuses gradients until it is entered again.
// Fails during a sweep or a drop.
bool nd_tape_release(nd_tape *t);

// Suspends and resumes recording while the tape stays entered. `name` is what
// the user called, for the error.
bool nd_tape_pause(nd_tape *t, const char *name);
bool nd_tape_resume(nd_tape *t);

// Gradients of the sum of all targets' elements, times `seeds` where given.
// gradients[i] is a new reference, or NULL where nothing leads from a source to
// a target. Uses the tape up unless it is persistent. What a rule calls may do
// anything to the tape meanwhile: what would pull the records from under the
// sweep fails, and a freed tape goes when the sweep is done.
bool nd_tape_differentiate(nd_tape *t, int target_count,
                           nd_tensor *const *targets, nd_tensor *const *seeds,
                           int source_count, nd_tensor *const *sources,
                           nd_tensor **gradients);

#endif
