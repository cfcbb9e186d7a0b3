// lua/class_explain.h: why a source has no gradient.

#ifndef ND_LUA_CLASS_EXPLAIN_H
#define ND_LUA_CLASS_EXPLAIN_H

#include "lua/flat.h"

// Adds the method `explain` to the class of tapes, which is open.
void ndL_open_explain(lua_State *L);

// Raises why the first of the sources, which are at 3, has no gradient on the
// tape at 1, if none of the `n` targets depends on it. The tape stays as it is.
void ndL_requireconnected(lua_State *L, ndL_state *S, const char *function,
                          int n, nd_tensor *const *targets,
                          const ndL_flat *sources);

#endif
