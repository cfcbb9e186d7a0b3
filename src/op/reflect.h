// op/reflect.h: products of reflections, I - tau v v', as factorizations make
// them. What they reflect is rows, whose elements are adjacent, so matrices are
// worked on transposed.
//
// Blocks of ND_REFLECTIONS are put together as I - v' t v with rows v, so that
// applying them is products of matrices (Schreiber and Van Loan, 1989).

#ifndef ND_OP_REFLECT_H
#define ND_OP_REFLECT_H

#include "op/blocks.h"

enum { ND_REFLECTIONS = 32 };

// Reflection i has v[i][j] = 0 for j < i + shift, 1 for j = i + shift.
typedef struct nd_reflections {
  int64_t count, length;
  int64_t shift;
  char *v;      // [count length]
  char *t;      // -t of each block
  double *tau;  // [count]
} nd_reflections;

size_t nd_reflections_bytes(int64_t count, int64_t length, int64_t width);

// Lays them out in memory of so many bytes at `at`; returns what follows.
char *nd_reflections_lay(nd_reflections *r, char *at, int64_t width);

// Makes reflection `i`, which takes x[i + shift ..] to one element, and all
// that is before it in v. Returns that element; x is left as it is.
double nd_reflections_make(const nd_matrices *p, const nd_reflections *r,
                           int64_t i, const char *x);

// x - tau v (v . x) for reflection `i`
void nd_reflections_apply(const nd_matrices *p, const nd_reflections *r,
                          int64_t i, char *x);

// Puts together block number `block`.
void nd_reflections_join(const nd_piece *y, const nd_reflections *r,
                         int64_t block);
int64_t nd_reflections_blocks(int64_t count);

// Strips of the `rows` rows from x on become x h, or x h', where h is the
// product of the reflections in block number `block`.
nd_stage nd_reflections_stage(const nd_matrices *p, int64_t rows,
                              int64_t length);
void nd_reflections_run(const nd_piece *y, const nd_reflections *r,
                        int64_t block, bool flip, char *x, int64_t x_row,
                        int64_t rows);
size_t nd_reflections_own(const nd_matrices *p, int64_t length);

// Element `i` of an array of the dtype.
double nd_element(const nd_matrices *p, const char *x, int64_t i);
void nd_element_set(const nd_matrices *p, char *x, int64_t i, double value);

#endif
