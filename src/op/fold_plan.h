// op/fold_plan.h: how a fold reads its input: which axes come first, and which
// outputs lie beside each other in memory.

#ifndef ND_OP_FOLD_PLAN_H
#define ND_OP_FOLD_PLAN_H

#include "op/op.h"
#include "tensor/reader.h"

// How the input is read: [kept, folded] for rows, else [kept, folded, last].
// Axes that stay are read in the order of the outputs, but that those along
// which inputs lie beside each other in memory come last.
typedef struct nd_folding {
  nd_reader reader;
  int64_t folded;   // inputs of one output
  int64_t last;     // outputs side by side in columns; 1 for rows
  int64_t group;    // columns: rows that are added up one by one
  int64_t beside;   // outputs whose inputs lie beside each other
  int64_t between;  // how far apart these outputs are; 1 if they are neighbours
  bool columns;
  nd_walk rows;   // columns: over the inputs of one output
  nd_tile *tile;  // columns: where inputs are flipped; NULL: they are not
} nd_folding;

// How many rows of so many columns are added up one by one. Few of wide ones
// are work enough for a thread; groups of narrow ones are to be worth starting.
static inline int64_t nd_fold_group(int64_t columns)
{
  enum { WIDE = 64, FEW = 64, MANY = 256 };
  return columns < WIDE ? MANY : FEW;
}

// Over an attribute of kind ND_AXES. By rows if asked, whatever the axes: then
// the outputs stay in order.
void nd_fold_plan(nd_folding *l, const nd_tensor *x, nd_dtype as,
                  const nd_value *axis, bool by_rows);

// Runs of outputs that follow each other as they are read, of those from..to-1,
// with which one begins.
typedef struct nd_outputs {
  int64_t from, to;  // those that are left
  int64_t behind;    // of the runs that begin here: the next
  int64_t at;        // number of the run's first output, as they are read
  int64_t first, n;  // that output, and how many there are, `between` apart
} nd_outputs;

// Finds the next run; false after the last.
bool nd_fold_next(const nd_folding *l, nd_outputs *o);

#endif
