// op/multiply.h: how products of matrices, out[.. m n] = in[0][.. m k]
// in[1][.. k n], are cut into work: small ones by matrices, others by strips of
// rows or columns, large ones by fields whose areas share what is packed.

#ifndef ND_OP_MULTIPLY_H
#define ND_OP_MULTIPLY_H

#include "op/op.h"

// Attributes of a job that multiplies, flags: which inputs are flipped.
enum { ND_TRANSPOSE_A, ND_TRANSPOSE_B };

bool nd_multiply_flips(const nd_job *j, int i);

// Size of the rows (0) or columns (1) of input `i` as it is multiplied.
int64_t nd_multiply_side(const nd_job *j, int i, int axis);

// True if the batches of in[0] are multiplied with the same matrix, so that one
// after the other they are the rows of one matrix.
bool nd_multiply_stacks(const nd_job *j);

// nd_op.run and nd_op.work.
void nd_multiply_run(const nd_job *j, int64_t from, int64_t to);
nd_work nd_multiply_work(const nd_job *j);

#endif
