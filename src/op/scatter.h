// op/scatter.h: rows that meet rows of a matrix by position, as steps of work.

#ifndef ND_OP_SCATTER_H
#define ND_OP_SCATTER_H

#include "base/work.h"
#include "kernel/scatter.h"
#include "tensor/tensor.h"

typedef struct nd_scatter {
  nd_scatter_way way;
  const nd_tensor *positions;  // of integers that count from 1 or from -1
  const nd_tensor *rows;       // as many rows, without gaps
  char *out;                   // rows of the same dtype
  int64_t size;                // so many
  int64_t run;                 // of so many elements
} nd_scatter;

// Step `i`, but for what runs it; false after the last.
bool nd_scatter_step(const nd_scatter *s, nd_step *step, int i);

// Units from..to-1 of one of the steps.
void nd_scatter_units(const nd_scatter *s, int64_t from, int64_t to);

// The matrix has `size` rows. False, and an error, if there is another position
// or, of integers, a divisor of 0.
bool nd_scatter_check(nd_context *c, nd_scatter_way way, nd_tensor *positions,
                      nd_tensor *rows, int64_t size);

// False, and an error, if a position of an axis of `size` is not there.
bool nd_positions_check(nd_context *c, nd_tensor *positions, int64_t size);

#endif
