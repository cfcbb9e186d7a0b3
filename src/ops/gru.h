// ops/gru.h: what the ways forward (gru.c) and back (gru_back.c) through the
// time of gated recurrent units share.

#ifndef ND_OPS_GRU_H
#define ND_OPS_GRU_H

#include "op/unroll.h"
#include "ops/recurrent.h"

// What is kept of each time, in blocks of units. INNER is h U + bias of g, or
// r h; BEFORE is h.
enum { Z, R, G, SUMS, INNER = SUMS, BEFORE, BLOCKS };

// Attributes, of which the way back has the first.
enum { RESET_AFTER, KEEPS };

// The product of h for all sums, or for z and r, and that of r h.
enum { ALL, LATER };

// Inputs and outputs of the way back. The first two may be scalars: 0. DX is of
// x and DM of h U, which has no times if it is the same.
enum { DY, DH, KEPT, FACTOR, SEEN_AT };
enum { DX, DM, FIRST_H };

// One factor, or two if not `after`; `flips` them for the way back.
void nd_gru_set_factors(nd_unroll *u, const nd_tensor *recurrent, bool after,
                        bool flips);

#endif
