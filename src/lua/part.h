// lua/part.h: parts of Variables: what was read by an index may be assigned.

#ifndef ND_LUA_PART_H
#define ND_LUA_PART_H

#include "lua/state.h"

// Notes that what is on top, if a tensor, is what the Variable at 1 has by the
// index at 2. What ndL_pushparts pushes, two values, are upvalues from that one
// on.
void ndL_notepart(lua_State *L, int upvalue);
void ndL_pushparts(lua_State *L);

// v[index] = value
int ndL_setpart(lua_State *L);

// Adds `assign` to tensors. Comes after their types.
void ndL_open_part(lua_State *L);

#endif
