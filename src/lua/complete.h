// lua/complete.h: what a half-typed name may become.

#ifndef ND_LUA_COMPLETE_H
#define ND_LUA_COMPLETE_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

enum { NDL_COMPLETE_ROOM = 128 };

typedef struct ndL_completion {
  int count;                       // of names that fit
  size_t typed;                    // bytes of them that are there
  char insert[NDL_COMPLETE_ROOM];  // what all of them add
} ndL_completion;

// Looks the name at the end of `text` up among the variables of the console at
// index `console`, globals, fields, methods and keywords. If names fit, pushes
// a list of them in the order of their letters. Runs no code of the script: it
// reads tables raw, follows __index only through tables and to what the table
// `__properties` of a metatable names, and takes the names of an object whose
// __index is a function from `__methods` there. Never raises; without memory
// there are no names.
bool ndL_complete(lua_State *L, int console, const char *text, size_t size,
                  ndL_completion *c);

#endif
