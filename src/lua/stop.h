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

// True if a stop stands. In a state that is not ours none does.
bool ndL_stop_stands(lua_State *L);

// Raises the stop that stands, if one does.
void ndL_stop_check(lua_State *L);

// The hook goes on in `L`, which comes to run, or leaves it.
void ndL_stop_settle(lua_State *L);

// `L` runs again: arms it if a signal handler has armed the thread before it.
void ndL_stop_return(lua_State *L);

// Pushes the module "nadir.patience": `begin()` tells that from now on until
// `finish()` a loop asks by `asked()`, between its steps, whether it shall end.
// The first Ctrl-C is then its; one more stops at once.
int ndL_open_patience(lua_State *L);

#endif
