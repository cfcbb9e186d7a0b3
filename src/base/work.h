// base/work.h: how long work is cut. Work is a series of steps that follow each
// other; the units of one step may run in any order and on any thread. What
// runs them has no context: it cannot fail, allocate, or ask anybody. Whether
// the context is still ready is asked here, between units, and nowhere else.

#ifndef ND_BASE_WORK_H
#define ND_BASE_WORK_H

#include "base/context.h"

// Units from..to-1 of a step of `what`.
typedef void nd_units_run(const void *what, void *shared, void *own,
                          int64_t from, int64_t to);

typedef struct nd_step {
  int64_t first;  // number of the first unit
  int64_t units;  // how many there are
  float cost;     // about nanoseconds a unit, for these shapes
  nd_units_run *run;
  float start;  // nanoseconds that a run takes before its first unit, if many
} nd_step;

typedef struct nd_work {
  size_t shared;  // bytes for all units: partial sums
  size_t own;     // bytes for each thread
  // Makes step number `i`; false after the last.
  bool (*next)(const void *what, nd_step *step, int i);
  // Refuses what the steps found out, which is in `shared`. May be NULL.
  bool (*end)(nd_context *c, const void *what, const void *shared);
} nd_work;

// Units are handed out in multiples of so many, or of the few if they are not
// cheap, so that elements begin where lines of the cache do.
enum { ND_UNITS = 512, ND_FEW_UNITS = 64 };

// How long an interrupt may wait, in nanoseconds, as costs are estimated.
#define ND_PATIENCE 5e5F

// How long a step may be before other threads help, if there are any.
#define ND_ALONE 1e4F

// Bytes that a thread has near, and how long one takes that is not.
#define ND_NEAR 2.6e5F
#define ND_FAR_BYTE .04F

// What a unit costs that reads and writes so many bytes, and takes `cost` where
// these are near.
static inline float nd_moving_cost(float cost, float bytes, int64_t units)
{
  const float moving = ND_FAR_BYTE * bytes;
  return moving > cost && bytes * (float)units > ND_NEAR ? moving : cost;
}

// Runs the steps of `what`. False if it was interrupted, or without memory.
bool nd_work_run(nd_context *c, const nd_work *work, const void *what);

// Runs one step that is worth asking in between, or sharing with other threads.
bool nd_step_cut(nd_context *c, const nd_step *step, const void *what,
                 void *shared);

// Runs one step of what must not stop half way: nobody is asked.
void nd_step_finish(nd_context *c, const nd_step *step, const void *what);

// Runs one step that needs no memory for each thread, with `shared` of the
// caller's.
static inline bool nd_step_run(nd_context *c, const nd_step *step,
                               const void *what, void *shared)
{
  if ((float)step->units * step->cost > c->threads.alone)
    return nd_step_cut(c, step, what, shared);
  if (step->units > 0)
    step->run(what, shared, NULL, step->first, step->first + step->units);
  return true;
}

#endif
