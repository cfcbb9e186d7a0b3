// lua/load.c: from text to a function. The translator, "nadir.syntax", costs
// milliseconds to start, so it is opened only for a text that has the word.

#include "lua/load.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "lua/module.h"
#include "lua/scan.h"
#include "lua/source.h"
#include "lua/stop.h"
#include "lua/where.h"

// ------------------------------------------------------------ translating --

// What the translator gives for a text, in the order of the stack.
enum { PLAIN, WORDING, OUTER, GUARD, PARTS };

// Runs protected. The arguments are a source and, if it has one, its
// environment.
static int call_translator(lua_State *L)
{
  const ndL_source *s = lua_touserdata(L, 1);
  const int arguments = lua_gettop(L);
  ndL_require(L, "nadir.syntax");
  lua_getfield(L, -1, "translate");
  lua_pushlstring(L, s->text, s->size);
  if (arguments == 2)
    lua_pushvalue(L, 2);
  lua_call(L, arguments, PARTS);
  return PARTS;
}

// LPeg words a lack of memory as Lua does, but as an error at a line, or as one
// of stack, which our grammar, always the same, has if there is memory for it.
// Puts Lua's own in its place.
static int tell_memory(lua_State *L, int status)
{
  static const char words[] = "not enough memory";
  size_t size;
  const char *text = lua_tolstring(L, -1, &size);
  if (status != LUA_ERRRUN || text == NULL || size < sizeof words)
    return status;
  if (strcmp(text + size - strlen(words), words) != 0 &&
      strstr(text, "stack overflow (grammar has too many rules)") == NULL)
    return status;
  lua_pop(L, 1);
  lua_pushliteral(L, "not enough memory");
  return LUA_ERRMEM;
}

// Pushes the parts of a text, or a message.
static int try_translate(lua_State *L, const ndL_source *s)
{
  lua_pushcfunction(L, call_translator);
  lua_pushlightuserdata(L, (void *)s);
  if (s->env != 0)
    lua_pushvalue(L, s->env);
  const int status = lua_pcall(L, s->env != 0 ? 2 : 1, PARTS, 0);
  return status == LUA_OK ? status : tell_memory(L, status);
}

// The same while the collector never rests. LPeg, unlike Lua, does not collect
// what is free before it gives up, and garbage that comes late lies between
// what stays, so that large blocks find no room: more of it where there is more
// memory.
static int try_thriftily(lua_State *L, const ndL_source *s)
{
  enum { PAUSE = 10, SPEED = 1000 };
  const int mode = lua_gc(L, LUA_GCINC, 0, 0, 0);
  const int pause = lua_gc(L, LUA_GCSETPAUSE, PAUSE);
  const int speed = lua_gc(L, LUA_GCSETSTEPMUL, SPEED);
  const int status = try_translate(L, s);
  lua_gc(L, LUA_GCSETPAUSE, pause);
  lua_gc(L, LUA_GCSETSTEPMUL, speed);
  if (mode == LUA_GCGEN)
    lua_gc(L, LUA_GCGEN, 0, 0);
  return status;
}

// Each try leaves more that is free.
enum { MOST_TRIES = 8 };

static int translate(lua_State *L, const ndL_source *s)
{
  int status = try_translate(L, s);
  for (int tries = 1; status == LUA_ERRMEM && tries < MOST_TRIES; tries++) {
    if (ndL_stop_stands(L))
      return status;
    lua_pop(L, 1);
    lua_gc(L, LUA_GCCOLLECT);
    status = try_thriftily(L, s);
  }
  return status;
}

static bool needs_translator(const ndL_source *s, const char *mode)
{
  if (s->size > 0 && s->text[0] == LUA_SIGNATURE[0])
    return false;
  if (mode != NULL && strchr(mode, 't') == NULL)
    return false;
  return ndL_scan_with(s->text, s->size);
}

static int load_plain(lua_State *L, const ndL_source *s, const char *mode)
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
static int load_string(lua_State *L, const ndL_source *s, int i)
{
  ndL_source plain = *s;
  plain.text = lua_tolstring(L, i, &plain.size);
  return load_plain(L, &plain, "t");
}

// Puts in place of the function on top the one that `outer`, a text, makes
// when it is called with the guard.
static int wrap(lua_State *L, const ndL_source *s, int outer, int guard)
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
  if (lua_isnil(L, wording))
    return LUA_ERRSYNTAX;
  lua_pushvalue(L, wording);
  lua_insert(L, -2);
  const int status = lua_pcall(L, 1, 1, 0);
  return status == LUA_OK ? LUA_ERRSYNTAX : status;
}

// The plain Lua is compiled from here, not by the translator, so that it may be
// nested as deep as a text without `with`.
static int load_translated(lua_State *L, const ndL_source *s)
{
  const int at = lua_gettop(L) + 1;
  int status = translate(L, s);
  if (status != LUA_OK)
    return status;
  status = load_string(L, s, at + PLAIN);
  if (status == LUA_ERRSYNTAX)
    status = explain(L, at + WORDING);
  else if (status == LUA_OK && !lua_isnil(L, at + OUTER))
    status = wrap(L, s, at + OUTER, at + GUARD);
  lua_replace(L, at);
  lua_settop(L, at);
  return status;
}

int ndL_loadsource(lua_State *L, const ndL_source *s, const char *mode)
{
  return needs_translator(s, mode) ? load_translated(L, s)
                                   : load_plain(L, s, mode);
}

const char *ndL_pushchunkname(lua_State *L, const char *name)
{
  return ndL_isours(name) ? lua_pushfstring(L, "@%s", name + 1)
                          : lua_pushstring(L, name);
}

int ndL_load(lua_State *L, const char *text, size_t size, const char *name,
             const char *mode)
{
  luaL_checkstack(L, 9, NULL);
  const ndL_source s = { .text = text,
                         .size = size,
                         .name = ndL_pushchunkname(L, name) };
  const int status = ndL_loadsource(L, &s, mode);
  lua_remove(L, -2);
  return status;
}

int ndL_loadfile(lua_State *L, const char *path, const char *mode, int env)
{
  ndL_source s = { .env = env };
  int status = ndL_readsource(L, path, &s);
  if (status == LUA_OK) {
    status = ndL_loadsource(L, &s, mode);
    lua_remove(L, -2);
  }
  lua_remove(L, -2);
  return status;
}

// --------------------------------------------------------------- lowering --

// Compiles the plain Lua at `i`, the whole text of a file. What is nested
// deeper than Lua goes passes: Lua refuses it when it is to run. Else the
// message is on top.
static int check_plain(lua_State *L, const char *name, int i)
{
  ndL_source plain = { .name = name };
  plain.text = lua_tolstring(L, i, &plain.size);
  ndL_skipheading(&plain);
  const int status = load_plain(L, &plain, "t");
  return status == LUA_ERRRUN ? LUA_OK : status;
}

// Pushes what the file's text, on top, stands for.
static int lower(lua_State *L, ndL_source *s)
{
  const int at = lua_gettop(L) + 1;
  int status = LUA_OK;
  const bool translated = needs_translator(s, "t");
  s->size += (size_t)(s->text - s->data);
  s->text = s->data;
  if (translated)
    status = translate(L, s);
  else
    lua_pushvalue(L, -1);
  if (status != LUA_OK)
    return status;
  status = check_plain(L, s->name, at + PLAIN);
  if (status == LUA_ERRSYNTAX && translated)
    status = explain(L, at + WORDING);
  if (status != LUA_OK)
    lua_replace(L, at);
  lua_settop(L, at);
  return status;
}

int ndL_lower(lua_State *L, const char *path)
{
  ndL_source s = { 0 };
  int status = ndL_readsource(L, path, &s);
  if (status == LUA_OK) {
    status = lower(L, &s);
    lua_remove(L, -2);
  }
  lua_remove(L, -2);
  return status;
}
