// op/filters.h: the gradient of a convolution by its filters: each of them is
// the sum, over all windows of all images, of its source times a channel of the
// window's gradient.
//
// Every element is one fixed sum. Windows of whole lines, ND_FILTERS_CHAIN at
// most, are a chain. Where a line is too long for that it is so many windows in
// a row, and those of them that reach into the padding are one of their own.
// About ND_FILTERS_LEAF windows are added up chain by chain, and such leaves by
// kernel/tree.h. So where there are several leaves, memory for the filters is
// needed once for each time that their number doubles, and for each leaf that
// is worked on beside others: up to 16, but fewer if the filters are large.
// Each thread has room for one chain.

#ifndef ND_OP_FILTERS_H
#define ND_OP_FILTERS_H

#include "op/correlate.h"

enum { ND_FILTERS_CHAIN = 128, ND_FILTERS_LEAF = 1024 };

typedef struct nd_filters {
  nd_conv conv;
  nd_dtype dtype;
  const nd_conv_kernels *k;
  const char *x, *g;
  char *out;  // [w.taps, in, groups out]
} nd_filters;

// Its work: memory, step number `i`, and units of any step.
size_t nd_filters_shared(const nd_filters *l);
size_t nd_filters_own(const nd_filters *l);
bool nd_filters_next(const nd_filters *l, nd_step *step, int i);
void nd_filters_run(const nd_filters *l, void *shared, void *own, int64_t from,
                    int64_t to);

#endif
