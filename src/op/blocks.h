// op/blocks.h: what series of stages are made of: triangles are solved,
// matrices eliminated and reflected by blocks of ND_BLOCK_ROWS, so that most of
// the work is products of matrices. Numbers of stages depend on sizes alone.

#ifndef ND_OP_BLOCKS_H
#define ND_OP_BLOCKS_H

#include "op/series.h"

enum { ND_BLOCK_ROWS = 64 };

// Strips of so many rows or columns are units.
nd_stage nd_strips(const nd_matrices *p, int64_t n, float cost);

// Nanoseconds of so many multiplications, in a loop over rows.
float nd_terms_cost(const nd_matrices *p, double terms);

// Rows from..to-1 of out[n m], or all, become columns of in[m n].
void nd_flip_rows(const nd_matrices *p, int64_t from, int64_t to, int64_t m,
                  const char *in, int64_t in_row, char *out, int64_t out_row);

// out = -in, `n` elements of the dtype
void nd_negate(const nd_matrices *p, int64_t n, const char *in, char *out);

// ----------------------------------------------------------------- updates --

// c[m n] += a b with at most one chain of terms, in areas that are units. If
// `upper`, only what is on or above the diagonal of c is wanted.
typedef struct nd_update {
  nd_matmul y;
  bool upper;
} nd_update;

nd_stage nd_update_stage(const nd_matrices *p, int64_t m, int64_t n, int64_t k);
void nd_update_run(const nd_piece *y, const nd_update *u);
size_t nd_update_own(const nd_matrices *p);

// --------------------------------------------------------------- triangles --

// x[n w] becomes t^-1 x, for a lower or upper triangle of t, which may be
// transposed. `negative` has room for ND_BLOCK_ROWS rows of x.
typedef struct nd_triangle {
  int64_t n, w;
  char *t;
  int64_t t_row, t_column;
  bool upper;
  bool unit;
  char *x;
  int64_t x_row;
  char *negative;
} nd_triangle;

int64_t nd_triangle_stages(int64_t n);
nd_stage nd_triangle_stage(const nd_matrices *p, int64_t n, int64_t w,
                           int64_t i);
void nd_triangle_run(const nd_piece *y, const nd_triangle *t, int64_t i);

// ------------------------------------------------------------- elimination --

// a[m n] becomes its factors l and u, with row exchange (kernel/factor.h). The
// first column without a pivot, from 1, is noted in *found.
typedef struct nd_elimination {
  int64_t m, n;
  char *a;
  int64_t *swaps;
  char *negative;  // room for ND_BLOCK_ROWS rows
} nd_elimination;

int64_t nd_elimination_stages(int64_t m, int64_t n);
nd_stage nd_elimination_stage(const nd_matrices *p, int64_t m, int64_t n,
                              int64_t i);
void nd_elimination_run(const nd_piece *y, const nd_elimination *e, int64_t i);

// Row i of the exchanged matrix was rows[i] before.
void nd_elimination_rows(int64_t m, int64_t pivots, const int64_t *swaps,
                         int64_t *rows);

#endif
