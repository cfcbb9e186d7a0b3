// tape/record.h: what a tape keeps of one op that happened: as little as its
// derivative will read, in one piece of memory.

#ifndef ND_TAPE_RECORD_H
#define ND_TAPE_RECORD_H

#include "op/op.h"

// A record is followed by a byte for each tensor that says how it is kept, by
// the attributes, and by what is kept (tape/record.c). It lives in the tape's
// arena; what it holds references of is let go with nd_records_clear.
typedef struct nd_record {
  struct nd_record *before, *after;
  const nd_op *op;
  int32_t n;          // tensors in
  int32_t outs : 30;  // tensors out
  bool scalars : 1;   // none of them is kept by reference
  bool closures : 1;  // some attribute is one
  int32_t node;       // of the first output; those of the others follow
  int32_t nodes[];    // of the inputs; 0: not watched
} nd_record;

typedef struct nd_chunk {
  struct nd_chunk *next;
  size_t size, used;  // of bytes
  char bytes[];
} nd_chunk;

// The records of one tape, in the order in which they happened.
typedef struct nd_records {
  uint32_t serial;  // of the tape, for now: identities know it by that
  bool hosted;      // some record has a closure that is
  nd_record *first, *last;
  nd_chunk *chunks;
} nd_records;

// Room for a record of `j`, whose `node` and `nodes` the caller sets; then
// nd_records_add keeps the rest, or the room is forgotten. NULL and false
// without memory.
nd_record *nd_records_reserve(nd_context *c, nd_records *l, const nd_job *j);
bool nd_records_add(nd_records *l, nd_record *r, const nd_job *j);

// Lets go of all.
void nd_records_clear(nd_context *c, nd_records *l);

enum { ND_OPEN_FEW = 8 };

// A record as the job that it was. Tensors that the derivative does not read
// have no values.
typedef struct nd_opened {
  nd_job job;
  bool *wanted;    // room for a bool for each input
  nd_tensor **gx;  // and for a tensor
  size_t bytes;    // of `room`
  void *room;      // instead of the few below
  nd_tensor *pointers[2 * ND_OPEN_FEW];
  bool flags[ND_OPEN_FEW];
  nd_tensor scalars[ND_OPEN_FEW];
} nd_opened;

bool nd_record_open(nd_context *c, const nd_records *l, const nd_record *r,
                    nd_opened *o);
void nd_record_close(nd_context *c, nd_opened *o);

// What nd_apply_scalar_slope takes of a record of scalars with one output: `g`,
// the inputs, the output. `g` stands in for what is not kept.
void nd_record_values(const nd_record *r, const void *g, const void **values);

// And the parameters of the op.
void nd_record_parameters(const nd_record *r, double *p);

#endif
