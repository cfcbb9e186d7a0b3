// kernel/conv.levels.c: the table of tiles.

#include "kernel/conv.h"

extern const nd_conv_kernels ND_LEVELLED(nd_conv_float32);
extern const nd_conv_kernels ND_LEVELLED(nd_conv_float64);

const nd_conv_table ND_LEVELLED(nd_conv_table) = {
  .at[ND_FLOAT32] = &ND_LEVELLED(nd_conv_float32),
  .at[ND_FLOAT64] = &ND_LEVELLED(nd_conv_float64),
};
