// lua/constraint.h: what keeps Variables within bounds.

#ifndef ND_LUA_CONSTRAINT_H
#define ND_LUA_CONSTRAINT_H

#include "lua/state.h"
#include "tape/variable.h"

// Gives each of the variables that has a gradient and a constraint what that
// makes of it, for a step of an optimizer that is done. Raises what a
// constraint raises, under no guard: the step is not taken again.
void ndL_constrain(lua_State *L, ndL_state *S, int n,
                   nd_variable *const *variables, nd_tensor *const *gradients);

#endif
