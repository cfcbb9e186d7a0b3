// kernel/conv_float32.levels.c: tiles of convolutions over float32.

#define REAL float
#define REAL_BITS 32
#include "kernel/conv_real.h"

const nd_conv_kernels ND_LEVELLED(nd_conv_float32) = {
  .width = panel_width,
  .height = tile_height,
  .tiles = take_tiles,
  .deep_tiles = take_deep_tiles,
  .pack = pack,
  .plus = plus,
  .columns = take_columns,
};
