// op/spectrum.h: eigenvalues and eigenvectors of symmetric matrices, of which
// what is on and below the diagonal is read; and singular values and vectors of
// any.
//
// Reflections (op/reflect.h) leave a tridiagonal matrix, or a bidiagonal one;
// sweeps of turns (op/sweeps.h) leave the diagonal, while vectors, which are
// rows, take the turns. What is as good as 0 beside the largest element of a
// matrix may be lost: matrices are scaled only where squares would overflow or
// vanish.

#ifndef ND_OP_SPECTRUM_H
#define ND_OP_SPECTRUM_H

#include "op/reflect.h"
#include "op/sweeps.h"

// Of a job with either series: attributes of svd; outputs, of which those
// behind the values may be missing.
enum { ND_SVD_FULL, ND_SVD_VECTORS };
enum { ND_EIGH_VALUES, ND_EIGH_V };
enum { ND_SVD_VALUES, ND_SVD_U, ND_SVD_V };

extern const nd_series nd_eigen_series, nd_singular_series;

static inline bool nd_is_singular(const nd_matrices *p)
{
  return p->job->op->series == &nd_singular_series;
}

static inline bool nd_wants_vectors(const nd_matrices *p)
{
  return p->job->outs > 1;
}

// The matrix that is reduced is [m n] with m >= n: x, or its adjoint. Its
// reflections by columns, and of svd those by rows; vectors as rows, those of
// columns [k m] and of rows [n n].
typedef struct nd_spectrum {
  int64_t m, n, k;
  nd_reflections by_columns, by_rows;
  char *a, *columns, *rows;
  char *w, *p;     // vectors of m elements at work
  double *d, *e;   // the diagonal and what is beside it; at first, the
                   // largest elements of rows
  int64_t *order;  // where the values were, largest or smallest first
  nd_sweeps *sweeps;
  nd_turn *turns, *others;
  double *scale;  // 0: not all numbers are finite
} nd_spectrum;

static inline char *nd_row_of(const nd_matrices *p, char *a, int64_t row,
                              int64_t columns)
{
  return a + row * columns * p->width;
}

// -------------------------------------------------------------- reduction --

// Steps are taken in so many parts, which are stages.
static inline int64_t nd_reduction_parts(const nd_matrices *p)
{
  return nd_is_singular(p) ? 4 : 2;
}

void nd_spectrum_load(const nd_piece *y, const nd_spectrum *r, int64_t from,
                      int64_t to);
void nd_spectrum_scale(const nd_matrices *p, const nd_spectrum *r);
void nd_spectrum_resize(const nd_matrices *p, const nd_spectrum *r,
                        int64_t from, int64_t to);
void nd_spectrum_reduce(const nd_piece *y, const nd_spectrum *r, int64_t i);

#endif
