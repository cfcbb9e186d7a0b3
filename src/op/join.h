// op/join.h: makes fewer loops of a program: what one kernel does for two codes
// in a row, and sums of what is just computed. The kernels are made beside the
// ops whose formulas they join (ops/joined.h).

#ifndef ND_OP_JOIN_H
#define ND_OP_JOIN_H

#include "op/program.h"

// Joins what it can, to the same bits. Parameters move with their codes.
void nd_program_join(nd_program *p, nd_bindings *b, nd_level level);

#endif
