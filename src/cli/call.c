// cli/call.c: protected calls, and messages on stderr.

#include "cli/call.h"

#include <lauxlib.h>
#include <stdio.h>

#include "cli/interrupt.h"
#include "cli/traceback.h"
#include "lua/newstate.h"

// The error as a string that wants a traceback, or NULL: then an object's own
// text is on the stack and says everything.
static const char *message_text(lua_State *L)
{
  const char *message = lua_tostring(L, 1);
  if (message != NULL)
    return message;
  if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING)
    return NULL;
  return lua_pushfstring(L, "(error object is a %s value)",
                         luaL_typename(L, 1));
}

static int add_traceback(lua_State *L)
{
  const char *message = message_text(L);
  if (message != NULL)
    cli_traceback_push(L, message);
  return 1;
}

static int add_brief_traceback(lua_State *L)
{
  const char *message = message_text(L);
  if (message != NULL)
    cli_traceback_push_brief(L, message);
  return 1;
}

// A stop is seen by no handler of messages.
static void describe_stop(lua_State *L)
{
  cli_traceback_push_brief(L, lua_tostring(L, -1));
}

// Makes a string of the error.
static int keep_message(lua_State *L)
{
  const char *message = message_text(L);
  if (message != NULL)
    lua_pushstring(L, message);
  return 1;
}

int cli_call(lua_State *L, int arguments, int results, enum cli_trace trace)
{
  static const lua_CFunction handlers[] = { add_traceback, add_brief_traceback,
                                            keep_message };
  const int base = lua_gettop(L) - arguments;
  lua_pushcfunction(L, handlers[trace]);
  lua_insert(L, base);
  ndL_stopof(L)->describe = describe_stop;
  cli_interrupt_raise(L, trace == CLI_TRACE_FULL);
  int status = lua_pcall(L, arguments, results, base);
  const char *stopped = cli_interrupt_end(L);
  if (stopped != NULL && status != LUA_OK) {
    lua_pop(L, 1);
    lua_pushstring(L, stopped);
    status = LUA_ERRRUN;
  }
  lua_remove(L, base);
  return status;
}

int cli_report(lua_State *L, int status, const char *program)
{
  if (status == LUA_OK)
    return status;
  const char *message = lua_tostring(L, -1);
  if (message == NULL)
    message = "(error message is not a string)";
  fflush(stdout);
  if (program != NULL)
    fprintf(stderr, "%s: ", program);
  fprintf(stderr, "%s\n", message);
  fflush(stderr);
  lua_pop(L, 1);
  return status;
}
