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

// `f` at all positions: it sees `at`, the elements from the first to there, and
// `row`.
#define FOR_POSITIONS(b, f)                                           \
  for (int64_t i = 0; i < (b)->count[0]; i++) {                       \
    for (int64_t j = 0; j < (b)->count[1]; j++) {                     \
      const int64_t row = i * (b)->height + j;                        \
      int64_t at = i * (b)->step[0] + j * (b)->step[1];               \
      for (int64_t p = 0; p < (b)->count[2]; p++, at += (b)->step[2]) \
        f;                                                            \
      (void)row;                                                      \
    }                                                                 \
  }

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
  const mask wins = (v > s->value) | ((v != v) & (s->value == s->value));
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
ND_INLINE best find_best(const nd_box *b, const REAL *x)
{
  best s = { .value = load(x) };
  FOR_POSITIONS(b, see(&s, load(x + at)));
  s.next = (mask){ 0 };
  return s;
}

ND_INLINE best_one find_one(const nd_box *b, const REAL *x)
{
  best_one s = { .value = *x };
  FOR_POSITIONS(b, see_one(&s, x[at]));
  s.next = 0;
  return s;
}

static void find_max(const nd_box *b, const void *in, void *out)
{
  const REAL *x = in;
  REAL *y = out;
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES, x += LANES) {
    vector s = load(x);
    FOR_POSITIONS(b, {
      const vector v = load(x + at);
      s = choose((v > s) | (v != v), v, s);
    })
    store(y + c, s);
  }
  for (; c < b->n; c++, x++)
    y[c] = find_one(b, x).value;
}

static void find_mean(const nd_box *b, double by, const void *in, void *out)
{
  const REAL *x = in;
  REAL *y = out;
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES, x += LANES) {
    vector s = { 0 };
    FOR_POSITIONS(b, s += load(x + at));
    store(y + c, s / (REAL)by);
  }
  for (; c < b->n; c++, x++) {
    REAL s = 0;
    FOR_POSITIONS(b, s += x[at]);
    y[c] = s / (REAL)by;
  }
}

ND_INLINE void take_next(best *s, vector *y, vector v)
{
  *y = choose(s->place == s->next, v, *y);
  s->next += 1;
}

static void take(const nd_box *b, const void *in, const void *values, void *out)
{
  const REAL *x = in, *v = values;
  REAL *y = out;
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES) {
    best s = find_best(b, x + c);
    vector z = { 0 };
    FOR_POSITIONS(b, take_next(&s, &z, load(v + at + c)));
    store(y + c, z);
  }
  for (; c < b->n; c++) {
    best_one s = find_one(b, x + c);
    FOR_POSITIONS(b, {
      if (s.next++ == s.place)
        y[c] = v[at + c];
    })
  }
}

ND_INLINE bool is_wanted(const nd_box *b, int64_t row)
{
  return row >= b->from && row < b->to;
}

ND_INLINE void put_next(best *s, vector g, REAL *y, bool wanted)
{
  const mask here = s->place == s->next;
  if (wanted)
    store(y, load(y) + (vector)(here & (mask)g));
  s->next += 1;
}

static void put(const nd_box *b, const void *in, const void *gradient,
                void *out)
{
  const REAL *x = in, *g = gradient;
  REAL *y = out;
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES) {
    best s = find_best(b, x + c);
    const vector add = load(g + c);
    FOR_POSITIONS(b, put_next(&s, add, y + at + c, is_wanted(b, row)));
  }
  for (; c < b->n; c++) {
    best_one s = find_one(b, x + c);
    FOR_POSITIONS(b, {
      if (s.next++ == s.place && is_wanted(b, row))
        y[at + c] += g[c];
    })
  }
}

static void spread(const nd_box *b, double by, const void *gradient, void *out)
{
  const REAL *g = gradient;
  REAL *y = out;
  int64_t c = 0;
  for (; c + LANES <= b->n; c += LANES, y += LANES) {
    const vector add = load(g + c) / (REAL)by;
    FOR_POSITIONS(b, {
      if (is_wanted(b, row))
        store(y + at, load(y + at) + add);
    })
  }
  for (; c < b->n; c++, y++) {
    const REAL add = g[c] / (REAL)by;
    FOR_POSITIONS(b, {
      if (is_wanted(b, row))
        y[at] += add;
    })
  }
}
