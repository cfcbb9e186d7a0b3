// measure.h: what the benchmarks in C measure with: the time of this thread
// alone, so that a busy machine changes little, medians, and what the machine
// can do in registers.

#ifndef ND_BENCH_MEASURE_H
#define ND_BENCH_MEASURE_H

#include <stdlib.h>
#include <time.h>

#include "base/cpu.h"
#include "nadir.h"

static inline double thread_seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline int order_times(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

// Puts them in order.
static inline double median_of(int n, double *times)
{
  qsort(times, (size_t)n, sizeof *times, order_times);
  return times[n / 2];
}

// Sums that do not wait for each other, in registers: what the machine can.
#define AT_BEST(name, type, bytes, target)                                \
  target static double name(int64_t rounds)                               \
  {                                                                       \
    typedef type vector __attribute__((vector_size(bytes)));              \
    vector x0 = { 0 }, x1 = x0, x2 = x0, x3 = x0, x4 = x0, x5 = x0;       \
    vector x6 = x0, x7 = x0, x8 = x0, x9 = x0;                            \
    const vector y = x0 + (type).5, z = x0 + (type)1;                     \
    for (int64_t i = 0; i < rounds; i++) {                                \
      x0 = x0 * y + z, x1 = x1 * y + z, x2 = x2 * y + z, x3 = x3 * y + z; \
      x4 = x4 * y + z, x5 = x5 * y + z, x6 = x6 * y + z, x7 = x7 * y + z; \
      x8 = x8 * y + z, x9 = x9 * y + z;                                   \
      __asm__ volatile("" : : : "memory");                                \
    }                                                                     \
    const vector all = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9;   \
    volatile type sum = all[0];                                           \
    (void)sum;                                                            \
    return 20. * bytes / sizeof(type) * (double)rounds;                   \
  }

#if defined(__x86_64__)
#define FUSED(cpu) __attribute__((target(cpu), optimize("fp-contract=fast")))
AT_BEST(peak32_avx512, float, 64, FUSED("avx512f"))
AT_BEST(peak64_avx512, double, 64, FUSED("avx512f"))
AT_BEST(peak32_avx2, float, 32, FUSED("avx2,fma"))
AT_BEST(peak64_avx2, double, 32, FUSED("avx2,fma"))
#define FUSED_HERE
#else
#define FUSED_HERE __attribute__((optimize("fp-contract=fast")))
#endif
AT_BEST(peak32, float, 16, FUSED_HERE)
AT_BEST(peak64, double, 16, FUSED_HERE)

// Multiplies and adds for some rounds; returns how many operations that were.
static inline double multiply_and_add(nd_level level, bool narrow,
                                      int64_t rounds)
{
#if defined(__x86_64__)
  if (level == ND_AVX512)
    return (narrow ? peak32_avx512 : peak64_avx512)(rounds);
  if (level == ND_AVX2)
    return (narrow ? peak32_avx2 : peak64_avx2)(rounds);
#endif
  return (narrow ? peak32 : peak64)(rounds);
}

#endif
