// base/recorder.h: who listens to a strand. Recorders are one inside the other,
// as they were entered; what happens is told to each that is not paused, the
// outermost first (base/recorders.md).

#ifndef ND_BASE_RECORDER_H
#define ND_BASE_RECORDER_H

#include <stdbool.h>

#include "nadir.h"

struct nd_job;

// Begins the object of whoever listens. What returns false has set the error.
// A recorder may leave, enter or free others while it is told, not itself.
typedef struct nd_recorder nd_recorder;
struct nd_recorder {
  nd_recorder *inner, *outer;  // its neighbours, or an end; NULL: not entered
  bool paused;                 // entered, but told only what it misses

  // An op has happened; a variable is read; one gets a value that is made of
  // `x`, and of nothing else if it is `whole`; NULL: another from an optimizer.
  // Numbers leave: the values of `x` are read by who is no op.
  bool (*applied)(nd_recorder *r, const struct nd_job *j);
  bool (*read)(nd_recorder *r, nd_variable *v);
  bool (*assigned)(nd_recorder *r, nd_variable *v, nd_tensor *x, bool whole);
  bool (*taken)(nd_recorder *r, const nd_tensor *x);

  // Instead of `applied` while it is paused. May be NULL, as those above but
  // that.
  bool (*missed)(nd_recorder *r, const struct nd_job *j);

  // Whether ops on `x` are of interest.
  bool (*watches)(const nd_recorder *r, const nd_tensor *x);
};

static inline bool nd_recorder_entered(const nd_recorder *r)
{
  return r->inner != NULL;
}

// Enters as the innermost of the strand that runs.
void nd_recorder_enter(nd_context *c, nd_recorder *r);

// Enters the finder of nan and inf as the outermost of the strand that runs. It
// goes by itself alone: who leaves or parts several leaves it where it is.
void nd_recorder_enter_finder(nd_context *c);

// The finder is told of results. It rests, if `rests`, while what makes one of
// them is at work. Returns whether it did before.
bool nd_finder_rest(nd_context *c, bool rests);

// In any order, and from whatever strand it is in; one that is not entered
// stays so. It is no longer paused.
void nd_recorder_leave(nd_recorder *r);

// Tell all that are not paused; false as soon as one fails.
bool nd_recorders_applied(nd_context *c, const struct nd_job *j);
bool nd_recorders_read(nd_context *c, nd_variable *v);
bool nd_recorders_assigned(nd_context *c, nd_variable *v, nd_tensor *x,
                           bool whole);
bool nd_recorders_taken(nd_context *c, const nd_tensor *x);

// Whether one that is not paused is there, and whether one watches `x`.
bool nd_recorders_hear(const nd_context *c);
bool nd_recorders_watch(const nd_context *c, const nd_tensor *x);

// Makes `ends` both ends of an empty ring.
void nd_recorders_start(nd_recorder *ends);

// Moves all of one ring into another, as the innermost.
void nd_recorders_move(nd_recorder *ends, nd_recorder *from);

// Puts `first`, which is entered, and all inside it away in the ring `rest`,
// which this makes: they are told nothing. NULL: all. nd_recorders_move brings
// back those that have not left in the meantime.
void nd_recorders_part(nd_context *c, nd_recorder *first, nd_recorder *rest);

// The outermost but for the finder; the ring's ends if there is none.
nd_recorder *nd_recorders_first(nd_context *c);

// How many of these are entered; and leaves the innermost until so many are.
int nd_recorders_depth(const nd_context *c);
void nd_recorders_leave_to(nd_context *c, int depth);

#endif
