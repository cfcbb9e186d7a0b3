// kernel/factor.h: the loops of factorizations, on rows whose elements are
// adjacent. Every result is a fixed sequence of ND_FMA, by element, and dots
// are one tree over lanes: the bits depend neither on how columns are cut nor
// on the CPU; CPUs without FMA round twice per term.

#ifndef ND_KERNEL_FACTOR_H
#define ND_KERNEL_FACTOR_H

#include "kernel/level.h"
#include "nadir.h"

// Turns rows `at` and at + 1: (x, y) becomes (c x - s y, s x + c y).
typedef struct nd_turn {
  double c, s;
  int64_t at;
} nd_turn;

// Strides are counted in elements and may be negative.
typedef struct nd_factor_kernels {
  // x . y, and y += a x
  double (*dot)(int64_t n, const void *x, const void *y);
  void (*axpy)(int64_t n, double a, const void *x, void *y);

  // x[n w] becomes t^-1 x for a lower triangular t[n n], whose diagonal is
  // taken as 1 if `unit` says so.
  void (*solve)(int64_t n, int64_t w, const void *t, int64_t t_row,
                int64_t t_column, bool unit, void *x, int64_t x_row);

  // The upper triangle of a[n n] becomes u with u' u = a. Returns the place of
  // the first pivot that is not positive, which is left there, or n.
  int64_t (*cholesky)(int64_t n, void *a, int64_t a_row);

  // Columns from..to-1 of the panel a[m n] by elimination with row exchange:
  // below the diagonal stand the multipliers. Row swaps[c] is exchanged with
  // row c, over all `width` columns from number `first` on. Returns the first
  // column without a pivot, or `to`.
  int64_t (*eliminate)(int64_t m, int64_t n, int64_t from, int64_t to, void *a,
                       int64_t a_row, int64_t first, int64_t width,
                       int64_t *swaps);

  // `count` turns of w columns of x, one after the other.
  void (*turn)(int64_t count, const nd_turn *turns, int64_t w, void *x,
               int64_t x_row);
} nd_factor_kernels;

// By dtype: float32, float64.
typedef struct nd_factor_table {
  const nd_factor_kernels *at[ND_FLOAT64 + 1];
} nd_factor_table;

#endif
