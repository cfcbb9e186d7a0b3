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

// Messages skip the lines of our own modules, whatever a script is called.
static void a_script_may_have_a_name_like_ours(void)
{
  static const char *const names[] = { "nadir-level1.lua", "nadir",
                                       "nadir.plot", "=nadir.plot",
                                       "[nadir.plot]" };
  for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
    char want[80];
    CHECK(!nd_interpreter_run(i, "\nrequire 'nadir'.zeros(-1)", names[n]));
    snprintf(want, sizeof want, "%s:2: zeros: negative size: [-1]", names[n]);
    CHECK_STR(nd_interpreter_error(i), want);
    CHECK(!nd_interpreter_run(i, "\nrequire 'nadir.plot'.line(1)", names[n]));
    snprintf(want, sizeof want, "%s:2: line: x must be", names[n]);
    CHECK(strncmp(nd_interpreter_error(i), want, strlen(want)) == 0);
  }
}

static void lpeg_is_there_if_the_host_says_so(void)
{
  nd_config config = { .size = sizeof config, .lpeg = true };
  nd_interpreter *lent = nd_interpreter_new(&config);
  CHECK(nd_interpreter_run(lent, "require 'lpeg'.P 'a'", "s"));
  nd_interpreter_free(lent);
  CHECK(!nd_interpreter_run(i, "require 'lpeg'", "s"));
  CHECK_STR(nd_interpreter_error(i),
            "s:1: lpeg: this host does not lend it to scripts");
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

static void with_is_understood_in_files(void)
{
  static const char *const script =
    "path = os.tmpname()\n"
    "local f = io.open(path, 'w')\n"
    "f:write 'with io.tmpfile() as f do g = f end return io.type(g)'\n"
    "f:close()\n"
    "assert(dofile(path) == 'closed file')\n"
    "assert(assert(loadfile(path))() == 'closed file')\n"
    "local env = { io = io }\n"
    "assert(loadfile(path, 't', env)() == 'closed file' and env.g)\n"
    "package.path = path:gsub('[^/]*$', '?')\n"
    "assert(require(path:match '[^/]*$') == 'closed file')\n"
    "os.remove(path)\n"
    "assert(require 'nadir'.load 'with ... as x do end')\n";
  CHECK(nd_interpreter_run(i, script, "files"));
  CHECK_STR(nd_interpreter_error(i), "");
}

static void with_needs_nothing_that_scripts_can_take_away(void)
{
  nd_interpreter *bare = nd_interpreter_new(NULL);
  CHECK(nd_interpreter_run(bare,
                           "setmetatable(_G, nil)\n"
                           "for k in pairs(string) do string[k] = nil end\n"
                           "for k in pairs(table) do table[k] = nil end\n"
                           "for k in pairs(package) do package[k] = nil end\n"
                           "meta = { __close = function() y = 1 end }\n"
                           "new = setmetatable\n"
                           "for k in pairs(_G) do\n"
                           "  if k ~= 'meta' and k ~= 'new' then _ENV[k] = nil"
                           "  end\n"
                           "end",
                           "empty"));
  CHECK_STR(nd_interpreter_error(bare), "");
  CHECK(nd_interpreter_run(bare, "with new({}, meta) as x do z = x end", "w"));
  CHECK_STR(nd_interpreter_error(bare), "");
  double y = 0;
  CHECK(nd_interpreter_get_number(bare, "y", &y) && y == 1);
  CHECK(!nd_interpreter_run(bare, "with x", "w"));
  CHECK_STR(nd_interpreter_error(bare), "w:1: 'do' expected near <eof>");
  nd_interpreter_free(bare);
}

static void hear(void *data, const char *text)
{
  snprintf(data, 120, "%s", text);
}

static void a_warning_comes_to_the_host(void)
{
  static const char script[] =
    "local nd = require 'nadir'\n"
    "for _ = 1, 3 do nd.GradientTape():watch(nd.Variable(0)) end";
  char heard[120] = "";
  const nd_config config = { .size = sizeof config,
                             .warning = hear,
                             .warning_data = heard };
  nd_interpreter *own = nd_interpreter_new(&config);
  CHECK(nd_interpreter_run(own, script, "loud"));
  CHECK(strncmp(heard, "loud:2: watch: no gradient: it is int32", 39) == 0);
  heard[0] = '\0';
  CHECK(nd_interpreter_run(own, script, "loud"));
  CHECK_STR(heard, "");
  CHECK(nd_interpreter_run(own, "warn '@off'", "off"));
  CHECK(nd_interpreter_run(own, script, "quiet"));
  CHECK_STR(heard, "");
  nd_interpreter_free(own);
}

static void what_a_script_warns_of_comes_to_the_host(void)
{
  char heard[120] = "";
  const nd_config config = { .size = sizeof config,
                             .warning = hear,
                             .warning_data = heard };
  nd_interpreter *own = nd_interpreter_new(&config);
  CHECK(nd_interpreter_run(own, "warn 'unheard'", "off"));
  CHECK_STR(heard, "");
  CHECK(nd_interpreter_run(own, "warn '@on' warn('it ', 'is ', 1)", "on"));
  CHECK_STR(heard, "warn: it is 1");
  CHECK(nd_interpreter_run(own, "warn(('x'):rep(1000), 'y')", "long"));
  CHECK(strncmp(heard, "warn: xxx", 9) == 0);
  nd_interpreter_free(own);
}

int main(void)
{
  i = nd_interpreter_new(NULL);
  RUN(a_result_is_read_as_a_number);
  RUN(an_error_has_the_scripts_name_and_line);
  RUN(an_error_of_any_type_has_a_text);
  RUN(a_text_that_cannot_be_had_is_said);
  RUN(a_script_may_have_a_name_like_ours);
  RUN(lpeg_is_there_if_the_host_says_so);
  RUN(a_script_cannot_end_the_host);
  RUN(with_is_understood);
  RUN(with_is_understood_in_files);
  RUN(with_needs_nothing_that_scripts_can_take_away);
  RUN(a_warning_comes_to_the_host);
  RUN(what_a_script_warns_of_comes_to_the_host);
  nd_interpreter_free(i);
  return check_done();
}
