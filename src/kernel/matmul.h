// kernel/matmul.h: c[m n] = a[m k] b[k n].
//
// Every c[i, j] is one fixed sum, decided by k alone: chains of ND_FMA over
// ND_MATMUL_CHAIN terms, each from 0; a block is ND_MATMUL_CHAINS of them,
// added in order; blocks are put together by kernel/tree.h. So its bits depend
// neither on tile sizes, nor on how c is cut, nor on the CPU's vector width;
// CPUs without FMA round twice per term. Integers wrap, in whatever order.
//
// Whoever cuts a multiply moves pointers and lessens sizes. Rows and columns
// may be cut anywhere; terms where chains end: `add` goes on with a block, and
// `plus` puts together what `run` gave for as many blocks as make a subtree
// (op/bands.c, op/field_cuts.c).

#ifndef ND_KERNEL_MATMUL_H
#define ND_KERNEL_MATMUL_H

#include "kernel/level.h"
#include "nadir.h"

enum {
  ND_MATMUL_CHAIN = 128,
  ND_MATMUL_CHAINS = 8,
  ND_MATMUL_ROWS = 6,   // of a tile of the result
  ND_MATMUL_PANEL = 64  // columns, of which panels of b have a part
};

// One multiply. Strides are counted in elements; columns of `c` are adjacent,
// and it overlaps neither input.
typedef struct nd_matmul {
  int64_t m, n, k;
  const void *a;
  const void *b;
  void *c;
  int64_t a_row, a_column;
  int64_t b_row, b_column;
  int64_t c_row;
} nd_matmul;

typedef struct nd_matmul_kernels {
  // Bytes that these need at `scratch`, 64-byte aligned; 0 if none.
  size_t (*scratch)(const nd_matmul *p);
  void (*run)(const nd_matmul *p, void *scratch);

  // The same chain after chain, added to c: at most a block, of which c has
  // the chains before. NULL for integers.
  void (*add)(const nd_matmul *p, void *scratch);

  // x[i] += y[i] for i < n
  void (*plus)(int64_t n, void *x, const void *y);

  // Many that share what is packed, at most `terms` terms of it: columns of b
  // as panels, their number rounded up to ND_MATMUL_PANEL, and rows of a as
  // tiles, which take `tiles_bytes`; 0 where they are better read as they lie.
  // Several may pack these: terms from..to-1 of the panels, and the tiles that
  // begin with rows from..to-1. `run_packed` reads them in place of p->b and,
  // unless `tiles` is NULL, of p->a. NULL for integers.
  int64_t terms;
  void (*pack_panels)(const nd_matmul *p, int64_t from, int64_t to,
                      void *panels);
  size_t (*tiles_bytes)(const nd_matmul *p);
  void (*pack_tiles)(const nd_matmul *p, int64_t from, int64_t to, void *tiles);
  void (*run_packed)(const nd_matmul *p, const void *tiles, void *panels,
                     bool adds);

  // The same by three loops: the test oracle of `run`.
  void (*plain)(const nd_matmul *p);
} nd_matmul_kernels;

// By dtype; NULL for bool.
typedef struct nd_matmul_table {
  const nd_matmul_kernels *at[ND_DTYPES];
} nd_matmul_table;

// The body of `plain` for one element type, of one chain.
#define ND_MATMUL_LOOPS(type, fma)                               \
  const type *a = p->a;                                          \
  const type *b = p->b;                                          \
  type *c = p->c;                                                \
  for (int64_t i = 0; i < p->m; i++) {                           \
    for (int64_t j = 0; j < p->n; j++) {                         \
      type sum = 0;                                              \
      for (int64_t q = 0; q < p->k; q++)                         \
        sum = (type)fma(a[i * p->a_row + q * p->a_column],       \
                        b[q * p->b_row + j * p->b_column], sum); \
      c[i * p->c_row + j] = sum;                                 \
    }                                                            \
  }

#endif
