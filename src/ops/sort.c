// ops/sort.c: elements in order along an axis: sort, the places where they
// were, argsort, and the first of both, top_k. Places count from 1. Of equals
// the first comes first, in either direction, and nan comes last.
//
// The input is seen as [outer, n, inner], and a row is what lies along n. Short
// rows are units. Long ones are sorted one after the other, in passes over
// parts of PART elements (kernel/sort.h). Where few of a row are wanted, the
// best are collected, block by block.

#include <string.h>

#include "base/cut.h"
#include "kernel/sort.h"
#include "op/axes.h"
#include "ops/rules.h"

enum { AXIS, DIRECTION, STABLE, K = 0 };  // attributes
enum { ASCENDING, DESCENDING };           // words
enum { PART = 1 << 16 };

ND_DECLARE_LEVELS(const nd_sort_table, nd_sort_table);

static const char *const directions[] = {
  [ASCENDING] = "ASCENDING", [DESCENDING] = "DESCENDING", NULL
};
static const nd_param sort_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "-1" },
  { "direction", ND_WORD, "ASCENDING", .words = directions },
  { 0 },
};
static const nd_param argsort_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXIS, "-1" },
  { "direction", ND_WORD, "ASCENDING", .words = directions },
  { "stable", ND_FLAG, "true", .doc = "it is, whatever is asked for" },
  { 0 },
};
static const char *const top_k_results[] = { "values", "indices", NULL };
static const nd_param top_k_params[] = {
  { "x", ND_TENSOR },
  { "k", ND_INTEGER, "1" },
  { 0 },
};

static bool is_top_k(const nd_job *j)
{
  return j->op->results != NULL;
}

static int64_t axis_of(const nd_job *j)
{
  return is_top_k(j) ? -1 : j->attr[AXIS].integer;
}

static bool infer_places(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_infer(c, j, axis_of(j));
  if (axis < 0)
    return false;
  *out = nd_type_of(x);
  out->dtype = ND_INT32;
  return x->dims[axis] <= INT32_MAX ||
         nd_fail(c, ND_BAD_ARGUMENT, "too many elements: x is %s",
                 ND_SHAPE(x->rank, x->dims));
}

static bool infer_values(nd_context *c, const nd_job *j, nd_type *out)
{
  const bool ok = infer_places(c, j, out);
  out->dtype = (nd_dtype)j->in[0]->dtype;
  return ok;
}

static bool infer_top_k(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const int64_t k = j->attr[K].integer;
  if (!infer_values(c, j, &out[0]))
    return false;
  const int64_t n = x->dims[x->rank - 1];
  if (k < 0 || k > n)
    return nd_fail(c, ND_BAD_ARGUMENT, "k is outside 0..%lld: %lld",
                   (long long)n, (long long)k);
  out[0].shape[x->rank - 1] = k;
  out[1] = out[0];
  out[1].dtype = ND_INT32;
  return true;
}

// ------------------------------------------------------------------- rows --

typedef struct plan {
  const nd_sort_kernels *k;
  int64_t rows, n, inner;
  int64_t kept;  // of each row
  bool descending;
  bool collects;               // the best, rather than to sort all
  nd_tensor *values, *places;  // outputs; NULL: not wanted
} plan;

static const nd_sort_kernels *find_kernels(const nd_tensor *x)
{
  static const nd_sort_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_sort_table);
  return tables[x->context->level]->at[x->dtype];
}

static plan plan_of(const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_place(axis_of(j), x->rank);
  const bool top = is_top_k(j);
  plan p = { .k = find_kernels(x), .n = x->dims[axis], .inner = 1 };
  for (int i = axis + 1; i < x->rank; i++)
    p.inner *= x->dims[i];
  p.kept = top ? j->attr[K].integer : p.n;
  p.rows = p.kept > 0 ? j->out[0]->size / p.kept : 0;
  p.descending = top || j->attr[DIRECTION].integer == DESCENDING;
  p.collects = p.kept <= p.n / 4 && p.kept <= PART / 2;
  p.values = j->op == &nd_op_argsort ? NULL : j->out[0];
  p.places = top ? j->out[1] : p.values == NULL ? j->out[0] : NULL;
  return p;
}

// Where a row of [outer, n, inner] begins.
static int64_t row_start(const plan *p, int64_t row, int64_t n)
{
  return row / p->inner * n * p->inner + row % p->inner;
}

static const char *row_of(const nd_job *j, const plan *p, int64_t row)
{
  const nd_tensor *x = j->in[0];
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)x->dtype);
  return nd_values(x) + row_start(p, row, p->n) * width;
}

// Elements first..first+n-1 of a row, as items.
static void load(const nd_job *j, const plan *p, int64_t row, int64_t first,
                 int64_t n, void *items)
{
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)j->in[0]->dtype);
  p->k->load(n, row_of(j, p, row) + first * p->inner * width, p->inner,
             p->descending, first, items);
}

// Sorted items first..first+n-1 of a row, as results.
static void write(const nd_job *j, const plan *p, int64_t row, int64_t first,
                  int64_t n, const void *items)
{
  const int64_t at = row_start(p, row, p->kept) + first * p->inner;
  if (p->values != NULL) {
    const size_t width = nd_dtype_size((nd_dtype)p->values->dtype);
    p->k->take(n, items, row_of(j, p, row), p->inner,
               p->values->data + (size_t)at * width, p->inner);
  }
  if (p->places != NULL)
    p->k->places(n, items, (int32_t *)(void *)p->places->data + at, p->inner);
}

// ------------------------------------------------------------ the best few --

// Offers elements from..to-1 of a row, in blocks.
static void collect(const nd_job *j, const plan *p, int64_t row, int64_t from,
                    int64_t to, nd_sort_best *b)
{
  double items[2 * ND_BLOCK];  // of any kind
  for (int64_t at = from, n; at < to; at += n) {
    n = nd_least(to - at, ND_BLOCK);
    load(j, p, row, at, n, items);
    p->k->offer(n, items, b);
  }
}

static void write_best(const nd_job *j, const plan *p, int64_t row,
                       const nd_sort_best *b)
{
  write(j, p, row, 0, p->kept, p->k->sort(b->have, b->items, b->room));
}

static int64_t best_bytes(const plan *p)
{
  return nd_sort_room(p->kept) * p->k->item;
}

static nd_sort_best start_best(const plan *p, char *memory)
{
  return (nd_sort_best){ .k = p->kept,
                         .items = memory,
                         .room = memory + best_bytes(p) };
}

// The same in memory of a row that takes several steps.
static nd_sort_best *best_in(const plan *p, void *shared, bool starts)
{
  nd_sort_best *b = shared;
  if (starts)
    *b = start_best(p, (char *)(b + 1));
  return b;
}

// Part `unit` of all parts of all rows.
static void collect_part(const void *what, void *shared, void *own,
                         int64_t unit, int64_t end)
{
  const nd_job *j = what;
  const plan p = plan_of(j);
  const int64_t parts = nd_parts(p.n, PART), part = unit % parts;
  nd_sort_best *b = best_in(&p, shared, part == 0);
  collect(j, &p, unit / parts, part * PART, nd_least((part + 1) * PART, p.n),
          b);
  if (part == parts - 1)
    write_best(j, &p, unit / parts, b);
}

// ------------------------------------------------------------- short rows --

static void sort_rows(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_job *j = what;
  const plan p = plan_of(j);
  for (int64_t row = from; row < to; row++) {
    if (p.collects) {
      nd_sort_best b = start_best(&p, own);
      collect(j, &p, row, 0, p.n, &b);
      write_best(j, &p, row, &b);
    } else {
      void *room = (char *)own + p.n * p.k->item;
      load(j, &p, row, 0, p.n, own);
      write(j, &p, row, 0, p.kept, p.k->sort(p.n, own, room));
    }
  }
}

// Nanoseconds for a row.
static float row_cost(const plan *p)
{
  const float n = (float)p->n;
  if (p->collects)
    return 100 + 1.5F * n + 30 * (float)p->kept;
  return 20 + n * (p->n < 200 ? 12 : 4 + 2.5F * (float)p->k->digits);
}

// -------------------------------------------------------------- long rows --

// The memory of a row: its items, twice, counts of each part, and in which of
// the two the items are before each pass. A digit that all share needs none.
typedef struct row {
  plan p;
  int64_t number, parts;
  char *items[2];
  uint32_t *counts;
  uint8_t *at;
} row;

static row see_row(const nd_job *j, int64_t number, void *shared)
{
  row r = { .p = plan_of(j), .number = number };
  const int64_t bytes = r.p.n * r.p.k->item;
  r.parts = nd_parts(r.p.n, PART);
  r.items[0] = shared;
  r.items[1] = r.items[0] + bytes;
  r.counts = (uint32_t *)(void *)(r.items[1] + bytes);
  r.at = (uint8_t *)(r.counts + r.parts * ND_SORT_RADIX);
  return r;
}

static size_t row_bytes(const plan *p)
{
  return (size_t)(2 * p->n * p->k->item) +
         (size_t)(nd_parts(p->n, PART) * ND_SORT_RADIX) * sizeof(uint32_t) +
         (size_t)p->k->digits + 1;
}

// Items first..first+n-1, that a unit is for: a part of a pass of a row, whose
// number is (row * digits + digit) * parts + part.
typedef struct piece {
  row r;
  int digit;
  int64_t first, n;
  uint32_t *counts;
} piece;

static piece see_piece(const nd_job *j, int64_t unit, void *shared)
{
  const plan p = plan_of(j);
  const int64_t parts = nd_parts(p.n, PART), part = unit % parts;
  const int64_t pass = unit / parts;
  piece k = { .r = see_row(j, pass / p.k->digits, shared),
              .digit = (int)(pass % p.k->digits),
              .first = part * PART };
  k.n = nd_least(p.n - k.first, PART);
  k.counts = k.r.counts + part * ND_SORT_RADIX;
  return k;
}

// In which of the two the items are before a pass.
static int find_items(const row *r, int pass)
{
  return pass == 0 ? 0 : r->at[pass];
}

// Items of the piece as they are before a pass.
static char *items_of(const piece *k, int pass)
{
  return k->r.items[find_items(&k->r, pass)] + k->first * k->r.p.k->item;
}

static void load_parts(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  for (int64_t unit = from; unit < to; unit++) {
    const piece k = see_piece(what, unit, shared);
    load(what, &k.r.p, k.r.number, k.first, k.n, items_of(&k, 0));
  }
}

static void count_parts(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  for (int64_t unit = from; unit < to; unit++) {
    const piece k = see_piece(what, unit, shared);
    memset(k.counts, 0, ND_SORT_RADIX * sizeof *k.counts);
    k.r.p.k->count(k.n, items_of(&k, k.digit), k.digit, k.counts);
  }
}

// Makes the counts into where the items of each part and digit go. The unit is
// the first of a pass.
static void sum_counts(const void *what, void *shared, void *own, int64_t unit,
                       int64_t end)
{
  const piece k = see_piece(what, unit, shared);
  const int at = find_items(&k.r, k.digit);
  uint8_t *next = &k.r.at[k.digit + 1];
  uint32_t before = 0;
  *next = !at;
  for (int digit = 0; digit < ND_SORT_RADIX; digit++) {
    const uint32_t first = before;
    for (int64_t part = 0; part < k.r.parts; part++) {
      uint32_t *count = &k.r.counts[part * ND_SORT_RADIX + digit];
      const uint32_t n = *count;
      *count = before;
      before += n;
    }
    if (before - first == k.r.p.n)
      *next = (uint8_t)at;
  }
}

static void deal_parts(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  for (int64_t unit = from; unit < to; unit++) {
    const piece k = see_piece(what, unit, shared);
    const int next = find_items(&k.r, k.digit + 1);
    if (next != find_items(&k.r, k.digit))
      k.r.p.k->deal(k.n, items_of(&k, k.digit), k.digit, k.counts,
                    k.r.items[next]);
  }
}

static void write_parts(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  for (int64_t unit = from; unit < to; unit++) {
    const piece k = see_piece(what, unit, shared);
    const int64_t n = nd_least(k.r.p.kept - k.first, k.n);
    if (n > 0)
      write(what, &k.r.p, k.r.number, k.first, n,
            items_of(&k, k.r.p.k->digits));
  }
}

// ------------------------------------------------------------------- steps --

static bool next_rows(const void *what, nd_step *step, int i)
{
  const plan p = plan_of(what);
  *step = (nd_step){ 0, p.rows, row_cost(&p), sort_rows };
  return i == 0;
}

static bool next_part(const void *what, nd_step *step, int i)
{
  const plan p = plan_of(what);
  *step = (nd_step){ i, 1, 1.5F * PART, collect_part };
  return i < p.rows * nd_parts(p.n, PART);
}

// Of each row: load; for each digit count, sum up and deal; write.
static bool next_pass(const void *what, nd_step *step, int i)
{
  const plan p = plan_of(what);
  const int64_t parts = nd_parts(p.n, PART);
  const int digits = p.k->digits, steps = 3 * digits + 2;
  const int64_t first = i / steps * digits * parts;
  const int s = i % steps - 1;
  *step = (nd_step){ first, parts, 2.F * PART, load_parts };
  if (s == 3 * digits) {
    step->run = write_parts;
    step->cost = 4.F * PART;
  } else if (s >= 0) {
    step->first = first + s / 3 * parts;
    step->units = s % 3 == 1 ? 1 : parts;
    step->cost = s % 3 == 1 ? 300.F * (float)parts : (1 + s % 3) * (float)PART;
    step->run = s % 3 == 0 ? count_parts : s % 3 == 1 ? sum_counts : deal_parts;
  }
  return i < p.rows * steps;
}

static nd_work work(const nd_job *j)
{
  const plan p = plan_of(j);
  const size_t best = (size_t)(2 * best_bytes(&p));
  if (p.n > PART && p.collects)
    return (nd_work){ .shared = sizeof(nd_sort_best) + best,
                      .next = next_part };
  if (p.n > PART)
    return (nd_work){ .shared = row_bytes(&p), .next = next_pass };
  return (nd_work){ .own = p.collects ? best : (size_t)(2 * p.n * p.k->item),
                    .next = next_rows };
}

// ------------------------------------------------------------- derivatives --

static nd_tensor *flatten(nd_context *c, nd_tensor *x)
{
  return RESHAPE(x, 1, (int64_t[]){ -1 });
}

// `x` with an axis, counted from 0, moved to the end.
static nd_tensor *move_last(nd_context *c, nd_tensor *x, int axis)
{
  return x == NULL ? NULL : MOVE_AXES(x, axis, 1, x->rank - 1);
}

// `rows`, a vector, in the shape of `like`, whose axis was moved to the end.
static nd_tensor *unflatten(nd_context *c, nd_tensor *rows,
                            const nd_tensor *like, int axis)
{
  const int last = like->rank - 1;
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < last; i++)
    shape[i] = like->dims[i < axis ? i : i + 1];
  shape[last] = like->dims[axis];
  return MOVE_AXES(RESHAPE(rows, like->rank, shape), last, 1, axis);
}

nd_tensor *nd_rule_argsort(nd_context *c, nd_tensor *x)
{
  const nd_value attr[] = { [AXIS] = nd_value_integer(-1),
                            [DIRECTION] = nd_value_integer(ASCENDING),
                            [STABLE] = nd_value_integer(true) };
  return nd_rule_apply(c, &nd_op_argsort, 1, &x, attr);
}

static nd_tensor *argsort(nd_context *c, const nd_job *j)
{
  const nd_value attr[] = { [AXIS] = j->attr[AXIS],
                            [DIRECTION] = j->attr[DIRECTION],
                            [STABLE] = nd_value_integer(true) };
  return nd_rule_apply(c, &nd_op_argsort, 1, j->in, attr);
}

// The places that were chosen among all elements of rows of `n`, from 1, as one
// vector.
static nd_tensor *positions(nd_context *c, const nd_job *j, int axis, int64_t n)
{
  const int64_t rows = j->in[0]->size / n;
  nd_tensor *places = is_top_k(j) ? j->out[1] : argsort(c, j);
  places = CAST(move_last(c, places, axis), ND_INT64);
  places = RESHAPE(places, 2, ((int64_t[]){ rows, -1 }));
  nd_tensor *before = RESHAPE(COUNT(rows, n), 2, ((int64_t[]){ rows, 1 }));
  return flatten(c, ADD(places, before));
}

static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  const nd_tensor *x = j->in[0];
  if (x->size == 0) {
    gx[0] = ZEROS(x);
    return;
  }
  const int axis = nd_axis_place(axis_of(j), x->rank);
  nd_tensor *rows = flatten(c, move_last(c, g[0], axis));
  rows = UNGATHER(rows, positions(c, j, axis, x->dims[axis]), x->size);
  gx[0] = unflatten(c, rows, x, axis);
}

static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  const nd_tensor *y = j->out[0];
  if (y->size == 0) {
    ty[0] = ZEROS(y);
    return;
  }
  const int axis = nd_axis_place(axis_of(j), y->rank);
  const nd_tensor *x = j->in[0];
  nd_tensor *rows = flatten(c, move_last(c, t[0], axis));
  rows = GATHER(rows, positions(c, j, axis, x->dims[axis]));
  ty[0] = unflatten(c, rows, y, axis);
}

// ----------------------------------------------------------------- entries --

const nd_op nd_op_sort = {
  .name = "sort",
  .doc = "x in order along axis, ascending or descending; of equals the first "
         "first, nan last",
  .params = sort_params,
  .attrs = 2,
  .dtypes = ND_NUMBERS,
  .derivative = ND_VJP,
  .needs = { 1 << 0 },
  .infer = infer_values,
  .work = work,
  .dense = 1 << 0,
  .vjp = vjp,
  .jvp = jvp,
  .jvp_within_needs = true,
  .low = -3,
  .high = 3,
  .cases = "[5]; [5] direction=DESCENDING; [3 4]; [3 4] axis=1; "
           "[2 3 4] axis=2 direction=DESCENDING; [60]; [0 3]; [3 0]; "
           "[0 3] axis=1",
  .long_cases = "[140000]; [70000 2] axis=1 direction=DESCENDING; [9 20000]; "
                "[300 70] axis=1",
};

const nd_op nd_op_argsort = {
  .name = "argsort",
  .doc = "int32 places, from 1, in x of what sort gives",
  .params = argsort_params,
  .attrs = 3,
  .dtypes = ND_NUMBERS,
  .infer = infer_places,
  .work = work,
  .dense = 1 << 0,
  .long_cases = "[140000]; [70000 2] axis=1 direction=DESCENDING",
};

const nd_op nd_op_top_k = {
  .name = "top_k",
  .doc = "the k largest along the last axis, and their int32 positions from 1; "
         "largest first, first of equals first, nan last",
  .params = top_k_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_OUT },
  .results = top_k_results,
  .infer = infer_top_k,
  .work = work,
  .dense = 1 << 0,
  .vjp = vjp,
  .jvp = jvp,
  .jvp_within_needs = true,
  .low = -3,
  .high = 3,
  .cases = "[5]; [5] k=3; [3 4] k=2; [2 2 3] k=3; [0 3] k=1; [2 3] k=0; "
           "[60] k=7",
  .long_cases = "[140000] k=10; [2 70000] k=3; [140000] k=60000; "
                "[70 300] k=7; [70 300] k=290",
};

const nd_op *const nd_ops_sort[] = {
  &nd_op_sort,
  &nd_op_argsort,
  &nd_op_top_k,
  NULL,
};
