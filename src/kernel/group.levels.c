// kernel/group.levels.c: see group.h.

#include "kernel/group.h"

#include <string.h>

// A group of `rest` elements and then of the first, a number as good as any.
#define FILL(bits)                                                 \
  static void fill_##bits(void *group, int rest, const void *from) \
  {                                                                \
    uint##bits##_t *y = group, first;                              \
    memcpy(&first, from, sizeof first);                            \
    for (int i = 0; i < ND_GROUP(sizeof first); i++)               \
      y[i] = first;                                                \
    if (rest > 1)                                                  \
      memcpy(y, from, (size_t)rest * sizeof first);                \
  }

FILL(8)
FILL(32)
FILL(64)

static void fill(int width, void *group, int rest, const void *from)
{
  switch (width) {
  case 1: fill_8(group, rest, from); break;
  case 4: fill_32(group, rest, from); break;
  default: fill_64(group, rest, from); break;
  }
}

// One element is copied as often as many are.
static void take(int width, void *out, int rest, const void *group)
{
  if (rest == 1 && width == 4)
    memcpy(out, group, 4);
  else if (rest == 1 && width == 8)
    memcpy(out, group, 8);
  else
    memcpy(out, group, (size_t)(rest * width));
}

void ND_LEVELLED(nd_run_grouped)(int n, const double *p, void *out,
                                 const void *const *in, const nd_grouped *k)
{
  const int group = ND_GROUP(k->width), whole = n & -group, rest = n - whole;
  if (whole > 0)
    k->groups(whole, p, out, in);
  if (rest == 0)
    return;
  uint64_t room[ND_MAX_FEEDS + 1][ND_MAX_GROUP];
  const void *last[ND_MAX_FEEDS];
  for (int i = 0; i < k->inputs; i++) {
    fill(k->width, room[i], rest, (const char *)in[i] + whole * k->width);
    last[i] = room[i];
  }
  k->groups(group, p, room[ND_MAX_FEEDS], last);
  take(k->result, (char *)out + whole * k->result, rest, room[ND_MAX_FEEDS]);
}

// Copies of another type. The whole groups come first, as above.
#define CONVERT(name, to, from)                                   \
  static void name(int n, to *restrict y, const from *restrict x) \
  {                                                               \
    const int whole = n & -ND_MAX_GROUP;                          \
    for (int i = 0; i < whole; i++)                               \
      y[i] = (to)x[i];                                            \
    for (int i = whole; i < n; i++)                               \
      y[i] = (to)x[i];                                            \
  }

CONVERT(widen, double, float)
CONVERT(narrow, float, double)

void ND_LEVELLED(nd_run_widened)(int n, const double *p, float *out,
                                 const float *in, nd_block_kernel *doubles)
{
  double x[ND_BLOCK], y[ND_BLOCK];
  const void *wide = x;
  widen(n, x, in);
  doubles(n, p, y, &wide);
  narrow(n, out, y);
}
