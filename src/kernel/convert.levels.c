// kernel/convert.levels.c: one loop per pair of dtypes, from one X-macro list.

#include "kernel/convert.h"

#include <string.h>

#include "base/dtype.h"
#include "kernel/half.h"

// Float to integer without undefined behaviour.
#define TRUNCATE(x, type, low, high) \
  ((x) >= (low) && (x) < (high) ? (type)(x) : (type)(low))

#define TO_float32(x) ((float)(x))
#define TO_float64(x) ((double)(x))
#define TO_int32(x) TRUNCATE((double)(x), int32_t, -0x1p31, 0x1p31)
#define TO_int64(x) TRUNCATE((double)(x), int64_t, -0x1p63, 0x1p63)
#define TO_uint8(x) \
  ((uint8_t)(int64_t)TRUNCATE((double)(x), int64_t, -0x1p63, 0x1p63))
#define TO_truth(x) ((uint8_t)((x) != 0))

// Between integers C's own conversions do.
#define KEEP_int32(x) ((int32_t)(x))
#define KEEP_int64(x) ((int64_t)(x))
#define KEEP_uint8(x) ((uint8_t)(x))

#define CONVERT(to, to_type, from, from_type, expression) \
  ND_BLOCK_KERNEL(from##_to_##to)                         \
  {                                                       \
    to_type *o = out;                                     \
    const from_type *x = in[0];                           \
    for (int i = 0; i < n; i++)                           \
      o[i] = expression(x[i]);                            \
  }

// The loops of one source; `way` is how it becomes an integer.
#define FROM(from, from_type, way)                      \
  CONVERT(float32, float, from, from_type, TO_float32)  \
  CONVERT(float64, double, from, from_type, TO_float64) \
  CONVERT(int32, int32_t, from, from_type, way##_int32) \
  CONVERT(int64, int64_t, from, from_type, way##_int64) \
  CONVERT(uint8, uint8_t, from, from_type, way##_uint8) \
  CONVERT(truth, uint8_t, from, from_type, TO_truth)

FROM(float32, float, TO)
FROM(float64, double, TO)
FROM(int32, int32_t, KEEP)
FROM(int64, int64_t, KEEP)
FROM(uint8, uint8_t, KEEP)
FROM(truth, uint8_t, KEEP)

// ----------------------------------------------------- floats of two bytes --

CONVERT(float16, uint16_t, float32, float, nd_float16_of_f32)
CONVERT(bfloat16, uint16_t, float32, float, nd_bfloat16_of_f32)
CONVERT(float32, float, float16, uint16_t, nd_f32_of_float16)
CONVERT(float32, float, bfloat16, uint16_t, nd_f32_of_bfloat16)
CONVERT(odd32, float, float64, double, nd_odd_f32)
CONVERT(odd64, double, int64, int64_t, nd_odd_f64)

ND_BLOCK_KERNEL(copy)
{
  memcpy(out, in[0], (size_t)n * sizeof(uint16_t));
}

// In two steps, of which the first is exact or rounds to odd.
#define THROUGH(to, from, type, first, second) \
  ND_BLOCK_KERNEL(from##_to_##to)              \
  {                                            \
    type room[ND_BLOCK];                       \
    const void *const between = room;          \
    first(n, p, room, in);                     \
    second(n, p, out, &between);               \
  }

#define WIDER(to, from) \
  THROUGH(to, from, float, from##_to_float32, float32_to_##to)
#define NARROWER(to, from) \
  THROUGH(to, from, double, from##_to_float64, float64_to_##to)

#define HALF(half, other)                                            \
  WIDER(float64, half)                                               \
  WIDER(int32, half)                                                 \
  WIDER(int64, half)                                                 \
  WIDER(uint8, half)                                                 \
  WIDER(truth, half)                                                 \
  WIDER(other, half)                                                 \
  THROUGH(half, float64, float, float64_to_odd32, float32_to_##half) \
  THROUGH(half, int64, double, int64_to_odd64, float64_to_##half)    \
  NARROWER(half, int32)                                              \
  NARROWER(half, uint8)                                              \
  NARROWER(half, truth)

HALF(float16, bfloat16)
HALF(bfloat16, float16)
#define float16_to_float16 copy
#define bfloat16_to_bfloat16 copy

// ------------------------------------------------------------------- tables --

#define ROW(to)                         \
  {                                     \
    .forward = {                        \
      [ND_FLOAT32] = float32_to_##to,   \
      [ND_FLOAT64] = float64_to_##to,   \
      [ND_INT32] = int32_to_##to,       \
      [ND_INT64] = int64_to_##to,       \
      [ND_UINT8] = uint8_to_##to,       \
      [ND_BOOL] = truth_to_##to,        \
      [ND_FLOAT16] = float16_to_##to,   \
      [ND_BFLOAT16] = bfloat16_to_##to, \
    }                                   \
  }

const nd_kernels ND_LEVELLED(nd_kernels_convert)[] = {
  [ND_FLOAT32] = ROW(float32), [ND_FLOAT64] = ROW(float64),
  [ND_INT32] = ROW(int32),     [ND_INT64] = ROW(int64),
  [ND_UINT8] = ROW(uint8),     [ND_BOOL] = ROW(truth),
  [ND_FLOAT16] = ROW(float16), [ND_BFLOAT16] = ROW(bfloat16),
};

#if ND_IS_BASELINE
void nd_convert(nd_level level, nd_dtype to, nd_dtype from, int n, void *out,
                const void *in)
{
  static const nd_kernels *const tables[ND_LEVELS] = ND_LIST_ROWS(
    nd_kernels_convert, 0);
  tables[level][to].forward[from](n, NULL, out, &in);
}
#endif
