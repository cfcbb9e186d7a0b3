// Tests of base/philox.c: against its published vectors and a plain model, for
// the same bits everywhere, and for the shape of each distribution.

#include "check.h"
#include "digest.h"

#include "base/philox.h"

#include <stdint.h>
#include <stdlib.h>

#include "../golden/philox.h"

enum { PIECE = 500, MANY = 1000000, CELLS = 1000 };

typedef enum kind {
  UNIFORM_F32,
  UNIFORM_F64,
  NORMAL_F32,
  NORMAL_F64,
  TRUNCATED_F32,
  TRUNCATED_F64,
  INTEGERS_I32,
  INTEGERS_I64,
  WIDE_I64,
  KINDS
} kind;

static const nd_philox one_stream = { 7, 3 };
static float f32[MANY];
static double f64[MANY];
static int32_t i32[MANY];
static int64_t i64[MANY];

// Elements first .. first+n-1 of kind k, to place `at` of the kind's array.
static void fill_piece(kind k, nd_philox s, uint64_t first, size_t n, size_t at)
{
  switch (k) {
  case UNIFORM_F32:
    nd_philox_fill_uniform_f32(s, first, n, -1, 3, f32 + at);
    break;
  case UNIFORM_F64:
    nd_philox_fill_uniform_f64(s, first, n, -1, 3, f64 + at);
    break;
  case NORMAL_F32:
    nd_philox_fill_normal_f32(s, first, n, 2, 3, f32 + at);
    break;
  case NORMAL_F64:
    nd_philox_fill_normal_f64(s, first, n, 2, 3, f64 + at);
    break;
  case TRUNCATED_F32:
    nd_philox_fill_truncated_f32(s, first, n, 2, 3, f32 + at);
    break;
  case TRUNCATED_F64:
    nd_philox_fill_truncated_f64(s, first, n, 2, 3, f64 + at);
    break;
  case INTEGERS_I32:
    nd_philox_fill_integers_i32(s, first, n, -9, INT32_MAX, i32 + at);
    break;
  case INTEGERS_I64:
    nd_philox_fill_integers_i64(s, first, n, -9, INT32_MAX, i64 + at);
    break;
  default:
    nd_philox_fill_integers_i64(s, first, n, INT64_MIN, INT64_MAX / 2,
                                i64 + at);
  }
}

static uint64_t digest(kind k, size_t n)
{
  if (k == INTEGERS_I32)
    return digest_i32(i32, n);
  if (k == INTEGERS_I64 || k == WIDE_I64)
    return digest_i64(i64, n);
  return k % 2 == 0 ? digest_f32(f32, n) : digest_f64(f64, n);
}

static void blocks_match_the_published_vectors(void)
{
  static const uint32_t rows[][10] = {
    // counter, key, words: kat_vectors of Random123
    { 0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 },
    { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
      0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd },
    { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
      0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 },
  };
  for (int i = 0; i < 3; i++) {
    uint32_t out[4];
    nd_philox_block(rows[i], rows[i] + 4, out);
    CHECK(memcmp(out, rows[i] + 6, sizeof out) == 0);
  }
}

static void fills_match_the_plain_model(void)
{
  const nd_philox s = { golden_seed, golden_stream };
  for (int j = 0; j < 3; j++) {
    const uint64_t first = golden_first[j];
    nd_philox_fill_uniform_f32(s, first, PIECE, 0, 1, f32);
    CHECK(digest_f32(f32, PIECE) == golden_fills[0][j]);
    nd_philox_fill_uniform_f64(s, first, PIECE, 0, 1, f64);
    CHECK(digest_f64(f64, PIECE) == golden_fills[1][j]);
    nd_philox_fill_integers_i32(s, first, PIECE, 0, 9, i32);
    CHECK(digest_i32(i32, PIECE) == golden_fills[2][j]);
    nd_philox_fill_integers_i32(s, first, PIECE, INT32_MIN, 0x3fffffff, i32);
    CHECK(digest_i32(i32, PIECE) == golden_fills[3][j]);
    nd_philox_fill_integers_i64(s, first, PIECE, INT32_MIN, INT32_MAX, i64);
    CHECK(digest_i64(i64, PIECE) == golden_fills[4][j]);
    nd_philox_fill_integers_i64(s, first, PIECE, INT64_MIN, INT64_MAX / 2, i64);
    CHECK(digest_i64(i64, PIECE) == golden_fills[5][j]);
    nd_philox_fill_integers_i64(s, first, PIECE, INT64_MIN, INT64_MAX, i64);
    CHECK(digest_i64(i64, PIECE) == golden_fills[6][j]);
  }
  nd_philox_fill_permutation_i32(s, 1000, i32);
  nd_philox_fill_permutation_i64(s, 1000, i64);
  CHECK(digest_i32(i32, 1000) == golden_permutation);
  CHECK(digest_i64(i64, 1000) == golden_permutation);
}

// The bits of the first build: another compiler, CPU or libm has the same.
static void normals_have_the_same_bits_on_every_machine(void)
{
  static const struct {
    kind kind;
    uint64_t digest;
  } rows[] = {
    { NORMAL_F32, 0xe0cafef1c5692e20u },
    { NORMAL_F64, 0x4abc285c61c5dcdu },
    { TRUNCATED_F32, 0xdd2c6d99d75e85a8u },
    { TRUNCATED_F64, 0x45ba08f04760e25eu },
  };
  for (int i = 0; i < 4; i++) {
    fill_piece(rows[i].kind, one_stream, 0, 100000, 0);
    CHECK(digest(rows[i].kind, 100000) == rows[i].digest);
  }
}

// Box-Muller with libm, from the words of the first 16 counters.
static void normals_follow_the_formula(void)
{
  const double turn = 6.283185307179586;
  nd_philox_fill_normal_f32(one_stream, 0, 64, 0, 1, f32);
  nd_philox_fill_normal_f64(one_stream, 0, 32, 0, 1, f64);
  for (uint32_t k = 0; k < 16; k++) {
    const uint32_t counter[4] = { k, 0, (uint32_t)one_stream.stream, 0 };
    const uint32_t key[2] = { (uint32_t)one_stream.seed, 0 };
    uint32_t w[4];
    nd_philox_block(counter, key, w);
    for (int j = 0; j < 4; j += 2) {
      const double r = sqrt(-2 * log(((w[j] >> 1) + .5) * 0x1p-31));
      const double a = turn * (w[j + 1] * 0x1p-32);
      CHECK_NEAR(f32[16 * j + k], r * cos(a), 2e-6);
      CHECK_NEAR(f32[16 * j + 16 + k], r * sin(a), 2e-6);
    }
    const double u = (w[0] >> 1) * 0x1p-31 + ((w[1] >> 1) + .5) * 0x1p-62;
    const double r = sqrt(-2 * log(u));
    const double a = turn * (w[2] * 0x1p-32 + (w[3] >> 1) * 0x1p-63);
    CHECK_NEAR(f64[k], r * cos(a), 1e-13);
    CHECK_NEAR(f64[16 + k], r * sin(a), 1e-13);
  }
}

// Kinds of one width share its array, so each whole is told from its parts by
// digest.
static void parts_of_a_range_hold_the_same_bits_as_the_whole(void)
{
  for (kind k = 0; k < KINDS; k++) {
    const uint64_t first = k % 2 == 0 ? 3 : ((uint64_t)1 << 36) - 500;
    fill_piece(k, one_stream, first, 1000, 0);
    const uint64_t whole = digest(k, 1000);
    for (size_t part = 1; part < 200; part += 13) {
      memset(f32, 0, 1000 * sizeof *f32);
      memset(f64, 0, 1000 * sizeof *f64);
      memset(i32, 0, 1000 * sizeof *i32);
      memset(i64, 0, 1000 * sizeof *i64);
      for (size_t i = 0; i < 1000; i += part)
        fill_piece(k, one_stream, first + i, i + part < 1000 ? part : 1000 - i,
                   i);
      CHECK(digest(k, 1000) == whole);
    }
  }
}

static void seeds_and_streams_are_told_apart(void)
{
  static const nd_philox keys[] = {
    { 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 1 }, { 0, 2 }, { 1ull << 32, 0 },
  };
  uint64_t digests[6];
  for (int i = 0; i < 6; i++) {
    fill_piece(NORMAL_F32, keys[i], 0, 100, 0);
    digests[i] = digest(NORMAL_F32, 100);
    for (int j = 0; j < i; j++)
      CHECK(digests[i] != digests[j]);
  }
}

static double normal_cdf(double z)
{
  return .5 * erfc(-z / 1.4142135623730951);
}

// Checks that f64[0..MANY-1], numbers that should be uniform in [0, 1), are: by
// moments, by Kolmogorov-Smirnov over cells, and by neighbours near and a
// vector apart. Each bound is five standard errors or more.
static void check_uniformity(void)
{
  static size_t count[CELLS];
  static const size_t lags[] = { 1, 16, 32, 64 };
  double sum = 0, square = 0, products[4] = { 0 };
  memset(count, 0, sizeof count);
  for (size_t k = 0; k < MANY; k++) {
    const double u = f64[k] - .5;
    sum += u;
    square += u * u;
    count[(size_t)(f64[k] * CELLS)]++;
    for (int j = 0; j < 4 && k >= 64; j++)
      products[j] += u * (f64[k - lags[j]] - .5);
  }
  CHECK_NEAR(sum / MANY, 0, .0015);
  CHECK_NEAR(square / MANY, 1.0 / 12, .0004);
  for (int j = 0; j < 4; j++)
    CHECK_NEAR(products[j] / MANY * 12, 0, .005);
  double below = 0, chi = 0;
  for (int c = 0; c < CELLS; c++) {
    const double expected = (double)MANY / CELLS;
    below += (double)count[c];
    CHECK_NEAR(below / MANY, (c + 1.0) / CELLS, .0025);
    chi += ((double)count[c] - expected) * ((double)count[c] - expected);
  }
  CHECK_NEAR(chi / ((double)MANY / CELLS), CELLS - 1, 5 * sqrt(2.0 * CELLS));
}

static void uniforms_are_uniform(void)
{
  fill_piece(UNIFORM_F32, one_stream, 0, MANY, 0);
  for (size_t k = 0; k < MANY; k++)
    f64[k] = ((double)f32[k] + 1) / 4;
  check_uniformity();
  nd_philox_fill_uniform_f64(one_stream, 0, MANY, 0, 1, f64);
  check_uniformity();
}

static void normals_are_normal(void)
{
  fill_piece(NORMAL_F32, one_stream, 0, MANY, 0);
  for (size_t k = 0; k < MANY; k++)
    f64[k] = normal_cdf(((double)f32[k] - 2) / 3);
  check_uniformity();
  fill_piece(NORMAL_F64, one_stream, 0, MANY, 0);
  double fourth = 0;
  for (size_t k = 0; k < MANY; k++) {
    const double z = (f64[k] - 2) / 3;
    fourth += z * z * z * z;
    f64[k] = normal_cdf(z);
  }
  CHECK_NEAR(fourth / MANY, 3, .05);
  check_uniformity();
}

static double truncated_cdf(double z)
{
  CHECK(z >= -2.000001 && z <= 2.000001);
  const double tail = normal_cdf(-2);
  const double u = (normal_cdf(z) - tail) / (1 - 2 * tail);
  return u < 0 ? 0 : u < 1 ? u : .9999999;
}

static void truncated_normals_keep_their_shape_within_two_sigma(void)
{
  fill_piece(TRUNCATED_F32, one_stream, 0, MANY, 0);
  for (size_t k = 0; k < MANY; k++)
    f64[k] = truncated_cdf(((double)f32[k] - 2) / 3);
  check_uniformity();
  fill_piece(TRUNCATED_F64, one_stream, 0, MANY, 0);
  for (size_t k = 0; k < MANY; k++)
    f64[k] = truncated_cdf((f64[k] - 2) / 3);
  check_uniformity();
}

static void whole_numbers_are_as_likely_as_each_other(void)
{
  nd_philox_fill_integers_i32(one_stream, 0, MANY, -500, 499, i32);
  for (size_t k = 0; k < MANY; k++)
    f64[k] = (i32[k] + 500.5) / 1000;
  check_uniformity();
  const int64_t third = INT64_MAX / 3;
  nd_philox_fill_integers_i64(one_stream, 0, MANY, -third, third, i64);
  for (size_t k = 0; k < MANY; k++)
    f64[k] = .5 + .5 * (double)i64[k] / ((double)third * 1.0000000001);
  check_uniformity();
}

static void both_widths_give_the_same_whole_numbers(void)
{
  fill_piece(INTEGERS_I32, one_stream, 5, 1000, 0);
  fill_piece(INTEGERS_I64, one_stream, 5, 1000, 0);
  CHECK(digest_i32(i32, 1000) == digest_i64(i64, 1000));
  nd_philox_fill_integers_i64(one_stream, 0, 100, 42, 42, i64);
  for (int k = 0; k < 100; k++)
    CHECK(i64[k] == 42);
}

static void a_uniform_number_stays_below_its_upper_end(void)
{
  nd_philox_fill_uniform_f32(one_stream, 0, 1000, 1, 1 + 0x1p-23f, f32);
  nd_philox_fill_uniform_f64(one_stream, 0, 1000, -0x1p-1074, 0, f64);
  for (int k = 0; k < 1000; k++)
    CHECK(f32[k] == 1 && f64[k] == -0x1p-1074);
  nd_philox_fill_uniform_f32(one_stream, 0, 100, 5, 5, f32);
  nd_philox_fill_uniform_f64(one_stream, 0, 100, 1, -1, f64);
  for (int k = 0; k < 100; k++)
    CHECK(f32[k] == 5 && f64[k] <= 1 && f64[k] > -1);
}

static void a_permutation_holds_each_number_once(void)
{
  for (int n = 0; n < 300; n++) {
    bool seen[300] = { false };
    nd_philox_fill_permutation_i32(one_stream, (size_t)n, i32);
    for (int k = 0; k < n; k++) {
      CHECK(i32[k] >= 0 && i32[k] < n && !seen[i32[k]]);
      seen[i32[k]] = true;
    }
  }
}

static void every_permutation_of_four_is_as_likely(void)
{
  static int count[256];
  for (uint64_t stream = 0; stream < 24000; stream++) {
    nd_philox_fill_permutation_i32((nd_philox){ 5, stream }, 4, i32);
    count[i32[0] * 64 + i32[1] * 16 + i32[2] * 4 + i32[3]]++;
  }
  int found = 0;
  for (int k = 0; k < 256; k++) {
    if (count[k] > 0) {
      CHECK_NEAR(count[k], 1000, 170);
      found++;
    }
  }
  CHECK(found == 24);
}

int main(void)
{
  RUN(blocks_match_the_published_vectors);
  RUN(fills_match_the_plain_model);
  RUN(normals_have_the_same_bits_on_every_machine);
  RUN(normals_follow_the_formula);
  RUN(parts_of_a_range_hold_the_same_bits_as_the_whole);
  RUN(seeds_and_streams_are_told_apart);
  RUN(uniforms_are_uniform);
  RUN(normals_are_normal);
  RUN(truncated_normals_keep_their_shape_within_two_sigma);
  RUN(whole_numbers_are_as_likely_as_each_other);
  RUN(both_widths_give_the_same_whole_numbers);
  RUN(a_uniform_number_stays_below_its_upper_end);
  RUN(a_permutation_holds_each_number_once);
  RUN(every_permutation_of_four_is_as_likely);
  return check_done();
}
