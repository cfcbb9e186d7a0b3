// lua/load.c: reading and loading. The translator, "nadir.syntax", costs
// milliseconds to start, so it is opened only for a text that has the word.

#include "lua/load.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lua/error.h"
#include "lua/module.h"
#include "lua/scan.h"
#include "lua/where.h"

struct source {
  const char *data;  // all of it; a string on the stack
  const char *text;  // in data, after a byte order mark and a first # line
  size_t size;       // of text
  const char *name;  // of the chunk
  int env;           // stack index of the environment, or 0
};

// ------------------------------------------------------------ translating --

// Runs protected. The arguments are the entry's name, a source, the number of
// results and, if the source has one, its environment.
static int translate(lua_State *L)
{
  const struct source *s = lua_touserdata(L, 2);
  const bool has_env = lua_gettop(L) == 4;
  const int results = (int)lua_tointeger(L, 3);
  ndL_require(L, "nadir.syntax");
  lua_getfield(L, -1, lua_touserdata(L, 1));
  lua_pushlstring(L, s->text, s->size);
  lua_pushstring(L, s->name);
  if (has_env)
    lua_pushvalue(L, 4);
  lua_call(L, has_env ? 3 : 2, results);
  return results;
}

// LPeg words a lack of memory as Lua does, but as an error at a line. Puts
// Lua's own in its place.
static int tell_memory(lua_State *L, int status)
{
  static const char words[] = "not enough memory";
  size_t size;
  const char *text = lua_tolstring(L, -1, &size);
  if (status != LUA_ERRRUN || text == NULL || size < sizeof words ||
      strcmp(text + size - strlen(words), words) != 0)
    return status;
  lua_pop(L, 1);
  lua_pushliteral(L, "not enough memory");
  return LUA_ERRMEM;
}

// Pushes what the translator's entry returns, or a message.
static int call_translator(lua_State *L, const struct source *s,
                           const char *entry, int results)
{
  lua_pushcfunction(L, translate);
  lua_pushlightuserdata(L, (void *)entry);
  lua_pushlightuserdata(L, (void *)s);
  lua_pushinteger(L, results);
  if (s->env != 0)
    lua_pushvalue(L, s->env);
  const int status = lua_pcall(L, s->env != 0 ? 4 : 3, results, 0);
  return status == LUA_OK ? status : tell_memory(L, status);
}

static bool needs_translator(const struct source *s, const char *mode)
{
  if (s->size > 0 && s->text[0] == LUA_SIGNATURE[0])
    return false;
  if (mode != NULL && strchr(mode, 't') == NULL)
    return false;
  return ndL_scan_with(s->text, s->size);
}

static int load_plain(lua_State *L, const struct source *s, const char *mode)
{
  const int status = luaL_loadbufferx(L, s->text, s->size, s->name, mode);
  if (status == LUA_OK && s->env != 0) {
    lua_pushvalue(L, s->env);
    if (lua_setupvalue(L, -2, 1) == NULL)
      lua_pop(L, 1);
  }
  return status;
}

// Like load_plain, of the string at `i`.
static int load_string(lua_State *L, const struct source *s, int i)
{
  struct source plain = *s;
  plain.text = lua_tolstring(L, i, &plain.size);
  return load_plain(L, &plain, "t");
}

// Puts in place of the function on top the one that `outer`, a text, makes
// when it is called with the guard.
static int wrap(lua_State *L, const struct source *s, int outer, int guard)
{
  lua_pop(L, 1);
  const int status = load_string(L, s, outer);
  if (status != LUA_OK)
    return status;
  lua_pushvalue(L, guard);
  return lua_pcall(L, 1, 1, 0);
}

// Puts Lua's message on top into words that fit the user's text.
static int explain(lua_State *L, int wording)
{
  lua_pushvalue(L, wording);
  lua_insert(L, -2);
  const int status = lua_pcall(L, 1, 1, 0);
  return status == LUA_OK ? LUA_ERRSYNTAX : status;
}

// The plain Lua is compiled from here, not by the translator, so that it may be
// nested as deep as a text without `with`.
static int load_translated(lua_State *L, const struct source *s)
{
  const int plain = lua_gettop(L) + 1;
  const int wording = plain + 1, outer = plain + 2, guard = plain + 3;
  int status = call_translator(L, s, "translate", 4);
  if (status != LUA_OK)
    return status;
  status = load_string(L, s, plain);
  if (status == LUA_ERRSYNTAX && !lua_isnil(L, wording))
    status = explain(L, wording);
  else if (status == LUA_OK && !lua_isnil(L, outer))
    status = wrap(L, s, outer, guard);
  lua_replace(L, plain);
  lua_settop(L, plain);
  return status;
}

static int load(lua_State *L, const struct source *s, const char *mode)
{
  return needs_translator(s, mode) ? load_translated(L, s)
                                   : load_plain(L, s, mode);
}

// A name like those of our own modules would hide the lines of a script.
static const char *push_name(lua_State *L, const char *name)
{
  return ndL_isours(name) ? lua_pushfstring(L, "@%s", name + 1)
                          : lua_pushstring(L, name);
}

int ndL_load(lua_State *L, const char *text, size_t size, const char *name,
             const char *mode)
{
  luaL_checkstack(L, 9, NULL);
  const struct source s = { .text = text,
                            .size = size,
                            .name = push_name(L, name) };
  const int status = load(L, &s, mode);
  lua_remove(L, -2);
  return status;
}

// ---------------------------------------------------------------- reading --

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

// Pushes the chunk's name and, above it, the text or the message.
static int read_source(lua_State *L, const char *path, struct source *s)
{
  luaL_checkstack(L, 12, NULL);
  s->name = path != NULL ? lua_pushfstring(L, "@%s", path)
                         : lua_pushliteral(L, "=stdin");
  const int status = push_file(L, path);
  if (status == LUA_OK) {
    s->data = s->text = lua_tolstring(L, -1, &s->size);
    skip_heading(s);
  }
  return status;
}

int ndL_loadfile(lua_State *L, const char *path, const char *mode, int env)
{
  struct source s = { .env = env };
  int status = read_source(L, path, &s);
  if (status == LUA_OK) {
    status = load(L, &s, mode);
    lua_remove(L, -2);
  }
  lua_remove(L, -2);
  return status;
}

// --------------------------------------------------------------- lowering --

// Finds the mistakes in the plain Lua on top, which stays if there are none.
// What is nested deeper than Lua goes passes: Lua refuses it when it is to run.
static int check_plain(lua_State *L, const char *name)
{
  struct source plain = { .name = name };
  plain.text = lua_tolstring(L, -1, &plain.size);
  skip_heading(&plain);
  const int status = luaL_loadbufferx(L, plain.text, plain.size, plain.name,
                                      "t");
  const bool passes = status == LUA_OK || status == LUA_ERRRUN;
  lua_remove(L, passes ? -1 : -2);
  return passes ? LUA_OK : status;
}

// Pushes what the file's text, on top, stands for.
static int lower(lua_State *L, struct source *s)
{
  const bool translated = needs_translator(s, "t");
  s->size += (size_t)(s->text - s->data);
  s->text = s->data;
  if (!translated)
    lua_pushvalue(L, -1);
  else if (call_translator(L, s, "lower", 2) != LUA_OK)
    return LUA_ERRRUN;
  else if (lua_isnil(L, -2)) {
    lua_remove(L, -2);
    return LUA_ERRSYNTAX;
  } else
    lua_pop(L, 1);
  return check_plain(L, s->name);
}

int ndL_lower(lua_State *L, const char *path)
{
  struct source s = { 0 };
  int status = read_source(L, path, &s);
  if (status == LUA_OK) {
    status = lower(L, &s);
    lua_remove(L, -2);
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
  if (ndL_loadfile(L, path, mode, env) == LUA_OK)
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
  if (ndL_loadfile(L, path, NULL, 0) != LUA_OK)
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
  if (ndL_loadfile(L, path, NULL, 0) != LUA_OK) {
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

void ndL_installload(lua_State *L)
{
  lua_register(L, "loadfile", base_loadfile);
  lua_register(L, "dofile", base_dofile);
  replace_searcher(L);
}

// ----------------------------------------------------------------- nd.load --

// Runs protected: the pieces that the function at 1 gives, as one text.
static int join_pieces(lua_State *L)
{
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (;;) {
    lua_pushvalue(L, 1);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1))
      break;
    if (!lua_isstring(L, -1))
      luaL_error(L, "reader function must return a string");
    size_t size;
    lua_tolstring(L, -1, &size);
    if (size == 0)
      break;
    luaL_addvalue(&b);
  }
  lua_pop(L, 1);
  luaL_pushresult(&b);
  return 1;
}

static int push_pieces(lua_State *L)
{
  lua_pushcfunction(L, join_pieces);
  lua_pushvalue(L, 1);
  return lua_pcall(L, 1, 1, 0);
}

static const char *check_word(lua_State *L, int i, const char *argument,
                              const char *initial)
{
  if (lua_isnoneornil(L, i))
    return initial;
  if (lua_type(L, i) != LUA_TSTRING)
    ndL_typeerror(L, "load", argument, "a string", i);
  return lua_tostring(L, i);
}

// load(chunk [, chunkname [, mode [, env]]]) as in the manual.
static int nd_load(lua_State *L)
{
  if (lua_gettop(L) == 0)
    lua_pushnil(L);
  const bool is_text = lua_type(L, 1) == LUA_TSTRING;
  if (!is_text && lua_type(L, 1) != LUA_TFUNCTION)
    ndL_error(L, "load: chunk must be text or a function, got %s",
              ndL_typename(L, 1));
  const char *initial = is_text ? lua_tostring(L, 1) : "=(load)";
  const char *name = check_word(L, 2, "chunkname", initial);
  const char *mode = check_word(L, 3, "mode", NULL);
  struct source s = { .env = lua_isnone(L, 4) ? 0 : 4 };
  s.name = push_name(L, name);
  int status = LUA_OK;
  if (is_text)
    lua_pushvalue(L, 1);
  else
    status = push_pieces(L);
  if (status == LUA_OK) {
    s.text = lua_tolstring(L, -1, &s.size);
    status = load(L, &s, mode);
  }
  if (status == LUA_OK)
    return 1;
  luaL_pushfail(L);
  lua_insert(L, -2);
  return 2;
}

void ndL_open_load(lua_State *L)
{
  lua_pushcfunction(L, nd_load);
  lua_setfield(L, -2, "load");
}
