// lua/console.c: a host feeds lines, and shows what comes of them.

#include <limits.h>

#include "check.h"
#include "host.h"
#include "lua/nadirlua.h"

static nd_interpreter *i;
static nd_console *c;

// Feeds a line, which must give that answer and that text.
static void says(const char *line, nd_answer answer, const char *text)
{
  CHECK_INT(nd_console_feed(c, line), answer);
  CHECK_STR(nd_console_text(c), text);
}

static void shows(const char *line, const char *text)
{
  says(line, ND_CONSOLE_DONE, text);
  CHECK_INT(nd_interpreter_code(i), ND_OK);
}

static void fails(const char *line, const char *message)
{
  says(line, ND_CONSOLE_FAILED, message);
  CHECK_STR(nd_interpreter_error(i), message);
  CHECK_INT(nd_interpreter_code(i), ND_BAD_SCRIPT);
}

static void an_expression_shows_its_values(void)
{
  shows("1 + 1", "2");
  shows("= 'a', nil, true", "a\tnil\ttrue");
  shows("{ 1, { x = 'y' } }", "{ 1, { x = \"y\" } }");
  shows("setmetatable({}, { __tostring = function() return 'me' end })", "me");
  shows("require 'nadir'.ones(2)",
        "nd.Tensor([1. 1.], shape=(2,), dtype=float32)");
}

static void a_statement_shows_nothing(void)
{
  shows("x = 3", "");
  shows("", "");
  shows("x", "3");
}

static void a_local_stays(void)
{
  shows("local kept <const> = 4", "");
  shows("kept", "4");
  fails("kept = 5", "test:1: attempt to assign to const variable 'kept'");
}

static void a_text_may_take_several_lines(void)
{
  says("local sum = 0", ND_CONSOLE_DONE, "");
  says("for k = 1, 3 do", ND_CONSOLE_MORE, "");
  says("  sum = sum + k", ND_CONSOLE_MORE, "");
  shows("end", "");
  shows("sum", "6");
  shows("do\n  sum = 7\nend\nreturn sum", "7");
}

static void with_takes_several_lines(void)
{
  shows("local nd, x = require 'nadir', require 'nadir'.Variable(3.)", "");
  says("with nd.GradientTape() as tape do", ND_CONSOLE_MORE, "");
  says("  y = x * x", ND_CONSOLE_MORE, "");
  shows("end", "");
  shows("tape:gradient(y, x):item()", "6.0");
}

static void a_text_that_ends_too_soon_is_told(void)
{
  says("f(", ND_CONSOLE_MORE, "");
  CHECK_INT(nd_console_finish(c), ND_CONSOLE_FAILED);
  CHECK_STR(nd_console_text(c), "test:1: unexpected symbol near <eof>");
  shows("1", "1");
}

static void lines_that_were_not_enough_can_be_forgotten(void)
{
  says("f(", ND_CONSOLE_MORE, "");
  nd_console_forget(c);
  shows("2", "2");
}

static void an_error_is_told_and_survived(void)
{
  fails("1 +* 2", "test:1: unexpected symbol near '1'");
  fails("error 'no'", "test:1: no");
  fails("error {}", "(error object is a table value)");
  fails("require 'nadir'.zeros(-1)", "test:1: zeros: negative size: [-1]");
  shows("'still here'", "still here");
}

static void an_error_shows_the_functions_that_led_there(void)
{
  shows("function deep() error 'down' end", "");
  fails("deep(), 1", "test:1: down\n"
                     "stack traceback:\n"
                     "\t[C]: in function 'error'\n"
                     "\ttest:1: in function 'deep'\n"
                     "\ttest:1: in main chunk");
}

static void what_cannot_be_shown_is_told(void)
{
  fails("setmetatable({}, { __tostring = function() error 'mute' end })",
        "test:1: mute");
  fails("table.unpack({}, 1, 900000)", "too many results to show");
}

static void consoles_have_locals_of_their_own(void)
{
  nd_console *other = nd_console_new(i, "other");
  shows("local mine = 1", "");
  CHECK_INT(nd_console_feed(other, "mine"), ND_CONSOLE_DONE);
  CHECK_STR(nd_console_text(other), "nil");
  CHECK_INT(nd_console_feed(other, "error 'no'"), ND_CONSOLE_FAILED);
  CHECK_STR(nd_console_text(other), "other:1: no");
  nd_console_free(other);
}

static void what_is_open_closes_with_the_console(void)
{
  double closed = 0;
  nd_console *other = nd_console_new(i, "other");
  CHECK_INT(nd_console_feed(other, "local x <close> = setmetatable({}, {"
                                   "__close = function() closed = 1 end })"),
            ND_CONSOLE_DONE);
  CHECK(!nd_interpreter_get_number(i, "closed", &closed));
  nd_console_free(other);
  CHECK(nd_interpreter_get_number(i, "closed", &closed) && closed == 1);
}

// ------------------------------------------------------------------ stops --

static void stop(void *data, const char *text)
{
  (void)text;
  nd_interrupt(nd_interpreter_context(*(nd_interpreter **)data));
}

// A warning comes while the line runs.
static void an_interrupt_ends_the_line(void)
{
  nd_interpreter *own = NULL;
  const nd_config config = { .size = sizeof config,
                             .warning = stop,
                             .warning_data = &own };
  own = nd_interpreter_new(&config);
  nd_console *console = nd_console_new(own, "own");
  CHECK_INT(nd_console_feed(console, "warn '@on' local x = 5"),
            ND_CONSOLE_DONE);
  CHECK_INT(nd_console_feed(console, "warn '' while true do pcall(error) end"),
            ND_CONSOLE_FAILED);
  CHECK_STR(nd_console_text(console), "own:1: interrupted");
  CHECK_INT(nd_interpreter_code(own), ND_INTERRUPTED);
  CHECK_INT(nd_console_feed(console, "x"), ND_CONSOLE_DONE);
  CHECK_STR(nd_console_text(console), "5");
  nd_console_free(console);
  nd_interpreter_free(own);
}

static void a_line_without_memory_leaves_the_console_whole(void)
{
  nd_interpreter *own = nd_interpreter_new(NULL);
  nd_context *context = nd_interpreter_context(own);
  nd_console *console = nd_console_new(own, "own");
  CHECK_INT(nd_console_feed(console, "local x = 5"), ND_CONSOLE_DONE);
  nd_context_set_quota(context, ND_MEMORY_SCRIPT,
                       nd_context_bytes(context, ND_MEMORY_SCRIPT) + 100000);
  CHECK_INT(nd_console_feed(console, "local y = ('x'):rep(1000000)"),
            ND_CONSOLE_FAILED);
  CHECK_STR(nd_console_text(console), "not enough memory");
  CHECK_INT(nd_interpreter_code(own), ND_NO_MEMORY);
  CHECK_INT(nd_console_feed(console, "x, y"), ND_CONSOLE_DONE);
  CHECK_STR(nd_console_text(console), "5\tnil");
  nd_console_free(console);
  nd_interpreter_free(own);
}

// Feeds two lines with the n-th request for memory refused; false if there are
// fewer.
static bool refuse_from(long n)
{
  host h;
  const nd_config config = host_config(&h);
  nd_interpreter *own = nd_interpreter_new(&config);
  host_refuse(&h, n, LONG_MAX);
  nd_console *console = nd_console_new(own, "own");
  const nd_answer more = nd_console_feed(console, "with ... as x do");
  nd_console_feed(console, more == ND_CONSOLE_MORE ? "end" : "1");
  nd_console_complete(console, "pri");
  const bool reached = h.asked >= h.refuse_from;
  host_relent(&h);
  if (console == NULL)
    console = nd_console_new(own, "own");
  CHECK_INT(nd_console_feed(console, "1 + 1"), ND_CONSOLE_DONE);
  CHECK_STR(nd_console_text(console), "2");
  nd_console_free(console);
  nd_interpreter_free(own);
  check_returned(&h);
  return reached;
}

static void refused_memory_leaves_no_trace(void)
{
  long n = 0;
  while (refuse_from(n))
    n += 1 + n / 20;
  CHECK(n > 10);
}

// ------------------------------------------------------------- completion --

static void a_name_is_completed(void)
{
  shows("nd = require 'nadir' local unusual = nd.ones(1)", "");
  CHECK_INT(nd_console_complete(c, "print(unus"), 1);
  CHECK_STR(nd_console_insert(c), "ual");
  CHECK_STR(nd_console_name(c, 0), "unusual");
  CHECK(nd_console_name(c, 1) == NULL);
  CHECK_INT(nd_console_complete(c, "nd.reduce_m"), 3);
  CHECK_STR(nd_console_insert(c), "");
  CHECK_STR(nd_console_name(c, 0), "reduce_max");
  CHECK_STR(nd_console_name(c, 2), "reduce_min");
  CHECK_INT(nd_console_complete(c, "unusual:log_soft"), 1);
  CHECK_INT(nd_console_complete(c, "nd.no_such"), 0);
  CHECK_STR(nd_console_insert(c), "");
  CHECK(nd_console_name(c, 0) == NULL);
}

int main(void)
{
  i = nd_interpreter_new(NULL);
  c = nd_console_new(i, "test");
  CHECK(c != NULL);
  RUN(an_expression_shows_its_values);
  RUN(a_statement_shows_nothing);
  RUN(a_local_stays);
  RUN(a_text_may_take_several_lines);
  RUN(with_takes_several_lines);
  RUN(a_text_that_ends_too_soon_is_told);
  RUN(lines_that_were_not_enough_can_be_forgotten);
  RUN(an_error_is_told_and_survived);
  RUN(an_error_shows_the_functions_that_led_there);
  RUN(what_cannot_be_shown_is_told);
  RUN(consoles_have_locals_of_their_own);
  RUN(what_is_open_closes_with_the_console);
  RUN(an_interrupt_ends_the_line);
  RUN(a_line_without_memory_leaves_the_console_whole);
  RUN(refused_memory_leaves_no_trace);
  RUN(a_name_is_completed);
  nd_console_free(c);
  nd_interpreter_free(i);
  return check_done();
}
