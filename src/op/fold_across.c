// op/fold_across.c: lanes of the blocks of streams that are read side by side.

#include "op/fold_across.h"

#include <string.h>

#include "base/cut.h"

// Bytes of a line of the cache; streams that are worth it, at least; columns of
// streams that there is room for, less a few, so that these do not meet in the
// cache; and those in which blocks begin that end in the others.
enum {
  LINE = 64,
  FEW = 4,
  COLUMNS = ND_ACROSS_ROOM / LINE - 16,
  STEP = COLUMNS - ND_BLOCK
};

bool nd_fold_across_start(nd_fold_across *a, const nd_reader *r,
                          const nd_reduce_kernels *k)
{
  const int axis = nd_walk_across(&r->walk);
  if (axis < 0 || r->from != r->as)
    return false;
  a->k = k;
  a->walk = r->walk;
  a->flip = nd_tile_flip(r->level, r->width);
  a->axis = axis;
  a->stream = nd_walk_inside(&r->walk, axis);
  return a->stream > COLUMNS && a->stream <= ND_FOLD_PART / FEW;
}

static int64_t bytes_of_lanes(const nd_fold_across *a)
{
  return ND_LANES * (int64_t)a->walk.width;
}

int64_t nd_fold_across_most(const nd_fold_across *a)
{
  return ND_ACROSS_LANES / bytes_of_lanes(a) / (ND_FOLD_PART / ND_BLOCK);
}

// Streams of the row that are read side by side: rows first..first+rows-1, of
// which `columns` from `column` on are there, or fewer of the last.
typedef struct band {
  int64_t first, rows, column, columns, last;
} band;

// Reads columns of the streams. What comes behind a stream is the next one, of
// which the last along the axis has none beside it.
static void read_band(nd_fold_across *a, band *b)
{
  nd_walk *w = &a->walk;
  const int64_t width = (int64_t)w->width;
  nd_walk_seek(w, a->base + b->first * a->stream + b->column);
  const bool ends = w->at[a->axis] + b->rows == w->shape[a->axis];
  const int64_t left = a->stream - b->column;
  b->last = ends ? nd_least(left, b->columns) : b->columns;
  for (int64_t at = 0, n; at < b->columns; at += n) {
    const int64_t rows = b->rows - (at >= b->last);
    const char *in;
    int64_t stride;
    n = nd_walk_run(w, b->columns - at, &in, &stride);
    if (rows > 0)
      a->flip(rows, n, in, stride / width, a->room + at * width, COLUMNS);
  }
}

// The lanes of the block at input `at`, `offset` columns into row `r` of the
// band.
static void fold_block(nd_fold_across *a, const band *b, int64_t r,
                       int64_t offset, int64_t at)
{
  const int64_t width = (int64_t)a->walk.width;
  const int64_t n = nd_least(a->to - at, ND_BLOCK);
  const int64_t there = r == b->rows - 1 ? b->last : b->columns;
  const void *in = a->room + (r * COLUMNS + offset) * width;
  double block[ND_BLOCK];
  if (offset + n > there) {
    nd_walk_seek(&a->walk, a->base + at);
    nd_walk_copy(&a->walk, n, block);
    in = block;
  }
  a->k->lanes(n, a->lanes + (at - a->from) / ND_BLOCK * bytes_of_lanes(a), in);
}

// The blocks that begin in the first columns of the band.
static void fold_band(nd_fold_across *a, const band *b)
{
  for (int64_t r = 0; r < b->rows; r++) {
    const int64_t start = (b->first + r) * a->stream + b->column;
    const int64_t first = start > a->from ? start : a->from;
    const int64_t end = start + nd_least(a->stream - b->column, STEP);
    int64_t at = nd_parts(first, ND_BLOCK) * ND_BLOCK;
    for (; at < nd_least(end, a->to); at += ND_BLOCK)
      fold_block(a, b, r, at - start, at);
  }
}

// Whole lines of the cache, if there are some.
static int64_t count_rows(const nd_fold_across *a, int64_t first)
{
  nd_walk w = a->walk;
  nd_walk_seek(&w, a->base + first * a->stream);
  const uintptr_t place = (uintptr_t)(w.data + w.offset) % LINE;
  const int64_t most = nd_least(nd_parts(a->to, a->stream) - first,
                                w.shape[a->axis] - w.at[a->axis]);
  return nd_least(most, (int64_t)((LINE - place) / w.width));
}

// Puts together the lanes of the blocks of each part.
static void join_blocks(nd_fold_across *a, char *out)
{
  const char *lanes = a->lanes;
  nd_fold_part p;
  nd_fold_part_start(&p, a->k);
  for (int64_t at = a->from; at < a->to;) {
    memcpy(nd_fold_part_lanes(&p), lanes, (size_t)bytes_of_lanes(a));
    nd_fold_part_next(&p);
    lanes += bytes_of_lanes(a);
    at += ND_BLOCK;
    if (at % ND_FOLD_PART == 0 || at >= a->to) {
      nd_fold_part_end(&p, out);
      out += a->walk.width;
    }
  }
}

void nd_fold_across_run(nd_fold_across *a, int64_t base, int64_t from,
                        int64_t to, char *out)
{
  a->base = base;
  a->from = from;
  a->to = to;
  band b = { .first = from / a->stream };
  for (; b.first * a->stream < to; b.first += b.rows) {
    b.rows = count_rows(a, b.first);
    for (b.column = 0; b.column < a->stream; b.column += STEP) {
      b.columns = nd_least(COLUMNS, a->stream - b.column + ND_BLOCK);
      read_band(a, &b);
      fold_band(a, &b);
    }
  }
  join_blocks(a, out);
}
