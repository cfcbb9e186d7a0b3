// tensor/reader.h: the values of a tensor, some at a time, in an order and as a
// dtype that who reads them chooses. All that computes with values gets them
// here; what only moves them walks (tensor/walk.h).

#ifndef ND_TENSOR_READER_H
#define ND_TENSOR_READER_H

#include "kernel/block.h"
#include "kernel/convert.h"
#include "tensor/tile.h"

typedef struct nd_reader {
  nd_walk walk;
  nd_level level;
  nd_dtype from, as;
  size_t width;           // bytes of an element as it is read
  nd_tile *tile;          // what nd_reader_at reads by; NULL: by runs
  double room[ND_BLOCK];  // of any dtype
} nd_reader;

// Starts at the first element of `x`, in its own order; over a shape that it
// broadcasts to; with its axes in the order `axes`, counted from 0.
void nd_reader_start(nd_reader *r, const nd_tensor *x, nd_dtype as);
void nd_reader_broadcast(nd_reader *r, const nd_tensor *x, nd_dtype as,
                         int rank, const int64_t *shape);
void nd_reader_permuted(nd_reader *r, const nd_tensor *x, nd_dtype as,
                        const int *axes);

// Reads by tiles from now on, where that is faster, in the room of `t`.
void nd_reader_use(nd_reader *r, nd_tile *t);

// Moves to element `from`.
void nd_reader_seek(nd_reader *r, int64_t from);

// The next `n` elements, ND_BLOCK at most: where they are if they lie there as
// they are wanted, else in the reader, until the next call.
const void *nd_reader_next(nd_reader *r, int64_t n);

// Element 0, if all elements lie behind it as they are wanted; else NULL.
const void *nd_reader_place(const nd_reader *r);

// The `n` elements from `from` on, as nd_reader_next gives them.
const void *nd_reader_at(nd_reader *r, int64_t from, int64_t n);

#endif
