// kernel/flip.levels.c: the table of flips, and those of short elements.

#include "kernel/flip_plain.h"

static void flip_1(int64_t rows, int64_t columns, const void *plane,
                   int64_t from, void *flipped, int64_t to)
{
  nd_flip_edge(rows, columns, 1, plane, from, flipped, to);
}

static void flip_2(int64_t rows, int64_t columns, const void *plane,
                   int64_t from, void *flipped, int64_t to)
{
  nd_flip_edge(rows, columns, 2, plane, from, flipped, to);
}

extern nd_flip ND_LEVELLED(nd_flip_4), ND_LEVELLED(nd_flip_8);

const nd_flip_table
  ND_LEVELLED(nd_flip_table) = { .of = { [1] = flip_1,
                                         [2] = flip_2,
                                         [4] = ND_LEVELLED(nd_flip_4),
                                         [8] = ND_LEVELLED(nd_flip_8) } };
