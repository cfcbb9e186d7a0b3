// cli/interrupt.c: SIGINT. A signal handler may touch nothing but flags and,
// which Lua allows, a debug hook; the hook stops what runs (lua/stop.h).

#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/context.h"
#include "cli/input.h"
#include "lua/newstate.h"
#include "lua/stop.h"

// So many that follow each other within so many seconds end the program.
enum { PRESSES = 3, SECONDS = 2 };

// A handler has no argument to find these by.
static ndL_stop *stop;
static nd_context *core;
static volatile sig_atomic_t kept;     // one that nothing has answered yet
static volatile sig_atomic_t waiting;  // for input
static volatile sig_atomic_t presses;
static struct timespec first;
static bool catchable;

// What Ctrl-C does when nothing runs.
static void (*resting)(int) = SIG_DFL;

static void set_handler(void (*handler)(int))
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
}

// How many there were, this one included, since the first in time.
static int count_press(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const double passed = (double)(now.tv_sec - first.tv_sec) +
                        (double)(now.tv_nsec - first.tv_nsec) * 1e-9;
  if (presses == 0 || passed > SECONDS) {
    first = now;
    presses = 0;
  }
  presses = presses + 1;
  return presses;
}

static void on_interrupt(int number)
{
  if (stop->patient > 0 && !stop->asked) {
    stop->asked = 1;
    return;
  }
  const int count = count_press();
  if (count >= PRESSES) {
    signal(number, SIG_DFL);
    raise(number);
  }
  stop->mild = catchable && count == 1;
  nd_interrupt(core);
  ndL_stop_arm(stop->running);
  if (!stop->mild)
    cli_input_cut();
}

static void on_rest(int number)
{
  (void)number;
  kept = 1;
  if (waiting)
    cli_input_cut();
}

void cli_interrupt_raise(lua_State *L, bool may_catch)
{
  stop = ndL_stopof(L);
  core = ndL_contextof(L);
  stop->word = "interrupted!";
  catchable = may_catch;
  presses = 0;
  ndL_stop_begin(L);
  set_handler(on_interrupt);
  if (kept) {
    kept = 0;
    raise(SIGINT);
  }
}

const char *cli_interrupt_end(lua_State *L)
{
  set_handler(resting);
  cli_input_mend();
  const bool stopped = stop->stands;
  const bool unseen = nd_context_interrupted(core) && !stopped;
  ndL_stop_end(L);
  if (unseen)
    kept = 1;
  return stopped ? stop->text : NULL;
}

void cli_interrupt_hold(void)
{
  cli_input_open();
  resting = on_rest;
  set_handler(resting);
}

void cli_interrupt_release(void)
{
  resting = SIG_DFL;
  set_handler(resting);
  cli_input_close();
}

void cli_interrupt_wait(void)
{
  waiting = 1;
  if (kept)
    cli_input_cut();
}

bool cli_interrupt_waited(void)
{
  waiting = 0;
  cli_input_mend();
  if (!kept)
    return false;
  kept = 0;
  return true;
}

void cli_interrupt_keep(void)
{
  if (stop->text[0] != '\0')
    kept = 1;
}
