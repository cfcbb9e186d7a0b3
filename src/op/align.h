// op/align.h: sums over alignments of sequences of labels with times.
//
// The n = 2 L + 1 states of an example are its L labels with blanks between and
// around them. An alignment has a state for each time: it starts in one of the
// first two, ends in one of the last two, and from one time to the next stays,
// goes on by one, or by two from a label to another one that differs. It weighs
// the product of the probabilities of its states, softmax(logits) at these
// times. Sums of weights are kept as logarithms, in float64, so that nothing
// underflows.
//
//   forward   row t has for each state the sum over what leads there within t
//             times; row 0 stands before them all, in a state before the first
//   backward  the same from the end, with the states in reverse order
//
// With directions each probability is one of the numbers of op/duals.h, as if
// the logits were moved along them, and so is each sum.

#ifndef ND_OP_ALIGN_H
#define ND_OP_ALIGN_H

#include "kernel/align.h"
#include "kernel/softmax.h"
#include "op/duals.h"
#include "op/op.h"

// Inputs and attributes of a job that sums over alignments. With directions it
// wants derivatives.
enum {
  ND_ALIGN_LABELS,
  ND_ALIGN_LOGITS,
  ND_ALIGN_LENGTHS,
  ND_ALIGN_TIMES,
  ND_ALIGN_DIRECTIONS
};
enum { ND_ALIGN_TIME_MAJOR, ND_ALIGN_BLANK, ND_ALIGN_ATTRS };

typedef struct nd_align {
  const nd_align_kernels *align;
  const nd_softmax_kernels *k;         // of float64
  const nd_tensor *labels, *lengths;   // [batch L], [batch]: of each in labels
  const nd_tensor *times;              // [batch]: how many each has
  const nd_tensor *logits;             // [time batch classes], or batch first
  const nd_tensor *directions;         // [order ..] of the same; NULL: none
  int64_t time, batch, classes, most;  // most: states an example may have
  int64_t blank;  // a class, from 0; -1 if there is no such class
  int order;
  bool time_major;
  bool keeps;  // all rows, for derivatives
} nd_align;

// That of a job whose shapes are checked.
nd_align nd_align_of(const nd_job *j);

// Makes step number `i` of its work: the start, the rows of the logits, whose
// softmax comes to lie in the output where derivatives are wanted, forward,
// then backward, and what `finish` makes of it for examples, or for rows.
bool nd_align_step(const nd_job *j, nd_units_run *finish, nd_step *step, int i);

// Element `i` of integers.
int64_t nd_align_integer(const nd_tensor *x, int64_t i);

const nd_align_kernels *nd_align_find(const nd_context *c);

// Work on examples is in `shared`; times from..to-1 are done in that order, or
// backwards from the last.
size_t nd_align_shared(const nd_align *a);

// About nanoseconds that an example takes for each time, forward or backward.
float nd_align_cost(const nd_align *a);

// Reads labels and lengths, and stands before the first time.
void nd_align_start(const nd_align *a, void *shared, int64_t example);

// Where to put, for each row of the logits, what makes log probabilities of
// them: logits - shift - log. To be done before going forward.
double *nd_align_shifts(const nd_align *a, void *shared);
double *nd_align_logs(const nd_align *a, void *shared);

void nd_align_forward(const nd_align *a, void *shared, int64_t example,
                      int64_t from, int64_t to);

// The logarithm of the sum of all alignments, when forward is done: -inf where
// there are none.
double nd_align_total(const nd_align *a, void *shared, int64_t example);

// Leaves in place of forward rows the share that alignments through each state
// have in the sum of all, or its derivative along all directions. When forward
// is done.
void nd_align_backward(const nd_align *a, void *shared, int64_t example,
                       int64_t from, int64_t to);

// What is there then of a time: how many states, 0 if the example has no such
// time or no alignment; their classes, from 0, and shares.
typedef struct nd_align_shares {
  int64_t n;
  const int64_t *classes;
  const double *at;
} nd_align_shares;

nd_align_shares nd_align_shares_at(const nd_align *a, void *shared,
                                   int64_t example, int64_t t);

// The row of the logits that example and time have.
static inline int64_t nd_align_row(const nd_align *a, int64_t example,
                                   int64_t t)
{
  return a->time_major ? t * a->batch + example : example * a->time + t;
}

#endif
