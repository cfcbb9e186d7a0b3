// lua/pace.h: when the collector runs.

#ifndef ND_LUA_PACE_H
#define ND_LUA_PACE_H

#include "lua/state.h"

// Begins to count, with nothing held.
void ndL_startpace(ndL_state *S);

// Calls the collector if tensors or objects grew enough since the last time.
void ndL_pace(lua_State *L, ndL_state *S);

// Collects everything that can be.
void ndL_collect(lua_State *L, ndL_state *S);

// True after a failure for want of memory: all is collected, and worth another
// try. Finalizers have run.
bool ndL_retry(lua_State *L, ndL_state *S);

#endif
