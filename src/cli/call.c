// cli/call.c: protected calls, and messages on stderr.

#include "cli/call.h"

#include <stdio.h>

#include "cli/interrupt.h"
#include "lua/newstate.h"
#include "lua/traceback.h"

// A stop is seen by no handler of messages.
static void describe_stop(lua_State *L)
{
  ndL_traceback(L, lua_tostring(L, -1));
}

int cli_call(lua_State *L, int arguments, int results, enum cli_trace trace)
{
  static const lua_CFunction handlers[] = { ndL_message_full, ndL_message_brief,
                                            ndL_message };
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
