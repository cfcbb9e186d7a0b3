// kernel/align.h: the loop of sums over alignments (op/align.h).

#ifndef ND_KERNEL_ALIGN_H
#define ND_KERNEL_ALIGN_H

#include <stdint.h>

#include "kernel/group.h"

typedef struct nd_align_kernels {
  // to[r] = log(exp(from[r]) + exp(from[r - 1]) + exp(from[r - 2] + skip[r]))
  // for the r of whole groups of doubles among n. `to` is not `from`.
  void (*sum)(int64_t n, double *restrict to, const double *restrict from,
              const double *restrict skip);
} nd_align_kernels;

#endif
