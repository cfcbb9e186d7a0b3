// lua/optimizer_step.h: optimizers at work on Variables: apply_gradients.

#ifndef ND_LUA_OPTIMIZER_STEP_H
#define ND_LUA_OPTIMIZER_STEP_H

#include "lua/signature.h"
#include "optim/optimizer.h"

// Values of a script that an optimizer has: what gives the rate of each step;
// what says of a Variable whether weight decay leaves it alone, and whether the
// rule does; the options that only scripts have, a table.
enum {
  NDL_RATE = 1,
  NDL_LEFT_BY_DECAY,
  NDL_LEFT_BY_RULE,
  NDL_SCRIPT_OPTIONS,
  NDL_OPTIMIZER_VALUES = NDL_SCRIPT_OPTIONS
};

// The optimizer that is self, or raises.
nd_optimizer *ndL_checkoptimizer(lua_State *L, const char *function);

// Sets the rate to what the function gives for the steps that are done, if
// there is one; that may do anything.
void ndL_steprate(lua_State *L, nd_optimizer *o);

// From now on the function on top, which it pops, says of Variables whether
// they are left alone.
void ndL_askof(lua_State *L, nd_optimizer *o, int what);

// The method, and what it takes.
int ndL_applygradients(lua_State *L);
extern const nd_param ndL_applyparams[];

#endif
