// kernel/flip.levels.c: the table of flips, and that of bytes.

#include "kernel/flip.h"

static void flip_1(int64_t rows, int64_t columns, const void *plane,
                   int64_t from, void *flipped, int64_t to)
{
  const uint8_t *in = plane;
  uint8_t *out = flipped;
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t c = 0; c < columns; c++)
      out[r * to + c] = in[c * from + r];
  }
}

extern nd_flip ND_LEVELLED(nd_flip_4), ND_LEVELLED(nd_flip_8);

const nd_flip_table
  ND_LEVELLED(nd_flip_table) = { .of = { [1] = flip_1,
                                         [4] = ND_LEVELLED(nd_flip_4),
                                         [8] = ND_LEVELLED(nd_flip_8) } };
