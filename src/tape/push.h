// tape/push.h: the forward sweep: tangents of sources, pushed through what a
// tape has recorded. Only where the records keep all that this reads.

#ifndef ND_TAPE_PUSH_H
#define ND_TAPE_PUSH_H

#include "tape/tape.h"

// The records on the way to one target.
typedef struct nd_push {
  nd_context *c;
  nd_tape *tape;
  const nd_record *last;  // when this began
  int32_t nodes;          // likewise
  int32_t target;         // its node
  nd_tensor **tangents;   // by node, references
  int32_t *uses;  // by node: records on the way that read it; 0: none is
  int32_t *left;  // of these, in one sweep
} nd_push;

// What was started, also in vain, is to be finished.
bool nd_push_start(nd_push *p, nd_tape *t, const nd_tensor *target);
void nd_push_finish(nd_push *p);

// Whether the target depends on what has this node.
static inline bool nd_push_reaches(const nd_push *p, int32_t node)
{
  return node != 0 && (p->uses[node] > 0 || node == p->target);
}

// Whether the records on the way keep what tangents need.
bool nd_push_is_possible(const nd_push *p);

// The tangent of the target, a new reference, given that of what has this node
// and which it depends on. NULL after a failure; the next try may succeed.
nd_tensor *nd_push_run(nd_push *p, int32_t node, nd_tensor *tangent);

#endif
