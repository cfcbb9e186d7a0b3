// tensor/pool.h: temporaries of derivative rules. A rule is one expression of
// ops; what it makes on the way is put in the strand's pool and let go when
// the rule is done.

#ifndef ND_TENSOR_POOL_H
#define ND_TENSOR_POOL_H

#include "tensor/tensor.h"

// The pool's size now, for nd_pool_drain.
static inline size_t nd_pool_mark(const nd_context *c)
{
  return c->strand.pool_size;
}

// Gives the caller's reference of `x` to the pool; returns `x`, borrowed. NULL
// to NULL.
nd_tensor *nd_pool_add(nd_context *c, nd_tensor *x);

// Releases everything added since `mark`.
void nd_pool_drain(nd_context *c, size_t mark);

#endif
