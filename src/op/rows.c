// op/rows.c: tiles and their pieces.

#include "op/rows.h"

#include <string.h>

#include "op/axes.h"

ND_DECLARE_LEVELS(const nd_softmax_table, nd_softmax_table);

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

void nd_rows_start(nd_rows *l, const nd_tensor *x, const int *axes,
                   int64_t length, int64_t inner)
{
  static const nd_softmax_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_softmax_table);
  l->k = &tables[x->context->level]->at[x->dtype];
  if (axes != NULL)
    nd_walk_permuted(&l->walk, x, axes, 0);
  else
    nd_walk_start(&l->walk, x, 0);
  l->width = (int64_t)l->walk.width;
  l->length = length;
  l->inner = inner;
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
    l->pieces = (l->length + ND_BLOCK - 1) / ND_BLOCK;
  } else {
    const int64_t column = row % l->inner;
    l->base = (row - column) * l->length + column;
    l->rows = least(l->inner - column, ND_BLOCK);
    l->pieces = l->length;
  }
  l->rows = least(l->rows, last - row);
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

bool nd_rows_piece(const nd_rows *l, int64_t i, int64_t from, int64_t to,
                   nd_piece *p)
{
  const bool columns = l->inner > 1;
  p->at = l->base + i * (columns ? l->inner : ND_BLOCK);
  p->n = columns ? 1 : least(l->length - i * ND_BLOCK, ND_BLOCK);
  p->rows = l->rows;
  p->row = 0;
  const int64_t end = p->at + p->rows * p->n;
  if (end <= from || p->at >= to)
    return false;
  if (p->at >= from && end <= to)
    return true;
  const int64_t first = p->at > from ? p->at : from;
  const int64_t count = least(end, to) - first;
  p->row = columns ? first - p->at : 0;
  p->rows = columns ? count : 1;
  p->n = columns ? 1 : count;
  p->at = first;
  return true;
}

// The elements of a piece, where they are or copied to `buffer`.
static const void *load(nd_walk *w, const nd_piece *p, double *buffer)
{
  if (nd_walk_is_dense(w))
    return w->data + p->at * (int64_t)w->width;
  nd_walk_seek(w, p->at);
  nd_walk_copy(w, p->rows * p->n, buffer);
  return buffer;
}

const void *nd_rows_load(nd_rows *l, const nd_piece *p)
{
  return load(&l->walk, p, l->x);
}

void nd_beside_start(nd_beside *b, const nd_tensor *x)
{
  nd_walk_start(&b->walk, x, 0);
}

const void *nd_beside_load(nd_beside *b, const nd_piece *p)
{
  return load(&b->walk, p, b->x);
}

void nd_rows_measure(nd_rows *l, nd_keep keep, char *out, int64_t from,
                     int64_t to)
{
  nd_piece p;
  double ones[ND_BLOCK];
  const size_t bytes = (size_t)l->rows * sizeof *ones;
  l->k->start(l->rows, l->m);
  memset(l->s, 0, bytes);
  memset(ones, 0, bytes);
  for (int64_t i = 0; i < l->pieces; i++) {
    nd_rows_piece(l, i, 0, INT64_MAX, &p);
    l->k->max(p.rows, p.n, l->m, nd_rows_load(l, &p));
  }
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
    l->k->tally(p.rows, p.n, l->s, ones, e);
    if (keeps && !whole)
      memcpy(out + kept.at * l->width,
             (keep == ND_KEEP_EXP ? e : d) + (kept.at - p.at) * l->width,
             (size_t)(kept.rows * kept.n * l->width));
  }
  for (int64_t r = 0; r < l->rows; r++)
    l->s[r] += ones[r] - 1;
}
