// op/fold_across.h: folds rows whose inputs lie beside each other in memory,
// but come in another order, where the streams between are too long for a tile
// (tensor/tile.h): some streams are read side by side, and the lanes of their
// blocks kept until all blocks of a part are there. The tree is that of all
// rows (op/fold.h).

#ifndef ND_OP_FOLD_ACROSS_H
#define ND_OP_FOLD_ACROSS_H

#include "op/fold.h"

enum { ND_ACROSS_ROOM = 1 << 17, ND_ACROSS_LANES = 1 << 16 };  // bytes

typedef struct nd_fold_across {
  const nd_reduce_kernels *k;
  nd_flip *flip;
  nd_walk walk;
  int axis;          // that along which inputs lie beside each other
  int64_t stream;    // inputs until that axis goes on
  int64_t base;      // the row: its first element
  int64_t from, to;  // inputs of the row
  _Alignas(64) char room[ND_ACROSS_ROOM];
  _Alignas(64) char lanes[ND_ACROSS_LANES];
} nd_fold_across;

// Starts on the rows that `r` reads; false if nothing is to be had by it.
bool nd_fold_across_start(nd_fold_across *a, const nd_reader *r,
                          const nd_reduce_kernels *k);

// How many parts are folded at a time, at most.
int64_t nd_fold_across_most(const nd_fold_across *a);

// Folds inputs from..to-1 of the row that begins at element `base`, such parts,
// of which the last may be shorter; that of part i goes to out[i].
void nd_fold_across_run(nd_fold_across *a, int64_t base, int64_t from,
                        int64_t to, char *out);

#endif
