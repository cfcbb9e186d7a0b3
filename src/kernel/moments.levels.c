// kernel/moments.levels.c: the moments of both float dtypes from one template.

#include "kernel/moments.h"

#include <string.h>

#include "kernel/math.h"
#include "kernel/reduce.h"
#include "kernel/rows_within.h"

enum {
  WIDTH = ND_VECTOR_BYTES / sizeof(double),  // sums in a vector
  VECTORS = ND_LANES / WIDTH,                // of all lanes
  BESIDE = 4  // of columns that are walked together
};

typedef double sums __attribute__((vector_size(ND_VECTOR_BYTES)));

// What an input adds: itself, or the square of its distance from the mean.
ND_INLINE sums term_by(sums x, sums mean, bool squared)
{
  const sums d = x - mean;
  return squared ? d * d : x;
}

ND_INLINE sums term(sums x, double mean, bool squared)
{
  return term_by(x, (sums){ 0 } + mean, squared);
}

// The one value of lanes, by halves.
ND_INLINE double join_lanes(sums *lane)
{
  ND_UNROLL_FAST
  for (int half = VECTORS / 2; half > 0; half /= 2) {
    ND_UNROLL_FAST
    for (int v = 0; v < half; v++)
      lane[v] += lane[v + half];
  }
  ND_UNROLL_FAST
  for (int half = WIDTH / 2; half > 0; half /= 2) {
    sums other = lane[0];
    ND_UNROLL_FAST
    for (int i = 0; i < WIDTH; i++)
      other[i] = lane[0][i ^ half];
    lane[0] += other;
  }
  return lane[0][0];
}

#define LABEL float32
#define REAL float
#include "kernel/moments_real.h"

#define LABEL float64
#define REAL double
#include "kernel/moments_real.h"

const nd_moments_table ND_LEVELLED(nd_moments_table) = {
  .at = { [ND_FLOAT32] = { float32_run, float32_columns },
          [ND_FLOAT64] = { float64_run, float64_columns } }
};
