// ops/joined.h: templates of kernels that join others (nd_join), made of the
// formulas of the families' lines; for float32, in which large passes are.

#ifndef ND_OPS_JOINED_H
#define ND_OPS_JOINED_H

#include <string.h>

#include "kernel/math.h"
#include "kernel/reduce.h"
#include "ops/elementwise.h"

// Iterations do not read what others write.
#ifdef __clang__
#define ND_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define ND_INDEPENDENT _Pragma("GCC ivdep")
#endif

// The formula of a line of two inputs as a function.
#define VALUE(inputs, name, label, type, result, formula)        \
  ND_UNUSED static inline type name##_of_##label(type a, type b) \
  {                                                              \
    typedef type T;                                              \
    return (T)(formula);                                         \
  }

// `formula` of q0 .. q3, of which those in `ones` repeat one element. What is
// not there stands for q0.
#define ELEMENT(k, ones) (ones >> k & 1 ? s##k : p##k[i])
#define JOINED(name, label, type, inputs, ones, formula)        \
  static void name##_##label(int n, const double *p, void *out, \
                             const void *const *in)             \
  {                                                             \
    type *o = out;                                              \
    const type *p0 = in[0], *p1 = in[1];                        \
    const type *p2 = in[inputs > 2 ? 2 : 0];                    \
    const type *p3 = in[inputs > 3 ? 3 : 0];                    \
    const type s0 = *p0, s1 = *p1, s2 = *p2, s3 = *p3;          \
    ND_INDEPENDENT for (int i = 0; i < n; i++)                  \
    {                                                           \
      const type ND_UNUSED q0 = ELEMENT(0, ones);               \
      const type ND_UNUSED q1 = ELEMENT(1, ones);               \
      const type ND_UNUSED q2 = ELEMENT(2, ones);               \
      const type ND_UNUSED q3 = ELEMENT(3, ones);               \
      o[i] = formula;                                           \
    }                                                           \
  }

// Lanes as vectors that lie anywhere, and runs of as many elements as there are
// lanes, the last filled up with zeros.
#define LANES(label, type)                                               \
  enum {                                                                 \
    label##_WIDTH = ND_VECTOR_BYTES / sizeof(type),                      \
    label##_VECTORS = ND_LANES / label##_WIDTH                           \
  };                                                                     \
  typedef type label##_lanes __attribute__((                             \
    vector_size(ND_VECTOR_BYTES), aligned(sizeof(type)), may_alias));    \
  ND_INLINE void lanes_add_##label(label##_lanes *lane, const type *run) \
  {                                                                      \
    ND_UNROLL for (int v = 0; v < label##_VECTORS; v++)                  \
      lane[v] += *(const label##_lanes *)(run + v * label##_WIDTH);      \
  }                                                                      \
  ND_INLINE void lanes_keep_##label(int64_t n, void *to, int64_t i,      \
                                    const type *run)                     \
  {                                                                      \
    if (to != NULL)                                                      \
      memcpy((type *)to + i, run, (size_t)n * sizeof *run);              \
  }

LANES(float32, float)

// What a kernel gives and the lanes of its sum: `read` has element i of what
// lies at `places`.
#define SUMMED(name, label, type, places, read, formula)             \
  static void name##_sum_##label(int n, const double *p, void *out,  \
                                 void *lanes, const void *const *in) \
  {                                                                  \
    typedef type T;                                                  \
    label##_lanes lane[label##_VECTORS] = { { 0 } };                 \
    T run[ND_LANES];                                                 \
    places int at = 0;                                               \
    for (; at + ND_LANES <= n; at += ND_LANES) {                     \
      ND_UNROLL for (int64_t k = 0; k < ND_LANES; k++)               \
      {                                                              \
        const int64_t i = at + k;                                    \
        read run[k] = formula;                                       \
      }                                                              \
      lanes_keep_##label(ND_LANES, out, at, run);                    \
      lanes_add_##label(lane, run);                                  \
    }                                                                \
    memset(run, 0, sizeof run);                                      \
    for (int64_t i = at; i < n; i++) {                               \
      read run[i - at] = formula;                                    \
    }                                                                \
    lanes_keep_##label(n - at, out, at, run);                        \
    lanes_add_##label(lane, run);                                    \
    memcpy(lanes, lane, sizeof lane);                                \
  }

// The same of a formula, and of a slope.
#define SUM_FORWARD(inputs, name, formula) \
  SUMMED(name, float32, float, PLACES_##inputs(0), READ_##inputs, formula)
#define SUM_BACKWARD(inputs, name, slope)                                \
  SUMMED(name, float32, float, PLACES_##inputs(1) const T *pg = in[0];   \
         const T *ND_UNUSED py = in[inputs + 1];                         \
         , READ_##inputs const T g = pg[i]; const T ND_UNUSED y = py[i]; \
         , ZERO_STAYS(g, slope))

#endif
