// Two contexts in two threads train at the same time, each to the same result
// as alone; and one thread may interrupt another. Meant for `make tsan`.

#include <pthread.h>
#include <stdatomic.h>

#include "check.h"
#include "nadir.h"

enum { STEPS = 40, WIDTH = 24 };

typedef struct trainer {
  uint64_t seed;
  const char *optimizer;
  int threads;        // that the context uses; 0: the default
  const char *shape;  // of x; NULL: [600 24]
  double loss;        // after the last step, or -1
} trainer;

static nd_tensor *call2(nd_context *c, const char *name, nd_tensor *x,
                        nd_tensor *y)
{
  nd_tensor *in[] = { x, y };
  return nd_call(c, name, 2, in, NULL);
}

// mean((x w + b - y)^2)
static nd_tensor *squared_loss(nd_context *c, nd_tensor *x, nd_tensor *y,
                               nd_variable *const *v)
{
  nd_tensor *w = nd_variable_read(v[0]), *b = nd_variable_read(v[1]);
  nd_tensor *product = call2(c, "matmul", x, w);
  nd_tensor *guess = call2(c, "add", product, b);
  nd_tensor *error = call2(c, "squared_difference", guess, y);
  nd_tensor *loss = nd_call(c, "reduce_mean", 1, &error, NULL);
  nd_tensor_release(w);
  nd_tensor_release(b);
  nd_tensor_release(product);
  nd_tensor_release(guess);
  nd_tensor_release(error);
  return loss;
}

static double step(nd_context *c, nd_optimizer *o, nd_tensor *x, nd_tensor *y,
                   nd_variable *const *v)
{
  double value = -1;
  nd_tensor *g[2];
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *loss = squared_loss(c, x, y, v);
  if (nd_tape_gradient(t, loss, 2, v, g))
    nd_optimizer_apply(o, 2, v, g);
  nd_tensor_item(loss, &value);
  nd_tensor_release(loss);
  nd_tensor_release(g[0]);
  nd_tensor_release(g[1]);
  nd_tape_free(t);
  return value;
}

static void *train_alone(void *data)
{
  trainer *r = data;
  const nd_config config = { .size = sizeof config, .threads = r->threads };
  nd_context *c = nd_context_new(&config);
  nd_random_set_seed(c, r->seed);
  nd_tensor *x = nd_call(c, "normal", 0, NULL,
                         r->shape != NULL ? r->shape : "shape=[600 24]");
  nd_tensor *y = nd_call(c, "reduce_sum", 1, &x, "axis=2 keepdims=true");
  nd_tensor *zeros[] = { nd_tensor_new(c, ND_FLOAT32, 2,
                                       (int64_t[]){ WIDTH, 1 }, NULL),
                         nd_tensor_new(c, ND_FLOAT32, 0, NULL, NULL) };
  nd_variable *v[] = { nd_variable_new(zeros[0], true),
                       nd_variable_new(zeros[1], true) };
  nd_optimizer *o = nd_optimizer_new(c, r->optimizer, "learning_rate=0.1");
  for (int i = 0; i < STEPS; i++)
    r->loss = step(c, o, x, y, v);
  if (nd_error_code(c) != ND_OK)
    r->loss = -1;
  nd_tensor_release(x);
  nd_tensor_release(y);
  nd_optimizer_free(o);
  for (int i = 0; i < 2; i++) {
    nd_tensor_release(zeros[i]);
    nd_variable_release(v[i]);
  }
  nd_context_free(c);
  return NULL;
}

static void two_contexts_train_in_two_threads(void)
{
  trainer alone[] = { { 1, "SGD" }, { 2, "Adam" } };
  trainer both[] = { { 1, "SGD" }, { 2, "Adam" } };
  pthread_t threads[2];
  for (int i = 0; i < 2; i++)
    train_alone(&alone[i]);
  for (int i = 0; i < 2; i++)
    CHECK(pthread_create(&threads[i], NULL, train_alone, &both[i]) == 0);
  for (int i = 0; i < 2; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(both[i].loss >= 0 && both[i].loss < 24);
    CHECK(both[i].loss == alone[i].loss);
  }
}

// All use the threads of the process, as far as others leave them some.
static void contexts_that_share_threads_train_as_alone(void)
{
  enum { TRAINERS = 4 };
  trainer alone = { 1, "Adam", .threads = 1, .shape = "shape=[9000 24]" };
  trainer all[TRAINERS];
  pthread_t threads[TRAINERS];
  train_alone(&alone);
  for (int i = 0; i < TRAINERS; i++) {
    all[i] = alone;
    all[i].threads = 1 + i;
    CHECK(pthread_create(&threads[i], NULL, train_alone, &all[i]) == 0);
  }
  for (int i = 0; i < TRAINERS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(all[i].loss >= 0 && all[i].loss == alone.loss);
  }
}

static atomic_bool interrupting;

static void *interrupt(void *context)
{
  while (!atomic_load(&interrupting)) {
  }
  nd_interrupt(context);
  return NULL;
}

static void another_thread_may_interrupt(void)
{
  nd_context *c = nd_context_new(NULL);
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ 1000 }, NULL);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, interrupt, c) == 0);
  atomic_store(&interrupting, true);
  while (nd_error_code(c) == ND_OK)
    nd_tensor_release(nd_call(c, "exp", 1, &x, NULL));
  pthread_join(thread, NULL);
  CHECK_INT(nd_error_code(c), ND_INTERRUPTED);
  CHECK_STR(nd_error_message(c), "exp: interrupted");
  nd_tensor_release(x);
  nd_context_free(c);
}

int main(void)
{
  RUN(two_contexts_train_in_two_threads);
  RUN(contexts_that_share_threads_train_as_alone);
  RUN(another_thread_may_interrupt);
  return check_done();
}
