// op/fields.c: see fields.h.

#include "op/fields.h"

#include <string.h>

#include "base/cut.h"
#include "kernel/tree.h"

// ------------------------------------------------------------------- areas --

// One area at work: its multiply, some terms of it, and where its slots lie.
typedef struct area {
  const nd_job *job;
  const nd_field_cuts *cuts;
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
static nd_matmul find_terms(const nd_job *j, const nd_field_cuts *c,
                            const nd_field_stage *s, int64_t row,
                            int64_t column)
{
  const int64_t first = s->part * c->terms, width = nd_product_width(j);
  nd_matmul p = nd_product_part(j, &c->p, s->batch, s->row + row,
                                s->column + column);
  p.m = s->rows - row;
  p.n = s->columns - column;
  p.k = s->terms;
  p.a = (const char *)p.a + first * p.a_column * width;
  p.b = (const char *)p.b + first * p.b_row * width;
  return p;
}

// Where part number `part` of the packed terms lies, from that column or area
// on.
static void *find_panels(const nd_job *j, const nd_field_cuts *c, void *shared,
                         int64_t part, int64_t column, int64_t terms)
{
  const int64_t before = nd_field_packed_columns(c) * part * c->kernels->terms;
  return (char *)shared + (before + column * terms) * nd_product_width(j);
}

static void *find_tiles(const nd_job *j, const nd_field_cuts *c, void *shared,
                        int64_t part, int64_t row)
{
  const int64_t parts = nd_parts(c->terms, c->kernels->terms);
  return (char *)shared +
         nd_field_packed_columns(c) * c->terms * nd_product_width(j) +
         row * c->tiles + part * (c->tiles / parts);
}

// Part number `part` of the terms of `p`, as they are packed.
static nd_matmul part_of(const nd_job *j, const nd_field_cuts *c,
                         const nd_matmul *p, int64_t part)
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
  const nd_field_cuts *c = y->cuts;
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
  const nd_field_cuts *c = y->cuts;
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

static void run_area(const nd_job *j, const nd_field_cuts *c,
                     const nd_field_stage *s, int64_t number, void *shared,
                     void *own)
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
  y.slots = (char *)shared + nd_field_packed_bytes(j, c) +
            number * nd_field_slots(c) * width;
  if (nd_field_slots(c) > 0)
    run_in_slots(&y, first);
  else
    multiply(&y, first > 0);
}

// ------------------------------------------------------------------ packing --

// Packs a slice of the terms of panels from..to-1, so that rows of b are read
// in long runs.
static void pack_panels(const nd_job *j, const nd_field_cuts *c,
                        const nd_field_stage *s, int64_t slice, int64_t from,
                        int64_t to, void *shared)
{
  const int64_t column = from * ND_MATMUL_PANEL;
  const int64_t first = slice * ND_PACKED_TERMS;
  const int64_t part = first / c->kernels->terms;
  const int64_t term = first % c->kernels->terms;
  nd_matmul all = find_terms(j, c, s, 0, column);
  all.n = nd_least(all.n, (to - from) * ND_MATMUL_PANEL);
  const nd_matmul p = part_of(j, c, &all, part);
  c->kernels->pack_panels(&p, term, nd_least(term + ND_PACKED_TERMS, p.k),
                          find_panels(j, c, shared, part, column, p.k));
}

// Packs a piece of the rows of a that an area has.
static void pack_tiles(const nd_job *j, const nd_field_cuts *c,
                       const nd_field_stage *s, int64_t unit, void *shared)
{
  const int64_t row = unit / nd_field_pieces(c);
  const int64_t from = unit % nd_field_pieces(c) * ND_PACKED_ROWS;
  nd_matmul all = find_terms(j, c, s, row * c->rows, 0);
  all.m = nd_least(all.m, c->rows);
  for (int64_t i = 0; i * c->kernels->terms < all.k; i++) {
    const nd_matmul p = part_of(j, c, &all, i);
    c->kernels->pack_tiles(&p, from, nd_least(from + ND_PACKED_ROWS, p.m),
                           find_tiles(j, c, shared, i, row));
  }
}

static void pack_units(const nd_job *j, const nd_field_cuts *c,
                       const nd_field_stage *s, int64_t from, int64_t to,
                       void *shared)
{
  const int64_t panels = nd_parts(s->columns, ND_MATMUL_PANEL);
  const int64_t end = panels * nd_field_slices(s);
  while (from < to && from < end) {
    const int64_t slice = from / panels, first = from % panels;
    const int64_t last = nd_least(panels, first + to - from);
    pack_panels(j, c, s, slice, first, last, shared);
    from += last - first;
  }
  for (; from < to; from++)
    pack_tiles(j, c, s, from - end, shared);
}

// ---------------------------------------------------------------- the work --

static void run_stage(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_job *j = what;
  const nd_field_cuts c = nd_field_cut(j);
  const int64_t number = from / nd_field_most(&c);
  const int64_t first = number * nd_field_most(&c);
  const nd_field_stage s = nd_field_find_stage(j, &c, number);
  if (s.packs)
    pack_units(j, &c, &s, from - first, to - first, shared);
  for (; !s.packs && from < to; from++)
    run_area(j, &c, &s, from - first, shared, own);
}

bool nd_fields_next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const nd_field_cuts c = nd_field_cut(j);
  const nd_field_stage s = nd_field_find_stage(j, &c, i);
  *step = (nd_step){ .first = i * nd_field_most(&c),
                     .units = s.units,
                     .cost = s.cost,
                     .run = run_stage };
  return s.batch < c.batches;
}

// Scratch of an area that shares nothing.
static size_t count_own(const nd_field_cuts *c)
{
  nd_matmul p = c->p;
  p.m = c->rows;
  p.n = c->columns;
  p.k = c->terms;
  return c->kernels->scratch(&p);
}

nd_work nd_fields_memory(const nd_job *j)
{
  const nd_field_cuts c = nd_field_cut(j);
  const int64_t slots = nd_field_slots(&c) * c.high * c.wide *
                        nd_product_width(j);
  return (nd_work){ .shared = (size_t)(nd_field_packed_bytes(j, &c) + slots),
                    .own = c.shares ? 0 : count_own(&c) };
}
