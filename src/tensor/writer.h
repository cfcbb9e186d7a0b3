// tensor/writer.h: the elements of a tensor that is being made, some at a time,
// as the dtype that who makes them computes in: the twin of tensor/reader.h.
// What computes in the tensor's own dtype anyway writes to its `data`.

#ifndef ND_TENSOR_WRITER_H
#define ND_TENSOR_WRITER_H

#include "kernel/block.h"
#include "tensor/tensor.h"

typedef struct nd_writer {
  nd_level level;
  nd_dtype as, to;
  int64_t width;          // bytes of an element where it stays
  char *data;             // element 0
  char *next;             // the next element
  double room[ND_BLOCK];  // of any dtype
} nd_writer;

// Starts at the first element of `x`, which has values that nobody reads yet.
void nd_writer_start(nd_writer *w, const nd_tensor *x, nd_dtype as);

// Moves to element `from`.
void nd_writer_seek(nd_writer *w, int64_t from);

// Where to leave the next `n` elements, ND_BLOCK at most: where they are to
// stay if they stay as they are written, else in the writer. They are in the
// tensor after nd_writer_done, and the writer behind them.
void *nd_writer_next(nd_writer *w);
void nd_writer_done(nd_writer *w, int64_t n);

// Writes one element, number `i`; the writer is behind it.
void nd_writer_put(nd_writer *w, int64_t i, const void *value);

#endif
