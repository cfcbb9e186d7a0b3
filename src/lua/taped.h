// lua/taped.h: the userdata of tapes, from their making to their end.

#ifndef ND_LUA_TAPED_H
#define ND_LUA_TAPED_H

#include "lua/state.h"

// What the userdata of a tape has.
typedef struct ndL_taped {
  nd_tape *tape;
  int place;                         // among those that can be found
  struct ndL_taped *before, *after;  // all those of the state
} ndL_taped;

// Begins with the tape.
void ndL_taped_start(ndL_state *S, ndL_taped *b, nd_tape *t);

// Whether it can be found.
bool ndL_taped_has_place(const ndL_state *S, const ndL_taped *b);

// Takes the tape away from it.
nd_tape *ndL_taped_end(ndL_state *S, ndL_taped *b);

// The same, and lets go of the tape, as Lua frees the userdata: nothing of Lua
// is called.
void ndL_taped_drop(ndL_state *S, ndL_taped *b);

// Frees the tapes that could not be freed then, for what they have of a host.
void ndL_taped_free_lost(ndL_state *S);

// Frees all tapes, as the state ends.
void ndL_taped_free_all(ndL_state *S);

#endif
