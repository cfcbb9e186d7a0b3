// base/recorder.c, base/strand.c: who is told what, and in which order.

#include "base/recorder.h"

#include "check.h"
#include "host.h"
#include "op/op.h"
#include "tape/variable.h"
#include "values.h"

// Writes its letter whenever it is told something.
typedef struct listener {
  nd_recorder recorder;
  char letter;
  bool fails;
  nd_recorder *leaves;  // who is made to leave when it is told of an op
} listener;

static char heard[64];

static bool note_down(const nd_recorder *r, char what)
{
  const listener *l = (const listener *)(const void *)r;
  const size_t n = strlen(heard);
  if (n + 3 < sizeof heard) {
    heard[n] = l->letter;
    heard[n + 1] = what;
    heard[n + 2] = '\0';
  }
  return !l->fails || nd_fail(c, ND_BAD_STATE, "%c is full", l->letter);
}

static bool on_applied(nd_recorder *r, const nd_job *j)
{
  listener *l = (listener *)(void *)r;
  if (l->leaves != NULL)
    nd_recorder_leave(l->leaves);
  return note_down(r, j->op->name[0]);
}

static bool on_read(nd_recorder *r, nd_variable *v)
{
  return note_down(r, 'R');
}

static bool on_assigned(nd_recorder *r, nd_variable *v, nd_tensor *x,
                        bool whole)
{
  return note_down(r, x == NULL ? 'O' : 'A');
}

static bool watches(const nd_recorder *r, const nd_tensor *x)
{
  return false;
}

static listener listening(char letter)
{
  return (listener){ .recorder = { .applied = on_applied,
                                   .read = on_read,
                                   .assigned = on_assigned,
                                   .watches = watches },
                     .letter = letter };
}

static listener outer, middle, inner;

static void enter_three(void)
{
  outer = listening('o');
  middle = listening('m');
  inner = listening('i');
  nd_recorder_enter(c, &outer.recorder);
  nd_recorder_enter(c, &middle.recorder);
  nd_recorder_enter(c, &inner.recorder);
  heard[0] = '\0';
}

static void leave_three(void)
{
  nd_recorder_leave(&outer.recorder);
  nd_recorder_leave(&middle.recorder);
  nd_recorder_leave(&inner.recorder);
  CHECK_INT(nd_recorders_depth(c), 0);
}

static void check_heard(const char *wanted)
{
  CHECK_STR(heard, wanted);
  heard[0] = '\0';
}

static void the_outermost_hears_first(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  enter_three();
  CALL("exp", NULL, x);
  check_heard("oemeie");
  leave_three();
  CALL("exp", NULL, x);
  check_heard("");
  finish();
}

static void reads_and_assignments_are_heard(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_variable *v = nd_variable_new(x, true);
  enter_three();
  nd_recorder_leave(&middle.recorder);
  nd_variable_assign(v, x);
  check_heard("oAiA");
  nd_variable_assign_add(v, x);
  check_heard("oAiA");
  nd_tensor_release(nd_variable_read(v));
  check_heard("oRiRoiii");
  leave_three();
  nd_variable_release(v);
  finish();
}

static void steps_of_optimizers_are_heard_before_they_are_done(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *g = F32("[1 1]");
  nd_variable *v = nd_variable_new(x, true);
  nd_optimizer *o = nd_optimizer_new(c, "SGD", "learning_rate=1");
  enter_three();
  CHECK(nd_optimizer_apply(o, 1, &v, &g));
  check_heard("oOmOiO");
  CHECK_VALUES(v->value, "[0 1]", 0);
  middle.fails = true;
  CHECK_FAILS_AS(nd_optimizer_apply(o, 1, &v, &g), ND_BAD_STATE,
                 "apply_gradients: m is full");
  CHECK_VALUES(v->value, "[0 1]", 0);
  leave_three();
  nd_optimizer_free(o);
  nd_variable_release(v);
  finish();
}

static void a_paused_one_is_told_nothing(void)
{
  start();
  nd_tensor *x = F32("1");
  enter_three();
  middle.recorder.paused = true;
  CALL("exp", NULL, x);
  check_heard("oeie");
  CHECK(nd_recorders_hear(c));
  outer.recorder.paused = inner.recorder.paused = true;
  CHECK(!nd_recorders_hear(c));
  leave_three();
  CHECK(!middle.recorder.paused);
  finish();
}

static void any_may_leave_in_any_order_and_twice(void)
{
  start();
  nd_tensor *x = F32("1");
  enter_three();
  nd_recorder_leave(&middle.recorder);
  nd_recorder_leave(&middle.recorder);
  CALL("exp", NULL, x);
  check_heard("oeie");
  nd_recorder_leave(&outer.recorder);
  nd_recorder_enter(c, &outer.recorder);
  CALL("exp", NULL, x);
  check_heard("ieoe");
  leave_three();
  finish();
}

static void others_may_leave_while_one_is_told(void)
{
  start();
  nd_tensor *x = F32("1");
  enter_three();
  outer.leaves = &middle.recorder;
  CALL("exp", NULL, x);
  check_heard("oeie");
  middle.leaves = &outer.recorder;
  outer.leaves = NULL;
  nd_recorder_enter(c, &middle.recorder);
  CALL("exp", NULL, x);
  check_heard("oeieme");
  CALL("exp", NULL, x);
  check_heard("ieme");
  leave_three();
  finish();
}

static void a_failure_ends_telling_and_fails_the_op(void)
{
  start();
  nd_tensor *x = F32("1");
  enter_three();
  middle.fails = true;
  CHECK_FAILS_AS(nd_call(c, "exp", 1, &x, NULL), ND_BAD_STATE,
                 "exp: m is full");
  check_heard("oeme");
  leave_three();
  finish();
}

static void a_refused_assignment_changes_nothing(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *y = F32("[3 4]");
  nd_variable *v = nd_variable_new(x, true);
  enter_three();
  middle.fails = true;
  CHECK_FAILS_AS(nd_variable_assign(v, y), ND_BAD_STATE, "assign: m is full");
  CHECK_FAILS_AS(nd_variable_assign_add(v, y), ND_BAD_STATE,
                 "assign_add: m is full");
  leave_three();
  CHECK_VALUES(own(nd_variable_read(v)), "[1 2]", 0);
  nd_variable_release(v);
  finish();
}

static void the_inner_part_can_be_put_away_and_back(void)
{
  start();
  nd_tensor *x = F32("1");
  enter_three();
  nd_recorder rest;
  nd_recorders_part(c, &middle.recorder, &rest);
  CALL("exp", NULL, x);
  check_heard("oe");
  nd_recorder_leave(&inner.recorder);
  nd_recorder_enter(c, &inner.recorder);
  CALL("exp", NULL, x);
  check_heard("oeie");
  nd_recorders_move(&c->strand.recorders, &rest);
  CALL("exp", NULL, x);
  check_heard("oeieme");
  nd_recorders_part(c, NULL, &rest);
  CALL("exp", NULL, x);
  check_heard("");
  leave_three();
  nd_recorders_move(&c->strand.recorders, &rest);
  CHECK_INT(nd_recorders_depth(c), 0);
  finish();
}

// ----------------------------------------------------------------- strands --

static void a_strand_has_recorders_of_its_own(void)
{
  start();
  nd_tensor *x = F32("1");
  nd_strand other;
  nd_strand_start(&other);
  enter_three();
  nd_strand_swap(c, &other);
  CALL("exp", NULL, x);
  check_heard("");
  nd_recorder_leave(&middle.recorder);
  listener there = listening('t');
  nd_recorder_enter(c, &there.recorder);
  CALL("exp", NULL, x);
  check_heard("te");
  nd_strand_swap(c, &other);
  CALL("exp", NULL, x);
  check_heard("oeie");
  nd_strand_end(c, &other);
  CHECK(!nd_recorder_entered(&there.recorder));
  leave_three();
  finish();
}

static void an_error_stays_in_its_strand(void)
{
  start();
  nd_tensor *x = F32("1");
  nd_strand other;
  nd_strand_start(&other);
  nd_fail(c, ND_BAD_ARGUMENT, "wrong");
  nd_strand_swap(c, &other);
  CHECK_INT(nd_error_code(c), ND_OK);
  CHECK_VALUES(CALL("square", NULL, x), "1", 0);
  nd_strand_swap(c, &other);
  CHECK_STR(nd_error_message(c), "wrong");
  nd_error_clear(c);
  nd_strand_end(c, &other);
  finish();
}

int main(void)
{
  RUN(the_outermost_hears_first);
  RUN(reads_and_assignments_are_heard);
  RUN(steps_of_optimizers_are_heard_before_they_are_done);
  RUN(a_paused_one_is_told_nothing);
  RUN(any_may_leave_in_any_order_and_twice);
  RUN(others_may_leave_while_one_is_told);
  RUN(a_failure_ends_telling_and_fails_the_op);
  RUN(a_refused_assignment_changes_nothing);
  RUN(the_inner_part_can_be_put_away_and_back);
  RUN(a_strand_has_recorders_of_its_own);
  RUN(an_error_stays_in_its_strand);
  return check_done();
}
