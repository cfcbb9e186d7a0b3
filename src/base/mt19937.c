// base/mt19937.c: the Mersenne Twister and the draws NumPy makes from it.
//
// Draws work on runs of words that the current block still holds. Rejection
// is written without a branch: a candidate is always stored, and the write
// position moves only when it is accepted. A run never has more candidates
// than numbers are wanted, so nothing is drawn too early and none is lost.
#include "base/mt19937.h"

#include <math.h>
#include <string.h>

#include "base/interval.h"

enum {
  N = ND_MT19937_WORDS,
  SHIFT = 397,       // distance of the third term of the recurrence
  CHUNK = 256,       // numbers made on the stack before they are converted
  VECTOR_HEAD = 224  // N - SHIFT, cut to whole vectors
};

static size_t smaller(size_t a, size_t b)
{
  return a < b ? a : b;
}

// The new word at the place of `a`, where `b` follows it and `far` is SHIFT on.
static inline uint32_t twist(uint32_t a, uint32_t b, uint32_t far)
{
  const uint32_t y = (a & 0x80000000u) | (b & 0x7fffffffu);
  return far ^ (y >> 1) ^ ((0u - (y & 1u)) & 0x9908b0dfu);
}

static inline uint32_t temper(uint32_t y)
{
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

static void temper_block(nd_mt19937 *r)
{
  for (int i = 0; i < N; i++)
    r->word[i] = temper(r->state.key[i]);
}

// The long loops run a multiple of 4 times, so that compilers make vector code
// of them with no remainder.
static void make_block(nd_mt19937 *r)
{
  uint32_t *key = r->state.key;
  for (int i = 0; i < VECTOR_HEAD; i++)
    key[i] = twist(key[i], key[i + 1], key[i + SHIFT]);
  for (int i = VECTOR_HEAD; i < N - SHIFT; i++)
    key[i] = twist(key[i], key[i + 1], key[i + SHIFT]);
  for (int i = N - SHIFT; i < N - 1; i++)
    key[i] = twist(key[i], key[i + 1], key[i + SHIFT - N]);
  key[N - 1] = twist(key[N - 1], key[0], key[SHIFT - 1]);
  temper_block(r);
  r->state.position = 0;
}

void nd_mt19937_seed(nd_mt19937 *r, uint32_t seed)
{
  uint32_t *key = r->state.key;
  key[0] = seed;
  for (uint32_t i = 1; i < N; i++)
    key[i] = 1812433253u * (key[i - 1] ^ (key[i - 1] >> 30)) + i;
  r->state.position = N;
  r->state.has_gauss = 0;
  r->state.gauss = 0;
  temper_block(r);
}

bool nd_mt19937_restore(nd_mt19937 *r, const nd_mt19937_state *state)
{
  if (state->position > N || state->has_gauss > 1)
    return false;
  r->state = *state;
  temper_block(r);
  return true;
}

// Words left in the block, at least 1: a used up block is replaced first.
static size_t count_words(nd_mt19937 *r)
{
  if (r->state.position == N)
    make_block(r);
  return N - r->state.position;
}

static const uint32_t *take_words(nd_mt19937 *r, size_t n)
{
  const uint32_t *w = r->word + r->state.position;
  r->state.position += (uint32_t)n;
  return w;
}

static uint32_t draw_word(nd_mt19937 *r)
{
  count_words(r);
  return *take_words(r, 1);
}

static uint64_t draw_word64(nd_mt19937 *r)
{
  const uint64_t high = draw_word(r);
  return high << 32 | draw_word(r);
}

static inline double join_words(uint32_t a, uint32_t b)
{
  return ((double)(int32_t)(a >> 5) * 0x1p26 + (double)(int32_t)(b >> 6)) *
         0x1p-53;
}

static double draw_double(nd_mt19937 *r)
{
  const uint32_t a = draw_word(r);
  return join_words(a, draw_word(r));
}

static void draw_doubles(nd_mt19937 *r, size_t n, double *out)
{
  while (n > 0) {
    const size_t run = smaller(n, count_words(r) / 2);
    const uint32_t *w = take_words(r, 2 * run);
    for (size_t k = 0; k < run; k++)
      out[k] = join_words(w[2 * k], w[2 * k + 1]);
    out += run;
    n -= run;
    if (run == 0) {
      *out++ = draw_double(r);
      n--;
    }
  }
}

// Stores a candidate (x, y); 1 if it is in the unit disc and not its centre.
static inline size_t set_point(double *point, double u, double v)
{
  const double x = 2 * u - 1;
  const double y = 2 * v - 1;
  const double square = x * x + y * y;
  point[0] = x;
  point[1] = y;
  return (size_t)((square < 1) & (square != 0));
}

static void draw_points(nd_mt19937 *r, size_t n, double *out)
{
  for (size_t k = 0; k < n;) {
    const size_t run = smaller(n - k, count_words(r) / 4);
    const uint32_t *w = take_words(r, 4 * run);
    for (const uint32_t *end = w + 4 * run; w < end; w += 4) {
      const double u = join_words(w[0], w[1]);
      k += set_point(out + 2 * k, u, join_words(w[2], w[3]));
    }
    if (run == 0) {
      const double u = draw_double(r);
      k += set_point(out + 2 * k, u, draw_double(r));
    }
  }
}

// Polar method: a point (x, y) of the disc with s = x^2 + y^2 gives the two
// normals y f and x f, in that order, where f = sqrt(-2 log(s) / s).
static void draw_pairs(nd_mt19937 *r, size_t pairs, double *out)
{
  draw_points(r, pairs, out);
  for (double *end = out + 2 * pairs; out < end; out += 2) {
    const double x = out[0];
    const double y = out[1];
    const double s = x * x + y * y;
    const double f = sqrt(-2.0 * log(s) / s);
    out[0] = f * y;
    out[1] = f * x;
  }
}

// The second normal of a pair waits in the state if it is one too many.
static void draw_normals(nd_mt19937 *r, size_t n, double *out)
{
  nd_mt19937_state *s = &r->state;
  if (n > 0 && s->has_gauss) {
    *out++ = s->gauss;
    n--;
    s->has_gauss = 0;
    s->gauss = 0;
  }
  draw_pairs(r, n / 2, out);
  if (n % 2 == 1) {
    double pair[2] = { 0 };
    draw_pairs(r, 1, pair);
    out[n - 1] = pair[0];
    s->gauss = pair[1];
    s->has_gauss = 1;
  }
}

// The smallest 2^k - 1 that is not under max.
static uint64_t mask_of(uint64_t max)
{
  for (int shift = 1; shift < 64; shift *= 2)
    max |= max >> shift;
  return max;
}

uint64_t nd_mt19937_interval(nd_mt19937 *r, uint64_t max)
{
  const uint64_t mask = mask_of(max);
  uint64_t value = 0;
  if (max == 0)
    return 0;
  do {
    value = (max <= UINT32_MAX ? draw_word(r) : draw_word64(r)) & mask;
  } while (value > max);
  return value;
}

// n numbers of 0..max.
static void draw_offsets(nd_mt19937 *r, uint32_t max, size_t n, uint32_t *out)
{
  const uint32_t mask = (uint32_t)mask_of(max);
  size_t k = 0;
  while (k < n) {
    const size_t run = smaller(n - k, count_words(r));
    const uint32_t *w = take_words(r, run);
    for (const uint32_t *end = w + run; w < end; w++) {
      out[k] = *w & mask;
      k += (size_t)(out[k] <= max);
    }
  }
}

double nd_mt19937_uniform(nd_mt19937 *r, double low, double high)
{
  return low + (high - low) * draw_double(r);
}

double nd_mt19937_normal(nd_mt19937 *r, double loc, double scale)
{
  double z;
  draw_normals(r, 1, &z);
  return loc + scale * z;
}

int64_t nd_mt19937_randint(nd_mt19937 *r, int64_t low, int64_t high)
{
  const uint64_t max = (uint64_t)high - (uint64_t)low - 1;
  return (int64_t)((uint64_t)low + nd_mt19937_interval(r, max));
}

void nd_mt19937_fill_uniform_f32(nd_mt19937 *r, double low, double high,
                                 size_t n, float *out)
{
  double u[CHUNK];
  float first, last;
  nd_interval_float32(low, high, &first, &last);
  for (size_t run; n > 0; n -= run, out += run) {
    run = smaller(n, CHUNK);
    draw_doubles(r, run, u);
    for (size_t k = 0; k < run; k++) {
      const float y = (float)(low + (high - low) * u[k]);
      out[k] = y < first ? first : y > last ? last : y;
    }
  }
}

void nd_mt19937_fill_uniform_f64(nd_mt19937 *r, double low, double high,
                                 size_t n, double *out)
{
  for (size_t run; n > 0; n -= run, out += run) {
    run = smaller(n, CHUNK);
    draw_doubles(r, run, out);
    for (size_t k = 0; k < run; k++)
      out[k] = low + (high - low) * out[k];
  }
}

void nd_mt19937_fill_normal_f32(nd_mt19937 *r, double loc, double scale,
                                size_t n, float *out)
{
  double z[CHUNK];
  for (size_t run; n > 0; n -= run, out += run) {
    run = smaller(n, CHUNK);
    draw_normals(r, run, z);
    for (size_t k = 0; k < run; k++)
      out[k] = (float)(loc + scale * z[k]);
  }
}

void nd_mt19937_fill_normal_f64(nd_mt19937 *r, double loc, double scale,
                                size_t n, double *out)
{
  for (size_t run; n > 0; n -= run, out += run) {
    run = smaller(n, CHUNK);
    draw_normals(r, run, out);
    for (size_t k = 0; k < run; k++)
      out[k] = loc + scale * out[k];
  }
}

// A range of one number draws nothing. For 2^32 numbers and fewer a draw takes
// one word, else two.
void nd_mt19937_fill_randint_i32(nd_mt19937 *r, int64_t low, int64_t high,
                                 size_t n, int32_t *out)
{
  const uint32_t max = (uint32_t)(high - low - 1);
  uint32_t *offset = (uint32_t *)out;
  if (max > 0)
    draw_offsets(r, max, n, offset);
  else
    memset(out, 0, n * sizeof *out);
  for (size_t k = 0; low != 0 && k < n; k++)
    out[k] = (int32_t)((uint32_t)low + offset[k]);
}

void nd_mt19937_fill_randint_i64(nd_mt19937 *r, int64_t low, int64_t high,
                                 size_t n, int64_t *out)
{
  const uint64_t max = (uint64_t)high - (uint64_t)low - 1;
  if (max == 0 || max > UINT32_MAX) {
    for (size_t k = 0; k < n; k++)
      out[k] = nd_mt19937_randint(r, low, high);
    return;
  }
  uint32_t offset[CHUNK];
  for (size_t run; n > 0; n -= run, out += run) {
    run = smaller(n, CHUNK);
    draw_offsets(r, (uint32_t)max, run, offset);
    for (size_t k = 0; k < run; k++)
      out[k] = low + (int64_t)offset[k];
  }
}

// Fisher-Yates from the end: x[i] changes places with x[j], j of 0..i. Draws j
// for i, i - 1, .. and returns for how many, at most CHUNK. Down to the next
// power of two they have one mask.
static size_t draw_partners(nd_mt19937 *r, size_t i, uint64_t *out)
{
  if (i > UINT32_MAX) {
    out[0] = nd_mt19937_interval(r, i);
    return 1;
  }
  const size_t mask = (size_t)mask_of(i);
  const size_t n = smaller(i - (mask >> 1), CHUNK);
  size_t k = 0;
  while (k < n) {
    const size_t run = smaller(n - k, count_words(r));
    const uint32_t *w = take_words(r, run);
    for (const uint32_t *end = w + run; w < end; w++) {
      out[k] = *w & mask;
      k += (size_t)(out[k] <= i - k);
    }
  }
  return n;
}

void nd_mt19937_shuffle_i32(nd_mt19937 *r, size_t n, int32_t *x)
{
  uint64_t partner[CHUNK];
  size_t left = n;
  while (left > 1) {
    const size_t run = draw_partners(r, left - 1, partner);
    for (size_t k = 0; k < run; k++) {
      const int32_t last = x[--left];
      x[left] = x[partner[k]];
      x[partner[k]] = last;
    }
  }
}

void nd_mt19937_shuffle_i64(nd_mt19937 *r, size_t n, int64_t *x)
{
  uint64_t partner[CHUNK];
  size_t left = n;
  while (left > 1) {
    const size_t run = draw_partners(r, left - 1, partner);
    for (size_t k = 0; k < run; k++) {
      const int64_t last = x[--left];
      x[left] = x[partner[k]];
      x[partner[k]] = last;
    }
  }
}

void nd_mt19937_fill_permutation_i32(nd_mt19937 *r, size_t n, int32_t *out)
{
  for (size_t i = 0; i < n; i++)
    out[i] = (int32_t)i;
  nd_mt19937_shuffle_i32(r, n, out);
}

void nd_mt19937_fill_permutation_i64(nd_mt19937 *r, size_t n, int64_t *out)
{
  for (size_t i = 0; i < n; i++)
    out[i] = (int64_t)i;
  nd_mt19937_shuffle_i64(r, n, out);
}
