// op/fold_blocks.c: folds of rows, short and long, and of columns.

#include "op/fold_blocks.h"

#include <string.h>

#include "base/cut.h"

void nd_fold_blocks_start(nd_fold_blocks *f, const nd_span *span,
                          const nd_reduce_kernels *k, size_t width,
                          int64_t size, char *out)
{
  f->span = span;
  f->k = k;
  f->width = width;
  f->out = out;
  f->left = nd_least(span->row, size);
  f->is_begun = false;
  if (nd_span_is_long(span))
    nd_fold_part_start(&f->part, k);
}

// Rows of columns are added up one by one, from the first on.
static void add_columns(nd_fold_blocks *f, int64_t n, const char *block)
{
  const int64_t row = f->span->row;
  const int first = !f->is_begun;
  const size_t bytes = (size_t)row * f->width;
  if (first)
    memcpy(f->out, block, bytes);
  f->k->columns(n / row - first, row, row, f->out, block + first * bytes);
  f->is_begun = true;
}

static void add_rows(nd_fold_blocks *f, int64_t n, const void *block)
{
  const int64_t rows = n / f->span->row;
  f->k->rows(rows, f->span->row, f->out, block);
  f->out += (size_t)rows * f->width;
}

void *nd_fold_blocks_lanes(nd_fold_blocks *f)
{
  return nd_fold_part_lanes(&f->part);
}

void nd_fold_blocks_next(nd_fold_blocks *f, int64_t n)
{
  nd_fold_part_next(&f->part);
  f->left -= n;
  if (f->left > 0)
    return;
  nd_fold_part_end(&f->part, f->out);
  f->out += f->width;
  f->left = f->span->row;
}

void nd_fold_blocks_add(nd_fold_blocks *f, int64_t n, const void *block)
{
  if (nd_span_is_long(f->span)) {
    f->k->lanes(n, nd_fold_blocks_lanes(f), block);
    nd_fold_blocks_next(f, n);
  } else if (f->span->columns) {
    add_columns(f, n, block);
  } else {
    add_rows(f, n, block);
  }
}

void nd_fold_blocks_join(const nd_span *span, const nd_reduce_kernels *k,
                         size_t width, const char *parts, size_t stride,
                         char *out)
{
  if (span->columns) {
    nd_fold_join_columns(k, width, nd_span_units(span),
                         nd_fold_group(span->row), span->row, parts, stride,
                         out);
    return;
  }
  const int64_t rows = span->size / span->row;
  for (int64_t i = 0; i < rows; i++, out += width) {
    nd_fold_join_row(k, width, span->row, parts, stride, out);
    parts += (size_t)nd_fold_row_parts(span->row) * stride;
  }
}
