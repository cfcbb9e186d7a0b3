// lua/newstate.h: a Lua state whose memory is a context's.

#ifndef ND_LUA_NEWSTATE_H
#define ND_LUA_NEWSTATE_H

#include <lua.h>
#include <signal.h>
#include <stdbool.h>

#include "nadir.h"

// How what runs in it is stopped from outside: lua/stop.h has what it means.
typedef struct ndL_stop {
  bool limits;  // the hook is always armed, for an interrupter in other threads
  bool mild;
  bool stands;
  bool hushed;  // a thread died in a hook: its hooks are off for ever
  // How many loops have asked to be told of an interruption, which they end
  // after; and whether there was one that is theirs.
  volatile sig_atomic_t patient, asked;
  int looks;         // of the hook until it stops what runs; 0: no limit
  int tapes;         // entered when what runs began
  const char *word;  // what the hook says
  // Adds to the message on top where the script is, if that is wanted.
  void (*describe)(lua_State *L);
  // The thread that runs, as far as coroutine.* knows: what a signal handler
  // has to arm.
  lua_State *volatile running;
  char text[1024];  // of the last stop
} ndL_stop;

// Like luaL_newstate, on the allocator and quota of `c`, which outlives it.
// NULL when memory runs out.
lua_State *ndL_newstate(nd_context *c);

// lua_close, and the heap goes back to the context.
void ndL_closestate(lua_State *L);

// Has `tell` hear what scripts warn of by Lua's `warn`, once they have turned
// that on; it gets pieces. Before, the context's function for warnings hears
// them, whole, as "warn: text".
void ndL_tellwarnings(lua_State *L, lua_WarnFunction tell, void *data);

// True if a script said warn "@off" in a state that ndL_newstate made. Of
// another state it cannot be known: false.
bool ndL_isquiet(lua_State *L);

// The context and the stop of a state that ndL_newstate made; NULL of another.
nd_context *ndL_contextof(lua_State *L);
ndL_stop *ndL_stopof(lua_State *L);

#endif
