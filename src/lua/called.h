// lua/called.h: one call of a function with a gradient of its own, as the core
// keeps it (lua/custom.md).

#ifndef ND_LUA_CALLED_H
#define ND_LUA_CALLED_H

#include "lua/state.h"
#include "tape/custom.h"

// What Lua keeps of a call, a table of these: the script's function; for each
// argument its number among the inputs, a table of such, or false; the list of
// variables that were read, or false.
enum { NDL_GRADIENT = 1, NDL_SHAPES, NDL_VARIABLES };

// The rule of one call. Its table is found by `number`.
typedef struct ndL_called {
  nd_custom_rule rule;
  ndL_state *S;
  lua_Integer number;
  bool stray;               // the registry holds its table
  struct ndL_called *next;  // of those that are to be forgotten
} ndL_called;

void ndL_open_called(lua_State *L);

// A rule with one reference, by which the table at `call` is found as long as
// somebody holds that; raises without memory.
ndL_called *ndL_makecalled(lua_State *L, ndL_state *S, int call);

// Has every tape that has recorded the call hold its table at `call`, or, where
// one cannot be found, the registry. The call gave the `n` tensors `out`.
void ndL_holdcall(lua_State *L, const ndL_state *S, ndL_called *f, int call,
                  int n, nd_tensor *const *out);

// Lets go of what tapes of hosts no longer keep.
void ndL_dropstrays(lua_State *L, ndL_state *S);

#endif
