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

// A call of an op in progress. L, S, op and top are the caller's to set.
typedef struct ndL_call {
  lua_State *L;
  ndL_state *S;
  const nd_op *op;
  int n;           // tensors
  nd_tensor **in;  // `few`, or a userdata on the stack
  nd_tensor *few[ND_FEW];
  nd_value attr[ND_MAX_ATTRS];
  int top;         // arguments
  int at[ND_FEW];  // stack indices of the tensor arguments
  int list;        // stack index of the list of tensors, 0: none
  nd_tensor scalars[ND_FEW];
  ndL_reader reader;  // of a call that is not just few tensors
} ndL_call;

// The upvalue of an op's closure with its attributes' initial values.
enum { NDL_INITIAL = 5 };

// Reads the arguments into `k`, which borrows from the stack; raises if
// they do not fit the entry.
void ndL_checkargs(ndL_call *k);

// Reads the tensors once more, after an allocation: one may run a finalizer,
// and that may have given a variable another value, or released a tensor.
void ndL_readagain(ndL_call *k);

#endif
