// op/filters.c: see filters.h. Step i takes leaf i of the windows; its units
// are areas of the filters: some rows, by tap and channel, and columns of a
// group.

#include "op/filters.h"

#include <string.h>

#include "base/cut.h"
#include "kernel/tree.h"

enum {
  TILES = 16,  // of an area, at most
  ROWS = TILES * ND_CONV_ROWS,
  COLUMNS = 256  // the same
};

// ------------------------------------------------------------------- plans --

typedef struct plan {
  const nd_filters *l;
  nd_grid grid;
  int64_t size;           // bytes of an element
  int64_t all;            // rows of a group
  int64_t row;            // elements from one to the next
  int64_t rows, columns;  // of an area
  int64_t beside, areas;  // in one row of areas of a group; in all
  int64_t leaves;
} plan;

// Of windows at once: a term of an area; of depthwise filters, of one tap.
static float unit_cost(const plan *p)
{
  const nd_conv *c = &p->l->conv;
  const float n = (float)nd_least(p->grid.count, ND_FILTERS_LEAF);
  const float size = (float)p->size;
  if (nd_conv_is_deep(c))
    return n * (5 + .03F * size * (float)c->groups) + 100;
  const float rows = (float)p->rows, columns = (float)(p->columns + 8);
  return n * (6 + columns * (.006F * size * rows + .1F)) + 100;
}

static void cut(plan *p)
{
  const nd_conv *c = &p->l->conv;
  p->rows = nd_conv_is_deep(c) ? 1 : nd_least(p->all, ROWS);
  p->columns = nd_conv_is_deep(c) ? p->row : nd_least(c->out, COLUMNS);
  while (unit_cost(p) > ND_PATIENCE && p->columns > 64)
    p->columns -= 64;
  p->beside = nd_conv_is_deep(c) ? 1 : nd_parts(c->out, p->columns);
  p->areas = nd_parts(p->all, p->rows) * p->beside;
  if (!nd_conv_is_deep(c))
    p->areas *= c->groups;
}

static plan make_plan(const nd_filters *l)
{
  const nd_conv *c = &l->conv;
  plan p = { .l = l, .size = (int64_t)nd_dtype_size(l->dtype) };
  p.grid = nd_grid_make(&c->w, false, 0, c->batch, c->in * c->groups,
                        c->out * c->groups);
  p.all = p.grid.terms * c->in;
  p.row = c->groups * c->out;
  p.leaves = p.grid.count > 0 ? nd_parts(p.grid.count, ND_FILTERS_LEAF) : 1;
  if (p.all > 0)
    cut(&p);
  return p;
}

static int64_t slot_bytes(const plan *p)
{
  return p->all * p->row * p->size;
}

// ------------------------------------------------------------------- areas --

// An area at work: where it is to stand, or the slots of the tree for it.
typedef struct area {
  const plan *p;
  int64_t group;
  int64_t first, rows;
  int64_t column, columns;
  char *out;     // the first element of all filters
  char *shared;  // slots, if there are several leaves
} area;

static area find_area(const plan *p, int64_t number, char *shared)
{
  const int64_t high = nd_parts(p->all, p->rows);
  area y = { .p = p, .out = p->l->out, .shared = shared };
  y.column = number % p->beside * p->columns;
  y.first = number / p->beside % high * p->rows;
  y.group = number / p->beside / high;
  y.rows = nd_least(p->rows, p->all - y.first);
  y.columns = nd_conv_is_deep(&p->l->conv)
                ? p->columns
                : nd_least(p->columns, p->l->conv.out - y.column);
  return y;
}

// Row `row` of the area, from column `column` on, of filters that begin there.
static char *place(const area *y, char *filters, int64_t row, int64_t column)
{
  const plan *p = y->p;
  const int64_t at = (y->first + row) * p->row + y->group * p->l->conv.out +
                     y->column + column;
  return filters + at * p->size;
}

static char *slot(const area *y, int number)
{
  return y->shared + number * slot_bytes(y->p);
}

static void join(void *all, int into, int from)
{
  const area *y = all;
  for (int64_t i = 0; i < y->rows; i++)
    y->p->l->k->plus(y->columns, place(y, slot(y, into), i, 0),
                     place(y, slot(y, from), i, 0));
}

// Where leaf `leaf` is added up.
static char *find_leaf(const area *y, int64_t leaf)
{
  return y->p->leaves == 1 ? y->out : slot(y, nd_tree_slot(leaf));
}

// To call when it is there.
static void end_leaf(area *y, int64_t leaf)
{
  const plan *p = y->p;
  if (p->leaves == 1)
    return;
  nd_tree_add(leaf, join, y);
  if (leaf + 1 < p->leaves)
    return;
  char *last = slot(y, nd_tree_end(p->leaves, join, y));
  for (int64_t i = 0; i < y->rows; i++)
    memcpy(place(y, y->out, i, 0), place(y, last, i, 0),
           (size_t)(y->columns * p->size));
}

static void clear(const area *y)
{
  for (int64_t i = 0; i < y->rows; i++)
    memset(place(y, y->out, i, 0), 0, (size_t)(y->columns * y->p->size));
}

// ------------------------------------------------------------------ chains --

// Windows of a chain: runs of those whose sources are all there, and the
// others, whose sources are copied.
typedef struct chain {
  int64_t first, count;
  int64_t inside, outside;  // how many runs, and windows
  nd_run over_sources[ND_FILTERS_CHAIN], over_copies[ND_FILTERS_CHAIN];
  nd_target windows[ND_FILTERS_CHAIN];
  nd_tap taps[ROWS];      // of each row of the area
  int64_t offsets[ROWS];  // of their sources
  char *copies;           // [window, rows of the area]
  char *panel;
  nd_conv_tile over[2][TILES];  // of sources, of copies
} chain;

static int64_t source_step(const plan *p)
{
  return p->grid.axis[ND_SPATIAL - 1].scale * p->grid.source;
}

// The window that is number `at` of the chain, and lacks sources.
static void add_outside(const area *y, chain *c, const nd_target *x, int64_t at)
{
  c->over_copies[c->outside] = (nd_run){ .at = c->outside * y->rows,
                                         .b = at,
                                         .n = 1 };
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
      c->over_sources[c->inside++] = (nd_run){ .at = x.source,
                                               .b = at,
                                               .n = n };
    else
      add_outside(y, c, &x, at);
    at += n;
    x.at[LAST] += n;
    x.source += n * step;
  }
}

static void find_runs(const area *y, chain *c)
{
  const nd_grid *g = &y->p->grid;
  c->inside = c->outside = 0;
  for (int64_t i = 0, n; i < c->count; i += n) {
    const nd_target x = nd_grid_target(g, c->first + i);
    n = nd_least(c->count - i, nd_grid_left(g, &x));
    add_line(y, c, x, i, n);
  }
}

static void find_rows(const area *y, chain *c)
{
  const int64_t in = y->p->l->conv.in;
  for (int64_t i = 0; i < y->rows; i++) {
    const int64_t row = y->first + i;
    c->taps[i] = nd_grid_tap(&y->p->grid, row / in);
    c->offsets[i] = c->taps[i].offset + row % in + y->group * in;
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

static void copy_sources(const area *y, const chain *c)
{
  for (int64_t i = 0; i < c->outside; i++)
    copy_window(y, c, &c->windows[i], c->copies + i * y->rows * y->p->size);
}

// All tiles of about one height.
static int64_t tile_rows(const area *y)
{
  return nd_parts(y->rows, nd_parts(y->rows, ND_CONV_ROWS));
}

static nd_conv_tile find_tile(const area *y, const nd_run *runs, char *filters,
                              int64_t row, const chain *c, bool copied)
{
  const plan *p = y->p;
  nd_conv_tile t = { .runs = runs };
  t.rows = (int)nd_least(y->rows - row, tile_rows(y));
  t.step = copied ? y->rows : source_step(p);
  for (int i = 0; i < t.rows; i++) {
    t.a[i] = copied ? c->copies + (row + i) * p->size
                    : p->l->x + c->offsets[row + i] * p->size;
    t.c[i] = place(y, filters, row + i, 0);
  }
  return t;
}

static void find_tiles(const area *y, chain *c, char *filters)
{
  const int64_t high = tile_rows(y);
  for (int64_t i = 0; i * high < y->rows; i++) {
    const int64_t row = i * high;
    c->over[0][i] = find_tile(y, c->over_sources, filters, row, c, false);
    c->over[1][i] = find_tile(y, c->over_copies, filters, row, c, true);
  }
}

static void run_tiles(const area *y, nd_conv_tile *tiles, int64_t runs,
                      bool adds, const nd_conv_panel *panel)
{
  const int64_t high = tile_rows(y);
  for (int64_t i = 0; runs > 0 && i * high < y->rows; i++) {
    tiles[i].count = runs;
    tiles[i].adds = adds;
    y->p->l->k->tile(&tiles[i], panel);
  }
}

// Some columns of the chain's gradients, packed.
static nd_conv_panel find_panel(const area *y, const chain *c, int64_t column)
{
  const plan *p = y->p;
  const nd_conv_kernels *k = p->l->k;
  const int64_t at = c->first * p->row + y->group * p->l->conv.out + y->column;
  nd_conv_panel t = { .b = c->panel, .column = column };
  t.width = k->width(y->columns - column);
  t.columns = (int)nd_least(t.width, y->columns - column);
  k->pack(c->count, t.columns, t.width, p->l->g + (at + column) * p->size,
          p->row, 1, c->panel);
  return t;
}

static void run_chain(const area *y, chain *c, bool adds)
{
  for (int64_t column = 0; column < y->columns;) {
    const nd_conv_panel t = find_panel(y, c, column);
    run_tiles(y, c->over[0], c->inside, adds, &t);
    run_tiles(y, c->over[1], c->outside, adds || c->inside > 0, &t);
    column += t.width;
  }
}

// The same for the one tap of depthwise filters.
static void run_deep_chain(const area *y, chain *c, char *filters, bool adds)
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
  p->l->k->columns(y->columns, adds, n, pairs, p->l->x, p->l->g,
                   place(y, filters, 0, 0));
}

// ------------------------------------------------------------------- units --

static void run_leaf(area *y, chain *c, int64_t leaf)
{
  const plan *p = y->p;
  const bool deep = nd_conv_is_deep(&p->l->conv);
  const int64_t first = leaf * ND_FILTERS_LEAF;
  const int64_t end = nd_least(first + ND_FILTERS_LEAF, p->grid.count);
  char *filters = find_leaf(y, leaf);
  find_rows(y, c);
  find_tiles(y, c, filters);
  for (int64_t at = first; at < end; at += c->count) {
    c->count = nd_least(end - at, ND_FILTERS_CHAIN);
    c->first = at;
    if (deep) {
      run_deep_chain(y, c, filters, at > first);
    } else {
      find_runs(y, c);
      copy_sources(y, c);
      run_chain(y, c, at > first);
    }
  }
  if (end == 0)
    clear(y);
  end_leaf(y, leaf);
}

static size_t chain_bytes(void)
{
  return (sizeof(chain) + 63) & ~(size_t)63;
}

static size_t panel_bytes(const plan *p)
{
  const int most = p->l->k->width(INT32_MAX);
  return (size_t)(ND_FILTERS_CHAIN * most * p->size);
}

size_t nd_filters_shared(const nd_filters *l)
{
  const plan p = make_plan(l);
  return p.leaves == 1 ? 0 : (size_t)(nd_tree_slots(p.leaves) * slot_bytes(&p));
}

size_t nd_filters_own(const nd_filters *l)
{
  const plan p = make_plan(l);
  return chain_bytes() + panel_bytes(&p) +
         (size_t)(ND_FILTERS_CHAIN * ROWS * p.size);
}

bool nd_filters_next(const nd_filters *l, nd_step *step, int i)
{
  const plan p = make_plan(l);
  *step = (nd_step){ .first = i * p.areas, .units = p.areas };
  step->cost = unit_cost(&p);
  return i < p.leaves;
}

void nd_filters_run(const nd_filters *l, void *shared, void *own, int64_t from,
                    int64_t to)
{
  const plan p = make_plan(l);
  chain *c = own;
  c->panel = (char *)own + chain_bytes();
  c->copies = c->panel + panel_bytes(&p);
  for (int64_t unit = from; unit < to && p.areas > 0; unit++) {
    area y = find_area(&p, unit % p.areas, shared);
    run_leaf(&y, c, unit / p.areas);
  }
}
