// lua/guard.h: a function of ours that fails for want of memory is called once
// more, with the same arguments, when all has been collected.

#ifndef ND_LUA_GUARD_H
#define ND_LUA_GUARD_H

#include "lua/state.h"

// Upvalues of every function of ours: the state, and what the guard calls. The
// function's own come after them.
enum { NDL_STATE = 1, NDL_GUARDED, NDL_OWN };

// Pushes `function` under guard, with `n` upvalues of its own, which it pops.
// Until it fails it must change nothing that the second call would find, and
// it must not call a script's functions, as it would call them twice.
void ndL_pushguarded(lua_State *L, lua_CFunction function, int n);

// Sets `functions`, guarded closures over the state, as fields of the table on
// top.
void ndL_setfunctions(lua_State *L, const luaL_Reg *functions);

// The same without guard, for finalizers, for what takes no memory of ours, and
// for what calls a script's functions.
void ndL_setplain(lua_State *L, const luaL_Reg *functions);

#endif
