// cli/prompt.c: reads lines for a console, runs the functions that come out,
// and shows their results. lua/console.h knows what a statement is,
// lua/nadir/prompt.lua what else a prompt says.

#include "cli/prompt.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/call.h"
#include "cli/interrupt.h"
#include "cli/line.h"
#include "lua/console.h"
#include "lua/module.h"

static const char MODULE_KEY = 0;  // the module "nadir.prompt"

// The stack, from its bottom: the module, the console, the greeting or the
// prompt, the editor, and what a statement became.
enum { MODULE = 1, CONSOLE, TEXT, EDITOR };

void cli_prompt_open(lua_State *L)
{
  ndL_require(L, "nadir.prompt");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &MODULE_KEY);
}

static int call_console(lua_State *L, const char *method, int results)
{
  lua_getfield(L, CONSOLE, method);
  lua_pushvalue(L, CONSOLE);
  return cli_call(L, 1, results, CLI_TRACE_NONE);
}

// Puts the prompt, which scripts may set, at its place. Ctrl-C meanwhile is
// meant for the statement that has begun.
static void choose_prompt(lua_State *L, bool first)
{
  lua_getfield(L, MODULE, "text");
  lua_pushstring(L, first ? "_PROMPT" : "_PROMPT2");
  lua_pushstring(L, first ? "> " : ">> ");
  lua_pushvalue(L, -1);
  lua_replace(L, TEXT);
  if (cli_call(L, 2, 1, CLI_TRACE_NONE) == LUA_OK)
    lua_copy(L, -1, TEXT);
  else if (!first)
    cli_interrupt_keep();
  lua_pop(L, 1);
}

// Adds to the history what the console remembers or, if it failed to read a
// text or never came to its end, forgets.
static void remember(lua_State *L, struct cli_editor *editor, bool read)
{
  int status = LUA_OK;
  if (read)
    lua_getfield(L, CONSOLE, "text");
  else
    status = call_console(L, "forget", 1);
  if (status == LUA_OK)
    cli_line_remember(L, editor);
  lua_pop(L, 1);
}

// Tells the console of a line, which is on top, or is nil at their end.
static nd_answer ask(lua_State *L, struct cli_editor *editor)
{
  lua_pushcfunction(L, ndL_console_read);
  lua_pushvalue(L, CONSOLE);
  lua_rotate(L, -3, 2);
  if (cli_call(L, 2, 2, CLI_TRACE_NONE) != LUA_OK) {
    remember(L, editor, false);
    return ND_CONSOLE_FAILED;
  }
  const nd_answer answer = (nd_answer)lua_tointeger(L, -2);
  lua_remove(L, -2);
  if (answer == ND_CONSOLE_MORE)
    lua_pop(L, 1);
  else
    remember(L, editor, true);
  return answer;
}

// Reads one statement or expression. If it is CLI_LINE_READ, the function or
// the message is on top.
static enum cli_line read_statement(lua_State *L, struct cli_editor *editor,
                                    nd_answer *answer)
{
  *answer = ND_CONSOLE_MORE;
  for (bool first = true; *answer == ND_CONSOLE_MORE; first = false) {
    lua_settop(L, EDITOR);
    choose_prompt(L, first);
    const enum cli_line line = cli_line_read(L, editor, TEXT);
    if (line == CLI_LINE_INTERRUPTED)
      remember(L, editor, false);
    if (line == CLI_LINE_INTERRUPTED || (line == CLI_LINE_END && first))
      return line;
    if (line == CLI_LINE_END)
      lua_pushnil(L);
    *answer = ask(L, editor);
  }
  return CLI_LINE_READ;
}

// Shows the values above the editor.
static void print_results(lua_State *L)
{
  const int n = lua_gettop(L) - EDITOR;
  if (n <= 0)
    return;
  if (!lua_checkstack(L, LUA_MINSTACK)) {
    lua_settop(L, EDITOR);
    lua_pushliteral(L, "too many results to print");
    cli_report(L, LUA_ERRRUN, NULL);
    return;
  }
  lua_getfield(L, MODULE, "show");
  lua_insert(L, EDITOR + 1);
  const int status = cli_call(L, n, 0, CLI_TRACE_NONE);
  if (status != LUA_OK) {
    lua_pushfstring(L, "error calling 'print' (%s)", lua_tostring(L, -1));
    cli_report(L, status, NULL);
  }
}

// Reads and runs one statement; false at the end of the input.
static bool run_statement(lua_State *L, struct cli_editor *editor)
{
  nd_answer answer;
  const enum cli_line line = read_statement(L, editor, &answer);
  if (line != CLI_LINE_READ)
    return line != CLI_LINE_END;
  int status = LUA_ERRSYNTAX;
  if (answer == ND_CONSOLE_DONE)
    status = cli_call(L, 0, LUA_MULTRET, CLI_TRACE_BRIEF);
  if (cli_report(L, status, NULL) == LUA_OK)
    print_results(L);
  fflush(stdout);
  return true;
}

// Leaves the module, the console and the greeting. However the state closes,
// it closes the console.
static bool open_console(lua_State *L)
{
  lua_settop(L, 0);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &MODULE_KEY);
  lua_getfield(L, MODULE, "open");
  const int status = cli_call(L, 0, 2, CLI_TRACE_BRIEF);
  if (cli_report(L, status, NULL) != LUA_OK)
    return false;
  lua_toclose(L, CONSOLE);
  return true;
}

static void run_session(lua_State *L)
{
  if (!open_console(L))
    return;
  if (isatty(STDIN_FILENO))
    puts(lua_tostring(L, TEXT));
  struct cli_editor *editor = cli_line_open(L, CONSOLE);
  while (run_statement(L, editor))
    continue;
  cli_line_close(editor);
  lua_settop(L, EDITOR);
  cli_report(L, call_console(L, "close", 0), NULL);
  lua_settop(L, 0);
}

void cli_prompt_run(lua_State *L)
{
  cli_interrupt_hold();
  run_session(L);
  cli_interrupt_release();
}
