// op/fold_blocks.h: a fold of a pass, fed block by block.

#ifndef ND_OP_FOLD_BLOCKS_H
#define ND_OP_FOLD_BLOCKS_H

#include "op/fold.h"
#include "op/span.h"

typedef struct nd_fold_blocks {
  const nd_span *span;
  const nd_reduce_kernels *k;
  size_t width;   // bytes of a value
  char *out;      // of the next value, or of the columns
  int64_t left;   // elements that the next value still needs
  bool is_begun;  // columns have had a row
  nd_fold_part part;
} nd_fold_blocks;

// Begins with a unit of so many elements, whose values go to `out`.
void nd_fold_blocks_start(nd_fold_blocks *f, const nd_span *span,
                          const nd_reduce_kernels *k, size_t width,
                          int64_t size, char *out);

// The next block of the unit.
void nd_fold_blocks_add(nd_fold_blocks *f, int64_t n, const void *block);

// The same in two for a span of long rows: where the lanes of the block go,
// then that they are there.
void *nd_fold_blocks_lanes(nd_fold_blocks *f);
void nd_fold_blocks_next(nd_fold_blocks *f, int64_t n);

// Puts the parts together that units gave, `stride` bytes apart. That of unit 0
// is at `parts`.
void nd_fold_blocks_join(const nd_span *span, const nd_reduce_kernels *k,
                         size_t width, const char *parts, size_t stride,
                         char *out);

#endif
