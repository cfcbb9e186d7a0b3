// Tests of base/mt19937.c against what NumPy's RandomState draws.

#include "check.h"
#include "digest.h"

#include "base/mt19937.h"

#include "../golden/mt19937.h"

enum {
  SEEDS = sizeof golden_seeds / sizeof golden_seeds[0],
  COLUMNS = sizeof golden_draws[0] / sizeof golden_draws[0][0],
  ROOM = 5000,
  NORMALS = 100000
};

static float f32[ROOM];
static double f64[NORMALS];
static int32_t i32[ROOM];
static int64_t i64[ROOM];

static uint64_t uniform(nd_mt19937 *r, double low, double high, size_t n)
{
  nd_mt19937_fill_uniform_f64(r, low, high, n, f64);
  return digest_f64(f64, n);
}

// Normals have NumPy's bits where log has those that it had for NumPy: glibc's
// with an FMA unit. Without one its last bit differs once in 10,000.
static bool log_is_numpys(void)
{
  const volatile double x = 0x1.5ddc9f146fbcbp-1;
  const bool same = log(x) == -0x1.85ecdea863e64p-2;
  if (!same)
    printf(" (not compared: another log)");
  return same;
}

static uint64_t normal(nd_mt19937 *r, double loc, double scale, size_t n)
{
  nd_mt19937_fill_normal_f64(r, loc, scale, n, f64);
  return digest_f64(f64, n);
}

static uint64_t randint(nd_mt19937 *r, int64_t low, int64_t high, size_t n)
{
  nd_mt19937_fill_randint_i64(r, low, high, n, i64);
  return digest_i64(i64, n);
}

static uint64_t randint32(nd_mt19937 *r, int64_t low, int64_t high, size_t n)
{
  nd_mt19937_fill_randint_i32(r, low, high, n, i32);
  return digest_i32(i32, n);
}

static uint64_t permutation(nd_mt19937 *r, size_t n)
{
  nd_mt19937 copy = *r;
  nd_mt19937_fill_permutation_i32(&copy, n, i32);
  nd_mt19937_fill_permutation_i64(r, n, i64);
  CHECK(digest_i32(i32, n) == digest_i64(i64, n));
  return digest_i64(i64, n);
}

static uint64_t shuffle_counted(nd_mt19937 *r, size_t n)
{
  for (size_t k = 0; k < n; k++)
    i64[k] = 3 * (int64_t)k + 1;
  nd_mt19937_shuffle_i64(r, n, i64);
  return digest_i64(i64, n);
}

static uint64_t choice_without(nd_mt19937 *r, size_t k, size_t n)
{
  permutation(r, k);
  return digest_i64(i64, n);
}

static uint64_t float_uniform(nd_mt19937 *r, size_t n)
{
  nd_mt19937_fill_uniform_f32(r, 0, 1, n, f32);
  return digest_f32(f32, n);
}

static uint64_t float_normal(nd_mt19937 *r, size_t n)
{
  nd_mt19937_fill_normal_f32(r, 0, 1, n, f32);
  return digest_f32(f32, n);
}

static uint64_t one(double x)
{
  f64[0] = x;
  return digest_f64(f64, 1);
}

static uint64_t digest_key(const nd_mt19937 *r)
{
  for (size_t k = 0; k < ND_MT19937_WORDS; k++)
    i64[k] = r->state.key[k];
  return digest_i64(i64, ND_MT19937_WORDS);
}

// The calls of golden/mt19937.py, each checked against the next column.
static void replay(uint32_t seed, const uint64_t *want)
{
  const uint64_t *const start = want;
  nd_mt19937 r;
  nd_mt19937_seed(&r, seed);
  CHECK(uniform(&r, 0, 1, 5) == *want++);
  CHECK(normal(&r, 0, 1, 3) == *want++);
  CHECK(normal(&r, 0, 1, 1000) == *want++);
  CHECK((uint64_t)nd_mt19937_randint(&r, 0, 10) == *want++);
  CHECK(uniform(&r, -1.5, 2.25, 1001) == *want++);
  CHECK(normal(&r, 2, 3, 777) == *want++);
  CHECK(randint(&r, 0, 1, 1500) == *want++);
  CHECK(randint(&r, 0, 10, 1500) == *want++);
  CHECK(randint(&r, 0, 600, 1500) == *want++);
  CHECK(randint(&r, 0, 1000000, 1500) == *want++);
  CHECK(randint(&r, -5, 5, 1500) == *want++);
  CHECK(randint(&r, INT32_MIN, (int64_t)INT32_MAX + 1, 1500) == *want++);
  CHECK(randint(&r, 0, 4294967296, 1500) == *want++);
  CHECK(randint(&r, 0, 4294967297, 1500) == *want++);
  CHECK(randint(&r, -((int64_t)1 << 62), ((int64_t)1 << 62) + 12345, 1500) ==
        *want++);
  CHECK(randint(&r, INT64_MIN, INT64_MIN, 1500) == *want++);
  CHECK(randint(&r, 7, INT64_MIN, 1500) == *want++);
  CHECK(randint32(&r, -3, 99, 1500) == *want++);
  CHECK(randint32(&r, INT32_MIN, (int64_t)INT32_MAX + 1, 701) == *want++);
  CHECK(float_uniform(&r, 1300) == *want++);
  CHECK(float_normal(&r, 1301) == *want++);
  CHECK(permutation(&r, 0) == *want++);
  CHECK(permutation(&r, 1) == *want++);
  CHECK(permutation(&r, 2) == *want++);
  CHECK(permutation(&r, 1025) == *want++);
  CHECK(shuffle_counted(&r, 5000) == *want++);
  CHECK(randint(&r, 0, 50, 700) == *want++);
  CHECK(choice_without(&r, 1000, 40) == *want++);
  CHECK(one(nd_mt19937_uniform(&r, -1, 1)) == *want++);
  CHECK(one(nd_mt19937_normal(&r, 2, 3)) == *want++);
  CHECK(digest_key(&r) == *want++);
  CHECK(r.state.position == *want++);
  CHECK(r.state.has_gauss == *want++);
  CHECK(one(r.state.gauss) == *want++);
  CHECK(want == start + COLUMNS);
}

static bool same_state(const nd_mt19937 *a, const nd_mt19937 *b)
{
  return memcmp(a->state.key, b->state.key, sizeof a->state.key) == 0 &&
         a->state.position == b->state.position &&
         a->state.has_gauss == b->state.has_gauss &&
         a->state.gauss == b->state.gauss;
}

static void every_call_draws_what_numpy_draws(void)
{
  if (!log_is_numpys())
    return;
  for (int s = 0; s < SEEDS; s++)
    replay(golden_seeds[s], golden_draws[s]);
}

static void a_hundred_thousand_normals_match_numpy(void)
{
  if (!log_is_numpys())
    return;
  for (int s = 0; s < SEEDS; s++) {
    nd_mt19937 r;
    nd_mt19937_seed(&r, golden_seeds[s]);
    CHECK(normal(&r, 0, 1, NORMALS) == golden_normals[s]);
  }
}

static void seed_zero_gives_the_numbers_everyone_knows(void)
{
  static const double normals[] = { 1.76405235, 0.40015721, 0.97873798 };
  static const int64_t words[] = { 985772, 305711, 435829, 117952, 963395 };
  nd_mt19937 r;
  nd_mt19937_seed(&r, 0);
  for (int k = 0; k < 3; k++)
    CHECK_NEAR(nd_mt19937_normal(&r, 0, 1), normals[k], 5e-9);
  nd_mt19937_seed(&r, 0);
  for (int k = 0; k < 5; k++)
    CHECK(nd_mt19937_randint(&r, 0, 1000000) == words[k]);
  nd_mt19937_seed(&r, 0);
  nd_mt19937_fill_permutation_i32(&r, 6, i32);
  CHECK(i32[0] == 5 && i32[1] == 2 && i32[2] == 1 && i32[5] == 4);
}

// The ten-thousandth word of the generator's authors and of C++'s mt19937.
static void the_ten_thousandth_word_is_the_published_one(void)
{
  nd_mt19937 r;
  nd_mt19937_seed(&r, 5489);
  for (int k = 0; k < 9999; k++)
    nd_mt19937_interval(&r, UINT32_MAX);
  CHECK(nd_mt19937_interval(&r, UINT32_MAX) == 4123659995u);
}

// One long fill against the same numbers in parts, from every place in a block.
static void parts_of_a_fill_draw_the_same_as_the_whole(void)
{
  for (size_t part = 1; part < 640; part += 7) {
    nd_mt19937 whole;
    nd_mt19937_seed(&whole, 7);
    nd_mt19937 parts = whole;
    nd_mt19937_fill_normal_f32(&whole, 0, 1, 2000, f32);
    size_t same = 0;
    for (size_t k = 0; k < 2000; k += part) {
      const size_t n = k + part < 2000 ? part : 2000 - k;
      nd_mt19937_fill_normal_f64(&parts, 0, 1, n, f64);
      for (size_t i = 0; i < n; i++)
        same += (float)f64[i] == f32[k + i];
    }
    CHECK(same == 2000);
    CHECK(same_state(&whole, &parts));
  }
}

static void a_restored_state_goes_on_where_it_was_saved(void)
{
  nd_mt19937 r, again;
  nd_mt19937_seed(&r, 3);
  nd_mt19937_fill_normal_f64(&r, 0, 1, 301, f64);
  const nd_mt19937_state saved = r.state;
  CHECK(nd_mt19937_restore(&again, &saved));
  CHECK(normal(&r, 0, 1, 2000) == normal(&again, 0, 1, 2000));
  CHECK(permutation(&r, 1000) == permutation(&again, 1000));
}

static void a_broken_state_is_refused(void)
{
  nd_mt19937 r;
  nd_mt19937_seed(&r, 3);
  nd_mt19937_state state = r.state;
  state.position = ND_MT19937_WORDS + 1;
  CHECK(!nd_mt19937_restore(&r, &state));
  state.position = 0;
  state.has_gauss = 2;
  CHECK(!nd_mt19937_restore(&r, &state));
  CHECK(r.state.position == ND_MT19937_WORDS && r.state.has_gauss == 0);
}

static void an_empty_fill_draws_nothing(void)
{
  nd_mt19937 r;
  nd_mt19937_seed(&r, 3);
  const nd_mt19937 before = r;
  nd_mt19937_fill_uniform_f64(&r, 0, 1, 0, NULL);
  nd_mt19937_fill_normal_f32(&r, 0, 1, 0, NULL);
  nd_mt19937_fill_randint_i32(&r, 0, 9, 0, NULL);
  nd_mt19937_fill_randint_i64(&r, 0, 1, 0, NULL);
  nd_mt19937_shuffle_i64(&r, 0, NULL);
  CHECK(same_state(&before, &r));
}

int main(void)
{
  RUN(every_call_draws_what_numpy_draws);
  RUN(a_hundred_thousand_normals_match_numpy);
  RUN(seed_zero_gives_the_numbers_everyone_knows);
  RUN(the_ten_thousandth_word_is_the_published_one);
  RUN(parts_of_a_fill_draw_the_same_as_the_whole);
  RUN(a_restored_state_goes_on_where_it_was_saved);
  RUN(a_broken_state_is_refused);
  RUN(an_empty_fill_draws_nothing);
  return check_done();
}
