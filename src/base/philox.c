// base/philox.c: Philox4x32-10 and the distributions made from its words.
//
// LANES counters make a group, which holds 4 LANES floats or narrow integers,
// or half as many doubles or wide integers: element i is number i % size of
// group i / size. Places of groups are below 2^48; above are the attempts of
// elements that have to be drawn again.
#include "base/philox.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/philox_words.h"

enum {
  PER_WORD = 4 * LANES,  // elements of a group that take a word each
  PER_PAIR = 2 * LANES,  // and two words each
};

void nd_philox_block(const uint32_t counter[4], const uint32_t key[2],
                     uint32_t out[4])
{
  memcpy(out, counter, 4 * sizeof *out);
  for (int i = 0; i < ROUNDS; i++)
    mix(out, out + 1, out + 2, out + 3, round_key(key[0], 0x9e3779b9u, i),
        round_key(key[1], 0xbb67ae85u, i));
}

static void draw_group(nd_philox s, uint64_t group, words *g)
{
  draw_lanes(s, group * LANES, g);
}

// ---- uniform ----------------------------------------------------------------

static void make_units_f32(nd_philox s, uint64_t group, float u[PER_WORD])
{
  words g;
  draw_group(s, group, &g);
  for (int j = 0; j < 4; j++)
    for (int k = 0; k < LANES; k++)
      u[j * LANES + k] = unit_f32(g.w[j][k]);
}

static void make_units_f64(nd_philox s, uint64_t group, double u[PER_PAIR])
{
  words g;
  draw_group(s, group, &g);
  for (int j = 0; j < 2; j++)
    for (int k = 0; k < LANES; k++)
      u[j * LANES + k] = unit_f64(g.w[2 * j][k], g.w[2 * j + 1][k]);
}

// low + (high - low) * u may round up to high, hence the cap. Where high - low
// is beyond the dtype, all is computed at half the size.
void nd_philox_fill_uniform_f32(nd_philox s, uint64_t first, size_t n,
                                float low, float high, float *out)
{
  const float cap = low < high ? nextafterf(high, low) : INFINITY;
  const float scale = isfinite(high - low) ? 1 : 2;
  const float base = low / scale;
  const float width = high / scale - base;
  float u[PER_WORD];
  for (span p; n > 0; first += p.take, n -= p.take, out += p.take) {
    p = first_span(first, n, PER_WORD);
    make_units_f32(s, p.group, u);
    for (int k = 0; k < PER_WORD; k++) {
      const float y = scale * (base + width * u[k]);
      u[k] = y > cap ? cap : y;
    }
    memcpy(out, u + p.skip, p.take * sizeof *out);
  }
}

void nd_philox_fill_uniform_f64(nd_philox s, uint64_t first, size_t n,
                                double low, double high, double *out)
{
  const double cap = low < high ? nextafter(high, low) : INFINITY;
  const double scale = isfinite(high - low) ? 1 : 2;
  const double base = low / scale;
  const double width = high / scale - base;
  double u[PER_PAIR];
  for (span p; n > 0; first += p.take, n -= p.take, out += p.take) {
    p = first_span(first, n, PER_PAIR);
    make_units_f64(s, p.group, u);
    for (int k = 0; k < PER_PAIR; k++) {
      const double y = scale * (base + width * u[k]);
      u[k] = y > cap ? cap : y;
    }
    memcpy(out, u + p.skip, p.take * sizeof *out);
  }
}

// ---- normal -----------------------------------------------------------------

// Box-Muller: a radius and a point of the circle give two normals.
static void make_normals_f32(nd_philox s, uint64_t group, float z[PER_WORD])
{
  words g;
  draw_group(s, group, &g);
  for (int j = 0; j < 4; j += 2) {
    for (int k = 0; k < LANES; k++) {
      const float r = radius_f32(g.w[j][k]);
      float x, y;
      circle_f32(g.w[j + 1][k], &x, &y);
      z[j * LANES + k] = r * x;
      z[(j + 1) * LANES + k] = r * y;
    }
  }
}

static void make_normals_f64(nd_philox s, uint64_t group, double z[PER_PAIR])
{
  words g;
  draw_group(s, group, &g);
  for (int k = 0; k < LANES; k++) {
    const double r = radius_f64(g.w[0][k], g.w[1][k]);
    double x, y;
    circle_f64(g.w[2][k], g.w[3][k], &x, &y);
    z[k] = r * x;
    z[LANES + k] = r * y;
  }
}

void nd_philox_fill_normal_f32(nd_philox s, uint64_t first, size_t n, float loc,
                               float scale, float *out)
{
  float z[PER_WORD];
  for (span p; n > 0; first += p.take, n -= p.take, out += p.take) {
    p = first_span(first, n, PER_WORD);
    make_normals_f32(s, p.group, z);
    for (int k = 0; k < PER_WORD; k++)
      z[k] = loc + scale * z[k];
    memcpy(out, z + p.skip, p.take * sizeof *out);
  }
}

void nd_philox_fill_normal_f64(nd_philox s, uint64_t first, size_t n,
                               double loc, double scale, double *out)
{
  double z[PER_PAIR];
  for (span p; n > 0; first += p.take, n -= p.take, out += p.take) {
    p = first_span(first, n, PER_PAIR);
    make_normals_f64(s, p.group, z);
    for (int k = 0; k < PER_PAIR; k++)
      z[k] = loc + scale * z[k];
    memcpy(out, z + p.skip, p.take * sizeof *out);
  }
}

// ---- truncated normal -------------------------------------------------------

static inline bool in_bounds(double z)
{
  return z >= -2 && z <= 2;
}

static float redraw_normal_f32(nd_philox s, uint64_t index)
{
  for (int attempt = 1; attempt <= LAST_ATTEMPT; attempt++) {
    uint32_t w[4];
    draw_again(s, index, attempt, w);
    const float r = radius_f32(w[0]);
    float x, y;
    circle_f32(w[1], &x, &y);
    if (in_bounds(r * x))
      return r * x;
    if (in_bounds(r * y))
      return r * y;
  }
  return 0;
}

static double redraw_normal_f64(nd_philox s, uint64_t index)
{
  for (int attempt = 1; attempt <= LAST_ATTEMPT; attempt++) {
    uint32_t w[4];
    draw_again(s, index, attempt, w);
    const double r = radius_f64(w[0], w[1]);
    double x, y;
    circle_f64(w[2], w[3], &x, &y);
    if (in_bounds(r * x))
      return r * x;
    if (in_bounds(r * y))
      return r * y;
  }
  return 0;
}

void nd_philox_fill_truncated_f32(nd_philox s, uint64_t first, size_t n,
                                  float loc, float scale, float *out)
{
  float z[PER_WORD];
  for (span p; n > 0; first += p.take, n -= p.take, out += p.take) {
    p = first_span(first, n, PER_WORD);
    make_normals_f32(s, p.group, z);
    for (size_t k = 0; k < p.take; k++) {
      float one = z[p.skip + k];
      if (!in_bounds(one))
        one = redraw_normal_f32(s, first + k);
      out[k] = loc + scale * one;
    }
  }
}

void nd_philox_fill_truncated_f64(nd_philox s, uint64_t first, size_t n,
                                  double loc, double scale, double *out)
{
  double z[PER_PAIR];
  for (span p; n > 0; first += p.take, n -= p.take, out += p.take) {
    p = first_span(first, n, PER_PAIR);
    make_normals_f64(s, p.group, z);
    for (size_t k = 0; k < p.take; k++) {
      double one = z[p.skip + k];
      if (!in_bounds(one))
        one = redraw_normal_f64(s, first + k);
      out[k] = loc + scale * one;
    }
  }
}

// ---- whole numbers ----------------------------------------------------------

// The top half of w * range is of 0..range-1, and every value has the same
// number of w once those with a bottom half under 2^32 % range are refused
// (Lemire, 2019). range is 1..2^32.
static inline bool scale_word(uint32_t w, uint64_t range, uint64_t *value)
{
  const uint64_t product = w * range;
  const uint64_t bottom = (uint32_t)product;
  *value = product >> 32;
  return bottom >= range || bottom >= ((uint64_t)1 << 32) % range;
}

static uint64_t redraw_narrow(nd_philox s, uint64_t index, uint64_t range)
{
  for (int attempt = 1; attempt <= LAST_ATTEMPT; attempt++) {
    uint32_t w[4];
    uint64_t value;
    draw_again(s, index, attempt, w);
    for (int j = 0; j < 4; j++)
      if (scale_word(w[j], range, &value))
        return value;
  }
  return 0;
}

static void make_narrow(nd_philox s, span p, uint64_t range,
                        uint64_t value[PER_WORD])
{
  words g;
  draw_group(s, p.group, &g);
  for (size_t k = p.skip; k < p.skip + p.take; k++)
    if (!scale_word(g.w[k / LANES][k % LANES], range, &value[k]))
      value[k] = redraw_narrow(s, p.group * PER_WORD + k, range);
}

// The same for a range above 2^32, by remainder; 0 stands for 2^64.
static inline bool reduce_pair(uint32_t high, uint32_t low, uint64_t range,
                               uint64_t *value)
{
  const uint64_t pair = (uint64_t)high << 32 | low;
  if (range == 0) {
    *value = pair;
    return true;
  }
  *value = pair % range;
  return pair >= (0 - range) % range;
}

static uint64_t redraw_wide(nd_philox s, uint64_t index, uint64_t range)
{
  for (int attempt = 1; attempt <= LAST_ATTEMPT; attempt++) {
    uint32_t w[4];
    uint64_t value;
    draw_again(s, index, attempt, w);
    if (reduce_pair(w[0], w[1], range, &value) ||
        reduce_pair(w[2], w[3], range, &value))
      return value;
  }
  return 0;
}

static void make_wide(nd_philox s, span p, uint64_t range,
                      uint64_t value[PER_PAIR])
{
  words g;
  draw_group(s, p.group, &g);
  for (size_t k = p.skip; k < p.skip + p.take; k++) {
    const size_t j = k / LANES * 2;
    const size_t lane = k % LANES;
    if (!reduce_pair(g.w[j][lane], g.w[j + 1][lane], range, &value[k]))
      value[k] = redraw_wide(s, p.group * PER_PAIR + k, range);
  }
}

void nd_philox_fill_integers_i32(nd_philox s, uint64_t first, size_t n,
                                 int32_t low, int32_t last, int32_t *out)
{
  const uint64_t range = (uint64_t)((int64_t)last - low) + 1;
  uint64_t value[PER_WORD];
  for (span p; n > 0; first += p.take, n -= p.take, out += p.take) {
    p = first_span(first, n, PER_WORD);
    make_narrow(s, p, range, value);
    for (size_t k = 0; k < p.take; k++)
      out[k] = (int32_t)(low + (int64_t)value[p.skip + k]);
  }
}

void nd_philox_fill_integers_i64(nd_philox s, uint64_t first, size_t n,
                                 int64_t low, int64_t last, int64_t *out)
{
  const uint64_t max = (uint64_t)last - (uint64_t)low;
  const bool narrow = max <= UINT32_MAX;
  uint64_t value[PER_WORD];
  for (span p; n > 0; first += p.take, n -= p.take, out += p.take) {
    p = first_span(first, n, narrow ? PER_WORD : PER_PAIR);
    if (narrow)
      make_narrow(s, p, max + 1, value);
    else
      make_wide(s, p, max + 1, value);
    for (size_t k = 0; k < p.take; k++)
      out[k] = (int64_t)((uint64_t)low + value[p.skip + k]);
  }
}

// Fisher-Yates from the end: i changes places with element i of the stream, a
// number of 0..i. Gives those of the group of element i.
static void make_partners(nd_philox s, size_t i, uint64_t value[PER_WORD])
{
  words g;
  const uint64_t group = i / PER_WORD;
  draw_group(s, group, &g);
  for (size_t k = 0; k < PER_WORD; k++) {
    const uint64_t index = group * PER_WORD + k;
    if (!scale_word(g.w[k / LANES][k % LANES], index + 1, &value[k]))
      value[k] = redraw_narrow(s, index, index + 1);
  }
}

void nd_philox_fill_permutation_i32(nd_philox s, size_t n, int32_t *out)
{
  uint64_t partner[PER_WORD];
  for (size_t i = 0; i < n; i++)
    out[i] = (int32_t)i;
  for (size_t i = n; i-- > 0;) {
    if (i == n - 1 || i % PER_WORD == PER_WORD - 1)
      make_partners(s, i, partner);
    const size_t j = (size_t)partner[i % PER_WORD];
    const int32_t other = out[j];
    out[j] = out[i];
    out[i] = other;
  }
}

void nd_philox_fill_permutation_i64(nd_philox s, size_t n, int64_t *out)
{
  uint64_t partner[PER_WORD];
  for (size_t i = 0; i < n; i++)
    out[i] = (int64_t)i;
  for (size_t i = n; i-- > 0;) {
    if (i == n - 1 || i % PER_WORD == PER_WORD - 1)
      make_partners(s, i, partner);
    const size_t j = (size_t)partner[i % PER_WORD];
    const int64_t other = out[j];
    out[j] = out[i];
    out[i] = other;
  }
}
