// op/unroll.c: see unroll.h. Units are numbered through: first those that pack
// panels of the factors, then strips of rows, chunk of phases by chunk.

#include "op/unroll.h"

#include <string.h>

#include "base/cut.h"

ND_DECLARE_WIDE(const nd_matmul_table, nd_matmul_table);
ND_DECLARE_LEVELS(const nd_recurrent_table, nd_recurrent_table);

enum { STRIP = 6, LINE = 64 };  // rows of a tile; bytes of a line of the cache

#define CHUNK 5e4F   // nanoseconds of a unit
#define MOST 1.5e6F  // of one that has a tile of rows, which share what is read

nd_unroll nd_unroll_start(const nd_tensor *like, int64_t batch, int64_t time,
                          int64_t units)
{
  static const nd_matmul_table *const products[ND_LEVELS] = ND_LIST_WIDE(
    nd_matmul_table);
  static const nd_recurrent_table *const cells[ND_LEVELS] = ND_LIST_LEVELS(
    nd_recurrent_table);
  const nd_level level = like->context->level;
  return (nd_unroll){ .products = products[level]->at[like->dtype],
                      .cells = cells[level]->at[like->dtype],
                      .dtype = (nd_dtype)like->dtype,
                      .batch = batch,
                      .time = time,
                      .units = units };
}

// ------------------------------------------------------------------ packing --

static int64_t width_of(const nd_unroll *u)
{
  return (int64_t)nd_dtype_size(u->dtype);
}

static int64_t count_panels(const nd_unroll_factor *f)
{
  return nd_parts(f->columns, ND_MATMUL_PANEL);
}

static int64_t count_all_panels(const nd_unroll *u)
{
  int64_t n = 0;
  for (int i = 0; i < u->factors; i++)
    n += count_panels(&u->factor[i]);
  return n;
}

// Elements of the packed terms before number `term` of a factor, and of those
// before the factor.
static int64_t find_packed(const nd_unroll *u, int factor, int64_t term)
{
  int64_t at = 0;
  for (int i = 0; i < factor; i++)
    at += count_panels(&u->factor[i]) * ND_MATMUL_PANEL * u->factor[i].terms;
  return at + count_panels(&u->factor[factor]) * ND_MATMUL_PANEL * term;
}

static void pack_panel(const nd_unroll *u, int factor, int64_t panel,
                       void *packed)
{
  const nd_unroll_factor *f = &u->factor[factor];
  const int64_t column = panel * ND_MATMUL_PANEL, step = u->products->terms;
  nd_matmul p = { .n = nd_least(ND_MATMUL_PANEL, f->columns - column),
                  .b_row = f->row,
                  .b_column = f->column };
  for (int64_t term = 0; term < f->terms; term += step) {
    p.k = nd_least(step, f->terms - term);
    p.b = nd_unroll_at(u, f->from, term * f->row + column * f->column);
    u->products->pack_panels(
      &p, 0, p.k,
      nd_unroll_at(u, packed, find_packed(u, factor, term) + column * p.k));
  }
}

void nd_unroll_multiply(const nd_workplace *w, int factor, bool adds,
                        int64_t rows, const void *a, int64_t a_row, void *c,
                        int64_t c_row)
{
  const nd_unroll *u = w->u;
  const nd_unroll_factor *f = &u->factor[factor];
  const int64_t step = u->products->terms;
  nd_matmul p = { .m = rows,
                  .n = f->columns,
                  .c = c,
                  .a_row = a_row,
                  .a_column = 1,
                  .c_row = c_row };
  for (int64_t term = 0; term < f->terms; term += step) {
    p.k = nd_least(step, f->terms - term);
    p.a = nd_unroll_at(u, a, term);
    const bool tiles = u->products->tiles_bytes(&p) > 0;
    if (tiles)
      u->products->pack_tiles(&p, 0, rows, w->scratch);
    u->products->run_packed(
      &p, tiles ? w->scratch : NULL,
      nd_unroll_at(u, w->packed, find_packed(u, factor, term)),
      adds || term > 0);
  }
}

// -------------------------------------------------------------------- steps --

typedef struct cuts {
  int64_t panels, rows, strips, phases;  // rows of a strip, phases of a chunk
  float cost;                            // of a unit
} cuts;

// Nanoseconds of a row in one phase.
static float row_cost(const nd_unroll *u)
{
  float terms = 0;
  for (int i = 0; i < u->factors; i++)
    terms += (float)(u->factor[i].terms * u->factor[i].columns);
  return 50 + .00625F * (float)width_of(u) * terms + u->cost * (float)u->units;
}

static cuts cut(const nd_unroll *u)
{
  const float row = row_cost(u);
  cuts y = { .panels = count_all_panels(u), .rows = STRIP };
  while (y.rows > 1 && (float)y.rows * row > MOST)
    y.rows /= 2;
  y.strips = nd_parts(u->batch, y.rows);
  y.phases = (int64_t)(CHUNK / ((float)y.rows * row));
  y.phases = nd_least(y.phases > 1 ? y.phases : 1, u->time + 1);
  y.cost = (float)(y.rows * y.phases) * row;
  return y;
}

bool nd_unroll_next(const nd_unroll *u, nd_units_run *run, nd_step *step, int i)
{
  const cuts y = cut(u);
  const int64_t terms = u->factors > 0 ? u->factor[0].terms : 0;
  if (i == 0)
    *step = (nd_step){ .units = y.panels,
                       .cost = .1F * (float)(width_of(u) * terms) *
                               ND_MATMUL_PANEL,
                       .run = run };
  else
    *step = (nd_step){ .first = y.panels + (i - 1) * y.strips,
                       .units = y.strips,
                       .cost = y.cost,
                       .run = run };
  return i <= nd_parts(u->time + 1, y.phases);
}

static void pack(const nd_unroll *u, void *packed, int64_t from, int64_t to)
{
  int factor = 0;
  int64_t before = 0;
  for (; from < to; from++) {
    while (from - before >= count_panels(&u->factor[factor]))
      before += count_panels(&u->factor[factor++]);
    pack_panel(u, factor, from - before, packed);
  }
}

static size_t room_size(const nd_unroll *u)
{
  return (size_t)nd_round_up(ND_UNROLL_ROWS * u->room * width_of(u), LINE);
}

static size_t zeros_size(const nd_unroll *u)
{
  return (size_t)nd_round_up(u->units * width_of(u), LINE);
}

// Some phases of strips beside each other.
static void go_on(const nd_workplace *w, int64_t phase, int64_t end,
                  int64_t from, int64_t to)
{
  for (int64_t row = from; row < to; row += ND_UNROLL_ROWS) {
    for (int64_t p = phase; p < end; p++)
      w->u->step(w, p, row, nd_least(row + ND_UNROLL_ROWS, to));
  }
}

void nd_unroll_run(const nd_unroll *u, const void *what, void *shared,
                   void *own, int64_t from, int64_t to)
{
  const cuts y = cut(u);
  if (to <= y.panels) {
    pack(u, shared, from, to);
    return;
  }
  const int64_t chunk = (from - y.panels) / y.strips;
  const int64_t first = y.panels + chunk * y.strips;
  const nd_workplace w = { .u = u,
                           .what = what,
                           .packed = shared,
                           .room = own,
                           .zeros = (char *)own + room_size(u),
                           .scratch = (char *)own + room_size(u) +
                                      zeros_size(u) };
  memset(w.zeros, 0, zeros_size(u));
  go_on(&w, chunk * y.phases, nd_least((chunk + 1) * y.phases, u->time + 1),
        (from - first) * y.rows, nd_least((to - first) * y.rows, u->batch));
}

nd_work nd_unroll_memory(const nd_unroll *u)
{
  size_t scratch = 0;
  for (int i = 0; i < u->factors; i++) {
    const nd_unroll_factor *f = &u->factor[i];
    const nd_matmul p = { .m = ND_UNROLL_ROWS,
                          .n = f->columns,
                          .k = nd_least(u->products->terms, f->terms),
                          .a_row = f->terms,
                          .a_column = 1,
                          .c_row = f->columns };
    const size_t size = u->products->tiles_bytes(&p);
    scratch = scratch > size ? scratch : size;
  }
  const int64_t packed = u->factors == 0
                           ? 0
                           : find_packed(u, u->factors - 1,
                                         u->factor[u->factors - 1].terms);
  return (nd_work){ .shared = nd_unroll_bytes(u, packed),
                    .own = room_size(u) + zeros_size(u) + scratch };
}

// ------------------------------------------------------------------- blocks --

void nd_unroll_in(const nd_unroll *u, const void ***to, int n, const void *from)
{
  for (int i = 0; i < n; i++)
    *(*to)++ = nd_unroll_at(u, from, i * u->units);
}

void nd_unroll_out(const nd_unroll *u, void ***to, int n, void *from)
{
  for (int i = 0; i < n; i++)
    *(*to)++ = nd_unroll_at(u, from, i * u->units);
}

void nd_unroll_copy(const nd_unroll *u, nd_tensor *to, const nd_tensor *from,
                    int64_t row, int64_t end)
{
  void *y = nd_unroll_at(u, to->data, row * u->units);
  const size_t bytes = nd_unroll_bytes(u, (end - row) * u->units);
  if (from->rank == 0)
    memset(y, 0, bytes);
  else
    memcpy(y, nd_unroll_at(u, nd_values(from), row * u->units), bytes);
}
