// op/correlate.c: see correlate.h. Units are numbered through: first those that
// pack the filters of a tap, then, course by course (op/grid.h), those that
// compute some pixels by some columns of one group.
//
// A unit has a band of whole lines, and reads sources from a strip of its own
// if some are padded (op/strip.h). Where a line is too long for that it has
// some pixels in a row, which read sources where they lie; tiles with a pixel
// that lacks some read copies of their terms.

#include "op/correlate.h"

#include "base/cut.h"
#include "op/strip.h"

#include <string.h>

ND_DECLARE_WIDE(const nd_conv_table, nd_conv_table);

enum {
  PIXELS = 252,        // of a band, at most
  FEW_PIXELS = 96,     // of a unit that has none
  COLUMNS = 64,        // that units are not cut below
  FEW_CHANNELS = 128,  // of depthwise ones, up to which pixels are worth tiles
  ROOM = 128 * 256,    // elements of a strip, or of copies
  TILES = PIXELS / 6   // of at least so many rows, if there are several
};

const nd_conv_kernels *nd_conv_find(const nd_tensor *like)
{
  static const nd_conv_table *const tables[ND_LEVELS] = ND_LIST_WIDE(
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
  int64_t groups;            // those of a depthwise one are worked on as one
  int64_t sources, targets;  // channels of a group; one source for each term
  int64_t terms;
  int high;          // rows of a tile, at most
  nd_strips strips;  // how it is cut into bands, if it is
  int64_t block;     // pixels of a unit
  int64_t columns;   // of a unit
  int64_t beside;    // units that have the same pixels, in one group
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
    return (float)p->block * (10 + columns * (.1F + .01F * width * terms));
  return (float)p->block * (10 + terms * (.006F * width * columns + .1F));
}

// Many channels of one pixel are read faster than few of many pixels.
static void set_bands(plan *p, int64_t pixels)
{
  const bool deep = nd_conv_is_deep(&p->l->conv);
  nd_strips s = { 0 };
  if (!deep || p->targets <= FEW_CHANNELS)
    s = nd_strips_cut(&p->grid, deep ? p->targets : p->sources, pixels, ROOM);
  p->strips = s;
  p->block = s.count == 0
               ? nd_least(pixels, FEW_PIXELS)
               : s.slabs * s.lines * p->grid.axis[ND_SPATIAL - 1].most;
}

static void halve_columns(plan *p)
{
  p->columns = nd_parts(nd_parts(p->columns, 2), COLUMNS) * COLUMNS;
}

// A unit takes as many pixels as share what is read of the filters, and fewer
// columns or pixels if that takes too long.
static void cut(plan *p)
{
  const bool deep = nd_conv_is_deep(&p->l->conv);
  int64_t pixels = nd_least(p->grid.most, PIXELS);
  p->columns = p->targets;
  p->beside = 1;
  if (pixels == 0)
    return;
  set_bands(p, pixels);
  while (!deep && unit_cost(p) > ND_PATIENCE / 2 && p->columns > COLUMNS)
    halve_columns(p);
  while (unit_cost(p) > ND_PATIENCE / 2 && p->block > p->high) {
    pixels = nd_parts(p->block / 2, p->high) * p->high;
    set_bands(p, pixels);
  }
  p->beside = nd_parts(p->targets, p->columns);
  p->units = p->strips.count > 0 ? p->strips.count
                                 : nd_parts(p->grid.most, p->block);
  p->units *= p->beside * p->groups;
}

// The plan of course number `number`.
static plan make_plan(const nd_correlation *l, int64_t number)
{
  const nd_conv *c = &l->conv;
  plan p = { .l = l };
  const bool deep = nd_conv_is_deep(c);
  p.groups = deep ? 1 : c->groups;
  p.sources = l->back ? c->out : c->in;
  p.targets = deep ? c->groups : l->back ? c->in : c->out;
  p.grid = nd_grid_make(&c->w, l->back, number, c->batch, p.sources * c->groups,
                        p.targets * p.groups);
  p.terms = p.grid.terms * p.sources;
  p.high = l->k->height(p.targets);
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
  int64_t channel, n;
} piece;

// Some tiles of the same height that read the same terms.
typedef struct row {
  int height;
  int64_t first, count;  // of the tiles
  nd_conv_terms *terms;
} row;

enum { PIECES = ND_CHAIN };

// What a unit works on: some pixels and columns of a group.
typedef struct task {
  const plan *p;
  const char *source;   // of the group
  char *target;         // of the group
  const char *packed;   // panels of the group
  int64_t column, end;  // columns of the group
  char *room;           // for a strip, or copies

  // The chain that is worked on, from term `first` on: runs over sources, or
  // over their strip, and runs over copies.
  int64_t first;
  int64_t pieces;
  piece piece[PIECES];
  nd_conv_terms over_sources, over_copies;
  nd_run runs[PIECES], copied[PIECES];

  int64_t rows;
  row row[TILES];
  nd_conv_tile tiles[TILES];
  nd_target pixels[FEW_PIXELS];
} task;

// Adds a run, to the one before if it goes on there.
static void add_run(nd_conv_terms *y, nd_run *runs, nd_run next)
{
  nd_run *last = y->count > 0 ? &runs[y->count - 1] : NULL;
  if (last != NULL && last->at + last->n == next.at &&
      last->b + last->n == next.b)
    last->n += next.n;
  else
    runs[y->count++] = next;
}

// Where the sources of a tap are, from where those of a target begin.
static int64_t distance(const plan *p, const nd_tap *t)
{
  return p->strips.count > 0 && !nd_grid_is_whole(&p->grid)
           ? nd_strips_tap(&p->strips, &p->grid, t)
           : t->offset;
}

static void start_terms(nd_conv_terms *y, const nd_run *runs, bool adds)
{
  *y = (nd_conv_terms){ .step = 1, .adds = adds, .runs = runs };
}

// Terms from `first` on, unless they are there from the unit before.
static void find_chain(task *t, int64_t first)
{
  const plan *p = t->p;
  const int64_t end = nd_least(first + ND_CHAIN, p->terms);
  if (t->first == first)
    return;
  t->first = first;
  t->pieces = 0;
  start_terms(&t->over_sources, t->runs, first > 0);
  start_terms(&t->over_copies, t->copied, first > 0);
  for (int64_t at = first, n; at < end; at += n) {
    piece *s = &t->piece[t->pieces++];
    s->t = nd_grid_tap(&p->grid, at / p->sources);
    s->channel = at % p->sources;
    s->n = n = nd_least(p->sources - s->channel, end - at);
    nd_run next = { .b = s->t.number * p->sources + s->channel, .n = n };
    next.at = distance(p, &s->t) + s->channel;
    add_run(&t->over_sources, t->runs, next);
    next.at = at - first;
    add_run(&t->over_copies, t->copied, next);
  }
}

// Filters of depthwise ones are read where they lie.
static void run_deep_chain(task *t)
{
  const plan *p = t->p;
  const nd_conv_panel y = { .b = t->packed,
                            .columns = (int)p->targets,
                            .width = (int)p->targets };
  for (const row *r = t->row; r < t->row + t->rows; r++)
    p->l->k->deep_tiles(r->height, r->count, t->tiles + r->first, r->terms, &y);
}

static void run_chain(task *t)
{
  const plan *p = t->p;
  const nd_conv_kernels *k = p->l->k;
  const int64_t size = (int64_t)nd_dtype_size(p->l->dtype);
  const int64_t all = product(p->l->conv.w.taps) * p->sources;
  nd_conv_panel y = { .column = t->column };
  for (; y.column < t->end; y.column += y.width) {
    y.width = k->width(p->targets - y.column);
    y.columns = (int)nd_least(y.width, p->targets - y.column);
    y.b = t->packed + all * y.column * size;
    for (const row *r = t->row; r < t->row + t->rows; r++)
      k->tiles(r->height, r->count, t->tiles + r->first, r->terms, &y);
  }
}

// ------------------------------------------------------------------- bands --

// Fills tiles of about one height, the higher ones first.
typedef struct filling {
  nd_conv_tile *tile;
  int height, higher;  // of this one, and how many more there are like it
  int at;              // its next pixel
} filling;

static void add_row(task *t, int height, int64_t first, int64_t count,
                    nd_conv_terms *terms)
{
  if (count > 0)
    t->row[t->rows++] = (row){ height, first, count, terms };
}

static filling start_filling(task *t, int64_t pixels)
{
  const int64_t tiles = nd_parts(pixels, t->p->high);
  const int height = (int)(pixels / tiles), higher = (int)(pixels % tiles);
  t->rows = 0;
  add_row(t, height + 1, 0, higher, &t->over_sources);
  add_row(t, height, higher, tiles - higher, &t->over_sources);
  return (filling){ .tile = t->tiles,
                    .height = height + (higher > 0),
                    .higher = higher };
}

static void end_tile(filling *f)
{
  f->at = 0;
  f->tile++;
  if (f->higher > 0 && --f->higher == 0)
    f->height--;
}

// Pixels of one line.
static void fill_line(filling *f, int64_t count, const char *source,
                      int64_t step, char *target, int64_t stride)
{
  while (count > 0) {
    nd_conv_tile *const tile = f->tile;
    const int end = (int)nd_least(f->at + count, f->height);
    count -= end - f->at;
    for (int i = f->at; i < end; i++, source += step, target += stride) {
      tile->a[i] = source;
      tile->c[i] = target;
    }
    f->at = end;
    if (end == f->height)
      end_tile(f);
  }
}

// Lines of one slab, which is number `slab` of the band.
static void fill_slab(task *t, filling *f, const nd_band *b, int64_t slab)
{
  const plan *p = t->p;
  const nd_grid *g = &p->grid;
  const nd_course *r = g->axis, *last = &r[ND_SPATIAL - 1];
  const int64_t size = (int64_t)nd_dtype_size(p->l->dtype);
  const int64_t first = (b->slab + slab) * r[1].count + b->from;
  const nd_target x = nd_grid_target(g, first * last->count);
  const int64_t next = r[1].stride * g->sizes[ND_SPATIAL - 1] * g->target;
  const bool whole = nd_grid_is_whole(g);
  const int64_t position = whole ? g->source : p->strips.position;
  const int64_t line = whole ? last->sources * g->source : p->strips.line;
  const char *source = whole ? t->source + x.source * size
                             : t->room + slab * p->strips.slab * size;
  char *target = t->target + x.target * size;
  for (int64_t i = 0; i < b->lines; i++) {
    fill_line(f, last->count, source, last->scale * position * size, target,
              last->stride * g->target * size);
    source += r[1].scale * line * size;
    target += next * size;
  }
}

static void fill_band(task *t, const nd_band *b)
{
  const int64_t wide = t->p->grid.axis[ND_SPATIAL - 1].count;
  filling f = start_filling(t, b->slabs * b->lines * wide);
  for (int64_t i = 0; i < b->slabs; i++)
    fill_slab(t, &f, b, i);
}

static bool start_band(task *t, int64_t number)
{
  const plan *p = t->p;
  const nd_band b = nd_strips_band(&p->strips, &p->grid, number);
  if (b.slabs <= 0 || b.lines <= 0 || p->grid.count == 0)
    return false;
  if (!nd_grid_is_whole(&p->grid))
    nd_strips_fill(&p->strips, &p->grid, &b, p->strips.channels, t->source,
                   nd_dtype_size(p->l->dtype), t->room);
  fill_band(t, &b);
  return true;
}

// ------------------------------------------------------------------ pixels --

// The terms of a pixel, 0 where it has no source.
static void copy_terms(const task *t, const nd_target *x, int64_t size,
                       char *out)
{
  const char *from = t->source + x->source * size;
  for (const piece *s = t->piece; s < t->piece + t->pieces; s++) {
    const size_t bytes = (size_t)(s->n * size);
    if (nd_grid_has(&t->p->grid, x, &s->t))
      memcpy(out, from + (s->t.offset + s->channel) * size, bytes);
    else
      memset(out, 0, bytes);
    out += bytes;
  }
}

// Copies terms of the chain for tiles that lack some.
static void copy_tiles(task *t)
{
  const int64_t size = (int64_t)nd_dtype_size(t->p->l->dtype);
  for (const row *r = t->row; r < t->row + t->rows; r++) {
    for (int i = 0; r->terms == &t->over_copies && i < r->height; i++) {
      const int64_t pixel = r->first * t->p->high + i;
      char *out = t->room + pixel * ND_CHAIN * size;
      copy_terms(t, &t->pixels[pixel], size, out);
      t->tiles[r->first].a[i] = out;
    }
  }
}

static bool start_pixels(task *t, int64_t number)
{
  const plan *p = t->p;
  const int64_t size = (int64_t)nd_dtype_size(p->l->dtype);
  const int64_t first = number * p->block;
  const int64_t count = nd_least(p->block, p->grid.count - first);
  t->rows = 0;
  if (count <= 0)
    return false;
  nd_grid_targets(&p->grid, first, first + count, t->pixels);
  for (int64_t i = 0, n; i < count; i += n) {
    nd_conv_tile *tile = &t->tiles[i / p->high];
    bool inside = true;
    n = nd_least(count - i, p->high);
    for (int64_t k = 0; k < n; k++) {
      const nd_target *x = &t->pixels[i + k];
      tile->a[k] = t->source + x->source * size;
      tile->c[k] = t->target + x->target * size;
      inside = inside && x->inside;
    }
    add_row(t, (int)n, i / p->high, 1,
            inside ? &t->over_sources : &t->over_copies);
  }
  return true;
}

// ------------------------------------------------------------------- units --

// Sets what unit `unit` of the plan, counted from its first, works on; returns
// the number of its pixels.
static int64_t find_unit(task *t, const char *packed, int64_t unit)
{
  const plan *p = t->p;
  const nd_correlation *l = p->l;
  const int64_t size = (int64_t)nd_dtype_size(l->dtype);
  const int64_t group = unit / p->beside % p->groups;
  t->column = unit % p->beside * p->columns;
  t->end = nd_least(t->column + p->columns, p->targets);
  t->source = l->source + group * p->sources * size;
  t->target = l->target + group * p->targets * size;
  t->packed = nd_conv_is_deep(&l->conv) ? l->filters
                                        : packed + group * group_size(l) * size;
  return unit / (p->beside * p->groups);
}

// Without terms there is one chain, of none.
static void run_unit(task *t, const char *packed, int64_t unit)
{
  const plan *p = t->p;
  const bool bands = p->strips.count > 0;
  const int64_t number = find_unit(t, packed, unit);
  if (!(bands ? start_band : start_pixels)(t, number))
    return;
  int64_t term = 0;
  do {
    find_chain(t, term);
    if (!bands)
      copy_tiles(t);
    (nd_conv_is_deep(&p->l->conv) ? run_deep_chain : run_chain)(t);
    term += ND_CHAIN;
  } while (term < p->terms);
}

// ---------------------------------------------------------------- depthwise --

// Channels of one pixel, where there are many or a line is too long for a
// strip: those of each tap times its filters.
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

static void run_deep(task *t, int64_t from, int64_t to)
{
  const plan *p = t->p;
  nd_tap taps[ND_CHAIN];
  for (int64_t unit = from; unit < to; unit++) {
    const int64_t first = unit * p->block;
    const int64_t count = nd_least(p->block, p->grid.count - first);
    if (count <= 0)
      return;
    nd_grid_targets(&p->grid, first, first + count, t->pixels);
    int64_t at = 0;
    do {
      const int64_t n = nd_least(p->grid.terms - at, ND_CHAIN);
      for (int64_t i = 0; i < n; i++)
        taps[i] = nd_grid_tap(&p->grid, at + i);
      for (int64_t i = 0; i < count; i++)
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
  return nd_whole_lines(sizeof(task));
}

size_t nd_correlation_own(const nd_correlation *l)
{
  const size_t room = ROOM * nd_dtype_size(l->dtype);
  return task_bytes() + room;
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
  t->p = &p;
  t->first = -1;
  t->room = (char *)own + task_bytes();
  if (nd_conv_is_deep(&l->conv) && p.strips.count == 0) {
    run_deep(t, from - p.first, to - p.first);
    return;
  }
  for (int64_t unit = from; unit < to; unit++)
    run_unit(t, shared, unit - p.first);
}
