// op/term.h: formulas as data: trees of ops over the inputs, the output, the
// parameters of an elementwise job and numbers. The slopes of elementwise ops
// are such trees (ops/vocab_term.h), and these walk them.

#ifndef ND_OP_TERM_H
#define ND_OP_TERM_H

#include "op/op.h"

enum { ND_TERM_FEW = 3 };  // operands of an op in a term

struct nd_term {
  enum {
    ND_TERM_OP,      // of the terms in `of`
    ND_TERM_INPUT,   // number `at`
    ND_TERM_OUTPUT,  // the only one
    ND_TERM_PARAM,   // number `at`
    ND_TERM_NUMBER,
    ND_TERM_LAX  // the first of `of`; the second where gradients are strict
  } kind;
  int at;
  union {
    const nd_op *op;
    double number;
  };
  const nd_term *of[ND_TERM_FEW];  // NULL after the last
};

// The term's value for the job, of the pool: its ops are applied and recorded.
nd_tensor *nd_term_apply(nd_context *c, const nd_term *t, const nd_job *j);

// What a term is computed of by blocks: `count` inputs and then the output, all
// of one float dtype.
typedef struct nd_term_feed {
  nd_level level;
  nd_dtype dtype;
  int n;  // elements, ND_BLOCK at most
  const double *p;
  int count;
  const void *const *in;
} nd_term_feed;

// The same bits, where they are: in `room` for ND_BLOCK elements, or in one of
// the inputs.
const void *nd_term_block(const nd_term *t, const nd_term_feed *f,
                          double *room);

#endif
