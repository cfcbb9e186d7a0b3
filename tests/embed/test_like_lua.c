// Coroutines and finalizers of a state with limits, which are ours, do what a
// stock Lua's do.

#include "lua/nadirlua.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "embed/script.h"

static char expected[1 << 16];

// What the stock Lua leaves in `out`.
static void ask_lua(const char *path)
{
  char command[256];
  snprintf(command, sizeof command,
           "lua5.4 -e 'dofile \"%s\" io.write(out)' 2>&1", path);
  FILE *lua = popen(command, "r");
  const size_t size = fread(expected, 1, sizeof expected - 1, lua);
  expected[size] = '\0';
  CHECK_INT(pclose(lua), 0);
}

static void check_alike(const char *path)
{
  char script[256];
  nd_interpreter *i = nd_interpreter_new(NULL);
  ask_lua(path);
  snprintf(script, sizeof script, "dofile '%s'", path);
  check_script(i, script);
  CHECK_STR(nd_interpreter_get_string(i, "out", NULL), expected);
  nd_interpreter_free(i);
}

static void coroutines_do_what_luas_do(void)
{
  check_alike("tests/embed/coroutine.lua");
}

static void finalizers_do_what_luas_do(void)
{
  check_alike("tests/embed/finalizer.lua");
}

int main(void)
{
  RUN(coroutines_do_what_luas_do);
  RUN(finalizers_do_what_luas_do);
  return check_done();
}
