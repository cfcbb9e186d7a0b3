// op/rows.c: tiles and their pieces.

#include "op/rows.h"

#include <string.h>

#include "base/cut.h"
#include "op/fold.h"

ND_DECLARE_LEVELS(const nd_softmax_table, nd_softmax_table);

const nd_softmax_kernels *nd_rows_kernels(const nd_context *c, nd_dtype dtype)
{
  static const nd_softmax_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_softmax_table);
  return &tables[c->level]->at[dtype];
}

void nd_rows_start(nd_rows *l, const nd_tensor *x, const int *axes,
                   int64_t length, int64_t inner)
{
  l->k = nd_rows_kernels(x->context, (nd_dtype)x->dtype);
  l->max = nd_fold_kernels(x, ND_MAX);
  l->sum = nd_fold_kernels(x, ND_SUM);
  const nd_dtype dtype = (nd_dtype)x->dtype;
  if (axes != NULL)
    nd_reader_permuted(&l->reader, x, dtype, axes);
  else
    nd_reader_start(&l->reader, x, dtype);
  l->width = (int64_t)l->reader.width;
  l->length = length;
  l->inner = inner;
  l->all = length > 0 ? x->size / length : 0;
}

void nd_rows_along(nd_rows *l, const nd_tensor *x, int axis)
{
  int64_t inner = 1;
  for (int i = axis + 1; i < x->rank; i++)
    inner *= x->dims[i];
  nd_rows_start(l, x, NULL, x->dims[axis], inner);
}

void nd_rows_tile(nd_rows *l, int64_t row, int64_t last)
{
  if (l->inner == 1) {
    l->base = row * l->length;
    l->rows = l->length > ND_BLOCK ? 1
              : l->length > 0      ? ND_BLOCK / l->length
                                   : ND_BLOCK;
    l->pieces = nd_parts(l->length, ND_BLOCK);
  } else {
    const int64_t column = row % l->inner;
    l->base = (row - column) * l->length + column;
    l->rows = nd_least(l->inner - column, ND_BLOCK);
    l->pieces = l->length;
  }
  l->rows = nd_least(l->rows, last - row);
}

int64_t nd_rows_first(const nd_rows *l, int64_t from)
{
  return from / (l->length * l->inner) * l->inner;
}

bool nd_rows_tile_in(nd_rows *l, int64_t row, int64_t from, int64_t to)
{
  const int64_t start = row / l->inner * l->inner * l->length;
  if (start >= to)
    return false;
  // Rows that the range cuts stand alone.
  int64_t last = row + 1;
  if (l->inner > 1)
    last = row / l->inner * l->inner + l->inner;
  else if (start >= from && to / l->length > last)
    last = to / l->length;
  nd_rows_tile(l, row, last);
  return true;
}

// Tiles of one run of `inner` columns, and of all.
static int64_t tiles_beside(const nd_rows *l)
{
  return nd_parts(l->inner, ND_BLOCK);
}

static int64_t count_tiles(const nd_rows *l)
{
  return l->all / l->inner * tiles_beside(l);
}

int64_t nd_rows_seek(nd_rows *l, int64_t tile)
{
  const int64_t beside = tiles_beside(l);
  const int64_t start = tile / beside * l->inner;
  const int64_t row = start + tile % beside * ND_BLOCK;
  nd_rows_tile(l, row, l->inner == 1 ? row + 1 : start + l->inner);
  return row;
}

bool nd_rows_step_tiles(const nd_rows *l, float cost, nd_units_run *run,
                        nd_step *step)
{
  const int64_t columns = nd_least(l->inner, ND_BLOCK);
  *step = (nd_step){
    .units = l->all > 0 ? count_tiles(l) : 0,
    .cost = 1 + cost * (float)(l->length * columns),
    .run = run,
  };
  return l->inner > 1;
}

bool nd_rows_piece(const nd_rows *l, int64_t i, int64_t from, int64_t to,
                   nd_piece *p)
{
  const bool columns = l->inner > 1;
  p->at = l->base + i * (columns ? l->inner : ND_BLOCK);
  p->n = columns ? 1 : nd_least(l->length - i * ND_BLOCK, ND_BLOCK);
  p->rows = l->rows;
  p->row = 0;
  const int64_t end = p->at + p->rows * p->n;
  if (end <= from || p->at >= to)
    return false;
  if (p->at >= from && end <= to)
    return true;
  const int64_t first = p->at > from ? p->at : from;
  const int64_t count = nd_least(end, to) - first;
  p->row = columns ? first - p->at : 0;
  p->rows = columns ? count : 1;
  p->n = columns ? 1 : count;
  p->at = first;
  return true;
}

int64_t nd_rows_first_piece(const nd_rows *l, int64_t from)
{
  if (from <= l->base)
    return 0;
  const int64_t i = (from - l->base) / (l->inner > 1 ? l->inner : ND_BLOCK);
  return l->inner == 1 || l->base + i * l->inner + l->rows > from ? i : i + 1;
}

const void *nd_piece_load(const nd_piece *p, nd_reader *r)
{
  return nd_reader_at(r, p->at, p->rows * p->n);
}

const void *nd_rows_load(nd_rows *l, const nd_piece *p)
{
  return nd_piece_load(p, &l->reader);
}

// The largest of pieces first..end-1 into m.
static void find_max(nd_rows *l, int64_t first, int64_t end)
{
  nd_piece p;
  l->k->start(l->rows, l->m);
  for (int64_t i = first; i < end; i++) {
    nd_rows_piece(l, i, 0, INT64_MAX, &p);
    const void *x = nd_rows_load(l, &p);
    if (p.n > 1) {
      l->max->rows(p.rows, p.n, l->e, x);
      x = l->e;
    }
    l->max->merge(p.rows, l->m, x);
  }
}

// Adds exps of a piece to sums: `ones` those that are 1, `s` all others.
static void tally(const nd_rows *l, const nd_piece *p, double *s, double *ones,
                  const void *e)
{
  double all[ND_BLOCK];  // of the input's dtype
  if (p->n >= ND_LANES)
    l->sum->rows(p->rows, p->n, all, e);
  l->k->tally(p->rows, p->n, s, ones, all, e);
}

void nd_rows_measure(nd_rows *l, nd_keep keep, char *out, int64_t from,
                     int64_t to)
{
  nd_piece p;
  double ones[ND_BLOCK];
  const size_t bytes = (size_t)l->rows * sizeof *ones;
  memset(l->s, 0, bytes);
  memset(ones, 0, bytes);
  find_max(l, 0, l->pieces);
  l->k->steady(l->rows, l->m);
  for (int64_t i = 0; i < l->pieces; i++) {
    nd_piece kept;
    nd_rows_piece(l, i, 0, INT64_MAX, &p);
    const int64_t n = p.rows * p.n;
    const bool keeps = keep != ND_KEEP_NONE &&
                       nd_rows_piece(l, i, from, to, &kept);
    const bool whole = keeps && kept.rows * kept.n == n;
    char *place = whole ? out + p.at * l->width : NULL;
    char *d = whole && keep == ND_KEEP_SHIFTED ? place : (char *)l->d;
    char *e = whole && keep == ND_KEEP_EXP ? place : (char *)l->e;
    l->k->shift(p.rows, p.n, d, nd_rows_load(l, &p), l->m);
    l->k->exp(n, e, d);
    tally(l, &p, l->s, ones, e);
    if (keeps && !whole)
      memcpy(out + kept.at * l->width,
             (keep == ND_KEEP_EXP ? e : d) + (kept.at - p.at) * l->width,
             (size_t)(kept.rows * kept.n * l->width));
  }
  for (int64_t r = 0; r < l->rows; r++)
    l->s[r] += ones[r] - 1;
}

// ---------------------------------------------------------------- in parts --

// Pieces of a tile in each part but the last: about ND_ROWS_LONG elements.
static int64_t pieces_of_part(const nd_rows *l)
{
  return ND_ROWS_LONG /
         (l->inner == 1 ? ND_BLOCK : nd_least(l->inner, ND_BLOCK));
}

static int64_t count_parts(const nd_rows *l)
{
  const int64_t pieces = l->inner == 1 ? nd_parts(l->length, ND_BLOCK)
                                       : l->length;
  return nd_parts(pieces, pieces_of_part(l));
}

// What is found of each row, and of each part of it; m as in nd_rows.
typedef struct found {
  double *s, *part_s, *part_ones;
  char *m, *part_m;
} found;

static found find_places(const nd_rows *l, void *shared)
{
  const int64_t parts = l->all * count_parts(l);
  double *s = shared;
  char *m = (char *)(s + l->all + 2 * parts);
  return (found){ .s = s,
                  .part_s = s + l->all,
                  .part_ones = s + l->all + parts,
                  .m = m,
                  .part_m = m + l->all * l->width };
}

size_t nd_rows_shared(const nd_rows *l)
{
  const int64_t parts = l->all > 0 ? count_parts(l) : 0;
  const int64_t once = l->all * ((int64_t)sizeof(double) + l->width);
  const int64_t each = l->all * (2 * (int64_t)sizeof(double) + l->width);
  return parts <= 1 ? 0 : (size_t)(once + parts * each);
}

// Largest elements of parts; of rows; sums of parts; of rows. A unit is one
// part of a tile, tile after tile, or a tile.
void nd_rows_step(const nd_rows *l, nd_step *step, int i)
{
  const bool by_part = i % 2 == 0;
  step->units = count_tiles(l) * (by_part ? count_parts(l) : 1);
  step->cost = by_part ? (i == 0 ? .5F : 2) * ND_ROWS_LONG
                       : (float)(count_parts(l) * nd_least(l->inner, ND_BLOCK));
}

// The end of part `part`, in pieces.
static int64_t end_of_part(const nd_rows *l, int64_t part)
{
  return nd_least((part + 1) * pieces_of_part(l), l->pieces);
}

static void max_of_part(nd_rows *l, found f, int64_t unit)
{
  const int64_t part = unit / count_tiles(l);
  const int64_t row = nd_rows_seek(l, unit % count_tiles(l));
  find_max(l, part * pieces_of_part(l), end_of_part(l, part));
  memcpy(f.part_m + (part * l->all + row) * l->width, l->m,
         (size_t)(l->rows * l->width));
}

static void max_of_tile(nd_rows *l, found f, int64_t unit)
{
  const int64_t row = nd_rows_seek(l, unit);
  l->k->start(l->rows, l->m);
  for (int64_t part = 0; part < count_parts(l); part++)
    l->max->merge(l->rows, l->m, f.part_m + (part * l->all + row) * l->width);
  l->k->steady(l->rows, l->m);
  memcpy(f.m + row * l->width, l->m, (size_t)(l->rows * l->width));
}

static void sum_of_part(nd_rows *l, found f, int64_t unit)
{
  const int64_t part = unit / count_tiles(l);
  const int64_t row = nd_rows_seek(l, unit % count_tiles(l));
  double *s = f.part_s + part * l->all + row;
  double *ones = f.part_ones + part * l->all + row;
  memset(s, 0, (size_t)l->rows * sizeof *s);
  memset(ones, 0, (size_t)l->rows * sizeof *ones);
  for (int64_t i = part * pieces_of_part(l); i < end_of_part(l, part); i++) {
    nd_piece p;
    nd_rows_piece(l, i, 0, INT64_MAX, &p);
    l->k->shift(p.rows, p.n, l->d, nd_rows_load(l, &p), f.m + row * l->width);
    l->k->exp(p.rows * p.n, l->e, l->d);
    tally(l, &p, s, ones, l->e);
  }
}

static void sum_of_tile(nd_rows *l, found f, int64_t unit)
{
  const int64_t first = nd_rows_seek(l, unit);
  for (int64_t row = first; row < first + l->rows; row++) {
    double s = 0, ones = 0;
    for (int64_t part = 0; part < count_parts(l); part++) {
      s += f.part_s[part * l->all + row];
      ones += f.part_ones[part * l->all + row];
    }
    f.s[row] = s + (ones - 1);
  }
}

void nd_rows_run_step(nd_rows *l, int i, void *shared, int64_t from, int64_t to)
{
  static void (*const run[ND_ROWS_STEPS])(nd_rows *, found, int64_t) = {
    max_of_part, max_of_tile, sum_of_part, sum_of_tile
  };
  const found f = find_places(l, shared);
  for (int64_t unit = from; unit < to; unit++)
    run[i](l, f, unit);
}

void nd_rows_recall(nd_rows *l, void *shared)
{
  const found f = find_places(l, shared);
  const int64_t row = l->inner == 1
                        ? l->base / l->length
                        : l->base / (l->length * l->inner) * l->inner +
                            l->base % l->inner;
  memcpy(l->m, f.m + row * l->width, (size_t)(l->rows * l->width));
  memcpy(l->s, f.s + row, (size_t)l->rows * sizeof *l->s);
}
