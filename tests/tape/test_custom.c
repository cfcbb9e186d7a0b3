// Tests of tape/custom.c: derivatives of a host's own, in both modes and of
// every order, and what their functions may do to the tape that is swept.

#include "tape/custom.h"

#include "nest.h"
#include "tape/variable.h"

// What a test's functions are to do, and what was done to them.
typedef struct plan {
  nd_tensor *x;  // what the derivative reads, a reference
  double factor;
  nd_tape *tape;
  nd_tensor *y;
  bool did;  // what was tried with the tape
} plan;

static plan plans[64];
static int planned, released;

static plan *make_plan(nd_tensor *x, double factor)
{
  plan *p = &plans[planned++ % 64];
  *p = (plan){ .x = nd_tensor_retain(x), .factor = factor };
  return p;
}

static void release_plan(void *data)
{
  const plan *p = data;
  nd_tensor_release(p->x);
  released++;
}

static nd_tensor *number_like(const nd_tensor *x, double value)
{
  return value == 0               ? NULL
         : x->dtype == ND_FLOAT64 ? F64(value == 2 ? "2" : "3")
                                  : F32(value == 2 ? "2" : "3");
}

// dx = factor dy, where y = x
static bool scale(void *data, nd_context *in, int count,
                  nd_tensor *const *upstream, int n, nd_tensor **gradients)
{
  const plan *p = data;
  nd_tensor *pair[] = { upstream[0], number_like(upstream[0], p->factor) };
  gradients[0] = nd_call(in, "multiply", 2, pair, NULL);
  return gradients[0] != NULL;
}

static nd_tensor *scaled(nd_tensor *x, double factor)
{
  const nd_custom f = { keep_values, scale, release_plan,
                        make_plan(x, factor) };
  nd_tensor *y = NULL;
  nd_custom_gradient(c, &f, 1, &x, 1, &y);
  return own(y);
}

static nd_tensor *gradient_of(nd_tape *t, nd_tensor *y, nd_tensor *x)
{
  nd_tensor *g = NULL;
  nd_tape_differentiate(t, 1, &y, NULL, 1, &x, &g);
  return own(g);
}

static void the_gradient_is_what_the_function_gives(void)
{
  start();
  nd_tensor *x = F32("1"), *m = F64("[1 2]");
  nd_tape *t = tape_on(x, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, m);
  CHECK_VALUES(gradient_of(t, scaled(x, 2), x), "2", 0);
  CHECK_VALUES(gradient_of(t, scaled(scaled(x, 3), 3), x), "9", 0);
  CHECK_VALUES(gradient_of(t, squared(scaled(m, 3)), m), "[6 12]", 0);
  nd_tape_free(t);
  finish();
}

static void nothing_is_kept_when_nobody_listens(void)
{
  start();
  const int before = released;
  nd_tensor *x = F32("[1 2]");
  CHECK_VALUES(scaled(x, 2), "[1 2]", 0);
  CHECK_INT(released, before + 1);
  nd_tape *t = nd_tape_new(c, 0);
  scaled(x, 2);
  CHECK_INT(released, before + 2);
  nd_tape_watch(t, x);
  scaled(x, 2);
  CHECK_INT(released, before + 2);
  nd_tape_free(t);
  CHECK_INT(released, before + 3);
  finish();
}

// x y, whose gradients are given the wrong way round.
static bool multiply(void *data, nd_context *in, int n,
                     nd_tensor *const *inputs, int count, nd_tensor **outputs)
{
  outputs[0] = nd_call(in, "multiply", 2, inputs, NULL);
  outputs[1] = nd_call(in, "add", 2, inputs, NULL);
  return true;
}

static bool pass_both(void *data, nd_context *in, int count,
                      nd_tensor *const *upstream, int n, nd_tensor **gradients)
{
  gradients[0] = nd_tensor_retain(upstream[0]);
  gradients[1] = nd_tensor_retain(upstream[1]);
  return true;
}

static void what_nothing_comes_into_is_zero(void)
{
  start();
  nd_tensor *in[] = { F32("[3 4]"), F32("[5 6]") }, *out[2];
  const nd_custom f = { multiply, pass_both, NULL, NULL };
  nd_tape *t = tape_on(in[0], ND_TAPE_PERSISTENT);
  nd_tape_watch(t, in[1]);
  CHECK(nd_custom_gradient(c, &f, 2, in, 2, out));
  CHECK_VALUES(own(out[0]), "[15 24]", 0);
  CHECK_VALUES(own(out[1]), "[8 10]", 0);
  CHECK_VALUES(gradient_of(t, out[0], in[0]), "[1 1]", 0);
  CHECK_VALUES(gradient_of(t, out[0], in[1]), "[0 0]", 0);
  CHECK_VALUES(gradient_of(t, out[1], in[1]), "[1 1]", 0);
  nd_tape_free(t);
  finish();
}

static void tangents_come_from_the_same_function(void)
{
  start();
  nd_tensor *in[] = { F32("[3 4]"), F32("[5 6]") }, *out[2];
  const nd_custom f = { multiply, pass_both, NULL, NULL };
  nd_accumulator *a = watching(in[0], F32("[7 8]"));
  nd_accumulator_start(a);
  CHECK(nd_custom_gradient(c, &f, 2, in, 2, out));
  own(out[0]);
  own(out[1]);
  CHECK_VALUES(jvp(a, out[0]), "[7 8]", 0);
  CHECK_VALUES(jvp(a, out[1]), "[0 0]", 0);
  CHECK_VALUES(jvp(a, scaled(in[0], 3)), "[21 24]", 0);
  nd_accumulator_free(a);
  finish();
}

// ------------------------------------------------------------ every order --

static nd_tensor *own_sin(nd_tensor *x);
static nd_tensor *own_cos(nd_tensor *x);

static bool give(const char *name, nd_context *in, nd_tensor *const *inputs,
                 nd_tensor **outputs)
{
  outputs[0] = nd_call(in, name, 1, inputs, NULL);
  return outputs[0] != NULL;
}

static bool compute_sin(void *data, nd_context *in, int n,
                        nd_tensor *const *inputs, int count,
                        nd_tensor **outputs)
{
  return give("sin", in, inputs, outputs);
}

static bool compute_cos(void *data, nd_context *in, int n,
                        nd_tensor *const *inputs, int count,
                        nd_tensor **outputs)
{
  return give("cos", in, inputs, outputs);
}

static bool slope_of_sin(void *data, nd_context *in, int count,
                         nd_tensor *const *upstream, int n,
                         nd_tensor **gradients)
{
  const plan *p = data;
  nd_tensor *pair[] = { upstream[0], own_cos(p->x) };
  gradients[0] = nd_call(in, "multiply", 2, pair, NULL);
  return true;
}

static bool slope_of_cos(void *data, nd_context *in, int count,
                         nd_tensor *const *upstream, int n,
                         nd_tensor **gradients)
{
  const plan *p = data;
  nd_tensor *pair[] = { upstream[0], CALL("negative", NULL, own_sin(p->x)) };
  gradients[0] = nd_call(in, "multiply", 2, pair, NULL);
  return true;
}

static nd_tensor *own_sin(nd_tensor *x)
{
  const nd_custom f = { compute_sin, slope_of_sin, release_plan,
                        make_plan(x, 1) };
  nd_tensor *y = NULL;
  CHECK(nd_custom_gradient(c, &f, 1, &x, 1, &y));
  return own(y);
}

static nd_tensor *own_cos(nd_tensor *x)
{
  const nd_custom f = { compute_cos, slope_of_cos, release_plan,
                        make_plan(x, 1) };
  nd_tensor *y = NULL;
  CHECK(nd_custom_gradient(c, &f, 1, &x, 1, &y));
  return own(y);
}

static nd_tensor *own_curve(nd_tensor *x)
{
  return product(own_sin(x), product(x, squared(x)));
}

static void they_have_derivatives_of_every_order_in_both_modes(void)
{
  start();
  check_all_orders(own_curve);
  finish();
}

static bool assign_inside(void *data, nd_context *in, int n,
                          nd_tensor *const *inputs, int count,
                          nd_tensor **outputs)
{
  nd_tape *t = nd_tape_new(in, 0);
  nd_tape_watch(t, inputs[0]);
  nd_tensor *y = squared(inputs[0]);
  nd_tape_differentiate(t, 1, &y, NULL, 1, inputs, outputs);
  nd_tape_free(t);
  return true;
}

static void nobody_outside_hears_the_forward_function(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *y = NULL;
  const nd_custom f = { assign_inside, scale, release_plan, make_plan(x, 3) };
  nd_tape *t = tape_on(x, 0);
  CHECK(nd_custom_gradient(c, &f, 1, &x, 1, &y));
  CHECK_VALUES(own(y), "[2 4]", 0);
  CHECK_VALUES(gradient_of(t, y, x), "[3 3]", 0);
  nd_tape_free(t);
  finish();
}

// --------------------------------------------------------------- mischief --

typedef bool mischief(plan *p);

static mischief *mischievous;

static bool scale_and(void *data, nd_context *in, int count,
                      nd_tensor *const *upstream, int n, nd_tensor **gradients)
{
  plan *p = data;
  p->did = mischievous(p);
  return scale(data, in, count, upstream, n, gradients);
}

static bool release_tape(plan *p)
{
  return nd_tape_release(p->tape);
}

static bool reset_tape(plan *p)
{
  return nd_tape_start(p->tape) && nd_tape_reset(p->tape);
}

static bool free_tape(plan *p)
{
  nd_tape_free(p->tape);
  return true;
}

static bool ask_again(plan *p)
{
  nd_tensor *g = gradient_of(p->tape, squared(p->x), p->x);
  return g != NULL || nd_error_code(c) == ND_OK;
}

// The gradient, by a tape on which the derivative's function does that.
static nd_tensor *with_mischief(mischief *m, int flags, bool *did)
{
  nd_tensor *x = F32("[1 2]"), *y = NULL, *g = NULL;
  plan *p = make_plan(x, 3);
  const nd_custom f = { keep_values, scale_and, release_plan, p };
  mischievous = m;
  p->tape = tape_on(x, flags);
  CHECK(nd_custom_gradient(c, &f, 1, &x, 1, &y));
  own(y);
  nd_tape_differentiate(p->tape, 1, &y, NULL, 1, &x, &g);
  *did = p->did;
  if (m != free_tape)
    nd_tape_free(p->tape);
  return own(g);
}

static void a_tape_that_is_swept_is_not_released(void)
{
  start();
  bool did;
  for (int flags = 0; flags <= ND_TAPE_PERSISTENT; flags++) {
    CHECK_FAILS_AS(with_mischief(release_tape, flags, &did), ND_BAD_STATE,
                   "release: the tape is giving its gradient");
    CHECK(!did);
  }
  finish();
}

static void a_tape_that_is_swept_is_neither_reset_nor_entered(void)
{
  start();
  bool did;
  CHECK_FAILS_AS(with_mischief(reset_tape, 0, &did), ND_BAD_STATE,
                 "GradientTape: the tape is still recording");
  finish();
}

static void a_tape_that_is_freed_goes_after_its_sweep(void)
{
  start();
  bool did;
  for (int flags = 0; flags <= ND_TAPE_PERSISTENT; flags++) {
    const int before = released;
    CHECK_VALUES(with_mischief(free_tape, flags, &did), "[3 3]", 0);
    CHECK_INT(released, before + 1);
  }
  finish();
}

static void only_a_persistent_tape_is_asked_again(void)
{
  start();
  bool did;
  CHECK_FAILS_AS(with_mischief(ask_again, 0, &did), ND_BAD_STATE,
                 "gradient: the tape is giving its gradient");
  CHECK_VALUES(with_mischief(ask_again, ND_TAPE_PERSISTENT, &did), "[3 3]", 0);
  CHECK(did);
  finish();
}

// A function's data that owns what keeps the function: its release is where the
// tape's records go, and it may do anything but free the context.
static mischief *last_act;

static void release_and(void *data)
{
  plan *p = data;
  nd_tensor_release(p->x);
  released++;
  p->did = last_act(p);
}

static bool watch_again(plan *p)
{
  return nd_tape_watch(p->tape, p->x);
}

static bool square_more(plan *p)
{
  return squared(F32("[1 2]")) != NULL;
}

static plan *make_owner(nd_tensor *x, int flags)
{
  plan *p = make_plan(x, 3);
  nd_tensor *y = NULL;
  const nd_custom f = { keep_values, scale, release_and, p };
  p->tape = tape_on(x, flags);
  CHECK(nd_custom_gradient(c, &f, 1, &x, 1, &y));
  p->y = own(y);
  return p;
}

static bool use_up(plan *p)
{
  return gradient_of(p->tape, p->y, p->x) != NULL;
}

static bool reset_only(plan *p)
{
  return nd_tape_reset(p->tape);
}

// `away` is what has the tape drop its records, and `message` what it says of
// what is tried meanwhile.
static void check_release(mischief *act, mischief *away, int flags,
                          const char *message)
{
  start();
  const int before = released;
  plan *p = make_owner(F32("[1 2]"), flags);
  last_act = act;
  away(p);
  CHECK_INT(released, before + 1);
  CHECK_STR(nd_error_message(c), message);
  CHECK(p->did == (message[0] == '\0'));
  nd_error_clear(c);
  if (act != free_tape && away != free_tape)
    nd_tape_free(p->tape);
  CHECK_INT(nd_recorders_depth(c), 0);
  finish();
}

static void what_a_tape_lets_go_of_may_free_it(void)
{
  mischief *const acts[] = { free_tape, square_more };
  for (int k = 0; k < 2; k++) {
    check_release(acts[k], use_up, 0, "");
    check_release(acts[k], release_tape, ND_TAPE_PERSISTENT, "");
    check_release(acts[k], reset_only, 0, "");
  }
  check_release(square_more, free_tape, 0, "");
}

static void a_tape_that_drops_its_records_is_busy(void)
{
  check_release(release_tape, use_up, 0,
                "release: the tape is dropping its records");
  check_release(release_tape, reset_only, 0,
                "release: the tape is dropping its records");
  check_release(reset_only, reset_only, 0,
                "reset: the tape is dropping its records");
  check_release(reset_tape, release_tape, 0,
                "GradientTape: the tape is dropping its records");
  check_release(watch_again, reset_only, 0,
                "watch: the tape is dropping its records");
  check_release(watch_again, free_tape, 0,
                "watch: the tape is dropping its records");
}

// ---------------------------------------------------------------- mistakes --

static bool fail_silently(void *data, nd_context *in, int count,
                          nd_tensor *const *upstream, int n,
                          nd_tensor **gradients)
{
  gradients[0] = nd_tensor_retain(upstream[0]);
  return false;
}

static bool give_a_scalar(void *data, nd_context *in, int count,
                          nd_tensor *const *upstream, int n,
                          nd_tensor **gradients)
{
  gradients[0] = nd_tensor_retain(F32("1"));
  return true;
}

static nd_tensor *differentiated(nd_custom f, nd_tensor *x)
{
  nd_tensor *y = NULL, *g = NULL;
  nd_tape *t = tape_on(x, 0);
  if (nd_custom_gradient(c, &f, 1, &x, 1, &y))
    nd_tape_differentiate(t, 1, &y, NULL, 1, &x, &g);
  own(y);
  nd_tape_free(t);
  return own(g);
}

static void functions_that_fail_are_errors(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  CHECK_FAILS_AS(
    differentiated(
      (nd_custom){ .forward = keep_values, .backward = fail_silently }, x),
    ND_BAD_ARGUMENT, "custom_gradient: the host's function failed");
  CHECK_FAILS_AS(
    differentiated(
      (nd_custom){ .forward = keep_values, .backward = give_a_scalar }, x),
    ND_BAD_ARGUMENT,
    "custom_gradient: gradient 1 is float32 [], its input is float32 [2]");
  finish();
}

static bool give_nothing(void *data, nd_context *in, int n,
                         nd_tensor *const *inputs, int count,
                         nd_tensor **outputs)
{
  return true;
}

static void outputs_must_be_given(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  const int before = released;
  CHECK_FAILS_AS(
    differentiated(
      (nd_custom){ give_nothing, scale, release_plan, make_plan(x, 2) }, x),
    ND_BAD_ARGUMENT, "custom_gradient: the host's function failed");
  CHECK_INT(released, before + 1);
  finish();
}

int main(void)
{
  RUN(the_gradient_is_what_the_function_gives);
  RUN(nothing_is_kept_when_nobody_listens);
  RUN(what_nothing_comes_into_is_zero);
  RUN(tangents_come_from_the_same_function);
  RUN(they_have_derivatives_of_every_order_in_both_modes);
  RUN(nobody_outside_hears_the_forward_function);
  RUN(a_tape_that_is_swept_is_not_released);
  RUN(a_tape_that_is_swept_is_neither_reset_nor_entered);
  RUN(a_tape_that_is_freed_goes_after_its_sweep);
  RUN(only_a_persistent_tape_is_asked_again);
  RUN(what_a_tape_lets_go_of_may_free_it);
  RUN(a_tape_that_drops_its_records_is_busy);
  RUN(functions_that_fail_are_errors);
  RUN(outputs_must_be_given);
  return check_done();
}
