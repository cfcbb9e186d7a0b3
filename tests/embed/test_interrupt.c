// nd_interrupt from another thread ends what runs, and the interpreter goes on.

#include "lua/nadirlua.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "embed/script.h"
#include "embed/train.h"

static nd_interpreter *i;
static atomic_bool ended;

static void sleep_ms(long n)
{
  nanosleep(&(struct timespec){ .tv_nsec = n * 1000000 }, NULL);
}

// Again and again, as the first may come before the script has begun.
static void *interrupt_until_ended(void *context)
{
  while (!atomic_load(&ended)) {
    sleep_ms(20);
    nd_interrupt(context);
  }
  return NULL;
}

// Runs a script that ends only by interruption. Returns the seconds it took.
static double run_interrupted(const char *script)
{
  struct timespec start, end;
  pthread_t thread;
  atomic_store(&ended, false);
  clock_gettime(CLOCK_MONOTONIC, &start);
  CHECK_INT(pthread_create(&thread, NULL, interrupt_until_ended,
                           nd_interpreter_context(i)),
            0);
  CHECK(!nd_interpreter_run(i, script, "loop"));
  clock_gettime(CLOCK_MONOTONIC, &end);
  atomic_store(&ended, true);
  CHECK_INT(pthread_join(thread, NULL), 0);
  return (double)(end.tv_sec - start.tv_sec) +
         (double)(end.tv_nsec - start.tv_nsec) * 1e-9;
}

// Either the op or the VM notices first; both say where, after `where`.
static void interrupt_at(const char *setup, const char *script,
                         const char *where)
{
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i, setup, "setup"));
  const double seconds = run_interrupted(script);
  CHECK(strncmp(nd_interpreter_error(i), where, strlen(where)) == 0);
  CHECK(strstr(nd_interpreter_error(i), "interrupted") != NULL);
  CHECK_INT(nd_interpreter_code(i), ND_INTERRUPTED);
  CHECK(seconds < 30);
}

static void check_interrupted(const char *setup, const char *script)
{
  interrupt_at(setup, script, "loop:1: ");
  check_script(i, train_script);
  nd_interpreter_free(i);
}

static void a_loop_of_small_ops_stops(void)
{
  check_interrupted("x = require 'nadir'.constant(1.)",
                    "while true do x = x * 1 end");
}

static void a_long_op_stops_between_its_ranges(void)
{
  check_interrupted("x = require 'nadir'.ones {3000000}",
                    "while true do x:sin() end");
}

static void a_matmul_stops_between_its_ranges(void)
{
  check_interrupted("x = require 'nadir'.ones {1000, 1000}",
                    "while true do x:matmul(x) end");
}

static void a_loop_without_ops_stops(void)
{
  check_interrupted("", "while true do end");
}

static void a_coroutine_stops(void)
{
  check_interrupted("", "coroutine.wrap(function() while true do end end)()");
}

static void a_training_loop_stops_and_its_tape_is_left(void)
{
  i = nd_interpreter_new(NULL);
  run_interrupted("local nd = require 'nadir'\n"
                  "local v = nd.Variable(1.)\n"
                  "local sgd = nd.optimizers.SGD()\n"
                  "while true do\n"
                  "  local y\n"
                  "  with nd.GradientTape() as tape do y = nd.square(v) end\n"
                  "  sgd:apply_gradients({tape:gradient(y, v)}, {v})\n"
                  "end\n");
  CHECK(strstr(nd_interpreter_error(i), ": interrupted") != NULL);
  check_script(i, train_script);
  nd_interpreter_free(i);
}

// -------------------------------------------------- what a script may try --

static const char *const tools =
  "function spin() while true do end end\n"
  "function forever(f, ...) while true do f(...) end end\n"
  "function object(mt) return setmetatable({}, mt) end\n";

static void check_stopped(const char *script)
{
  interrupt_at(tools, script, "");
  check_script(i, train_script);
  nd_interpreter_free(i);
}

// Its block is never left, as C cannot be.
static void a_tape_in_a_coroutine_that_c_holds_is_left(void)
{
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i,
                           "nd = require 'nadir'\n"
                           "v = nd.Variable(1.)\n"
                           "outer = nd.GradientTape()\n"
                           "local function spin() while true do end end\n"
                           "co = coroutine.wrap(function()\n"
                           "  with nd.GradientTape() as tape do\n"
                           "    inner = tape\n"
                           "    table.sort({ 1, 2 }, spin)\n"
                           "  end\n"
                           "end)",
                           "setup"));
  run_interrupted("co()");
  CHECK_INT(nd_interpreter_code(i), ND_INTERRUPTED);
  static const char *const after = "local y = v * 2\n"
                                   "assert(outer:gradient(y, v))\n"
                                   "assert(not inner:gradient(y, v))";
  const bool ok = nd_interpreter_run(i, after, "after");
  CHECK_STR(nd_interpreter_error(i), "");
  CHECK(ok);
  nd_interpreter_free(i);
}

static void pcall_does_not_catch_a_stop(void)
{
  check_stopped("forever(pcall, spin)");
  check_stopped("forever(pcall, forever, pcall, spin)");
  check_stopped("function f() pcall(f) spin() end f()");
  check_stopped("forever(pcall, error, 'an error of its own')");
  check_stopped("x = require 'nadir'.ones {300000}\n"
                "forever(pcall, function() while true do x:sin() end end)");
}

static void xpcall_does_not_catch_a_stop(void)
{
  check_stopped("forever(xpcall, spin, spin)");
  check_stopped("forever(xpcall, spin, print)");
  check_stopped("xpcall(error, spin)");
  check_stopped("forever(xpcall, error, function() error 'again' end)");
}

static void a_coroutine_does_not_catch_a_stop(void)
{
  check_stopped("forever(coroutine.resume, coroutine.create(spin)) spin()");
  check_stopped("forever(function()\n"
                "  coroutine.resume(coroutine.create(spin)) end)");
  check_stopped("forever(pcall, function() coroutine.wrap(spin)() end)");
  check_stopped("coroutine.wrap(function() forever(pcall, spin) end)()");
  check_stopped("function deep(n)\n"
                "  return coroutine.wrap(function()\n"
                "    forever(pcall, n > 0 and deep(n - 1) or spin) end)\n"
                "end\n"
                "forever(pcall, deep(50))");
}

static void a_coroutine_made_before_does_not_catch_a_stop(void)
{
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i, tools, "tools"));
  CHECK(nd_interpreter_run(i,
                           "co = coroutine.wrap(function()\n"
                           "  coroutine.yield() forever(pcall, spin) end)\n"
                           "co()",
                           "setup"));
  run_interrupted("co()");
  CHECK_INT(nd_interpreter_code(i), ND_INTERRUPTED);
  CHECK(!nd_interpreter_run(i, "co()", "dead"));
  CHECK_STR(nd_interpreter_error(i), "dead:1: cannot resume dead coroutine");
  CHECK_INT(nd_interpreter_code(i), ND_BAD_SCRIPT);
  check_script(i, train_script);
  nd_interpreter_free(i);
}

static void a_call_from_c_in_a_coroutine_does_not_catch_a_stop(void)
{
  check_stopped("coroutine.wrap(function()\n"
                "  forever(pcall, table.sort, {1, 2, 3}, spin) end)()");
  check_stopped("forever(load, spin)");
  check_stopped("forever(pcall, string.gsub, 'a', 'a', spin)");
  check_stopped("forever(pcall, require, 'none', tostring(object {\n"
                "  __tostring = spin }))");
}

static void a_close_handler_does_not_hold_a_stop_up(void)
{
  check_stopped("forever(function()\n"
                "  local x <close> = object { __close = spin } spin() end)");
  check_stopped("local co = coroutine.create(function()\n"
                "  local x <close> = object { __close = spin }\n"
                "  coroutine.yield() end)\n"
                "coroutine.resume(co)\n"
                "forever(pcall, coroutine.close, co)");
  check_stopped("coroutine.wrap(function()\n"
                "  local x <close> = object { __close = spin }\n"
                "  table.sort({1, 2, 3}, spin) end)()");
}

// Its hooks are off, and a handler in it would never end.
static void a_coroutine_that_c_called_from_stays_as_it_was_left(void)
{
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i, tools, "tools"));
  run_interrupted("co = coroutine.create(function()\n"
                  "  local x <close> = object { __close = spin }\n"
                  "  table.sort({1, 2, 3}, spin) end)\n"
                  "coroutine.resume(co)");
  CHECK(nd_interpreter_run(i,
                           "local ok, message = coroutine.close(co)\n"
                           "assert(not ok and message == 'interrupted')",
                           "close"));
  check_script(i, train_script);
  nd_interpreter_free(i);
}

// What is left of them would hold the next run up, until that is stopped.
static void check_finalizer(const char *script)
{
  interrupt_at(tools, script, "");
  nd_interpreter_free(i);
}

static void a_finalizer_does_not_hold_a_stop_up(void)
{
  check_finalizer("object { __gc = spin } collectgarbage()");
  check_finalizer("forever(function() object { __gc = spin } end)");
  check_finalizer("local mt = { __gc = true } object(mt) mt.__gc = spin\n"
                  "forever(collectgarbage)");
  check_finalizer("forever(pcall, function()\n"
                  "  object { __gc = function() forever(pcall, spin) end }\n"
                  "  collectgarbage() end)");
}

static void a_finalizer_does_not_hold_the_closing_up(void)
{
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i, tools, "tools"));
  CHECK(nd_interpreter_run(i, "x = object { __gc = spin }", "last"));
  nd_interpreter_free(i);
}

static void a_script_cannot_take_the_hook_away(void)
{
  i = nd_interpreter_new(NULL);
  CHECK(!nd_interpreter_run(i, "debug.sethook()", "hook"));
  CHECK_STR(nd_interpreter_error(i),
            "hook:1: debug.sethook: a host that keeps limits does not lend it");
  CHECK(nd_interpreter_run(i,
                           "assert(debug.traceback 'x':find '^x\\nstack')\n"
                           "assert(debug.getinfo(1, 'l').currentline == 2)\n"
                           "assert(getmetatable(io.stdout) == false)",
                           "rest"));
  nd_interpreter_free(i);
}

static void no_handler_of_a_script_runs_during_a_stop(void)
{
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i, tools, "tools"));
  CHECK(nd_interpreter_run(i, "said = 0 function say() said = said + 1 end",
                           "setup"));
  run_interrupted("local x <close> = object { __close = say }\n"
                  "xpcall(spin, say)\n"
                  "pcall(spin)\n"
                  "say()\n");
  double said = -1;
  CHECK(nd_interpreter_get_number(i, "said", &said) && said == 0);
  nd_interpreter_free(i);
}

static void a_finalizer_that_a_stop_put_off_runs_later(void)
{
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i, tools, "tools"));
  run_interrupted("object { __gc = function() said = 1 end }\n"
                  "object { __gc = spin }\n"
                  "collectgarbage()");
  CHECK(nd_interpreter_run(i, "assert(not said) collectgarbage()", "later"));
  double said = 0;
  CHECK(nd_interpreter_get_number(i, "said", &said) && said == 1);
  nd_interpreter_free(i);
}

static void with_closes_what_it_opened_when_a_stop_leaves_it(void)
{
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i, tools, "tools"));
  run_interrupted("local nd = require 'nadir'\n"
                  "co = coroutine.wrap(function()\n"
                  "  with nd.GradientTape() as tape do\n"
                  "    pcall(function()\n"
                  "      with nd.GradientTape() as inner do spin() end\n"
                  "    end)\n"
                  "  end\n"
                  "end)\n"
                  "with io.tmpfile() as f do file = f co() end");
  CHECK(nd_interpreter_run(i,
                           "local nd = require 'nadir'\n"
                           "assert(io.type(file) == 'closed file')\n"
                           "local x = nd.Variable(2.)\n"
                           "local t = nd.GradientTape()\n"
                           "local y = x * x\n"
                           "assert(t:gradient(y, x):item() == 4)",
                           "after"));
  CHECK_STR(nd_interpreter_error(i), "");
  nd_interpreter_free(i);
}

static void what_runs_for_the_host_stops_too(void)
{
  check_stopped("error(object { __tostring = spin })");
  i = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(i, tools, "tools"));
  CHECK(nd_interpreter_run(i, "x = object { __index = spin }", "x"));
  pthread_t thread;
  double y;
  atomic_store(&ended, false);
  pthread_create(&thread, NULL, interrupt_until_ended,
                 nd_interpreter_context(i));
  CHECK(!nd_interpreter_get_number(i, "x.y", &y));
  atomic_store(&ended, true);
  pthread_join(thread, NULL);
  CHECK_INT(nd_interpreter_code(i), ND_INTERRUPTED);
  check_script(i, train_script);
  nd_interpreter_free(i);
}

static void an_interruption_before_a_run_is_forgotten(void)
{
  i = nd_interpreter_new(NULL);
  nd_interrupt(nd_interpreter_context(i));
  check_script(i, train_script);
  nd_interrupt(nd_interpreter_context(i));
  CHECK(nd_interpreter_set_number(i, "x", 3));
  check_script(i, train_script);
  nd_interpreter_free(i);
}

// ---------------------------------------------------------- without limits --

static void an_unlimited_script_has_no_hook_and_stops_at_an_op(void)
{
  nd_config config = { .size = sizeof config, .unlimited = true };
  i = nd_interpreter_new(&config);
  CHECK(nd_interpreter_run(i, "assert(debug.gethook() == nil)", "hook"));
  run_interrupted("local x = require 'nadir'.constant(1.)\n"
                  "while true do x = x * 1 end");
  CHECK_STR(nd_interpreter_error(i), "loop:2: multiply: interrupted");
  CHECK_INT(nd_interpreter_code(i), ND_INTERRUPTED);
  CHECK(!nd_interpreter_run(i, "error 'no'", "other"));
  CHECK_INT(nd_interpreter_code(i), ND_BAD_SCRIPT);
  check_script(i, train_script);
  nd_interpreter_free(i);
}

int main(void)
{
  RUN(a_loop_of_small_ops_stops);
  RUN(a_long_op_stops_between_its_ranges);
  RUN(a_matmul_stops_between_its_ranges);
  RUN(a_loop_without_ops_stops);
  RUN(a_coroutine_stops);
  RUN(a_training_loop_stops_and_its_tape_is_left);
  RUN(a_tape_in_a_coroutine_that_c_holds_is_left);
  RUN(pcall_does_not_catch_a_stop);
  RUN(xpcall_does_not_catch_a_stop);
  RUN(a_coroutine_does_not_catch_a_stop);
  RUN(a_coroutine_made_before_does_not_catch_a_stop);
  RUN(a_call_from_c_in_a_coroutine_does_not_catch_a_stop);
  RUN(a_close_handler_does_not_hold_a_stop_up);
  RUN(a_coroutine_that_c_called_from_stays_as_it_was_left);
  RUN(a_finalizer_does_not_hold_a_stop_up);
  RUN(a_finalizer_does_not_hold_the_closing_up);
  RUN(a_script_cannot_take_the_hook_away);
  RUN(no_handler_of_a_script_runs_during_a_stop);
  RUN(a_finalizer_that_a_stop_put_off_runs_later);
  RUN(with_closes_what_it_opened_when_a_stop_leaves_it);
  RUN(what_runs_for_the_host_stops_too);
  RUN(an_interruption_before_a_run_is_forgotten);
  RUN(an_unlimited_script_has_no_hook_and_stops_at_an_op);
  return check_done();
}
