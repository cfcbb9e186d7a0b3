// op/pass.h: one pass over what waits: a plan of it, its program, and the
// values that come out.

#ifndef ND_OP_PASS_H
#define ND_OP_PASS_H

#include "op/pending.h"

enum { ND_MOST_ROOTS = 16 };

// Computes `roots`, which one pass can compute, and all folds that wait for it;
// or at least a part of what they wait for, where that is too much for one
// pass. False if it was interrupted or found no memory: all waits on.
bool nd_pass_run(nd_context *c, int n, nd_tensor *const *roots);

#endif
