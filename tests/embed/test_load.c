// lua/load.c: an error at any moment of nd.load, at its first use, when the
// translator is opened, or later, leaves no trace: the next one works.

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "check.h"
#include "embed/script.h"
#include "host.h"
#include "lua/nadirlua.h"

int luaopen_nadir(lua_State *L);

static const char *const failing =
  "require 'nadir'.load 'with ... as x do end'";

static const char *const working =
  "local load = require 'nadir'.load\n"
  "local closed = 0\n"
  "local m = setmetatable({}, { __close = function() closed = 1 end })\n"
  "assert(load 'with ... as x do end')(m)\n"
  "assert(closed == 1)\n";

// ----------------------------------------------------------------- memory --

// Refuses memory from the n-th request of nd.load on; false if that is not
// reached.
static bool lack(long n, long refused, bool first)
{
  host h;
  const nd_config config = host_config(&h);
  nd_interpreter *i = nd_interpreter_new(&config);
  CHECK(first || nd_interpreter_run(i, working, "before"));
  host_refuse(&h, n, refused);
  const long before = h.asked;
  nd_interpreter_run(i, failing, "failing");
  const bool reached = h.asked > before + n;
  host_relent(&h);
  check_script(i, working);
  nd_interpreter_free(i);
  check_returned(&h);
  return reached;
}

static void sweep_memory(bool first, long least)
{
  static const long refused[] = { 1, 2, LONG_MAX };
  for (int k = 0; k < 3; k++) {
    long n = 0;
    while (lack(n, refused[k], first))
      n++;
    CHECK(n >= least);
  }
}

static void a_lack_of_memory_leaves_no_trace(void)
{
  sweep_memory(true, 10);
  sweep_memory(false, 1);
}

// ------------------------------------------------------- hooks and depth --

// Runs a script with `n` in a state of its own; its result says whether `n` was
// within reach. Then nd.load works.
static bool survive_load(const char *script, int n, bool first)
{
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  luaL_requiref(L, "nadir", luaopen_nadir, 0);
  lua_settop(L, 0);
  CHECK(first || luaL_dostring(L, working) == LUA_OK);
  lua_pushinteger(L, n);
  lua_setglobal(L, "n");
  CHECK(luaL_dostring(L, script) == LUA_OK);
  const bool reached = lua_toboolean(L, 1);
  lua_settop(L, 0);
  CHECK(luaL_dostring(L, working) == LUA_OK);
  CHECK_STR(lua_tostring(L, -1), NULL);
  lua_close(L);
  return reached;
}

// Instructions of the virtual machine between two hooks; a prime, so that loops
// are met in all of their places.
enum { STRIDE = 31 };

static void an_interruption_leaves_no_trace(void)
{
  static const char *const script = "local load = require 'nadir'.load\n"
                                    "local function stop() error 'stop' end\n"
                                    "local chunk\n"
                                    "pcall(function()\n"
                                    "  debug.sethook(stop, '', n)\n"
                                    "  chunk = load 'with ... as x do end'\n"
                                    "  debug.sethook()\n"
                                    "end)\n"
                                    "debug.sethook()\n"
                                    "return not chunk";
  for (int first = 0; first < 2; first++) {
    int n = 10;
    while (survive_load(script, n, first))
      n += STRIDE;
    CHECK(n > 200);
  }
}

// nd.load at the n-th call of C from C, of which Lua allows 200.
static void an_overflow_of_the_c_stack_leaves_no_trace(void)
{
  static const char *const script =
    "local load = require 'nadir'.load\n"
    "local function deeper(k)\n"
    "  if k == 0 then return load 'with ... as x do end' end\n"
    "  return (string.gsub('x', 'x', function() deeper(k - 1) end))\n"
    "end\n"
    "return (pcall(deeper, n))";
  for (int first = 0; first < 2; first++) {
    int n = 50;
    while (survive_load(script, n, first))
      n++;
    CHECK(n > 60);
  }
}

// nd.load some n calls before the end of Lua's stack.
static void an_overflow_of_luas_stack_leaves_no_trace(void)
{
  static const char *const script =
    "local load = require 'nadir'.load\n"
    "local depth, loaded = 0, false\n"
    "local function deeper(k)\n"
    "  depth = depth + 1\n"
    "  if k == 0 then loaded = load 'with ... as x do end' return 0 end\n"
    "  return 1 + deeper(k - 1)\n"
    "end\n"
    "pcall(deeper, -1)\n"
    "pcall(deeper, depth - n)\n"
    "return not loaded";
  for (int first = 0; first < 2; first++) {
    int n = 0;
    while (survive_load(script, n, first))
      n += 9;
    CHECK(n > 9);
  }
}

int main(void)
{
  RUN(a_lack_of_memory_leaves_no_trace);
  RUN(an_interruption_leaves_no_trace);
  RUN(an_overflow_of_the_c_stack_leaves_no_trace);
  RUN(an_overflow_of_luas_stack_leaves_no_trace);
  return check_done();
}
