// tests/kernel/matmul_lanes.h: the multiply with vectors of any width, on any
// CPU: whoever includes this has defined WIDTH, TILE_VECTORS, REAL and
// REAL_BITS as a level has them. Its sums are those of the loops, which know no
// width: levels that no machine here has give the bits of those that one has.

#include <stdlib.h>

#include "check.h"
#include "kernel/matmul_real.h"

enum { LONGEST = 2 * BLOCK + 200, SIZE = 150 * LONGEST, RESULT = 300 * 300 };

static REAL in[2][SIZE], got[RESULT], want[RESULT];
static _Alignas(64) char room[1 << 22], panels[1 << 21];

static uint32_t seed = 1;

static int64_t draw_size(int64_t n)
{
  seed = seed * 1664525 + 1013904223;
  return (int64_t)(seed >> 8) % n + 1;
}

static void fill_inputs(void)
{
  for (int i = 0; i < SIZE; i++) {
    in[0][i] = (REAL)draw_size(2001) / 1024 - 1;
    in[1][i] = (REAL)draw_size(2001) / 1024 - 1 + (REAL)1e-5;
  }
}

static nd_matmul lay_out(int64_t m, int64_t n, int64_t k, int flips)
{
  nd_matmul p = { .m = m, .n = n, .k = k, .a = in[0], .b = in[1] };
  p.a_row = flips & 1 ? 1 : k;
  p.a_column = flips & 1 ? m : 1;
  p.b_row = flips & 2 ? 1 : n;
  p.b_column = flips & 2 ? k : 1;
  p.c_row = n;
  return p;
}

// Terms from `at` on, with what is shared of b packed apart.
static void run_by_panels(const nd_matmul *p)
{
  for (int64_t at = 0; at < p->k; at += TERMS) {
    nd_matmul part = *p;
    part.a = (const REAL *)p->a + at * p->a_column;
    part.b = (const REAL *)p->b + at * p->b_row;
    part.k = p->k - at < TERMS ? p->k - at : TERMS;
    pack_panels(&part, 0, part.k / 3, panels);
    pack_panels(&part, part.k / 3, part.k, panels);
    const bool tiles = tiles_bytes(&part) > 0;
    if (tiles) {
      pack_tiles(&part, part.m / 2, part.m, room);
      pack_tiles(&part, 0, part.m / 2, room);
    }
    run_packed(&part, tiles ? room : NULL, panels, at > 0);
  }
}

static bool has_the_bits(int64_t m, int64_t n, int64_t k)
{
  const size_t bytes = (size_t)(m * n) * sizeof(REAL);
  bool ok = true;
  for (int flips = 0; flips < 4; flips++) {
    nd_matmul p = lay_out(m, n, k, flips);
    p.c = want;
    plain(&p);
    p.c = got;
    memset(got, 0x55, bytes);
    ok = ok && scratch_bytes(&p) <= sizeof room;
    run(&p, room);
    ok = ok && memcmp(got, want, bytes) == 0;
    if (k > BLOCK)
      continue;
    memset(got, 0x55, bytes);
    run_by_panels(&p);
    ok = ok && memcmp(got, want, bytes) == 0;
  }
  if (!ok)
    printf("\n[%d %d] [%d %d]", (int)m, (int)k, (int)k, (int)n);
  return ok;
}

static void sums_are_those_of_the_loops(void)
{
  fill_inputs();
  for (int i = 0; i < 60; i++)
    CHECK(has_the_bits(draw_size(40), draw_size(150), draw_size(300)));
  for (int i = 0; i < 8; i++) {
    CHECK(has_the_bits(draw_size(300), draw_size(20), 100 + draw_size(200)));
    CHECK(has_the_bits(1, draw_size(150), draw_size(LONGEST)));
    CHECK(has_the_bits(draw_size(150), 1, draw_size(LONGEST)));
  }
  CHECK(has_the_bits(200, 300, 140));
  CHECK(has_the_bits(7, 130, LONGEST));
  CHECK(has_the_bits(130, 7, LONGEST));
}

int main(void)
{
  (void)add;
  RUN(sums_are_those_of_the_loops);
  return check_done();
}
