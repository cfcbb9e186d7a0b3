// op/product.h: products of matrices, out[.. m n] = in[0][.. m k]
// in[1][.. k n], as kernels take them: where one of them lies, and what it
// costs. Leading axes are batches and broadcast.

#ifndef ND_OP_PRODUCT_H
#define ND_OP_PRODUCT_H

#include "kernel/matmul.h"
#include "op/op.h"

// Attributes of a job that multiplies, flags: which inputs are flipped.
enum { ND_TRANSPOSE_A, ND_TRANSPOSE_B };

static inline bool nd_product_flips(const nd_job *j, int i)
{
  return j->attr[i == 0 ? ND_TRANSPOSE_A : ND_TRANSPOSE_B].integer != 0;
}

// Size of the rows (0) or columns (1) of input `i` as it is multiplied.
static inline int64_t nd_product_side(const nd_job *j, int i, int axis)
{
  const nd_tensor *x = j->in[i];
  return x->dims[x->rank - 2 + (axis ^ (int)nd_product_flips(j, i))];
}

// True if the batches of in[0] are multiplied with the same matrix, so that one
// after the other they are the rows of one matrix.
bool nd_product_stacks(const nd_job *j);

// One matrix of the result, without values.
nd_matmul nd_product_plan(const nd_job *j);

// The rows and columns of matrix number `batch`, from those on.
nd_matmul nd_product_part(const nd_job *j, const nd_matmul *p, int64_t batch,
                          int64_t row, int64_t column);

const nd_matmul_kernels *nd_product_kernels(const nd_job *j);

// Bytes of an element.
int64_t nd_product_width(const nd_job *j);

bool nd_product_is_float(const nd_job *j);

// True if elements are dots of two rows that lie in memory, so that nothing is
// packed; so do integers.
bool nd_product_is_dots(const nd_job *j, const nd_matmul *p);

// Nanoseconds that a term takes for so many rows and columns: to multiply, and
// to read b. Dots read all they multiply; one alone waits for its sum.
float nd_product_cost(const nd_job *j, const nd_matmul *p, int64_t rows,
                      int64_t columns);

#endif
