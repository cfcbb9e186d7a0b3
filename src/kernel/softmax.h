// kernel/softmax.h: the loops of softmax and what is like it, over pieces of
// rows.
//
// A piece is `rows` runs of `n` elements, one after the other in memory: whole
// short rows, a part of one long row, or (n = 1) one element of each of many
// neighbouring columns. So one set of loops serves every axis. Folds within a
// piece go over ND_LANES lanes and a fixed tree, or one by one when the run is
// shorter, whatever the CPU.

#ifndef ND_KERNEL_SOFTMAX_H
#define ND_KERNEL_SOFTMAX_H

#include "kernel/level.h"
#include "nadir.h"

// Pointers are to elements of the table's dtype where not said otherwise; those
// called `m` and all doubles have one element per row.
//
// The sum of exp(x - m) is 1, from the largest element, and the others. Its
// logarithm and 1 - p of the largest p lie in the others alone once they are
// small beside 1. So `s` is the sum less 1, and never added to it and taken
// apart again. Likewise at most one p of a row is above 1/2, and its 1 - p is
// the sum of the others.
typedef struct nd_softmax_kernels {
  // m[r] = -inf
  void (*start)(int64_t rows, void *m);

  // m[r] = 0 where m[r] is not finite.
  void (*steady)(int64_t rows, void *m);

  // d = x - m
  void (*shift)(int64_t rows, int64_t n, void *restrict d,
                const void *restrict x, const void *restrict m);

  // e[i] = exp(d[i]) for i < n
  void (*exp)(int64_t n, void *restrict e, const void *restrict d);

  // ones[r] += how many elements of row r of e are 1, s[r] += the sum of those
  // that are not; all[r] is the sum of row r, where n >= ND_LANES
  void (*tally)(int64_t rows, int64_t n, double *restrict s,
                double *restrict ones, const void *restrict all,
                const void *restrict e);

  // s[r] = log(1 + s[r])
  void (*log)(int64_t rows, double *s);

  // y = y / (1 + s)
  void (*divide)(int64_t rows, int64_t n, void *restrict y,
                 const double *restrict s);

  // y = y - s
  void (*subtract)(int64_t rows, int64_t n, void *restrict y,
                   const double *restrict s);

  // y[r] = m[r] + s[r]
  void (*join)(int64_t rows, void *restrict y, const void *restrict m,
               const double *restrict s);

  // y[r] = s[r]
  void (*give)(int64_t rows, void *restrict y, const double *restrict s);

  // loss[r] += the sum of z (s[r] - d) over row r, where a zero z gives zero
  void (*cross)(int64_t rows, int64_t n, double *restrict loss,
                const void *restrict z, const void *restrict d,
                const double *restrict s);

  // total[r] += the sum of row r of x
  void (*sum)(int64_t rows, int64_t n, double *restrict total,
              const void *restrict x);

  // y = (p total - z) g with p = y / (1 + s), where a zero g[r] gives zero; g
  // as m
  void (*slope)(int64_t rows, int64_t n, void *restrict y,
                const void *restrict z, const double *restrict s,
                const double *restrict total, const void *restrict g);

  // t0[r] += the t of row r whose p is above 1/2, if there is one
  void (*chief)(int64_t rows, int64_t n, double *restrict t0,
                const void *restrict p, const void *restrict t);

  // mean[r] += the sum of p (t - t0[r]) over row r, where a zero gives zero
  void (*mean)(int64_t rows, int64_t n, double *restrict mean,
               const void *restrict p, const void *restrict t,
               const double *restrict t0);

  // y = t - t0 - mean
  void (*centre)(int64_t rows, int64_t n, void *restrict y,
                 const void *restrict t, const double *restrict t0,
                 const double *restrict mean);

  // rest[r] += the sum of those p of row r that are not above 1/2
  void (*rest)(int64_t rows, int64_t n, double *restrict rest,
               const void *restrict p);

  // y = g - p total, where zeros give zero
  void (*spread)(int64_t rows, int64_t n, void *restrict y,
                 const void *restrict p, const void *restrict g,
                 const double *restrict rest, const double *restrict total);
} nd_softmax_kernels;

// By dtype: ND_FLOAT32, ND_FLOAT64.
typedef struct nd_softmax_table {
  nd_softmax_kernels at[2];
} nd_softmax_table;

#endif
