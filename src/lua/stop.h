// lua/stop.h: how what runs in a state of ours is stopped from outside, by
// nd_interrupt in a host and by Ctrl-C in the program.
//
// A stop is raised wherever its hook or an op notices it. A mild one is an
// error that scripts may catch. Any other stands until the call that it ends
// has returned: it is raised as Lua's own error of memory, which no message
// handler sees, and again at the next instruction of whoever caught it, so
// that no handler and no function of the script's goes on.

#ifndef ND_LUA_STOP_H
#define ND_LUA_STOP_H

#include <lua.h>
#include <stdbool.h>

typedef struct ndL_stop {
  bool limits;  // the hook is always armed, for an interrupter in other threads
  bool mild;
  bool stands;
  bool hushed;       // a thread died in a hook: its hooks are off for ever
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

// The stop of a state that ndL_newstate made.
ndL_stop *ndL_stopof(lua_State *L);

// Begins and ends what a stop ends. An interruption from before is forgotten.
void ndL_stop_begin(lua_State *L);
void ndL_stop_end(lua_State *L);

// Begins what runs while the state closes, which has an end even where nobody
// interrupts it, if there are limits.
void ndL_stop_close(lua_State *L);

// Arms `L`, from a signal handler too: its next instruction sees the stop.
void ndL_stop_arm(lua_State *L);

// Raises a stop that says `message`, outside hooks.
int ndL_stop_raise(lua_State *L, const char *message);

// Raises the stop that stands, if one does.
void ndL_stop_check(lua_State *L);

// The hook goes on in `L`, which comes to run, or leaves it.
void ndL_stop_settle(lua_State *L);

// `L` runs again: arms it if a signal handler has armed the thread before it.
void ndL_stop_return(lua_State *L);

#endif
