// op/sweeps.h: eigenvalues of tridiagonal and singular values of bidiagonal
// matrices, in float64, by implicit sweeps of turns (Golub and Van Loan, Matrix
// Computations). Turns are noted in a list of bounded length, for vectors to
// take; who is asked again goes on. They end whatever the numbers are: after 30
// sweeps for each value, or at once if these are not finite.

#ifndef ND_OP_SWEEPS_H
#define ND_OP_SWEEPS_H

#include <stdbool.h>

#include "kernel/factor.h"

typedef struct nd_sweeps {
  int64_t n;
  int64_t left;   // values that are still to be found
  int64_t tries;  // sweeps that are still allowed
  int64_t count;  // turns that the last call noted
} nd_sweeps;

// Room for turns that is enough, and how many calls there will be at most.
int64_t nd_sweeps_room(int64_t n);
int64_t nd_sweeps_rounds(int64_t n);

void nd_sweeps_start(nd_sweeps *s, int64_t n);

// d is the diagonal, e[0..n-2] what is beside it, for which e has room for n.
// Turns of vectors as rows.
void nd_sweeps_tridiagonal(nd_sweeps *s, double *d, double *e, nd_turn *turns);

// e[0..n-2] is above the diagonal d. Turns of right vectors, as many of left.
void nd_sweeps_bidiagonal(nd_sweeps *s, double *d, double *e, nd_turn *right,
                          nd_turn *left);

#endif
