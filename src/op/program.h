// op/program.h: what a pass runs on each block of elements, one code after the
// other. It is made from how nodes hang together alone: values, addresses and
// sizes are bound to its places by number (nd_bindings), and can be bound anew.

#ifndef ND_OP_PROGRAM_H
#define ND_OP_PROGRAM_H

#include "op/fold_blocks.h"

enum {
  ND_MOST_NODES = 64,
  ND_MOST_LEAVES = ND_MOST_NODES * ND_MAX_FEEDS,

  // Places of blocks, by number.
  ND_REGISTERS = 0,                             // what is only passed on
  ND_CONSTANTS = ND_REGISTERS + ND_MOST_NODES,  // one value, spread
  ND_MEMORIES = ND_CONSTANTS + ND_MOST_LEAVES,  // tensors that are read or made
  ND_PLACES = ND_MEMORIES + ND_MOST_LEAVES + ND_MOST_NODES
};

typedef struct nd_instruction {
  nd_block_kernel *kernel;  // NULL: a fold of in[0]
  uint16_t n;
  uint16_t in[ND_MAX_FEEDS];  // places
  uint16_t out;               // a place, or the number of the fold
  nd_summed_kernel *summed;   // instead, if the result is also folded
  uint16_t fold;              // into that one
  bool kept;                  // and goes to its place
  uint16_t ones;              // inputs, as bits, of which it reads one element
} nd_instruction;

typedef struct nd_program {
  int codes, registers, constants, memories, folds;
  size_t width;                 // bytes of the widest elements in registers
  bool spread[ND_MOST_LEAVES];  // constants that are read as blocks
  nd_instruction code[ND_MOST_NODES];
} nd_program;

// A tensor that is read as a dtype, over the shape of another one or in its own
// order; or values that are made.
typedef struct nd_bound_memory {
  const nd_tensor *x;  // NULL: values that are made, at `out`
  const nd_tensor *over;
  nd_dtype as;
  char *out;
} nd_bound_memory;

typedef struct nd_bound_constant {
  nd_scalar value;
  nd_dtype dtype;
} nd_bound_constant;

typedef struct nd_bound_fold {
  const nd_reduction *reduction;
  const nd_reduce_kernels *kernels;
  nd_dtype dtype;
  char *out;
} nd_bound_fold;

typedef struct nd_bindings {
  nd_span span;
  float cost;                      // about nanoseconds an element
  const double *p[ND_MOST_NODES];  // parameters, by code
  nd_bound_constant constant[ND_MOST_LEAVES];
  nd_bound_memory memory[ND_MOST_LEAVES + ND_MOST_NODES];
  nd_bound_fold fold[ND_MOST_NODES];
} nd_bindings;

// Runs the program over all elements, in units of aligned blocks whose folds
// are put together in the tree of op/fold.h. False if it was interrupted or
// found no memory.
bool nd_program_run(nd_context *c, const nd_program *p, const nd_bindings *b);

#endif
