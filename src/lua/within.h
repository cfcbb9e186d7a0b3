// lua/within.h: within which calls of layers an error happens. Functions of our
// Lua modules that call layers are marked in a table; the calls that run are
// looked through for them when there is an error, and never before.

#ifndef ND_LUA_WITHIN_H
#define ND_LUA_WITHIN_H

#include <lua.h>

// Makes of the message on top of the stack one that says so, if it happens
// within any. Raises nothing: without memory for it the message stays.
void ndL_addwithin(lua_State *L);

// Pushes the module "nadir.frames": `running(marked)` gives of each function
// that runs and is a key of the table, innermost first, { value, first
// argument, second }; `on_error(f)` has f(message) make what ndL_addwithin
// leaves, which `add_within(message)` gives.
int ndL_open_frames(lua_State *L);

#endif
