// tensor/walk.h: finds the elements of a strided tensor in row-major order, in
// runs of any length, from any position. What computes with them reads them by
// tensor/reader.h.

#ifndef ND_TENSOR_WALK_H
#define ND_TENSOR_WALK_H

#include "tensor/tensor.h"

typedef struct nd_walk {
  const char *data;
  size_t width;  // bytes of an element
  int rank;      // axes left after merging
  int64_t shape[ND_MAX_RANK];
  int64_t strides[ND_MAX_RANK];  // in bytes
  int64_t at[ND_MAX_RANK];       // position of the next element
  int64_t offset;                // of that position, in bytes
} nd_walk;

// Starts at element `from` of `x`.
void nd_walk_start(nd_walk *w, const nd_tensor *x, int64_t from);

// The same over a shape that `x` broadcasts to: `shape` has at least as many
// axes as `x`, which is aligned at the last one.
void nd_walk_broadcast(nd_walk *w, const nd_tensor *x, int rank,
                       const int64_t *shape, int64_t from);

// Over `x` with its axes in the order `axes`, counted from 0.
void nd_walk_permuted(nd_walk *w, const nd_tensor *x, const int *axes,
                      int64_t from);

// Over `n` axes of `x`, where all others stay at their first element. It is to
// be moved before it is used.
void nd_walk_axes(nd_walk *w, const nd_tensor *x, int n, const int *axes);

// Moves to element `from`.
void nd_walk_seek(nd_walk *w, int64_t from);

// True if the elements lie one after the other in memory.
bool nd_walk_is_dense(const nd_walk *w);

// The axis whose elements lie beside each other in memory, if that is not the
// last one; -1. And how many elements come until an axis goes on.
int nd_walk_across(const nd_walk *w);
int64_t nd_walk_inside(const nd_walk *w, int axis);

// Passes the next elements, `n` at most, that are equally far apart: returns
// how many, where the first is, and how many bytes the next is behind it.
int64_t nd_walk_run(nd_walk *w, int64_t n, const char **first, int64_t *stride);

// Moves to element `from`. Rows of `n` elements begin there and at every
// `apart` elements from there on; returns how many lie in one piece each and
// `stride` bytes apart, and where the first is. 0 if that does not.
int64_t nd_walk_rows(nd_walk *w, int64_t from, int64_t n, int64_t apart,
                     const char **first, int64_t *stride);

// Copies the next `n` elements to `out`.
void nd_walk_copy(nd_walk *w, int64_t n, void *out);

// The next `n` elements, where they are if they lie together there, else copied
// to `room`.
const void *nd_walk_next(nd_walk *w, int64_t n, void *room);

#endif
