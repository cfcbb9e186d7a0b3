// tensor/copy.h: the values of a tensor in row-major order, as one step of
// work: in runs, or where the fastest axis of the tensor is not the fastest of
// the copy, in areas of the plane of these two (kernel/flip.h).

#ifndef ND_TENSOR_COPY_H
#define ND_TENSOR_COPY_H

#include "base/work.h"
#include "tensor/walk.h"

typedef struct nd_copy {
  const nd_tensor *x;
  char *to;
  nd_walk walk;           // its axes are those of the copy
  int across;             // the fastest axis of the tensor; -1: in runs
  int64_t rows, columns;  // of an area
  int64_t down, beside;   // areas of a plane
} nd_copy;

void nd_copy_start(nd_copy *k, const nd_tensor *x, void *to);

// The step, to be run on `k`.
nd_step nd_copy_step(const nd_copy *k);

#endif
