// base/mt19937.h: NumPy's legacy random stream, bit for bit.
//
// An nd_mt19937 seeded with s draws what numpy.random.RandomState(s) draws,
// call for call: a script's data repeats what the Python original saw. It is a
// plain value of fixed size that owns nothing: copy it to fork a stream. A fill
// of n equals n single calls, and nothing here fails or allocates.
//
// NumPy's other calls, in these terms:
//   random_sample(n), rand(n)      fill_uniform(0, 1)
//   randn(n)                       fill_normal(0, 1)
//   choice(k, n)                   fill_randint(0, k)
//   choice(k, n, replace=False)    the first n of fill_permutation(k)
//   shuffle of rows                gather by fill_permutation(rows)
#ifndef ND_BASE_MT19937_H
#define ND_BASE_MT19937_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ND_MT19937_WORDS = 624 };

// What get_state() of NumPy gives, and all that a saved stream needs.
typedef struct nd_mt19937_state {
  uint32_t key[ND_MT19937_WORDS];
  uint32_t position;   // words of `key` already drawn, 0..624
  uint32_t has_gauss;  // 1 when `gauss` is the next normal
  double gauss;
} nd_mt19937_state;

// `word` is `state.key` tempered, which is what draws return. It holds
// whenever position < 624; the next block is made when a draw needs it.
typedef struct nd_mt19937 {
  nd_mt19937_state state;
  uint32_t word[ND_MT19937_WORDS];
} nd_mt19937;

void nd_mt19937_seed(nd_mt19937 *r, uint32_t seed);

// Goes on from `state`. False, with `r` as it was, if its position is over
// 624 or its has_gauss over 1: it was not saved by us or by NumPy.
bool nd_mt19937_restore(nd_mt19937 *r, const nd_mt19937_state *state);

// One number. `uniform` is low + (high - low) * u with u of 53 bits in [0, 1);
// `normal` is loc + scale * z, two z to one rejection loop, the second kept.
double nd_mt19937_uniform(nd_mt19937 *r, double low, double high);
double nd_mt19937_normal(nd_mt19937 *r, double loc, double scale);

// A whole number of low..high-1. Needs low < high; as high - low is taken
// modulo 2^64, INT64_MIN stands for a high of 2^63.
int64_t nd_mt19937_randint(nd_mt19937 *r, int64_t low, int64_t high);

// A whole number of 0..max by the rule that shuffle uses. Draws nothing when
// max is 0.
uint64_t nd_mt19937_interval(nd_mt19937 *r, uint64_t max);

// The same for n numbers. The f32 forms draw and compute in double and round
// at the end, so they take as much of the stream. What would round to `high`
// becomes the float below: low..high must hold one (base/interval.h).
void nd_mt19937_fill_uniform_f32(nd_mt19937 *r, double low, double high,
                                 size_t n, float *out);
void nd_mt19937_fill_uniform_f64(nd_mt19937 *r, double low, double high,
                                 size_t n, double *out);
void nd_mt19937_fill_normal_f32(nd_mt19937 *r, double loc, double scale,
                                size_t n, float *out);
void nd_mt19937_fill_normal_f64(nd_mt19937 *r, double loc, double scale,
                                size_t n, double *out);

// The i32 form needs low..high-1 to fit int32, and draws what the i64 form
// draws, as NumPy's dtypes do.
void nd_mt19937_fill_randint_i32(nd_mt19937 *r, int64_t low, int64_t high,
                                 size_t n, int32_t *out);
void nd_mt19937_fill_randint_i64(nd_mt19937 *r, int64_t low, int64_t high,
                                 size_t n, int64_t *out);

// Reorders x[0..n-1]; a permutation is a shuffled 0, 1, .. n-1, and its i32
// form needs n <= 2^31.
void nd_mt19937_shuffle_i32(nd_mt19937 *r, size_t n, int32_t *x);
void nd_mt19937_shuffle_i64(nd_mt19937 *r, size_t n, int64_t *x);
void nd_mt19937_fill_permutation_i32(nd_mt19937 *r, size_t n, int32_t *out);
void nd_mt19937_fill_permutation_i64(nd_mt19937 *r, size_t n, int64_t *out);

#endif
