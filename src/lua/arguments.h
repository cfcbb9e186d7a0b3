// lua/arguments.h: the arguments of an op, read from the Lua stack as its entry
// says.

#ifndef ND_LUA_ARGUMENTS_H
#define ND_LUA_ARGUMENTS_H

#include "lua/attributes.h"
#include "lua/box.h"
#include "lua/error.h"
#include "lua/pace.h"
#include "lua/values.h"
#include "op/op.h"

// Upvalue 1 of an op's closure: what its calls need to know.
typedef struct ndL_bound {
  ndL_state *S;
  const nd_op *op;
  int tensors;         // that a short call gives, and nothing else; 0: none may
  bool alike;          // of one dtype, which a number takes
  nd_value initial[];  // of the attributes
} ndL_bound;

// A call of an op in progress. L, S, bound, op and top are the caller's to set.
typedef struct ndL_call {
  lua_State *L;
  ndL_state *S;
  const ndL_bound *bound;
  const nd_op *op;
  int n;           // tensors
  nd_tensor **in;  // `few`, or a userdata on the stack
  nd_tensor *few[ND_FEW];
  const nd_value *attr;  // `values`, or the initial ones
  nd_value values[ND_MAX_ATTRS];
  int top;         // arguments
  int at[ND_FEW];  // stack indices of the tensor arguments
  int list;        // stack index of the list of tensors, 0: none
  nd_tensor scalars[ND_FEW];
  ndL_reader reader;  // of a call that is not just few tensors
} ndL_call;

// Pushes a new one.
void ndL_pushbound(lua_State *L, ndL_state *S, const nd_op *op);

typedef enum ndL_read {
  NDL_READ,
  NDL_READ_MORE,  // and left something on the stack
  NDL_TAKEN       // there is an object that takes the call: see lua/op.c
} ndL_read;

// Reads the arguments into `k`, which borrows from the stack; raises if
// they do not fit the entry. If an object takes the call, its function is on
// top.
ndL_read ndL_checkargs(ndL_call *k);

// Reads the tensors once more, after an allocation: one may run a finalizer,
// and that may have given a variable another value, or released a tensor.
void ndL_readagain(ndL_call *k);

#endif
