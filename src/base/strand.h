// base/strand.h: what belongs to one thread of a program's control: who listens
// to it, what failed in it, where it is, and its temporaries. The context has
// that of the one that runs; those that wait are kept by whoever will go on
// with them.

#ifndef ND_BASE_STRAND_H
#define ND_BASE_STRAND_H

#include "base/error.h"
#include "base/recorder.h"

typedef struct nd_strand {
  nd_recorder recorders;  // both ends of the ring: the outermost is inside it
  nd_recorder finder;     // of nan and inf (tape/finder.h); entered or not
  nd_error error;
  const char *name;  // the op or function in progress, for messages

  // Temporaries of derivative rules. Owned by tensor/pool.c.
  nd_tensor **pool;
  size_t pool_size;
  size_t pool_room;
} nd_strand;

// Makes `*s` a strand where nothing has happened.
void nd_strand_start(nd_strand *s);

// From here on `c` runs what `*s` was, and `*s` is what it ran.
void nd_strand_swap(nd_context *c, nd_strand *s);

// Gives the memory of a strand back that waits and will not go on. Those who
// listen to it leave.
void nd_strand_end(nd_context *c, nd_strand *s);

#endif
