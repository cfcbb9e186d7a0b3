// op/scatter.c: cuts rows that meet rows into pieces, one after the other, and
// these into columns: so each element meets its own in order.

#include "op/scatter.h"

#include "base/cut.h"
#include "op/integers.h"
#include "tensor/reader.h"

enum { PIECE = ND_BLOCK };  // rows

// Columns of piece p are units p * run to (p + 1) * run - 1.
bool nd_scatter_step(const nd_scatter *s, nd_step *step, int i)
{
  const int64_t n = s->positions->size;
  *step = (nd_step){ .first = i * s->run,
                     .units = s->run,
                     .cost = .5F * (float)nd_least(n - i * PIECE, PIECE),
                     .start = (float)nd_least(n - i * PIECE, PIECE) };
  return s->run > 0 && i < nd_parts(n, PIECE);
}

void nd_scatter_units(const nd_scatter *s, int64_t from, int64_t to)
{
  const int64_t piece = from / s->run, first = piece * PIECE;
  const int64_t n = nd_least(s->positions->size - first, PIECE);
  const nd_dtype dtype = (nd_dtype)s->rows->dtype;
  const int64_t bytes = s->run * (int64_t)nd_dtype_size(dtype);
  int64_t row[PIECE];
  nd_reader r;
  nd_reader_start(&r, s->positions, ND_INT64);
  const int64_t *at = nd_reader_at(&r, first, n);
  for (int64_t i = 0; i < n; i++)
    row[i] = at[i] + (at[i] > 0 ? -1 : s->size);
  nd_scatter_rows(s->way, dtype, n, row, s->run, from - piece * s->run,
                  to - piece * s->run, nd_values(s->rows) + first * bytes,
                  s->out);
}

bool nd_positions_check(nd_context *c, nd_tensor *positions, int64_t size)
{
  int64_t bad;
  if (nd_integers_within(positions, -size, size, false, &bad))
    return true;
  if (bad == 0)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "index 0: positions count from 1 here, and -1 is the last");
  return nd_fail(c, ND_BAD_ARGUMENT, "index %lld is outside 1..%lld",
                 (long long)bad, (long long)size);
}

bool nd_scatter_check(nd_context *c, nd_scatter_way way, nd_tensor *positions,
                      nd_tensor *rows, int64_t size)
{
  return nd_positions_check(c, positions, size) &&
         (way != ND_SCATTER_DIV || nd_integers_avoid(rows, 0, 0) ||
          nd_fail(c, ND_BAD_ARGUMENT, "integer division by zero"));
}
