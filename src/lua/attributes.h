// lua/attributes.h: one argument that is no tensor, as its parameter says.

#ifndef ND_LUA_ATTRIBUTES_H
#define ND_LUA_ATTRIBUTES_H

#include "lua/options.h"

// Reads the argument at `i`; raises if it is of another kind than `p`. Of what
// stays a Lua value, such as a text, only the type is checked.
void ndL_readattr(ndL_reader *r, const nd_param *p, int i, nd_value *v);

// Raises "function: name must be what, got type", or that it is missing, of the
// value at `i`.
void ndL_failattr(const ndL_reader *r, const nd_param *p, int i);

// Pushes what messages say that the argument must be.
void ndL_pushwanted(lua_State *L, const nd_param *p);

// Whether the value at `i` is a function or may be called like one; of a
// setting that may be, the reader gives the initial value.
bool ndL_iscallable(lua_State *L, int i);

// Which of nd_range_words is at `i`; -1.
int ndL_rangeword(lua_State *L, int i);

#endif
