// op/correlate.h: convolutions as sums over windows: each target, a pixel of so
// many channels, is the sum over the taps of its window of a source's channels
// times the filters of that tap. Forward the targets are the windows, y, and
// the sources the positions, x; backward it is the other way round.
//
// Every element is one fixed sum: terms in order of taps, then channels, in
// chains of ND_CHAIN that are added in that order; what is padded counts as 0.
//
// Filters are packed first, into panels of few columns, which takes as much
// memory as they do. Each thread has room for the sources of some lines of
// pixels, with their padding: a sixth of a megabyte, a third in float64,
// whatever the shapes. Where every channel is a group of its own (depthwise),
// no filters are packed.

#ifndef ND_OP_CORRELATE_H
#define ND_OP_CORRELATE_H

#include "kernel/conv.h"
#include "op/grid.h"

enum { ND_CHAIN = 256 };

// x[batch, w.in, groups in], y[batch, w.out, groups out],
// filters[w.taps, in, groups out]
typedef struct nd_conv {
  nd_window w;
  int64_t batch, groups;
  int64_t in, out;  // channels of a group
} nd_conv;

typedef struct nd_correlation {
  nd_conv conv;
  bool back;
  nd_dtype dtype;
  const nd_conv_kernels *k;
  const char *source, *filters;
  char *target;
} nd_correlation;

const nd_conv_kernels *nd_conv_find(const nd_tensor *like);

// Whether every channel is a group of its own.
static inline bool nd_conv_is_deep(const nd_conv *c)
{
  return c->in == 1 && c->out == 1 && c->groups > 1;
}

// Its work: memory, step number `i`, and units of any step.
size_t nd_correlation_shared(const nd_correlation *l);
size_t nd_correlation_own(const nd_correlation *l);
bool nd_correlation_next(const nd_correlation *l, nd_step *step, int i);
void nd_correlation_run(const nd_correlation *l, void *shared, void *own,
                        int64_t from, int64_t to);

#endif
