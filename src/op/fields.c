// op/fields.c: see fields.h.

#include "op/fields.h"

#include <string.h>

#include "base/cut.h"
#include "kernel/tree.h"

#define SHARED_AREA 5e4F  // nanoseconds of one, about

enum {
  BLOCK = ND_MATMUL_CHAIN * ND_MATMUL_CHAINS,
  FEW_ROWS = 96,          // which share nothing
  LARGE = 1 << 18,        // bytes of b that are shared
  SHARED_ROWS = 96,       // of an area that shares
  SHARED_COLUMNS = 1024,  // of a field of these
  SMALL = 1 << 19,        // elements of a result whose areas are half as high
  PANELS = 1 << 17,       // elements of b that are packed at a time, about
  TILES = 1 << 19,        // the same of a, of which areas read a part
  PACKED_TERMS = 64,      // of a panel that a unit packs
  PACKED_ROWS = 24,       // of an area, likewise
  WAITING = 1 << 19,      // elements of a field that wait for other blocks
  MANY_ROWS = 384,        // of an area that does not share
  AREA = 65536,           // elements of it, at most
  DOTS = 512,             // the same where a dot is a loop of its own
  AREAS = 4               // of them in a field
};

typedef struct cuts {
  const nd_matmul_kernels *kernels;
  nd_matmul p;
  bool shares;
  int64_t rows, columns;  // of an area
  int64_t high, wide;     // areas of a field
  int64_t terms;          // of a step
  int64_t tiles;          // bytes that they take of the rows of an area, packed
  int64_t leaf;           // terms of what is put together by kernel/tree.h
  int64_t batches;
} cuts;

bool nd_fields_share(const nd_job *j, const nd_bands *s)
{
  return nd_product_is_float(j) && s->p.m > FEW_ROWS &&
         (s->cost > ND_PATIENCE ||
          (!s->by_columns && s->p.n * s->p.k * nd_product_width(j) >= LARGE));
}

// Parts of `n` of about one size, a multiple of `step`, none above `most`.
static int64_t even_parts(int64_t n, int64_t most, int64_t step)
{
  const int64_t whole = most / step * step > 0 ? most / step * step : step;
  return nd_least(nd_round_up(nd_parts(n, nd_parts(n, whole)), step), n);
}

// Terms of a step whose areas share: as many as may be packed at once.
static int64_t choose_shared_terms(const nd_job *j, const cuts *c,
                                   int64_t columns)
{
  const float least = nd_product_cost(j, &c->p, c->rows, ND_MATMUL_PANEL);
  int64_t terms = c->kernels->terms;
  while (terms < BLOCK && terms < c->p.k && 2 * terms * columns <= PANELS &&
         2 * least * (float)terms <= 2 * SHARED_AREA)
    terms *= 2;
  return terms;
}

// Bytes of the packed rows of an area; 0 if they are read as they lie.
static int64_t count_tiles(const cuts *c, int64_t columns)
{
  nd_matmul p = c->p;
  p.m = c->rows;
  p.n = columns;
  p.k = c->kernels->terms;
  const int64_t chunks = nd_parts(c->terms, c->kernels->terms);
  return chunks * (int64_t)nd_whole_lines(c->kernels->tiles_bytes(&p));
}

static void cut_to_share(const nd_job *j, cuts *c)
{
  const int64_t columns = even_parts(c->p.n, SHARED_COLUMNS, ND_MATMUL_PANEL);
  c->rows = even_parts(c->p.m,
                       c->p.m * c->p.n < SMALL ? SHARED_ROWS / 2 : SHARED_ROWS,
                       ND_MATMUL_ROWS);
  c->terms = choose_shared_terms(j, c, columns);
  c->leaf = BLOCK;
  c->tiles = count_tiles(c, columns);
  const float column = nd_product_cost(j, &c->p, c->rows, 1) * (float)c->terms;
  c->columns = even_parts(columns, (int64_t)(SHARED_AREA / column),
                          ND_MATMUL_PANEL);
  c->wide = nd_parts(columns, c->columns);
  c->high = nd_parts(c->p.m, c->rows);
  if (c->tiles > 0)
    c->high = nd_least(c->high, nd_parts(TILES, c->rows * c->terms));
  if (c->p.k > BLOCK)
    c->high = nd_least(c->high, nd_parts(WAITING, c->rows * columns));
}

// As many blocks as may be taken at once; a chain if not even one.
static int64_t choose_terms(const nd_job *j, const cuts *c)
{
  const float cost = nd_product_cost(j, &c->p, c->rows, c->columns);
  int64_t terms = BLOCK;
  if (cost * BLOCK > ND_PATIENCE && c->kernels->add != NULL)
    return ND_MATMUL_CHAIN;
  while (terms < c->p.k && 2 * cost * (float)terms <= ND_PATIENCE)
    terms *= 2;
  return terms;
}

static void cut_apart(const nd_job *j, cuts *c)
{
  const bool dots = nd_product_is_dots(j, &c->p);
  c->rows = dots && c->p.n > 1 ? 1 : nd_least(c->p.m, dots ? DOTS : MANY_ROWS);
  const float chain = nd_product_cost(j, &c->p, c->rows, 1) * ND_MATMUL_CHAIN;
  const int64_t most = nd_least((dots ? DOTS : AREA) / c->rows,
                                (int64_t)(2 * ND_PATIENCE / chain));
  c->columns = even_parts(c->p.n, most, ND_MATMUL_PANEL);
  c->terms = choose_terms(j, c);
  c->leaf = c->terms < BLOCK ? BLOCK : c->terms;
  c->wide = nd_least(nd_parts(c->p.n, c->columns), AREAS);
  c->high = nd_least(nd_parts(c->p.m, c->rows), AREAS / c->wide);
}

static cuts cut(const nd_job *j)
{
  cuts c = { .p = nd_product_plan(j), .kernels = nd_product_kernels(j) };
  c.batches = j->out[0]->size / (c.p.m * c.p.n);
  const nd_bands bands = nd_bands_cut(j, &c.p);
  c.shares = nd_fields_share(j, &bands);
  if (c.shares)
    cut_to_share(j, &c);
  else
    cut_apart(j, &c);
  return c;
}

// Elements that wait for other blocks of one area; 0 if it is worked on where
// it is to stand.
static int64_t count_slots(const cuts *c)
{
  const int64_t leaves = nd_parts(c->p.k, c->leaf);
  return leaves == 1 && c->terms < BLOCK
           ? 0
           : nd_tree_slots(leaves) * c->rows * c->columns;
}

// Columns of a field, as they are packed.
static int64_t packed_columns(const cuts *c)
{
  return nd_round_up(c->wide * c->columns, ND_MATMUL_PANEL);
}

// Bytes that one step of a field packs, of b and then of a.
static int64_t packed_bytes(const nd_job *j, const cuts *c)
{
  return c->shares ? packed_columns(c) * c->terms * nd_product_width(j) +
                       c->high * c->tiles
                   : 0;
}

// A step of a field: `part` of the terms, which are packed or multiplied.
typedef struct stage {
  int64_t batch, row, column;  // where the field begins
  int64_t rows, columns;
  int64_t part;
  bool packs;
  int64_t units;
} stage;

// Units that pack one panel, or the rows of one area.
static int64_t count_slices(const cuts *c)
{
  return nd_parts(c->terms, PACKED_TERMS);
}

static int64_t count_pieces(const cuts *c)
{
  return nd_parts(c->rows, PACKED_ROWS);
}

// Those that pack so many rows and columns: panels, and then areas.
static int64_t count_packing(const cuts *c, int64_t rows, int64_t columns)
{
  return nd_parts(columns, ND_MATMUL_PANEL) * count_slices(c) +
         (c->tiles > 0 ? nd_parts(rows, c->rows) * count_pieces(c) : 0);
}

// No stage has more units than this.
static int64_t most_units(const cuts *c)
{
  const int64_t rows = c->high * c->rows, columns = c->wide * c->columns;
  const int64_t packing = count_packing(c, rows, columns);
  const int64_t areas = c->high * c->wide;
  return areas > packing ? areas : packing;
}

// Stage number `i`; its batch is too large after the last.
static stage find_stage(const cuts *c, int64_t i)
{
  const int64_t phases = c->shares ? 2 : 1;
  const int64_t parts = nd_parts(c->p.k, c->terms);
  const int64_t rows = c->high * c->rows, columns = c->wide * c->columns;
  const int64_t beside = nd_parts(c->p.n, columns);
  const int64_t each = nd_parts(c->p.m, rows) * beside;
  const int64_t field = i / phases / parts;
  stage s = { .part = i / phases % parts, .packs = c->shares && i % 2 == 0 };
  s.batch = field / each;
  s.row = field % each / beside * rows;
  s.column = field % beside * columns;
  s.rows = nd_least(c->p.m - s.row, rows);
  s.columns = nd_least(c->p.n - s.column, columns);
  s.units = s.packs
              ? count_packing(c, s.rows, s.columns)
              : nd_parts(s.rows, c->rows) * nd_parts(s.columns, c->columns);
  return s;
}

// ------------------------------------------------------------------- areas --

// One area at work: its multiply, some terms of it, and where its slots lie.
typedef struct area {
  const nd_job *job;
  const cuts *cuts;
  nd_matmul p;
  int64_t row, column;  // where it lies: areas above it, columns before it
  void *shared, *own;
  char *slots;
  int64_t size, width;  // elements of a slot, bytes of one
} area;

static char *slot(const area *y, int i)
{
  return y->slots + i * y->size * y->width;
}

static void join(void *all, int into, int from)
{
  const area *y = all;
  y->cuts->kernels->plus(y->size, slot(y, into), slot(y, from));
}

// Copies a slot to where the area is to stand.
static void deliver(const area *y, char *c, const char *in)
{
  const size_t bytes = (size_t)(y->p.n * y->width);
  for (int64_t i = 0; i < y->p.m; i++)
    memcpy(c + i * y->cuts->p.c_row * y->width, in + (size_t)i * bytes, bytes);
}

// The terms of the stage, of its rows and columns from those on.
static nd_matmul find_terms(const nd_job *j, const cuts *c, const stage *s,
                            int64_t row, int64_t column)
{
  const int64_t first = s->part * c->terms, width = nd_product_width(j);
  nd_matmul p = nd_product_part(j, &c->p, s->batch, s->row + row,
                                s->column + column);
  p.m = s->rows - row;
  p.n = s->columns - column;
  p.k = nd_least(c->terms, c->p.k - first);
  p.a = (const char *)p.a + first * p.a_column * width;
  p.b = (const char *)p.b + first * p.b_row * width;
  return p;
}

// Where part number `part` of the packed terms lies, from that column or area
// on.
static void *find_panels(const nd_job *j, const cuts *c, void *shared,
                         int64_t part, int64_t column, int64_t terms)
{
  const int64_t before = packed_columns(c) * part * c->kernels->terms;
  return (char *)shared + (before + column * terms) * nd_product_width(j);
}

static void *find_tiles(const nd_job *j, const cuts *c, void *shared,
                        int64_t part, int64_t row)
{
  const int64_t parts = nd_parts(c->terms, c->kernels->terms);
  return (char *)shared + packed_columns(c) * c->terms * nd_product_width(j) +
         row * c->tiles + part * (c->tiles / parts);
}

// Part number `part` of the terms of `p`, as they are packed.
static nd_matmul part_of(const nd_job *j, const cuts *c, const nd_matmul *p,
                         int64_t part)
{
  const int64_t first = part * c->kernels->terms, width = nd_product_width(j);
  nd_matmul y = *p;
  y.a = (const char *)p->a + first * p->a_column * width;
  y.b = (const char *)p->b + first * p->b_row * width;
  y.k = nd_least(c->kernels->terms, p->k - first);
  return y;
}

static void multiply_packed(const area *y, bool adds)
{
  const nd_job *j = y->job;
  const cuts *c = y->cuts;
  const int64_t parts = nd_parts(y->p.k, c->kernels->terms);
  for (int64_t i = 0; i < parts; i++) {
    const nd_matmul p = part_of(j, c, &y->p, i);
    c->kernels->run_packed(
      &p, c->tiles > 0 ? find_tiles(j, c, y->shared, i, y->row) : NULL,
      find_panels(j, c, y->shared, i, y->column, p.k), adds || i > 0);
  }
}

static void multiply(const area *y, bool adds)
{
  if (y->cuts->shares)
    multiply_packed(y, adds);
  else if (adds)
    y->cuts->kernels->add(&y->p, y->own);
  else
    y->cuts->kernels->run(&y->p, y->own);
}

// Terms from `first` on of the area, by way of its slots.
static void run_in_slots(area *y, int64_t first)
{
  const cuts *c = y->cuts;
  const int64_t leaf = first / c->leaf, end = first + y->p.k;
  char *const home = y->p.c;
  y->p.c = slot(y, nd_tree_slot(leaf));
  y->p.c_row = y->p.n;
  multiply(y, first % c->leaf != 0);
  if (end % c->leaf == 0 || end == c->p.k)
    nd_tree_add(leaf, join, y);
  if (end == c->p.k)
    deliver(y, home, slot(y, nd_tree_end(leaf + 1, join, y)));
}

static void run_area(const nd_job *j, const cuts *c, const stage *s,
                     int64_t number, void *shared, void *own)
{
  const int64_t beside = nd_parts(s->columns, c->columns);
  const int64_t first = s->part * c->terms, width = nd_product_width(j);
  area y = {
    .job = j, .cuts = c, .width = width, .shared = shared, .own = own
  };
  y.row = number / beside;
  y.column = number % beside * c->columns;
  y.p = find_terms(j, c, s, y.row * c->rows, y.column);
  y.p.m = nd_least(y.p.m, c->rows);
  y.p.n = nd_least(y.p.n, c->columns);
  y.size = y.p.m * y.p.n;
  y.slots = (char *)shared + packed_bytes(j, c) +
            number * count_slots(c) * width;
  if (count_slots(c) > 0)
    run_in_slots(&y, first);
  else
    multiply(&y, first > 0);
}

// Packs a slice of the terms of panels from..to-1, so that rows of b are read
// in long runs.
static void pack_panels(const nd_job *j, const cuts *c, const stage *s,
                        int64_t slice, int64_t from, int64_t to, void *shared)
{
  const int64_t column = from * ND_MATMUL_PANEL, first = slice * PACKED_TERMS;
  const int64_t part = first / c->kernels->terms;
  const int64_t term = first % c->kernels->terms;
  nd_matmul all = find_terms(j, c, s, 0, column);
  if (first >= all.k)
    return;
  all.n = nd_least(all.n, (to - from) * ND_MATMUL_PANEL);
  const nd_matmul p = part_of(j, c, &all, part);
  c->kernels->pack_panels(&p, term, nd_least(term + PACKED_TERMS, p.k),
                          find_panels(j, c, shared, part, column, p.k));
}

// Packs a piece of the rows of a that an area has.
static void pack_tiles(const nd_job *j, const cuts *c, const stage *s,
                       int64_t unit, void *shared)
{
  const int64_t row = unit / count_pieces(c);
  const int64_t from = unit % count_pieces(c) * PACKED_ROWS;
  nd_matmul all = find_terms(j, c, s, row * c->rows, 0);
  all.m = nd_least(all.m, c->rows);
  for (int64_t i = 0; i * c->kernels->terms < all.k; i++) {
    const nd_matmul p = part_of(j, c, &all, i);
    c->kernels->pack_tiles(&p, from, nd_least(from + PACKED_ROWS, p.m),
                           find_tiles(j, c, shared, i, row));
  }
}

static void pack_units(const nd_job *j, const cuts *c, const stage *s,
                       int64_t from, int64_t to, void *shared)
{
  const int64_t panels = nd_parts(s->columns, ND_MATMUL_PANEL);
  const int64_t end = panels * count_slices(c);
  while (from < to && from < end) {
    const int64_t slice = from / panels, first = from % panels;
    const int64_t last = nd_least(panels, first + to - from);
    pack_panels(j, c, s, slice, first, last, shared);
    from += last - first;
  }
  for (; from < to; from++)
    pack_tiles(j, c, s, from - end, shared);
}

static void run_stage(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_job *j = what;
  const cuts c = cut(j);
  const int64_t number = from / most_units(&c);
  const int64_t first = number * most_units(&c);
  const stage s = find_stage(&c, number);
  if (s.packs)
    pack_units(j, &c, &s, from - first, to - first, shared);
  for (; !s.packs && from < to; from++)
    run_area(j, &c, &s, from - first, shared, own);
}

// Of a unit that packs: what is read and written, some of which lies apart.
static float packing_cost(const nd_job *j, const cuts *c, int64_t terms)
{
  const int64_t panel = nd_least(terms, PACKED_TERMS) * ND_MATMUL_PANEL;
  const int64_t tiles = c->tiles > 0 ? terms * PACKED_ROWS : 0;
  const int64_t most = panel > tiles ? panel : tiles;
  return 3 * ND_FAR_BYTE * (float)(most * nd_product_width(j));
}

static float stage_cost(const nd_job *j, const cuts *c, const stage *s)
{
  const int64_t terms = nd_least(c->terms, c->p.k - s->part * c->terms);
  return s->packs
           ? packing_cost(j, c, terms)
           : (float)terms * nd_product_cost(j, &c->p, c->rows, c->columns);
}

// ---------------------------------------------------------------- the work --

bool nd_fields_next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const cuts c = cut(j);
  const stage s = find_stage(&c, i);
  *step = (nd_step){ .first = i * most_units(&c),
                     .units = s.units,
                     .cost = stage_cost(j, &c, &s),
                     .run = run_stage };
  return s.batch < c.batches;
}

// Scratch of an area that shares nothing.
static size_t count_own(const cuts *c)
{
  nd_matmul p = c->p;
  p.m = c->rows;
  p.n = c->columns;
  p.k = c->terms;
  return c->kernels->scratch(&p);
}

nd_work nd_fields_memory(const nd_job *j)
{
  const cuts c = cut(j);
  const int64_t slots = count_slots(&c) * c.high * c.wide * nd_product_width(j);
  return (nd_work){ .shared = (size_t)(packed_bytes(j, &c) + slots),
                    .own = c.shares ? 0 : count_own(&c) };
}
