// lua/optimizer_state.h: methods of optimizers: what they keep of Variables,
// and which they leave alone.

#ifndef ND_LUA_OPTIMIZER_STATE_H
#define ND_LUA_OPTIMIZER_STATE_H

#include "lua/signature.h"

extern const ndL_function ndL_statemethods[];

#endif
