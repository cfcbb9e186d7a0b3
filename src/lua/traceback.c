// lua/traceback.c: Lua writes the traceback, and lines are taken out of it.

#include "lua/traceback.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "lua/where.h"

// The last line of a traceback, and how those lines look that are calls which
// left no trace.
#define BOTTOM "\n\t[C]: in ?"
#define TAIL_CALLS "\n\t(...tail calls...)"

// What the line of a statement of a console ends with, which is a function to
// Lua, but for the name of the console.
#define FUNCTION " in function <"
#define FIRST_LINE ":1>"

static bool begins(const char *line, size_t size, const char *with)
{
  return size >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

// Whether a line is that of a function in one of our modules.
static bool is_our_line(lua_State *L, const char *line, size_t size)
{
  lua_Debug ar;
  if (!begins(line, size, "\n\t[nadir"))
    return false;
  for (int level = 1; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "S", &ar);
    const size_t n = strlen(ar.short_src);
    if (ndL_isours(ar.source) && size > n + 2 && line[n + 2] == ':' &&
        memcmp(line + 2, ar.short_src, n) == 0)
      return true;
  }
  return false;
}

// The size of a line, which begins with a line break.
static size_t line_size(const char *line)
{
  return 1 + strcspn(line + 1, "\n");
}

// Adds the lines that are the user's. C functions are held back until it is
// known who called them.
static void add_lines(lua_State *L, luaL_Buffer *b, const char *line)
{
  size_t held = 0, size;
  bool dropped = false;
  for (; *line != '\0'; line += size) {
    size = line_size(line);
    dropped = is_our_line(L, line, size) ||
              (dropped && begins(line, size, TAIL_CALLS));
    if (dropped) {
      luaL_buffsub(b, held);
      held = 0;
      continue;
    }
    luaL_addlstring(b, line, size);
    held = begins(line, size, "\n\t[C]:") ? held + size : 0;
  }
}

static void push_traceback(lua_State *L, const char *message)
{
  luaL_Buffer b;
  luaL_traceback(L, L, NULL, 1);
  const char *text = lua_tostring(L, -1);
  const size_t heading = strcspn(text, "\n");
  luaL_buffinit(L, &b);
  luaL_addstring(&b, message);
  luaL_addchar(&b, '\n');
  luaL_addlstring(&b, text, heading);
  add_lines(L, &b, text + heading);
  luaL_pushresult(&b);
  lua_remove(L, -2);
}

// Whether a function of the user's was running, other than the statement.
static bool has_depth(lua_State *L)
{
  lua_Debug ar;
  int functions = 0;
  bool tail_called = false;
  for (int level = 1; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "St", &ar);
    if (strcmp(ar.what, "C") == 0 || ndL_isours(ar.source))
      continue;
    functions++;
    tail_called = ar.istailcall != 0;
  }
  return functions > 1 || tail_called;
}

static bool ends(const char *text, size_t size, const char *with)
{
  const size_t n = strlen(with);
  return size >= n && memcmp(text + size - n, with, n) == 0;
}

// The size of `text` without what says that its last line is in a statement.
static size_t size_before_statement(const char *text, size_t size)
{
  size_t at = size;
  if (!ends(text, size, FIRST_LINE))
    return size;
  while (at > 0 && text[at - 1] != '\n')
    at--;
  const char *function = strstr(text + at, FUNCTION);
  return function == NULL ? size : (size_t)(function - text);
}

void ndL_traceback(lua_State *L, const char *message)
{
  if (!has_depth(L)) {
    lua_pushstring(L, message);
    return;
  }
  push_traceback(L, message);
  size_t size;
  const char *text = lua_tolstring(L, -1, &size);
  if (ends(text, size, BOTTOM))
    size -= strlen(BOTTOM);
  const size_t before = size_before_statement(text, size);
  lua_pushlstring(L, text, before);
  if (before < size) {
    lua_pushliteral(L, " in main chunk");
    lua_concat(L, 2);
  }
  lua_remove(L, -2);
}

// ---------------------------------------------------------------- messages --

// What the error object at 1 says of itself: a script's function, which may do
// anything.
static int own_text(lua_State *L)
{
  if (!luaL_callmeta(L, 1, "__tostring") || lua_type(L, -1) != LUA_TSTRING)
    return luaL_error(L, "no text");
  return 1;
}

// The error at 1 as a string that wants a traceback, or NULL: then an object's
// own text is on the stack and says everything.
static const char *message_text(lua_State *L)
{
  const char *message = lua_tostring(L, 1);
  if (message != NULL)
    return message;
  lua_pushcfunction(L, own_text);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK)
    return NULL;
  return lua_pushfstring(L, "(error object is a %s value)",
                         luaL_typename(L, 1));
}

int ndL_message(lua_State *L)
{
  const char *message = message_text(L);
  if (message != NULL)
    lua_pushstring(L, message);
  return 1;
}

int ndL_message_brief(lua_State *L)
{
  const char *message = message_text(L);
  if (message != NULL)
    ndL_traceback(L, message);
  return 1;
}

int ndL_message_full(lua_State *L)
{
  const char *message = message_text(L);
  if (message != NULL)
    push_traceback(L, message);
  return 1;
}
