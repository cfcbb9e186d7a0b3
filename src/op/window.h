// op/window.h: windows that slide over the spatial axes of a tensor of
// [batch, spatial.., channels], as convolutions and pools have them: up to
// three axes, of which those that are not there come first and have size 1.

#ifndef ND_OP_WINDOW_H
#define ND_OP_WINDOW_H

#include "op/op.h"

enum { ND_SPATIAL = 3 };

// Window number o has its tap k at position o * step + k * gap - before.
typedef struct nd_window {
  int rank;                  // axes that are there
  int64_t in[ND_SPATIAL];    // positions
  int64_t out[ND_SPATIAL];   // windows
  int64_t taps[ND_SPATIAL];  // of a window
  int64_t step[ND_SPATIAL];
  int64_t gap[ND_SPATIAL];
  int64_t before[ND_SPATIAL];  // positions of padding
  int64_t after[ND_SPATIAL];
} nd_window;

// The arguments that say how windows lie; `gaps` may be NULL for 1.
typedef struct nd_sliding {
  const nd_value *steps, *gaps, *padding;
} nd_sliding;

// How many spatial axes `x` has; -1, and an error, unless there are `wanted`
// (0: 1..3).
int nd_window_rank(nd_context *c, const nd_tensor *x, const char *name,
                   int wanted);

// Starts with `rank` axes, all of one tap at each position.
nd_window nd_window_start(int rank);

// Sizes of the spatial axes, from `first` on, into the last of three.
void nd_window_sizes(const nd_window *w, const int64_t *first, int64_t *sizes);

// Sets steps, gaps and padding, and then `out`, for taps and positions that are
// set. Errors, but not where `c` is NULL: then all was checked before.
bool nd_window_slide(nd_context *c, nd_window *w, const nd_sliding *how);

// The same where positions are wanted for windows that are set, as many as
// Keras has.
bool nd_window_unslide(nd_context *c, nd_window *w, const nd_sliding *how);

// Numbers per spatial axis, which must be 1 or more: given as one, as one for
// each axis, or for all axes of the tensor, where the first and last are 1.
bool nd_window_numbers(nd_context *c, const nd_window *w, const char *name,
                       const nd_value *v, int64_t *numbers);

#endif
