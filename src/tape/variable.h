// tape/variable.h: a place for a tensor. All values it ever has share the
// variable's identity, so that a tape sees them as one source.

#ifndef ND_TAPE_VARIABLE_H
#define ND_TAPE_VARIABLE_H

#include "tensor/tensor.h"

struct nd_variable {
  nd_context *context;
  uint32_t refs;
  bool trainable;
  uint64_t id;
  nd_tensor *value;  // dense
};

// The value, borrowed, noted by the tapes as read. What an op takes.
nd_tensor *nd_variable_use(nd_variable *v);

// The value's memory, made the variable's own: an update may write to it after
// reading *old, which stays valid until nd_variable_updated.
bool nd_variable_replace(nd_variable *v, nd_tensor *value);

#endif
