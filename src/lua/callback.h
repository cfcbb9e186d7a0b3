// lua/callback.h: calls of Lua from within the core.

#ifndef ND_LUA_CALLBACK_H
#define ND_LUA_CALLBACK_H

#include "lua/state.h"

// Calls `function` with `data` as light userdata, protected, in the Lua thread
// that is within the core or, for a host, in the main one. False after an
// error: then the context has it, and ndL_raise raises its very value.
bool ndL_callback(ndL_state *S, lua_CFunction function, void *data);

#endif
