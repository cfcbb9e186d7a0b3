// op/align.c: the states of an example, rows of sums, and one step from a row
// to the next, which serves both directions of time.

#include "op/align.h"

#include <math.h>

#include "base/cut.h"
#include "tensor/reader.h"

ND_DECLARE_LEVELS(const nd_align_kernels, nd_align_kernels);

const nd_align_kernels *nd_align_find(const nd_context *c)
{
  static const nd_align_kernels *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_align_kernels);
  return tables[c->level];
}

#define NONE ((double)-INFINITY)  // the logarithm of no alignment

// ------------------------------------------------------------------ memory --

// A sum for each state and for the end behind the last; two cells before the
// first have none. Of numbers with directions, `part` has 2^order coefficients
// for each, the first of which is 1: they are relative to the sum.
typedef struct row {
  double *log, *part;
} row;

enum { GROUP = ND_GROUP(sizeof(double)), BEFORE = 2 };

// What states are in one direction of time: the class of each; and what it
// costs to come to it from the one before the last: nothing or everything.
typedef struct way {
  const int64_t *classes;
  int step;  // between these
  const double *skip;
} way;

// An example at work.
typedef struct example {
  const nd_align *a;
  int64_t number;
  int64_t n, times;  // states; times
  int64_t *classes;
  double *skip, *rows;
} example;

// Of a row, beside those before: whole groups, with one from the end on.
static int64_t cells(const nd_align *a)
{
  return nd_parts(a->most + GROUP, GROUP) * GROUP;
}

static int64_t row_size(const nd_align *a)
{
  const int64_t each = 1 + (a->order > 0 ? (int64_t)1 << a->order : 0);
  return BEFORE + cells(a) * each;
}

// Forward rows, all or two in turns, and two backward.
static int64_t count_forward(const nd_align *a)
{
  return a->keeps ? a->time + 1 : 2;
}

static int64_t rows_size(const nd_align *a)
{
  return row_size(a) * (count_forward(a) + (a->keeps ? 2 : 0));
}

// Of what an example has beside rows: n, times, classes; skip, for each way.
static int64_t head_size(const nd_align *a)
{
  return 2 + a->most + 2 * cells(a);
}

size_t nd_align_shared(const nd_align *a)
{
  const double rows = (double)row_size(a) * (double)(a->time + 3);
  const double each = rows + (double)head_size(a) + 2 * (double)a->time;
  if ((double)a->batch * each > 0x1p56)
    return (size_t)1 << 60;  // more than there is
  return sizeof(double) *
         (size_t)(a->batch * (rows_size(a) + head_size(a) + 2 * a->time));
}

double *nd_align_shifts(const nd_align *a, void *shared)
{
  return shared;
}

double *nd_align_logs(const nd_align *a, void *shared)
{
  return nd_align_shifts(a, shared) + a->batch * a->time;
}

static int64_t *find_head(const nd_align *a, void *shared, int64_t number)
{
  double *heads = nd_align_logs(a, shared) + a->batch * a->time;
  return (int64_t *)(void *)(heads + number * head_size(a));
}

static example find_example(const nd_align *a, void *shared, int64_t number)
{
  int64_t *head = find_head(a, shared, number);
  double *rows = (double *)(void *)find_head(a, shared, a->batch);
  return (example){ .a = a,
                    .number = number,
                    .n = head[0],
                    .times = head[1],
                    .classes = head + 2,
                    .skip = (double *)(void *)(head + 2 + a->most),
                    .rows = rows + number * rows_size(a) };
}

static way find_way(const example *x, bool back)
{
  return (way){ .classes = x->classes + (back ? x->n - 1 : 0),
                .step = back ? -1 : 1,
                .skip = x->skip + (back ? cells(x->a) : 0) };
}

static row find_row(const example *x, int64_t i)
{
  double *log = x->rows + i * row_size(x->a) + BEFORE;
  return (row){ .log = log,
                .part = x->a->order > 0 ? log + cells(x->a) : NULL };
}

static row forward_row(const example *x, int64_t t)
{
  return find_row(x, x->a->keeps ? t : t % 2);
}

static row backward_row(const example *x, int64_t t)
{
  return find_row(x, count_forward(x->a) + t % 2);
}

// ------------------------------------------------------------------- steps --

static double gap(double low, double high)
{
  return high == NONE ? high : low - high;
}

// The coefficients of state r, whose sum is there: a mean of those of the three
// it is reached from, by their shares. The end is not reached from itself.
static void mix_parts(const example *x, const way *w, row from, row to,
                      int64_t r)
{
  const int order = x->a->order;
  const double log[] = { from.log[r], from.log[r - 1],
                         from.log[r - 2] + w->skip[r] };
  double *part = to.part + (r << order), share[3], d[3];
  for (int i = 0; i < 3; i++)
    d[i] = gap(log[i], to.log[r]);
  x->a->k->exp(3, share, d);
  nd_duals_start(part, order);
  for (int i = r == x->n ? 1 : 0; i < 3 && i <= r; i++) {
    const double *source = from.part + ((r - i) << order);
    for (int set = 1; set < 1 << order && share[i] != 0; set++)
      part[set] += nd_duals_times(share[i], source[set], true);
  }
}

// Goes from row `from` to row `to`.
static void spread(const example *x, const way *w, row from, row to)
{
  for (int i = 1; i <= BEFORE; i++)
    to.log[-i] = NONE;
  x->a->align->sum(nd_parts(x->n, GROUP) * GROUP, to.log, from.log, w->skip);
  for (int64_t r = 0; r < x->n && to.part != NULL; r++)
    mix_parts(x, w, from, to, r);
}

// Row `to` times the numbers exp(e1 h1 + ..) that directions give its states,
// whose logits begin at `base`.
static void grow_parts(const example *x, const way *w, row to, int64_t base)
{
  const nd_align *a = x->a;
  double h[ND_MAX_DIRECTIONS];
  for (int64_t r = 0; r < x->n; r++) {
    const int64_t i = base + w->classes[r * w->step];
    for (int k = 0; k < a->order; k++)
      h[k] = nd_duals_read(a->directions, k * a->logits->size + i);
    nd_duals_grow(to.part + (r << a->order), a->order, h);
  }
}

// Row `to` times the probabilities of its states at time t.
static void weigh(const example *x, const way *w, void *shared, row to,
                  int64_t t)
{
  const nd_align *a = x->a;
  const int64_t at = nd_align_row(a, x->number, t), base = at * a->classes;
  const double shift = nd_align_shifts(a, shared)[at];
  const double log = nd_align_logs(a, shared)[at];
  const double blank = nd_duals_read(a->logits, base + a->blank) - shift - log;
  for (int64_t r = 0; r < x->n; r += 2)
    to.log[r] += blank;
  for (int64_t r = 1; r < x->n; r += 2) {
    const int64_t i = base + w->classes[r * w->step];
    to.log[r] += nd_duals_read(a->logits, i) - shift - log;
  }
  if (to.part != NULL)
    grow_parts(x, w, to, base);
}

// A row before all others: all is in a state before the first, which the first
// two are reached from as if it was the first.
static void begin(const example *x, row to)
{
  for (int64_t r = -BEFORE; r < cells(x->a); r++)
    to.log[r] = r == 0 ? 0 : NONE;
  for (int64_t r = 0; r < x->n && to.part != NULL; r++)
    nd_duals_start(to.part + (r << x->a->order), x->a->order);
}

// --------------------------------------------------------------- the start --

int64_t nd_align_integer(const nd_tensor *x, int64_t i)
{
  nd_reader r;
  nd_reader_start(&r, x, ND_INT64);
  return *(const int64_t *)nd_reader_at(&r, i, 1);
}

static void read_classes(const nd_align *a, int64_t number, int64_t count,
                         int64_t *classes)
{
  const int64_t apart = a->labels->dims[1];
  nd_reader reader;
  nd_reader_start(&reader, a->labels, ND_INT64);
  for (int64_t at = 0; at < count; at += ND_BLOCK) {
    const int64_t n = nd_least(count - at, ND_BLOCK);
    const int64_t *label = nd_reader_at(&reader, number * apart + at, n);
    for (int64_t i = 0; i < n; i++)
      classes[2 * (at + i) + 1] = label[i] - 1;
  }
  for (int64_t i = 0; i <= count; i++)
    classes[2 * i] = a->blank;
}

// A label is reached from another one that differs, and the end from the label
// before the last blank.
static void find_skips(const example *x, bool back, double *skip)
{
  const way w = find_way(x, back);
  for (int64_t r = 0; r < cells(x->a); r++)
    skip[r] = r == x->n ? 0 : NONE;
  for (int64_t r = 3; r < x->n; r += 2) {
    if (w.classes[r * w.step] != w.classes[(r - 2) * w.step])
      skip[r] = 0;
  }
}

void nd_align_start(const nd_align *a, void *shared, int64_t number)
{
  int64_t *head = find_head(a, shared, number);
  const int64_t count = nd_align_integer(a->lengths, number);
  head[0] = 2 * count + 1;
  head[1] = nd_align_integer(a->times, number);
  read_classes(a, number, count, head + 2);
  const example x = find_example(a, shared, number);
  find_skips(&x, false, x.skip);
  find_skips(&x, true, x.skip + cells(a));
  begin(&x, forward_row(&x, 0));
}

float nd_align_cost(const nd_align *a)
{
  const float each = a->order > 0 ? (float)(80 << a->order) : 15;
  return 50 + each * (float)a->most;
}

// ----------------------------------------------------------------- the sums --

void nd_align_forward(const nd_align *a, void *shared, int64_t number,
                      int64_t from, int64_t to)
{
  const example x = find_example(a, shared, number);
  const way w = find_way(&x, false);
  for (int64_t t = from; t < nd_least(to, x.times); t++) {
    const row next = forward_row(&x, t + 1);
    spread(&x, &w, forward_row(&x, t), next);
    weigh(&x, &w, shared, next, t);
  }
}

double nd_align_total(const nd_align *a, void *shared, int64_t number)
{
  const example x = find_example(a, shared, number);
  const way w = find_way(&x, false);
  const row last = forward_row(&x, x.times);
  double sums[GROUP];
  for (int i = 0; i < GROUP; i++)
    last.log[x.n + i] = NONE;
  a->align->sum(GROUP, sums, last.log + x.n, w.skip + x.n);
  last.log[x.n] = sums[0];
  if (last.part != NULL)
    mix_parts(&x, &w, last, last, x.n);
  return sums[0];
}

// The shares of alignments through the states of forward row t + 1, with what
// follows in `after`, to where their logarithms are. `total` is of all.
static void give_shares(const example *x, int64_t t, row after, double total,
                        const double *inverse)
{
  const nd_align *a = x->a;
  const row before = forward_row(x, t + 1);
  for (int64_t at = 0; at < x->n; at += ND_BLOCK) {
    const int64_t n = nd_least(x->n - at, ND_BLOCK);
    double d[ND_BLOCK];
    for (int64_t i = 0; i < n; i++)
      d[i] = before.log[at + i] + after.log[x->n - 1 - at - i] - total;
    a->k->exp(n, before.log + at, d);
  }
  for (int64_t s = 0; s < x->n && a->order > 0; s++) {
    double through[1 << ND_MAX_DIRECTIONS];
    nd_duals_product(through, before.part + (s << a->order),
                     after.part + ((x->n - 1 - s) << a->order), a->order);
    before.log[s] = nd_duals_times(
      before.log[s], nd_duals_join(through, inverse, a->order), true);
  }
}

void nd_align_backward(const nd_align *a, void *shared, int64_t number,
                       int64_t from, int64_t to)
{
  const example x = find_example(a, shared, number);
  const way w = find_way(&x, true);
  const row last = forward_row(&x, x.times);
  double inverse[1 << ND_MAX_DIRECTIONS];
  if (to >= x.times && from < x.times) {
    nd_align_total(a, shared, number);
    begin(&x, backward_row(&x, x.times));
  }
  if (a->order > 0 && from < x.times)
    nd_duals_invert(inverse, last.part + (x.n << a->order), a->order);
  for (int64_t t = nd_least(to, x.times) - 1; t >= from; t--) {
    const row next = backward_row(&x, t);
    spread(&x, &w, backward_row(&x, t + 1), next);
    give_shares(&x, t, next, last.log[x.n], inverse);
    weigh(&x, &w, shared, next, t);
  }
}

nd_align_shares nd_align_shares_at(const nd_align *a, void *shared,
                                   int64_t number, int64_t t)
{
  const example x = find_example(a, shared, number);
  if (t >= x.times || forward_row(&x, x.times).log[x.n] == NONE)
    return (nd_align_shares){ 0 };
  return (nd_align_shares){ x.n, x.classes, forward_row(&x, t + 1).log };
}
