// lua/pairs.h: gradients with their variables, as apply_gradients takes them.

#ifndef ND_LUA_PAIRS_H
#define ND_LUA_PAIRS_H

#include "lua/flat.h"

// A few in place, more in a Lua userdata, so that errors free them.
typedef struct ndL_pairs {
  nd_tensor **gradients;
  nd_variable **variables;
  int n;
  int missing;
  nd_tensor *few_gradients[NDL_FEW];
  nd_variable *few_variables[NDL_FEW];
} ndL_pairs;

// Reads the arguments from 2 on of the function that runs, which has parameters
// `gradients` and `variables`.
void ndL_readpairs(lua_State *L, ndL_state *S, ndL_pairs *p);

// Warns of variables without a gradient, and raises where none has one. These
// are still the arguments of the call.
void ndL_warnmissing(lua_State *L, ndL_pairs *p);
void ndL_failmissing(lua_State *L, ndL_state *S, const ndL_pairs *p);

#endif
