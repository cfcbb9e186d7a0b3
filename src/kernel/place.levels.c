// kernel/place.levels.c: loops without branches, which the compiler turns into
// vector compares.

#include "kernel/place.h"

enum { STRIDE = 32 };  // elements that are looked at together

// Places within a stride are bits.
#define FIRST(label, type)                                             \
  static inline int64_t find_##label(int64_t n, const type *x, type y) \
  {                                                                    \
    int64_t start = 0;                                                 \
    for (; start + STRIDE <= n; start += STRIDE) {                     \
      int found = 0;                                                   \
      for (int i = 0; i < STRIDE; i++)                                 \
        found |= x[start + i] == y;                                    \
      if (found)                                                       \
        break;                                                         \
    }                                                                  \
    const int64_t left = n - start;                                    \
    const int rest = left < STRIDE ? (int)left : STRIDE;               \
    uint32_t places = 0;                                               \
    for (int i = 0; i < rest; i++)                                     \
      places |= (uint32_t)(x[start + i] == y) << i;                    \
    return places == 0 ? n : start + __builtin_ctz(places);            \
  }                                                                    \
  static void first_##label(int64_t rows, int64_t n, const void *in,   \
                            const void *values, int64_t *at)           \
  {                                                                    \
    const type *x = in;                                                \
    const type *y = values;                                            \
    for (int64_t r = 0; r < rows; r++)                                 \
      at[r] = 1 + find_##label(n, x + r * n, y[r]);                    \
  }

#define BETTER(name, type, over)                                               \
  static void name(int64_t n, const void *restrict row, void *restrict best,   \
                   int32_t *restrict at, int32_t place)                        \
  {                                                                            \
    const type *x = row;                                                       \
    type *y = best;                                                            \
    for (int64_t i = 0; i < n; i++) {                                          \
      const int better = (x[i] over y[i]) | ((y[i] != y[i]) & (x[i] == x[i])); \
      y[i] = better ? x[i] : y[i];                                             \
      at[i] = better ? place : at[i];                                          \
    }                                                                          \
  }

#define PLACE(label, type)       \
  FIRST(label, type)             \
  BETTER(above_##label, type, >) \
  BETTER(below_##label, type, <)

PLACE(float32, float)
PLACE(float64, double)
PLACE(int32, int32_t)
PLACE(int64, int64_t)
PLACE(uint8, uint8_t)

#define KERNELS(label)                          \
  {                                             \
    first_##label, above_##label, below_##label \
  }

const nd_place_table
  ND_LEVELLED(nd_place_table) = { .at = { [ND_FLOAT32] = KERNELS(float32),
                                          [ND_FLOAT64] = KERNELS(float64),
                                          [ND_INT32] = KERNELS(int32),
                                          [ND_INT64] = KERNELS(int64),
                                          [ND_UINT8] = KERNELS(uint8) } };
