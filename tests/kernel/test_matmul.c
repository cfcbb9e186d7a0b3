// kernel/matmul.levels.c: the tuned multiply has the bits of the three loops,
// at every CPU level, for any size, strides and cutting.

#include "kernel/matmul.h"

#include <stdlib.h>

#include "base/cpu.h"
#include "base/dtype.h"
#include "check.h"

ND_DECLARE_WIDE(const nd_matmul_table, nd_matmul_table);

enum { LARGEST = 420, GUARD = 16, ROOM = LARGEST * LARGEST + 2 * GUARD };

static _Alignas(64) char a[3 * ROOM * sizeof(double)];
static _Alignas(64) char b[3 * ROOM * sizeof(double)];
static _Alignas(64) char scratch[1 << 23];
static _Alignas(64) char packed[1 << 21];
static char got[ROOM * sizeof(double)];
static char want[ROOM * sizeof(double)];

static uint32_t seed = 1;

static uint32_t draw(void)
{
  seed = seed * 1664525 + 1013904223;
  return seed >> 8;
}

static int64_t draw_up_to(int64_t n)
{
  return (int64_t)draw() % n + 1;
}

static void fill(void *out, nd_dtype dtype, int n)
{
  for (int i = 0; i < n; i++) {
    const int whole = (int)(draw() % 2001) - 1000;
    switch (dtype) {
    case ND_FLOAT32: ((float *)out)[i] = (float)whole / 1024 + 1e-5F; break;
    case ND_FLOAT64: ((double *)out)[i] = whole / 1024. + 1e-9; break;
    case ND_INT32: ((int32_t *)out)[i] = whole; break;
    case ND_INT64: ((int64_t *)out)[i] = whole; break;
    default: ((uint8_t *)out)[i] = (uint8_t)whole; break;
    }
  }
}

// Strides of a matrix that lies by rows or by columns, with gaps in between.
static void lay_strides(int64_t rows, int64_t columns, int way, int64_t *row,
                        int64_t *column)
{
  const int64_t step = way & 2 ? 2 : 1;
  const int64_t gap = way & 4 ? 3 : 0;
  *row = way & 1 ? step : columns * step + gap;
  *column = way & 1 ? rows * step + gap : step;
}

// Runs `p` by both, over guards, and compares every byte.
static bool agrees(const nd_matmul_kernels *kernels, nd_matmul *p, size_t width)
{
  const size_t bytes = (size_t)(p->m * p->c_row + 2 * GUARD) * width;
  if (bytes > sizeof got)
    return false;
  memset(want, 0x55, bytes);
  memset(got, 0x55, bytes);
  p->c = want + GUARD * width;
  kernels->plain(p);
  p->c = got + GUARD * width;
  const size_t needed = kernels->scratch(p);
  if (needed > sizeof scratch)
    return false;
  memset(scratch, 0xff, needed);
  kernels->run(p, scratch);
  return memcmp(got, want, bytes) == 0;
}

// Terms of `p` from number `at` on.
static nd_matmul terms_of(const nd_matmul *p, int64_t at, int64_t most,
                          size_t width)
{
  nd_matmul part = *p;
  part.a = (const char *)p->a + at * p->a_column * (int64_t)width;
  part.b = (const char *)p->b + at * p->b_row * (int64_t)width;
  part.k = p->k - at < most ? p->k - at : most;
  return part;
}

// Runs `p` a few chains at a time, where no more than a block are added.
static bool chains_agree(const nd_matmul_kernels *kernels, const nd_matmul *p,
                         size_t width)
{
  enum { MOST = ND_MATMUL_CHAIN * ND_MATMUL_CHAINS };
  if (kernels->add == NULL || p->k == 0 || p->k > MOST)
    return true;
  const int64_t step = ND_MATMUL_CHAIN * draw_up_to(3);
  nd_matmul whole = *p;
  whole.c = want;
  kernels->plain(&whole);
  for (int64_t at = 0; at < p->k; at += step) {
    nd_matmul part = terms_of(p, at, step, width);
    part.c = got;
    (at == 0 ? kernels->run : kernels->add)(&part, scratch);
  }
  for (int64_t i = 0; i < p->m; i++) {
    const size_t from = (size_t)(i * p->c_row) * width;
    if (memcmp(got + from, want + from, (size_t)p->n * width) != 0)
      return false;
  }
  return true;
}

// Packs `n` terms or rows, the later ones first.
static void pack_in_two(void (*pack)(const nd_matmul *p, int64_t from,
                                     int64_t to, void *out),
                        const nd_matmul *p, int64_t n, void *out)
{
  const int64_t middle = draw_up_to(n);
  pack(p, middle, n, out);
  pack(p, 0, middle, out);
}

// The same where b is packed for all rows, and rows share it.
static bool packed_agrees(const nd_matmul_kernels *kernels, const nd_matmul *p,
                          size_t width)
{
  enum { MOST = ND_MATMUL_CHAIN * ND_MATMUL_CHAINS };
  if (kernels->pack_panels == NULL || p->k == 0 || p->k > MOST)
    return true;
  const int64_t rows = draw_up_to(p->m);
  const int64_t half = p->n / 2 / ND_MATMUL_PANEL * ND_MATMUL_PANEL;
  for (int64_t at = 0; at < p->k; at += kernels->terms) {
    nd_matmul part = terms_of(p, at, kernels->terms, width);
    nd_matmul right = part;
    right.b = (const char *)part.b + half * p->b_column * (int64_t)width;
    right.n -= half;
    part.n = half;
    memset(packed, 0xff, sizeof packed);
    pack_in_two(kernels->pack_panels, &part, part.k, packed);
    pack_in_two(kernels->pack_panels, &right, right.k,
                packed + (size_t)(half * part.k) * width);
    part.n = p->n;
    for (int64_t i = 0; i < p->m; i += rows) {
      nd_matmul y = part;
      y.m = p->m - i < rows ? p->m - i : rows;
      y.a = (const char *)part.a + i * p->a_row * (int64_t)width;
      y.c = got + (size_t)(i * p->c_row) * width;
      const size_t tiles = kernels->tiles_bytes(&y);
      if (tiles > sizeof scratch)
        return false;
      memset(scratch, 0xff, tiles);
      if (tiles > 0)
        pack_in_two(kernels->pack_tiles, &y, y.m, scratch);
      kernels->run_packed(&y, tiles > 0 ? scratch : NULL, packed, at > 0);
    }
  }
  for (int64_t i = 0; i < p->m; i++) {
    const size_t from = (size_t)(i * p->c_row) * width;
    if (memcmp(got + from, want + from, (size_t)p->n * width) != 0)
      return false;
  }
  return true;
}

static bool check_ways(const nd_matmul_kernels *kernels, nd_dtype dtype,
                       int64_t m, int64_t n, int64_t k)
{
  nd_matmul p = { .m = m, .n = n, .k = k, .a = a, .b = b };
  const size_t width = nd_dtype_size(dtype);
  const int way = (int)(draw() % 8);
  bool ok = true;
  for (int flips = 0; flips < 4; flips++) {
    lay_strides(m, k, way ^ (flips & 1), &p.a_row, &p.a_column);
    lay_strides(k, n, way ^ (flips >> 1), &p.b_row, &p.b_column);
    for (p.c_row = n; p.c_row <= n + 3; p.c_row += 3)
      ok = ok && agrees(kernels, &p, width) &&
           chains_agree(kernels, &p, width) &&
           packed_agrees(kernels, &p, width);
  }
  if (!ok)
    printf("\n[%d %d] [%d %d], way %d", (int)m, (int)k, (int)k, (int)n, way);
  return ok;
}

// Calls `check` for every level that runs here and every float dtype.
static void at_every_level(bool (*check)(const nd_matmul_kernels *, nd_dtype))
{
  static const nd_matmul_table *const tables[ND_LEVELS] = ND_LIST_WIDE(
    nd_matmul_table);
  for (int i = 0; i < ND_LEVELS; i++) {
    nd_level level;
    if (!nd_level_choose(nd_level_name((nd_level)i), &level))
      continue;
    for (nd_dtype dtype = 0; dtype < ND_BOOL; dtype++) {
      fill(a, dtype, 3 * ROOM);
      fill(b, dtype, 3 * ROOM);
      const bool ok = check(tables[i]->at[dtype], dtype);
      if (!ok)
        printf("\nat level %s with %s", nd_level_name(level),
               nd_dtype_name(dtype));
      CHECK(ok);
    }
  }
}

static bool check_small(const nd_matmul_kernels *kernels, nd_dtype dtype)
{
  bool ok = true;
  for (int m = 1; m <= 9; m++) {
    for (int n = 1; n <= 9; n++) {
      for (int k = 0; k <= 5; k++)
        ok = ok && check_ways(kernels, dtype, m, n, k);
    }
  }
  return ok;
}

static void small_sizes_have_the_bits_of_the_loops(void)
{
  at_every_level(check_small);
}

static bool check_odd(const nd_matmul_kernels *kernels, nd_dtype dtype)
{
  bool ok = true;
  for (int i = 0; i < 60 && ok; i++)
    ok = check_ways(kernels, dtype, draw_up_to(70), draw_up_to(140),
                    draw_up_to(40));
  return ok;
}

static void odd_sizes_have_the_bits_of_the_loops(void)
{
  at_every_level(check_odd);
}

static bool check_long(const nd_matmul_kernels *kernels, nd_dtype dtype)
{
  return check_ways(kernels, dtype, 13, 67, 400) &&
         check_ways(kernels, dtype, 64, 64, 128) &&
         check_ways(kernels, dtype, 61, 150, 129) &&
         check_ways(kernels, dtype, LARGEST, 70, 3) &&
         check_ways(kernels, dtype, 3, LARGEST, 70) &&
         check_ways(kernels, dtype, LARGEST, 33, 130);
}

static void blocks_of_terms_and_rows_continue_the_sums(void)
{
  at_every_level(check_long);
}

enum { BLOCK = ND_MATMUL_CHAIN * ND_MATMUL_CHAINS };

static bool check_trees(const nd_matmul_kernels *kernels, nd_dtype dtype)
{
  return check_ways(kernels, dtype, 13, 67, BLOCK + 1) &&
         check_ways(kernels, dtype, 5, 3, 7 * BLOCK + 130) &&
         check_ways(kernels, dtype, 2, 41, 4 * BLOCK) &&
         check_ways(kernels, dtype, 1, 70, 3 * BLOCK - 1) &&
         check_ways(kernels, dtype, 70, 1, 3 * BLOCK - 1) &&
         check_ways(kernels, dtype, 1, 1, 5 * BLOCK + 9);
}

static void long_sums_are_trees_of_blocks(void)
{
  at_every_level(check_trees);
}

// Larger than one area, and than one row that waits.
static bool check_areas(const nd_matmul_kernels *kernels, nd_dtype dtype)
{
  if (!nd_dtype_in(dtype, ND_FLOATS))
    return true;
  nd_matmul p = { .a = a, .b = b, .m = 385, .n = 350, .k = BLOCK + 1 };
  p.a_row = p.k;
  p.b_row = p.n;
  p.a_column = p.b_column = 1;
  p.c_row = p.n;
  nd_matmul row = { .a = a, .b = b, .m = 1, .n = 4999, .k = 70 };
  row.k = ND_MATMUL_CHAIN - 30;
  row.a_column = row.b_column = 1;
  row.b_row = 1;
  row.c_row = row.n;
  const size_t width = nd_dtype_size(dtype);
  bool ok = agrees(kernels, &p, width) && agrees(kernels, &row, width);
  row.k = 2 * ND_MATMUL_CHAIN + 3;
  return ok && agrees(kernels, &row, width);
}

static void areas_and_parts_of_rows_have_the_bits_of_the_loops(void)
{
  at_every_level(check_areas);
}

// A million equal terms: one chain would be off by 1 %.
static bool check_million(const nd_matmul_kernels *kernels, nd_dtype dtype)
{
  if (dtype != ND_FLOAT32)
    return true;
  const float tenth = .1F, one = 1;
  nd_matmul p = { .a = &tenth, .b = &one, .c = got, .m = 4, .n = 16 };
  p.k = 1000000;
  p.c_row = 16;
  kernels->run(&p, scratch);
  bool ok = kernels->scratch(&p) <= sizeof scratch;
  for (int i = 0; i < 64; i++)
    ok = ok && fabs(((float *)(void *)got)[i] / 1e5 - 1) < 1e-6;
  return ok;
}

static void a_million_terms_lose_no_digits(void)
{
  at_every_level(check_million);
}

static bool check_vectors(const nd_matmul_kernels *kernels, nd_dtype dtype)
{
  bool ok = true;
  for (int i = 0; i < 20 && ok; i++) {
    const int64_t n = draw_up_to(LARGEST);
    const int64_t k = draw_up_to(LARGEST);
    ok = check_ways(kernels, dtype, 1, n, k) &&
         check_ways(kernels, dtype, n, 1, k) &&
         check_ways(kernels, dtype, n, 1 + i % 7, k) &&
         check_ways(kernels, dtype, n, 1 + k / 4, 1);
  }
  return ok;
}

static void vectors_have_the_bits_of_the_loops(void)
{
  at_every_level(check_vectors);
}

// Runs `p` in rectangles, each of which takes what scratch the whole needs.
static void run_in_pieces(const nd_matmul_kernels *kernels, const nd_matmul *p,
                          int64_t width)
{
  const int64_t rows = draw_up_to(p->m), columns = draw_up_to(p->n);
  for (int64_t i = 0; i < p->m; i += rows) {
    for (int64_t j = 0; j < p->n; j += columns) {
      nd_matmul y = *p;
      y.m = p->m - i < rows ? p->m - i : rows;
      y.n = p->n - j < columns ? p->n - j : columns;
      y.a = (const char *)p->a + i * p->a_row * width;
      y.b = (const char *)p->b + j * p->b_column * width;
      y.c = (char *)p->c + (i * p->c_row + j) * width;
      kernels->run(&y, scratch);
    }
  }
}

static bool check_split(const nd_matmul_kernels *kernels, nd_dtype dtype,
                        int64_t k)
{
  const size_t width = nd_dtype_size(dtype);
  nd_matmul p = { .m = 97,
                  .n = 83,
                  .k = k,
                  .a = a,
                  .b = b,
                  .a_row = k,
                  .a_column = 1,
                  .b_row = 83,
                  .b_column = 1,
                  .c = want,
                  .c_row = 83 };
  kernels->run(&p, scratch);
  p.c = got;
  for (int i = 0; i < 5; i++) {
    memset(got, 0x55, (size_t)(p.m * p.n) * width);
    run_in_pieces(kernels, &p, (int64_t)width);
    if (memcmp(got, want, (size_t)(p.m * p.n) * width) != 0)
      return false;
  }
  return true;
}

static bool check_splits(const nd_matmul_kernels *kernels, nd_dtype dtype)
{
  return check_split(kernels, dtype, 150) &&
         check_split(kernels, dtype, 3 * BLOCK + 50);
}

static void any_cutting_into_pieces_gives_the_same_bits(void)
{
  at_every_level(check_splits);
}

static bool check_special(const nd_matmul_kernels *kernels, nd_dtype dtype)
{
  if (!nd_dtype_in(dtype, ND_FLOATS))
    return true;
  const int at = 7 * 40 + 11;
  const size_t width = nd_dtype_size(dtype);
  const float special32 = INFINITY;
  const double special64 = INFINITY;
  memcpy(a + at * width,
         width == 4 ? (const void *)&special32 : (const void *)&special64,
         width);
  nd_matmul p = { .m = 40,
                  .n = 40,
                  .k = 40,
                  .a = a,
                  .b = b,
                  .c = got,
                  .a_row = 40,
                  .a_column = 1,
                  .b_row = 40,
                  .b_column = 1,
                  .c_row = 40 };
  kernels->run(&p, scratch);
  int wrong = 0;
  for (int i = 0; i < 40 * 40; i++) {
    const double y = width == 4 ? ((float *)(void *)got)[i]
                                : ((double *)(void *)got)[i];
    wrong += (i / 40 == 7) == (isfinite(y) != 0);
  }
  return wrong == 0;
}

static void an_infinity_stays_in_its_row(void)
{
  at_every_level(check_special);
}

int main(void)
{
  RUN(small_sizes_have_the_bits_of_the_loops);
  RUN(odd_sizes_have_the_bits_of_the_loops);
  RUN(blocks_of_terms_and_rows_continue_the_sums);
  RUN(long_sums_are_trees_of_blocks);
  RUN(areas_and_parts_of_rows_have_the_bits_of_the_loops);
  RUN(a_million_terms_lose_no_digits);
  RUN(vectors_have_the_bits_of_the_loops);
  RUN(any_cutting_into_pieces_gives_the_same_bits);
  RUN(an_infinity_stays_in_its_row);
  return check_done();
}
