// kernel/scatter.h: rows that meet rows of a matrix, one after the other: where
// several come to one row, each meets what the one before has left.

#ifndef ND_KERNEL_SCATTER_H
#define ND_KERNEL_SCATTER_H

#include "nadir.h"

// What becomes of x when y comes.
typedef enum nd_scatter_way {
  ND_SCATTER_UPDATE,  // y
  ND_SCATTER_ADD,
  ND_SCATTER_SUB,
  ND_SCATTER_MUL,
  ND_SCATTER_DIV,  // of integers, toward zero
  ND_SCATTER_MIN,  // nan stays and comes in, as in `minimum`
  ND_SCATTER_MAX,
  ND_SCATTER_WAYS
} nd_scatter_way;

// As users and attributes know them; ends with NULL. One that is not there is
// ND_SCATTER_WAYS.
extern const char *const nd_scatter_ways[];
nd_scatter_way nd_scatter_find(const char *name);

// Row i of `in` comes to row row[i] of `out`, which counts from 0: columns
// from..to-1 of rows of `run` elements.
void nd_scatter_rows(nd_scatter_way way, nd_dtype dtype, int64_t n,
                     const int64_t *row, int64_t run, int64_t from, int64_t to,
                     const void *in, void *out);

#endif
