// lua/options.h: arguments by position and by name.

#ifndef ND_LUA_OPTIONS_H
#define ND_LUA_OPTIONS_H

#include <lua.h>
#include <stdbool.h>

// True if the value at `i` is a table of options: all its keys are names.
bool ndL_isoptions(lua_State *L, int i);

// Brings a call to positions: the first `fixed` arguments, then `n` that may
// also come by name in a last table. What was left out is nil.
void ndL_spread(lua_State *L, const char *function, int fixed, int n,
                const char *const *names);

// Raises unless every key of the table at `i` is one of the names.
void ndL_checknames(lua_State *L, int i, const char *function, int n,
                    const char *const *names);

// For a class that has only options: one table, or none. Leaves the table at 1.
void ndL_checkoptions(lua_State *L, const char *function, int n,
                      const char *const *names);

#endif
