// base/philox_words.h: what philox.c and rejection.c have in common: words for
// counters, and one number from its words.
//
// Words are made for LANES counters at a time, one array per word, in loops of
// fixed length that compilers turn into vector code. A counter is 64 bits of
// place and 64 of stream; bits 48..63 of a place number the attempts of an
// element that is drawn more than once, those below are an index.
#ifndef ND_BASE_PHILOX_WORDS_H
#define ND_BASE_PHILOX_WORDS_H

#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "base/portable_math.h"

enum { LANES = 16, ROUNDS = 10, LAST_ATTEMPT = 0xffff };

typedef struct words {
  uint32_t w[4][LANES];
} words;

// ---- the generator ----------------------------------------------------------

static inline void mix(uint32_t *c0, uint32_t *c1, uint32_t *c2, uint32_t *c3,
                       uint32_t k0, uint32_t k1)
{
  const uint64_t a = (uint64_t)*c0 * 0xd2511f53u;
  const uint64_t b = (uint64_t)*c2 * 0xcd9e8d57u;
  *c0 = (uint32_t)(b >> 32) ^ *c1 ^ k0;
  *c1 = (uint32_t)b;
  *c2 = (uint32_t)(a >> 32) ^ *c3 ^ k1;
  *c3 = (uint32_t)a;
}

// Each round has the next key of a Weyl sequence.
static inline uint32_t round_key(uint64_t key, uint32_t weyl, int round)
{
  return (uint32_t)key + weyl * (uint32_t)round;
}

// Those of LANES places, the first of which is a multiple of LANES.
static inline void draw_lanes(nd_philox s, uint64_t place, words *g)
{
  for (uint32_t k = 0; k < LANES; k++) {
    g->w[0][k] = (uint32_t)place + k;
    g->w[1][k] = (uint32_t)(place >> 32);
    g->w[2][k] = (uint32_t)s.stream;
    g->w[3][k] = (uint32_t)(s.stream >> 32);
  }
  for (int i = 0; i < ROUNDS; i++) {
    const uint32_t k0 = round_key(s.seed, 0x9e3779b9u, i);
    const uint32_t k1 = round_key(s.seed >> 32, 0xbb67ae85u, i);
    for (int k = 0; k < LANES; k++)
      mix(&g->w[0][k], &g->w[1][k], &g->w[2][k], &g->w[3][k], k0, k1);
  }
}

// Those of an element's own counter for one attempt.
static inline void draw_again(nd_philox s, uint64_t index, int attempt,
                              uint32_t w[4])
{
  const uint64_t place = (uint64_t)attempt << 48 | index;
  const uint32_t counter[4] = { (uint32_t)place, (uint32_t)(place >> 32),
                                (uint32_t)s.stream,
                                (uint32_t)(s.stream >> 32) };
  const uint32_t key[2] = { (uint32_t)s.seed, (uint32_t)(s.seed >> 32) };
  nd_philox_block(counter, key, w);
}

// ---- one number from its words ----------------------------------------------

// Conversions go through signed integers, for which every CPU has vector code.
static inline float unit_f32(uint32_t w)
{
  return (float)(int32_t)(w >> 8) * 0x1p-24f;
}

static inline double unit_f64(uint32_t high, uint32_t low)
{
  return (double)(int32_t)(high >> 5) * 0x1p-27 +
         (double)(int32_t)(low >> 6) * 0x1p-53;
}

// In (0, 1].
static inline double open_f64(uint32_t high, uint32_t low)
{
  return (double)(int32_t)(high >> 1) * 0x1p-31 +
         ((double)(int32_t)(low >> 1) * 0x1p-62 + 0x1p-63);
}

// Length of a normal point of the plane: sqrt(-2 log u), u in (0, 1].
static inline float radius_f32(uint32_t w)
{
  return sqrtf(
    -2 * portable_log_f32((float)(int32_t)(w >> 1) * 0x1p-31f + 0x1p-32f));
}

static inline double radius_f64(uint32_t high, uint32_t low)
{
  return sqrt(-2 * portable_log_f64(open_f64(high, low)));
}

// A point of the unit circle at w / 2^32 turns: q quarter turns, to the nearest
// one, and an angle a within an eighth.
static inline void circle_f32(uint32_t w, float *x, float *y)
{
  const uint32_t q = (w + 0x20000000u) >> 30;
  const float a = (float)(int32_t)(w << 2) * (0x1p-32f * 1.57079633f);
  const float s = portable_sin_f32(a);
  const float c = portable_cos_f32(a);
  *x = (float)(1 - (int32_t)((q + 1) & 2)) * (q & 1 ? s : c);
  *y = (float)(1 - (int32_t)(q & 2)) * (q & 1 ? c : s);
}

static inline void circle_f64(uint32_t high, uint32_t low, double *x, double *y)
{
  const uint32_t q = (high + 0x20000000u) >> 30;
  const double turns = (double)(int32_t)(high << 2) * 0x1p-32 +
                       (double)(int32_t)(low >> 1) * 0x1p-61;
  const double s = portable_sin_f64(turns * 1.57079632679489661923);
  const double c = portable_cos_f64(turns * 1.57079632679489661923);
  *x = (double)(1 - (int32_t)((q + 1) & 2)) * (q & 1 ? s : c);
  *y = (double)(1 - (int32_t)(q & 2)) * (q & 1 ? c : s);
}

// ---- ranges -----------------------------------------------------------------

// The part of a range that lies in the group of its first element.
typedef struct span {
  uint64_t group;
  size_t skip, take;
} span;

static inline span first_span(uint64_t first, size_t n, size_t size)
{
  const size_t skip = (size_t)(first % size);
  const size_t room = size - skip;
  return (span){ first / size, skip, n < room ? n : room };
}

#endif
