// op/filters.c: see filters.h. Some leaves of windows are worked on at once, in
// two steps: the units of the first are areas of the filters, which are some
// rows, by tap and channel, and columns of a group, each for one leaf; those of
// the second are areas, which take what the leaves gave into the tree.

#include "op/filters.h"

#include <string.h>

#include "base/cut.h"
#include "kernel/tree.h"
#include "op/strip.h"

enum {
  TILES = 24,        // of an area, at most
  ROWS = TILES * 6,  // tiles have at least so many, if there are several
  COLUMNS = 256,     // the same
  STEP = 64,         // fewer of them are a multiple of it
  UNITS = 16,        // of the first step, at least, if there are leaves for it
  ROOM = ND_FILTERS_CHAIN * ROWS  // elements of a strip, or of copies
};

// ------------------------------------------------------------------- plans --

typedef struct plan {
  const nd_filters *l;
  nd_grid grid;
  int64_t size;           // bytes of an element
  int64_t groups, out;    // those of a depthwise one are worked on as one
  int64_t all;            // rows of a group
  int64_t row;            // elements from one to the next
  int64_t rows, columns;  // of an area
  int64_t beside, areas;  // in one row of areas of a group; in all
  nd_strips strips;       // whose bands are chains, if there are any
  int64_t chains, chain;  // how many, and how many windows each has
  int64_t leaves, leaf;   // how many, and how many chains each has
  int64_t beside_leaves;  // worked on at once: a power of 2
} plan;

// Whether each tap of depthwise filters is an area, and reads sources where
// they are: no strip has room for a line.
static bool is_deep_alone(const plan *p)
{
  return nd_conv_is_deep(&p->l->conv) && p->strips.count == 0;
}

// Of windows at once: a term of an area.
static float unit_cost(const plan *p)
{
  const float n = (float)(p->leaf * p->chain);
  const float size = (float)p->size;
  if (is_deep_alone(p))
    return n * (5 + .03F * size * (float)p->out) + 100;
  const float rows = (float)p->rows, columns = (float)(p->columns + 8);
  return n * (6 + columns * (.006F * size * rows + .1F)) + 100;
}

static void drop_columns(plan *p)
{
  p->columns = (p->columns - 1) / STEP * STEP;
}

static void cut(plan *p)
{
  const bool alone = is_deep_alone(p);
  p->rows = alone ? 1 : nd_least(p->all, ROWS);
  while (!alone && unit_cost(p) > ND_PATIENCE && p->columns > STEP)
    drop_columns(p);
  p->beside = nd_parts(p->out, p->columns);
  p->areas = nd_parts(p->all, p->rows) * p->beside * p->groups;
}

// Chains are bands if lines fit, of a depthwise one with fewer columns.
static void cut_lines(plan *p)
{
  const nd_conv *c = &p->l->conv;
  const bool deep = nd_conv_is_deep(c);
  p->columns = nd_least(p->out, COLUMNS);
  do {
    p->strips = nd_strips_cut(&p->grid, deep ? p->columns : c->in,
                              ND_FILTERS_CHAIN, ROOM);
    if (!deep || p->strips.count > 0)
      return;
    drop_columns(p);
  } while (p->columns > 0);
  p->columns = p->out;
}

// Leaves have about as many chains each.
static void cut_windows(plan *p)
{
  const nd_grid *g = &p->grid;
  cut_lines(p);
  p->chain = ND_FILTERS_CHAIN;
  p->chains = nd_parts(g->count, p->chain);
  if (p->strips.count > 0) {
    p->chain = p->strips.slabs * p->strips.lines *
               g->axis[ND_SPATIAL - 1].count;
    p->chains = p->strips.count;
  }
  p->leaf = nd_parts(p->chains, nd_parts(g->count, ND_FILTERS_LEAF));
  p->leaves = nd_parts(p->chains, p->leaf);
}

static plan make_plan(const nd_filters *l)
{
  const nd_conv *c = &l->conv;
  plan p = { .l = l, .size = (int64_t)nd_dtype_size(l->dtype), .leaves = 1 };
  p.grid = nd_grid_make(&c->w, false, 0, c->batch, c->in * c->groups,
                        c->out * c->groups);
  p.groups = nd_conv_is_deep(c) ? 1 : c->groups;
  p.row = c->groups * c->out;
  p.out = p.row / p.groups;
  p.all = p.grid.terms * c->in;
  p.columns = nd_least(p.out, COLUMNS);
  if (p.grid.count > 0)
    cut_windows(&p);
  if (p.all > 0)
    cut(&p);
  p.beside_leaves = 1;
  while (p.beside_leaves < p.leaves && p.beside_leaves * p.areas < UNITS)
    p.beside_leaves *= 2;
  return p;
}

static int64_t slot_bytes(const plan *p)
{
  return p->all * p->row * p->size;
}

// ------------------------------------------------------------------- areas --

// An area at work: where it is to stand, or, if there are several leaves, what
// those beside each other give and then the slots of the tree.
typedef struct area {
  const plan *p;
  int64_t group;
  int64_t first, rows;
  int64_t column, columns;
  char *out;  // the first element of all filters
  char *shared;
} area;

static area find_area(const plan *p, int64_t number, char *shared)
{
  const int64_t high = nd_parts(p->all, p->rows);
  area y = { .p = p, .out = p->l->out, .shared = shared };
  y.column = number % p->beside * p->columns;
  y.first = number / p->beside % high * p->rows;
  y.group = number / p->beside / high;
  y.rows = nd_least(p->rows, p->all - y.first);
  y.columns = nd_least(p->columns, p->out - y.column);
  return y;
}

// Row `row` of the area, from column `column` on, of filters that begin there.
static char *place(const area *y, char *filters, int64_t row, int64_t column)
{
  const plan *p = y->p;
  const int64_t at = (y->first + row) * p->row + y->group * p->out + y->column +
                     column;
  return filters + at * p->size;
}

// Filters of which leaves beside each other have one each.
static char *sum_of(const area *y, int64_t leaf)
{
  const plan *p = y->p;
  return p->leaves == 1 ? y->out
                        : y->shared + leaf % p->beside_leaves * slot_bytes(p);
}

static char *slot(const area *y, int number)
{
  return y->shared + (y->p->beside_leaves + number) * slot_bytes(y->p);
}

static void join(void *all, int into, int from)
{
  const area *y = all;
  for (int64_t i = 0; i < y->rows; i++)
    y->p->l->k->plus(y->columns, place(y, slot(y, into), i, 0),
                     place(y, slot(y, from), i, 0));
}

static void copy_area(const area *y, char *out, char *in)
{
  for (int64_t i = 0; i < y->rows; i++)
    memcpy(place(y, out, i, 0), place(y, in, i, 0),
           (size_t)(y->columns * y->p->size));
}

// Takes leaves from..to-1 into the tree.
static void join_leaves(area *y, int64_t from, int64_t to)
{
  const plan *p = y->p;
  for (int64_t leaf = from; leaf < to; leaf++) {
    copy_area(y, slot(y, nd_tree_slot(leaf)), sum_of(y, leaf));
    nd_tree_add(leaf, join, y);
  }
  if (to == p->leaves)
    copy_area(y, y->out, slot(y, nd_tree_end(to, join, y)));
}

static void clear(const area *y)
{
  for (int64_t i = 0; i < y->rows; i++)
    memset(place(y, y->out, i, 0), 0, (size_t)(y->columns * y->p->size));
}

// ------------------------------------------------------------------ chains --

// Windows of a chain: runs over their sources, or over the strip of these, and
// runs over copies for those that have no strip and lack some sources.
typedef struct chain {
  int64_t first, count;
  int64_t outside;  // windows that lack sources
  nd_conv_terms over_sources, over_copies;
  nd_run runs[ND_FILTERS_CHAIN], copied[ND_FILTERS_CHAIN];
  nd_target windows[ND_FILTERS_CHAIN];
  nd_tap taps[ROWS];      // of each row of the area
  int64_t offsets[ROWS];  // of their sources
  char *room;             // the strip, or copies [window, rows of the area]
  char *panel;
  nd_conv_tile source_tiles[TILES], copied_tiles[TILES];
} chain;

// The first channel of the sources of an area, of all.
static int64_t first_channel(const area *y)
{
  return nd_conv_is_deep(&y->p->l->conv) ? y->column
                                         : y->group * y->p->l->conv.in;
}

static bool has_strip(const plan *p)
{
  return p->strips.count > 0 && !nd_grid_is_whole(&p->grid);
}

static int64_t source_step(const plan *p)
{
  const int64_t scale = p->grid.axis[ND_SPATIAL - 1].scale;
  return scale * (has_strip(p) ? p->strips.position : p->grid.source);
}

static void add_run(nd_conv_terms *y, nd_run *runs, int64_t at, int64_t b,
                    int64_t n)
{
  runs[y->count++] = (nd_run){ .at = at, .b = b, .n = n };
}

// The window that is number `at` of the chain, and lacks sources.
static void add_outside(const area *y, chain *c, const nd_target *x, int64_t at)
{
  add_run(&c->over_copies, c->copied, c->outside * y->rows, at, 1);
  c->windows[c->outside++] = *x;
}

// `n` windows of one line, from `x` on, which is number `at` of the chain.
static void add_line(const area *y, chain *c, nd_target x, int64_t at,
                     int64_t n)
{
  enum { LAST = ND_SPATIAL - 1 };
  const nd_grid *g = &y->p->grid;
  const int64_t step = source_step(y->p);
  const int64_t end = at + n;
  while (at < end) {
    const int64_t left = g->axis[LAST].high - x.at[LAST];
    x.inside = nd_grid_is_inside(g, &x);
    n = x.inside ? nd_least(end - at, left) : 1;
    if (x.inside)
      add_run(&c->over_sources, c->runs, x.source, at, n);
    else
      add_outside(y, c, &x, at);
    at += n;
    x.at[LAST] += n;
    x.source += n * step;
  }
}

// Sources of all rows for a window that lacks some, tap by tap.
static void copy_window(const area *y, const chain *c, const nd_target *x,
                        char *out)
{
  const plan *p = y->p;
  const int64_t in = p->l->conv.in;
  for (int64_t r = 0, n; r < y->rows; r += n, out += n * p->size) {
    n = nd_least(in - (y->first + r) % in, y->rows - r);
    const size_t bytes = (size_t)(n * p->size);
    if (nd_grid_has(&p->grid, x, &c->taps[r]))
      memcpy(out, p->l->x + (x->source + c->offsets[r]) * p->size, bytes);
    else
      memset(out, 0, bytes);
  }
}

static void find_windows(const area *y, chain *c)
{
  const nd_grid *g = &y->p->grid;
  for (int64_t i = 0, n; i < c->count; i += n) {
    const nd_target x = nd_grid_target(g, c->first + i);
    n = nd_least(c->count - i, nd_grid_left(g, &x));
    add_line(y, c, x, i, n);
  }
  for (int64_t i = 0; i < c->outside; i++)
    copy_window(y, c, &c->windows[i], c->room + i * y->rows * y->p->size);
}

// The same by a strip, which no source is missing in.
static void find_strip(const area *y, chain *c, const nd_band *b)
{
  const plan *p = y->p;
  const int64_t wide = p->grid.axis[ND_SPATIAL - 1].count;
  const char *sources = p->l->x + first_channel(y) * p->size;
  const int64_t channels = nd_conv_is_deep(&p->l->conv) ? y->columns
                                                        : p->l->conv.in;
  nd_strips_fill(&p->strips, &p->grid, b, channels, sources, (size_t)p->size,
                 c->room);
  for (int64_t i = 0; i < b->slabs * b->lines; i++)
    add_run(&c->over_sources, c->runs,
            nd_strips_at(&p->strips, &p->grid, i / b->lines, i % b->lines),
            i * wide, wide);
}

// Chain number `number`; `adds` unless it is the first of a leaf.
static void find_chain(const area *y, chain *c, int64_t number, bool adds)
{
  const plan *p = y->p;
  const nd_course *r = p->grid.axis;
  const bool bands = p->strips.count > 0;
  nd_band b = { 0 };
  c->first = number * p->chain;
  c->count = nd_least(p->chain, p->grid.count - c->first);
  if (bands) {
    b = nd_strips_band(&p->strips, &p->grid, number);
    c->first = (b.slab * r[1].count + b.from) * r[ND_SPATIAL - 1].count;
    c->count = b.slabs * b.lines * r[ND_SPATIAL - 1].count;
  }
  c->outside = 0;
  c->over_sources = (nd_conv_terms){ .adds = adds, .step = source_step(p) };
  c->over_copies = (nd_conv_terms){ .adds = adds, .step = y->rows };
  c->over_sources.runs = c->runs;
  c->over_copies.runs = c->copied;
  if (has_strip(p))
    find_strip(y, c, &b);
  else if (!is_deep_alone(p))
    find_windows(y, c);
  c->over_copies.adds = adds || c->over_sources.count > 0;
}

// ------------------------------------------------------------------- tiles --

static void find_rows(const area *y, chain *c)
{
  const plan *p = y->p;
  const int64_t in = p->l->conv.in;
  for (int64_t i = 0; i < y->rows; i++) {
    const int64_t row = y->first + i;
    const nd_tap t = nd_grid_tap(&p->grid, row / in);
    c->taps[i] = t;
    c->offsets[i] = has_strip(p)
                      ? nd_strips_tap(&p->strips, &p->grid, &t) + row % in
                      : t.offset + row % in + first_channel(y);
  }
}

// All tiles of about one height.
static int64_t tile_rows(const area *y)
{
  const int64_t most = y->p->l->k->height(y->columns);
  return nd_parts(y->rows, nd_parts(y->rows, most));
}

// Tiles of filters that begin there.
static void find_tiles(const area *y, chain *c, char *filters)
{
  const plan *p = y->p;
  const int64_t high = tile_rows(y);
  const char *sources = has_strip(p) ? c->room : p->l->x;
  for (int64_t i = 0; i < y->rows; i++) {
    nd_conv_tile *over = &c->source_tiles[i / high];
    nd_conv_tile *copied = &c->copied_tiles[i / high];
    over->a[i % high] = sources + c->offsets[i] * p->size;
    copied->a[i % high] = c->room + i * p->size;
    over->c[i % high] = copied->c[i % high] = place(y, filters, i, 0);
  }
}

static void run_tiles(const area *y, const nd_conv_tile *tiles,
                      const nd_conv_terms *terms, const nd_conv_panel *panel)
{
  const nd_conv_kernels *k = y->p->l->k;
  const int64_t high = tile_rows(y), whole = y->rows / high;
  const int64_t rest = y->rows % high;
  if (terms->count == 0)
    return;
  k->tiles((int)high, whole, tiles, terms, panel);
  if (rest > 0)
    k->tiles((int)rest, 1, tiles + whole, terms, panel);
}

// Some columns of the chain's gradients, packed unless they are already: whole
// rows that fill the panel.
static nd_conv_panel find_panel(const area *y, const chain *c, int64_t column)
{
  const plan *p = y->p;
  const nd_conv_kernels *k = p->l->k;
  const int64_t at = c->first * p->row + y->group * p->out + y->column;
  const char *g = p->l->g + (at + column) * p->size;
  nd_conv_panel t = { .b = g, .column = column };
  t.width = k->width(y->columns - column);
  t.columns = (int)nd_least(t.width, y->columns - column);
  if (t.width == p->row && t.columns == t.width)
    return t;
  k->pack(c->count, t.columns, t.width, g, p->row, 1, c->panel);
  t.b = c->panel;
  return t;
}

static void run_chain(const area *y, chain *c)
{
  for (int64_t column = 0; column < y->columns;) {
    const nd_conv_panel t = find_panel(y, c, column);
    run_tiles(y, c->source_tiles, &c->over_sources, &t);
    run_tiles(y, c->copied_tiles, &c->over_copies, &t);
    column += t.width;
  }
}

// All columns at once, each by its own channel.
static void run_deep_chain(const area *y, const chain *c)
{
  const plan *p = y->p;
  const nd_conv_kernels *k = p->l->k;
  const int64_t high = tile_rows(y), whole = y->rows / high;
  const int64_t rest = y->rows % high;
  const int64_t at = c->first * p->row + y->column;
  const nd_conv_panel t = { .b = p->l->g + at * p->size,
                            .columns = (int)y->columns,
                            .width = (int)p->row };
  k->deep_tiles((int)high, whole, c->source_tiles, &c->over_sources, &t);
  if (rest > 0)
    k->deep_tiles((int)rest, 1, c->source_tiles + whole, &c->over_sources, &t);
}

// The same for one tap, where sources are not all there.
static void run_tap_chain(const area *y, chain *c, char *filters)
{
  const plan *p = y->p;
  nd_pair pairs[ND_FILTERS_CHAIN];
  int64_t n = 0;
  nd_grid_targets(&p->grid, c->first, c->first + c->count, c->windows);
  for (int64_t i = 0; i < c->count; i++) {
    const nd_target *x = &c->windows[i];
    if (x->inside || nd_grid_has(&p->grid, x, &c->taps[0]))
      pairs[n++] = (nd_pair){ .x = x->source + c->offsets[0], .y = x->target };
  }
  p->l->k->columns(y->columns, c->over_sources.adds, n, pairs, p->l->x, p->l->g,
                   place(y, filters, 0, 0));
}

// ------------------------------------------------------------------- units --

static void run_leaf(area *y, chain *c, int64_t leaf)
{
  const plan *p = y->p;
  const int64_t first = leaf * p->leaf;
  const int64_t end = nd_least(first + p->leaf, p->chains);
  char *filters = sum_of(y, leaf);
  find_rows(y, c);
  find_tiles(y, c, filters);
  for (int64_t i = first; i < end; i++) {
    find_chain(y, c, i, i > first);
    if (is_deep_alone(p))
      run_tap_chain(y, c, filters);
    else if (nd_conv_is_deep(&p->l->conv))
      run_deep_chain(y, c);
    else
      run_chain(y, c);
  }
  if (end == 0)
    clear(y);
}

static size_t chain_bytes(void)
{
  return nd_whole_lines(sizeof(chain));
}

static size_t panel_bytes(const plan *p)
{
  const int most = p->l->k->width(INT32_MAX);
  return (size_t)(ND_FILTERS_CHAIN * most * p->size);
}

size_t nd_filters_shared(const nd_filters *l)
{
  const plan p = make_plan(l);
  const int64_t slots = p.beside_leaves + nd_tree_slots(p.leaves);
  return p.leaves == 1 ? 0 : (size_t)(slots * slot_bytes(&p));
}

size_t nd_filters_own(const nd_filters *l)
{
  const plan p = make_plan(l);
  return chain_bytes() + panel_bytes(&p) + (size_t)(ROOM * p.size);
}

// Steps take turns: leaves beside each other, and their joining.
bool nd_filters_next(const nd_filters *l, nd_step *step, int i)
{
  const plan p = make_plan(l);
  const bool joins = p.leaves > 1 && i % 2 == 1;
  const int64_t turn = p.leaves > 1 ? i / 2 : i;
  const int64_t from = turn * p.beside_leaves;
  const int64_t leaves = nd_least(p.beside_leaves, p.leaves - from);
  if (leaves <= 0)
    return false;
  const float values = (float)(p.rows * p.columns) + 10;
  *step = (nd_step){ .first = (p.leaves * joins + from) * p.areas };
  step->units = joins ? p.areas : leaves * p.areas;
  step->cost = joins ? (float)leaves * values : unit_cost(&p);
  return true;
}

// Unit number leaf * areas + area computes; beyond the last leaf come those
// that join the leaves from there on.
void nd_filters_run(const nd_filters *l, void *shared, void *own, int64_t from,
                    int64_t to)
{
  const plan p = make_plan(l);
  chain *c = own;
  c->panel = (char *)own + chain_bytes();
  c->room = c->panel + panel_bytes(&p);
  for (int64_t unit = from; unit < to && p.areas > 0; unit++) {
    area y = find_area(&p, unit % p.areas, shared);
    const int64_t leaf = unit / p.areas, first = leaf - p.leaves;
    if (first < 0)
      run_leaf(&y, c, leaf);
    else
      join_leaves(&y, first, nd_least(first + p.beside_leaves, p.leaves));
  }
}
