// lua/source.c: reads the texts of programs.

#include "lua/source.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Runs protected: the text of the file in the argument.
static int read_all(lua_State *L)
{
  FILE *f = lua_touserdata(L, 1);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  size_t n;
  do {
    n = fread(luaL_prepbuffer(&b), 1, LUAL_BUFFERSIZE, f);
    luaL_addsize(&b, n);
  } while (n == LUAL_BUFFERSIZE);
  luaL_pushresult(&b);
  return 1;
}

void ndL_skipheading(ndL_source *s)
{
  const char *end = s->text + s->size;
  const char *p = s->text;
  if (s->size >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
    p += 3;
  if (p < end && *p == '#') {
    while (p < end && *p != '\n')
      p++;
    if (end - p > 1 && p[1] == LUA_SIGNATURE[0])
      p++;
  }
  s->size = (size_t)(end - p);
  s->text = p;
}

static int push_failure(lua_State *L, const char *what, const char *path)
{
  const int number = errno;
  lua_pushfstring(L, "cannot %s %s: %s", what, path != NULL ? path : "stdin",
                  strerror(number));
  return LUA_ERRFILE;
}

// Pushes the file's text, or the message.
static int push_file(lua_State *L, const char *path)
{
  FILE *f = path != NULL ? fopen(path, "rb") : stdin;
  if (f == NULL)
    return push_failure(L, "open", path);
  lua_pushcfunction(L, read_all);
  lua_pushlightuserdata(L, f);
  errno = 0;
  const int status = lua_pcall(L, 1, 1, 0);
  const bool failed = ferror(f) != 0;
  const int number = errno;
  if (path != NULL)
    fclose(f);
  if (status != LUA_OK || !failed)
    return status;
  lua_pop(L, 1);
  errno = number;
  return push_failure(L, "read", path);
}

int ndL_readsource(lua_State *L, const char *path, ndL_source *s)
{
  luaL_checkstack(L, 12, NULL);
  s->name = path != NULL ? lua_pushfstring(L, "@%s", path)
                         : lua_pushliteral(L, "=stdin");
  const int status = push_file(L, path);
  if (status == LUA_OK) {
    s->data = s->text = lua_tolstring(L, -1, &s->size);
    ndL_skipheading(s);
  }
  return status;
}
