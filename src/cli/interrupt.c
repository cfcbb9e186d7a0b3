// cli/interrupt.c: SIGINT. A signal handler may touch nothing but flags, so it
// sets a debug hook, which Lua allows, and raises from the hook.

#include "cli/interrupt.h"

#include <lauxlib.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "base/context.h"
#include "lua/newstate.h"

// A handler has no argument to find its state by.
static lua_State *running;
static volatile sig_atomic_t noted;

static nd_context *core;

// The next op runs again, although the handler asked all to stop.
static void resume_core(void)
{
  atomic_store(&core->interrupted, false);
}

static void set_handler(void (*handler)(int))
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
}

static void stop(lua_State *L, lua_Debug *ar)
{
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  resume_core();
  luaL_error(L, "interrupted!");
}

static void on_interrupt(int number)
{
  const int all = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
  signal(number, SIG_DFL);
  lua_sethook(running, stop, all, 1);
  nd_interrupt(core);
}

static void on_note(int number)
{
  (void)number;
  noted = 1;
}

void cli_interrupt_raise(lua_State *L)
{
  running = L;
  core = ndL_contextof(L);
  set_handler(on_interrupt);
}

void cli_interrupt_note(void)
{
  noted = 0;
  set_handler(on_note);
}

bool cli_interrupt_noted(void)
{
  return noted != 0;
}

void cli_interrupt_end(lua_State *L)
{
  set_handler(SIG_DFL);
  if (lua_gethook(L) == stop) {
    lua_sethook(L, NULL, 0, 0);
    resume_core();
  }
}
