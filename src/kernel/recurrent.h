// kernel/recurrent.h: what recurrent layers do at one time in one row, beside
// their products: each input and output is `units` elements. An output may lie
// where an input does. Sigmoids and tanh are those of kernel/math.h.

#ifndef ND_KERNEL_RECURRENT_H
#define ND_KERNEL_RECURRENT_H

#include "kernel/level.h"
#include "nadir.h"

typedef void nd_cells(int64_t units, const void *const *in, void *const *out);

enum { ND_CELLS_IN = 13, ND_CELLS_OUT = 8 };  // at most

// Gates are what the sums x + b + m become, where m is what the product of h
// gives: sigmoids, but for g, a tanh. After a prime stands what is new, and d
// is a gradient; `dy` comes in for h' of this time, and `dh` from later ones.
typedef struct nd_recurrent_kernels {
  // c' = f c + i g, h' = o tanh(c')
  //   x of i f g o, b of i f g o, m of i f g o, c
  //   -> i f g o, c, c', h', h' again
  //   i f g o, c, dy, dh, dc' -> dsum of i f g o, dc
  nd_cells *lstm, *lstm_back;

  // h' = z h + (1 - z) g, where the sum of g is x + b + r (m + n)
  //   x of z r g, b of z r g, m of z r g, n of z r g, h
  //   -> z r g, m + n of g, h, h', h' again
  //   z r g, m + n of g, h, dy, dh -> dx of z r g, dm of z r g, dh
  nd_cells *gru, *gru_back;

  // The same in two steps, where m of g is the product of r h.
  //   x of z r, b of z r, m of z r, h -> z r, r h
  //   x b m of g, z, h -> g, h, h', h' again
  //   z g, h, dy, dh -> dsum of z, dsum of g, dh
  //   r, h, dh, d(r h) -> dsum of r, dh with what comes by r h
  nd_cells *gru_gates, *gru_blend, *gru_blend_back, *gru_gates_back;
} nd_recurrent_kernels;

// By dtype; NULL for what is no float.
typedef struct nd_recurrent_table {
  const nd_recurrent_kernels *at[ND_DTYPES];
} nd_recurrent_table;

#endif
