// lua/bytes.h: the values of tensors as bytes, little endian and in row-major
// order, as files have them.

#ifndef ND_LUA_BYTES_H
#define ND_LUA_BYTES_H

#include "lua/state.h"
#include "tensor/tensor.h"

// Values in memory are what bytes say, but that any byte of a bool other than 0
// becomes 1. `x` is dense and nobody has it yet.
void ndL_settlebytes(nd_tensor *x);

// Adds nd.from_bytes to the module table on top of the stack, and x:tobytes.
void ndL_open_bytes(lua_State *L);

#endif
