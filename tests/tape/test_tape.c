// Tests of tape/tape.c and tape/backward.c: what is recorded and when, nesting,
// missing gradients, and that a tape lets go of its memory early.

#include "tape/tape.h"

#include "../values.h"
#include "tape/variable.h"

// The gradient of `y` by `t` for one source.
static nd_tensor *gradient(nd_tape *t, nd_tensor *y, nd_tensor *x)
{
  nd_tensor *g = NULL;
  nd_tape_differentiate(t, 1, &y, NULL, 1, &x, &g);
  return own(g);
}

static nd_tensor *square(nd_tensor *x)
{
  return CALL("square", NULL, x);
}

static void a_watched_tensor_has_a_gradient(void)
{
  start();
  nd_tensor *x = F32("[1 2 3]");
  nd_tape *t = nd_tape_new(c, 0);
  CHECK(nd_tape_watch(t, x));
  CHECK(nd_tape_watch(t, x));
  nd_tensor *y = square(x);
  CHECK_VALUES(gradient(t, y, x), "[2 4 6]", 0);
  nd_tape_free(t);
  finish();
}

static void what_nobody_watches_has_none(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *z = F32("[3 4]");
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, x);
  nd_tensor *y = CALL("multiply", NULL, x, z);
  CHECK(gradient(t, y, z) == NULL);
  CHECK(gradient(t, z, x) == NULL);
  CHECK(gradient(t, F32("1"), x) == NULL);
  CHECK_VALUES(gradient(t, y, x), "[3 4]", 0);
  nd_tape_free(t);
  finish();
}

static void integers_are_never_watched(void)
{
  start();
  nd_tensor *i = I32("[1 2]");
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  CHECK(nd_tape_watch(t, i));
  nd_tensor *y = square(i);
  CHECK(gradient(t, y, i) == NULL);
  CHECK(gradient(t, i, i) == NULL);
  nd_tape_free(t);
  finish();
}

static void integers_on_the_way_cut_the_gradient(void)
{
  start();
  nd_tensor *x = F32("[1.5 2.5]");
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = CALL("cast", "dtype=float32", CALL("cast", "dtype=int32", x));
  CHECK(gradient(t, y, x) == NULL);
  nd_tape_free(t);
  finish();
}

static void gradients_add_up_over_every_path(void)
{
  start();
  nd_tensor *x = F32("3");
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = square(x);
  nd_tensor *z = CALL("add", NULL, CALL("multiply", NULL, y, x),
                      CALL("multiply", NULL, x, x));
  CHECK_VALUES(gradient(t, z, x), "33", 0);
  nd_tape_free(t);
  finish();
}

static void several_targets_add_up_with_their_seeds(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, x);
  nd_tensor *y[] = { square(x), CALL("negative", NULL, x) };
  nd_tensor *seeds[] = { F32("[10 100]"), NULL };
  nd_tensor *g;
  CHECK(nd_tape_differentiate(t, 2, y, seeds, 1, &x, &g));
  CHECK_VALUES(own(g), "[19 399]", 0);
  CHECK(nd_tape_differentiate(t, 2, y, NULL, 1, &x, &g));
  CHECK_VALUES(own(g), "[1 3]", 0);
  seeds[1] = F32("1");
  CHECK_FAILS(nd_tape_differentiate(t, 2, y, seeds, 1, &x, &g),
              "gradient: output gradient 2 is float32 [], its target is "
              "float32 [2]");
  CHECK(g == NULL);
  nd_tape_free(t);
  finish();
}

static void a_source_may_be_a_target_or_in_between(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *z = F32("[7 8]");
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, x);
  nd_tensor *y = square(x), *w = square(y);
  CHECK_VALUES(gradient(t, x, x), "[1 1]", 0);
  CHECK_VALUES(gradient(t, w, y), "[2 8]", 0);
  CHECK_VALUES(gradient(t, y, y), "[1 1]", 0);
  CHECK_VALUES(gradient(t, z, z), "[1 1]", 0);
  nd_tape_free(t);
  finish();
}

static void a_plain_tape_gives_one_result(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = square(x);
  CHECK_VALUES(gradient(t, y, x), "[2 4]", 0);
  nd_tensor *g = x;
  CHECK_FAILS_AS(nd_tape_differentiate(t, 1, &y, NULL, 1, &x, &g), ND_BAD_STATE,
                 "gradient: the tape has given its gradient; persistent = true "
                 "allows more than one");
  CHECK(g == NULL);
  nd_tape_free(t);
  finish();
}

static void a_used_tape_starts_afresh(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  CHECK_VALUES(gradient(t, square(x), x), "[2 4]", 0);
  CHECK(nd_tape_start(t));
  nd_tape_watch(t, x);
  CHECK_VALUES(gradient(t, CALL("negative", NULL, x), x), "[-1 -1]", 0);
  nd_tape_free(t);
  finish();
}

static void a_stopped_tape_goes_on_where_it_was(void)
{
  start();
  nd_tensor *x = F32("2");
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = square(x);
  CHECK(nd_tape_stop(t));
  CHECK(nd_tape_stop(t));
  nd_tensor *unseen = square(x);
  CHECK(nd_tape_start(t));
  nd_tensor *z = CALL("add", NULL, y, unseen);
  CHECK_VALUES(gradient(t, z, x), "4", 0);
  nd_tape_free(t);
  finish();
}

static void a_tape_that_records_cannot_start(void)
{
  start();
  nd_tape *t = nd_tape_new(c, 0);
  CHECK_FAILS_AS(nd_tape_start(t), ND_BAD_STATE,
                 "GradientTape: the tape is still recording");
  nd_tape_free(t);
  finish();
}

static void a_value_read_before_the_tape_is_a_constant(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("2"), true);
  nd_tensor *old = own(nd_variable_read(v));
  CHECK(nd_variable_assign(v, F32("3")));
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *y = CALL("multiply", NULL, own(nd_variable_read(v)), old), *g;
  CHECK(nd_tape_gradient(t, y, 1, &v, &g));
  CHECK_VALUES(own(g), "2", 0);
  nd_tape_free(t);
  nd_variable_release(v);
  finish();
}

static void a_slot_of_a_tape_long_gone_leads_nowhere(void)
{
  start();
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *x = F32("[2]");
  x->identity.tape = t->records.serial;
  x->identity.node = 1 << 30;
  nd_tensor *y = square(x);
  CHECK(gradient(t, y, x) == NULL);
  nd_tape_free(t);
  finish();
}

static void a_paused_tape_sees_nothing(void)
{
  start();
  nd_tensor *x = F32("2");
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  CHECK(nd_tape_pause(t, "stop_recording"));
  CHECK_FAILS_AS(nd_tape_pause(t, "stop_recording"), ND_BAD_STATE,
                 "stop_recording: the tape is not recording");
  nd_tensor *unseen = square(x);
  CHECK_FAILS_AS(nd_tape_reset(t), ND_BAD_STATE,
                 "reset: the tape is not recording");
  CHECK(nd_tape_resume(t));
  nd_tensor *y = CALL("multiply", NULL, unseen, x);
  CHECK_VALUES(gradient(t, y, x), "4", 0);
  nd_tape_free(t);
  finish();
}

static void a_reset_tape_forgets(void)
{
  start();
  nd_tensor *x = F32("2");
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, x);
  nd_tensor *y = square(x);
  CHECK(nd_tape_reset(t));
  CHECK(gradient(t, y, x) == NULL);
  nd_tape_watch(t, x);
  CHECK_VALUES(gradient(t, square(x), x), "4", 0);
  nd_tape_free(t);
  finish();
}

static void a_released_tape_refuses_until_it_starts_again(void)
{
  start();
  nd_tensor *x = F32("2"), *g = x;
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, x);
  nd_tensor *y = square(x);
  nd_tape_release(t);
  CHECK_INT(nd_recorders_depth(c), 0);
  CHECK_FAILS_AS(nd_tape_differentiate(t, 1, &y, NULL, 1, &x, &g), ND_BAD_STATE,
                 "gradient: the tape was released");
  CHECK(g == NULL);
  CHECK(nd_tape_start(t));
  nd_tape_watch(t, x);
  CHECK_VALUES(gradient(t, square(x), x), "4", 0);
  nd_tape_free(t);
  finish();
}

// ----------------------------------------------------------------- nesting --

static void tapes_nest_for_higher_orders(void)
{
  start();
  nd_tensor *x = F64("3");
  nd_tape *third = nd_tape_new(c, 0);
  nd_tape *second = nd_tape_new(c, 0);
  nd_tape *first = nd_tape_new(c, 0);
  nd_tape_watch(third, x);
  nd_tape_watch(second, x);
  nd_tape_watch(first, x);
  nd_tensor *y = square(square(x));
  nd_tensor *d1 = gradient(first, y, x);
  nd_tensor *d2 = gradient(second, d1, x);
  nd_tensor *d3 = gradient(third, d2, x);
  CHECK_VALUES(d1, "108", 1e-12);
  CHECK_VALUES(d2, "108", 1e-12);
  CHECK_VALUES(d3, "72", 1e-12);
  nd_tape_free(first);
  nd_tape_free(second);
  nd_tape_free(third);
  finish();
}

static void a_persistent_tape_differentiates_itself(void)
{
  start();
  nd_tensor *x = F64("3");
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, x);
  nd_tensor *y = CALL("multiply", NULL, x, square(x));
  nd_tensor *d1 = gradient(t, y, x);
  CHECK_VALUES(d1, "27", 1e-12);
  CHECK_VALUES(gradient(t, d1, x), "18", 1e-12);
  nd_tape_free(t);
  finish();
}

static void tapes_may_be_freed_in_any_order(void)
{
  start();
  nd_tensor *x = F32("3");
  nd_tape *outer = nd_tape_new(c, 0);
  nd_tape *inner = nd_tape_new(c, 0);
  nd_tape_watch(outer, x);
  nd_tape_watch(inner, x);
  nd_tensor *y = square(x);
  nd_tape_free(outer);
  nd_tensor *z = square(y);
  CHECK_VALUES(gradient(inner, z, x), "108", 0);
  nd_tape_free(inner);
  CHECK_INT(nd_recorders_depth(c), 0);
  finish();
}

// -------------------------------------------------------------- variables --

static void trainable_variables_watch_themselves(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  nd_variable *u = nd_variable_new(F32("[3 4]"), false);
  nd_variable *sources[] = { v, u };
  nd_tensor *g[2];
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *y = CALL("multiply", NULL, own(nd_variable_read(v)),
                      own(nd_variable_read(u)));
  CHECK(nd_tape_gradient(t, y, 2, sources, g));
  CHECK_VALUES(own(g[0]), "[3 4]", 0);
  CHECK(g[1] == NULL);
  nd_tape_free(t);
  nd_variable_release(v);
  nd_variable_release(u);
  finish();
}

static void a_tape_may_watch_only_what_it_is_told(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  nd_variable *u = nd_variable_new(F32("[3 4]"), false);
  nd_variable *sources[] = { v, u };
  nd_tensor *g[2];
  nd_tape *t = nd_tape_new(c, ND_TAPE_NO_AUTO_WATCH);
  CHECK(nd_tape_watch_variable(t, u));
  nd_tensor *y = CALL("multiply", NULL, own(nd_variable_read(v)),
                      own(nd_variable_read(u)));
  CHECK(nd_tape_gradient(t, y, 2, sources, g));
  CHECK(g[0] == NULL);
  CHECK_VALUES(own(g[1]), "[1 2]", 0);
  nd_tape_free(t);
  nd_variable_release(v);
  nd_variable_release(u);
  finish();
}

static void an_assignment_does_not_change_what_was_recorded(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  nd_tensor *g;
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *y = square(own(nd_variable_read(v)));
  CHECK(nd_variable_assign(v, F32("[100 200]")));
  CHECK(nd_tape_gradient(t, y, 1, &v, &g));
  CHECK_VALUES(own(g), "[2 4]", 0);
  nd_tape_free(t);
  nd_variable_release(v);
  finish();
}

static void both_values_of_a_variable_count(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("2"), true);
  nd_tensor *g;
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *y = square(own(nd_variable_read(v)));
  nd_variable_assign(v, F32("5"));
  nd_tensor *z = CALL("add", NULL, y, square(own(nd_variable_read(v))));
  CHECK(nd_tape_gradient(t, z, 1, &v, &g));
  CHECK_VALUES(own(g), "14", 0);
  nd_tape_free(t);
  nd_variable_release(v);
  finish();
}

static void a_failed_gradient_leaves_null(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("2"), true);
  nd_tensor *g = F32("1");
  nd_tape *t = nd_tape_new(c, 0);
  CHECK(!nd_tape_gradient(t, NULL, 1, &v, &g));
  CHECK(g == NULL);
  g = F32("1");
  CHECK(!nd_tape_gradient(NULL, g, 1, &v, &g));
  CHECK(g == NULL);
  nd_tape_free(t);
  nd_variable_release(v);
  finish();
}

// ------------------------------------------------------------------ memory --

static void values_that_no_rule_reads_are_not_kept(void)
{
  start();
  nd_context_set_eager(c, true);
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ 1000 }, NULL);
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = nd_call(c, "negative", 1, &x, NULL);
  nd_tensor *z = nd_call(c, "reduce_sum", 1, &y, NULL);
  nd_tensor_release(y);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 4000);
  nd_tensor *g = gradient(t, own(z), x);
  CHECK_INT(nd_tensor_size(g), 1000);
  nd_tape_free(t);
  nd_tensor_release(x);
  finish();
}

static void a_used_tape_holds_nothing(void)
{
  start();
  nd_context_set_eager(c, true);
  nd_tensor *x = ZEROS(ND_FLOAT32, 1000);
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  const int mark = owned_count;
  nd_tensor *y = CALL("reduce_sum", NULL, CALL("exp", NULL, square(x)));
  release_to(mark);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 8000);
  y = square(x);
  gradient(t, y, x);
  release_to(mark);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 4000);
  nd_tape_free(t);
  finish();
}

static void a_tape_outlives_what_it_recorded(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = nd_call(c, "exp", 1, &x, NULL);
  nd_tensor *z = nd_call(c, "multiply", 2, (nd_tensor *[]){ y, y }, NULL);
  nd_tensor_release(y);
  nd_tensor *g = gradient(t, own(z), x);
  CHECK_VALUES(g, "[14.778112 109.1963]", 1e-4);
  nd_tape_free(t);
  finish();
}

static void a_long_chain_is_swept_without_recursion(void)
{
  start();
  nd_tensor *x = F64("1");
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = nd_tensor_retain(x);
  nd_tensor *one = F64("1");
  for (int i = 0; i < 100000; i++) {
    nd_tensor *z = nd_call(c, "add", 2, (nd_tensor *[]){ y, one }, NULL);
    nd_tensor_release(y);
    y = z;
  }
  CHECK_VALUES(own(y), "100001", 0);
  CHECK_VALUES(gradient(t, y, x), "1", 0);
  nd_tape_free(t);
  finish();
}

static void an_error_while_recording_leaves_the_tape_usable(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = square(x);
  CHECK_FAILS(CALL("add", NULL, y, F32("[1 2 3]")),
              "add: shapes do not broadcast: [2] and [3]");
  CHECK_VALUES(gradient(t, y, x), "[2 4]", 0);
  nd_tape_free(t);
  finish();
}

static void an_interrupt_stops_the_sweep(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *g = x;
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, x);
  nd_tensor *y = square(x);
  nd_interrupt(c);
  CHECK_FAILS_AS(nd_tape_differentiate(t, 1, &y, NULL, 1, &x, &g),
                 ND_INTERRUPTED, "interrupted");
  CHECK(g == NULL);
  CHECK_VALUES(gradient(t, y, x), "[2 4]", 0);
  nd_tape_free(t);
  finish();
}

int main(void)
{
  RUN(a_watched_tensor_has_a_gradient);
  RUN(what_nobody_watches_has_none);
  RUN(integers_are_never_watched);
  RUN(integers_on_the_way_cut_the_gradient);
  RUN(gradients_add_up_over_every_path);
  RUN(several_targets_add_up_with_their_seeds);
  RUN(a_source_may_be_a_target_or_in_between);
  RUN(a_plain_tape_gives_one_result);
  RUN(a_used_tape_starts_afresh);
  RUN(a_stopped_tape_goes_on_where_it_was);
  RUN(a_tape_that_records_cannot_start);
  RUN(a_value_read_before_the_tape_is_a_constant);
  RUN(a_slot_of_a_tape_long_gone_leads_nowhere);
  RUN(a_paused_tape_sees_nothing);
  RUN(a_reset_tape_forgets);
  RUN(a_released_tape_refuses_until_it_starts_again);
  RUN(tapes_nest_for_higher_orders);
  RUN(a_persistent_tape_differentiates_itself);
  RUN(tapes_may_be_freed_in_any_order);
  RUN(trainable_variables_watch_themselves);
  RUN(a_tape_may_watch_only_what_it_is_told);
  RUN(an_assignment_does_not_change_what_was_recorded);
  RUN(both_values_of_a_variable_count);
  RUN(a_failed_gradient_leaves_null);
  RUN(values_that_no_rule_reads_are_not_kept);
  RUN(a_used_tape_holds_nothing);
  RUN(a_tape_outlives_what_it_recorded);
  RUN(a_long_chain_is_swept_without_recursion);
  RUN(an_error_while_recording_leaves_the_tape_usable);
  RUN(an_interrupt_stops_the_sweep);
  return check_done();
}
