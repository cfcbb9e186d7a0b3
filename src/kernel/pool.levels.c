// kernel/pool.levels.c: see pool.h.

#include "kernel/pool.h"

#include <string.h>

#define DEFINE_POOL(label, type)                                            \
  static void label##_max(nd_taps t, bool first, const void *x, void *y)    \
  {                                                                         \
    type *restrict best = y;                                                \
    const type *restrict in = x;                                            \
    if (first)                                                              \
      memcpy(best, in, (size_t)t.n * sizeof(type));                         \
    for (int64_t p = first; p < t.count; p++) {                             \
      const type *restrict next = in + p * t.step;                          \
      for (int64_t i = 0; i < t.n; i++) {                                   \
        const type v = next[i], b = best[i];                                \
        best[i] = (v > b) | (v != v) ? v : b;                               \
      }                                                                     \
    }                                                                       \
  }                                                                         \
  static void label##_argmax(nd_taps t, bool first, int32_t number,         \
                             const void *x, void *y, int32_t *place)        \
  {                                                                         \
    type *restrict best = y;                                                \
    int32_t *restrict at = place;                                           \
    const type *restrict in = x;                                            \
    for (int64_t i = 0; first && i < t.n; i++) {                            \
      best[i] = in[i];                                                      \
      at[i] = number;                                                       \
    }                                                                       \
    for (int64_t p = first; p < t.count; p++) {                             \
      const type *restrict next = in + p * t.step;                          \
      const int32_t here = number + (int32_t)p;                             \
      for (int64_t i = 0; i < t.n; i++) {                                   \
        const type v = next[i], b = best[i];                                \
        const int wins = (v > b) | ((v != v) & (b == b));                   \
        best[i] = wins ? v : b;                                             \
        at[i] = wins ? here : at[i];                                        \
      }                                                                     \
    }                                                                       \
  }                                                                         \
  static void label##_take(nd_taps t, int32_t number, const int32_t *place, \
                           const void *x, void *y)                          \
  {                                                                         \
    type *restrict out = y;                                                 \
    for (int64_t p = 0; p < t.count; p++) {                                 \
      const type *restrict in = (const type *)x + p * t.step;               \
      const int32_t here = number + (int32_t)p;                             \
      for (int64_t i = 0; i < t.n; i++)                                     \
        out[i] = place[i] == here ? in[i] : out[i];                         \
    }                                                                       \
  }                                                                         \
  static void label##_put(nd_taps t, int32_t number, const int32_t *place,  \
                          const void *g, void *y)                           \
  {                                                                         \
    const type *restrict in = g;                                            \
    for (int64_t p = 0; p < t.count; p++) {                                 \
      type *restrict out = (type *)y + p * t.step;                          \
      const int32_t here = number + (int32_t)p;                             \
      for (int64_t i = 0; i < t.n; i++)                                     \
        out[i] += place[i] == here ? in[i] : 0;                             \
    }                                                                       \
  }                                                                         \
  static void label##_sum(nd_taps t, bool first, const void *x, void *y)    \
  {                                                                         \
    type *restrict out = y;                                                 \
    if (first)                                                              \
      memcpy(out, x, (size_t)t.n * sizeof(type));                           \
    for (int64_t p = first; p < t.count; p++) {                             \
      const type *restrict in = (const type *)x + p * t.step;               \
      for (int64_t i = 0; i < t.n; i++)                                     \
        out[i] += in[i];                                                    \
    }                                                                       \
  }                                                                         \
  static void label##_divide(int64_t n, double by, void *y)                 \
  {                                                                         \
    type *restrict out = y;                                                 \
    for (int64_t i = 0; i < n; i++)                                         \
      out[i] /= (type)by;                                                   \
  }                                                                         \
  static void label##_spread(nd_taps t, double by, const void *g, void *y)  \
  {                                                                         \
    const type *restrict in = g;                                            \
    for (int64_t p = 0; p < t.count; p++) {                                 \
      type *restrict out = (type *)y + p * t.step;                          \
      for (int64_t i = 0; i < t.n; i++)                                     \
        out[i] += in[i] / (type)by;                                         \
    }                                                                       \
  }

DEFINE_POOL(float32, float)
DEFINE_POOL(float64, double)

#define KERNELS(label)                                                  \
  {                                                                     \
    .max = label##_max, .argmax = label##_argmax, .take = label##_take, \
    .put = label##_put, .sum = label##_sum, .divide = label##_divide,   \
    .spread = label##_spread                                            \
  }

const nd_pool_table ND_LEVELLED(nd_pool_table) = {
  .at[ND_FLOAT32] = KERNELS(float32),
  .at[ND_FLOAT64] = KERNELS(float64),
};
