// kernel/group.h: kernels of long formulas, which stand once: the compiler puts
// no second copy, for what is left over, behind a loop whose length is a
// multiple of ND_GROUP.

#ifndef ND_KERNEL_GROUP_H
#define ND_KERNEL_GROUP_H

#include "kernel/block.h"
#include "kernel/level.h"

// Elements of a group, by their width.
#define ND_GROUP(width) ((width) == 8 ? 8 : 16)
enum { ND_MAX_GROUP = ND_GROUP(1) };

typedef struct nd_grouped {
  nd_block_kernel *groups;  // takes the whole groups of its n elements
  uint8_t inputs;
  uint8_t width, result;  // bytes of an element that it reads, and writes
} nd_grouped;

// Runs `groups` over n elements: the last ones lie in a group of their own.
void ND_LEVELLED(nd_run_grouped)(int n, const double *p, void *out,
                                 const void *const *in, const nd_grouped *k);

// Runs a kernel of one input of doubles over floats; its result is rounded.
void ND_LEVELLED(nd_run_widened)(int n, const double *p, float *out,
                                 const float *in, nd_block_kernel *doubles);

#endif
