// op/stream.h: which stream of random numbers a call draws from.
//
// Each call takes the context's next stream, which dispatch takes back from one
// that fails, and element i depends only on the seed, the stream and i. A call
// that is given a seed has a sequence of its own; one that is given two numbers
// has their stream, whatever was drawn before.

#ifndef ND_OP_STREAM_H
#define ND_OP_STREAM_H

#include "base/philox.h"
#include "op/op.h"

// An error unless the seed, an attribute of ND_INTEGERS, is nil, one number or
// two; and unless it is two.
bool nd_stream_check(nd_context *c, const nd_value *seed);
bool nd_stream_check_stateless(nd_context *c, const nd_value *seed);

// Takes the next stream, once per call, before its units run. Always true.
bool nd_stream_take(nd_context *c, const nd_value *seed);

// The stream that was taken.
nd_philox nd_stream_of(const nd_context *c, const nd_value *seed);

#endif
