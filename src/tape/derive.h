// tape/derive.h: derivatives of one op at work, whatever its kind. Reverse
// mode, forward mode and the tests all come through here.

#ifndef ND_TAPE_DERIVE_H
#define ND_TAPE_DERIVE_H

#include "op/op.h"

// Sets gx[i] for the inputs in `wanted` to their gradients, new references with
// the inputs' shapes, and to NULL for the others. g[k] is the gradient of
// output k, or NULL for zero, but not all are. `fused` allows the one-pass
// kernels, which no tape can see. After a failure all are NULL.
bool nd_job_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, bool fused, nd_tensor **gx);

// Sets ty[k] to the tangents of the outputs, new references with their shapes;
// NULL for outputs that no tangent flows to. t[i] is that of input i or NULL
// for zero, but not all are. After a failure all are NULL.
bool nd_job_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty);

#endif
