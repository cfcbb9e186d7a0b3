// kernel/conv_float64.levels.c: tiles of convolutions over float64.

#define REAL double
#define REAL_BITS 64
#include "kernel/conv_real.h"

const nd_conv_kernels ND_LEVELLED(nd_conv_float64) = {
  .width = panel_width,
  .height = tile_height,
  .tiles = take_tiles,
  .deep_tiles = take_deep_tiles,
  .pack = pack,
  .plus = plus,
  .columns = take_columns,
};
