// kernel/segment_add.levels.c: the loops of sums by segment. Rows of 2, 4 and 8
// elements have loops of known length.

#include "kernel/segment.h"

#define SUMS(label, type)                                                \
  static void plus_##label(int64_t n, void *sum, const void *in)         \
  {                                                                      \
    type *restrict x = sum;                                              \
    const type *restrict y = in;                                         \
    for (int64_t i = 0; i < n; i++)                                      \
      x[i] = (type)(x[i] + y[i]);                                        \
  }                                                                      \
  /* Columns 0..columns-1, where rows of `run` begin with the first. */  \
  static inline void add_columns_##label(                                \
    int64_t n, const int64_t *row, int64_t run, int64_t columns,         \
    const type *restrict x, type *restrict sums)                         \
  {                                                                      \
    for (int64_t i = 0; i < n; i++, x += run) {                          \
      if (row[i] < 1)                                                    \
        continue;                                                        \
      type *restrict sum = sums + (row[i] - 1) * run;                    \
      for (int64_t j = 0; j < columns; j++)                              \
        sum[j] = (type)(sum[j] + x[j]);                                  \
    }                                                                    \
  }                                                                      \
  static void add_##label(int64_t n, const int64_t *row, int64_t run,    \
                          int64_t from, int64_t to, const void *in,      \
                          void *sums)                                    \
  {                                                                      \
    const type *x = (const type *)in + from;                             \
    type *sum = (type *)sums + from;                                     \
    switch (to - from) {                                                 \
    case 2: add_columns_##label(n, row, run, 2, x, sum); break;          \
    case 4: add_columns_##label(n, row, run, 4, x, sum); break;          \
    case 8: add_columns_##label(n, row, run, 8, x, sum); break;          \
    default: add_columns_##label(n, row, run, to - from, x, sum); break; \
    }                                                                    \
  }                                                                      \
  static int64_t take_##label(int64_t i, int64_t n, const int64_t *row,  \
                              uint8_t *restrict count, const void *in,   \
                              void *restrict sums)                       \
  {                                                                      \
    const type *x = in;                                                  \
    type *sum = sums;                                                    \
    for (; i < n; i++) {                                                 \
      if (row[i] < 1)                                                    \
        continue;                                                        \
      const int64_t segment = row[i] - 1;                                \
      sum[segment] = (type)(sum[segment] + x[i]);                        \
      if (nd_segment_count(count, segment))                              \
        break;                                                           \
    }                                                                    \
    return i;                                                            \
  }

SUMS(float32, float)
SUMS(float64, double)
SUMS(int32, int32_t)
SUMS(int64, int64_t)
SUMS(uint8, uint8_t)

#define KERNELS(label)                      \
  {                                         \
    plus_##label, add_##label, take_##label \
  }

const nd_segment_table
  ND_LEVELLED(nd_segment_table) = { .at = { [ND_FLOAT32] = KERNELS(float32),
                                            [ND_FLOAT64] = KERNELS(float64),
                                            [ND_INT32] = KERNELS(int32),
                                            [ND_INT64] = KERNELS(int64),
                                            [ND_UINT8] = KERNELS(uint8) } };
