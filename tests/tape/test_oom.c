// Fails the n-th allocation, for every n until none fails: a training program
// ends with ND_NO_MEMORY or success, all of its objects are released, and the
// host gets its memory back.

#include "../values.h"
#include "tape/jacobian.h"
#include "tape/variable.h"

enum { LAYERS = 2, VARIABLES = 2 * LAYERS };

typedef struct model {
  nd_variable *at[VARIABLES];
  nd_tensor *x, *labels;
  nd_optimizer *optimizer;
} model;

// Takes `x`'s reference and gives one of the result.
static nd_tensor *then(const char *name, nd_tensor *x, nd_tensor *y,
                       const char *options)
{
  nd_tensor *in[] = { x, y };
  const bool one = strcmp(name, "tanh") == 0 ||
                   strncmp(name, "reduce", 6) == 0 ||
                   strcmp(name, "transpose") == 0 || strcmp(name, "slice") == 0;
  nd_tensor *z = nd_call(c, name, one ? 1 : 2, in, options);
  nd_tensor_release(x);
  return z;
}

static nd_variable *random_variable(const char *shape)
{
  nd_tensor *x = nd_call(c, "normal", 0, NULL, shape);
  nd_variable *v = nd_variable_new(x, true);
  nd_tensor_release(x);
  return v;
}

static void build(model *m, const char *optimizer, const char *options)
{
  static const char *const shapes[VARIABLES] = { "shape=[3 40]", "shape=[40]",
                                                 "shape=[40 4]", "shape=[]" };
  *m = (model){ .optimizer = NULL };
  for (int i = 0; i < VARIABLES; i++)
    m->at[i] = random_variable(shapes[i]);
  m->x = nd_call(c, "normal", 0, NULL, "shape=[5 3]");
  m->labels = nd_tensor_new(c, ND_INT32, 1, (int64_t[]){ 5 },
                            (int32_t[]){ 1, 2, 3, 4, 1 });
  m->optimizer = nd_optimizer_new(c, optimizer, options);
}

static void demolish(model *m)
{
  for (int i = 0; i < VARIABLES; i++)
    nd_variable_release(m->at[i]);
  nd_tensor_release(m->x);
  nd_tensor_release(m->labels);
  nd_optimizer_free(m->optimizer);
}

static nd_tensor *loss_of(model *m)
{
  nd_tensor *v[VARIABLES];
  for (int i = 0; i < VARIABLES; i++)
    v[i] = nd_variable_read(m->at[i]);
  nd_tensor *y = nd_tensor_retain(m->x);
  y = then("matmul", y, v[0], NULL);
  y = then("tanh", then("add", y, v[1], NULL), NULL, NULL);
  y = then("add", then("matmul", y, v[2], NULL), v[3], NULL);
  y = then("transpose", then("transpose", y, NULL, NULL), NULL, NULL);
  nd_tensor *rows[] = { m->labels, y };
  nd_tensor *loss = nd_call(c, "sparse_softmax_cross_entropy_with_logits", 2,
                            rows, NULL);
  nd_tensor_release(y);
  loss = then("reduce_mean", loss, NULL, NULL);
  for (int i = 0; i < VARIABLES; i++)
    nd_tensor_release(v[i]);
  return loss;
}

static bool train_step(model *m)
{
  nd_tensor *g[VARIABLES] = { NULL };
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *loss = loss_of(m);
  bool ok = nd_tape_gradient(t, loss, VARIABLES, m->at, g);
  ok = ok && nd_optimizer_apply(m->optimizer, VARIABLES, m->at, g);
  for (int i = 0; i < VARIABLES; i++)
    nd_tensor_release(g[i]);
  nd_tensor_release(loss);
  nd_tape_free(t);
  return ok;
}

// The gradient of a gradient, through every kind of rule.
static bool take_second_gradient(model *m)
{
  nd_tensor *g[VARIABLES] = { NULL }, *gg[VARIABLES] = { NULL };
  nd_tape *outer = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tape *inner = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tensor *loss = loss_of(m);
  bool ok = nd_tape_gradient(inner, loss, VARIABLES, m->at, g);
  ok = ok && nd_tape_gradient(outer, g[0], VARIABLES, m->at, gg);
  for (int i = 0; i < VARIABLES; i++) {
    nd_tensor_release(g[i]);
    nd_tensor_release(gg[i]);
  }
  nd_tensor_release(loss);
  nd_tape_free(inner);
  nd_tape_free(outer);
  return ok;
}

static bool double_it(void *data, nd_context *in, int n,
                      nd_tensor *const *inputs, int count, nd_tensor **outputs)
{
  nd_tensor *pair[] = { inputs[0], inputs[0] };
  outputs[0] = nd_call(in, "add", 2, pair, NULL);
  outputs[1] = nd_tensor_retain(inputs[1]);
  return outputs[0] != NULL;
}

static bool pass_on(void *data, nd_context *in, int count,
                    nd_tensor *const *upstream, int n, nd_tensor **gradients)
{
  nd_tensor *pair[] = { upstream[0], upstream[0] };
  gradients[0] = nd_call(in, "add", 2, pair, NULL);
  gradients[1] = nd_tensor_retain(upstream[1]);
  return gradients[0] != NULL;
}

static void count_release(void *data)
{
  --*(int *)data;
}

// By a host's function, with a tape and an accumulator that listen; `*held`
// counts what the core holds of it.
static bool carry(model *m, int *held)
{
  nd_tensor *y[2] = { NULL }, *t = NULL, *g = NULL;
  nd_tape *tape = nd_tape_new(c, 0);
  nd_accumulator *a = nd_accumulator_new(c);
  nd_tensor *in[] = { nd_variable_read(m->at[0]), nd_variable_read(m->at[3]) };
  bool ok = nd_accumulator_watch(a, in[0], in[0]) && nd_accumulator_start(a);
  const nd_custom own = { double_it, pass_on, count_release, held };
  ++*held;
  ok = nd_custom_gradient(c, &own, 2, in, 2, y) && ok;
  nd_tensor *z = nd_call(c, "square", 1, y, NULL);
  t = nd_accumulator_jvp(a, z);
  ok = ok && t != NULL && nd_tape_gradient(tape, t, 1, m->at, &g);
  nd_tensor *all[] = { in[0], in[1], y[0], y[1], z, t, g };
  for (size_t k = 0; k < sizeof all / sizeof *all; k++)
    nd_tensor_release(all[k]);
  nd_accumulator_free(a);
  nd_tape_free(tape);
  return ok;
}

// All derivatives, by rows, by columns and of second order, heard by another
// tape or by nobody.
static bool take_jacobians(model *m, bool heard)
{
  nd_tensor *j = NULL, *tall = NULL, *h = NULL;
  nd_tape *outer = nd_tape_new(c, 0);
  nd_tape *t = nd_tape_new(c, ND_TAPE_PERSISTENT);
  nd_tensor *x = nd_variable_read(m->at[3]);
  nd_tensor *list[] = { x, x };
  if (!heard)
    nd_tape_stop(outer);
  nd_tensor *y = nd_call(c, "square", 1, &x, NULL);
  nd_tensor *pair = nd_call(c, "stack", 2, list, NULL);
  nd_tape_stop(t);
  const bool ok = y != NULL && pair != NULL &&
                  nd_tape_jacobian(t, y, 1, m->at + 3, &j) &&
                  nd_tape_jacobian(t, pair, 1, m->at + 3, &tall) &&
                  nd_tape_hessians(t, true, y, 1, &m->at[3]->value, &h);
  nd_tensor *all[] = { j, tall, h, y, pair, x };
  for (size_t k = 0; k < sizeof all / sizeof *all; k++)
    nd_tensor_release(all[k]);
  nd_tape_free(t);
  nd_tape_free(outer);
  return ok;
}

// Holds a value while it is assigned, so that fresh memory is needed.
static bool assign(model *m)
{
  nd_tensor *held = nd_variable_read(m->at[0]);
  const bool ok = nd_variable_assign(m->at[0], held) &&
                  nd_variable_assign_add(m->at[0], held) &&
                  nd_variable_assign_sub(m->at[0], held);
  nd_tensor_release(held);
  return ok;
}

// The same with parts of it.
static bool assign_parts(model *m)
{
  nd_tensor *held = nd_variable_read(m->at[0]);
  nd_tensor *at = nd_tensor_new(c, ND_INT32, 2, (int64_t[]){ 2, 1 },
                                (int32_t[]){ 3, 1 });
  nd_tensor *rows = nd_call(c, "slice", 1, &held, "ranges=[1:2]");
  const bool ok = nd_variable_assign_slice(m->at[0], "ranges=[3:2:-1]", rows) &&
                  nd_variable_scatter(m->at[0], "add", at, rows);
  nd_tensor_release(rows);
  nd_tensor_release(at);
  nd_tensor_release(held);
  return ok;
}

// Ways that gradients do not take, of each kind, and what is said of them.
static bool break_off(model *m)
{
  nd_tensor *g[2] = { NULL }, *x, *all[4] = { NULL };
  nd_tape *t = nd_tape_new(c, 0);
  double number;
  bool ok = nd_tape_watch_variable(t, m->at[3]);
  x = ok ? nd_variable_read(m->at[3]) : NULL;
  all[0] = nd_call(c, "stop_gradient", 1, &x, NULL);
  ok = ok && nd_tape_pause(t, "pause");
  all[1] = nd_call(c, "square", 1, &x, NULL);
  ok = ok && nd_tape_resume(t) && nd_tensor_item(x, &number) &&
       nd_variable_assign(m->at[3], x);
  nd_tensor *list[] = { x, all[0], all[1] };
  all[2] = nd_call(c, "stack", 3, list, NULL);
  all[3] = nd_call(c, "exp", 1, &all[1], NULL);
  ok = ok && all[2] != NULL && nd_tape_gradient(t, all[3], 2, m->at + 2, g);
  for (int k = 0; k < 4; k++)
    nd_tensor_release(all[k]);
  CHECK(g[0] == NULL && g[1] == NULL);
  nd_tensor_release(x);
  nd_tape_free(t);
  return ok;
}

static bool train(const char *optimizer, const char *options)
{
  model m;
  build(&m, optimizer, options);
  int held = 0;
  const bool ok = nd_error_code(c) == ND_OK && train_step(&m) &&
                  train_step(&m) && assign(&m) && assign_parts(&m) &&
                  break_off(&m) && take_second_gradient(&m) &&
                  carry(&m, &held) && take_jacobians(&m, true) &&
                  take_jacobians(&m, false);
  demolish(&m);
  CHECK_INT(held, 0);
  return ok;
}

// One run in which the n-th request is refused, and all after it if `for_good`;
// true when none was. A single refusal may be made good by giving back the
// cache.
static bool survive(long n, bool for_good, const char *optimizer,
                    const char *options)
{
  const host refusing = { .refuse_from = n,
                          .refuse_to = for_good ? LONG_MAX : n };
  if (!start_at(refusing, (nd_config){ 0 })) {
    CHECK_INT(n, 1);
    CHECK_INT(memory.bytes, 0);
    return false;
  }
  const bool ok = train(optimizer, options);
  CHECK(ok || nd_error_code(c) == ND_NO_MEMORY);
  if (!ok && strstr(nd_error_message(c), "out of memory: ") == NULL)
    CHECK_STR(nd_error_message(c), "out of memory");
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 0);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_OBJECT), idle_bytes());
  CHECK_INT(c->strand.pool_size, 0);
  CHECK_INT(nd_recorders_depth(c), 0);
  CHECK(c->strand.name == NULL);
  nd_context_free(c);
  check_returned(&memory);
  return memory.asked < n;
}

static void survive_all(const char *optimizer, const char *options)
{
  for (int for_good = 0; for_good < 2; for_good++) {
    long n = 1;
    while (!survive(n, for_good, optimizer, options) && n < 100000)
      n++;
    CHECK(n > 50);
  }
}

static void sgd_with_momentum_survives_every_refusal(void)
{
  survive_all("SGD", "momentum=0.9");
}

static void adam_survives_every_refusal(void)
{
  survive_all("Adam", "amsgrad=true");
}

// The cache's blocks go back to the host before it is said to have no memory.
static void cached_blocks_are_given_back_first(void)
{
  start();
  nd_tensor *x = ZEROS(ND_FLOAT32, 1000);
  CHECK(x != NULL);
  release_to(0);
  CHECK(c->memory.cached >= 4000);
  host_refuse(&memory, 0, 1);
  x = ZEROS(ND_FLOAT32, 100000);
  CHECK(x != NULL);
  CHECK_INT(c->memory.cached, 0);
  finish();
}

static void a_refusal_leaves_the_context_usable(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  host_refuse(&memory, 0, 1);
  CHECK_FAILS_AS(ZEROS(ND_FLOAT32, 1000), ND_NO_MEMORY,
                 "out of memory: 96 bytes refused");
  CHECK_VALUES(CALL("add", NULL, x, x), "[2 4]", 0);
  finish();
}

int main(void)
{
  RUN(sgd_with_momentum_survives_every_refusal);
  RUN(adam_survives_every_refusal);
  RUN(cached_blocks_are_given_back_first);
  RUN(a_refusal_leaves_the_context_usable);
  return check_done();
}
