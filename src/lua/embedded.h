// lua/embedded.h: the Lua sources inside the library. The table is written at
// build time from lua/**/*.lua; a module is named as `require` names it, so
// lua/nadir/init.lua is "nadir" and lua/nadir/with.lua is "nadir.with".
#ifndef ND_LUA_EMBEDDED_H
#define ND_LUA_EMBEDDED_H

#include <lua.h>

// A text is packed in groups of eight items, fewer at its end: a byte whose bit
// i says that item i is a copy, then the items. A copy repeats n = 3..18 bytes
// from d = 1..4096 bytes before, and is two bytes: the low eight bits of d - 1;
// the upper four above the four of n - 3. All else are bytes themselves.
struct ndL_embedded {
  const char *name;
  const char *path;  // what scripts write for it: "nd.plot"; several are
                     // parted by blanks; may be NULL
  const unsigned char *packed;
  size_t size;  // of the text
};

// In the order of their names; then "nadir.docs", which no file has: what
// nd.help tells of them. The last entry's name is NULL.
extern const struct ndL_embedded ndL_embedded[];

// Pushes the text. May raise errors of memory.
void ndL_pushembedded(lua_State *L, const struct ndL_embedded *e);

#endif
