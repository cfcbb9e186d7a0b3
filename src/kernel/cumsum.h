// kernel/cumsum.h: running sums of blocks, each for `n` columns that lie beside
// each other; rows are `stride` elements apart.

#ifndef ND_KERNEL_CUMSUM_H
#define ND_KERNEL_CUMSUM_H

#include "kernel/level.h"
#include "nadir.h"

enum {
  ND_CUMSUM_BLOCK = 1024,  // rows of all blocks but the last
  ND_CUMSUM_WIDEST = 16    // bytes of a sum, at most
};

typedef struct nd_cumsum_kernels {
  size_t total;  // bytes of a sum

  // Adds the rows of a whole block to the sums.
  void (*add)(int64_t rows, int64_t stride, int64_t n, void *totals,
              const void *in);

  // Adds any rows, and each row of `out` becomes the sums up to there.
  void (*write)(int64_t rows, int64_t stride, int64_t n, void *totals,
                const void *in, void *out);

  // Makes sums of blocks, `stride` sums apart, those of all up to each.
  void (*scan)(int64_t blocks, int64_t stride, int64_t n, void *totals);
} nd_cumsum_kernels;

// By dtype, but for bool.
typedef struct nd_cumsum_table {
  nd_cumsum_kernels at[ND_DTYPES];
} nd_cumsum_table;

#endif
