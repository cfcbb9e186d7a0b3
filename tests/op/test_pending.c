// Tests of op/pending.c, op/plan.c and op/program.c: results that wait give the
// bits that they would have had at once, whenever somebody reads them, whatever
// fails in between.

#include <math.h>

#include "../values.h"
#include "op/pending.h"
#include "op/pass.h"
#include "tape/tape.h"

// --------------------------------------------------------- random programs --

enum { SLOTS = 10, MOVES = 60, VARIABLES = 2 };

// What happens beside the program, which must not be seen in its results.
typedef enum trouble { NO_TROUBLE, READS, INTERRUPTS, REFUSALS } trouble;

typedef struct play {
  uint64_t seed, aside;  // of what is computed, and of what happens beside it
  trouble trouble;
  char full[32], row[32], column[32], turned[32];  // shapes
  nd_tensor *at[SLOTS];
  nd_variable *v[VARIABLES];
} play;

static uint64_t chance(uint64_t *state, uint64_t n)
{
  *state = *state * 6364136223846793005U + 1442695040888963407U;
  return (*state >> 33) % n;
}

static bool is_troubled(const play *p)
{
  return p->trouble >= INTERRUPTS;
}

// Something that may go wrong now.
static void disturb(play *p)
{
  if (p->trouble == INTERRUPTS && chance(&p->aside, 3) == 0)
    nd_interrupt(c);
  if (p->trouble == REFUSALS)
    host_refuse(&memory, (long)chance(&p->aside, 6), 1);
}

// True if what was tried is to be tried again, now without trouble.
static bool again(play *p, bool ok)
{
  memory.refuse_from = LONG_MAX;
  nd_context_interrupted(c);
  if (ok || !is_troubled(p))
    return false;
  CHECK(nd_error_code(c) == ND_INTERRUPTED || nd_error_code(c) == ND_NO_MEMORY);
  nd_error_clear(c);
  return true;
}

static nd_tensor *ask(play *p, const char *name, int n, nd_tensor *x,
                      nd_tensor *y, nd_tensor *z, const char *options)
{
  nd_tensor *in[] = { x, y, z };
  disturb(p);
  nd_tensor *out = nd_call(c, name, n, in, options);
  if (again(p, out != NULL))
    out = nd_call(c, name, n, in, options);
  CHECK_STR(nd_error_message(c), "");
  return out;
}

static nd_tensor *ask1(play *p, const char *name, nd_tensor *x,
                       const char *options)
{
  return ask(p, name, 1, x, NULL, NULL, options);
}

static nd_tensor *ask2(play *p, const char *name, nd_tensor *x, nd_tensor *y)
{
  return ask(p, name, 2, x, y, NULL, NULL);
}

static void put(play *p, int i, nd_tensor *x)
{
  nd_tensor_release(p->at[i]);
  p->at[i] = x;
}

static nd_tensor *any_slot(play *p)
{
  return p->at[chance(&p->seed, SLOTS)];
}

static const char *one_of(play *p, const char *const *names, uint64_t n)
{
  return names[chance(&p->seed, n)];
}

static nd_tensor *random_tensor(play *p, const char *shape)
{
  return ask(p, "normal", 0, NULL, NULL, NULL, shape);
}

static nd_tensor *move_unary(play *p)
{
  static const char *const names[] = { "negative", "square",   "exp", "tanh",
                                       "sigmoid",  "softsign", "abs", "sin" };
  return ask1(p, one_of(p, names, 8), any_slot(p), NULL);
}

static nd_tensor *move_binary(play *p)
{
  static const char *const names[] = {
    "add",     "subtract", "multiply",          "divide",
    "maximum", "minimum",  "squared_difference"
  };
  nd_tensor *x = any_slot(p);
  return ask2(p, one_of(p, names, 7), x, any_slot(p));
}

static nd_tensor *move_choice(play *p)
{
  nd_tensor *x = any_slot(p), *y = any_slot(p);
  nd_tensor *more = ask2(p, "greater", x, y);
  nd_tensor *z = ask(p, "where", 3, more, x, y, NULL);
  nd_tensor_release(more);
  return z;
}

static nd_tensor *move_cast(play *p)
{
  nd_tensor *wide = ask1(p, "cast", any_slot(p), "dtype=float64");
  nd_tensor *y = ask1(p, "exp", wide, NULL);
  nd_tensor *z = ask1(p, "cast", y, "dtype=float32");
  nd_tensor_release(wide);
  nd_tensor_release(y);
  return z;
}

static nd_tensor *move_fold(play *p)
{
  static const char *const names[] = { "reduce_sum", "reduce_mean",
                                       "reduce_max", "reduce_min" };
  return ask1(p, one_of(p, names, 4), any_slot(p), NULL);
}

// Over the last axis or the first of what has all elements.
static nd_tensor *move_fold_axis(play *p)
{
  static const char *const axes[] = { "axis=2 keepdims=true", "axis=1" };
  nd_tensor *x = any_slot(p), *zero = random_tensor(p, p->full);
  nd_tensor *full = ask2(p, "add", zero, x);
  nd_tensor *y = ask1(p, "reduce_sum", full, one_of(p, axes, 2));
  nd_tensor_release(zero);
  nd_tensor_release(full);
  return y;
}

static nd_tensor *move_strided(play *p)
{
  nd_tensor *x = random_tensor(p, p->turned);
  nd_tensor *turned = ask1(p, "transpose", x, NULL);
  nd_tensor *y = ask2(p, "multiply", any_slot(p), turned);
  nd_tensor_release(x);
  nd_tensor_release(turned);
  return y;
}

// Of the mean of something by one of the tensors.
static nd_tensor *move_gradient(play *p)
{
  nd_tensor *x = any_slot(p), *g = NULL;
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape_watch(t, x);
  nd_tensor *y = ask1(p, "tanh", x, NULL), *z = ask2(p, "multiply", y, x);
  nd_tensor *s = ask1(p, "reduce_mean", z, NULL);
  nd_tensor *in[] = { s };
  disturb(p);
  bool ok = nd_tape_differentiate(t, 1, in, NULL, 1, &x, &g);
  if (again(p, ok))
    ok = nd_tape_differentiate(t, 1, in, NULL, 1, &x, &g);
  CHECK(ok);
  nd_tape_free(t);
  nd_tensor_release(y);
  nd_tensor_release(z);
  nd_tensor_release(s);
  return g;
}

// Assigns a variable and reads it; what was made of its old value stays.
static nd_tensor *move_variable(play *p)
{
  const uint64_t i = chance(&p->seed, VARIABLES);
  nd_tensor *old = nd_variable_read(p->v[i]);
  nd_tensor *x = ask2(p, "multiply", old, any_slot(p));
  if (nd_same_shape(x, old)) {
    disturb(p);
    bool ok = nd_variable_assign(p->v[i], x);
    if (again(p, ok))
      ok = nd_variable_assign(p->v[i], x);
    CHECK(ok);
  }
  nd_tensor_release(x);
  return old;
}

static nd_tensor *fresh(play *p)
{
  const char *const shapes[] = { p->full, p->row, p->column, "shape=[]" };
  return random_tensor(p, one_of(p, shapes, 4));
}

static void read_one(play *p)
{
  nd_tensor *x = p->at[chance(&p->aside, SLOTS)];
  disturb(p);
  if (again(p, nd_force(x)))
    CHECK(nd_force(x));
}

static void make_move(play *p)
{
  nd_tensor *(*const moves[])(play *) = {
    move_unary,   move_unary,    move_unary,    move_binary,
    move_binary,  move_binary,   move_binary,   move_choice,
    move_cast,    move_fold,     move_fold,     move_fold_axis,
    move_strided, move_gradient, move_variable, fresh,
  };
  nd_tensor *x = moves[chance(&p->seed, sizeof moves / sizeof *moves)](p);
  put(p, (int)chance(&p->seed, SLOTS), x);
  if (p->trouble != NO_TROUBLE && chance(&p->aside, 8) == 0)
    read_one(p);
}

static void begin(play *p, int rows, int columns)
{
  snprintf(p->full, sizeof p->full, "shape=[%d %d]", rows, columns);
  snprintf(p->turned, sizeof p->turned, "shape=[%d %d]", columns, rows);
  snprintf(p->row, sizeof p->row, "shape=[%d]", columns);
  snprintf(p->column, sizeof p->column, "shape=[%d 1]", rows);
  nd_random_set_seed(c, p->seed);
  for (int i = 0; i < SLOTS; i++)
    p->at[i] = i < 3 ? random_tensor(p, p->full) : fresh(p);
  for (int i = 0; i < VARIABLES; i++)
    p->v[i] = nd_variable_new(p->at[i], true);
}

// A number that depends on every bit of the values.
static uint64_t bits_of(nd_tensor *x)
{
  const size_t bytes = (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
  uint64_t hash = 14695981039346656037U;
  unsigned char *data = malloc(bytes + 1);
  CHECK(nd_tensor_read(x, data));
  for (size_t k = 0; k < bytes; k++)
    hash = (hash ^ data[k]) * 1099511628211U;
  free(data);
  return hash;
}

static uint64_t finish_play(play *p)
{
  uint64_t hash = 0;
  for (int i = 0; i < SLOTS + VARIABLES; i++) {
    nd_tensor *x = i < SLOTS ? p->at[i] : nd_variable_read(p->v[i - SLOTS]);
    hash = hash * 31 + bits_of(x);
    nd_tensor_release(x);
  }
  for (int i = 0; i < VARIABLES; i++)
    nd_variable_release(p->v[i]);
  return hash;
}

static uint64_t run_play(uint64_t seed, bool eager, trouble with, int rows,
                         int columns)
{
  play p = { .seed = seed, .aside = seed + 1, .trouble = with };
  set_eager(eager);
  begin(&p, rows, columns);
  for (int i = 0; i < MOVES; i++)
    make_move(&p);
  return finish_play(&p);
}

static void compare_plays(uint64_t first, uint64_t last, int rows, int columns)
{
  for (uint64_t seed = first; seed < last; seed++) {
    const uint64_t want = run_play(seed, true, NO_TROUBLE, rows, columns);
    for (int t = NO_TROUBLE; t <= REFUSALS; t++) {
      const uint64_t got = run_play(seed, false, (trouble)t, rows, columns);
      if (got != want)
        printf("  seed %d, trouble %d, [%d %d]\n", (int)seed, t, rows, columns);
      CHECK(got == want);
    }
  }
}

static void random_programs_give_the_same_bits_whether_results_wait_or_not(void)
{
  start();
  compare_plays(1, 60, 20, 30);
  compare_plays(100, 140, 513, 1);
  compare_plays(200, 230, 3, 1000);
  compare_plays(300, 304, 300, 450);
  finish();
}

// --------------------------------------------------------- folds over axes --

enum { FOLDS = 5 };

// Folds of one expression, read in an order of their own.
static uint64_t fold_axes(const char *shape, const char *axes, bool waits)
{
  static const char *const names[] = { "reduce_max", "reduce_sum",
                                       "reduce_mean", "reduce_prod",
                                       "reduce_any" };
  nd_tensor *y = CALL("sin", NULL, CALL0("normal", shape)), *folds[FOLDS];
  nd_tensor *positive = CALL("greater", NULL, y, CALL0("zeros", "shape=[]"));
  for (int i = 0; i < FOLDS; i++) {
    folds[i] = CALL(names[i], axes, i < 4 ? y : positive);
    if (folds[i]->waits != waits)
      printf("  %s, %s of %s\n", shape, names[i], axes);
    CHECK(folds[i]->waits == waits);
  }
  uint64_t hash = 0;
  for (int i = FOLDS - 1; i >= 0; i--)
    hash = hash * 31 + bits_of(folds[i]);
  for (int i = 0; i < FOLDS; i++)
    CHECK(!folds[i]->waits);
  return hash;
}

static void compare_folds(const char *shape, const char *axes, bool waits)
{
  set_eager(true);
  nd_random_set_seed(c, 5);
  const uint64_t want = fold_axes(shape, axes, false);
  set_eager(false);
  for (int threads = 1; threads <= 8; threads *= 2) {
    CHECK(nd_context_set_threads(c, threads));
    nd_random_set_seed(c, 5);
    const uint64_t got = fold_axes(shape, axes, waits);
    if (got != want)
      printf("  %s over %s, %d threads\n", shape, axes, threads);
    CHECK(got == want);
  }
  nd_context_set_threads(c, 1);
}

// Rows that are short, of a block, longer, and of several parts; columns of few
// rows, of groups and of groups of groups.
static void folds_over_the_last_axes_and_the_first_wait_too(void)
{
  start();
  static const char *const rows[] = { "shape=[300 2]",   "shape=[20 30]",
                                      "shape=[3 512]",   "shape=[5 513]",
                                      "shape=[3 4000]",  "shape=[2 140000]",
                                      "shape=[2 65536]", "shape=[9 4097]",
                                      "shape=[90 500]" };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    compare_folds(rows[i], "axis=2", true);
  static const char *const columns[] = { "shape=[2 300]",    "shape=[30 20]",
                                         "shape=[256 3]",    "shape=[257 512]",
                                         "shape=[5000 100]", "shape=[70000 3]",
                                         "shape=[140000 2]", "shape=[65 64]",
                                         "shape=[4097 65]",  "shape=[300 63]" };
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    compare_folds(columns[i], "axis=1", true);
  compare_folds("shape=[30 4 5]", "axis=[2 3]", true);
  compare_folds("shape=[30 4 5]", "axis=[1 2] keepdims=true", true);
  compare_folds("shape=[1 300 1 4]", "axis=[1 4 3]", true);
  compare_folds("shape=[300 4]", "axis=[1 2]", true);
  finish();
}

static void folds_over_other_axes_do_not_wait(void)
{
  start();
  compare_folds("shape=[30 4 5]", "axis=2", false);
  compare_folds("shape=[30 4 5]", "axis=[1 3]", false);
  compare_folds("shape=[3 513]", "axis=1", false);
  compare_folds("shape=[1 300]", "axis=1", false);
  finish();
}

// Rows and columns are different passes over the same elements.
static void folds_of_several_spans_are_computed_one_after_the_other(void)
{
  start();
  nd_tensor *y = CALL("exp", NULL, CALL0("normal", "shape=[40 50]"));
  nd_tensor *folds[] = { CALL("reduce_sum", NULL, y),
                         CALL("reduce_sum", "axis=1", y),
                         CALL("reduce_sum", "axis=2", y),
                         CALL("reduce_max", "axis=2", y), y };
  CHECK(nd_force_all(c, 5, folds));
  for (int i = 0; i < 5; i++)
    CHECK(!folds[i]->waits);
  nd_tensor *rows = CALL("reduce_sum", NULL, folds[1]);
  nd_tensor *columns = CALL("reduce_sum", NULL, folds[2]);
  double all = 0, one = 0;
  CHECK(nd_tensor_item(folds[0], &all) && nd_tensor_item(rows, &one));
  CHECK(fabs(one - all) < 1e-3 * all);
  CHECK(nd_tensor_item(columns, &one) && fabs(one - all) < 1e-3 * all);
  finish();
}

static void what_is_made_of_a_fold_over_an_axis_has_it_computed(void)
{
  start();
  nd_tensor *y = CALL("exp", NULL, CALL0("normal", "shape=[300 400]"));
  nd_tensor *sums = CALL("reduce_sum", "axis=2", y);
  CHECK(sums->waits);
  nd_tensor *squares = CALL("square", NULL, sums);
  CHECK(squares->waits && !sums->waits);
  nd_tensor *sum = CALL("reduce_sum", NULL, CALL("reduce_max", "axis=2", y));
  CHECK(!sum->waits);
  finish();
}

// -------------------------------------------------------------- what waits --

enum { MANY = 1000 };

static nd_tensor *many(void)
{
  return CALL0("normal", "shape=[1000]");
}

static void what_is_asked_for_brings_all_folds_over_as_many_elements(void)
{
  start();
  nd_tensor *x = many(), *y = CALL("square", NULL, x);
  nd_tensor *sum = CALL("reduce_sum", NULL, y);
  nd_tensor *most = CALL("reduce_max", NULL, CALL("negative", NULL, x));
  CHECK(y->waits && sum->waits && most->waits);
  CHECK(nd_force(sum));
  CHECK(!sum->waits && !most->waits && y->waits);
  CHECK(c->spaces == NULL);
  finish();
}

static void few_elements_and_integers_do_not_wait(void)
{
  start();
  nd_tensor *few = CALL("negative", NULL, CALL0("normal", "shape=[8]"));
  nd_tensor *n = CALL0("ones", "shape=[1000] dtype=int32");
  CHECK(ND_LEAST_WAITING <= 8 || !few->waits);
  CHECK(!CALL("negative", NULL, n)->waits);
  finish();
}

static void nothing_waits_in_an_eager_context(void)
{
  start();
  set_eager(true);
  CHECK(nd_context_is_eager(c));
  CHECK(!CALL("negative", NULL, many())->waits);
  set_eager(false);
  CHECK(!nd_context_is_eager(c));
  CHECK(CALL("negative", NULL, many())->waits);
  finish();
}

static void what_waits_counts_as_if_it_had_its_values(void)
{
  start();
  nd_tensor *x = many();
  nd_tensor *y = nd_call(c, "negative", 1, &x, NULL);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 8000);
  CHECK(nd_force(y));
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 8000);
  nd_tensor_release(y);
  y = nd_call(c, "negative", 1, &x, NULL);
  nd_tensor_release(y);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 4000);
  finish();
}

static void a_quota_is_kept_when_the_op_is_applied(void)
{
  start();
  nd_tensor *x = many();
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 10000);
  nd_tensor *y = nd_call(c, "negative", 1, &x, NULL);
  CHECK(y != NULL && y->waits);
  CHECK(nd_call(c, "exp", 1, &x, NULL) == NULL);
  CHECK_STR(nd_error_message(c), "exp: out of memory: 2000 bytes more than "
                                 "the quota of 10000 allows");
  nd_error_clear(c);
  nd_tensor_release(y);
  finish();
}

// Each takes the next one's place as soon as nobody holds it.
static void chains_that_nobody_holds_stay_within_a_quota(void)
{
  start();
  nd_tensor *x = nd_tensor_keep(many());
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 20000);
  for (int i = 0; i < 200 && x != NULL; i++) {
    nd_tensor *y = nd_call(c, "tanh", 1, &x, NULL);
    nd_tensor_release(x);
    x = y;
  }
  CHECK(x != NULL);
  nd_tensor_release(x);
  finish();
}

static void long_chains_and_wide_graphs_are_cut(void)
{
  start();
  nd_tensor *x = nd_tensor_keep(many());
  for (int i = 0; i < 1000; i++) {
    nd_tensor *y = nd_call(c, "softsign", 1, &x, NULL);
    nd_tensor_release(x);
    x = y;
  }
  nd_tensor *all = many();
  for (int i = 0; i < 300; i++)
    all = CALL("add", NULL, all, CALL("sin", NULL, many()));
  CHECK(nd_force(x) && nd_force(all));
  nd_tensor_release(x);
  finish();
}

// One node below can be reached on more ways than there is time for.
static void nodes_with_many_owners_are_computed_once(void)
{
  start();
  nd_tensor *x = many();
  for (int i = 0; i < 40; i++)
    x = CALL("minimum", NULL, x, x);
  CHECK(x->waits && nd_force(x));
  finish();
}

static void a_loop_that_only_collects_losses_stays_flat(void)
{
  start();
  nd_tensor *sums[200];
  for (int i = 0; i < 200; i++) {
    nd_tensor *x = nd_call(c, "normal", 0, NULL, "shape=[4096]");
    nd_tensor *y = nd_call(c, "square", 1, &x, NULL);
    sums[i] = nd_call(c, "reduce_sum", 1, &y, NULL);
    nd_tensor_release(x);
    nd_tensor_release(y);
    CHECK(nd_context_bytes(c, ND_MEMORY_TENSOR) < 70 * 2 * 4096 * 4);
  }
  for (int i = 0; i < 200; i++)
    nd_tensor_release(sums[i]);
  finish();
}

static void a_value_that_waits_keeps_what_a_variable_was(void)
{
  start();
  nd_tensor *x = many(), *old = CALL("identity", NULL, x);
  nd_variable *v = nd_variable_new(x, true);
  nd_tensor *read = own(nd_variable_read(v));
  nd_tensor *y = CALL("add", NULL, read, x);
  CHECK(nd_variable_assign(v, CALL("exp", NULL, x)));
  nd_tensor *want = CALL("add", NULL, old, x), *all;
  all = CALL("reduce_all", NULL, CALL("equal", NULL, want, y));
  CHECK_VALUES(all, "true", 0);
  nd_variable_release(v);
  finish();
}

static void an_error_that_is_kept_lets_values_wait(void)
{
  start();
  nd_tensor *y = CALL("exp", NULL, many());
  double value;
  CHECK(nd_call(c, "no such op", 1, &y, NULL) == NULL);
  CHECK(!nd_force(y) && y->waits);
  nd_error_clear(c);
  nd_tensor *sum = CALL("reduce_sum", NULL, y);
  nd_interrupt(c);
  CHECK(!nd_tensor_item(sum, &value));
  CHECK_INT(nd_error_code(c), ND_INTERRUPTED);
  nd_error_clear(c);
  CHECK(nd_tensor_item(sum, &value) && value > MANY / 2.0);
  finish();
}

// What the host refuses is said of the op that waited.
static void memory_that_is_not_there_is_missed_by_the_reader(void)
{
  start();
  nd_tensor *y = CALL("exp", NULL, CALL0("normal", "shape=[300000]"));
  CHECK(y->waits);
  host_refuse(&memory, 0, 100);
  CHECK(!nd_force(y));
  CHECK(strncmp(nd_error_message(c), "exp: out of memory", 18) == 0);
  memory.refuse_from = LONG_MAX;
  nd_error_clear(c);
  CHECK(y->waits && nd_force(y));
  finish();
}

int main(void)
{
  RUN(random_programs_give_the_same_bits_whether_results_wait_or_not);
  RUN(folds_over_the_last_axes_and_the_first_wait_too);
  RUN(folds_over_other_axes_do_not_wait);
  RUN(folds_of_several_spans_are_computed_one_after_the_other);
  RUN(what_is_made_of_a_fold_over_an_axis_has_it_computed);
  RUN(what_is_asked_for_brings_all_folds_over_as_many_elements);
  RUN(few_elements_and_integers_do_not_wait);
  RUN(nothing_waits_in_an_eager_context);
  RUN(what_waits_counts_as_if_it_had_its_values);
  RUN(a_quota_is_kept_when_the_op_is_applied);
  RUN(chains_that_nobody_holds_stay_within_a_quota);
  RUN(long_chains_and_wide_graphs_are_cut);
  RUN(nodes_with_many_owners_are_computed_once);
  RUN(a_loop_that_only_collects_losses_stays_flat);
  RUN(a_value_that_waits_keeps_what_a_variable_was);
  RUN(an_error_that_is_kept_lets_values_wait);
  RUN(memory_that_is_not_there_is_missed_by_the_reader);
  return check_done();
}
