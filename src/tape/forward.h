// tape/forward.h: what an accumulator is at just now.

#ifndef ND_TAPE_FORWARD_H
#define ND_TAPE_FORWARD_H

#include "nadir.h"

// True while it computes tangents. To free it then is an error of whoever does:
// the op that it heard of fails.
bool nd_accumulator_works(const nd_accumulator *a);

#endif
