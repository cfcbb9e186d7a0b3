// lua/console.c: consoles for hosts. A console of the host's is a userdata that
// the registry has by its address; it goes with the state if not before.

#include "lua/console.h"

#include <stdbool.h>
#include <string.h>

#include "lua/complete.h"
#include "lua/interpreter.h"
#include "lua/module.h"
#include "lua/traceback.h"

// Its user values: the console in Lua, the text of the last answer, and the
// names that the last completion found.
enum { SESSION = 1, TEXT, NAMES, VALUES = NAMES };

struct nd_console {
  nd_interpreter *interpreter;
  bool stale;        // lines of a text that failed may be left
  const char *text;  // of values; NULL: the interpreter has the message
  ndL_completion found;
};

int ndL_console_read(lua_State *L)
{
  lua_settop(L, 2);
  lua_getfield(L, 1, lua_isnil(L, 2) ? "finish" : "feed");
  lua_insert(L, 1);
  lua_call(L, 2, 2);
  switch (*lua_tostring(L, -2)) {
  case 'm': lua_pushinteger(L, ND_CONSOLE_MORE); break;
  case 'r': lua_pushinteger(L, ND_CONSOLE_DONE); break;
  default: lua_pushinteger(L, ND_CONSOLE_FAILED); break;
  }
  lua_replace(L, -3);
  return 2;
}

// Pushes the console's userdata and then the console in Lua.
static void push_session(lua_State *L, nd_console *c)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, c);
  lua_getiuservalue(L, -1, SESSION);
}

// ------------------------------------------------------------------ making --

typedef struct opening {
  nd_interpreter *interpreter;
  const char *name;
  nd_console *console;
} opening;

static int open_console(lua_State *L)
{
  opening *o = lua_touserdata(L, 1);
  nd_console *c = lua_newuserdatauv(L, sizeof *c, VALUES);
  *c = (nd_console){ .interpreter = o->interpreter, .text = "" };
  ndL_require(L, "nadir.console");
  lua_getfield(L, -1, "new");
  lua_pushfstring(L, "=%s", o->name);
  lua_call(L, 1, 1);
  lua_setiuservalue(L, 2, SESSION);
  lua_settop(L, 2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, c);
  o->console = c;
  return 0;
}

nd_console *nd_console_new(nd_interpreter *i, const char *name)
{
  if (i == NULL || name == NULL)
    return NULL;
  opening o = { .interpreter = i, .name = name };
  ndL_protect(i, open_console, &o);
  return o.console;
}

static int close_console(lua_State *L)
{
  nd_console *c = lua_touserdata(L, 1);
  push_session(L, c);
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, c);
  lua_getfield(L, -1, "close");
  lua_insert(L, -2);
  lua_call(L, 1, 0);
  return 0;
}

void nd_console_free(nd_console *c)
{
  if (c != NULL)
    ndL_protect(c->interpreter, close_console, c);
}

// ----------------------------------------------------------------- reading --

typedef struct reading {
  nd_console *console;
  const char *line;  // NULL: none follows
  nd_answer answer;
} reading;

// Forgets what is left of a text that failed, which may have been stopped in
// the middle. The console is on top.
static void forget(lua_State *L, nd_console *c)
{
  if (!c->stale)
    return;
  lua_getfield(L, -1, "forget");
  lua_pushvalue(L, -2);
  lua_call(L, 1, 0);
  c->stale = false;
}

// Calls the function on top; its results take its place.
static void run(lua_State *L)
{
  const int at = lua_gettop(L);
  lua_pushcfunction(L, ndL_message_brief);
  lua_insert(L, at);
  if (lua_pcall(L, 0, LUA_MULTRET, at) != LUA_OK)
    lua_error(L);
  lua_remove(L, at);
}

// Keeps the text of the values above `top` in the userdata at `at`. The Lua
// that makes it has them on its stack several times.
static const char *keep_text(lua_State *L, int top, int at)
{
  const int n = lua_gettop(L) - top;
  if (!lua_checkstack(L, 4 * n + LUA_MINSTACK)) {
    lua_pushliteral(L, "too many results to show");
    lua_error(L);
  }
  ndL_require(L, "nadir.show");
  lua_getfield(L, -1, "text");
  lua_insert(L, top + 1);
  lua_pop(L, 1);
  lua_call(L, n, 1);
  const char *text = lua_tostring(L, -1);
  lua_setiuservalue(L, at, TEXT);
  return text;
}

static int read_line(lua_State *L)
{
  enum { DATA = 1, CONSOLE, STATE, FOUND };
  reading *r = lua_touserdata(L, DATA);
  nd_console *c = r->console;
  push_session(L, c);
  forget(L, c);
  c->stale = true;
  lua_pushcfunction(L, ndL_console_read);
  lua_pushvalue(L, STATE);
  lua_pushstring(L, r->line);
  lua_call(L, 2, 2);
  const nd_answer answer = (nd_answer)lua_tointeger(L, FOUND);
  c->stale = false;
  if (answer == ND_CONSOLE_FAILED)
    return lua_error(L);
  if (answer == ND_CONSOLE_DONE) {
    run(L);
    c->text = keep_text(L, FOUND, CONSOLE);
  }
  r->answer = answer;
  return 0;
}

static nd_answer answer(nd_console *c, const char *line)
{
  reading r = { .console = c, .line = line };
  c->text = "";
  if (!ndL_protect(c->interpreter, read_line, &r)) {
    c->text = NULL;
    return ND_CONSOLE_FAILED;
  }
  return r.answer;
}

nd_answer nd_console_feed(nd_console *c, const char *line)
{
  return c == NULL || line == NULL ? ND_CONSOLE_FAILED : answer(c, line);
}

nd_answer nd_console_finish(nd_console *c)
{
  return c == NULL ? ND_CONSOLE_FAILED : answer(c, NULL);
}

const char *nd_console_text(const nd_console *c)
{
  if (c == NULL)
    return "";
  return c->text != NULL ? c->text : nd_interpreter_error(c->interpreter);
}

void nd_console_forget(nd_console *c)
{
  if (c != NULL)
    c->stale = true;
}

// -------------------------------------------------------------- completion --

typedef struct request {
  nd_console *console;
  const char *text;
} request;

static int find_names(lua_State *L)
{
  const request *r = lua_touserdata(L, 1);
  push_session(L, r->console);
  if (ndL_complete(L, 3, r->text, strlen(r->text), &r->console->found))
    lua_setiuservalue(L, 2, NAMES);
  return 0;
}

int nd_console_complete(nd_console *c, const char *text)
{
  if (c == NULL || text == NULL)
    return 0;
  c->found = (ndL_completion){ 0 };
  ndL_protect(c->interpreter, find_names,
              &(request){ .console = c, .text = text });
  return c->found.count;
}

const char *nd_console_insert(const nd_console *c)
{
  return c == NULL ? "" : c->found.insert;
}

const char *nd_console_name(const nd_console *c, int k)
{
  if (c == NULL || k < 0 || k >= c->found.count)
    return NULL;
  lua_State *L = c->interpreter->L;
  if (!lua_checkstack(L, 3))
    return NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, c);
  lua_getiuservalue(L, -1, NAMES);
  lua_rawgeti(L, -1, k + 1);
  const char *name = lua_tostring(L, -1);
  lua_pop(L, 3);
  return name;
}
