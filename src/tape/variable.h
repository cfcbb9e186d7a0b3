// tape/variable.h: a place for a tensor. All values it ever has share the
// variable's identity, so that a tape sees them as one source. Higher layers
// may attach what they keep for it.

#ifndef ND_TAPE_VARIABLE_H
#define ND_TAPE_VARIABLE_H

#include "kernel/scatter.h"
#include "op/op.h"

// Something that somebody keeps for a variable and that goes when it goes. It
// is a part of the keeper's own object, and on a list of the variable's.
typedef struct nd_attachment {
  struct nd_attachment *next, **link;  // link: what points here
  const void *keeper;

  // The variable goes, and this is no longer on its list.
  void (*drop)(struct nd_attachment *a);
} nd_attachment;

// The shapes that a variable may have.
typedef struct nd_shapes {
  int rank;                   // -1: any shape
  int64_t size[ND_MAX_RANK];  // -1: any size
} nd_shapes;

struct nd_variable {
  nd_context *context;
  uint32_t refs;
  bool trainable;
  bool constrained;   // whoever updates it asks its owner to constrain it
  nd_tensor *value;   // dense; each has the identity of the one before, unless
                      // that had another shape
  nd_shapes *shapes;  // NULL: only the one it has
  nd_attachment *attachments;
  int place;  // among those of the last call of an optimizer
};

// The value, borrowed, noted by the tapes as read. What an op takes.
nd_tensor *nd_variable_use(nd_variable *v);

// Makes `value`, whose reference it takes and which fits, the variable's, and
// tells nobody. False for NULL.
bool nd_variable_replace(nd_variable *v, nd_tensor *value);

// From now on the variable may have any of those shapes. False, and an error,
// if its value has none of them.
bool nd_variable_set_shapes(nd_variable *v, const nd_shapes *shapes);

// Sets the part of the value that an attribute of ND_RANGES says. `x` is
// broadcast to it.
bool nd_variable_assign_part(nd_variable *v, const nd_value *ranges,
                             nd_tensor *x);

// Rows that meet those of the value by position along the first axis, or along
// the axis that comes after as many batches as the positions have; and by lists
// of indices along the first axes, in batches of so many.
bool nd_variable_scatter_rows(nd_variable *v, nd_scatter_way way,
                              nd_tensor *positions, nd_tensor *rows);
bool nd_variable_scatter_batches(nd_variable *v, nd_scatter_way way,
                                 nd_tensor *positions, nd_tensor *rows);
bool nd_variable_scatter_nd(nd_variable *v, nd_scatter_way way,
                            int64_t batch_dims, nd_tensor *indices,
                            nd_tensor *updates);

// What the assignments are made of. Whether the context and the dtype of `x`
// are the variable's; tells recorders that it gets a value made of `x`, and of
// nothing else if it is `whole`; an op that nobody is told of, under the name
// of the function that runs, with its values.
bool nd_variable_takes(const nd_variable *v, const nd_tensor *x);
bool nd_variable_tell(nd_variable *v, nd_tensor *x, bool whole);
nd_tensor *nd_variable_compute(nd_context *c, const nd_op *op, int n,
                               nd_tensor *const *x, const nd_value *attr);

// Whether it may have that value, by its context, dtype and shape.
bool nd_variable_accepts(const nd_variable *v, const nd_tensor *x);

// Gives each of `n` variables its value, or none of them any.
bool nd_variable_assign_all(nd_context *c, int n, nd_variable *const *v,
                            nd_tensor *const *x);

// Gives `v` a value that it had, which `kept` has had since. Needs no memory
// and does not ask the context; nobody is told. What does not fit is left out.
void nd_variable_put_back(nd_variable *v, const nd_variable *kept);

// Attaches `a`, of which `keeper` and `drop` are set; detach it before it goes.
void nd_variable_attach(nd_variable *v, nd_attachment *a);
void nd_attachment_detach(nd_attachment *a);

// What `keeper` has attached, or NULL. The one that was found last is found
// first.
nd_attachment *nd_variable_attachment(nd_variable *v, const void *keeper);

#endif
