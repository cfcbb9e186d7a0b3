// lua/class_tape.h: what the files of the tape's binding share.

#ifndef ND_LUA_CLASS_TAPE_H
#define ND_LUA_CLASS_TAPE_H

#include "lua/bind.h"

// The tape at `i`, NULL if it is none; the tape at 1, or an error.
nd_tape *ndL_totape(lua_State *L, ndL_state *S, int i);
nd_tape *ndL_checktape(lua_State *L, const char *function);

// gradient(target, sources, output_gradients, unconnected_gradients), a Lua
// function.
int ndL_gradient(lua_State *L);

#endif
