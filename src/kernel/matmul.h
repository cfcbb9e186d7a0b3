// kernel/matmul.h: c[m n] = a[m k] b[k n], or the part of it in a range.
//
// Every c[i, j] is one fixed sum, decided by k alone: chains of ND_FMA over
// ND_MATMUL_CHAIN terms, each from 0; a block is ND_MATMUL_CHAINS of them,
// added in order; blocks are put together by kernel/tree.h. So its bits depend
// neither on tile sizes, nor on the range, nor on the CPU's vector width; CPUs
// without FMA round twice per term. Integers wrap, in whatever order.
//
// Whoever cuts a long multiply runs `chain` on areas of c, chain after chain,
// or `run` on as many blocks as make a subtree, and puts blocks together by
// `plus` (ops/matmul.c). `run` does the same by itself, over all terms.

#ifndef ND_KERNEL_MATMUL_H
#define ND_KERNEL_MATMUL_H

#include "kernel/level.h"
#include "nadir.h"

enum { ND_MATMUL_CHAIN = 128, ND_MATMUL_CHAINS = 8 };

// One multiply. Strides are counted in elements; `c` is row-major without gaps
// and overlaps neither input. Only elements from..to-1 of `c`, counted in that
// order, are computed and written.
typedef struct nd_matmul {
  int64_t m, n, k;
  const void *a;
  const void *b;
  void *c;
  int64_t a_row, a_column;
  int64_t b_row, b_column;
  int64_t from, to;
} nd_matmul;

typedef struct nd_matmul_kernels {
  // Bytes that `run` needs at `scratch`, 64-byte aligned; 0 if none.
  size_t (*scratch)(const nd_matmul *p);
  void (*run)(const nd_matmul *p, void *scratch);

  // All of c, whose rows are `c_row` apart, takes at most one chain: as its
  // value, or added to it. Scratch as for two chains. NULL for integers.
  void (*chain)(const nd_matmul *p, int64_t c_row, bool adds, void *scratch);

  // x[i] += y[i] for i < n
  void (*plus)(int64_t n, void *x, const void *y);

  // The same by three loops: the test oracle of `run`.
  void (*plain)(const nd_matmul *p);
} nd_matmul_kernels;

// By dtype; NULL for bool.
typedef struct nd_matmul_table {
  const nd_matmul_kernels *at[ND_DTYPES];
} nd_matmul_table;

// The body of `plain` for one element type, of one chain.
#define ND_MATMUL_LOOPS(type, fma)                             \
  const type *a = p->a;                                        \
  const type *b = p->b;                                        \
  type *c = p->c;                                              \
  for (int64_t at = p->from; at < p->to; at++) {               \
    const int64_t i = at / p->n;                               \
    const int64_t j = at % p->n;                               \
    type sum = 0;                                              \
    for (int64_t q = 0; q < p->k; q++)                         \
      sum = (type)fma(a[i * p->a_row + q * p->a_column],       \
                      b[q * p->b_row + j * p->b_column], sum); \
    c[at] = sum;                                               \
  }

#endif
