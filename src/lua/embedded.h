// lua/embedded.h: the Lua sources inside the library. The table is written at
// build time from lua/**/*.lua; a module is named as `require` names it, so
// lua/nadir/init.lua is "nadir" and lua/nadir/with.lua is "nadir.with".
#ifndef ND_LUA_EMBEDDED_H
#define ND_LUA_EMBEDDED_H

#include <stddef.h>

struct ndL_embedded {
  const char *name;
  const char *path;  // what scripts write for it: "nd.plot"; may be NULL
  const char *text;  // ends with a zero byte that size does not count
  size_t size;
};

// In the order of their names; the last entry's name is NULL.
extern const struct ndL_embedded ndL_embedded[];

#endif
