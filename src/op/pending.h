// op/pending.h: results that wait. An elementwise result of many elements, the
// fold of such a one over all axes, the last ones or the first, and what
// elementwise ops make of the fold over all get no values when the op is
// applied: a node keeps what it would have run. When values are asked for
// (nd_force), one pass over the elements computes them, and with them all folds
// that wait for a pass like it (op/span.h); what is only passed on lives in L1
// (op/plan.h, op/pass.h). The bits are those of running the ops one after the
// other.
//
// All is checked when the op is applied, and what a result will take is charged
// to the quota. Only an interrupt, or an allocator that has no more, can make
// the reader fail, who may then ask again.

#ifndef ND_OP_PENDING_H
#define ND_OP_PENDING_H

#include "op/engine.h"
#include "op/op.h"
#include "op/span.h"

// A kernel of `op`, its parameters and its inputs, input i read as as[i].
typedef struct nd_elements {
  const nd_op *op;
  nd_block_kernel *kernel;
  const double *p;
  int n;
  nd_tensor *const *in;
  const nd_dtype *as;
} nd_elements;

// The parameters of a kernel that may wait.
enum { ND_MOST_PARAMETERS = 2 };

typedef struct nd_space nd_space;

// What one tensor waits for.
typedef struct nd_node {
  nd_pending pending;
  nd_tensor *tensor;  // that has this node
  const nd_op *op;
  nd_block_kernel *kernel;         // NULL: a fold of in[0]
  const nd_reduction *reduction;   // which
  struct nd_node *before, *after;  // folds that wait in `space`
  nd_space *space;
  size_t charged;  // bytes counted against the quota
  int16_t depth;   // of the longest chain of nodes below
  uint8_t n;
  uint8_t passes;  // that computed it without keeping it

  // Of the plan that is made (op/plan.c): its number, whether this is a root,
  // how many of its nodes read it, the last of them, and where they find it.
  uint64_t plan;
  bool wanted;
  int uses, last, place;

  double p[ND_MOST_PARAMETERS];
  uint8_t as[ND_MAX_FEEDS];
  nd_tensor *in[ND_MAX_FEEDS];  // references; NULL: a number, see below
  nd_scalar number[ND_MAX_FEEDS];
} nd_node;

// Whether `x` has a node; slices that wait have none (op/slices.h), and no node
// has them as an input.
static inline bool nd_waits_for_pass(const nd_tensor *x)
{
  return x->waits && !nd_is_sliced(x);
}

static inline nd_node *nd_node_of(const nd_tensor *x)
{
  return (nd_node *)(void *)x->pending;
}

// The folds that wait for passes over the same span.
struct nd_space {
  nd_space *next;
  nd_span span;
  int count;
  nd_node *first, *last;
};

// NULL if there is none; that of any pass over so many elements.
nd_space *nd_space_find(const nd_context *c, const nd_span *span);
nd_space *nd_space_find_size(const nd_context *c, int64_t size);

// Whether the elements of `out`, which has no values yet, may wait.
bool nd_may_wait(const nd_elements *e, const nd_tensor *out);

// Whether the fold of a job may go on waiting with its input, and the span over
// which it would.
bool nd_may_wait_fold(const nd_job *j, nd_span *span);

// Lets `out` wait for elements, or for a fold of x. False if there is no
// memory, or if an input had to be computed and that failed.
bool nd_wait_elements(const nd_elements *e, nd_tensor *out);
bool nd_wait_fold(const nd_op *op, nd_tensor *x, const nd_span *span,
                  nd_tensor *out);

// nd_force of several.
bool nd_force_all(nd_context *c, int n, nd_tensor *const *x);

// Room for the values of the node's tensor, instead of what was charged for
// them: `*block`, or NULL where they are inline. NULL without memory.
char *nd_node_take_room(nd_node *p, nd_block **block);
void nd_node_return_room(nd_node *p, nd_block *block);

// Lets go of the node: the tensor has its values, in that room.
void nd_node_end(nd_node *p, nd_block *block);

#endif
