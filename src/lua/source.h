// lua/source.h: the text of a program, and what in a file is not of it.

#ifndef ND_LUA_SOURCE_H
#define ND_LUA_SOURCE_H

#include <lua.h>
#include <stddef.h>

typedef struct ndL_source {
  const char *data;  // all of it; a string on the stack
  const char *text;  // in data, after a byte order mark and a first # line
  size_t size;       // of text
  const char *name;  // of the chunk
  int env;           // stack index of the environment, or 0
} ndL_source;

// Passes over a byte order mark and the text of a first line with #, whose end
// stays, so that lines keep their numbers.
void ndL_skipheading(ndL_source *s);

// Pushes the chunk's name and, above it, the text of a file or a message. A
// NULL path is the standard input. Only a lack of memory raises.
int ndL_readsource(lua_State *L, const char *path, ndL_source *s);

#endif
