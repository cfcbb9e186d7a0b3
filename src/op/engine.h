// op/engine.h: the block engine. It walks shapes, strides, broadcasts and casts
// in one place, and feeds elementwise kernels with contiguous blocks.

#ifndef ND_OP_ENGINE_H
#define ND_OP_ENGINE_H

#include "tensor/reader.h"

// Where the elements of one input come from.
typedef struct nd_feed {
  enum { ND_FEED_DIRECT, ND_FEED_ONE, ND_FEED_READ } mode;
  nd_dtype as;  // what the kernel reads
  const nd_tensor *tensor;
} nd_feed;

// True for one element, or one that broadcasting repeats.
bool nd_is_one(const nd_tensor *x);

// Writes `one`, an element of `width` bytes, n times.
void nd_spread(size_t width, int64_t n, const void *one, void *out);

typedef struct nd_engine {
  nd_level level;
  nd_block_kernel *kernel;
  const double *p;  // its parameters; the caller's
  int n;
  nd_feed feeds[ND_MAX_FEEDS];
  nd_tensor *out;  // dense
} nd_engine;

// Prepares kernel(inputs broadcast to the shape of `out`). Input i is cast to
// to[i] if it has another dtype.
void nd_engine_start(nd_engine *e, nd_block_kernel *kernel, const double *p,
                     int n, nd_tensor *const *inputs, const nd_dtype *to,
                     nd_tensor *out);

// Computes elements from..to-1 of the output.
void nd_engine_run(const nd_engine *e, int64_t from, int64_t to);

#endif
