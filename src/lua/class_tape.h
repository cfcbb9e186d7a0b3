// lua/class_tape.h: tapes.

#ifndef ND_LUA_CLASS_TAPE_H
#define ND_LUA_CLASS_TAPE_H

#include "lua/box.h"
#include "tape/tape.h"

// Adds nd.GradientTape to the module table on top of the stack.
void ndL_open_tape(lua_State *L);

// Pushes the table of what the records of `t` need of Lua, which lives as long
// as the tape's box; if there is none, a new one or, without `make`, nil. Nil,
// too, if a host made the tape, or its box has no place.
void ndL_pushheld(lua_State *L, const ndL_state *S, const nd_tape *t,
                  bool make);

// Lets go of that of the tape at 1, as its records are dropped.
void ndL_dropheld(lua_State *L, const ndL_state *S);

// The tape at `i`, NULL if it is none; the tape at 1, or an error.
nd_tape *ndL_totape(lua_State *L, const ndL_state *S, int i);
nd_tape *ndL_checktape(lua_State *L, ndL_state *S, const char *function);

#endif
