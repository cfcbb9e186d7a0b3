// kernel/pool_real.h: the loops of pools over one float type:
// pool_float32.levels.c and pool_float64.levels.c define REAL, and WHOLE as the
// integer of its size, and include this. A vector of channels stays in
// registers while it sees all positions of a window; channels that fill none go
// one by one.

#include "kernel/math.h"
#include "kernel/pool.h"

enum { LANES = ND_VECTOR_BYTES / sizeof(REAL) };

typedef REAL vector __attribute__((vector_size(ND_VECTOR_BYTES)));
typedef WHOLE mask __attribute__((vector_size(ND_VECTOR_BYTES)));

// The same anywhere in memory.
typedef REAL loose __attribute__((vector_size(ND_VECTOR_BYTES),
                                  aligned(sizeof(REAL)), may_alias));

ND_INLINE vector load(const REAL *x)
{
  return *(const loose *)x;
}

ND_INLINE void store(REAL *x, vector v)
{
  *(loose *)x = v;
}

ND_INLINE vector choose(mask m, vector x, vector y)
{
  return (vector)((m & (mask)x) | (~m & (mask)y));
}

// How many positions a window has, where a loop knows that.
typedef struct counts {
  int64_t planes, lines, places;
} counts;

// `f` at all positions: it sees `at`, the elements from the first to there, and
// `row`.
#define FOR_POSITIONS(b, n, f)                                     \
  for (int64_t i = 0; i < (n).planes; i++) {                       \
    for (int64_t j = 0; j < (n).lines; j++) {                      \
      const int64_t row = i * (b)->height + j;                     \
      int64_t at = i * (b)->step[0] + j * (b)->step[1];            \
      for (int64_t p = 0; p < (n).places; p++, at += (b)->step[2]) \
        f;                                                         \
      (void)row;                                                   \
    }                                                              \
  }

// The most usual windows, 2 by 2, are worth loops of their own.
static bool is_square(const nd_box *b)
{
  return b->count[0] == 1 && b->count[1] == 2 && b->count[2] == 2;
}

#define SQUARE ((counts){ 1, 2, 2 })
#define ANY(b) ((counts){ (b)->count[0], (b)->count[1], (b)->count[2] })

// The largest so far, and the number of its position.
typedef struct best {
  vector value;
  mask place, next;
} best;

typedef struct best_one {
  REAL value;
  WHOLE place, next;
} best_one;

ND_INLINE void see(best *s, vector v)
{
  const mask wins = ~(v <= s->value) & (s->value == s->value);
  s->value = choose(wins, v, s->value);
  s->place = (wins & s->next) | (~wins & s->place);
  s->next += 1;
}

ND_INLINE void see_one(best_one *s, REAL v)
{
  if (v > s->value || (v != v && s->value == s->value)) {
    s->value = v;
    s->place = s->next;
  }
  s->next++;
}

// Every window has a first position, which nothing but a nan or what is larger
// takes the place of.
ND_INLINE best find_best(const nd_box *b, counts n, const REAL *x)
{
  best s = { .value = load(x) };
  FOR_POSITIONS(b, n, see(&s, load(x + at)));
  s.next = (mask){ 0 };
  return s;
}

ND_INLINE best_one find_one(const nd_box *b, counts n, const REAL *x)
{
  best_one s = { .value = *x };
  FOR_POSITIONS(b, n, see_one(&s, x[at]));
  s.next = 0;
  return s;
}

// --------------------------------------------------- values of each window --

ND_INLINE void max_of(const nd_box *b, counts n, const REAL *x, REAL *y)
{
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES, x += LANES) {
    vector s = load(x);
    FOR_POSITIONS(b, n, {
      const vector v = load(x + at);
      s = choose((v > s) | (v != v), v, s);
    })
    store(y + c, s);
  }
  for (; c < b->n; c++, x++)
    y[c] = find_one(b, n, x).value;
}

static void find_max(const nd_box *b, const void *in, void *out)
{
  const REAL *x = in;
  REAL *y = out;
  const bool square = is_square(b);
  for (int64_t w = 0; w < b->windows; w++, x += b->across, y += b->n) {
    if (square)
      max_of(b, SQUARE, x, y);
    else
      max_of(b, ANY(b), x, y);
  }
}

ND_INLINE void mean_of(const nd_box *b, counts n, REAL by, const REAL *x,
                       REAL *y)
{
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES, x += LANES) {
    vector s = { 0 };
    FOR_POSITIONS(b, n, s += load(x + at));
    store(y + c, s / by);
  }
  for (; c < b->n; c++, x++) {
    REAL s = 0;
    FOR_POSITIONS(b, n, s += x[at]);
    y[c] = s / by;
  }
}

static void find_mean(const nd_box *b, double by, const void *in, void *out)
{
  const REAL *x = in;
  REAL *y = out;
  const bool square = is_square(b);
  for (int64_t w = 0; w < b->windows; w++, x += b->across, y += b->n) {
    if (square)
      mean_of(b, SQUARE, (REAL)by, x, y);
    else
      mean_of(b, ANY(b), (REAL)by, x, y);
  }
}

ND_INLINE void take_next(best *s, vector *y, vector v)
{
  *y = choose(s->place == s->next, v, *y);
  s->next += 1;
}

static void take_one(const nd_box *b, const REAL *x, const REAL *v, REAL *y)
{
  const counts n = ANY(b);
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES) {
    best s = find_best(b, n, x + c);
    vector z = { 0 };
    FOR_POSITIONS(b, n, take_next(&s, &z, load(v + at + c)));
    store(y + c, z);
  }
  for (; c < b->n; c++) {
    best_one s = find_one(b, n, x + c);
    FOR_POSITIONS(b, n, {
      if (s.next++ == s.place)
        y[c] = v[at + c];
    })
  }
}

static void take(const nd_box *b, const void *in, const void *values, void *out)
{
  const REAL *x = in, *v = values;
  REAL *y = out;
  for (int64_t w = 0; w < b->windows; w++, y += b->n)
    take_one(b, x + w * b->across, v + w * b->across, y);
}

// ------------------------------------------------- values of each position --

ND_INLINE bool is_wanted(const nd_box *b, int64_t row)
{
  return row >= b->from && row < b->to;
}

static bool all_wanted(const nd_box *b)
{
  return b->from <= 0 &&
         b->to > (b->count[0] - 1) * b->height + b->count[1] - 1;
}

ND_INLINE void put_next(best *s, bool alone, vector g, REAL *y, bool wanted)
{
  const vector add = (vector)((s->place == s->next) & (mask)g);
  if (wanted)
    store(y, alone ? add : load(y) + add);
  s->next += 1;
}

ND_INLINE void put_next_one(best_one *s, bool alone, REAL g, REAL *y,
                            bool wanted)
{
  const REAL add = s->place == s->next++ ? g : 0;
  if (wanted)
    *y = alone ? add : *y + add;
}

ND_INLINE void put_of(const nd_box *b, counts n, bool alone, bool all,
                      const REAL *x, const REAL *g, REAL *y)
{
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES) {
    best s = find_best(b, n, x + c);
    const vector add = load(g + c);
    FOR_POSITIONS(
      b, n, put_next(&s, alone, add, y + at + c, all || is_wanted(b, row)));
  }
  for (; c < b->n; c++) {
    best_one s = find_one(b, n, x + c);
    FOR_POSITIONS(
      b, n,
      put_next_one(&s, alone, g[c], y + at + c, all || is_wanted(b, row)));
  }
}

static void put(const nd_box *b, const void *in, const void *gradient,
                void *out)
{
  const REAL *x = in, *g = gradient;
  REAL *y = out;
  const bool square = is_square(b) && b->alone && all_wanted(b);
  for (int64_t w = 0; w < b->windows; w++, g += b->n) {
    const int64_t at = w * b->across;
    if (square)
      put_of(b, SQUARE, true, true, x + at, g, y + at);
    else
      put_of(b, ANY(b), b->alone, false, x + at, g, y + at);
  }
}

ND_INLINE void spread_of(const nd_box *b, REAL by, const REAL *g, REAL *y)
{
  const counts n = ANY(b);
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES, y += LANES) {
    const vector add = load(g + c) / by;
    FOR_POSITIONS(b, n, {
      if (is_wanted(b, row))
        store(y + at, load(y + at) + add);
    })
  }
  for (; c < b->n; c++, y++) {
    const REAL add = g[c] / by;
    FOR_POSITIONS(b, n, {
      if (is_wanted(b, row))
        y[at] += add;
    })
  }
}

static void spread(const nd_box *b, double by, const void *gradient, void *out)
{
  const REAL *g = gradient;
  REAL *y = out;
  for (int64_t w = 0; w < b->windows; w++, g += b->n, y += b->across)
    spread_of(b, (REAL)by, g, y);
}
