// Scripts cannot bring the host down: calls made at random, with arguments made
// at random, end in results or in errors of our grammar.
//
//   SEED=7 CALLS=1000000 build/tests/embed/test_random_calls

#include "lua/nadirlua.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "embed/script.h"
#include "host.h"

// The thread sanitizer counts frames that a Lua error left as still there.
#ifdef __SANITIZE_THREAD__
enum { CALLS = 5000 };
#else
enum { CALLS = 100000 };
#endif
enum { TENSORS = 8 << 20, SCRIPT = 64 << 20 };

static long read_number(const char *name, long initial)
{
  const char *text = getenv(name);
  return text == NULL ? initial : strtol(text, NULL, 10);
}

static void random_calls_give_results_or_clean_errors(void)
{
  host h;
  nd_config config = host_config(&h);
  config.tensor_quota = TENSORS;
  config.script_quota = SCRIPT;
  nd_interpreter *i = nd_interpreter_new(&config);
  char script[200];
  snprintf(script, sizeof script,
           "local run = assert(loadfile 'tests/embed/random_calls.lua')\n"
           "local broken = run(%ld, %ld)\n"
           "if broken ~= '' then error(broken, 0) end\n",
           read_number("SEED", 1), read_number("CALLS", CALLS));
  check_script(i, script);
  nd_interpreter_free(i);
  check_returned(&h);
}

int main(void)
{
  RUN(random_calls_give_results_or_clean_errors);
  return check_done();
}
