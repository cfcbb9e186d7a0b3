// kernel/fma.h: a * b + c of vectors, in one rounding where the level has that,
// for files that define REAL_BITS; and how many vectors a row of a tile takes
// so that all stay in registers.

#ifndef ND_KERNEL_FMA_H
#define ND_KERNEL_FMA_H

#include "kernel/level.h"
#include "kernel/math.h"

#if ND_HAS_FMA && defined(__x86_64__)
#include <immintrin.h>
#elif ND_HAS_FMA && defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(WIDTH)  // by a test, which has any width on any CPU
#define FMA_32(a, b, c) fuse(a, b, c)
#define FMA_64(a, b, c) fuse(a, b, c)
#elif defined(__AVX512F__)
#define TILE_VECTORS 4
#define FMA_32(a, b, c) _mm512_fmadd_ps(a, b, c)
#define FMA_64(a, b, c) _mm512_fmadd_pd(a, b, c)
#elif defined(__AVX2__)
#define TILE_VECTORS 2
#define FMA_32(a, b, c) _mm256_fmadd_ps(a, b, c)
#define FMA_64(a, b, c) _mm256_fmadd_pd(a, b, c)
#elif ND_HAS_FMA && defined(__aarch64__)
#define TILE_VECTORS 4
#define FMA_32(a, b, c) vfmaq_f32(c, a, b)
#define FMA_64(a, b, c) vfmaq_f64(c, a, b)
#else
#define TILE_VECTORS 2
#define FMA_32(a, b, c) ((a) * (b) + (c))
#define FMA_64(a, b, c) ((a) * (b) + (c))
#endif
#define FMA ND_JOIN(FMA, REAL_BITS)

#endif
