// kernel/block.h: what a kernel of an elementwise op is: a function over short
// contiguous runs. It knows no shapes, strides, broadcasts or casts; the block
// engine deals with those.

#ifndef ND_KERNEL_BLOCK_H
#define ND_KERNEL_BLOCK_H

#include <stdint.h>

#include "nadir.h"

enum {
  ND_BLOCK = 512,   // elements of a run at most; fits L1 with its inputs
  ND_MAX_FEEDS = 5  // inputs of a kernel at most: g, three of the op's, y
};

// out[i] = f(in[0][i], in[1][i], ...) for i < n <= ND_BLOCK, where f has the
// parameters `p`: the op's attributes as numbers. `out` overlaps no input.
typedef void nd_block_kernel(int n, const double *p, void *restrict out,
                             const void *const *in);

// The head of a kernel's definition.
#define ND_BLOCK_KERNEL(name)                                  \
  static void name(int n, const double *p, void *restrict out, \
                   const void *const *in)

// The same, and as nd_reduce_kernels.lanes gives them, the lanes of the sum of
// what comes out; `out` may be NULL, or one of the inputs.
typedef void nd_summed_kernel(int n, const double *p, void *out, void *lanes,
                              const void *const *in);

// A kernel that does in one loop, and to the same bits, what two do: `first`
// and then `second`, which reads that as input `at`; its inputs are those of
// the first and then those of the second. by_ones[m] is for where the inputs in
// m, a set of bits, repeat one element; NULL: there is none. The output may be
// one of the inputs. Tables of them end with a NULL kernel.
typedef struct nd_joined {
  nd_block_kernel *first, *second;
  int at;
  nd_block_kernel *by_ones[8];
} nd_joined;

typedef struct nd_summing {
  nd_block_kernel *of;
  nd_summed_kernel *summed;
} nd_summing;

// The kernels of one op: forward by input dtype; slope[i] computes the
// gradient of input i from (g, inputs..., output), with a zero g giving zero.
typedef struct nd_kernels {
  nd_block_kernel *forward[ND_DTYPES];
  nd_block_kernel *slope[3][2];
} nd_kernels;

#endif
