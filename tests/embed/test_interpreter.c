// lua/interpreter.c: what a host sees of scripts.

#include "lua/nadirlua.h"

#include "check.h"

static nd_interpreter *i;

static void a_result_is_read_as_a_number(void)
{
  double y = 0;
  CHECK(nd_interpreter_run(i, "a = 2 b = require 'nadir'.square(3.)", "s"));
  CHECK(nd_interpreter_get_number(i, "a", &y) && y == 2);
  CHECK(nd_interpreter_get_number(i, "b", &y) && y == 9);
  CHECK(!nd_interpreter_get_number(i, "missing", &y));
}

static void an_error_has_the_scripts_name_and_line(void)
{
  CHECK(!nd_interpreter_run(i, "\nrequire 'nadir'.zeros(-1)", "setup"));
  CHECK_STR(nd_interpreter_error(i), "setup:2: zeros: negative size: [-1]");
  CHECK(nd_interpreter_run(i, "x = 1", "next"));
  CHECK_STR(nd_interpreter_error(i), "");
}

static void check_error(const char *script, const char *message)
{
  CHECK(!nd_interpreter_run(i, script, "s"));
  CHECK_STR(nd_interpreter_error(i), message);
  CHECK_INT(nd_interpreter_code(i), ND_BAD_SCRIPT);
}

static void an_error_of_any_type_has_a_text(void)
{
  check_error("error(42)", "42");
  check_error("error(4.5)", "4.5");
  check_error("error()", "(error object is a nil value)");
  check_error("error {}", "(error object is a table value)");
  check_error("error(setmetatable({}, { __tostring = function()\n"
              "  return 'its own' end }))",
              "its own");
}

static void a_text_that_cannot_be_had_is_said(void)
{
  check_error("error(setmetatable({}, { __tostring = error }))",
              "(error object is a table value)");
  check_error("error(setmetatable({}, { __tostring = function()\n"
              "  coroutine.yield() end }))",
              "(error object is a table value)");
  check_error("error(setmetatable({}, { __tostring = function()\n"
              "  return 1 end }))",
              "(error object is a table value)");
}

static void a_script_cannot_end_the_host(void)
{
  CHECK(!nd_interpreter_run(i, "os.exit(3)", "quit"));
  CHECK_STR(nd_interpreter_error(i),
            "quit:1: exit: a script cannot end the program it runs in");
}

static void with_is_understood(void)
{
  CHECK(nd_interpreter_run(i,
                           "local nd = require 'nadir'\n"
                           "local x = nd.Variable(3.)\n"
                           "with nd.GradientTape() as t do y = x * x end\n"
                           "g = t:gradient(y, x)",
                           "with"));
  double g;
  CHECK(nd_interpreter_get_number(i, "g", &g) && g == 6);
}

int main(void)
{
  i = nd_interpreter_new(NULL);
  RUN(a_result_is_read_as_a_number);
  RUN(an_error_has_the_scripts_name_and_line);
  RUN(an_error_of_any_type_has_a_text);
  RUN(a_text_that_cannot_be_had_is_said);
  RUN(a_script_cannot_end_the_host);
  RUN(with_is_understood);
  nd_interpreter_free(i);
  return check_done();
}
