// optim/frame.h: what every update rule has around it: gradients are scaled and
// clipped, weights decay, and running means of them are kept.

#ifndef ND_OPTIM_FRAME_H
#define ND_OPTIM_FRAME_H

#include <math.h>

#include "optim/rules.h"

typedef struct nd_frame {
  double scale;    // what gradients are multiplied by
  double limit;    // then their largest size; INFINITY: any
  double decay;    // the share of a weight that goes first
  double keep;     // of the running mean; the rest is the new weight
  bool overwrite;  // weights become their running means
} nd_frame;

// One step of a rule for `n` elements inside the frame; `mean` are running
// means of the weights, NULL if none are kept. All are of one dtype.
typedef void nd_frame_kernel(int64_t n, const nd_frame *f,
                             nd_update_kernel *rule, const double *k, void *out,
                             const void *w, const void *g, void *const *slots,
                             void *mean);

// The sum of the squares of `n` elements, in an order that depends on n alone.
typedef double nd_squares_kernel(int64_t n, const void *x);

// out[i] = x[i], at first, or out[i] + x[i].
typedef void nd_sum_kernel(int64_t n, bool first, void *out, const void *x);

typedef struct nd_frame_table {
  nd_frame_kernel *run[2];  // ND_FLOAT32, ND_FLOAT64
  nd_squares_kernel *squares[2];
  nd_sum_kernel *add[2];
} nd_frame_table;

const nd_frame_table *nd_frame_kernels(int level);

// Whether there is nothing around the rule.
static inline bool nd_frame_is_empty(const nd_frame *f, const void *mean)
{
  return f->scale == 1 && f->limit == (double)INFINITY && f->decay == 0 &&
         mean == NULL;
}

#endif
