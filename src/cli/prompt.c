// cli/prompt.c: a line is tried as an expression, then as a statement; while
// it ends too early, further lines are added to it.

#include "cli/prompt.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/call.h"
#include "cli/line.h"
#include "lua/load.h"

#define CHUNK_NAME "=stdin"

// The stack, from its bottom: the editor, the prompt, the statement so far,
// and what it was loaded into.
enum { EDITOR = 1, PROMPT, STATEMENT };

// Runs protected: the text of the global that the argument names.
static int prompt_text(lua_State *L)
{
  if (lua_getglobal(L, lua_tostring(L, 1)) == LUA_TNIL)
    return 1;
  luaL_tolstring(L, -1, NULL);
  return 1;
}

// Leaves the prompt, which scripts may set, at its place.
static const char *push_prompt(lua_State *L, bool first)
{
  lua_settop(L, first ? PROMPT : STATEMENT);
  lua_pushcfunction(L, prompt_text);
  lua_pushstring(L, first ? "_PROMPT" : "_PROMPT2");
  if (lua_pcall(L, 1, 1, 0) != LUA_OK || !lua_isstring(L, -1))
    lua_pushstring(L, first ? "> " : ">> ");
  lua_copy(L, -1, PROMPT);
  lua_settop(L, first ? PROMPT : STATEMENT);
  return lua_tostring(L, PROMPT);
}

// Leaves the function or the message of the text so far, after `prefix`.
static int load_text(lua_State *L, const char *prefix)
{
  size_t size;
  lua_pushstring(L, prefix);
  lua_pushvalue(L, STATEMENT);
  lua_concat(L, 2);
  const char *text = lua_tolstring(L, -1, &size);
  const int status = ndL_load(L, text, size, CHUNK_NAME, "t");
  lua_remove(L, -2);
  return status;
}

static bool is_incomplete(lua_State *L, int status)
{
  static const char mark[] = "<eof>";
  if (status != LUA_ERRSYNTAX)
    return false;
  size_t size;
  const char *message = lua_tolstring(L, -1, &size);
  const size_t tail = sizeof mark - 1;
  return message != NULL && size >= tail &&
         strcmp(message + size - tail, mark) == 0;
}

// Leaves the function or the message of the text so far. `expression` says
// whether it may be one, and becomes false when no further line can change it.
// Returns whether a further line could make it whole.
static bool load_so_far(lua_State *L, bool *expression, int *status)
{
  if (*expression) {
    *status = load_text(L, "return ");
    if (*status == LUA_OK)
      return false;
    *expression = is_incomplete(L, *status);
    if (*expression && load_text(L, "") == LUA_ERRSYNTAX) {
      lua_pop(L, 1);
      return true;
    }
    lua_settop(L, STATEMENT);
  }
  *status = load_text(L, "");
  return is_incomplete(L, *status);
}

// Joins the line on top to the text so far.
static void add_line(lua_State *L)
{
  lua_pushliteral(L, "\n");
  lua_insert(L, -2);
  lua_concat(L, 3);
}

// Reads one statement or expression. If it is CLI_LINE_READ, the function or
// the message is on top and `status` says which.
static enum cli_line read_statement(lua_State *L, struct cli_editor *editor,
                                    int *status)
{
  bool expression = true;
  enum cli_line line = cli_line_read(L, editor, push_prompt(L, true));
  while (line == CLI_LINE_READ && load_so_far(L, &expression, status)) {
    line = cli_line_read(L, editor, push_prompt(L, false));
    if (line == CLI_LINE_END) {
      load_so_far(L, &expression, status);
      return CLI_LINE_READ;
    }
    if (line == CLI_LINE_READ)
      add_line(L);
  }
  return line;
}

// Prints the values above the statement with the script's `print`.
static void print_results(lua_State *L)
{
  const int n = lua_gettop(L) - STATEMENT;
  if (n <= 0)
    return;
  if (!lua_checkstack(L, LUA_MINSTACK)) {
    lua_settop(L, STATEMENT);
    lua_pushliteral(L, "too many results to print");
    cli_report(L, LUA_ERRRUN, NULL);
    return;
  }
  lua_getglobal(L, "print");
  lua_insert(L, STATEMENT + 1);
  const int status = cli_call(L, n, 0, CLI_TRACE_NONE);
  if (status != LUA_OK) {
    lua_pushfstring(L, "error calling 'print' (%s)", lua_tostring(L, -1));
    cli_report(L, status, NULL);
  }
}

static void load_nadir(lua_State *L)
{
  if (lua_getglobal(L, "nd") == LUA_TNIL) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "nadir");
    const int status = cli_call(L, 1, 1, CLI_TRACE_BRIEF);
    if (cli_report(L, status, NULL) == LUA_OK)
      lua_setglobal(L, "nd");
  }
  lua_settop(L, 0);
}

static void greet(lua_State *L)
{
  if (!isatty(STDIN_FILENO))
    return;
  if (lua_getglobal(L, "nd") != LUA_TNIL)
    fputs("nd is require \"nadir\"; ", stdout);
  puts("Ctrl-C stops a line, Ctrl-D leaves");
  lua_pop(L, 1);
}

void cli_prompt_run(lua_State *L)
{
  lua_settop(L, 0);
  load_nadir(L);
  greet(L);
  struct cli_editor *editor = cli_line_open(L);
  int status = LUA_OK;
  enum cli_line line;
  while ((line = read_statement(L, editor, &status)) != CLI_LINE_END) {
    if (line == CLI_LINE_INTERRUPTED)
      continue;
    if (status == LUA_OK)
      status = cli_call(L, 0, LUA_MULTRET, CLI_TRACE_BRIEF);
    if (cli_report(L, status, NULL) == LUA_OK)
      print_results(L);
    fflush(stdout);
  }
  cli_line_close(editor);
  lua_settop(L, 0);
}
