// Training, saving and restoring, as in training.lua, where memory runs out and
// where they are interrupted, at any request of memory: in an interpreter those
// for tensors and for many objects at once, in a state of Lua's own those for
// single objects. What fails says so, what was there is as it was or as it
// shall be, and all goes on.
//
// EVERY=1 fails each request, not some POINTS of each case.

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "embed/script.h"
#include "host.h"

enum { POINTS = 5 };

int luaopen_nadir(lua_State *L);

static host h;
static long interrupt_at;  // the request that is interrupted, of all so far
static nd_interpreter *i;  // NULL: a state of Lua's own runs
static lua_State *L;
static char said[400];  // by what failed
static char folder[] = "/tmp/nadir_training_XXXXXX";

// ----------------------------------------------------------------- running --

static bool run_script(const char *script)
{
  const bool ok = i != NULL ? nd_interpreter_run(i, script, "script")
                            : luaL_dostring(L, script) == LUA_OK;
  const char *text = i != NULL ? nd_interpreter_error(i)
                     : ok      ? ""
                               : lua_tostring(L, -1);
  snprintf(said, sizeof said, "%s", text);
  if (i == NULL)
    lua_settop(L, 0);
  return ok;
}

static void run_well(const char *script)
{
  CHECK(run_script(script));
  CHECK_STR(said, "");
}

static const char *const first_script =
  "local run = assert(loadfile 'tests/embed/training.lua')\n"
  "cases, finish = run(folder)\n"
  "k = 0 count = #cases";

static double global_number(const char *name)
{
  lua_getglobal(L, name);
  const double x = lua_tonumber(L, -1);
  lua_settop(L, 0);
  return x;
}

static void start_cases(void)
{
  lua_pushstring(L, folder);
  lua_setglobal(L, "folder");
  run_well(first_script);
}

static void *lend(void *data, void *block, size_t old_size, size_t new_size,
                  nd_memory_kind kind)
{
  if (new_size > old_size && h.asked + 1 == interrupt_at)
    nd_interrupt(nd_interpreter_context(i));
  return host_allocate(data, block, old_size, new_size, kind);
}

static void start_interpreter(void)
{
  nd_config config = host_config(&h);
  config.allocator = lend;
  interrupt_at = 0;
  i = nd_interpreter_new(&config);
  L = nd_interpreter_lua(i);
  start_cases();
}

static void end_interpreter(void)
{
  run_well("finish()");
  nd_interpreter_free(i);
  check_returned(&h);
}

static void *allocate_object(void *data, void *block, size_t old_size,
                             size_t new_size)
{
  return host_allocate(data, block, block == NULL ? 0 : old_size, new_size,
                       ND_MEMORY_SCRIPT);
}

static void start_lua(void)
{
  host_config(&h);
  i = NULL;
  L = lua_newstate(allocate_object, &h);
  luaL_openlibs(L);
  luaL_requiref(L, "nadir", luaopen_nadir, 0);
  start_cases();
}

static void end_lua(void)
{
  run_well("finish()");
  lua_close(L);
  check_returned(&h);
}

// ------------------------------------------------------------ ways to fail --
// Each has the act of a case fail at its request `n`.

typedef struct way {
  void (*fail)(long n);
  const char *word;  // what is said; NULL: what is said without memory
} way;

// Lua collects and asks again, so that one refusal goes unnoticed.
static void refuse_two(long n)
{
  host_refuse(&h, n, 2);
}

static void refuse_rest(long n)
{
  host_refuse(&h, n, LONG_MAX);
}

static void interrupt_one(long n)
{
  interrupt_at = h.asked + n + 1;
}

static void relent(void)
{
  host_relent(&h);
  interrupt_at = 0;
}

static void complain(long n, const char *what)
{
  lua_getglobal(L, "name");
  printf("\n%s, request %ld: %s: %s\n", lua_tostring(L, -1), n, what, said);
  lua_settop(L, 0);
}

// Whether the act failed.
static bool fail_at(const way *w, long n)
{
  w->fail(n);
  const bool ok = run_script("case[2]()");
  relent();
  const bool clean = ok || (w->word == NULL ? is_clean(said)
                                            : strstr(said, w->word) != NULL);
  if (!clean)
    complain(n, "says");
  const bool good = run_script(ok ? "case[3](false)" : "case[3](true)");
  if (!good)
    complain(n, "then");
  CHECK(clean && good);
  return !ok;
}

// Returns how often the act failed.
static long sweep_case(const way *w)
{
  const long before = h.asked;
  run_well("case[2]()");
  const long all = h.asked - before;
  run_well("case[3](false)");
  const long stride = getenv("EVERY") != NULL ? 1 : all / POINTS + 1;
  long failed = 0;
  for (long n = 0; n < all; n += stride)
    failed += fail_at(w, n);
  return failed;
}

static void sweep_all(const way *w)
{
  const double count = global_number("count");
  long failed = 0;
  CHECK(count > 20);
  for (int k = 0; k < count; k++) {
    run_well("k = k + 1 case = cases[k] name = case[1]");
    failed += sweep_case(w);
  }
  printf(" (%g cases, %ld failures)", count, failed);
  CHECK(failed > 50);
}

static void an_interpreter_survives_an_empty_host(void)
{
  start_interpreter();
  sweep_all(&(way){ refuse_rest, NULL });
  end_interpreter();
}

static void an_interpreter_survives_an_interrupt(void)
{
  start_interpreter();
  sweep_all(&(way){ interrupt_one, "interrupted" });
  end_interpreter();
}

static void a_state_of_lua_survives_two_refusals(void)
{
  start_lua();
  sweep_all(&(way){ refuse_two, NULL });
  end_lua();
}

static void a_state_of_lua_survives_an_empty_host(void)
{
  start_lua();
  sweep_all(&(way){ refuse_rest, NULL });
  end_lua();
}

int main(void)
{
  CHECK(mkdtemp(folder) != NULL);
  RUN(an_interpreter_survives_an_empty_host);
  RUN(an_interpreter_survives_an_interrupt);
  RUN(a_state_of_lua_survives_two_refusals);
  RUN(a_state_of_lua_survives_an_empty_host);
  CHECK(rmdir(folder) == 0);
  return check_done();
}
