// kernel/move.h: moves rows, of which short ones are many.

#ifndef ND_KERNEL_MOVE_H
#define ND_KERNEL_MOVE_H

#include "nadir.h"

// Copies `n` rows of `bytes`, each so many bytes behind the one before.
void nd_move_rows(int64_t n, int64_t bytes, const char *in, int64_t in_apart,
                  char *out, int64_t out_apart);

// Row i of `out` is row index[i] of `in`, counted from 0, without gaps.
void nd_pick_rows(int64_t n, int64_t bytes, const int64_t *index,
                  const char *in, char *out);

#endif
