// kernel/flip.levels.c: the table of flips, and those of short elements.

#include "kernel/flip.h"

#define FLIP(name, type)                                             \
  static void name(int64_t rows, int64_t columns, const void *plane, \
                   int64_t from, void *flipped, int64_t to)          \
  {                                                                  \
    const type *in = plane;                                          \
    type *out = flipped;                                             \
    for (int64_t r = 0; r < rows; r++) {                             \
      for (int64_t c = 0; c < columns; c++)                          \
        out[r * to + c] = in[c * from + r];                          \
    }                                                                \
  }

FLIP(flip_1, uint8_t)
FLIP(flip_2, uint16_t)

extern nd_flip ND_LEVELLED(nd_flip_4), ND_LEVELLED(nd_flip_8);

const nd_flip_table
  ND_LEVELLED(nd_flip_table) = { .of = { [1] = flip_1,
                                         [2] = flip_2,
                                         [4] = ND_LEVELLED(nd_flip_4),
                                         [8] = ND_LEVELLED(nd_flip_8) } };
