// kernel/convert.h: changes the dtype of contiguous runs.

#ifndef ND_KERNEL_CONVERT_H
#define ND_KERNEL_CONVERT_H

#include "base/cpu.h"
#include "kernel/level.h"
#include "nadir.h"

// out[i] = (to) in[i]. Floats become integers by truncation; nan and what does
// not fit become the lowest value, in uint8 they wrap. Anything not 0 is true.
typedef void nd_convert_kernel(int64_t n, void *restrict out, const void *in);

typedef struct nd_convert_table {
  nd_convert_kernel *to[ND_DTYPES][ND_DTYPES];  // [to][from]
} nd_convert_table;

void nd_convert(nd_level level, nd_dtype to, nd_dtype from, int64_t n,
                void *out, const void *in);

#endif
