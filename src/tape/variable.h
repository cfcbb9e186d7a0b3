// tape/variable.h: a place for a tensor. All values it ever has share the
// variable's identity, so that a tape sees them as one source. Higher layers
// may attach what they keep for it.

#ifndef ND_TAPE_VARIABLE_H
#define ND_TAPE_VARIABLE_H

#include "tensor/tensor.h"

// Something that somebody keeps for a variable and that goes when it goes. It
// is a part of the keeper's own object, and on a list of the variable's.
typedef struct nd_attachment {
  struct nd_attachment *next, **link;  // link: what points here
  const void *keeper;

  // The variable goes, and this is no longer on its list.
  void (*drop)(struct nd_attachment *a);
} nd_attachment;

struct nd_variable {
  nd_context *context;
  uint32_t refs;
  bool trainable;
  nd_tensor *value;  // dense; each has the identity of the one before
  nd_attachment *attachments;
};

// The value, borrowed, noted by the tapes as read. What an op takes.
nd_tensor *nd_variable_use(nd_variable *v);

// Makes `value`, whose reference it takes and which fits, the variable's, and
// tells nobody. False for NULL.
bool nd_variable_replace(nd_variable *v, nd_tensor *value);

// Attaches `a`, of which `keeper` and `drop` are set; detach it before it goes.
void nd_variable_attach(nd_variable *v, nd_attachment *a);
void nd_attachment_detach(nd_attachment *a);

// What `keeper` has attached, or NULL. The one that was found last is found
// first.
nd_attachment *nd_variable_attachment(nd_variable *v, const void *keeper);

#endif
