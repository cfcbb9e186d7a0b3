// Tests of tape/explain.c and what it asks: the reasons for missing gradients
// as a host without scripts has them, their lines, and that they are bounded.

#include "tape/explain.h"

#include <stdio.h>

#include "../values.h"
#include "tape/notes.h"
#include "tape/variable.h"

// A script whose line is the number that its name begins with.
static int where(void *script, char source[ND_SOURCE_NAME])
{
  const int *line = script;
  snprintf(source, ND_SOURCE_NAME, "%s", *line < 100 ? "a" : "b");
  return *line;
}

static int line;

// From here on the script is at that line.
static void go_to(int here)
{
  line = here;
  c->where = where;
  c->script = &line;
}

// Why `x` has no gradient of `y`; "" if it has one.
static const char *why(nd_tape *t, nd_tensor *y, nd_tensor *x)
{
  static char text[ND_REASON_TEXT];
  bool missing;
  CHECK(nd_explain(t, 1, &y, x, &missing, text));
  return missing ? text : "";
}

#define IS(text, t, y, x) CHECK(strcmp(why(t, y, x), text) == 0)

static nd_tape *listen_to(nd_tensor *x)
{
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  CHECK(nd_tape_watch(t, x));
  return t;
}

static void lines_are_left_out_where_no_script_runs(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *z = F32("[3 4]");
  nd_tape *t = listen_to(x);
  nd_tensor *y = CALL("multiply", NULL, x, z);
  nd_tensor *i = CALL("cast", "dtype=int32", x);
  IS("", t, y, x);
  IS("", t, x, x);
  IS("it was not watched by the tape; call tape:watch before it is used", t, y,
     z);
  IS("its way to target ends: cast gives int32, and only floats have gradients",
     t, CALL("cast", "dtype=float32", i), x);
  nd_tape_free(t);
  finish();
}

static void lines_are_those_of_the_break(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *z = F32("[3 4]"), *u = F32("5");
  go_to(7);
  nd_tape *t = listen_to(x);
  go_to(8);
  nd_tensor *s = CALL("stop_gradient", NULL, CALL("square", NULL, x));
  go_to(109);
  nd_tensor *y = CALL("multiply", NULL, CALL("round", NULL, x), s);
  nd_tape_watch(t, z);
  nd_tape_watch(t, u);
  go_to(10);
  nd_tensor *both = CALL("multiply", NULL, z, s);
  IS("its way to target ends at b:109: round has no gradient", t, y, x);
  IS("its way to target ends at a:8: stop_gradient lets no gradient through", t,
     both, x);
  IS("target does not depend on it, by what the tape of a:7 recorded", t, both,
     u);
  nd_tape_free(t);
  finish();
}

static void shapes_and_types_are_no_way(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *z = F32("[3 4]");
  nd_tape *t = listen_to(x);
  nd_tape_watch(t, z);
  nd_tensor *y = CALL("multiply", NULL, z, CALL("ones_like", NULL, x));
  IS("target does not depend on it, by what the tape recorded", t, y, x);
  CHECK(t->breaks == NULL);
  nd_tape_free(t);
  finish();
}

static void what_is_paused_has_the_line_of_the_op(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("2"), true);
  nd_variable *w = nd_variable_new(F32("3"), true);
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  go_to(5);
  CHECK(nd_tape_pause(t, "pause"));
  nd_tensor *value = nd_variable_use(v);
  nd_tensor *y = CALL("exp", NULL, CALL("square", NULL, value));
  CHECK(nd_tape_resume(t));
  y = CALL("multiply", NULL, nd_variable_use(w), y);
  IS("its way to target ends at a:5: square happened while the tape was paused",
     t, y, value);
  IS("", t, y, w->value);
  nd_tape_free(t);
  nd_variable_release(v);
  nd_variable_release(w);
  finish();
}

static void numbers_that_a_host_reads_are_noticed(void)
{
  start();
  nd_tensor *x = F32("2"), *z = F32("3"), *early = F32("1");
  nd_tape *t = listen_to(x);
  nd_tape_watch(t, z);
  double number;
  go_to(3);
  CHECK(nd_tensor_item(x, &number));
  nd_tensor *y = CALL("multiply", NULL, z, F32("2"));
  IS("it was read as a number at a:3, and numbers have no gradient", t, y, x);
  IS("", t, y, z);
  IS("target was made before the tape began to record", t, early, x);
  nd_tape_free(t);
  finish();
}

static void breaks_are_bounded_and_charged(void)
{
  start();
  nd_tensor *x = F32("2");
  const size_t before = nd_context_bytes(c, ND_MEMORY_OBJECT);
  nd_tape *t = listen_to(x);
  for (int i = 0; i < 20000; i++) {
    float number;
    nd_tensor *y = nd_call(c, "round", 1, &x, NULL);
    nd_tensor *z[] = { x, y };
    nd_tensor_release(nd_call(c, "multiply", 2, z, NULL));
    CHECK(nd_tensor_read(x, &number));
    nd_tensor_release(y);
  }
  CHECK(t->breaks->count <= ND_MOST_BREAKS);
  CHECK(t->breaks->join_count <= ND_MOST_JOINS);
  CHECK(nd_context_bytes(c, ND_MEMORY_OBJECT) > before);
  CHECK(nd_tape_reset(t));
  CHECK(t->breaks == NULL);
  nd_tape_free(t);
  finish();
}

static void what_is_missing_is_noted_until_it_is_there(void)
{
  start();
  nd_tensor *x = F32("2"), *y = F32("3"), *g[2];
  nd_tensor *sources[] = { x, y };
  nd_tape *t = listen_to(x);
  nd_tensor *z = CALL("square", NULL, x);
  CHECK(nd_tape_differentiate(t, 1, &z, NULL, 2, sources, g));
  nd_tensor_release(g[0]);
  const char *text = nd_missing_find(c, t, 1, &z, y);
  CHECK(text != NULL && text == nd_missing_find(c, NULL, 0, NULL, y));
  CHECK(nd_missing_find(c, t, 1, &x, y) == NULL);
  CHECK(nd_missing_find(c, NULL, 0, NULL, x) == NULL);
  nd_tape_watch(t, y);
  z = CALL("multiply", NULL, x, y);
  CHECK(nd_tape_differentiate(t, 1, &z, NULL, 2, sources, g));
  nd_tensor_release(g[0]);
  nd_tensor_release(g[1]);
  CHECK(nd_missing_find(c, NULL, 0, NULL, y) == NULL);
  nd_tape_free(t);
  finish();
}

static void places_of_too_many_sources_are_not_known(void)
{
  nd_sources s = { .count = 0 };
  char name[ND_SOURCE_NAME];
  for (int i = 0; i < ND_SOURCES; i++) {
    snprintf(name, sizeof name, "source %d", i);
    CHECK(nd_sources_find(&s, name) == i);
  }
  CHECK(nd_sources_find(&s, "source 7") == 7);
  CHECK(nd_sources_find(&s, "another") == -1);
  CHECK(nd_sources_find(&s, "source 63") == 63);
}

int main(void)
{
  RUN(lines_are_left_out_where_no_script_runs);
  RUN(lines_are_those_of_the_break);
  RUN(shapes_and_types_are_no_way);
  RUN(what_is_paused_has_the_line_of_the_op);
  RUN(numbers_that_a_host_reads_are_noticed);
  RUN(breaks_are_bounded_and_charged);
  RUN(what_is_missing_is_noted_until_it_is_there);
  RUN(places_of_too_many_sources_are_not_known);
  return check_done();
}
