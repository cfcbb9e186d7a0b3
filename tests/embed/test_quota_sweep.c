// A quota full of garbage changes nothing but the time: every entry point in
// quota_sweep.lua gives what it gives without a quota.

#include "lua/nadirlua.h"

#include <lauxlib.h>
#include <lua.h>

#include "check.h"

static nd_interpreter *i;

// Takes all quotas away.
static int free_all(lua_State *L)
{
  nd_context *c = nd_interpreter_context(i);
  for (int kind = 0; kind <= ND_MEMORY_ALL; kind++)
    nd_context_set_quota(c, (nd_memory_kind)kind, 0);
  lua_settop(L, 0);
  return 0;
}

// Leaves nothing of the quota for tensors.
static int close_tensors(lua_State *L)
{
  nd_context *c = nd_interpreter_context(i);
  nd_context_set_quota(c, ND_MEMORY_TENSOR,
                       nd_context_bytes(c, ND_MEMORY_TENSOR));
  lua_settop(L, 0);
  return 0;
}

// Leaves to tensors and objects nothing of the memory's quota.
static int close_memory(lua_State *L)
{
  nd_context *c = nd_interpreter_context(i);
  nd_context_set_quota(c, ND_MEMORY_ALL,
                       nd_context_bytes(c, ND_MEMORY_ALL) / 15 * 16);
  lua_settop(L, 0);
  return 0;
}

static void sweep_calls(lua_CFunction close)
{
  double count = 0;
  i = nd_interpreter_new(NULL);
  lua_State *L = nd_interpreter_lua(i);
  lua_register(L, "free", free_all);
  lua_register(L, "close", close);
  CHECK(nd_interpreter_run(i,
                           "local nd = require 'nadir'\n"
                           "function fill()\n"
                           "  collectgarbage 'stop'\n"
                           "  local most = nd.memory() + 60000\n"
                           "  repeat\n"
                           "    nd.zeros {1000}\n"
                           "    nd.zeros {12, 12}\n"
                           "    nd.GradientTape()\n"
                           "  until nd.memory() > most\n"
                           "  close()\n"
                           "end\n",
                           "fill"));
  nd_interpreter_run(i,
                     "local run = assert(loadfile "
                     "'tests/embed/quota_sweep.lua')\n"
                     "count = run(fill, free)",
                     "sweep");
  CHECK_STR(nd_interpreter_error(i), "");
  CHECK(nd_interpreter_get_number(i, "count", &count) && count > 150);
  printf(" (%g calls)", count);
  nd_interpreter_free(i);
}

static void the_tensor_quota_full_of_garbage_changes_no_result(void)
{
  sweep_calls(close_tensors);
}

static void the_memory_quota_full_of_garbage_changes_no_result(void)
{
  sweep_calls(close_memory);
}

int main(void)
{
  RUN(the_tensor_quota_full_of_garbage_changes_no_result);
  RUN(the_memory_quota_full_of_garbage_changes_no_result);
  return check_done();
}
