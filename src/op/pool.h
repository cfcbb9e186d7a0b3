// op/pool.h: runs the kernels of kernel/pool.h over the windows of a tensor
// [images, positions.., channels], of which what is padded is left out.
//
// Windows are units of what has an element for each of them. What has one for
// each position has lines of positions as units, of the windows that reach into
// them, in order: so each element is one fixed sum, however lines are cut.

#ifndef ND_OP_POOL_H
#define ND_OP_POOL_H

#include "kernel/pool.h"
#include "op/window.h"

typedef enum nd_pooling {
  ND_POOL_MAX,    // y = the largest of x
  ND_POOL_TAKE,   // y = what v has where x is the largest
  ND_POOL_PUT,    // y = zeros, and v added where x is the largest
  ND_POOL_MEAN,   // y = the mean of x
  ND_POOL_SPREAD  // y = zeros, and v / count added to all of a window
} nd_pooling;

// x and y have positions or windows, as said above; v what x or y has not.
typedef struct nd_pool_work {
  nd_pooling how;
  nd_window w;
  int64_t images, channels;
  nd_dtype dtype;
  const nd_pool_kernels *k;
  const char *x, *v;
  char *y;
} nd_pool_work;

const nd_pool_kernels *nd_pool_find(const nd_tensor *like);

// Its one step, but for what runs it; units from..to-1.
void nd_pool_step(const nd_pool_work *l, nd_step *step);
void nd_pool_run(const nd_pool_work *l, int64_t from, int64_t to);

#endif
