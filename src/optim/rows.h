// optim/rows.h: the rows that a gradient with rows is not zero in: each once,
// with what is added up there.

#ifndef ND_OPTIM_ROWS_H
#define ND_OPTIM_ROWS_H

#include "op/slices.h"

typedef struct nd_rows {
  int64_t n;
  const int64_t *at;  // their numbers, from 0, in the order in which they come
  nd_tensor *sums;    // [n, row..]
  void *memory;       // of so many bytes, that has the numbers
  size_t bytes;
} nd_rows;

// Finds the rows of `g`, and adds up those of one number in the tree that its
// values are: so they are the same bits. False after an interrupt or without
// memory. Nobody is told.
bool nd_rows_find(const nd_tensor *g, nd_rows *rows);

// Lets go of them. All zeros are none.
void nd_rows_end(nd_context *c, nd_rows *rows);

#endif
