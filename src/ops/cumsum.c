// ops/cumsum.c: running sums along an axis.
//
// The input is seen as [outer, length, inner]. What lies along `length` is cut
// into blocks, and what lies along `inner` into tiles: a unit is a block of the
// columns of a tile. Three steps give the sums of blocks, the sums up to the
// end of each block, and the running sums within blocks, which begin with
// those; axes of one block need only the last. Laps of some blocks take their
// three steps after each other, so that these still lie in a cache when they
// are read again. Blocks are counted in the direction of the sum, from the end
// if `reverse`. On long axes both float dtypes are good to the last digit.

#include <string.h>

#include "base/cut.h"
#include "kernel/cumsum.h"
#include "op/axes.h"
#include "ops/rules.h"

enum { AXIS, REVERSE };  // attributes
enum { BLOCK = ND_CUMSUM_BLOCK, TILE = 64 };
enum { LAP = 1 << 18 };  // elements, if that is more than a block of each line

ND_DECLARE_LEVELS(const nd_cumsum_table, nd_cumsum_table);

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

// ------------------------------------------------------------------- steps --

typedef struct plan {
  const nd_cumsum_kernels *k;
  int64_t outer, length, inner, blocks, tiles;
  int64_t lines;  // tiles of all
  int64_t lap;    // blocks of each line
  int64_t width;  // bytes of an element
  bool reverse;
} plan;

static plan plan_of(const nd_job *j)
{
  static const nd_cumsum_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_cumsum_table);
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_place(j->attr[AXIS].integer, x->rank);
  const nd_cumsum_table *const table = tables[x->context->level];
  plan p = { .k = &table->at[x->dtype], .outer = 1, .inner = 1 };
  for (int i = 0; i < axis; i++)
    p.outer *= x->dims[i];
  for (int i = axis + 1; i < x->rank; i++)
    p.inner *= x->dims[i];
  p.length = x->dims[axis];
  p.blocks = nd_parts(p.length, BLOCK);
  p.tiles = nd_parts(p.inner, TILE);
  p.lines = p.outer * p.tiles;
  p.lap = p.blocks > 1 ? LAP / (BLOCK * p.outer * p.inner + 1) + 1 : 1;
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

static int64_t first_unit(const plan *p, int64_t lap)
{
  return lap * p->lap * p->lines;
}

static int64_t lap_of(const plan *p, int64_t unit)
{
  return unit / first_unit(p, 1);
}

// How many of the first `blocks` of a line are of the lap.
static int64_t blocks_of(const plan *p, int64_t lap, int64_t blocks)
{
  return nd_least(blocks - lap * p->lap, p->lap);
}

// Units are numbered by lap, outer, block and tile, of so many blocks each.
static place place_of(const plan *p, int64_t blocks, int64_t unit)
{
  const int64_t lap = lap_of(p, unit);
  const int64_t tile = unit % p->tiles;
  const int64_t at = (unit - first_unit(p, lap)) / p->tiles;
  const int64_t outer = at / blocks;
  place l = { .block = lap * p->lap + at % blocks, .column = tile * TILE };
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
    const int64_t blocks = blocks_of(&p, lap_of(&p, unit), p.blocks - 1);
    const place l = place_of(&p, blocks, unit);
    char *totals = (char *)shared + (size_t)l.totals * p.k->total;
    memset(totals, 0, (size_t)l.n * p.k->total);
    p.k->add(l.rows, p.inner, l.n, totals, j->in[0]->data + l.first * p.width);
  }
}

// The sums up to the end of each block of the lap, from those of the block
// before it on.
static void scan_blocks(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const plan p = plan_of(what);
  for (int64_t unit = from; unit < to; unit++) {
    const place l = place_of(&p, 1, unit);
    const int64_t before = l.block > 0;
    const int64_t first = l.totals - before * p.inner;
    const int64_t blocks = blocks_of(&p, lap_of(&p, unit), p.blocks - 1);
    p.k->scan(before + blocks, p.inner, l.n,
              (char *)shared + (size_t)first * p.k->total);
  }
}

static void write_blocks(const void *what, void *shared, void *own,
                         int64_t from, int64_t to)
{
  const nd_job *j = what;
  const plan p = plan_of(j);
  double totals[TILE * ND_CUMSUM_WIDEST / sizeof(double)];
  for (int64_t unit = from; unit < to; unit++) {
    const int64_t blocks = blocks_of(&p, lap_of(&p, unit), p.blocks);
    const place l = place_of(&p, blocks, unit);
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
  const int64_t lap = p.blocks > 1 ? i / 3 : i;
  const int64_t blocks = blocks_of(&p, lap, p.blocks);
  const nd_step steps[] = {
    { .units = p.lines * blocks_of(&p, lap, p.blocks - 1),
      .cost = 10 + rows * columns,
      .run = add_blocks },
    { .units = p.lines,
      .cost = 10 + 3 * (float)blocks * columns,
      .run = scan_blocks },
    { .units = p.lines * blocks,
      .cost = 10 + 2 * rows * columns,
      .run = write_blocks },
  };
  if (blocks <= 0)
    return false;
  *step = steps[p.blocks > 1 ? i % 3 : 2];
  step->first = first_unit(&p, lap);
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

nd_tensor *nd_rule_running_sum(nd_context *c, nd_tensor *x, int axis,
                               bool reverse)
{
  const nd_value attr[] = {
    [AXIS] = nd_value_integer(axis + 1), [REVERSE] = nd_value_integer(reverse)
  };
  return nd_rule_apply(c, &nd_op_running_sum, 1, &x, attr);
}

const nd_op nd_op_running_sum = {
  .name = "running_sum",
  .hidden = true,
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
                "[7000 3] axis=1; [4000 100] axis=1; "
                "[2 3000 130] axis=2 reverse=true",
  .cost = 3,
};

const nd_op *const nd_ops_cumsum[] = { &nd_op_running_sum, NULL };
