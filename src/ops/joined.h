// ops/joined.h: templates of kernels that join others (nd_join), made of the
// formulas of the families' lines; for float32, in which large passes are.

#ifndef ND_OPS_JOINED_H
#define ND_OPS_JOINED_H

#include <string.h>

#include "kernel/math.h"
#include "kernel/reduce.h"
#include "ops/elementwise.h"

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

// Vectors that lie anywhere, and what they are for ZERO_STAYS.
#define VECTORS(label, type, bits)                                         \
  enum { label##_WIDTH = ND_VECTOR_BYTES / sizeof(type) };                 \
  typedef type label##_vector __attribute__((                              \
    vector_size(ND_VECTOR_BYTES), aligned(sizeof(type)), may_alias));      \
  typedef bits label##_bits __attribute__((vector_size(ND_VECTOR_BYTES))); \
  ND_INLINE label##_vector vectors_stay_##label(label##_vector g,          \
                                                label##_vector product)    \
  {                                                                        \
    const label##_bits none = (label##_bits)(g == (label##_vector){ 0 });  \
    return (label##_vector)((label##_bits)product & ~none);                \
  }

VECTORS(float32, float, int32_t)

// What a kernel gives, at `o` if that is kept, and the lanes of its sum. `read`
// names what lies at `places`, by vectors and behind the last run one by one.
#define SUMMED(name, label, type, places, read, vector, one)                   \
  ND_INLINE void name##_runs_##label(int n, const double *p, type *o,          \
                                     bool kept, type *lanes,                   \
                                     const void *const *in)                    \
  {                                                                            \
    typedef type T;                                                            \
    enum { PARTS = ND_LANES / label##_WIDTH };                                 \
    label##_vector lane[PARTS];                                                \
    places int64_t at = 0;                                                     \
    ND_UNROLL for (int v = 0; v < PARTS; v++) lane[v] = (label##_vector){ 0 }; \
    for (; at + ND_LANES <= n; at += ND_LANES) {                               \
      typedef label##_vector E;                                                \
      ND_UNROLL for (int v = 0; v < PARTS; v++)                                \
      {                                                                        \
        const int64_t i = at + v * label##_WIDTH;                              \
        read const E y_i = vector;                                             \
        lane[v] += y_i;                                                        \
        if (kept)                                                              \
          *(E *)(void *)(o + i) = y_i;                                         \
      }                                                                        \
    }                                                                          \
    if (at < n) {                                                              \
      typedef T E;                                                             \
      T rest[ND_LANES] = { 0 };                                                \
      for (int64_t i = at; i < n; i++) {                                       \
        read rest[i - at] = one;                                               \
      }                                                                        \
      if (kept)                                                                \
        memcpy(o + at, rest, (size_t)(n - at) * sizeof *o);                    \
      ND_UNROLL for (int v = 0; v < PARTS; v++)                                \
        lane[v] += *(label##_vector *)(void *)(rest + v * label##_WIDTH);      \
    }                                                                          \
    ND_UNROLL for (int v = 0; v < PARTS; v++) *                                \
      (label##_vector *)(void *)(lanes + v * label##_WIDTH) = lane[v];         \
  }                                                                            \
  static void name##_sum_##label(int n, const double *p, void *out,            \
                                 void *lanes, const void *const *in)           \
  {                                                                            \
    if (out != NULL)                                                           \
      name##_runs_##label(n, p, out, true, lanes, in);                         \
    else                                                                       \
      name##_runs_##label(n, p, lanes, false, lanes, in);                      \
  }

// The same of a formula, and of a slope.
#define SUM_FORWARD(inputs, name, formula)                                 \
  SUMMED(name, float32, float, PLACES_##inputs(0), READ_##inputs, formula, \
         formula)
#define SUM_BACKWARD(inputs, name, slope)                              \
  SUMMED(name, float32, float, PLACES_##inputs(1) const T *pg = in[0]; \
         const T *ND_UNUSED py = in[inputs + 1];                       \
         , READ_##inputs READ(g, pg) READ(y, py),                      \
         vectors_stay_float32(g, (g) * (slope)), ZERO_STAYS(g, slope))

#endif
