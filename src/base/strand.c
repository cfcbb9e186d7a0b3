// base/strand.c: strands start, take turns and end.

#include "base/strand.h"

#include <string.h>

#include "base/context.h"

void nd_strand_start(nd_strand *s)
{
  memset(s, 0, sizeof *s);
  nd_recorders_start(&s->recorders);
}

// Moves the strand `*from`, whose neighbours in the ring know its place.
static void move(nd_strand *to, nd_strand *from)
{
  *to = *from;
  nd_recorders_start(&to->recorders);
  nd_recorders_move(&to->recorders, &from->recorders);
  to->finder = from->finder;  // which is in the ring itself
  if (nd_recorder_entered(&to->finder))
    to->finder.outer->inner = to->finder.inner->outer = &to->finder;
}

void nd_strand_swap(nd_context *c, nd_strand *s)
{
  nd_strand before;
  move(&before, &c->strand);
  move(&c->strand, s);
  move(s, &before);
}

void nd_strand_end(nd_context *c, nd_strand *s)
{
  while (s->recorders.inner != &s->recorders)
    nd_recorder_leave(s->recorders.inner);
  nd_memory_free(c, s->pool, s->pool_room * sizeof *s->pool, ND_MEMORY_OBJECT);
  s->pool = NULL;
  s->pool_room = 0;
}
