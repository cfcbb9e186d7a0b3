// digest.h: numbers that stand for the bits of many, which golden values are
// compared by: the sum of bits times 1, 3, 5, ... One nan is like another.
#ifndef ND_TEST_DIGEST_H
#define ND_TEST_DIGEST_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t digest_f32(const float *x, size_t n)
{
  uint64_t sum = 0;
  for (size_t k = 0; k < n; k++) {
    uint32_t bits = 1;
    if (!isnan(x[k]))
      memcpy(&bits, &x[k], sizeof bits);
    sum += bits * (2 * (uint64_t)k + 1);
  }
  return sum;
}

static inline uint64_t digest_f64(const double *x, size_t n)
{
  uint64_t sum = 0;
  for (size_t k = 0; k < n; k++) {
    uint64_t bits = 1;
    if (!isnan(x[k]))
      memcpy(&bits, &x[k], sizeof bits);
    sum += bits * (2 * (uint64_t)k + 1);
  }
  return sum;
}

static inline uint64_t digest_i32(const int32_t *x, size_t n)
{
  uint64_t sum = 0;
  for (size_t k = 0; k < n; k++)
    sum += (uint64_t)x[k] * (2 * (uint64_t)k + 1);
  return sum;
}

static inline uint64_t digest_i64(const int64_t *x, size_t n)
{
  uint64_t sum = 0;
  for (size_t k = 0; k < n; k++)
    sum += (uint64_t)x[k] * (2 * (uint64_t)k + 1);
  return sum;
}

#endif
