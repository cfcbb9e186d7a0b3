// op/span.c: rows and columns of a pass, and where they are cut.

#include "op/span.h"

#include "base/cut.h"
#include "kernel/block.h"
#include "op/fold.h"

// The product of the axes from..to-1.
static int64_t count(const nd_tensor *x, int from, int to)
{
  int64_t n = 1;
  for (int i = from; i < to; i++)
    n *= x->dims[i];
  return n;
}

// The first axis from `i` on that has more than one element and, asked so, is
// in the set or not.
static int find_axis(const nd_tensor *x, int set, int i, bool inside)
{
  while (i < x->rank && (x->dims[i] == 1 || (set >> i & 1) != inside))
    i++;
  return i;
}

bool nd_span_find(const nd_tensor *x, int set, nd_span *span)
{
  const int folded = find_axis(x, set, 0, true);
  const int kept = find_axis(x, set, 0, false);
  const int first = folded < kept ? kept : folded;  // of the later ones
  const bool columns = folded < kept && kept < x->rank;
  if (folded == x->rank || find_axis(x, set, first, columns) < x->rank)
    return false;
  *span = nd_span_all(x->size);
  if (kept < x->rank)
    *span = (nd_span){ x->size, count(x, first, x->rank), columns };
  return !columns || span->row <= ND_BLOCK;
}

bool nd_span_is_long(const nd_span *s)
{
  return !s->columns && (s->row == s->size || s->row > ND_BLOCK);
}

bool nd_span_has_parts(const nd_span *s)
{
  return s->columns || s->row > ND_FOLD_PART;
}

// The most elements of a unit: rows that have no parts are as many as make some
// blocks.
static int64_t most(const nd_span *s)
{
  enum { ENOUGH = 8 * ND_BLOCK };
  if (s->columns)
    return nd_fold_group(s->row) * s->row;
  return s->row > ND_FOLD_PART ? ND_FOLD_PART
         : s->row > ENOUGH     ? s->row
                               : ENOUGH / s->row * s->row;
}

// What units do not go across: rows with parts.
static int64_t length(const nd_span *s)
{
  return nd_span_has_parts(s) && !s->columns ? s->row : s->size;
}

static int64_t units_of_length(const nd_span *s)
{
  return nd_parts(length(s), most(s));
}

int64_t nd_span_units(const nd_span *s)
{
  return s->size / length(s) * units_of_length(s);
}

void nd_span_unit(const nd_span *s, int64_t unit, int64_t *from, int64_t *to)
{
  const int64_t units = units_of_length(s), start = unit / units * length(s);
  *from = start + unit % units * most(s);
  const int64_t end = start + length(s);
  *to = end - *from < most(s) ? end : *from + most(s);
}

int64_t nd_span_block(const nd_span *s, int64_t at, int64_t to)
{
  int64_t n = ND_BLOCK;
  if (s->row <= ND_BLOCK)
    n = ND_BLOCK / s->row * s->row;
  else if (s->row < s->size && s->row - at % s->row < n)
    n = s->row - at % s->row;
  return to - at < n ? to - at : n;
}
