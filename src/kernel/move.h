// kernel/move.h: moves rows, of which short ones are many.

#ifndef ND_KERNEL_MOVE_H
#define ND_KERNEL_MOVE_H

#include "nadir.h"

// Copies `n` rows of `bytes`, each so many bytes behind the one before.
void nd_move_rows(int64_t n, int64_t bytes, const char *in, int64_t in_apart,
                  char *out, int64_t out_apart);

// The same of one row, again and again, into rows without gaps.
void nd_repeat_row(int64_t n, int64_t bytes, const char *in, char *out);

// Row i of `out`, without gaps and of `bytes`, is the element of `width` bytes
// at `in` + i in_apart, again and again.
void nd_fill_rows(int64_t n, int64_t bytes, int64_t width, const char *in,
                  int64_t in_apart, char *out);

// Row i of `out`, without gaps, is row index[i] of the `size` rows of `in`,
// counted from 1 or from -1.
void nd_pick_rows(int64_t n, int64_t bytes, const int32_t *index, int64_t size,
                  const char *in, char *out);

#endif
