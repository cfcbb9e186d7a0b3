// Tests of optim/state.c, and of what optimizers leave alone: what is saved and
// put back goes on with the same bits, for every rule.

#include "step.h"

// What every rule is tried with: all that is kept.
static const char *const options[] = {
  NULL,
  "use_ema=true gradient_accumulation_steps=2 weight_decay=0.1",
};

// More that a rule may keep.
static const struct {
  const char *rule, *options;
} more[] = {
  { "SGD", "momentum=0.9 use_ema=true" },
  { "Adam", "amsgrad=true" },
  { "RMSprop", "centered=true momentum=0.5" },
};

enum { VARIABLES = 3, STEPS = 3 };

typedef struct training {
  nd_optimizer *o;
  nd_variable *v[VARIABLES];
} training;

static const char *const initial[VARIABLES] = { "[[1 -2 3] [4 5 -6]]",
                                                "[1 2 3]", "2" };

static training start_training(const char *rule, const char *text,
                               nd_dtype dtype)
{
  training t = { .o = make(rule, text) };
  for (int i = 0; i < VARIABLES; i++)
    t.v[i] = nd_variable_new(tensor(dtype, initial[i]), true);
  return t;
}

static void end(training *t)
{
  for (int i = 0; i < VARIABLES; i++)
    nd_variable_release(t->v[i]);
  nd_optimizer_free(t->o);
}

// Steps whose gradients are what the values are, times the step.
static void train_on(training *t, int from, int to)
{
  for (int i = from; i < to; i++) {
    nd_tensor *g[VARIABLES];
    for (int k = 0; k < VARIABLES; k++) {
      nd_tensor *x = value_of(t->v[k]);
      g[k] = CALL("sin", NULL, x);
      g[k] = CALL("multiply", NULL, g[k], x);
    }
    CHECK(nd_optimizer_apply(t->o, VARIABLES, t->v, g));
  }
}

// Everything that is kept, from one to another that has nothing yet.
static void take_over(training *to, training *from)
{
  double x;
  const nd_param *s = from->o->update->settings;
  for (; s->name != NULL; s++)
    CHECK(nd_optimizer_get(from->o, s->name, &x) &&
          nd_optimizer_set(to->o, s->name, x));
  CHECK(nd_optimizer_get(from->o, "iterations", &x) &&
        nd_optimizer_set(to->o, "iterations", x));
  CHECK(nd_optimizer_get(from->o, "waiting", &x) &&
        nd_optimizer_set(to->o, "waiting", x));
  for (int k = 0; k < VARIABLES; k++) {
    const char *name;
    CHECK(nd_variable_assign(to->v[k], value_of(from->v[k])));
    for (int i = 0; (name = nd_optimizer_slot_name(from->o, i)) != NULL; i++) {
      nd_tensor *slot = nd_optimizer_slot(from->o, from->v[k], name);
      CHECK_STR(nd_error_message(c), "");
      CHECK(slot == NULL || nd_optimizer_set_slot(to->o, to->v[k], name, slot));
      nd_tensor_release(slot);
    }
  }
}

static void check_trained(const training *a, const training *b,
                          const char *what)
{
  for (int k = 0; k < VARIABLES; k++) {
    const nd_tensor *x = a->v[k]->value, *y = b->v[k]->value;
    const size_t bytes = (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
    if (memcmp(x->data, y->data, bytes) != 0)
      CHECK_STR(what, "the same bits");
  }
}

// Trains on in one that takes over after `steps`.
static void check_takeover(const char *rule, const char *text, nd_dtype dtype,
                           int steps)
{
  start();
  training whole = start_training(rule, text, dtype),
           first = start_training(rule, text, dtype);
  training then = start_training(rule, NULL, dtype);
  train_on(&whole, 0, 2 * STEPS);
  train_on(&first, 0, steps);
  take_over(&then, &first);
  train_on(&then, steps, 2 * STEPS);
  check_trained(&whole, &then, rule);
  end(&whole);
  end(&first);
  end(&then);
  finish();
}

static void what_is_saved_goes_on_with_the_same_bits(void)
{
  const nd_update *u;
  for (int i = 0; (u = nd_update_at(i)) != NULL; i++) {
    for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
      check_takeover(u->name, options[k], ND_FLOAT32, STEPS);
      check_takeover(u->name, options[k], ND_FLOAT64, STEPS);
    }
  }
  for (size_t k = 0; k < sizeof more / sizeof *more; k++)
    check_takeover(more[k].rule, more[k].options, ND_FLOAT32, STEPS);
}

static void slots_have_names(void)
{
  start();
  static const char *const want[] = { "momentum", "velocity", "average",
                                      "waiting_sum", NULL };
  nd_optimizer *o = make("Muon", NULL);
  for (int i = 0; want[i] != NULL; i++)
    CHECK_STR(nd_optimizer_slot_name(o, i), want[i]);
  CHECK(nd_optimizer_slot_name(o, 4) == NULL);
  nd_optimizer_free(o);
  finish();
}

static void slots_are_read_and_set(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1 momentum=0.5");
  nd_variable *v = nd_variable_new(F64("[0 0]"), true);
  CHECK(nd_optimizer_slot(o, v, "momentum") == NULL);
  CHECK_STR(nd_error_message(c), "");
  CHECK(apply(o, v, F64("[1 2]")));
  nd_tensor *held = own(nd_optimizer_slot(o, v, "momentum"));
  CHECK_VALUES(held, "[-1 -2]", 0);
  CHECK(nd_optimizer_set_slot(o, v, "momentum", F64("[10 20]")));
  CHECK(apply(o, v, F64("[0 0]")));
  CHECK_VALUES(value_of(v), "[4 8]", 0);
  CHECK_VALUES(held, "[-1 -2]", 0);
  CHECK(!nd_optimizer_set_slot(o, v, "momentum", NULL));
  CHECK(nd_slots_drop(o, v, "momentum"));
  CHECK(nd_optimizer_slot(o, v, "momentum") == NULL);
  CHECK(apply(o, v, F64("[1 1]")));
  CHECK_VALUES(value_of(v), "[3 7]", 0);
  CHECK_FAILS(nd_optimizer_set_slot(o, v, "momentum", F64("[1 2 3]")),
              "SGD: slot 'momentum' is float64 [2], got float64 [3]");
  CHECK_FAILS(nd_optimizer_set_slot(o, v, "momentum", F32("[1 2]")),
              "SGD: slot 'momentum' is float64 [2], got float32 [2]");
  CHECK_FAILS(nd_optimizer_set_slot(o, v, "velocity", F64("[1 2]")),
              "SGD: no such slot: 'velocity'");
  CHECK_FAILS(nd_optimizer_slot(o, v, "velocity") != NULL,
              "SGD: no such slot: 'velocity'");
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

static void a_variable_is_excluded_from_weight_decay(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1 weight_decay=0.5");
  nd_variable *v = nd_variable_new(F64("[2]"), true);
  CHECK(nd_optimizer_exclude(o, v, "weight_decay", true));
  CHECK(apply(o, v, F64("[0]")));
  CHECK_VALUES(value_of(v), "[2]", 0);
  CHECK(nd_optimizer_exclude(o, v, "weight_decay", false));
  CHECK(apply(o, v, F64("[0]")));
  CHECK_VALUES(value_of(v), "[1]", 0);
  CHECK_FAILS(nd_optimizer_exclude(o, v, "muon", true),
              "SGD: a variable cannot be excluded from 'muon', but from "
              "weight_decay");
  nd_optimizer *muon = make("Muon", NULL);
  CHECK_FAILS(nd_optimizer_exclude(muon, v, "decay", true),
              "Muon: a variable cannot be excluded from 'decay', but from "
              "weight_decay or muon");
  CHECK(!nd_optimizer_exclude(o, NULL, "weight_decay", true));
  nd_variable_release(v);
  nd_optimizer_free(o);
  nd_optimizer_free(muon);
  finish();
}

static void a_matrix_is_left_to_adamw(void)
{
  start();
  nd_optimizer *o[] = { make("Muon", "learning_rate=0.5"),
                        make("AdamW", "learning_rate=0.5") };
  nd_variable *v[2];
  for (int i = 0; i < 2; i++) {
    v[i] = nd_variable_new(F64("[[1 2] [3 4]]"), true);
    CHECK(i == 1 || nd_optimizer_exclude(o[i], v[i], "muon", true));
    for (int k = 0; k < 3; k++)
      CHECK(apply(o[i], v[i], F64("[[1 -2] [3 -4]]")));
  }
  CHECK(memcmp(v[0]->value->data, v[1]->value->data, 4 * sizeof(double)) == 0);
  for (int i = 0; i < 2; i++) {
    nd_variable_release(v[i]);
    nd_optimizer_free(o[i]);
  }
  finish();
}

static void variables_get_their_running_means(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1 use_ema=true ema_momentum=.9");
  nd_variable *v[] = { nd_variable_new(F64("[3]"), true),
                       nd_variable_new(F64("[7]"), true) };
  CHECK(apply(o, v[0], F64("[1]")));
  CHECK(apply(o, v[0], F64("[1]")));
  CHECK(nd_optimizer_finalize(o, 2, v));
  CHECK_VALUES(value_of(v[0]), "[1.9]", 1e-12);
  CHECK_VALUES(value_of(v[1]), "[7]", 0);
  CHECK_FAILS(nd_optimizer_finalize(o, 0, NULL),
              "finalize_variable_values: no variables");
  nd_variable_release(v[0]);
  nd_variable_release(v[1]);
  nd_optimizer_free(o);
  finish();
}

// A rule that looks may fail as it does, with gradients that wait: then nothing
// has changed, and the next try counts them once.
static void a_look_that_fails_changes_nothing(void)
{
  static const char *const rules[] = { "Lamb", "Adafactor", "Muon" };
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    start();
    const char *text = "learning_rate=0.5 gradient_accumulation_steps=2";
    training a = start_training(rules[i], text, ND_FLOAT64);
    training b = start_training(rules[i], text, ND_FLOAT64);
    train_on(&a, 0, 1);
    train_on(&b, 0, 1);
    nd_tensor *g[VARIABLES];
    for (int k = 0; k < VARIABLES; k++)
      g[k] = value_of(a.v[k]);
    int failed = 0;
    for (long n = 0; n < 200; n++) {
      host_refuse(&memory, n, LONG_MAX);
      const bool ok = nd_optimizer_apply(a.o, VARIABLES, a.v, g);
      host_relent(&memory);
      nd_error_clear(c);
      if (ok)
        break;
      failed++;
      CHECK_INT(a.o->iterations, 0);
      CHECK_INT(a.o->waiting, 1);
      check_trained(&a, &b, rules[i]);
    }
    CHECK(failed > 3);
    CHECK_INT(a.o->iterations, 1);
    for (int k = 0; k < VARIABLES; k++)
      g[k] = value_of(b.v[k]);
    CHECK(nd_optimizer_apply(b.o, VARIABLES, b.v, g));
    check_trained(&a, &b, rules[i]);
    end(&a);
    end(&b);
    finish();
  }
}

int main(void)
{
  RUN(what_is_saved_goes_on_with_the_same_bits);
  RUN(slots_have_names);
  RUN(slots_are_read_and_set);
  RUN(a_variable_is_excluded_from_weight_decay);
  RUN(a_matrix_is_left_to_adamw);
  RUN(variables_get_their_running_means);
  RUN(a_look_that_fails_changes_nothing);
  return check_done();
}
