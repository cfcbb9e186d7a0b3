// kernel/reduce.h: folds contiguous runs to one value, and rows into rows.
//
// A fold goes over ND_LANES lanes and then a fixed tree, whatever the CPU, so
// results repeat bit for bit.

#ifndef ND_KERNEL_REDUCE_H
#define ND_KERNEL_REDUCE_H

#include "kernel/level.h"
#include "nadir.h"

typedef enum nd_fold { ND_SUM, ND_PROD, ND_MAX, ND_MIN, ND_FOLDS } nd_fold;

enum { ND_LANES = 32 };

typedef struct nd_reduce_kernels {
  // *out = in[0] f in[1] f ... in[n-1]; the neutral value when n is 0.
  void (*run)(int64_t n, void *out, const void *in);

  // into[i] = into[i] f in[i] for i < n.
  void (*merge)(int64_t n, void *restrict into, const void *restrict in);
} nd_reduce_kernels;

// By fold and dtype.
typedef struct nd_reduce_table {
  nd_reduce_kernels at[ND_FOLDS][ND_DTYPES];
} nd_reduce_table;

#endif
