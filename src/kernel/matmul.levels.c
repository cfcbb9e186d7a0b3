// kernel/matmul.levels.c: the table of multiplies, and those of integers,
// which are three loops.

#include "kernel/matmul.h"

static size_t no_scratch(const nd_matmul *p)
{
  return 0;
}

#define WRAPPING(a, b, c) ((a) * (b) + (c))

#define INTEGER(label, type)                                      \
  static void label##_plain(const nd_matmul *p)                   \
  {                                                               \
    ND_MATMUL_LOOPS(type, WRAPPING);                              \
  }                                                               \
  static void label##_run(const nd_matmul *p, void *unused)       \
  {                                                               \
    label##_plain(p);                                             \
  }                                                               \
  static void label##_plus(int64_t n, void *sum, const void *in)  \
  {                                                               \
    type *restrict x = sum;                                       \
    const type *restrict y = in;                                  \
    for (int64_t i = 0; i < n; i++)                               \
      x[i] = (type)(x[i] + y[i]);                                 \
  }                                                               \
  static const nd_matmul_kernels label = { .scratch = no_scratch, \
                                           .run = label##_run,    \
                                           .plus = label##_plus,  \
                                           .plain = label##_plain };

INTEGER(int32, int32_t)
INTEGER(int64, int64_t)
INTEGER(uint8, uint8_t)

extern const nd_matmul_kernels ND_LEVELLED(nd_matmul_float32);
extern const nd_matmul_kernels ND_LEVELLED(nd_matmul_float64);

const nd_matmul_table ND_LEVELLED(nd_matmul_table) = {
  .at[ND_FLOAT32] = &ND_LEVELLED(nd_matmul_float32),
  .at[ND_FLOAT64] = &ND_LEVELLED(nd_matmul_float64),
  .at[ND_INT32] = &int32,
  .at[ND_INT64] = &int64,
  .at[ND_UINT8] = &uint8,
};
