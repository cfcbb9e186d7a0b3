// What hosts see of functions with gradients of their own: the core calls them,
// in sweeps of tapes and where accumulators listen, and they may be stopped,
// find no memory, end with any value or call another interpreter.

#include "lua/nadirlua.h"

#include <lauxlib.h>
#include <lua.h>

#include "check.h"
#include "embed/script.h"
#include "embed/train.h"
#include "host.h"

static host h;
static nd_interpreter *i;

// `call` is what the function does, and the function that gives its gradient:
// `ways` has what brings it there.
static const char *const tools =
  "nd = require 'nadir'\n"
  "x = nd.constant { 3., 4. }\n"
  "v = nd.Variable { 2., 5. }\n"
  "local pushed = nd.load [[local a, f = ... with a do return f(x) end]]\n"
  "ways = {\n"
  "  function(call)\n"
  "    return nd.custom_gradient(function(t)\n"
  "      call()\n"
  "      return t * 2, function(d) return d * 2 end\n"
  "    end)(x)\n"
  "  end,\n"
  "  function(call)\n"
  "    local tape <close> = nd.GradientTape()\n"
  "    tape:watch(x)\n"
  "    local y = nd.custom_gradient(function(t)\n"
  "      return t * v, function(d) call() return d * v, { d * t } end\n"
  "    end)(x)\n"
  "    return tape:gradient(y, x)\n"
  "  end,\n"
  "  function(call)\n"
  "    local acc = nd.autodiff.ForwardAccumulator({ x }, { { 1, 10 } })\n"
  "    return acc:jvp(pushed(acc, nd.custom_gradient(function(t)\n"
  "      return t * v, function(d) call() return d * v, { d * t } end\n"
  "    end)))\n"
  "  end,\n"
  "}\n"
  "function same()\n"
  "  for k, want in ipairs { { 6, 8 }, { 2, 5 }, { 2, 50 } } do\n"
  "    local t = ways[k](function() end):totable()\n"
  "    assert(t[1] == want[1] and t[2] == want[2], k)\n"
  "  end\n"
  "end\n"
  "same()\n";

static int tell_interrupt(lua_State *L)
{
  nd_interrupt(nd_interpreter_context(i));
  return 0;
}

static int count_objects(lua_State *L)
{
  const nd_context *c = nd_interpreter_context(i);
  const size_t bytes = nd_context_bytes(c, ND_MEMORY_OBJECT);
  lua_pushinteger(L, (lua_Integer)bytes);
  return 1;
}

static int run_in_another(lua_State *L)
{
  nd_interpreter *own = i;
  i = lua_touserdata(L, lua_upvalueindex(1));
  const bool ok = nd_interpreter_run(i, luaL_checkstring(L, 1), "another");
  lua_pushboolean(L, ok);
  lua_pushstring(L, nd_interpreter_error(i));
  i = own;
  return 2;
}

static void open_with(nd_config config)
{
  i = nd_interpreter_new(&config);
  lua_State *L = nd_interpreter_lua(i);
  lua_register(L, "interrupt", tell_interrupt);
  lua_register(L, "objects", count_objects);
  check_script(i, tools);
}

static void open_tools(void)
{
  open_with(host_config(&h));
}

static void close_tools(void)
{
  check_script(i, "same()");
  nd_interpreter_free(i);
  check_returned(&h);
}

// ------------------------------------------------------------------- stops --

static void check_ended(const char *script)
{
  CHECK(!nd_interpreter_run(i, script, "stopped"));
  CHECK_INT(nd_interpreter_code(i), ND_INTERRUPTED);
  CHECK(strstr(nd_interpreter_error(i), "interrupted") != NULL);
  check_script(i, "same()");
}

static void a_stop_ends_what_the_core_calls(void)
{
  open_tools();
  for (int k = 1; k <= 3; k++) {
    CHECK(nd_interpreter_set_number(i, "k", k));
    check_ended("ways[k](function() interrupt() while true do end end)");
    check_ended("ways[k](function() interrupt() while true do x:sin() end "
                "end)");
    check_ended("ways[k](function()\n"
                "  interrupt() while true do pcall(error) end end)");
    check_ended("while true do pcall(ways[k], function()\n"
                "  interrupt() while true do end end) end");
    check_ended("coroutine.wrap(function() ways[k](function()\n"
                "  interrupt() while true do end end) end)()");
    check_ended("ways[k](function() ways[k](function()\n"
                "  interrupt() while true do end end) end)");
  }
  close_tools();
}

static void a_stop_as_they_return_ends_the_script(void)
{
  open_tools();
  for (int k = 1; k <= 3; k++) {
    CHECK(nd_interpreter_set_number(i, "k", k));
    check_ended("ways[k](interrupt) while true do end");
    check_ended("pcall(ways[k], interrupt) while true do x:sin() end");
  }
  close_tools();
}

// ------------------------------------------------------------------ errors --

static void what_is_raised_arrives_in_the_host(void)
{
  static const char *const script =
    "local e = setmetatable({}, { __tostring = function() return 'odd' end })\n"
    "ways[k](function() error(e) end)";
  open_tools();
  for (int k = 1; k <= 3; k++) {
    CHECK(nd_interpreter_set_number(i, "k", k));
    CHECK(!nd_interpreter_run(i, script, "odd"));
    CHECK_STR(nd_interpreter_error(i), "odd");
    CHECK_INT(nd_interpreter_code(i), ND_BAD_SCRIPT);
    check_script(i, "for _, e in ipairs { 7, false, 'text', same, x } do\n"
                    "  local ok, got = pcall(ways[k], function()\n"
                    "    error(e, 0) end)\n"
                    "  assert(not ok and rawequal(got, e))\n"
                    "end\n"
                    "local ok, got = pcall(ways[k], error)\n"
                    "assert(not ok and got == nil)\n");
  }
  close_tools();
}

// On a tape of the host's own, which leads to no box.
static void a_host_asks_for_the_gradient_of_what_a_script_computed(void)
{
  open_tools();
  nd_context *c = nd_interpreter_context(i);
  nd_tensor *two = nd_tensor_new(c, ND_FLOAT32, 0, NULL, &(float){ 2 });
  nd_variable *w = nd_variable_new(two, true);
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tensor *read = nd_variable_read(w), *g = NULL;
  CHECK(nd_interpreter_set_tensor(i, "w", read));
  check_script(i, "y = nd.custom_gradient(function(t)\n"
                  "  return t * 1, function(d)\n"
                  "    if fail then error(fail, 0) end\n"
                  "    return d * 7\n"
                  "  end\n"
                  "end)(w)\n"
                  "fail = 'no'\n"
                  "collectgarbage() collectgarbage()");
  nd_tape_stop(t);
  nd_tensor *y = nd_interpreter_get_tensor(i, "y");
  CHECK(!nd_tape_gradient(t, y, 1, &w, &g));
  CHECK_INT(nd_error_code(c), ND_BAD_SCRIPT);
  CHECK_STR(nd_error_message(c), "custom_gradient: no");
  nd_error_clear(c);
  check_script(i, "fail = nil same()");
  CHECK(nd_tape_gradient(t, y, 1, &w, &g));
  double seven = 0;
  CHECK(nd_tensor_item(g, &seven) && seven == 7);
  nd_tensor_release(g);
  nd_tensor_release(y);
  nd_tensor_release(read);
  nd_tensor_release(two);
  nd_tape_free(t);
  nd_variable_release(w);
  close_tools();
}

// ------------------------------------------------------------------ memory --

static void what_a_call_has_read_goes_when_it_returns(void)
{
  open_tools();
  check_script(i, "local one = nd.constant(1.)\n"
                  "local w = nd.Variable(2.)\n"
                  "local f = nd.custom_gradient(function(t)\n"
                  "  return t * w, function(d) return d, { d } end\n"
                  "end)\n"
                  "local bad = nd.custom_gradient(function(t)\n"
                  "  error(t * w) end)\n"
                  "local function call() f(one) pcall(bad, one) end\n"
                  "call()\n"
                  "collectgarbage 'stop'\n"
                  "local before = objects()\n"
                  "for _ = 1, 10 do call() end\n"
                  "assert(objects() == before, objects() - before)\n"
                  "collectgarbage 'restart'\n");
  close_tools();
}

static void memory_does_not_grow_with_the_calls(void)
{
  open_tools();
  check_script(i, "local function used()\n"
                  "  collectgarbage() collectgarbage()\n"
                  "  return collectgarbage 'count' * 1024 + objects()\n"
                  "end\n"
                  "local function run(n)\n"
                  "  for _ = 1, n do\n"
                  "    for k = 1, 3 do\n"
                  "      ways[k](function() end)\n"
                  "      pcall(ways[k], function() error 'no' end)\n"
                  "    end\n"
                  "  end\n"
                  "end\n"
                  "run(500)\n"
                  "local before = used()\n"
                  "run(2000)\n"
                  "assert(used() - before < 10000, used() - before)\n");
  close_tools();
}

// What was dropped is collected before there is no memory.
static void small_quotas_are_enough(void)
{
  nd_config config = host_config(&h);
  config.memory_quota = 3 << 20;
  open_with(config);
  check_script(i, "for step = 1, 300 do\n"
                  "  for k = 1, 3 do ways[k](function()\n"
                  "    local y = nd.ones { 20000 } * 2 end) end\n"
                  "end\n");
  close_tools();
}

static bool keep_value(void *data, nd_context *c, int n,
                       nd_tensor *const *inputs, int count, nd_tensor **outputs)
{
  outputs[0] = nd_tensor_retain(inputs[0]);
  return true;
}

static bool keep_gradient(void *data, nd_context *c, int count,
                          nd_tensor *const *upstream, int n,
                          nd_tensor **gradients)
{
  gradients[0] = nd_tensor_retain(upstream[0]);
  return true;
}

static int released;

static void note_release(void *data)
{
  released++;
}

static int call_hosted(lua_State *L)
{
  static const nd_custom f = { .forward = keep_value,
                               .backward = keep_gradient,
                               .release = note_release };
  nd_tensor *x = nd_interpreter_get_tensor(i, "x"), *y = NULL;
  CHECK(nd_custom_gradient(nd_interpreter_context(i), &f, 1, &x, 1, &y));
  nd_tensor_release(y);
  nd_tensor_release(x);
  return 0;
}

// Lua frees the tape where no host may be called.
static void what_a_hosts_function_recorded_goes_when_memory_is_short(void)
{
  nd_config config = host_config(&h);
  config.tensor_quota = 1 << 20;
  open_with(config);
  lua_register(nd_interpreter_lua(i), "hosted", call_hosted);
  released = 0;
  check_script(i, "function record()\n"
                  "  local tape, big = nd.GradientTape(), nd.ones { 90000 }\n"
                  "  tape:watch { x, big }\n"
                  "  hosted()\n"
                  "  nd.square(big)\n"
                  "end\n"
                  "record()\n"
                  "assert(#nd.ones { 200000 } == 200000)\n");
  CHECK_INT(released, 1);
  check_script(i, "record()");
  close_tools();
  CHECK_INT(released, 2);
}

// Every error is to arrive, that of the script too.
static const char *const errors_script =
  "for k = 1, 3 do\n"
  "  local ok, e = pcall(ways[k], function() error 'none' end)\n"
  "  if not e:find 'none$' then error(e, 0) end\n"
  "  ways[k](function() ways[k](function() end) end)\n"
  "end\n";

// A collection comes where there is no memory for a read, and assigns to what
// was read before.
static const char *const reads_script =
  "local all, want = {}, {}\n"
  "for k = 1, 20 do all[k], want[k] = nd.Variable(nd.ones { 50 }), 2 end\n"
  "local function change()\n"
  "  for k = 1, 20 do all[k]:assign_add(all[k]) end\n"
  "end\n"
  "local f = nd.custom_gradient(function(p)\n"
  "  setmetatable({}, { __gc = change })\n"
  "  return nd.reduce_sum(nd.stack(p)), function(d)\n"
  "    local g = {}\n"
  "    for k = 1, 20 do g[k] = nd.fill({ 50 }, 2.) * d end\n"
  "    return g\n"
  "  end\n"
  "end)\n"
  "local tape <close> = nd.GradientTape()\n"
  "local y = f(all)\n"
  "for k, g in ipairs(tape:gradient(y, all)) do\n"
  "  assert(g[1]:item() == 2, k)\n"
  "end\n";

static bool refuse_one(const char *script, long n, long refused)
{
  open_tools();
  host_refuse(&h, n, refused);
  const long before = h.asked;
  const bool ok = nd_interpreter_run(i, script, "refused");
  const bool reached = h.asked > before + n;
  host_relent(&h);
  CHECK(ok || (reached && is_clean(nd_interpreter_error(i))));
  close_tools();
  return reached;
}

static void refuse_all(const char *script, long refused)
{
  long n = 0;
  while (refuse_one(script, n, refused))
    n++;
  CHECK(n > 10);
}

static void they_survive_every_refusal(void)
{
  refuse_all(errors_script, 1);
  refuse_all(errors_script, LONG_MAX);
}

static void a_refused_read_may_assign_to_what_was_read(void)
{
  refuse_all(reads_script, 2);
}

// ---------------------------------------------------------------- together --

static void one_interpreter_calls_another_from_within_the_core(void)
{
  host outer;
  const nd_config config = host_config(&outer);
  open_tools();
  nd_interpreter *inner = i;
  nd_interpreter *first = nd_interpreter_new(&config);
  lua_State *L = nd_interpreter_lua(first);
  lua_pushlightuserdata(L, inner);
  lua_pushcclosure(L, run_in_another, 1);
  lua_setglobal(L, "another");
  check_script(first, tools);
  check_script(first, "for k = 1, 3 do\n"
                      "  ways[k](function() assert(another 'same()') end)\n"
                      "  local ok, e = another('ways[' .. k .. '](error)')\n"
                      "  assert(not ok)\n"
                      "end\n"
                      "same()\n");
  nd_interpreter_free(first);
  check_returned(&outer);
  close_tools();
}

int main(void)
{
  RUN(a_stop_ends_what_the_core_calls);
  RUN(a_stop_as_they_return_ends_the_script);
  RUN(what_is_raised_arrives_in_the_host);
  RUN(a_host_asks_for_the_gradient_of_what_a_script_computed);
  RUN(what_a_call_has_read_goes_when_it_returns);
  RUN(memory_does_not_grow_with_the_calls);
  RUN(small_quotas_are_enough);
  RUN(what_a_hosts_function_recorded_goes_when_memory_is_short);
  RUN(they_survive_every_refusal);
  RUN(a_refused_read_may_assign_to_what_was_read);
  RUN(one_interpreter_calls_another_from_within_the_core);
  return check_done();
}
