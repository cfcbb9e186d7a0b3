// op/correlate.c: see correlate.h. Units are numbered through: first those that
// pack the filters of a tap, then, course by course (op/window.h), those that
// compute some pixels by some columns of one group.

#include "op/correlate.h"

#include "base/cut.h"

#include <string.h>

ND_DECLARE_LEVELS(const nd_conv_table, nd_conv_table);

enum {
  TILES = 16,                    // of a unit, at most
  COLUMNS = 64,                  // that units are not cut below
  PIXELS = TILES * ND_CONV_ROWS  // of a unit
};

const nd_conv_kernels *nd_conv_find(const nd_tensor *like)
{
  static const nd_conv_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_conv_table);
  return tables[like->context->level]->at[like->dtype];
}

static int64_t product(const int64_t *n)
{
  return n[0] * n[1] * n[2];
}

// ------------------------------------------------------------------- plans --

// One course of targets, and how it is cut: as if it had as many targets and
// terms as any, so that all courses have as many units.
typedef struct plan {
  const nd_correlation *l;
  nd_grid grid;
  int64_t sources, targets;  // channels of a group
  int64_t terms;
  int64_t block;    // pixels of a unit
  int64_t columns;  // of a unit
  int64_t beside;   // units that have the same pixels, in one group
  int64_t first, units;
} plan;

static int64_t padded(const nd_correlation *l, int64_t columns)
{
  const int64_t lanes = l->k->width(1);
  return nd_parts(columns, lanes) * lanes;
}

static int64_t packing_units(const nd_correlation *l)
{
  return nd_conv_is_deep(&l->conv) ? 0
                                   : product(l->conv.w.taps) * l->conv.groups;
}

// Nanoseconds of a unit: a term takes as long for each vector of columns, and
// pixels that reach into the padding are copied.
static float unit_cost(const plan *p)
{
  const float terms = (float)(p->grid.most_terms * p->sources);
  const float width = (float)nd_dtype_size(p->l->dtype);
  const float columns = (float)nd_least(p->columns, p->targets) + 4;
  if (nd_conv_is_deep(&p->l->conv))
    return (float)p->block * (20 + terms * (float)p->l->conv.groups * .4F);
  return (float)p->block * (10 + terms * (.006F * width * columns + .1F));
}

// A unit takes as many pixels as share what is read of the filters, and fewer
// columns or pixels if that takes too long.
static void cut(plan *p)
{
  p->block = nd_least(p->grid.most, PIXELS);
  p->columns = p->targets;
  while (unit_cost(p) > ND_PATIENCE / 2 && p->columns > COLUMNS)
    p->columns = nd_parts(nd_parts(p->columns, 2), COLUMNS) * COLUMNS;
  while (unit_cost(p) > ND_PATIENCE / 2 && p->block > ND_CONV_ROWS)
    p->block = nd_parts(p->block / 2, ND_CONV_ROWS) * ND_CONV_ROWS;
  p->beside = nd_parts(p->targets, p->columns);
  p->units = p->block == 0 ? 0 : nd_parts(p->grid.most, p->block) * p->beside;
  if (!nd_conv_is_deep(&p->l->conv))
    p->units *= p->l->conv.groups;
}

// The plan of course number `number`.
static plan make_plan(const nd_correlation *l, int64_t number)
{
  const nd_conv *c = &l->conv;
  plan p = { .l = l };
  p.sources = l->back ? c->out : c->in;
  p.targets = l->back ? c->in : c->out;
  p.grid = nd_grid_make(&c->w, l->back, number, c->batch, p.sources * c->groups,
                        p.targets * c->groups);
  p.terms = p.grid.terms * p.sources;
  cut(&p);
  p.first = packing_units(l) + number * p.units;
  return p;
}

// ----------------------------------------------------------------- packing --

// Elements of one packed group.
static int64_t group_size(const nd_correlation *l)
{
  const nd_conv *c = &l->conv;
  return product(c->w.taps) * (l->back ? c->out : c->in) *
         padded(l, l->back ? c->in : c->out);
}

// Rows of one tap in all panels of a group. Columns are channels of targets.
static void pack_tap(const nd_correlation *l, int64_t tap, int64_t group,
                     char *out)
{
  const nd_conv *c = &l->conv;
  const int64_t size = (int64_t)nd_dtype_size(l->dtype);
  const int64_t row = c->groups * c->out, taps = product(c->w.taps);
  const int64_t rows = l->back ? c->out : c->in;
  const int64_t columns = l->back ? c->in : c->out;
  const char *in = l->filters + (tap * c->in * row + group * c->out) * size;
  out += group * group_size(l) * size;
  for (int64_t j = 0; j < columns;) {
    const int width = l->k->width(columns - j);
    l->k->pack(rows, (int)nd_least(width, columns - j), width,
               in + j * (l->back ? row : 1) * size, l->back ? 1 : row,
               l->back ? row : 1, out + (taps * j + tap * width) * rows * size);
    j += width;
  }
}

static void pack_units(const nd_correlation *l, char *packed, int64_t from,
                       int64_t to)
{
  const int64_t groups = l->conv.groups;
  for (int64_t unit = from; unit < to; unit++)
    pack_tap(l, unit / groups, unit % groups, packed);
}

// ------------------------------------------------------------------ chains --

// Terms of one chain that are of one tap.
typedef struct piece {
  nd_tap t;
  int64_t order;  // of the tap in its course
  int64_t channel, n;
} piece;

enum { PIECES = ND_CHAIN };

// What a unit works on: some pixels and columns of a group.
typedef struct task {
  const plan *p;
  nd_target pixels[PIXELS];
  uint64_t sources[PIXELS];  // of each that is not inside: nd_grid_sources
  int64_t count;             // of pixels
  const char *source;        // of the group
  char *target;              // of the group
  const char *packed;        // panels of the group
  int64_t column, end;       // columns of the group

  // The chain that is worked on: runs over sources where all are there.
  int64_t pieces;
  piece piece[PIECES];
  int64_t whole;
  nd_run runs[PIECES];

  // Tiles, and what those have that lack some sources: runs of their own, and
  // the terms of each pixel.
  nd_conv_tile tiles[TILES];
  nd_run own[TILES][PIECES];
  char *copies;
} task;

// Adds a run, to the one before if it goes on there.
static int64_t add_run(nd_run *runs, int64_t n, int64_t at, const task *t,
                       const piece *s)
{
  const int64_t b = s->t.number * t->p->sources + s->channel;
  nd_run *last = &runs[n - 1];
  if (n > 0 && last->at + last->n == at && last->b + last->n == b) {
    last->n += s->n;
    return n;
  }
  runs[n] = (nd_run){ .at = at, .b = b, .n = s->n };
  return n + 1;
}

static int64_t source_of(const piece *s)
{
  return s->t.offset + s->channel;
}

// Terms from `first` on.
static void find_chain(task *t, int64_t first)
{
  const plan *p = t->p;
  const int64_t end = nd_least(first + ND_CHAIN, p->terms);
  t->pieces = t->whole = 0;
  for (int64_t at = first; at < end;) {
    piece *s = &t->piece[t->pieces++];
    s->order = at / p->sources;
    s->t = nd_grid_tap(&p->grid, s->order);
    s->channel = at % p->sources;
    s->n = nd_least(p->sources - s->channel, end - at);
    t->whole = add_run(t->runs, t->whole, source_of(s), t, s);
    at += s->n;
  }
}

// ------------------------------------------------------------------- tiles --

static void find_sources(task *t)
{
  const nd_grid *g = &t->p->grid;
  const bool few = g->terms <= ND_FEW_TAPS;
  for (int64_t i = 0; i < t->count; i++) {
    const nd_target *x = &t->pixels[i];
    t->sources[i] = x->inside ? UINT64_MAX : few ? nd_grid_sources(g, x) : 0;
  }
}

static bool has_source(const task *t, int64_t pixel, const piece *s)
{
  if (t->p->grid.terms <= ND_FEW_TAPS)
    return t->sources[pixel] >> s->order & 1;
  return nd_grid_has(&t->p->grid, &t->pixels[pixel], &s->t);
}

// How many pixels of a tile have the source of each piece: at least one, and
// all; the second by bits of their taps, if these are few.
typedef struct having {
  uint64_t any, all;
  bool some[PIECES];
} having;

// Whether no piece is there for some pixels and not for others.
static bool find_having(const task *t, int64_t first, int rows, having *h)
{
  bool clean = true;
  for (int64_t k = 0; k < t->pieces; k++) {
    const piece *s = &t->piece[k];
    int n = 0;
    if (t->p->grid.terms <= ND_FEW_TAPS)
      n = h->all >> s->order & 1 ? rows : (int)(h->any >> s->order & 1);
    else
      for (int i = 0; i < rows; i++)
        n += has_source(t, first + i, s);
    h->some[k] = n > 0;
    clean = clean && (n == 0 || n == rows);
  }
  return clean;
}

// Runs over sources, without those that no pixel has.
static void find_own_runs(const task *t, nd_conv_tile *tile, nd_run *runs,
                          const having *h)
{
  tile->count = 0;
  for (int64_t k = 0; k < t->pieces; k++) {
    const piece *s = &t->piece[k];
    if (h->some[k])
      tile->count = add_run(runs, tile->count, source_of(s), t, s);
  }
}

// Copies `bytes` bytes, or zeros from NULL; single numbers at once.
static inline void copy_bytes(char *out, const char *in, size_t bytes)
{
  static const float zero = 0;
  if (bytes == sizeof zero)
    memcpy(out, in != NULL ? in : (const char *)&zero, sizeof zero);
  else if (in != NULL)
    memcpy(out, in, bytes);
  else
    memset(out, 0, bytes);
}

// The terms of a pixel that runs over copies have, 0 where it has no source.
static void copy_terms(const task *t, int64_t pixel, const bool *some,
                       size_t size, char *out)
{
  const char *from = t->source + t->pixels[pixel].source * (int64_t)size;
  const piece *const end = t->piece + t->pieces;
  const bool few = t->p->grid.terms <= ND_FEW_TAPS;
  const uint64_t bits = t->sources[pixel];
  for (const piece *s = t->piece; s < end; s++) {
    const size_t bytes = (size_t)s->n * size;
    if (!some[s - t->piece])
      continue;
    const bool has = few ? bits >> s->order & 1 : has_source(t, pixel, s);
    copy_bytes(out, has ? from + source_of(s) * (int64_t)size : NULL, bytes);
    out += bytes;
  }
}

// The same runs over copies.
static void copy_tile(const task *t, int64_t first, nd_conv_tile *tile,
                      nd_run *runs, const having *h)
{
  const size_t size = nd_dtype_size(t->p->l->dtype);
  const int64_t bytes = ND_CHAIN * (int64_t)size;
  int64_t at = 0;
  tile->count = 0;
  for (int64_t k = 0; k < t->pieces; k++) {
    const piece *s = &t->piece[k];
    if (h->some[k]) {
      tile->count = add_run(runs, tile->count, at, t, s);
      at += s->n;
    }
  }
  for (int i = 0; i < tile->rows; i++) {
    char *out = t->copies + (first + i) * bytes;
    copy_terms(t, first + i, h->some, size, out);
    tile->a[i] = out;
  }
}

// Runs of its own for a tile of which some pixels lack sources.
static void find_edge(task *t, int64_t first, nd_conv_tile *tile, nd_run *runs,
                      having *h)
{
  tile->runs = runs;
  if (find_having(t, first, tile->rows, h))
    find_own_runs(t, tile, runs, h);
  else
    copy_tile(t, first, tile, runs, h);
}

// Tile number `number`, of the chain.
static void find_tile(task *t, int64_t number, int64_t size, bool adds)
{
  const int64_t first = number * ND_CONV_ROWS;
  const nd_target *x = &t->pixels[first];
  nd_conv_tile *tile = &t->tiles[number];
  const int rows = (int)nd_least(t->count - first, ND_CONV_ROWS);
  tile->rows = rows;
  tile->adds = adds;
  tile->step = 1;
  tile->runs = t->runs;
  tile->count = t->whole;
  having h;
  h.any = 0;
  h.all = UINT64_MAX;
  for (int i = 0; i < rows; i++) {
    tile->a[i] = t->source + x[i].source * size;
    tile->c[i] = t->target + x[i].target * size;
    h.any |= t->sources[first + i];
    h.all &= t->sources[first + i];
  }
  if (h.all != UINT64_MAX)
    find_edge(t, first, tile, t->own[number], &h);
}

// ------------------------------------------------------------------- units --

static void run_chain(const task *t)
{
  const plan *p = t->p;
  const nd_conv_kernels *k = p->l->k;
  const int64_t size = (int64_t)nd_dtype_size(p->l->dtype);
  const int64_t rows = product(p->l->conv.w.taps) * p->sources;
  const int64_t tiles = nd_parts(t->count, ND_CONV_ROWS);
  nd_conv_panel y = { .column = t->column };
  for (; y.column < t->end; y.column += y.width) {
    y.width = k->width(p->targets - y.column);
    y.columns = (int)nd_least(y.width, p->targets - y.column);
    y.b = t->packed + rows * y.column * size;
    for (int64_t i = 0; i < tiles; i++)
      k->tile(&t->tiles[i], &y);
  }
}

// Unit `unit` of the plan, counted from its first. Without terms there is one
// chain, of none.
static void run_unit(const plan *p, task *t, const char *packed, int64_t unit)
{
  const nd_correlation *l = p->l;
  const int64_t size = (int64_t)nd_dtype_size(l->dtype);
  const int64_t group = unit / p->beside % l->conv.groups;
  const int64_t first = unit / (p->beside * l->conv.groups) * p->block;
  t->p = p;
  t->count = nd_least(p->block, p->grid.count - first);
  if (t->count <= 0)
    return;
  t->column = unit % p->beside * p->columns;
  t->end = nd_least(t->column + p->columns, p->targets);
  t->source = l->source + group * p->sources * size;
  t->target = l->target + group * p->targets * size;
  t->packed = packed + group * group_size(l) * size;
  nd_grid_targets(&p->grid, first, first + t->count, t->pixels);
  find_sources(t);
  int64_t term = 0;
  do {
    find_chain(t, term);
    for (int64_t i = 0; i * ND_CONV_ROWS < t->count; i++)
      find_tile(t, i, size, term > 0);
    run_chain(t);
    term += ND_CHAIN;
  } while (term < p->terms);
}

// ---------------------------------------------------------------- depthwise --

// Channels of one pixel: those of each tap times its filters.
static void run_deep_pixel(const plan *p, const nd_target *x, int64_t taps,
                           bool adds, const nd_tap *t)
{
  const nd_correlation *l = p->l;
  const int64_t size = (int64_t)nd_dtype_size(l->dtype);
  const int64_t channels = l->conv.groups;
  nd_pair pairs[ND_CHAIN];
  int64_t n = 0;
  for (int64_t i = 0; i < taps; i++) {
    if (x->inside || nd_grid_has(&p->grid, x, &t[i]))
      pairs[n++] = (nd_pair){ .x = x->source + t[i].offset,
                              .y = t[i].number * channels };
  }
  l->k->columns(channels, adds, n, pairs, l->source, l->filters,
                l->target + x->target * size);
}

static void run_deep(const plan *p, task *t, int64_t from, int64_t to)
{
  nd_tap taps[ND_CHAIN];
  for (int64_t unit = from; unit < to; unit++) {
    const int64_t first = unit * p->block;
    t->count = nd_least(p->block, p->grid.count - first);
    if (t->count <= 0)
      return;
    nd_grid_targets(&p->grid, first, first + t->count, t->pixels);
    int64_t at = 0;
    do {
      const int64_t n = nd_least(p->grid.terms - at, ND_CHAIN);
      for (int64_t i = 0; i < n; i++)
        taps[i] = nd_grid_tap(&p->grid, at + i);
      for (int64_t i = 0; i < t->count; i++)
        run_deep_pixel(p, &t->pixels[i], n, at > 0, taps);
      at += n;
    } while (at < p->grid.terms);
  }
}

// -------------------------------------------------------------------- work --

size_t nd_correlation_shared(const nd_correlation *l)
{
  if (nd_conv_is_deep(&l->conv))
    return 0;
  return (size_t)(l->conv.groups * group_size(l)) * nd_dtype_size(l->dtype);
}

static size_t task_bytes(void)
{
  return (sizeof(task) + 63) & ~(size_t)63;
}

size_t nd_correlation_own(const nd_correlation *l)
{
  const size_t copies = PIXELS * ND_CHAIN * nd_dtype_size(l->dtype);
  return task_bytes() + (nd_conv_is_deep(&l->conv) ? 0 : copies);
}

bool nd_correlation_next(const nd_correlation *l, nd_step *step, int i)
{
  const int64_t packing = packing_units(l);
  if (i == 0 && packing > 0) {
    const int64_t channels = l->conv.in * l->conv.out;
    *step = (nd_step){ .units = packing, .cost = 20 + (float)channels };
    return true;
  }
  const int64_t number = i - (packing > 0);
  if (number >= nd_grid_courses(&l->conv.w, l->back))
    return false;
  const plan p = make_plan(l, number);
  *step = (nd_step){ .first = p.first,
                     .units = p.units,
                     .cost = unit_cost(&p) };
  return true;
}

void nd_correlation_run(const nd_correlation *l, void *shared, void *own,
                        int64_t from, int64_t to)
{
  const int64_t packing = packing_units(l);
  if (from < packing) {
    pack_units(l, shared, from, to);
    return;
  }
  const int64_t units = make_plan(l, 0).units;
  if (units == 0)
    return;
  const plan p = make_plan(l, (from - packing) / units);
  task *t = own;
  t->copies = (char *)own + task_bytes();
  if (nd_conv_is_deep(&l->conv)) {
    run_deep(&p, t, from - p.first, to - p.first);
    return;
  }
  for (int64_t unit = from; unit < to; unit++)
    run_unit(&p, t, shared, unit - p.first);
}
