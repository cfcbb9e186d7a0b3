// op/field_cuts.c: see field_cuts.h.

#include "op/field_cuts.h"

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
  WAITING = 1 << 19,      // elements of a field that wait for other blocks
  MANY_ROWS = 384,        // of an area that does not share
  AREA = 65536,           // elements of it, at most
  DOTS = 512,             // the same where a dot is a loop of its own
  AREAS = 4               // of them in a field
};

bool nd_field_shares(const nd_job *j, const nd_bands *s)
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
static int64_t choose_shared_terms(const nd_job *j, const nd_field_cuts *c,
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
static int64_t count_tiles(const nd_field_cuts *c, int64_t columns)
{
  nd_matmul p = c->p;
  p.m = c->rows;
  p.n = columns;
  p.k = c->kernels->terms;
  const int64_t chunks = nd_parts(c->terms, c->kernels->terms);
  return chunks * (int64_t)nd_whole_lines(c->kernels->tiles_bytes(&p));
}

static void cut_to_share(const nd_job *j, nd_field_cuts *c)
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
static int64_t choose_terms(const nd_job *j, const nd_field_cuts *c)
{
  const float cost = nd_product_cost(j, &c->p, c->rows, c->columns);
  int64_t terms = BLOCK;
  if (cost * BLOCK > ND_PATIENCE && c->kernels->add != NULL)
    return ND_MATMUL_CHAIN;
  while (terms < c->p.k && 2 * cost * (float)terms <= ND_PATIENCE)
    terms *= 2;
  return terms;
}

static void cut_apart(const nd_job *j, nd_field_cuts *c)
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

nd_field_cuts nd_field_cut(const nd_job *j)
{
  nd_field_cuts c = { .p = nd_product_plan(j),
                      .kernels = nd_product_kernels(j) };
  c.batches = j->out[0]->size / (c.p.m * c.p.n);
  const nd_bands bands = nd_bands_cut(j, &c.p);
  c.shares = nd_field_shares(j, &bands);
  if (c.shares)
    cut_to_share(j, &c);
  else
    cut_apart(j, &c);
  return c;
}

int64_t nd_field_slots(const nd_field_cuts *c)
{
  const int64_t leaves = nd_parts(c->p.k, c->leaf);
  return leaves == 1 && c->terms < BLOCK
           ? 0
           : nd_tree_slots(leaves) * c->rows * c->columns;
}

int64_t nd_field_packed_columns(const nd_field_cuts *c)
{
  return nd_round_up(c->wide * c->columns, ND_MATMUL_PANEL);
}

int64_t nd_field_packed_bytes(const nd_job *j, const nd_field_cuts *c)
{
  return c->shares
           ? nd_field_packed_columns(c) * c->terms * nd_product_width(j) +
               c->high * c->tiles
           : 0;
}

// ------------------------------------------------------------------ stages --

int64_t nd_field_slices(const nd_field_stage *s)
{
  return nd_parts(s->terms, ND_PACKED_TERMS);
}

int64_t nd_field_pieces(const nd_field_cuts *c)
{
  return nd_parts(c->rows, ND_PACKED_ROWS);
}

static int64_t count_packing(const nd_field_cuts *c, const nd_field_stage *s)
{
  return nd_parts(s->columns, ND_MATMUL_PANEL) * nd_field_slices(s) +
         (c->tiles > 0 ? nd_parts(s->rows, c->rows) * nd_field_pieces(c) : 0);
}

int64_t nd_field_most(const nd_field_cuts *c)
{
  const nd_field_stage whole = { .rows = c->high * c->rows,
                                 .columns = c->wide * c->columns,
                                 .terms = c->terms };
  const int64_t packing = count_packing(c, &whole), areas = c->high * c->wide;
  return areas > packing ? areas : packing;
}

// Of a unit that packs, which goes over more than the bytes of one factor: they
// are read, some from far apart, and written.
static float packing_cost(const nd_job *j, const nd_field_cuts *c,
                          const nd_field_stage *s)
{
  enum { WAYS = 3 };
  const int64_t panel = nd_least(s->terms, ND_PACKED_TERMS) * ND_MATMUL_PANEL;
  const int64_t tiles = c->tiles > 0 ? s->terms * ND_PACKED_ROWS : 0;
  const int64_t most = panel > tiles ? panel : tiles;
  return WAYS * ND_FAR_BYTE * (float)(most * nd_product_width(j));
}

static float area_cost(const nd_job *j, const nd_field_cuts *c,
                       const nd_field_stage *s)
{
  return (float)s->terms * nd_product_cost(j, &c->p, c->rows, c->columns);
}

nd_field_stage nd_field_find_stage(const nd_job *j, const nd_field_cuts *c,
                                   int64_t i)
{
  const int64_t phases = c->shares ? 2 : 1;
  const int64_t parts = nd_parts(c->p.k, c->terms);
  const int64_t rows = c->high * c->rows, columns = c->wide * c->columns;
  const int64_t beside = nd_parts(c->p.n, columns);
  const int64_t each = nd_parts(c->p.m, rows) * beside;
  const int64_t field = i / phases / parts;
  nd_field_stage s = { .part = i / phases % parts,
                       .packs = c->shares && i % 2 == 0 };
  s.batch = field / each;
  s.row = field % each / beside * rows;
  s.column = field % beside * columns;
  s.rows = nd_least(c->p.m - s.row, rows);
  s.columns = nd_least(c->p.n - s.column, columns);
  s.terms = nd_least(c->terms, c->p.k - s.part * c->terms);
  s.units = s.packs
              ? count_packing(c, &s)
              : nd_parts(s.rows, c->rows) * nd_parts(s.columns, c->columns);
  s.cost = s.packs ? packing_cost(j, c, &s) : area_cost(j, c, &s);
  return s;
}
