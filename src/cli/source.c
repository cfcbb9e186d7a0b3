// cli/source.c: reading and loading. The translator, "nadir.syntax", costs
// milliseconds to start, so it is required only for a text that has the word.

#include "cli/source.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scan.h"

struct source {
  char *data;        // owned
  const char *text;  // in data, after a byte order mark and a first # line
  size_t size;       // of text
  const char *name;  // of the chunk
  int env;           // stack index of the environment, or 0
};

// The address is the registry's key of the `require` that scripts cannot see.
static const char require_key;

// ------------------------------------------------------------ translating --

// Runs protected. The arguments are the entry's name, a source and, if it has
// one, its environment; the results are those of the entry.
static int translate(lua_State *L)
{
  const struct source *s = lua_touserdata(L, 2);
  const bool has_env = lua_gettop(L) == 3;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &require_key);
  lua_pushliteral(L, "nadir.syntax");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, lua_touserdata(L, 1));
  lua_pushlstring(L, s->text, s->size);
  lua_pushstring(L, s->name);
  lua_pushliteral(L, "t");
  if (has_env)
    lua_pushvalue(L, 3);
  lua_call(L, has_env ? 4 : 3, 2);
  return 2;
}

// Pushes what the translator's entry returns, or its message.
static int call_translator(lua_State *L, const struct source *s,
                           const char *entry)
{
  lua_pushcfunction(L, translate);
  lua_pushlightuserdata(L, (void *)entry);
  lua_pushlightuserdata(L, (void *)s);
  if (s->env != 0)
    lua_pushvalue(L, s->env);
  const int status = lua_pcall(L, s->env != 0 ? 3 : 2, 2, 0);
  if (status != LUA_OK)
    return status;
  if (!lua_toboolean(L, -2)) {
    lua_remove(L, -2);
    return LUA_ERRSYNTAX;
  }
  lua_pop(L, 1);
  return LUA_OK;
}

static bool needs_translator(const struct source *s, const char *mode)
{
  if (s->size > 0 && s->text[0] == LUA_SIGNATURE[0])
    return false;
  if (mode != NULL && strchr(mode, 't') == NULL)
    return false;
  return cli_scan_with(s->text, s->size);
}

static int load(lua_State *L, const struct source *s, const char *mode)
{
  if (needs_translator(s, mode))
    return call_translator(L, s, "load");
  const int status = luaL_loadbufferx(L, s->text, s->size, s->name, mode);
  if (status == LUA_OK && s->env != 0) {
    lua_pushvalue(L, s->env);
    if (lua_setupvalue(L, -2, 1) == NULL)
      lua_pop(L, 1);
  }
  return status;
}

int cli_source_load(lua_State *L, const char *text, size_t size,
                    const char *name, const char *mode)
{
  const struct source s = { .text = text, .size = size, .name = name };
  luaL_checkstack(L, 5, NULL);
  return load(L, &s, mode);
}

// ---------------------------------------------------------------- reading --

// Reads to the end of the file; false leaves the cause in errno.
static bool read_all(FILE *f, char **data, size_t *size)
{
  size_t room = 0;
  *size = 0;
  *data = NULL;
  do {
    room = room == 0 ? 16384 : room * 2;
    char *more = realloc(*data, room);
    if (more == NULL)
      return false;
    *data = more;
    *size += fread(*data + *size, 1, room - *size, f);
  } while (*size == room);
  return ferror(f) == 0;
}

// Passes over a byte order mark and the text of a first line with #, whose end
// stays, so that lines keep their numbers.
static void skip_heading(struct source *s)
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

// The name of the chunk in a path, or in the standard input's.
static const char *push_name(lua_State *L, const char *path)
{
  return path != NULL ? lua_pushfstring(L, "@%s", path)
                      : lua_pushliteral(L, "=stdin");
}

static int push_failure(lua_State *L, const char *what, const char *path)
{
  const int number = errno;
  lua_pushfstring(L, "cannot %s %s: %s", what, path != NULL ? path : "stdin",
                  strerror(number));
  return LUA_ERRFILE;
}

// Pushes nothing if it succeeds; then s->data is to be freed.
static int read_source(lua_State *L, const char *path, struct source *s)
{
  FILE *f = path != NULL ? fopen(path, "rb") : stdin;
  if (f == NULL)
    return push_failure(L, "open", path);
  const bool complete = read_all(f, &s->data, &s->size);
  const int number = errno;
  if (path != NULL)
    fclose(f);
  if (!complete) {
    free(s->data);
    errno = number;
    return push_failure(L, "read", path);
  }
  s->text = s->data;
  skip_heading(s);
  return LUA_OK;
}

int cli_source_loadfile(lua_State *L, const char *path, const char *mode,
                        int env)
{
  struct source s = { .env = env };
  luaL_checkstack(L, 6, NULL);
  s.name = push_name(L, path);
  int status = read_source(L, path, &s);
  if (status == LUA_OK) {
    status = load(L, &s, mode);
    free(s.data);
  }
  lua_remove(L, -2);
  return status;
}

// --------------------------------------------------------------- lowering --

// Runs protected. Keeps the text, all of it, as it is.
static int keep(lua_State *L)
{
  const struct source *s = lua_touserdata(L, 1);
  lua_pushlstring(L, s->text, s->size);
  return 1;
}

// Loads first, and forgets the function: that finds every error.
static int lower(lua_State *L, struct source *s)
{
  int status = load(L, s, "t");
  if (status != LUA_OK)
    return status;
  lua_pop(L, 1);
  const bool translated = needs_translator(s, "t");
  s->size += (size_t)(s->text - s->data);
  s->text = s->data;
  if (translated)
    return call_translator(L, s, "lower");
  lua_pushcfunction(L, keep);
  lua_pushlightuserdata(L, s);
  return lua_pcall(L, 1, 1, 0);
}

int cli_source_lower(lua_State *L, const char *path)
{
  struct source s = { 0 };
  luaL_checkstack(L, 6, NULL);
  s.name = push_name(L, path);
  int status = read_source(L, path, &s);
  if (status == LUA_OK) {
    status = lower(L, &s);
    free(s.data);
  }
  lua_remove(L, -2);
  return status;
}

// -------------------------------------------- what scripts see of this --

// loadfile([filename [, mode [, env]]]) as in the manual.
static int base_loadfile(lua_State *L)
{
  const char *path = luaL_optstring(L, 1, NULL);
  const char *mode = luaL_optstring(L, 2, NULL);
  const int env = lua_isnone(L, 3) ? 0 : 3;
  if (cli_source_loadfile(L, path, mode, env) == LUA_OK)
    return 1;
  luaL_pushfail(L);
  lua_insert(L, -2);
  return 2;
}

static int finish_dofile(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  return lua_gettop(L) - 1;
}

// dofile([filename]) as in the manual.
static int base_dofile(lua_State *L)
{
  const char *path = luaL_optstring(L, 1, NULL);
  lua_settop(L, 1);
  if (cli_source_loadfile(L, path, NULL, 0) != LUA_OK)
    return lua_error(L);
  lua_callk(L, 0, LUA_MULTRET, 0, finish_dofile);
  return finish_dofile(L, 0, 0);
}

// The searcher of package.path. Upvalues: package, package.searchpath.
static int search(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushvalue(L, 1);
  if (lua_getfield(L, lua_upvalueindex(1), "path") != LUA_TSTRING)
    return luaL_error(L, "'package.path' must be a string");
  lua_call(L, 2, 2);
  if (lua_isnil(L, -2))
    return 1;
  lua_pop(L, 1);
  const char *path = lua_tostring(L, -1);
  if (cli_source_loadfile(L, path, NULL, 0) != LUA_OK) {
    return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s",
                      name, path, lua_tostring(L, -1));
  }
  lua_insert(L, -2);
  return 2;
}

// Ours takes the place of Lua's own: it finds the same files, and more loads.
static void replace_searcher(lua_State *L)
{
  lua_getglobal(L, LUA_LOADLIBNAME);
  lua_getfield(L, -1, "searchers");
  lua_pushvalue(L, -2);
  lua_getfield(L, -3, "searchpath");
  lua_pushcclosure(L, search, 2);
  lua_rawseti(L, -2, 2);
  lua_pop(L, 2);
}

void cli_source_open(lua_State *L)
{
  lua_getglobal(L, "require");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &require_key);
  lua_register(L, "loadfile", base_loadfile);
  lua_register(L, "dofile", base_dofile);
  replace_searcher(L);
}
