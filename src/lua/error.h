// lua/error.h: errors of the binding.

#ifndef ND_LUA_ERROR_H
#define ND_LUA_ERROR_H

#include "lua/state.h"

// Raises `format` at the line of the script that called us, with the layer that
// is being called (lua/within.h).
int ndL_error(lua_State *L, const char *format, ...)
  __attribute__((format(printf, 2, 3)));

// Raises the context's error, or what a callback raised for it, and clears it.
int ndL_raise(lua_State *L, ndL_state *S);

// Keeps the error on top of the stack, which it pops, for ndL_raise: a callback
// raised it where the core was.
void ndL_keepraised(lua_State *L, ndL_state *S);

// The name of the type of the value at `i`, as messages show it.
const char *ndL_typename(lua_State *L, int i);

// Raises "function: argument ... must be what, got type".
int ndL_typeerror(lua_State *L, const char *function, const char *argument,
                  const char *wanted, int i);

// The userdata at 1, which must be of `type`: scripts can get at metamethods by
// debug.getmetatable, and call them with anything.
void *ndL_checkself(lua_State *L, ndL_type type, const char *function);

#endif
