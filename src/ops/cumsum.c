// ops/cumsum.c: running sums along an axis.
//
// The input is seen as [outer, length, inner]. What lies along `length` is cut
// into blocks, and what lies along `inner` into tiles: a unit is a block of the
// columns of a tile. Three steps give the sums of blocks, the sums up to the
// end of each block, and the running sums within blocks, which begin with
// those; axes of one block need only the last. Blocks are counted in the
// direction of the sum, from the end if `reverse`.
//
// Floats are added up in float64, for float64 with what each addition rounds
// away kept beside (Knuth's two-sum): on long axes both float dtypes are good
// to the last digit.

#include <string.h>

#include "op/axes.h"
#include "ops/rules.h"

enum { AXIS, REVERSE };                       // attributes
enum { BLOCK = 1024, TILE = 64, LANES = 8 };  // a block has whole lanes

static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "1" },
  { "reverse", ND_FLAG, "false" },
  { 0 },
};

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  return nd_axis_infer(c, j, j->attr[AXIS].integer) >= 0;
}

// ------------------------------------------------------------------- sums --

// A sum and what was rounded away from it, which is finite.
typedef struct real {
  double sum, rest;
} real;

static inline void real_add(real *t, double x)
{
  const double sum = t->sum + x, grown = sum - t->sum;
  const double lost = (t->sum - (sum - grown)) + (x - grown);
  t->sum = sum;
  t->rest += lost - lost == 0 ? lost : 0;
}

static inline double real_get(const real *t)
{
  return t->sum + t->rest;
}

static inline void real_join(real *t, const real *other)
{
  real_add(t, other->sum);
  t->rest += other->rest;
}

// The same of numbers that are short beside it, which are added as they are.
typedef struct brief {
  double sum;
} brief;

static inline void brief_add(brief *t, double x)
{
  t->sum += x;
}

static inline double brief_get(const brief *t)
{
  return t->sum;
}

static inline void brief_join(brief *t, const brief *other)
{
  t->sum += other->sum;
}

// A sum of integers, which wraps.
typedef struct whole {
  uint64_t sum;
} whole;

static inline void whole_add(whole *t, uint64_t x)
{
  t->sum += x;
}

static inline uint64_t whole_get(const whole *t)
{
  return t->sum;
}

static inline void whole_join(whole *t, const whole *other)
{
  t->sum += other->sum;
}

// Adds four numbers; y[i] becomes the sum up to number i. Of brief numbers only
// one addition waits for the four before.
#define ADD_FOUR(kind, wide)                                          \
  static inline void kind##_add_four(kind *t, const wide *x, wide *y) \
  {                                                                   \
    for (int i = 0; i < 4; i++) {                                     \
      kind##_add(t, x[i]);                                            \
      y[i] = kind##_get(t);                                           \
    }                                                                 \
  }

ADD_FOUR(real, double)
ADD_FOUR(whole, uint64_t)

static inline void brief_add_four(brief *t, const double *x, double *y)
{
  const double two = x[0] + x[1];
  y[0] = t->sum + x[0];
  y[1] = t->sum + two;
  y[2] = t->sum + (two + x[2]);
  y[3] = t->sum + (two + (x[2] + x[3]));
  t->sum = y[3];
}

// Sums of blocks, each for `n` columns that lie beside each other; rows are
// `stride` elements apart.
typedef struct kernels {
  size_t total;  // bytes of a sum

  // Adds `rows` rows to the sums.
  void (*add)(int64_t rows, int64_t stride, int64_t n, void *totals,
              const void *in);

  // The same, and each row of `out` becomes the sums up to there.
  void (*write)(int64_t rows, int64_t stride, int64_t n, void *totals,
                const void *in, void *out);

  // Makes sums of blocks, `stride` sums apart, those of all up to each.
  void (*scan)(int64_t blocks, int64_t stride, int64_t n, void *totals);
} kernels;

#define DEFINE(label, type, kind, wide)                                        \
  static void add_##label(int64_t rows, int64_t stride, int64_t n,             \
                          void *totals, const void *in)                        \
  {                                                                            \
    kind *t = totals;                                                          \
    const type *x = in;                                                        \
    if (stride == 1) {                                                         \
      kind lane[LANES] = { 0 };                                                \
      for (int64_t r = 0; r < rows; r += LANES) {                              \
        for (int i = 0; i < LANES; i++)                                        \
          kind##_add(&lane[i], (wide)x[r + i]);                                \
      }                                                                        \
      for (int i = 0; i < LANES; i++)                                          \
        kind##_join(t, &lane[i]);                                              \
      return;                                                                  \
    }                                                                          \
    for (int64_t r = 0; r < rows; r++, x += stride) {                          \
      for (int64_t i = 0; i < n; i++)                                          \
        kind##_add(&t[i], (wide)x[i]);                                         \
    }                                                                          \
  }                                                                            \
  static inline void write_one_##label(int64_t rows, int64_t stride, kind sum, \
                                       const type *x, type *y)                 \
  {                                                                            \
    int64_t r = 0;                                                             \
    for (; r + 4 <= rows; r += 4) {                                            \
      wide four[4], sums[4];                                                   \
      for (int i = 0; i < 4; i++)                                              \
        four[i] = (wide)x[(r + i) * stride];                                   \
      kind##_add_four(&sum, four, sums);                                       \
      for (int i = 0; i < 4; i++)                                              \
        y[(r + i) * stride] = (type)sums[i];                                   \
    }                                                                          \
    for (; r < rows; r++) {                                                    \
      kind##_add(&sum, (wide)x[r * stride]);                                   \
      y[r * stride] = (type)kind##_get(&sum);                                  \
    }                                                                          \
  }                                                                            \
  static void write_##label(int64_t rows, int64_t stride, int64_t n,           \
                            void *totals, const void *in, void *out)           \
  {                                                                            \
    kind *t = totals;                                                          \
    const type *x = in;                                                        \
    type *y = out;                                                             \
    if (n == 1 && stride == 1) {                                               \
      write_one_##label(rows, 1, *t, x, y);                                    \
      return;                                                                  \
    }                                                                          \
    if (n == 1) {                                                              \
      write_one_##label(rows, stride, *t, x, y);                               \
      return;                                                                  \
    }                                                                          \
    for (int64_t r = 0; r < rows; r++) {                                       \
      for (int64_t i = 0; i < n; i++) {                                        \
        kind##_add(&t[i], (wide)x[r * stride + i]);                            \
        y[r * stride + i] = (type)kind##_get(&t[i]);                           \
      }                                                                        \
    }                                                                          \
  }                                                                            \
  static void scan_##label(int64_t blocks, int64_t stride, int64_t n,          \
                           void *totals)                                       \
  {                                                                            \
    kind *t = totals;                                                          \
    for (int64_t b = 1; b < blocks; b++, t += stride) {                        \
      for (int64_t i = 0; i < n; i++) {                                        \
        kind next = t[i];                                                      \
        kind##_join(&next, &t[stride + i]);                                    \
        t[stride + i] = next;                                                  \
      }                                                                        \
    }                                                                          \
  }

DEFINE(float32, float, brief, double)
DEFINE(float64, double, real, double)
DEFINE(int32, int32_t, whole, uint64_t)
DEFINE(int64, int64_t, whole, uint64_t)
DEFINE(uint8, uint8_t, whole, uint64_t)

#define ROW(label, kind)                                   \
  {                                                        \
    sizeof(kind), add_##label, write_##label, scan_##label \
  }

static const struct kernels all[ND_DTYPES] = {
  [ND_FLOAT32] = ROW(float32, brief), [ND_FLOAT64] = ROW(float64, real),
  [ND_INT32] = ROW(int32, whole),     [ND_INT64] = ROW(int64, whole),
  [ND_UINT8] = ROW(uint8, whole),
};

// ------------------------------------------------------------------- steps --

typedef struct plan {
  const kernels *k;
  int64_t outer, length, inner, blocks, tiles;
  int64_t width;  // bytes of an element
  bool reverse;
} plan;

static plan plan_of(const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_place(j->attr[AXIS].integer, x->rank);
  plan p = { .k = &all[x->dtype], .outer = 1, .inner = 1 };
  for (int i = 0; i < axis; i++)
    p.outer *= x->dims[i];
  for (int i = axis + 1; i < x->rank; i++)
    p.inner *= x->dims[i];
  p.length = x->dims[axis];
  p.blocks = (p.length + BLOCK - 1) / BLOCK;
  p.tiles = (p.inner + TILE - 1) / TILE;
  p.width = (int64_t)nd_dtype_size((nd_dtype)x->dtype);
  p.reverse = j->attr[REVERSE].integer;
  return p;
}

// Where a unit is: a block of a tile.
typedef struct place {
  int64_t block, column, n;
  int64_t rows, first;  // of the block; where its first element lies
  int64_t totals;       // where the sums of its block lie
} place;

// Units are numbered by outer, block and tile, of so many blocks each.
static place place_of(const plan *p, int64_t blocks, int64_t unit)
{
  const int64_t tile = unit % p->tiles, at = unit / p->tiles;
  const int64_t outer = at / blocks;
  place l = { .block = at % blocks, .column = tile * TILE };
  const int64_t start = l.block * BLOCK, left = p->length - start;
  l.n = p->inner - l.column < TILE ? p->inner - l.column : TILE;
  l.rows = left < BLOCK ? left : BLOCK;
  const int64_t row = p->reverse ? p->length - start - l.rows : start;
  l.first = (outer * p->length + row) * p->inner + l.column;
  l.totals = (outer * (p->blocks - 1) + l.block) * p->inner + l.column;
  return l;
}

// The sums of blocks; nobody needs those of the last.
static void add_blocks(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_job *j = what;
  const plan p = plan_of(j);
  for (int64_t unit = from; unit < to; unit++) {
    const place l = place_of(&p, p.blocks - 1, unit);
    char *totals = (char *)shared + (size_t)l.totals * p.k->total;
    memset(totals, 0, (size_t)l.n * p.k->total);
    p.k->add(l.rows, p.inner, l.n, totals, j->in[0]->data + l.first * p.width);
  }
}

static void scan_blocks(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const plan p = plan_of(what);
  for (int64_t unit = from; unit < to; unit++) {
    const place l = place_of(&p, 1, unit);
    char *totals = (char *)shared + (size_t)l.totals * p.k->total;
    p.k->scan(p.blocks - 1, p.inner, l.n, totals);
  }
}

static void write_blocks(const void *what, void *shared, void *own,
                         int64_t from, int64_t to)
{
  const nd_job *j = what;
  const plan p = plan_of(j);
  real totals[TILE];  // or others, which are smaller
  for (int64_t unit = from; unit < to; unit++) {
    const place l = place_of(&p, p.blocks, unit);
    const int64_t at = l.first + (p.reverse ? (l.rows - 1) * p.inner : 0);
    const size_t size = (size_t)l.n * p.k->total;
    memset(totals, 0, size);
    if (l.block > 0)
      memcpy(totals, (char *)shared + (size_t)(l.totals - p.inner) * p.k->total,
             size);
    p.k->write(l.rows, p.reverse ? -p.inner : p.inner, l.n, totals,
               j->in[0]->data + at * p.width, j->out[0]->data + at * p.width);
  }
}

static bool next(const void *what, nd_step *step, int i)
{
  const plan p = plan_of(what);
  const float columns = (float)(p.inner < TILE ? p.inner : TILE);
  const float rows = (float)(p.length < BLOCK ? p.length : BLOCK);
  const int64_t lines = p.outer * p.tiles;
  const nd_step steps[] = {
    { .units = lines * (p.blocks - 1),
      .cost = 10 + rows * columns,
      .run = add_blocks },
    { .units = lines,
      .cost = 10 + 3 * (float)p.blocks * columns,
      .run = scan_blocks },
    { .units = lines * p.blocks,
      .cost = 10 + 2 * rows * columns,
      .run = write_blocks },
  };
  i += p.blocks > 1 ? 0 : 2;
  if (i > 2)
    return false;
  *step = steps[i];
  return true;
}

static nd_work work(const nd_job *j)
{
  const plan p = plan_of(j);
  const int64_t totals = p.blocks > 1 ? p.outer * (p.blocks - 1) * p.inner : 0;
  return (nd_work){ .shared = (size_t)totals * p.k->total, .next = next };
}

static void transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  const nd_value attr[] = {
    [AXIS] = j->attr[AXIS],
    [REVERSE] = nd_value_integer(!j->attr[REVERSE].integer),
  };
  gx[0] = nd_rule_apply(c, j->op, 1, g, attr);
}

const nd_op nd_op_cumsum = {
  .name = "cumsum",
  .doc = "running sums along an axis, from its end if reverse; integers wrap",
  .params = params,
  .attrs = 2,
  .dtypes = ND_NUMBERS,
  .derivative = ND_LINEAR,
  .infer = infer,
  .work = work,
  .dense = 1 << 0,
  .transpose = transpose,
  .low = -2,
  .high = 2,
  .cases = "[4]; [5] reverse=true; [3 4]; [3 4] axis=2; "
           "[2 3 4] axis=-2 reverse=true; [0 3] axis=2; [3 0] axis=1; "
           "[0 3] axis=1; [2 70] axis=1",
  .long_cases = "[2 14000] axis=2; [2 14000] axis=2 reverse=true; "
                "[7000 3] axis=1; [2 3000 130] axis=2 reverse=true",
  .cost = 3,
};

const nd_op *const nd_ops_cumsum[] = { &nd_op_cumsum, NULL };
