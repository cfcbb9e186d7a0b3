// lua/nested.h: tables of tensors, nested and with names as keys, in an order
// that users can rely on: 1, 2, ..., then names by their letters.

#ifndef ND_LUA_NESTED_H
#define ND_LUA_NESTED_H

#include "lua/state.h"

// How deep tables of tensors may be nested, and how many they may hold.
enum { NDL_DEEPEST = 32, NDL_MOST_LEAVES = 1 << 24 };

// Raises unless the value at `i`, which is no tensor, is a table that is not
// nested too deep.
void ndL_checknested(lua_State *L, int i, const char *function,
                     const char *argument, int depth);

// Pushes the list of keys of the table at `i`, in order: numbers, strings, then
// others as Lua has them.
void ndL_pushkeys(lua_State *L, int i);

// True if the table at `i`, whose list has `n` positions, has no other keys.
bool ndL_islist(lua_State *L, int i, lua_Integer n);

// True if the value at `i` is a list of tensors and variables and nothing else.
bool ndL_isplain(lua_State *L, ndL_state *S, int i);

// Pushes the list of the tensors and variables in the tables at `i`, in order.
// True if that is the table itself, a plain one.
bool ndL_pushleaves(lua_State *L, ndL_state *S, int i, const char *function,
                    const char *argument);

// Pushes what messages call the leaf `n`, counted from 0, of the value at `i`,
// then the leaf: " 2", " layer.w 'bias'", or "" for a value that is a leaf.
// False, and nothing pushed, if there is none.
bool ndL_pushlabel(lua_State *L, ndL_state *S, int i, int n);

// Pushes `path`, and the name that the value at `i` has if it is a variable.
void ndL_pushnamed(lua_State *L, ndL_state *S, const char *path, int i);

#endif
