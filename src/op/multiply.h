// op/multiply.h: how products of matrices are cut into work: small ones by
// matrices, others by bands (op/bands.h), large ones by fields
// (op/fields.h).

#ifndef ND_OP_MULTIPLY_H
#define ND_OP_MULTIPLY_H

#include "op/product.h"

// nd_op.run and nd_op.work.
void nd_multiply_run(const nd_job *j, int64_t from, int64_t to);
nd_work nd_multiply_work(const nd_job *j);

#endif
