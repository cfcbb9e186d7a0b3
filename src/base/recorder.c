// base/recorder.c: the rings of those who listen to strands. Each ring has one
// more member, its ends, so that any other can leave without knowing the ring.

#include "base/recorder.h"

#include <stddef.h>

#include "base/context.h"

void nd_recorders_start(nd_recorder *ends)
{
  ends->inner = ends->outer = ends;
}

void nd_recorder_enter(nd_context *c, nd_recorder *r)
{
  nd_recorder *ends = &c->strand.recorders;
  r->outer = ends->outer;
  r->inner = ends;
  r->outer->inner = ends->outer = r;
}

void nd_recorder_enter_finder(nd_context *c)
{
  nd_recorder *ends = &c->strand.recorders, *r = &c->strand.finder;
  r->inner = ends->inner;
  r->outer = ends;
  r->inner->outer = ends->inner = r;
}

bool nd_finder_rest(nd_context *c, bool rests)
{
  const bool before = c->strand.finder.paused;
  c->strand.finder.paused = rests;
  return before;
}

void nd_recorder_leave(nd_recorder *r)
{
  r->paused = false;
  if (!nd_recorder_entered(r))
    return;
  r->outer->inner = r->inner;
  r->inner->outer = r->outer;
  r->inner = r->outer = NULL;
}

// ----------------------------------------------------------------- telling --

bool nd_recorders_applied(nd_context *c, const struct nd_job *j)
{
  const nd_recorder *ends = &c->strand.recorders;
  for (nd_recorder *r = ends->inner; r != ends; r = r->inner) {
    if (!r->paused ? !r->applied(r, j) : r->missed != NULL && !r->missed(r, j))
      return false;
  }
  return true;
}

bool nd_recorders_read(nd_context *c, nd_variable *v)
{
  const nd_recorder *ends = &c->strand.recorders;
  for (nd_recorder *r = ends->inner; r != ends; r = r->inner) {
    if (!r->paused && r->read != NULL && !r->read(r, v))
      return false;
  }
  return true;
}

bool nd_recorders_assigned(nd_context *c, nd_variable *v, nd_tensor *x,
                           bool whole)
{
  const nd_recorder *ends = &c->strand.recorders;
  for (nd_recorder *r = ends->inner; r != ends; r = r->inner) {
    if (!r->paused && r->assigned != NULL && !r->assigned(r, v, x, whole))
      return false;
  }
  return true;
}

bool nd_recorders_taken(nd_context *c, const nd_tensor *x)
{
  const nd_recorder *ends = &c->strand.recorders;
  for (nd_recorder *r = ends->inner; r != ends; r = r->inner) {
    if (!r->paused && r->taken != NULL && !r->taken(r, x))
      return false;
  }
  return true;
}

bool nd_recorders_hear(const nd_context *c)
{
  const nd_recorder *ends = &c->strand.recorders;
  const nd_recorder *r = ends->inner;
  while (r != ends && r->paused)
    r = r->inner;
  return r != ends;
}

bool nd_recorders_watch(const nd_context *c, const nd_tensor *x)
{
  const nd_recorder *ends = &c->strand.recorders;
  for (const nd_recorder *r = ends->inner; r != ends; r = r->inner) {
    if (!r->paused && r->watches(r, x))
      return true;
  }
  return false;
}

// ------------------------------------------------------------------- parts --

// Moves `first` to `last`, neighbours in one ring, to the inner end of another.
static void move(nd_recorder *first, nd_recorder *last, nd_recorder *ends)
{
  first->outer->inner = last->inner;
  last->inner->outer = first->outer;
  first->outer = ends->outer;
  last->inner = ends;
  first->outer->inner = first;
  ends->outer = last;
}

void nd_recorders_part(nd_context *c, nd_recorder *first, nd_recorder *rest)
{
  nd_recorder *ends = &c->strand.recorders;
  nd_recorders_start(rest);
  if (first == NULL)
    first = ends->inner;
  if (first != ends)
    move(first, ends->outer, rest);
}

void nd_recorders_move(nd_recorder *ends, nd_recorder *from)
{
  if (from->inner != from)
    move(from->inner, from->outer, ends);
}

nd_recorder *nd_recorders_first(nd_context *c)
{
  nd_recorder *first = c->strand.recorders.inner;
  return first == &c->strand.finder ? first->inner : first;
}

int nd_recorders_depth(const nd_context *c)
{
  const nd_recorder *ends = &c->strand.recorders;
  int depth = 0;
  for (const nd_recorder *r = ends->inner; r != ends; r = r->inner)
    depth += r != &c->strand.finder;
  return depth;
}

void nd_recorders_leave_to(nd_context *c, int depth)
{
  const nd_recorder *ends = &c->strand.recorders;
  for (int n = nd_recorders_depth(c); n > depth; n--)
    nd_recorder_leave(ends->outer);
}
