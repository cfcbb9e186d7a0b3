// kernel/sort_items.h: sorts items. Whoever includes this has defined their
// type, `item`, what KEY(x) and PLACE(x) of one are, and COMES_BEFORE(x, y). It
// may alias, because the room of items is declared as any type.

#include "kernel/sort.h"

#include <string.h>

#include "base/cut.h"

enum {
  RUN = 8,                                // items that are put in order at once
  MERGED = sizeof(item) == 8 ? 512 : 192  // most items whose runs are merged
};

#define KEY_DIGITS ((int)sizeof KEY((item){ 0 }))

static inline unsigned digit_of(item x, int digit)
{
  return (unsigned)(KEY(x) >> 8 * digit & (ND_SORT_RADIX - 1));
}

// ---------------------------------------------------------------- merging --

static void insert(int64_t n, item *x)
{
  for (int64_t i = 1; i < n; i++) {
    const item next = x[i];
    int64_t h = i;
    for (; h > 0 && KEY(next) < KEY(x[h - 1]); h--)
      x[h] = x[h - 1];
    x[h] = next;
  }
}

// Puts RUN items where they belong by how many come before each: no branch can
// go wrong.
static void rank(const item *x, item *out)
{
  for (int i = 0; i < RUN; i++) {
    int before = 0;
    for (int h = 0; h < RUN; h++)
      before += COMES_BEFORE(x[h], x[i]);
    out[before] = x[i];
  }
}

static void rank_runs(int64_t n, const item *x, item *out)
{
  int64_t i = 0;
  for (; i + RUN <= n; i += RUN)
    rank(x + i, out + i);
  memcpy(out + i, x + i, (size_t)(n - i) * sizeof *out);
  insert(n - i, out + i);
}

// Merges x[0..half-1] and x[half..n-1], from both ends at once as far as
// neither runs out. Of equals the first goes first.
static void merge(int64_t half, int64_t n, const item *x, item *out)
{
  const item *a = x, *b = x + half;  // the first that are left
  const item *a_end = x + half - 1, *b_end = x + n - 1;  // the last
  item *end = out + n - 1;
  for (int64_t both = nd_least(half, n - half); both > 0; both--) {
    const bool later = KEY(*b) < KEY(*a);
    *out++ = *(later ? b : a);
    b += later;
    a += !later;
    const bool sooner = KEY(*b_end) < KEY(*a_end);
    *end-- = *(sooner ? a_end : b_end);
    a_end -= sooner;
    b_end -= !sooner;
  }
  while (a <= a_end && b <= b_end) {
    const bool later = KEY(*b) < KEY(*a);
    *out++ = *(later ? b : a);
    b += later;
    a += !later;
  }
  while (a <= a_end)
    *out++ = *a++;
  while (b <= b_end)
    *out++ = *b++;
}

static item *merge_runs(int64_t n, item *x, item *room)
{
  rank_runs(n, x, room);
  for (int64_t run = RUN;; run *= 2) {
    item *const other = x;
    x = room;
    room = other;
    if (run >= n)
      return x;
    for (int64_t i = 0; i < n; i += 2 * run)
      merge(nd_least(n - i, run), nd_least(n - i, 2 * run), x + i, room + i);
  }
}

// ---------------------------------------------------------------- dealing --

static void count(int64_t n, const void *items, int digit,
                  uint32_t *restrict counts)
{
  const item *x = items;
  for (int64_t i = 0; i < n; i++)
    counts[digit_of(x[i], digit)]++;
}

static void deal(int64_t n, const void *items, int digit,
                 uint32_t *restrict next, void *restrict out)
{
  const item *x = items;
  item *to = out;
  for (int64_t i = 0; i < n; i++)
    to[next[digit_of(x[i], digit)]++] = x[i];
}

// Makes counts of digits into where each begins.
static void sum_up(uint32_t *counts)
{
  uint32_t before = 0;
  for (int i = 0; i < ND_SORT_RADIX; i++) {
    const uint32_t n = counts[i];
    counts[i] = before;
    before += n;
  }
}

// Digits that all items share need no pass.
static item *deal_all(int64_t n, item *x, item *room)
{
  uint32_t counts[KEY_DIGITS][ND_SORT_RADIX] = { { 0 } };
  for (int64_t i = 0; i < n; i++) {
    for (int digit = 0; digit < KEY_DIGITS; digit++)
      counts[digit][digit_of(x[i], digit)]++;
  }
  for (int digit = 0; digit < KEY_DIGITS; digit++) {
    if (counts[digit][digit_of(x[0], digit)] == n)
      continue;
    sum_up(counts[digit]);
    deal(n, x, digit, counts[digit], room);
    item *const other = x;
    x = room;
    room = other;
  }
  return x;
}

static void *sort(int64_t n, void *items, void *room)
{
  return n <= MERGED ? merge_runs(n, items, room) : deal_all(n, items, room);
}

// --------------------------------------------------------------- the best --

static void shrink(nd_sort_best *b)
{
  const void *sorted = sort(b->have, b->items, b->room);
  b->have = nd_least(b->have, b->k);
  b->full = b->have == b->k;
  if (sorted != b->items)
    memcpy(b->items, sorted, (size_t)b->have * sizeof(item));
}

static bool any_before(int64_t n, const item *x, item limit)
{
  int found = 0;
  for (int64_t i = 0; i < n; i++)
    found |= KEY(x[i]) < KEY(limit);
  return found != 0;
}

static void offer(int64_t n, const void *items, nd_sort_best *b)
{
  const item *x = items;
  item *best = b->items;
  for (int64_t i = 0, m; i < n; i += m) {
    m = nd_least(n - i, ND_SORT_OFFER);
    if (nd_sort_room(b->k) - b->have < m)
      shrink(b);
    const item limit = best[b->full ? b->k - 1 : 0];
    if (b->full && !any_before(m, x + i, limit))
      continue;
    for (int64_t h = i; h < i + m; h++) {
      best[b->have] = x[h];
      b->have += !b->full || KEY(x[h]) < KEY(limit);
    }
  }
}

// ----------------------------------------------------------------- results --

static void put_places(int64_t n, const void *items, int32_t *out,
                       int64_t apart)
{
  const item *x = items;
  for (int64_t i = 0; i < n; i++)
    out[i * apart] = (int32_t)PLACE(x[i]) + 1;
}

// `take` of elements, and `load` by the key of x, which is in the order of x.
#define DEFINE_ELEMENTS(label, type, unsigned_key, key_of)               \
  static void take_##label(int64_t n, const void *items, const void *in, \
                           int64_t in_apart, void *out, int64_t apart)   \
  {                                                                      \
    const item *x = items;                                               \
    const type *from = in;                                               \
    type *to = out;                                                      \
    for (int64_t i = 0; i < n; i++)                                      \
      to[i * apart] = from[(int64_t)PLACE(x[i]) * in_apart];             \
  }                                                                      \
  static void load_##label(int64_t n, const void *in, int64_t apart,     \
                           bool descending, int64_t first, void *items)  \
  {                                                                      \
    const type *from = in;                                               \
    item *to = items;                                                    \
    const unsigned_key turn = descending ? (unsigned_key)-1 : 0;         \
    for (int64_t i = 0; i < n; i++) {                                    \
      const type x = from[i * apart];                                    \
      const unsigned_key key = (unsigned_key)(key_of(x) ^ turn);         \
      to[i] = ITEM(x != x ? (unsigned_key)-1 : key, first + i);          \
    }                                                                    \
  }

#define SORT_KERNELS(label, key_digits)                               \
  {                                                                   \
    .item = sizeof(item), .digits = key_digits, .load = load_##label, \
    .sort = sort, .count = count, .deal = deal, .offer = offer,       \
    .places = put_places, .take = take_##label                        \
  }
