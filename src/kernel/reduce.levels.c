// kernel/reduce.levels.c: the folds of every dtype from one template.

#include "kernel/reduce.h"

#include <math.h>

// nan wins in max and min.
#define F_SUM(a, b) ((a) + (b))
#define F_PROD(a, b) ((a) * (b))
#define F_MAX(a, b) ((a) >= (b) || (a) != (a) ? (a) : (b))
#define F_MIN(a, b) ((a) <= (b) || (a) != (a) ? (a) : (b))

#define FOLD(label, type, fold, neutral)                             \
  static void label##_##fold(int64_t n, void *out, const void *in)   \
  {                                                                  \
    const type *x = in;                                              \
    type lane[ND_LANES];                                             \
    for (int j = 0; j < ND_LANES; j++)                               \
      lane[j] = (type)(neutral);                                     \
    int64_t i = 0;                                                   \
    for (; i + ND_LANES <= n; i += ND_LANES) {                       \
      for (int j = 0; j < ND_LANES; j++)                             \
        lane[j] = (type)F_##fold(lane[j], x[i + j]);                 \
    }                                                                \
    for (int j = 0; i + j < n; j++)                                  \
      lane[j] = (type)F_##fold(lane[j], x[i + j]);                   \
    for (int half = ND_LANES / 2; half > 0; half /= 2) {             \
      for (int j = 0; j < half; j++)                                 \
        lane[j] = (type)F_##fold(lane[j], lane[j + half]);           \
    }                                                                \
    *(type *)out = lane[0];                                          \
  }                                                                  \
  static void label##_##fold##_merge(int64_t n, void *restrict into, \
                                     const void *restrict in)        \
  {                                                                  \
    type *a = into;                                                  \
    const type *b = in;                                              \
    for (int64_t i = 0; i < n; i++)                                  \
      a[i] = (type)F_##fold(a[i], b[i]);                             \
  }

#define FOLDS(label, type, lowest, highest) \
  FOLD(label, type, SUM, 0)                 \
  FOLD(label, type, PROD, 1)                \
  FOLD(label, type, MAX, lowest)            \
  FOLD(label, type, MIN, highest)

FOLDS(float32, float, -INFINITY, INFINITY)
FOLDS(float64, double, -INFINITY, INFINITY)
FOLDS(int32, int32_t, INT32_MIN, INT32_MAX)
FOLDS(int64, int64_t, INT64_MIN, INT64_MAX)
FOLDS(uint8, uint8_t, 0, UINT8_MAX)
FOLDS(truth, uint8_t, 0, 1)

#define PAIR(label, fold)                  \
  {                                        \
    label##_##fold, label##_##fold##_merge \
  }
#define ROW(fold)                                                           \
  {                                                                         \
    [ND_FLOAT32] = PAIR(float32, fold), [ND_FLOAT64] = PAIR(float64, fold), \
    [ND_INT32] = PAIR(int32, fold), [ND_INT64] = PAIR(int64, fold),         \
    [ND_UINT8] = PAIR(uint8, fold), [ND_BOOL] = PAIR(truth, fold),          \
  }

const nd_reduce_table ND_LEVELLED(nd_reduce_table) = { .at = {
                                                         [ND_SUM] = ROW(SUM),
                                                         [ND_PROD] = ROW(PROD),
                                                         [ND_MAX] = ROW(MAX),
                                                         [ND_MIN] = ROW(MIN),
                                                       } };
