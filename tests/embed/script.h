// script.h: scripts that an interpreter has to run, in the tests of hosts, and
// what it says without memory.
#ifndef ND_TEST_SCRIPT_H
#define ND_TEST_SCRIPT_H

#include <string.h>

#include "check.h"
#include "lua/nadirlua.h"

static inline void check_script(nd_interpreter *i, const char *script)
{
  const bool ok = nd_interpreter_run(i, script, "test");
  CHECK_STR(nd_interpreter_error(i), "");
  CHECK(ok);
  CHECK_INT(nd_interpreter_code(i), ND_OK);
}

// luaL_checkstack says that the stack overflows when it cannot grow.
static inline bool is_clean(const char *message)
{
  return strstr(message, "not enough memory") != NULL ||
         strstr(message, "stack overflow (") != NULL ||
         strstr(message, "out of memory") != NULL;
}

#endif
