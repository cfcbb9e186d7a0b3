// Tests of optim/rows.c and of optimizers that update rows: the weights are
// those of the dense gradient, bit for bit; what rows cost and charge; and that
// a failure changes nothing.

#include "step.h"

enum { ROWS = 60, WIDTH = 5, PICKED = 700, STEPS = 3 };

// Positions in 1..rows and -rows..-1, some often, of an odd third of all rows.
static nd_tensor *make_positions(int64_t rows, int rank, const int64_t *shape)
{
  static int32_t at[PICKED];
  for (int i = 0; i < PICKED; i++) {
    const int row = (int)((i * 7919LL + i / 3) % rows / 3 * 3);
    at[i] = (int32_t)(i % 2 ? row + 1 : row - rows);
  }
  return own(nd_tensor_new(c, ND_INT32, rank, shape, at));
}

static nd_tensor *make_normal(nd_dtype dtype, int rank, const int64_t *shape)
{
  char text[80];
  snprintf(text, sizeof text, "shape=%s dtype=%s", ND_SHAPE(rank, shape),
           nd_dtype_name(dtype));
  return CALL0("normal", text);
}

// The same numbers without rows.
static nd_tensor *densify(nd_tensor *g)
{
  nd_tensor *dense = CALL("identity", NULL, g);
  CHECK(!nd_tensor_is_slices(dense));
  return dense;
}

static void check_memory_same(nd_tensor *x, nd_tensor *y, const char *what)
{
  const size_t bytes = (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
  if (memcmp(x->data, y->data, bytes) != 0)
    CHECK_STR(what, "the same bits");
}

static const struct {
  const char *rule, *options;
} plain[] = {
  { "SGD", NULL },
  { "SGD", "momentum=0.9" },
  { "SGD", "momentum=0.9 nesterov=true" },
  { "Adam", NULL },
  { "Adam", "amsgrad=true" },
};

// Some steps of a rule by rows, and by what they add up to.
static void check_rule(const char *rule, const char *options, nd_dtype dtype,
                       int width)
{
  const int64_t shape[] = { ROWS, width };
  nd_tensor *w = make_normal(dtype, 2, shape);
  nd_variable *v[] = { nd_variable_new(w, true), nd_variable_new(w, true) };
  nd_optimizer *o[] = { make(rule, options), make(rule, options) };
  for (int i = 0; i < STEPS; i++) {
    nd_tensor *at = make_positions(ROWS, 2, (int64_t[]){ 7, PICKED / 7 });
    nd_tensor *rows = make_normal(dtype, 3,
                                  (int64_t[]){ 7, PICKED / 7, width });
    nd_tensor *g = own(nd_slices_new(rows, at, 2, shape));
    nd_tensor *again = own(nd_slices_new(rows, at, 2, shape));
    CHECK(apply(o[0], v[0], g) && apply(o[1], v[1], densify(again)));
    CHECK(nd_tensor_is_slices(g));
    check_memory_same(v[0]->value, v[1]->value, rule);
  }
  for (int i = 0; i < 2; i++) {
    nd_optimizer_free(o[i]);
    nd_variable_release(v[i]);
  }
}

static void rows_give_the_weights_of_the_dense_gradient(void)
{
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
    for (int threads = 1; threads <= 3; threads += 2) {
      start();
      CHECK(nd_context_set_threads(c, threads));
      check_rule(plain[i].rule, plain[i].options, ND_FLOAT32, WIDTH);
      check_rule(plain[i].rule, plain[i].options, ND_FLOAT64, 1);
      finish();
    }
  }
}

// Every rule of the table that says so leaves weights and slots alone where the
// gradient is 0.
static void a_rule_that_rests_changes_nothing_without_gradient(void)
{
  const nd_update *u;
  for (int i = 0; (u = nd_update_at(i)) != NULL; i++) {
    start();
    nd_optimizer *o = make(u->name, NULL);
    nd_variable *v = nd_variable_new(F32("[1 -2 0 1e-30]"), true);
    CHECK(apply(o, v, F32("[1 2 3 4]")));
    nd_tensor *before = value_of(v);
    CHECK(apply(o, v, F32("[0 0 0 0]")));
    if (u->rests != NULL && u->rests(o->settings))
      check_memory_same(v->value, before, u->name);
    nd_optimizer_free(o);
    nd_variable_release(v);
    finish();
  }
}

// Rows 2 and 4 of the variable `v` move as a variable of these two rows would,
// and the others stay.
static void check_lazy(const char *rule, const char *options)
{
  start();
  char lazy[80];
  snprintf(lazy, sizeof lazy, "%s lazy=true", options);
  nd_optimizer *o = make(rule, lazy), *p = make(rule, options);
  nd_variable *v = nd_variable_new(F32("[[1 2] [3 4] [5 6] [7 8]]"), true);
  nd_variable *part = nd_variable_new(F32("[[3 4] [7 8]]"), true);
  CHECK(apply(o, v, F32("[[1 0] [0 0] [0 0] [0 0]]")));  // all decay once
  CHECK(apply(p, part, F32("[[0 0] [0 0]]")));
  nd_tensor *before = value_of(v);
  for (int i = 0; i < STEPS; i++) {
    nd_tensor *g = own(nd_slices_new(F32("[[1 2] [3 4] [1 1]]"), I32("[4 2 4]"),
                                     2, (int64_t[]){ 4, 2 }));
    CHECK(apply(o, v, g) && apply(p, part, F32("[[3 4] [2 3]]")));
  }
  nd_tensor *now = value_of(v), *picked = I32("[2 4]"), *others = I32("[1 3]");
  check_memory_same(CALL("gather", NULL, now, picked), part->value, rule);
  check_memory_same(CALL("gather", NULL, now, others),
                    CALL("gather", NULL, before, others), rule);
  nd_optimizer_free(o);
  nd_optimizer_free(p);
  nd_variable_release(v);
  nd_variable_release(part);
  finish();
}

static void a_lazy_rule_updates_rows_alone(void)
{
  check_lazy("SGD", "momentum=0.9");
  check_lazy("SGD", "momentum=0.9 nesterov=true");
  check_lazy("Adam", "");
  check_lazy("Adam", "amsgrad=true");
}

static void no_rows_change_nothing(void)
{
  start();
  nd_optimizer *o = make("SGD", NULL);
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  nd_tensor *g = own(nd_slices_new(ZEROS(ND_FLOAT32, 0), ZEROS(ND_INT32, 0), 1,
                                   (int64_t[]){ 2 }));
  CHECK(apply(o, v, g));
  CHECK_VALUES(value_of(v), "[1 2]", 0);
  nd_variable_release(v);
  v = nd_variable_new(ZEROS(ND_FLOAT32, 3, 0), true);
  g = own(
    nd_slices_new(ZEROS(ND_FLOAT32, 1, 0), I32("[2]"), 2, (int64_t[]){ 3, 0 }));
  CHECK(apply(o, v, g));
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

// What was read before the step stays, and the new value has all rows.
static void a_value_that_was_read_stays(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1");
  nd_variable *v = nd_variable_new(F32("[[1 2] [3 4] [5 6]]"), true);
  nd_tensor *before = value_of(v);
  nd_tensor *g = own(
    nd_slices_new(F32("[[1 1] [2 2]]"), I32("[3 -1]"), 2, (int64_t[]){ 3, 2 }));
  CHECK(apply(o, v, g));
  CHECK_VALUES(value_of(v), "[[1 2] [3 4] [2 3]]", 0);
  CHECK_VALUES(before, "[[1 2] [3 4] [5 6]]", 0);
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

// ------------------------------------------------------------------- costs --

enum { WORDS = 50000, DEEP = 64, BATCH = 32 };

// A step on some rows of a large table: look up, gradient, update.
static bool train_on_words(nd_optimizer *o, nd_variable *v, nd_tensor *at)
{
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *in[] = { nd_variable_use(v), at }, *g = NULL;
  nd_tensor *x = nd_call(c, "embedding_lookup", 2, in, NULL);
  nd_tensor *y = nd_call(c, "square", 1, &x, NULL);
  nd_tensor *loss = nd_call(c, "reduce_sum", 1, &y, NULL);
  const bool ok = nd_tape_gradient(t, loss, 1, &v, &g) &&
                  nd_optimizer_apply(o, 1, &v, &g);
  CHECK(!ok || g->waits);
  nd_tensor_release(x);
  nd_tensor_release(y);
  nd_tensor_release(loss);
  nd_tensor_release(g);
  nd_tape_free(t);
  return ok;
}

// Bytes of values that a step takes beside the table, at most.
static void a_step_charges_what_its_rows_take(void)
{
  start();
  const size_t table = (size_t)WORDS * DEEP * sizeof(float);
  const size_t batch = (size_t)BATCH * DEEP * sizeof(float);
  nd_optimizer *o = make("SGD", "learning_rate=0.5");
  nd_variable *v = nd_variable_new(ZEROS(ND_FLOAT32, WORDS, DEEP), true);
  release_to(0);
  nd_tensor *at = make_positions(WORDS, 1, (int64_t[]){ BATCH });
  nd_context_set_quota(c, ND_MEMORY_TENSOR, table + 8 * batch);
  const char *bits = v->value->data;
  for (int i = 0; i < STEPS; i++)
    CHECK(train_on_words(o, v, at));
  CHECK(v->value->data == bits);
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 0);
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

// --------------------------------------------------------------- failures --

// Two variables, of which the first has rows that come twice.
static bool update_two(nd_optimizer *o, nd_variable *const *v,
                       nd_tensor *const *values, nd_tensor *at)
{
  nd_tensor *g[] = {
    nd_slices_new(values[0], at, 2, (int64_t[]){ 4, 2 }),
    nd_slices_new(values[1], at, 2, (int64_t[]){ 4, 2 }),
  };
  const bool ok = nd_optimizer_apply(o, 2, v, g);
  nd_tensor_release(g[0]);
  nd_tensor_release(g[1]);
  return ok;
}

static void check_no_memory(const char *rule, const char *options)
{
  start();
  nd_optimizer *o = make(rule, options);
  nd_variable *v[2];
  nd_tensor *values[] = { F32("[[1 2] [3 4] [5 6]]"),
                          F32("[[1 1] [1 1] [1 1]]") };
  nd_tensor *at = I32("[2 -1 2]");
  for (int i = 0; i < 2; i++)
    v[i] = nd_variable_new(ZEROS(ND_FLOAT32, 4, 2), true);
  nd_tensor *held = value_of(v[1]);
  long refused = 0;
  for (bool ok = false; !ok; refused++) {
    nd_memory_trim(c);
    host_refuse(&memory, refused, LONG_MAX);
    ok = update_two(o, v, values, at);
    host_relent(&memory);
    CHECK_INT(nd_error_code(c), ok ? ND_OK : ND_NO_MEMORY);
    nd_error_clear(c);
    CHECK_INT(o->iterations, ok);
    if (!ok) {
      check_memory_same(v[0]->value, held, rule);
      check_memory_same(v[1]->value, held, rule);
    }
  }
  CHECK(refused > 4);
  CHECK(memcmp(v[0]->value->data, held->data, 32) != 0);
  for (int i = 0; i < 2; i++)
    nd_variable_release(v[i]);
  nd_optimizer_free(o);
  finish();
}

static void no_memory_leaves_all_rows_as_they_were(void)
{
  check_no_memory("SGD", NULL);
  check_no_memory("Adam", NULL);
  check_no_memory("Adam", "lazy=true");
}

static void an_interrupt_leaves_all_rows_as_they_were(void)
{
  start();
  nd_optimizer *o = make("SGD", "learning_rate=1");
  nd_variable *v = nd_variable_new(ZEROS(ND_FLOAT32, ROWS, WIDTH), true);
  nd_tensor *held = value_of(v);
  nd_tensor *g = own(
    nd_slices_new(ZEROS(ND_FLOAT32, PICKED, WIDTH),
                  make_positions(ROWS, 1, (int64_t[]){ PICKED }), 2,
                  (int64_t[]){ ROWS, WIDTH }));
  nd_interrupt(c);
  CHECK(!apply(o, v, g));
  CHECK_INT(nd_error_code(c), ND_INTERRUPTED);
  nd_error_clear(c);
  CHECK(v->value == held || memcmp(v->value->data, held->data, 4) == 0);
  CHECK_INT(o->iterations, 0);
  CHECK(apply(o, v, g));
  nd_variable_release(v);
  nd_optimizer_free(o);
  finish();
}

int main(void)
{
  RUN(rows_give_the_weights_of_the_dense_gradient);
  RUN(a_rule_that_rests_changes_nothing_without_gradient);
  RUN(a_lazy_rule_updates_rows_alone);
  RUN(no_rows_change_nothing);
  RUN(a_value_that_was_read_stays);
  RUN(a_step_charges_what_its_rows_take);
  RUN(no_memory_leaves_all_rows_as_they_were);
  RUN(an_interrupt_leaves_all_rows_as_they_were);
  return check_done();
}
