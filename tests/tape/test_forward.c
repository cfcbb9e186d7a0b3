// Tests of tape/forward.c: tangents, and accumulators and tapes one inside the
// other in every order.

#include "nest.h"
#include "tape/variable.h"

static void tangents_are_carried_along(void)
{
  start();
  nd_tensor *x = F64("4"), *y = F64("5");
  nd_accumulator *a = watching(x, F64("2"));
  CHECK(nd_accumulator_watch(a, y, F64("3")));
  CHECK(nd_accumulator_start(a));
  nd_tensor *sum = CALL("add", NULL, x, y), *both = product(x, y);
  nd_tensor *later = squared(both);
  CHECK(nd_accumulator_stop(a));
  CHECK_VALUES(jvp(a, x), "2", 0);
  CHECK_VALUES(jvp(a, sum), "5", 0);
  CHECK_VALUES(jvp(a, both), "22", 0);
  CHECK_VALUES(jvp(a, later), "880", 0);
  nd_accumulator_free(a);
  finish();
}

static void what_does_not_depend_on_a_primal_has_none(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *z = F32("[3 4]");
  nd_accumulator *a = watching(x, x);
  nd_accumulator_start(a);
  CHECK(jvp(a, z) == NULL);
  CHECK(jvp(a, squared(z)) == NULL);
  CHECK(jvp(a, CALL("zeros_like", NULL, x)) == NULL);
  CHECK(jvp(a, CALL("argmax", NULL, x)) == NULL);
  CHECK(jvp(a, CALL("stop_gradient", NULL, x)) == NULL);
  nd_accumulator_stop(a);
  nd_accumulator_free(a);
  finish();
}

static void it_hears_only_while_it_listens(void)
{
  start();
  nd_tensor *x = F32("-2");
  nd_accumulator *a = watching(x, F32("1.5"));
  CHECK(jvp(a, squared(x)) == NULL);
  nd_accumulator_start(a);
  nd_tensor *four = F32("4"), *y = product(four, x);
  nd_accumulator_stop(a);
  CHECK(jvp(a, product(four, x)) == NULL);
  CHECK_VALUES(jvp(a, y), "6", 0);
  CHECK(nd_accumulator_start(a));
  CHECK_VALUES(jvp(a, squared(y)), "-96", 0);
  nd_accumulator_free(a);
  CHECK_INT(nd_recorders_depth(c), 0);
  finish();
}

static void a_variable_keeps_its_tangent_when_it_changes(void)
{
  start();
  nd_tensor *one = F32("1"), *half = F32("0.5");
  nd_variable *v = nd_variable_new(one, true);
  nd_accumulator *a = nd_accumulator_new(c);
  CHECK(nd_accumulator_watch_variable(a, v, F32("3")));
  nd_accumulator_start(a);
  CHECK_VALUES(jvp(a, squared(nd_variable_use(v))), "6", 0);
  CHECK(nd_variable_assign_sub(v, half));
  CHECK_VALUES(own(nd_accumulator_jvp_variable(a, v)), "3", 0);
  CHECK_VALUES(jvp(a, squared(nd_variable_use(v))), "3", 0);
  CHECK_VALUES(jvp(a, own(nd_variable_read(v))), "3", 0);
  nd_accumulator_free(a);
  nd_variable_release(v);
  finish();
}

static void ops_of_several_outputs_have_several_tangents(void)
{
  start();
  nd_tensor *x = F64("[5 7 6]"), *out[2];
  int count = 2;
  nd_accumulator *a = watching(x, F64("[.1 .2 .3]"));
  nd_accumulator_start(a);
  CHECK(nd_call_all(c, "top_k", 1, &x, "k=2", &count, out));
  CHECK_VALUES(jvp(a, own(out[0])), "[.2 .3]", 0);
  CHECK(jvp(a, own(out[1])) == NULL);
  nd_accumulator_free(a);
  finish();
}

// ----------------------------------------------------------------- nesting --

static void all_orders_of_nesting_agree(void)
{
  start();
  check_all_orders(curve);
  finish();
}

static void the_inner_one_does_not_see_the_outer_ones_tangents(void)
{
  start();
  nd_tensor *x = F64("3");
  nd_accumulator *outer = watching(x, F64("1")), *inner = watching(x, F64("1"));
  nd_accumulator_start(outer);
  nd_accumulator_start(inner);
  nd_tensor *y = product(x, squared(x));
  CHECK_VALUES(jvp(outer, jvp(inner, y)), "18", 1e-12);
  CHECK(jvp(inner, jvp(outer, y)) == NULL);
  nd_accumulator_free(outer);
  nd_accumulator_free(inner);
  finish();
}

static void a_tape_inside_does_not_record_tangents(void)
{
  start();
  nd_tensor *x = F64("3"), *g = x;
  nd_accumulator *a = watching(x, F64("1"));
  nd_accumulator_start(a);
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, x);
  nd_tensor *tangent = jvp(a, squared(x));
  nd_tape_stop(t);
  CHECK(nd_tape_differentiate(t, 1, &tangent, NULL, 1, &x, &g));
  CHECK(g == NULL);
  nd_tape_free(t);
  nd_accumulator_free(a);
  finish();
}

static void a_hessian_is_multiplied_without_being_made(void)
{
  start();
  nd_tensor *x = F64("[1 2 3]"), *v = F64("[1 -1 2]"), *g = NULL;
  nd_accumulator *a = watching(x, v);
  nd_accumulator_start(a);
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = squared(CALL("reduce_sum", NULL, squared(x)));
  CHECK(nd_tape_differentiate(t, 1, &y, NULL, 1, &x, &g));
  nd_accumulator_stop(a);
  CHECK_VALUES(own(g), "[56 112 168]", 0);
  CHECK_VALUES(jvp(a, g), "[96 24 232]", 0);
  nd_tape_free(t);
  nd_accumulator_free(a);
  finish();
}

// ---------------------------------------------------------------- mistakes --

static void wrong_primals_are_refused(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *i = I32("[1 2]");
  nd_accumulator *a = watching(x, x);
  CHECK_FAILS_AS(nd_accumulator_watch(a, x, x), ND_BAD_ARGUMENT,
                 "ForwardAccumulator: a primal is given twice");
  CHECK_FAILS_AS(nd_accumulator_watch(a, i, i), ND_BAD_ARGUMENT,
                 "ForwardAccumulator: a primal is int32, and only floats have "
                 "tangents");
  CHECK_FAILS_AS(nd_accumulator_watch(a, F32("[3 4]"), F64("[3 4]")),
                 ND_BAD_ARGUMENT,
                 "ForwardAccumulator: a primal is float32 [2], its tangent is "
                 "float64 [2]");
  CHECK_FAILS_AS(nd_accumulator_watch(a, F32("1"), F32("[1]")), ND_BAD_ARGUMENT,
                 "ForwardAccumulator: a primal is float32 [], its tangent is "
                 "float32 [1]");
  nd_accumulator_free(a);
  finish();
}

static void a_second_entry_is_refused(void)
{
  start();
  nd_tensor *x = F32("1");
  nd_accumulator *a = watching(x, x);
  CHECK(nd_accumulator_start(a));
  CHECK_FAILS_AS(nd_accumulator_start(a), ND_BAD_STATE,
                 "ForwardAccumulator: the accumulator is still entered");
  CHECK(nd_accumulator_stop(a));
  CHECK(nd_accumulator_stop(a));
  nd_accumulator_free(a);
  finish();
}

// What a host's function does to the accumulator that has called it.
typedef bool act(nd_accumulator *a, nd_tensor *x);

typedef struct caller {
  nd_accumulator *accumulator;
  nd_tensor *x;
  act *acts;
  bool did;
} caller;

static bool start_again(nd_accumulator *a, nd_tensor *x)
{
  return nd_accumulator_start(a);
}

static bool stop_it(nd_accumulator *a, nd_tensor *x)
{
  return nd_accumulator_stop(a);
}

static bool watch_more(nd_accumulator *a, nd_tensor *x)
{
  bool ok = true;
  for (int k = 0; k < 40; k++)
    ok = nd_accumulator_watch(a, F64("[1 2]"), x) && ok;
  return ok;
}

static bool free_it(nd_accumulator *a, nd_tensor *x)
{
  nd_accumulator_free(a);
  return true;
}

static bool act_and_pass(void *data, nd_context *in, int count,
                         nd_tensor *const *upstream, int n,
                         nd_tensor **gradients)
{
  caller *called = data;
  called->did = called->acts(called->accumulator, called->x);
  gradients[0] = nd_tensor_retain(upstream[0]);
  return true;
}

// The tangent of what it carries through the function, which does that.
static nd_tensor *tangent_after(act *acts, bool *did)
{
  nd_tensor *x = F64("[3 4]"), *y = NULL, *t = NULL;
  caller data = { watching(x, F64("[5 6]")), x, acts, false };
  const nd_custom f = { keep_values, act_and_pass, NULL, &data };
  CHECK(nd_accumulator_start(data.accumulator));
  nd_custom_gradient(c, &f, 1, &x, 1, &y);
  own(y);
  *did = data.did;
  if (acts != free_it) {
    t = y == NULL ? NULL : jvp(data.accumulator, y);
    nd_accumulator_free(data.accumulator);
  }
  CHECK_INT(nd_recorders_depth(c), 0);
  return t;
}

static void one_at_work_is_neither_entered_nor_left_nor_freed(void)
{
  start();
  bool did;
  CHECK_FAILS_AS(tangent_after(start_again, &did), ND_BAD_STATE,
                 "ForwardAccumulator: the accumulator is at work");
  CHECK(!did);
  CHECK_FAILS_AS(tangent_after(stop_it, &did), ND_BAD_STATE,
                 "ForwardAccumulator: the accumulator is at work");
  CHECK(!did);
  CHECK_FAILS_AS(tangent_after(free_it, &did), ND_BAD_STATE,
                 "custom_gradient: the accumulator was freed at work");
  finish();
}

static void one_at_work_takes_more_primals(void)
{
  start();
  bool did;
  CHECK_VALUES(tangent_after(watch_more, &did), "[5 6]", 0);
  CHECK(did);
  finish();
}

static void after_an_error_nothing_is_carried(void)
{
  start();
  nd_tensor *x = F64("[3 4]");
  nd_accumulator *a = watching(x, x);
  CHECK(nd_accumulator_start(a));
  CHECK(CALL("add", NULL, x, F64("[1 2 3]")) == NULL);
  CHECK(!nd_accumulator_watch(a, F64("1"), F64("1")));
  CHECK(jvp(a, x) == NULL);
  CHECK(nd_accumulator_stop(a));
  CHECK(!nd_accumulator_start(a));
  CHECK_INT(nd_recorders_depth(c), 0);
  nd_error_clear(c);
  CHECK_VALUES(jvp(a, x), "[3 4]", 0);
  nd_accumulator_free(a);
  finish();
}

int main(void)
{
  RUN(tangents_are_carried_along);
  RUN(what_does_not_depend_on_a_primal_has_none);
  RUN(it_hears_only_while_it_listens);
  RUN(a_variable_keeps_its_tangent_when_it_changes);
  RUN(ops_of_several_outputs_have_several_tangents);
  RUN(all_orders_of_nesting_agree);
  RUN(the_inner_one_does_not_see_the_outer_ones_tangents);
  RUN(a_tape_inside_does_not_record_tangents);
  RUN(a_hessian_is_multiplied_without_being_made);
  RUN(wrong_primals_are_refused);
  RUN(a_second_entry_is_refused);
  RUN(one_at_work_is_neither_entered_nor_left_nor_freed);
  RUN(one_at_work_takes_more_primals);
  RUN(after_an_error_nothing_is_carried);
  return check_done();
}
