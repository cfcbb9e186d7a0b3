// kernel/math_poly.h: polynomials of kernel/math.h:
// ND_POLY_F64(x, a, b, c, ..) is a + b x + c x^2 + .., of three terms or more.
//
// Terms are taken in pairs, which wait for nothing, and these in a chain. In a
// chain of single terms a CPU does not see far enough ahead to fill the time.
#ifndef ND_KERNEL_MATH_POLY_H
#define ND_KERNEL_MATH_POLY_H

#include "level.h"
#include "math.h"

#define ND_POLY_F32(x, ...)                                        \
  nd_poly_f32(x, sizeof((float[]){ __VA_ARGS__ }) / sizeof(float), \
              (const float[]){ __VA_ARGS__ })
#define ND_POLY_F64(x, ...)                                          \
  nd_poly_f64(x, sizeof((double[]){ __VA_ARGS__ }) / sizeof(double), \
              (const double[]){ __VA_ARGS__ })

#define ND_DEFINE_POLY(s, T)                                                  \
  ND_INLINE T nd_pair_poly_##s(T x, int n, const T *c)                        \
  {                                                                           \
    return n == 1 ? c[0] : nd_fma_##s(c[1], x, c[0]);                         \
  }                                                                           \
  ND_INLINE T nd_quad_poly_##s(T x, int n, const T *c)                        \
  {                                                                           \
    const T low = nd_pair_poly_##s(x, n, c);                                  \
    return n < 3 ? low                                                        \
                 : nd_fma_##s(nd_pair_poly_##s(x, n - 2, c + 2), x * x, low); \
  }                                                                           \
  ND_INLINE T nd_poly_##s(T x, int n, const T *c)                             \
  {                                                                           \
    const T square = x * x, step = n > 8 ? square * square : square;          \
    const int size = n > 8 ? 4 : 2, last = (n - 1) / size * size;             \
    T p = nd_quad_poly_##s(x, n - last, c + last);                            \
    ND_UNROLL for (int i = last - size; i >= 0; i -= size)                    \
    {                                                                         \
      p = nd_fma_##s(p, step, nd_quad_poly_##s(x, size, c + i));              \
    }                                                                         \
    return p;                                                                 \
  }

ND_DEFINE_POLY(f32, float)
ND_DEFINE_POLY(f64, double)

#undef ND_DEFINE_POLY

#endif
