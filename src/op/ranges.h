// op/ranges.h: parts of tensors by ranges, as an attribute of ND_RANGES has
// them. A range is {first, last, step}, counts from 1 or from -1, includes both
// ends, and is cut to the size of its axis. Entries that add an axis are of
// size 1 in the part; the one for other axes may stand anywhere, once.

#ifndef ND_OP_RANGES_H
#define ND_OP_RANGES_H

#include "op/op.h"

// One axis of a part: where it starts, counted from 0, its step and its length.
typedef struct nd_range {
  int64_t start;
  int64_t step;
  int64_t length;
} nd_range;

typedef struct nd_ranges {
  nd_range axis[ND_MAX_RANK];  // of the tensor
  int rank;                    // of the part: without the axes of positions
  int64_t shape[ND_MAX_RANK];
  int from[ND_MAX_RANK];  // which axis of the tensor it is; -1: a new one
} nd_ranges;

// The part of a tensor of that shape; axes without an entry stay whole.
bool nd_ranges_find(nd_context *c, const nd_value *ranges, int rank,
                    const int64_t *shape, nd_ranges *r);

// Puts elements from..to-1 of `x`, broadcast to the part's shape, to the part
// of `out`.
void nd_ranges_put(const nd_ranges *r, const nd_tensor *x, nd_tensor *out,
                   int64_t from, int64_t to);

#endif
