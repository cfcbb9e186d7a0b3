// Tests of optim/optimizer.c, turn.c, pass.c and the rules: golden values of
// Keras's rules, slots, settings, and updates in place.
//
// The series were computed in float64 from the rules, and Keras 3 agrees within
// 5e-7 in float32.

#include <math.h>

#include "step.h"

// The settings that every optimizer has, as messages list them.
#define COMMON                                                    \
  "weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, " \
  "ema_momentum, ema_overwrite_frequency, loss_scale_factor, "    \
  "gradient_accumulation_steps, lazy"

static void check_step(const char *name, const char *options, nd_dtype dtype,
                       const char *want, double tolerance)
{
  start();
  nd_optimizer *o = make(name, options);
  nd_variable *v = nd_variable_new(tensor(dtype, "[1 2 3 4]"), true);
  CHECK(apply(o, v, tensor(dtype, "[1 6 7 2]")));
  CHECK_VALUES(value_of(v), want, tolerance);
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

static void one_step_gives_the_golden_values(void)
{
  check_step("SGD", "learning_rate=0.5", ND_FLOAT32, "[.5 -1 -.5 3]", 0);
  check_step("SGD", "learning_rate=0.5", ND_FLOAT64, "[.5 -1 -.5 3]", 0);
  check_step("Adam", "learning_rate=0.5", ND_FLOAT32, "[.5 1.5 2.5 3.5]", 2e-6);
  check_step("Adam", "learning_rate=0.5", ND_FLOAT64, "[.5 1.5 2.5 3.5]", 2e-6);
  check_step("SGD", "learning_rate=0.5 momentum=0.9", ND_FLOAT32,
             "[.5 -1 -.5 3]", 0);
  check_step("SGD", "learning_rate=0.5 momentum=0.9 nesterov=true", ND_FLOAT64,
             "[.05 -3.7 -3.65 2.1]", 1e-12);
}

// w starts at 1; the first gradient is .01, then .1 for element 1 and 1 for
// element 2 (Keras's element 10).
static void check_series(const char *name, const char *options, nd_dtype dtype,
                         const char *const want[5], double tolerance)
{
  start();
  nd_optimizer *o = make(name, options);
  nd_variable *v = nd_variable_new(tensor(dtype, "[1 1]"), true);
  for (int i = 0; i < 5; i++) {
    CHECK(apply(o, v, tensor(dtype, i == 0 ? "[.01 .01]" : "[.1 1]")));
    CHECK_VALUES(value_of(v), want[i], tolerance);
  }
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

static void sgd_follows_the_golden_series(void)
{
  static const char *const want[] = { "[.9999 .9999]", "[.9989 .9899]",
                                      "[.9979 .9799]", "[.9969 .9699]",
                                      "[.9959 .9599]" };
  check_series("SGD", "nesterov=true", ND_FLOAT64, want, 1e-12);
  check_series("SGD", NULL, ND_FLOAT32, want, 5e-7);
}

static void adam_with_amsgrad_follows_the_golden_series(void)
{
  static const char *const want[] = { "[0.99900032 0.99900032]",
                                      "[0.99819325 0.99824952]",
                                      "[0.99730044 0.99738742]",
                                      "[0.99636784 0.99647529]",
                                      "[0.99541246 0.99553484]" };
  check_series("Adam", "amsgrad=true", ND_FLOAT64, want, 6e-9);
  check_series("Adam", "amsgrad=true", ND_FLOAT32, want, 5e-7);
}

// m = .9 m - .1 g; w + m, or w + .9 m - .1 g.
static void momentum_follows_its_rule(void)
{
  static const char *const plain[] = { "[.999 .999]", "[.9881 .8981]",
                                       "[.96829 .70729]", "[.940461 .435561]",
                                       "[.9054149 .0910049]" };
  static const char *const nesterov[] = { "[.9981 .9981]", "[.97829 .80729]",
                                          "[.950461 .535561]",
                                          "[.9154149 .1910049]",
                                          "[.87387341 -.21909559]" };
  const char *options = "learning_rate=0.1 momentum=0.9";
  check_series("SGD", options, ND_FLOAT64, plain, 1e-12);
  options = "learning_rate=0.1 momentum=0.9 nesterov=true";
  check_series("SGD", options, ND_FLOAT64, nesterov, 1e-12);
}

// ------------------------------------------------------------------- slots --

static int count_slots(const nd_optimizer *o)
{
  int n = 0;
  for (const nd_slots *s = o->slots; s != NULL; s = s->next)
    n++;
  return n;
}

static void slots_are_made_on_demand(void)
{
  start();
  nd_optimizer *o = make("SGD", NULL);
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  CHECK(apply(o, v, F32("[0 0]")));
  CHECK_INT(count_slots(o), 0);
  CHECK(nd_optimizer_set(o, "momentum", .5));
  CHECK(apply(o, v, F32("[1 1]")));
  CHECK(apply(o, v, F32("[0 0]")));
  CHECK_INT(count_slots(o), 1);
  CHECK_VALUES(value_of(v), "[.985 1.985]", 1e-6);
  CHECK_INT(o->iterations, 3);
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

static void every_variable_has_slots_of_its_own(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1 momentum=0.5");
  enum { N = 20 };
  nd_variable *v[N];
  nd_tensor *g[N];
  for (int i = 0; i < N; i++) {
    v[i] = nd_variable_new(F64("0"), true);
    g[i] = i % 2 ? F64("-1") : F64("1");
  }
  CHECK(nd_optimizer_apply(o, N, v, g));
  CHECK(nd_optimizer_apply(o, N, v, g));
  for (int i = 0; i < N; i++) {
    CHECK_VALUES(value_of(v[i]), i % 2 ? "2.5" : "-2.5", 0);
    CHECK_INT(count_slots(o), N - i);
    nd_variable_release(v[i]);
  }
  CHECK_INT(count_slots(o), 0);
  nd_optimizer_free(o);
  finish();
}

// Memory stays the same while variables come, are trained and go.
static void slots_go_with_their_variable(void)
{
  start();
  nd_optimizer *o = make("Adam", NULL);
  nd_tensor *x = ZEROS(ND_FLOAT32, 1000);
  size_t values = 0, objects = 0;
  for (int i = 0; i < 100; i++) {
    nd_variable *v = nd_variable_new(x, true);
    CHECK(apply(o, v, x));
    CHECK_INT(count_slots(o), 1);
    nd_variable_release(v);
    CHECK_INT(count_slots(o), 0);
    if (i == 0) {
      values = nd_context_bytes(c, ND_MEMORY_TENSOR);
      objects = nd_context_bytes(c, ND_MEMORY_OBJECT);
    }
  }
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), values);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_OBJECT), objects);
  nd_optimizer_free(o);
  finish();
}

// The allocator gives the second variable the place of the first.
static void a_new_variable_has_no_state_of_a_dead_one(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1 momentum=0.5");
  for (int i = 0; i < 3; i++) {
    nd_variable *v = nd_variable_new(F64("[0]"), true);
    CHECK(apply(o, v, F64("[1]")));
    CHECK_VALUES(value_of(v), "[-1]", 0);
    nd_variable_release(v);
  }
  nd_optimizer_free(o);
  finish();
}

// Several optimizers keep state for several variables, and all go in an order
// that depends on `k`.
static void go_in_turn(int k)
{
  enum { N = 3 };
  nd_optimizer *o[N];
  nd_variable *v[N];
  nd_tensor *g[] = { F64("[1]"), F64("[1]"), F64("[1]") };
  for (int i = 0; i < N; i++) {
    o[i] = make(i == 1 ? "Adam" : "SGD", i == 1 ? NULL : "momentum=0.5");
    v[i] = nd_variable_new(F64("[0]"), true);
  }
  for (int i = 0; i < 2 * N; i++)
    CHECK(nd_optimizer_apply(o[(i + k) % N], N, v, g));
  for (int i = 0; i < N; i++) {
    const int at = (i * (1 + k % 2) + k) % N;
    if (k & 4)
      nd_optimizer_free(o[at]);
    nd_variable_release(v[(at + k / 2) % N]);
    if (!(k & 4))
      nd_optimizer_free(o[at]);
  }
}

static void variables_and_optimizers_go_in_any_order(void)
{
  for (int k = 0; k < 12; k++) {
    start();
    go_in_turn(k);
    finish();
  }
}

static void optimizers_share_a_variable_and_no_state(void)
{
  start();
  nd_optimizer *a = make("SGD", "learning_rate=1 momentum=0.5");
  nd_optimizer *b = make("SGD", "learning_rate=1 momentum=0.5");
  nd_variable *v = nd_variable_new(F64("[0]"), true);
  CHECK(apply(a, v, F64("[1]")));
  CHECK(apply(b, v, F64("[1]")));
  CHECK(apply(a, v, F64("[0]")));
  CHECK_VALUES(value_of(v), "[-2.5]", 0);
  nd_optimizer_free(a);
  CHECK(apply(b, v, F64("[0]")));
  CHECK_VALUES(value_of(v), "[-3]", 0);
  nd_optimizer_free(b);
  nd_variable_release(v);
  finish();
}

static void a_missing_gradient_leaves_its_variable_alone(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1");
  nd_variable *v[] = { nd_variable_new(F32("1"), true),
                       nd_variable_new(F32("1"), true) };
  nd_tensor *g[] = { NULL, F32("3") };
  CHECK(nd_optimizer_apply(o, 2, v, g));
  CHECK_VALUES(value_of(v[0]), "1", 0);
  CHECK_VALUES(value_of(v[1]), "-2", 0);
  g[1] = NULL;
  CHECK_FAILS(nd_optimizer_apply(o, 2, v, g),
              "apply_gradients: no gradients: every one of 2 is missing");
  CHECK_FAILS(nd_optimizer_apply(o, 0, NULL, NULL),
              "apply_gradients: no variables");
  nd_variable_release(v[0]);
  nd_variable_release(v[1]);
  nd_optimizer_free(o);
  finish();
}

// A variable in the list twice takes a step by the sum of its gradients.
static void a_variable_may_come_twice(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1");
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  nd_variable *both[] = { v, v };
  nd_tensor *g[] = { F32("[1 1]"), F32("[10 10]") };
  CHECK(nd_optimizer_apply(o, 2, both, g));
  CHECK_VALUES(value_of(v), "[-10 -9]", 0);
  CHECK(nd_optimizer_apply(o, 2, both, g));
  CHECK_VALUES(value_of(v), "[-21 -20]", 0);
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

// ---------------------------------------------------------------- in place --

static void an_update_is_in_place_when_nobody_else_looks(void)
{
  start();
  nd_optimizer *o = make("Adam", NULL);
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  const void *place = v->value->data;
  CHECK(apply(o, v, F32("[1 1]")));
  CHECK(v->value->data == place);
  nd_tensor *held = nd_variable_read(v);
  nd_tensor *copy = CALL("add", NULL, held, F32("0"));
  CHECK(apply(o, v, F32("[1 1]")));
  CHECK(v->value->data != place);
  CHECK_VALUES(CALL("reduce_all", NULL, CALL("equal", NULL, held, copy)), "1",
               0);
  nd_tensor_release(held);
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

static void an_update_takes_no_memory(void)
{
  start();
  nd_optimizer *o = make("Adam", NULL);
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  nd_tensor *g = F32("[1 1]");
  CHECK(apply(o, v, g));
  const long before = memory.asked;
  for (int i = 0; i < 100; i++)
    CHECK(apply(o, v, g));
  CHECK_INT(memory.asked, before);
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

static void a_strided_gradient_is_taken_in_order(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1");
  nd_variable *v = nd_variable_new(F32("[[0 0] [0 0]]"), true);
  CHECK(apply(o, v, CALL("transpose", NULL, F32("[[1 2] [3 4]]"))));
  CHECK_VALUES(value_of(v), "[[-1 -3] [-2 -4]]", 0);
  CHECK(apply(o, v, CALL("fill", "shape=[2 2]", F32("1"))));
  CHECK_VALUES(value_of(v), "[[-2 -4] [-3 -5]]", 0);
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

// The second variable's gradient does not fit: the first must not move.
static void a_failure_leaves_all_variables_as_they_were(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1");
  nd_variable *v[] = { nd_variable_new(F32("1"), true),
                       nd_variable_new(F32("[1 2]"), true) };
  nd_tensor *g[] = { F32("1"), F32("[1 2 3]") };
  CHECK_FAILS(nd_optimizer_apply(o, 2, v, g),
              "apply_gradients: variable 2 is float32 [2], its gradient is "
              "float32 [3]");
  CHECK_VALUES(value_of(v[0]), "1", 0);
  CHECK_INT(o->iterations, 0);
  nd_variable_release(v[0]);
  nd_variable_release(v[1]);
  nd_optimizer_free(o);
  finish();
}

// Held values need fresh memory, which the quota does not grant twice.
static void no_memory_leaves_all_variables_as_they_were(void)
{
  CHECK(start_with((nd_config){ .tensor_quota = 1700 }));
  nd_optimizer *o = make("SGD", "learning_rate=1");
  nd_tensor *x = ZEROS(ND_FLOAT32, 100);
  nd_variable *v[] = { nd_variable_new(x, true), nd_variable_new(x, true) };
  release_to(0);
  nd_tensor *g[] = { F32("1"), NULL };
  g[0] = CALL("fill", "shape=[100]", g[0]);
  g[1] = g[0];
  nd_tensor *held[] = { value_of(v[0]), value_of(v[1]) };
  CHECK(!nd_optimizer_apply(o, 2, v, g));
  CHECK_INT(nd_error_code(c), ND_NO_MEMORY);
  nd_error_clear(c);
  CHECK(v[0]->value->data == held[0]->data);
  CHECK(v[1]->value->data == held[1]->data);
  CHECK_INT(o->iterations, 0);
  nd_variable_release(v[0]);
  nd_variable_release(v[1]);
  nd_optimizer_free(o);
  finish();
}

// ---------------------------------------------------------------- settings --

static void settings_can_be_read_and_set(void)
{
  start();
  nd_optimizer *o = make("Adam", "learning_rate=0.25, beta_1=0.5");
  double x;
  CHECK(nd_optimizer_get(o, "learning_rate", &x) && x == .25);
  CHECK(nd_optimizer_get(o, "beta_1", &x) && x == .5);
  CHECK(nd_optimizer_get(o, "beta_2", &x) && x == .999);
  CHECK(nd_optimizer_get(o, "amsgrad", &x) && x == 0);
  CHECK(nd_optimizer_set(o, "learning_rate", 0));
  CHECK(nd_optimizer_get(o, "learning_rate", &x) && x == 0);
  CHECK_FAILS(nd_optimizer_get(o, "momentum", &x),
              "Adam: unknown option 'momentum': it takes learning_rate, "
              "beta_1, beta_2, epsilon, amsgrad, " COMMON);
  CHECK_FAILS(nd_optimizer_set(o, "momentum", 1),
              "Adam: unknown option 'momentum': it takes learning_rate, "
              "beta_1, beta_2, epsilon, amsgrad, " COMMON);
  CHECK_FAILS(nd_optimizer_set(o, "beta_1", 1),
              "Adam: beta_1 must be a number, at least 0 and below 1, got 1");
  CHECK(nd_optimizer_get(o, "beta_1", &x) && x == .5);
  nd_optimizer_free(o);
  finish();
}

static bool sets(const char *optimizer, const char *setting, double value)
{
  nd_optimizer *o = make(optimizer, NULL);
  const bool ok = nd_optimizer_set(o, setting, value);
  nd_optimizer_free(o);
  return ok;
}

// Whatever a setting is, it is no nan, not infinite and, but for one kind, not
// negative.
static void every_setting_is_checked(void)
{
  static const double never[] = { NAN,        -NAN, INFINITY, -INFINITY,
                                  -0x1p-1074, -1,   1e39 };
  start();
  const nd_update *u;
  for (int i = 0; (u = nd_update_at(i)) != NULL; i++) {
    for (const nd_param *s = u->settings; s->name != NULL; s++) {
      CHECK(sets(u->name, s->name, nd_setting_initial(s)));
      for (size_t k = 0; k < sizeof never / sizeof *never; k++) {
        const bool falls = (s->kind == ND_FALL || s->kind == ND_NUMBER) &&
                           isfinite((float)never[k]);
        CHECK(sets(u->name, s->name, never[k]) == (falls && never[k] < 0));
        nd_error_clear(c);
      }
    }
  }
  CHECK_FAILS(sets("Adam", "beta_2", 1),
              "Adam: beta_2 must be a number, at least 0 and below 1, got 1");
  CHECK(sets("Adam", "beta_2", 0x1.fffffffffffffp-1));
  CHECK(sets("SGD", "momentum", 1));
  CHECK_FAILS(sets("SGD", "momentum", 1.5),
              "SGD: momentum must be a number within 0..1, got 1.5");
  CHECK_FAILS(sets("SGD", "learning_rate", -NAN),
              "SGD: learning_rate must be finite, got nan");
  CHECK_FAILS(sets("SGD", "learning_rate", -.5),
              "SGD: learning_rate must be a number, 0 or more, got -0.5");
  CHECK_FAILS(sets("SGD", "learning_rate", 1e39),
              "SGD: learning_rate must be finite in float32, got 1e+39");
  CHECK_FAILS(sets("SGD", "nesterov", .5),
              "SGD: nesterov must be true or false, got 0.5");
  CHECK_FAILS(sets("Ftrl", "learning_rate_power", .5),
              "Ftrl: learning_rate_power must be a number, 0 or less, got 0.5");
  CHECK_FAILS(sets("Lamb", "lazy", 1),
              "Lamb: lazy cannot be true: steps depend on all rows");
  finish();
}

static void wrong_settings_give_no_optimizer(void)
{
  start();
  CHECK_FAILS(nd_optimizer_new(c, "Sgd", NULL), "Sgd: no such optimizer");
  CHECK_FAILS(nd_optimizer_new(c, "SGD", "rate=1"),
              "SGD: unknown option 'rate': it takes learning_rate, momentum, "
              "nesterov, " COMMON);
  CHECK_FAILS(nd_optimizer_new(c, "SGD", "learning_rate"),
              "SGD: options are name=value, got 'learning_rate'");
  CHECK_FAILS(nd_optimizer_new(c, "SGD", "learning_rate=fast"),
              "SGD: bad value for option 'learning_rate': 'fast'");
  CHECK_FAILS(nd_optimizer_new(c, "SGD", "momentum=2"),
              "SGD: momentum must be a number within 0..1, got 2");
  CHECK_FAILS(nd_optimizer_new(c, "Adam", "beta_1=1"),
              "Adam: beta_1 must be a number, at least 0 and below 1, got 1");
  CHECK_FAILS(nd_optimizer_new(c, "SGD", "momentum=0.5momentum=0.6"),
              "SGD: bad value for option 'momentum': '0.5momentum=0.6'");
  CHECK_FAILS(nd_optimizer_new(c, "SGD", "momentum=0.5, momentum=0.6"),
              "SGD: momentum is given twice");
  CHECK_FAILS(nd_optimizer_new(c, "SGD", "learning_rate=true"),
              "SGD: bad value for option 'learning_rate': 'true'");
  CHECK_FAILS(nd_optimizer_new(c, "SGD", "nesterov=1"),
              "SGD: bad value for option 'nesterov': '1'");
  CHECK_FAILS(nd_optimizer_new(c, "SGD", "nesterov=true;"),
              "SGD: bad value for option 'nesterov': 'true;'");
  finish();
}

static void counts_can_be_read_and_set(void)
{
  start();
  nd_optimizer *o = make("SGD", "gradient_accumulation_steps=3");
  double x;
  CHECK(nd_optimizer_get(o, "iterations", &x) && x == 0);
  CHECK(nd_optimizer_set(o, "iterations", 7) && o->iterations == 7);
  CHECK(nd_optimizer_set(o, "waiting", 2) && o->waiting == 2);
  CHECK(nd_optimizer_get(o, "waiting", &x) && x == 2);
  CHECK_FAILS(nd_optimizer_set(o, "waiting", 3),
              "SGD: waiting must be below gradient_accumulation_steps, got 3");
  CHECK_FAILS(nd_optimizer_set(o, "iterations", -1),
              "SGD: iterations must be a whole number, 0 or more, got -1");
  CHECK_FAILS(nd_optimizer_set(o, "iterations", 1e17),
              "SGD: iterations must be at most 2^53, got 1e+17");
  nd_optimizer_free(o);
  finish();
}

static void only_floats_are_trained(void)
{
  start();
  nd_optimizer *o = make("SGD", NULL);
  nd_variable *v = nd_variable_new(I32("[1]"), true);
  CHECK_FAILS(apply(o, v, I32("[1]")),
              "apply_gradients: variable 1 must be a float, got int32");
  nd_variable_release(v);
  v = nd_variable_new(F32("[1]"), true);
  CHECK_FAILS(apply(o, v, F64("[1]")),
              "apply_gradients: variable 1 is float32 [1], its gradient is "
              "float64 [1]");
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

static void entries_of_the_table_are_complete(void)
{
  const nd_update *u;
  for (int i = 0; (u = nd_update_at(i)) != NULL; i++) {
    CHECK(nd_update_find(u->name) == u);
    CHECK(u->doc != NULL && u->prepare != NULL);
    CHECK_STR(u->settings[0].name, "learning_rate");
    for (const nd_param *s = u->settings; s->name != NULL; s++)
      CHECK(nd_param_refuses(s, nd_setting_initial(s)) == NULL);
#if defined(__x86_64__)
    for (int level = 0; level < ND_LEVELS; level++)
      CHECK(u->kernels[level] != NULL && u->kernels[level]->at[0] != NULL &&
            u->kernels[level]->at[1] != NULL);
#endif
  }
}

int main(void)
{
  RUN(one_step_gives_the_golden_values);
  RUN(sgd_follows_the_golden_series);
  RUN(adam_with_amsgrad_follows_the_golden_series);
  RUN(momentum_follows_its_rule);
  RUN(slots_are_made_on_demand);
  RUN(every_variable_has_slots_of_its_own);
  RUN(slots_go_with_their_variable);
  RUN(a_new_variable_has_no_state_of_a_dead_one);
  RUN(variables_and_optimizers_go_in_any_order);
  RUN(optimizers_share_a_variable_and_no_state);
  RUN(a_missing_gradient_leaves_its_variable_alone);
  RUN(a_variable_may_come_twice);
  RUN(an_update_is_in_place_when_nobody_else_looks);
  RUN(an_update_takes_no_memory);
  RUN(a_strided_gradient_is_taken_in_order);
  RUN(a_failure_leaves_all_variables_as_they_were);
  RUN(no_memory_leaves_all_variables_as_they_were);
  RUN(settings_can_be_read_and_set);
  RUN(every_setting_is_checked);
  RUN(wrong_settings_give_no_optimizer);
  RUN(counts_can_be_read_and_set);
  RUN(only_floats_are_trained);
  RUN(entries_of_the_table_are_complete);
  return check_done();
}
