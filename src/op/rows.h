// op/rows.h: runs the kernels of kernel/softmax.h over a tensor, tile by tile.
//
// The input is seen in some order of its axes as [outer, length, inner]; a row
// is what runs along `length`. A tile is some neighbouring rows, in pieces:
//   inner = 1   many whole short rows, or one long one in pieces of ND_BLOCK
//   inner > 1   up to ND_BLOCK columns, whose pieces are one element high
// so that a piece is always one run of elements in that order.

#ifndef ND_OP_ROWS_H
#define ND_OP_ROWS_H

#include "kernel/reduce.h"
#include "kernel/softmax.h"
#include "op/op.h"
#include "tensor/reader.h"

typedef struct nd_rows {
  const nd_softmax_kernels *k;
  const nd_reduce_kernels *max, *sum;
  nd_reader reader;
  int64_t width;  // bytes of an element
  int64_t length;
  int64_t inner;
  int64_t all;                      // rows
  int64_t base;                     // of the tile: its first element
  int64_t rows;                     // of the tile
  int64_t pieces;                   // of the tile
  double d[ND_BLOCK], e[ND_BLOCK];  // a piece each, any dtype
  double m[ND_BLOCK];               // shift of each row, of the input's dtype
  double s[ND_BLOCK];               // sum of exp(x - m) of each row, less 1
} nd_rows;

// Some of a piece: elements at..at + rows * n - 1, from row `row` of the tile.
typedef struct nd_piece {
  int64_t at, rows, n, row;
} nd_piece;

// What nd_rows_measure leaves in the output.
typedef enum nd_keep { ND_KEEP_NONE, ND_KEEP_SHIFTED, ND_KEEP_EXP } nd_keep;

// The kernels for a dtype of floats on the CPU of a context.
const nd_softmax_kernels *nd_rows_kernels(const nd_context *c, nd_dtype dtype);

// Sees `x` with its axes in the order `axes`, or as they are when NULL.
void nd_rows_start(nd_rows *l, const nd_tensor *x, const int *axes,
                   int64_t length, int64_t inner);

// Sees `x` along axis number `axis`, from 0.
void nd_rows_along(nd_rows *l, const nd_tensor *x, int axis);

// Sets the tile to rows row..at most last-1.
void nd_rows_tile(nd_rows *l, int64_t row, int64_t last);

// The same for filling elements from..to-1 of an output like the input. The
// first row is nd_rows_first; each next one is row + l->rows, until false.
int64_t nd_rows_first(const nd_rows *l, int64_t from);
bool nd_rows_tile_in(nd_rows *l, int64_t row, int64_t from, int64_t to);

// Where rows lie apart, tiles are what work is cut into, so that none is
// measured twice: makes a step over them, of about `cost` nanoseconds for each
// element, or false where rows do not. Sets the tile to number `tile`; returns
// its first row.
enum { ND_ROWS_FEW = 1 << 12 };  // inputs that are not worth it
bool nd_rows_step_tiles(const nd_rows *l, float cost, nd_units_run *run,
                        nd_step *step);
int64_t nd_rows_seek(nd_rows *l, int64_t tile);

// What of piece `i` is within elements from..to-1; false if nothing is.
bool nd_rows_piece(const nd_rows *l, int64_t i, int64_t from, int64_t to,
                   nd_piece *p);

// The first piece of the tile that does not end before element `from`.
int64_t nd_rows_first_piece(const nd_rows *l, int64_t from);

// The piece's elements of the input; and of another tensor of that shape, which
// `r` reads.
const void *nd_rows_load(nd_rows *l, const nd_piece *p);
const void *nd_piece_load(const nd_piece *p, nd_reader *r);

// Computes m and s of the tile. As `keep` says, x - m or exp(x - m) stays in
// elements from..to-1 of `out`, which points to element 0.
void nd_rows_measure(nd_rows *l, nd_keep keep, char *out, int64_t from,
                     int64_t to);

// Long rows, of more than about ND_ROWS_LONG elements, are measured in parts,
// by the first ND_ROWS_STEPS steps of a work, in its `shared` memory, of which
// they take nd_rows_shared bytes; 0 if rows are not long. What runs those steps
// starts `l` as the job says.
enum { ND_ROWS_STEPS = 4, ND_ROWS_LONG = 1 << 17 };
size_t nd_rows_shared(const nd_rows *l);
void nd_rows_step(const nd_rows *l, nd_step *step, int i);
void nd_rows_run_step(nd_rows *l, int i, void *shared, int64_t from,
                      int64_t to);

// Sets m and s of the tile to what these steps found.
void nd_rows_recall(nd_rows *l, void *shared);

#endif
