// tape/trace.h: what a target has of a source, by what a tape recorded and by
// the breaks that it noticed.

#ifndef ND_TAPE_TRACE_H
#define ND_TAPE_TRACE_H

#include "tape/tape.h"

typedef struct nd_trace {
  const nd_tape *t;
  int n;
  nd_tensor *const *targets;
  const nd_tensor *source;
  int32_t node;    // of the source
  uint8_t *marks;  // by node
  int32_t *found;  // by break, from 1: the break where the source's way ends
                   // that leads there; 0: none does
  size_t bytes;
} nd_trace;

// Prepares to ask; false without memory. What was started is to be finished.
bool nd_trace_start(nd_trace *s, const nd_tape *t, int n,
                    nd_tensor *const *targets, const nd_tensor *source);
void nd_trace_finish(nd_trace *s);

// Whether a target depends on the source.
bool nd_trace_connects(const nd_trace *s);

// If none does: the break on the way between the two that is nearest to a
// target, or NULL. It is to be asked once.
const nd_break *nd_trace_break(nd_trace *s);

// Whether the source's way goes into a break. After nd_trace_break.
bool nd_trace_goes(const nd_trace *s, const nd_break *k);

#endif
