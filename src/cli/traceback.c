// cli/traceback.c: Lua writes the traceback, and lines are taken out of it.

#include "cli/traceback.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "lua/where.h"

// What a line ends with, if it is the last one, and in front of the name if it
// is a statement of the prompt, which is a function to Lua.
#define BOTTOM "\n\t[C]: in ?"
#define TAIL_CALLS "\n\t(...tail calls...)"
#define STATEMENT " in function <stdin:1>"

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

void cli_traceback_push(lua_State *L, const char *message)
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

void cli_traceback_push_brief(lua_State *L, const char *message)
{
  if (!has_depth(L)) {
    lua_pushstring(L, message);
    return;
  }
  cli_traceback_push(L, message);
  size_t size;
  const char *text = lua_tolstring(L, -1, &size);
  if (ends(text, size, BOTTOM))
    size -= strlen(BOTTOM);
  const bool is_statement = ends(text, size, STATEMENT);
  if (is_statement)
    size -= strlen(STATEMENT);
  lua_pushlstring(L, text, size);
  if (is_statement) {
    lua_pushliteral(L, " in main chunk");
    lua_concat(L, 2);
  }
  lua_remove(L, -2);
}
