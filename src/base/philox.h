// base/philox.h: random numbers as a pure function of a key and a position.
//
// Element i of a stream depends on the seed, the stream and i alone: a range
// may be filled in parts, in any order and by any thread, and holds the same
// bits. They are the same on every CPU and with every libm too, because only
// + - * / and sqrt are used, whose results IEEE 754 fixes.
//
// The generator is Philox4x32-10 (Salmon and others, 2011), which turns a
// counter of 128 bits and a key of 64 into four words. Users of one seed keep
// apart by stream, for example the number of the op since the seed was set.
#ifndef ND_BASE_PHILOX_H
#define ND_BASE_PHILOX_H

#include <stddef.h>
#include <stdint.h>

typedef struct nd_philox {
  uint64_t seed;
  uint64_t stream;
} nd_philox;

// The bare generator, for tests and for other uses of the words.
void nd_philox_block(const uint32_t counter[4], const uint32_t key[2],
                     uint32_t out[4]);

// Each fill writes elements first .. first+n-1 of stream `s` to `out`; they
// must end before 2^48. The f32 forms compute in float and are faster.

// low + (high - low) * u with u in [0, 1), of 24 bits in f32 and 53 in f64.
// Below `high` even after rounding, if low < high. Any finite bounds will do.
void nd_philox_fill_uniform_f32(nd_philox s, uint64_t first, size_t n,
                                float low, float high, float *out);
void nd_philox_fill_uniform_f64(nd_philox s, uint64_t first, size_t n,
                                double low, double high, double *out);

// loc + scale * z with z normal; |z| ends at 6.7 in f32 and at 9.4 in f64.
void nd_philox_fill_normal_f32(nd_philox s, uint64_t first, size_t n, float loc,
                               float scale, float *out);
void nd_philox_fill_normal_f64(nd_philox s, uint64_t first, size_t n,
                               double loc, double scale, double *out);

// The same, with z drawn again until |z| <= 2.
void nd_philox_fill_truncated_f32(nd_philox s, uint64_t first, size_t n,
                                  float loc, float scale, float *out);
void nd_philox_fill_truncated_f64(nd_philox s, uint64_t first, size_t n,
                                  double loc, double scale, double *out);

// Whole numbers of low..last, each as likely. Needs low <= last. Both forms
// give the same numbers.
void nd_philox_fill_integers_i32(nd_philox s, uint64_t first, size_t n,
                                 int32_t low, int32_t last, int32_t *out);
void nd_philox_fill_integers_i64(nd_philox s, uint64_t first, size_t n,
                                 int64_t low, int64_t last, int64_t *out);

// A stream's permutation of 0 .. n-1. Not divisible: all n at once.
void nd_philox_fill_permutation_i32(nd_philox s, size_t n, int32_t *out);
void nd_philox_fill_permutation_i64(nd_philox s, size_t n, int64_t *out);

#endif
