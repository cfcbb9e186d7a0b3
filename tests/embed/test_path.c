// lua/path.c: values that go from a host to its scripts and back.

#include "lua/nadirlua.h"

#include "check.h"
#include "embed/script.h"
#include "host.h"

static nd_interpreter *i;

static void values_arrive_in_a_script(void)
{
  CHECK(nd_interpreter_set_number(i, "speed", 2.5));
  CHECK(nd_interpreter_set_boolean(i, "player.alive", true));
  CHECK(nd_interpreter_set_string(i, "player.name.first", "a\0b", 3));
  check_script(i, "assert(speed == 2.5 and math.type(speed) == 'float')\n"
                  "assert(player.alive == true)\n"
                  "assert(player.name.first == 'a\\0b')");
}

static void values_come_back(void)
{
  double number = 0;
  bool truth = false;
  size_t size = 0;
  check_script(i, "a = { b = { n = 3, t = true, s = 'x\\0y' } }\n"
                  "v = require 'nadir'.Variable {4.}");
  CHECK(nd_interpreter_get_number(i, "a.b.n", &number) && number == 3);
  CHECK(nd_interpreter_get_number(i, "v", &number) && number == 4);
  CHECK(nd_interpreter_get_boolean(i, "a.b.t", &truth) && truth);
  const char *text = nd_interpreter_get_string(i, "a.b.s", &size);
  CHECK(text != NULL && size == 3 && memcmp(text, "x\0y", 4) == 0);
  check_script(i, "a = nil collectgarbage()");
  CHECK(text[2] == 'y');
}

static void many_numbers_go_in_as_one_tensor(void)
{
  enum { N = 4096 };
  float sensors[N];
  for (int k = 0; k < N; k++)
    sensors[k] = (float)k;
  nd_context *c = nd_interpreter_context(i);
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ N }, sensors);
  CHECK(nd_interpreter_set_tensor(i, "player.sensors", x));
  nd_tensor_release(x);
  check_script(i, "local x = player.sensors\n"
                  "assert(#x == 4096 and x[4096]:item() == 4095)\n"
                  "player.act = x * 2");
  nd_tensor *y = nd_interpreter_get_tensor(i, "player.act");
  CHECK(nd_tensor_read(y, sensors) && sensors[4095] == 8190);
  nd_tensor_release(y);
}

static void a_scalar_tensor_and_a_variable_are_tensors(void)
{
  double value = 0;
  nd_context *c = nd_interpreter_context(i);
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 0, NULL, &(float){ 7 });
  CHECK(nd_interpreter_set_tensor(i, "scalar", x));
  nd_tensor_release(x);
  nd_tensor *y = nd_interpreter_get_tensor(i, "scalar");
  CHECK(nd_tensor_item(y, &value) && value == 7);
  nd_tensor_release(y);
  check_script(i, "v = require 'nadir'.Variable(1.)");
  y = nd_interpreter_get_tensor(i, "v");
  check_script(i, "v:assign(2.)");
  CHECK(nd_tensor_item(y, &value) && value == 1);
  nd_tensor_release(y);
}

static void check_refused(bool ok, const char *message)
{
  CHECK(!ok);
  CHECK_STR(nd_interpreter_error(i), message);
  CHECK_INT(nd_interpreter_code(i), ND_BAD_SCRIPT);
}

static void a_path_that_leads_nowhere_is_an_error(void)
{
  double number = 1;
  bool truth;
  check_script(i, "t = { n = 1, s = 'x', [''] = 1 } nothing = nil\n"
                  "two = require 'nadir'.zeros {2}");
  check_refused(nd_interpreter_get_number(i, "nothing", &number),
                "get_number: nothing must be a number or a tensor, got nil");
  check_refused(nd_interpreter_get_number(i, "two", &number),
                "get_number: needs one element, two is [2]");
  check_refused(nd_interpreter_get_number(i, "t.s", &number),
                "get_number: t.s must be a number or a tensor, got string");
  check_refused(nd_interpreter_get_boolean(i, "t.n", &truth),
                "get_boolean: t.n must be true or false, got number");
  check_refused(nd_interpreter_get_string(i, "t.n", NULL) != NULL,
                "get_string: t.n must be a string, got number");
  check_refused(nd_interpreter_get_tensor(i, "t.n") != NULL,
                "get_tensor: t.n must be a tensor, got number");
  check_refused(nd_interpreter_get_number(i, "t.n.x", &number),
                "get_number: t.n must be a table, got number");
  check_refused(nd_interpreter_get_number(i, "nothing.at.all", &number),
                "get_number: nothing must be a table, got nil");
  check_refused(nd_interpreter_set_number(i, "t.n.x", 1),
                "set_number: t.n must be a table, got number");
  check_refused(nd_interpreter_set_boolean(i, "t..x", true),
                "set_boolean: a name is missing: 't..x'");
  check_refused(nd_interpreter_get_number(i, "", &number),
                "get_number: a name is missing: ''");
  check_refused(nd_interpreter_get_number(i, "t.", &number),
                "get_number: a name is missing: 't.'");
  CHECK(number == 1);
}

static void a_tensor_of_another_context_is_refused(void)
{
  nd_context *other = nd_context_new(NULL);
  nd_tensor *x = nd_tensor_new(other, ND_FLOAT32, 0, NULL, NULL);
  check_refused(nd_interpreter_set_tensor(i, "x", x),
                "set_tensor: x: the tensor is of another context");
  nd_tensor_release(x);
  nd_context_free(other);
}

static void metamethods_on_the_way_are_obeyed(void)
{
  double number = 0;
  check_script(i,
               "class = { hp = 5 }\n"
               "monster = setmetatable({}, { __index = class,\n"
               "  __newindex = function(t, k, v) rawset(t, k, v * 2) end })\n"
               "bad = setmetatable({}, { __index = error })");
  CHECK(nd_interpreter_get_number(i, "monster.hp", &number) && number == 5);
  CHECK(nd_interpreter_set_number(i, "monster.hp", 4));
  CHECK(nd_interpreter_get_number(i, "monster.hp", &number) && number == 8);
  CHECK(!nd_interpreter_get_number(i, "bad.hp", &number));
}

static void nothing_is_asked_of_null(void)
{
  double number;
  CHECK(!nd_interpreter_set_tensor(i, "x", NULL));
  CHECK(!nd_interpreter_set_string(i, "x", NULL, 0));
  CHECK(!nd_interpreter_set_number(i, NULL, 1));
  CHECK(!nd_interpreter_set_number(NULL, "x", 1));
  CHECK(!nd_interpreter_get_number(NULL, "x", &number));
  CHECK(!nd_interpreter_get_number(i, "x", NULL));
  CHECK(nd_interpreter_get_string(NULL, "x", NULL) == NULL);
  CHECK(!nd_interpreter_run(NULL, "", ""));
  CHECK(!nd_interpreter_run(i, NULL, ""));
  CHECK_STR(nd_interpreter_error(NULL), "");
  CHECK(nd_interpreter_context(NULL) == NULL);
  CHECK(nd_interpreter_lua(NULL) == NULL);
}

// Each request of a round refused in turn: an error, or a value that is whole.
static void a_host_without_memory_gets_an_error(void)
{
  host h;
  const nd_config config = host_config(&h);
  nd_interpreter *full = nd_interpreter_new(&config);
  nd_context *c = nd_interpreter_context(full);
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ 100 }, NULL);
  bool reached = true;
  for (long n = 0; reached; n++) {
    const long before = h.asked;
    host_refuse(&h, n, LONG_MAX);
    char path[40];
    snprintf(path, sizeof path, "a%ld.a_path_that_is_long_enough.x", n);
    const bool ok = nd_interpreter_set_tensor(full, path, x);
    nd_tensor *y = ok ? nd_interpreter_get_tensor(full, path) : NULL;
    reached = h.asked > before + n;
    host_relent(&h);
    CHECK(ok || nd_interpreter_code(full) == ND_NO_MEMORY);
    CHECK(!ok || y == x || reached);
    nd_tensor_release(y);
  }
  nd_tensor_release(x);
  nd_interpreter_free(full);
  check_returned(&h);
}

int main(void)
{
  i = nd_interpreter_new(NULL);
  RUN(values_arrive_in_a_script);
  RUN(values_come_back);
  RUN(many_numbers_go_in_as_one_tensor);
  RUN(a_scalar_tensor_and_a_variable_are_tensors);
  RUN(a_path_that_leads_nowhere_is_an_error);
  RUN(a_tensor_of_another_context_is_refused);
  RUN(metamethods_on_the_way_are_obeyed);
  RUN(nothing_is_asked_of_null);
  RUN(a_host_without_memory_gets_an_error);
  nd_interpreter_free(i);
  return check_done();
}
