// lua/newstate.h: a Lua state whose memory is a context's.

#ifndef ND_LUA_NEWSTATE_H
#define ND_LUA_NEWSTATE_H

#include <lua.h>

#include "nadir.h"

// Like luaL_newstate, on the allocator and quota of `c`, which outlives it.
// NULL when memory runs out.
lua_State *ndL_newstate(nd_context *c);

// lua_close, and the heap goes back to the context.
void ndL_closestate(lua_State *L);

// True if a script said warn "@off" in a state that ndL_newstate made. Of
// another state it cannot be known: false.
bool ndL_isquiet(lua_State *L);

// The context of a state that ndL_newstate made.
nd_context *ndL_contextof(lua_State *L);

#endif
