// lua/draw.h: tensors for random numbers, and whole numbers drawn into them.
// What returns a tensor leaves the context's error where it returns NULL.

#ifndef ND_LUA_DRAW_H
#define ND_LUA_DRAW_H

#include "base/mt19937.h"
#include "lua/state.h"
#include "op/param.h"
#include "tensor/tensor.h"

// The rank of a result that is one Lua number, a float64, as no size was given.
enum { NDL_NO_SIZE = -1 };

// Sets the shape from the argument `size`.
void ndL_setsize(const nd_value *size, nd_type *type);

// A tensor without values. Errors are those of `function`.
nd_tensor *ndL_drawtensor(ndL_state *S, const char *function,
                          const nd_type *type);

// The smaller integer type that holds all of low..last.
nd_dtype ndL_fitintegers(int64_t low, int64_t last);

// A tensor of whole numbers of low..last. After the last int64 comes the first,
// as nd_mt19937_randint wants it.
nd_tensor *ndL_drawintegers(ndL_state *S, const char *function, nd_mt19937 *r,
                            int64_t low, int64_t last, const nd_type *type);

// 1..n in the order that `r` gives, or, if it is NULL, the stream of a seed, an
// attribute of ND_INTEGERS.
nd_tensor *ndL_drawpermutation(ndL_state *S, const char *function,
                               nd_mt19937 *r, const nd_value *seed, int64_t n);

#endif
