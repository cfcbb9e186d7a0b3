// kernel/convert.h: changes the dtype of contiguous runs.

#ifndef ND_KERNEL_CONVERT_H
#define ND_KERNEL_CONVERT_H

#include "base/cpu.h"
#include "kernel/block.h"
#include "kernel/level.h"

// Block kernels, a row for each dtype of the result. Floats become integers by
// truncation; nan and what does not fit become the lowest value, in uint8 they
// wrap. Anything not 0 is true.
ND_DECLARE_ROWS(const nd_kernels, nd_kernels_convert);

// out[i] = (to) in[i] for i < n <= ND_BLOCK.
void nd_convert(nd_level level, nd_dtype to, nd_dtype from, int n, void *out,
                const void *in);

#endif
