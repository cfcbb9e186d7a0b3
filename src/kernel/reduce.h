// kernel/reduce.h: folds contiguous runs to one value, and rows into rows.
//
// A fold goes over ND_LANES lanes, the inputs in turn, which are then put
// together by halves, whatever the CPU, so results repeat bit for bit. Between
// the two, lanes of several runs can be merged, as runs of ND_LANES values.

#ifndef ND_KERNEL_REDUCE_H
#define ND_KERNEL_REDUCE_H

#include "kernel/level.h"
#include "nadir.h"

typedef enum nd_fold { ND_SUM, ND_PROD, ND_MAX, ND_MIN, ND_FOLDS } nd_fold;

enum { ND_LANES = 32 };

typedef struct nd_reduce_kernels {
  // The lanes of in[0], ..., in[n-1]; and the one value of lanes.
  void (*lanes)(int64_t n, void *lanes, const void *in);
  void (*close)(void *out, const void *lanes);

  // *out = in[0] f in[1] f ... in[n-1]; the neutral value when n is 0.
  void (*run)(int64_t n, void *out, const void *in);

  // The same for `rows` runs of `n`, one after the other; out[r] is that of r.
  void (*rows)(int64_t rows, int64_t n, void *out, const void *in);

  // into[i] = into[i] f in[i] for i < n.
  void (*merge)(int64_t n, void *restrict into, const void *restrict in);

  // The same for rows 0, 1, ..., rows-1 of `in`, which are `step` elements
  // apart.
  void (*columns)(int64_t rows, int64_t n, int64_t step, void *restrict into,
                  const void *restrict in);
} nd_reduce_kernels;

// By fold and dtype.
typedef struct nd_reduce_table {
  nd_reduce_kernels at[ND_FOLDS][ND_DTYPES];
} nd_reduce_table;

#endif
