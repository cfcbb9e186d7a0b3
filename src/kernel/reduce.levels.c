// kernel/reduce.levels.c: the folds of every dtype from one template.

#include "kernel/reduce.h"

#include <math.h>
#include <string.h>

// nan wins in max and min.
#define F_SUM(a, b) ((a) + (b))
#define F_PROD(a, b) ((a) * (b))
#define F_MAX(a, b) ((a) >= (b) || (a) != (a) ? (a) : (b))
#define F_MIN(a, b) ((a) <= (b) || (a) != (a) ? (a) : (b))

// The same for vectors.
#define PICK(mask, a, b)                             \
  (__typeof__(a))(((__typeof__(mask))(a) & (mask)) | \
                  ((__typeof__(mask))(b) & ~(mask)))
#define V_SUM(a, b) ((a) + (b))
#define V_PROD(a, b) ((a) * (b))
#define V_MAX(a, b) PICK(((a) >= (b)) | ((a) != (a)), a, b)
#define V_MIN(a, b) PICK(((a) <= (b)) | ((a) != (a)), a, b)

// Lanes are vectors, which stay in registers. The rest of a run is filled up
// with neutral values. The whole fold calls the halves: inlined, they would
// stand there twice.
#define FOLD(label, type, fold, neutral)                                   \
  static inline label##_vector label##_##fold##_of(label##_vector lane,    \
                                                   const void *x)          \
  {                                                                        \
    const label##_vector y = *(const label##_vector *)x;                   \
    return V_##fold(lane, y);                                              \
  }                                                                        \
  __attribute__((noinline)) static void label##_##fold##_lanes(            \
    int64_t n, void *lanes, const void *in)                                \
  {                                                                        \
    const type *x = in;                                                    \
    label##_vector lane[label##_VECTORS];                                  \
    ND_UNROLL for (int v = 0; v < label##_VECTORS; v++)                    \
      lane[v] = (label##_vector){ 0 } + (type)(neutral);                   \
    for (; n >= ND_LANES; n -= ND_LANES, x += ND_LANES) {                  \
      ND_UNROLL for (int v = 0; v < label##_VECTORS; v++)                  \
        lane[v] = label##_##fold##_of(lane[v], x + v * label##_WIDTH);     \
    }                                                                      \
    type rest[label##_WIDTH];                                              \
    const int whole = (int)n / label##_WIDTH;                              \
    for (int j = 0; j < label##_WIDTH; j++)                                \
      rest[j] = (type)(neutral);                                           \
    for (int j = 0; j < (int)n % label##_WIDTH; j++)                       \
      rest[j] = x[whole * label##_WIDTH + j];                              \
    ND_UNROLL for (int v = 0; v < label##_VECTORS; v++)                    \
    {                                                                      \
      if (v < whole)                                                       \
        lane[v] = label##_##fold##_of(lane[v], x + v * label##_WIDTH);     \
      else if (v == whole)                                                 \
        lane[v] = label##_##fold##_of(lane[v], rest);                      \
    }                                                                      \
    label##_vector *to = lanes;                                            \
    ND_UNROLL for (int v = 0; v < label##_VECTORS; v++) to[v] = lane[v];   \
  }                                                                        \
  __attribute__((noinline)) static void label##_##fold##_close(            \
    void *out, const void *lanes)                                          \
  {                                                                        \
    label##_vector lane[label##_VECTORS];                                  \
    const label##_vector *from = lanes;                                    \
    ND_UNROLL for (int v = 0; v < label##_VECTORS; v++) lane[v] = from[v]; \
    ND_UNROLL for (int half = label##_VECTORS / 2; half > 0; half /= 2)    \
    {                                                                      \
      ND_UNROLL for (int v = 0; v < half; v++)                             \
        lane[v] = V_##fold(lane[v], lane[v + half]);                       \
    }                                                                      \
    type one[label##_WIDTH];                                               \
    memcpy(one, lane, sizeof one);                                         \
    ND_UNROLL for (int half = label##_WIDTH / 2; half > 0; half /= 2)      \
    {                                                                      \
      for (int j = 0; j < half; j++)                                       \
        one[j] = (type)F_##fold(one[j], one[j + half]);                    \
    }                                                                      \
    *(type *)out = one[0];                                                 \
  }                                                                        \
  static void label##_##fold(int64_t n, void *out, const void *in)         \
  {                                                                        \
    type lanes[ND_LANES];                                                  \
    label##_##fold##_lanes(n, lanes, in);                                  \
    label##_##fold##_close(out, lanes);                                    \
  }                                                                        \
  static void label##_##fold##_merge(int64_t n, void *restrict into,       \
                                     const void *restrict in)              \
  {                                                                        \
    type *a = into;                                                        \
    const type *b = in;                                                    \
    for (int64_t i = 0; i < n; i++)                                        \
      a[i] = (type)F_##fold(a[i], b[i]);                                   \
  }

// Vectors that lie anywhere, ND_LANES elements at most.
#define VECTORS(label, type)                                  \
  enum {                                                      \
    label##_BYTES = ND_VECTOR_BYTES < ND_LANES * sizeof(type) \
                      ? ND_VECTOR_BYTES                       \
                      : ND_LANES * sizeof(type),              \
    label##_WIDTH = label##_BYTES / sizeof(type),             \
    label##_VECTORS = ND_LANES / label##_WIDTH                \
  };                                                          \
  typedef type label##_vector __attribute__((                 \
    vector_size(label##_BYTES), aligned(sizeof(type)), may_alias));

#define FOLDS(label, type, lowest, highest) \
  VECTORS(label, type)                      \
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

#define KERNELS(label, fold)                                        \
  {                                                                 \
    label##_##fold##_lanes, label##_##fold##_close, label##_##fold, \
      label##_##fold##_merge                                        \
  }
#define ROW(fold)                                                             \
  {                                                                           \
    [ND_FLOAT32] = KERNELS(float32, fold),                                    \
    [ND_FLOAT64] = KERNELS(float64, fold), [ND_INT32] = KERNELS(int32, fold), \
    [ND_INT64] = KERNELS(int64, fold), [ND_UINT8] = KERNELS(uint8, fold),     \
    [ND_BOOL] = KERNELS(truth, fold),                                         \
  }

const nd_reduce_table ND_LEVELLED(nd_reduce_table) = { .at = {
                                                         [ND_SUM] = ROW(SUM),
                                                         [ND_PROD] = ROW(PROD),
                                                         [ND_MAX] = ROW(MAX),
                                                         [ND_MIN] = ROW(MIN),
                                                       } };
