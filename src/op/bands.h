// op/bands.h: products of matrices cut into bands of the result: a few rows of
// all columns, or a few columns of all rows, whichever are more. Bands beside
// each other are worked on together, and share what is packed.

#ifndef ND_OP_BANDS_H
#define ND_OP_BANDS_H

#include "op/product.h"

typedef struct nd_bands {
  nd_matmul p;
  bool by_columns;
  int64_t each;  // of a matrix
  float cost;    // of one, in nanoseconds
} nd_bands;

nd_bands nd_bands_cut(const nd_job *j, const nd_matmul *p);

// The one step that makes the result.
nd_step nd_bands_step(const nd_job *j);

#endif
