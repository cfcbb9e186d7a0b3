// kernel/conv.h: tiles of convolutions. A tile is some rows of numbers, such as
// output pixels by channels, each of which is a sum of products of terms that
// lie in runs: neighbouring channels of neighbouring pixels.
//
// A chain of terms is taken by FMA one after the other, from 0. So the bits of
// a sum depend on how it is cut into chains alone, which whoever uses this
// decides by shapes; CPUs without FMA round twice per term.

#ifndef ND_KERNEL_CONV_H
#define ND_KERNEL_CONV_H

#include "kernel/level.h"
#include "nadir.h"

enum { ND_CONV_ROWS = 8 };  // of a tile, at most

// Terms that follow each other, `n` of them: the first is `at` elements behind
// where a row begins, and is multiplied with row `b` of the panel.
typedef struct nd_run {
  int64_t at, b, n;
} nd_run;

// Some columns of b and c: rows of b are filled up to a width of whole vectors.
typedef struct nd_conv_panel {
  const void *b;
  int64_t column;  // of c, the first
  int columns;     // of c that are wanted
  int width;       // elements of a row of b
} nd_conv_panel;

// Rows of a tile: where their terms begin, and where the rows of c.
typedef struct nd_conv_tile {
  const void *a[ND_CONV_ROWS];
  void *c[ND_CONV_ROWS];
} nd_conv_tile;

// The terms of a chain.
typedef struct nd_conv_terms {
  bool adds;     // to what is in c
  int64_t step;  // from term to term of a, within a run
  int64_t count;
  const nd_run *runs;
} nd_conv_terms;

// Where two rows of factors begin.
typedef struct nd_pair {
  int64_t x, y;
} nd_pair;

typedef struct nd_conv_kernels {
  // The width of the panel for the first of `columns`: 1 or more whole vectors.
  int (*width)(int64_t columns);

  // How many rows tiles should have at most if c has so many columns.
  int (*height)(int64_t columns);

  // One chain of each element of `count` tiles, which have 1..height rows, for
  // all terms p of the runs:
  //   c[i][column + j] (+)= sum over p: a[i][p] b[p][j]
  void (*tiles)(int rows, int64_t count, const nd_conv_tile *t,
                const nd_conv_terms *s, const nd_conv_panel *p);

  // The same where every column has terms of its own:
  //   c[i][j] (+)= sum over p: a[i][p + j] b[p][j]
  // b has rows of p->width elements, and p->column is where c begins.
  void (*deep_tiles)(int rows, int64_t count, const nd_conv_tile *t,
                     const nd_conv_terms *s, const nd_conv_panel *p);

  // Rows of a panel: out[p][j] = in[p * row + j * column] for j < columns, and
  // 0 up to the width.
  void (*pack)(int64_t rows, int columns, int width, const void *in,
               int64_t row, int64_t column, void *out);

  // out[i] += in[i] for i < n
  void (*plus)(int64_t n, void *out, const void *in);

  // One chain of each of `n` columns: for i < n
  //   out[i] (+)= sum over all pairs: x[pair.x + i] y[pair.y + i]
  void (*columns)(int64_t n, bool adds, int64_t count, const nd_pair *pairs,
                  const void *x, const void *y, void *out);
} nd_conv_kernels;

// By float dtype.
typedef struct nd_conv_table {
  const nd_conv_kernels *at[2];
} nd_conv_table;

#endif
