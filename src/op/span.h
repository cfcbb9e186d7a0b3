// op/span.h: which elements the folds of a pass put together: all of them,
// those of each row, or those of each column; and how such a pass is cut into
// units and blocks, which end where the parts of the trees of op/fold.h do.

#ifndef ND_OP_SPAN_H
#define ND_OP_SPAN_H

#include "tensor/tensor.h"

typedef struct nd_span {
  int64_t size;  // elements
  int64_t row;   // elements of a row; where there is only one row, all
  bool columns;  // rows are folded into one, else each into one value
} nd_span;

static inline nd_span nd_span_all(int64_t size)
{
  return (nd_span){ .size = size, .row = size };
}

// That of folds of `x` over the axes in `set`, bits; false if blocks of x in
// its own order do not come as they need them: their axes neither the last ones
// nor the first, nor all, or columns of too many.
bool nd_span_find(const nd_tensor *x, int set, nd_span *span);

static inline bool nd_span_same(const nd_span *a, const nd_span *b)
{
  return a->size == b->size && a->row == b->row && a->columns == b->columns;
}

// How many elements make a value.
static inline int64_t nd_span_folded(const nd_span *s)
{
  return s->columns ? s->size / s->row : s->row;
}

// Whether no block has elements of several rows.
bool nd_span_is_long(const nd_span *s);

// Whether units give parts of values, which have to be joined.
bool nd_span_has_parts(const nd_span *s);

// How many units there are, and the elements of one: from..to-1.
int64_t nd_span_units(const nd_span *s);
void nd_span_unit(const nd_span *s, int64_t unit, int64_t *from, int64_t *to);

// How many elements the block has that begins with element `at` of a unit that
// ends before `to`.
int64_t nd_span_block(const nd_span *s, int64_t at, int64_t to);

#endif
