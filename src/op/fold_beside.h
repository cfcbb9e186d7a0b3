// op/fold_beside.h: folds rows whose outputs lie beside each other in memory,
// as those of a transposed tensor do: the lanes of many outputs at once, each a
// column of inputs. So nothing is transposed; the tree is that of all rows
// (op/fold.h).

#ifndef ND_OP_FOLD_BESIDE_H
#define ND_OP_FOLD_BESIDE_H

#include "kernel/reduce.h"
#include "tensor/walk.h"

// How many outputs of `inputs` each are folded at a time, at most.
int64_t nd_fold_beside_most(int64_t inputs, size_t width);

// Folds the next `inputs`, a part of a row at most, of `n` outputs: `walk` is
// over the rows, and stands at the first input of the first.
void nd_fold_beside(nd_walk *walk, const nd_reduce_kernels *k, int64_t n,
                    int64_t inputs, void *out);

#endif
