// lua/class_slices.h: tensors that are sums of rows: nd.IndexedSlices.

#ifndef ND_LUA_CLASS_SLICES_H
#define ND_LUA_CLASS_SLICES_H

#include "lua/state.h"

// Pushes x.values or x.indices of the tensor at 1 if one of them is the name at
// 2, else returns false. Raises for a tensor that has no rows.
bool ndL_askslices(lua_State *L, ndL_state *S);

// Adds functions to the module table on top of the stack.
void ndL_open_slices(lua_State *L);

#endif
