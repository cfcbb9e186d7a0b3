// op/plain.h: the short way of elementwise kernels: few elements of inputs that
// lie as the result does. There is nothing to walk, to cast, to defer or to cut
// into parts.

#ifndef ND_OP_PLAIN_H
#define ND_OP_PLAIN_H

#include "kernel/block.h"
#include "tensor/tensor.h"

// True if a kernel may run that way over inputs of the context and of one
// dtype, none of which waits: each has the shape of `like`, which has axes, and
// is dense or repeats one element, or it is one element.
bool nd_is_plain(const nd_context *c, const nd_tensor *like, int n,
                 nd_tensor *const *in);

// What the kernel makes of them: of that dtype, in the shape of `like`. NULL
// without memory.
nd_tensor *nd_plain_run(const nd_tensor *like, nd_block_kernel *kernel,
                        const double *p, int n, nd_tensor *const *in,
                        nd_dtype dtype);

#endif
