// How long a work goes on after an interrupt, at worst of a few tries:
// build/bench/latency [WORD], for the rows whose name has the word. A work that
// never stopped went on for as long as it takes. Times are those of the thread
// that works, so that a busy machine changes little.

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/context.h"
#include "nadir.h"

static nd_context *c;

static double milliseconds(clockid_t clock)
{
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

// ------------------------------------------------------------------- works --

enum { MOST = 3 };

typedef struct row {
  const char *name;
  bool (*run)(const struct row *r);
  const char *op, *options;
  const char *in[MOST];  // shapes, as options of `ones`
  int type;              // of input: 't' transposes the first
  nd_tensor *x[MOST];
} row;

static int count_inputs(const row *r)
{
  int n = 0;
  while (n < MOST && r->x[n] != NULL)
    n++;
  return n;
}

static bool run_op(const row *r)
{
  nd_tensor *y[MOST];
  int outs = MOST;
  const bool ok = nd_call_all(c, r->op, count_inputs(r), (nd_tensor **)r->x,
                              r->options, &outs, y);
  for (int i = 0; ok && i < outs; i++)
    nd_tensor_release(y[i]);
  return ok;
}

static bool run_read(const row *r)
{
  static char *room;
  if (room == NULL)
    room = malloc((size_t)nd_tensor_size(r->x[0]) * 4);
  return nd_tensor_read(r->x[0], room);
}

// Steps in place, of a variable that nobody else holds.
static bool run_step(const row *r)
{
  static nd_variable *v;
  static nd_optimizer *o;
  if (v == NULL) {
    nd_tensor *value = nd_call(c, "zeros_like", 1, (nd_tensor **)r->x, NULL);
    v = nd_variable_new(value, true);
    nd_tensor_release(value);
    o = nd_optimizer_new(c, r->op, NULL);
  }
  return nd_optimizer_apply(o, 1, &v, (nd_tensor **)r->x);
}

#define LONG "shape=[100000000]"
#define WIDE "shape=[100 1000000]"
#define IDS "shape=[10000000] dtype=int32"

static row rows[] = {
  { "exp of 1e8", run_op, "exp", NULL, { LONG } },
  { "softmax [100 1e6]", run_op, "softmax", NULL, { WIDE } },
  { "reduce_sum of 1e8", run_op, "reduce_sum", NULL, { LONG } },
  { "reduce_sum [100 1e6], axis 1", run_op, "reduce_sum", "axis=1", { WIDE } },
  { "reduce_sum [100 1e6], axis 2", run_op, "reduce_sum", "axis=2", { WIDE } },
  { "reduce_mean of 1e8 uint8",
    run_op,
    "reduce_mean",
    NULL,
    { LONG " dtype=uint8" } },
  { "reduce_logsumexp of 1e8", run_op, "reduce_logsumexp", NULL, { LONG } },
  { "reduce_logsumexp [100 1e6], axis 1",
    run_op,
    "reduce_logsumexp",
    "axis=1",
    { WIDE } },
  { "reduce_logsumexp [100 1e6], axis 2",
    run_op,
    "reduce_logsumexp",
    "axis=2",
    { WIDE } },
  { "cumsum of 1e8", run_op, "cumsum", NULL, { LONG } },
  { "cumsum [100 1e6], axis 1", run_op, "cumsum", "axis=1", { WIDE } },
  { "cumsum [100 1e6], axis 2", run_op, "cumsum", "axis=2", { WIDE } },
  { "argmax of 1e8", run_op, "argmax", NULL, { LONG } },
  { "argmax [100 1e6], axis 1", run_op, "argmax", "axis=1", { WIDE } },
  { "argmax [100 1e6], axis 2", run_op, "argmax", "axis=2", { WIDE } },
  { "matmul [2000 2000]^2",
    run_op,
    "matmul",
    NULL,
    { "shape=[2000 2000]", "shape=[2000 2000]" } },
  { "matmul [8000 500] [500 1000]",
    run_op,
    "matmul",
    NULL,
    { "shape=[8000 500]", "shape=[500 1000]" } },
  { "matmul [300 1e5] [1e5 300]",
    run_op,
    "matmul",
    NULL,
    { "shape=[300 100000]", "shape=[100000 300]" } },
  { "matmul [4 1e6] [1e6 16]",
    run_op,
    "matmul",
    NULL,
    { "shape=[4 1000000]", "shape=[1000000 16]" } },
  { "matmul [1 5e7] [5e7 1]",
    run_op,
    "matmul",
    NULL,
    { "shape=[1 50000000]", "shape=[50000000 1]" } },
  { "matmul [10000 5000] [5000 1]",
    run_op,
    "matmul",
    NULL,
    { "shape=[10000 5000]", "shape=[5000 1]" } },
  { "matmul [1 5000] [5000 10000]",
    run_op,
    "matmul",
    NULL,
    { "shape=[1 5000]", "shape=[5000 10000]" } },
  { "lstm [64 200 128], 256 units",
    run_op,
    "lstm",
    NULL,
    { "shape=[64 200 128]", "shape=[128 1024]", "shape=[256 1024]" } },
  { "gru [8 40 32], 1000 units",
    run_op,
    "gru",
    "reset_after=false",
    { "shape=[8 40 32]", "shape=[32 3000]", "shape=[1000 3000]" } },
  { "conv2d [32 56 56 64] [3 3 64 64]",
    run_op,
    "conv2d",
    "padding=SAME",
    { "shape=[32 56 56 64]", "shape=[3 3 64 64]" } },
  { "conv2d [4 30 30 512] [5 5 512 512]",
    run_op,
    "conv2d",
    "padding=SAME",
    { "shape=[4 30 30 512]", "shape=[5 5 512 512]" } },
  { "conv2d_transpose [32 28 28 64] [3 3 64 64]",
    run_op,
    "conv2d_transpose",
    "strides=2",
    { "shape=[32 28 28 64]", "shape=[3 3 64 64]" } },
  { "depthwise_conv2d [32 56 56 256] [3 3 256 1]",
    run_op,
    "depthwise_conv2d",
    "padding=SAME",
    { "shape=[32 56 56 256]", "shape=[3 3 256 1]" } },
  { "max_pool2d [32 112 112 64]",
    run_op,
    "max_pool2d",
    "ksize=3 strides=2",
    { "shape=[32 112 112 64]" } },
  { "reshape of a transposed [100 1e6]",
    run_op,
    "reshape",
    "shape=[-1]",
    { WIDE },
    't' },
  { "read out of a transposed [100 1e6]", run_read, NULL, NULL, { WIDE }, 't' },
  { "sort of 2e7", run_op, "sort", NULL, { "shape=[20000000]" } },
  { "top_k of 1e8", run_op, "top_k", "k=10", { LONG } },
  { "gather of 1e7", run_op, "gather", NULL, { LONG, IDS } },
  { "sums of 1e7 by segment",
    run_op,
    "unsorted_segment_sum",
    "num_segments=1",
    { "shape=[10000000]", IDS } },
  { "a step of SGD, 1e8", run_step, "SGD", NULL, { LONG } },
};

static bool make_inputs(row *r)
{
  for (int i = 0; i < MOST && r->in[i] != NULL; i++)
    r->x[i] = nd_call(c, "ones", 0, NULL, r->in[i]);
  if (r->type == 't') {
    nd_tensor *x = nd_call(c, "transpose", 1, r->x, NULL);
    nd_tensor_release(r->x[0]);
    r->x[0] = x;
  }
  return r->x[0] != NULL;
}

// ---------------------------------------------------------------- stopping --

typedef struct stop {
  clockid_t worker;
  double delay, at;
} stop;

static void *stop_later(void *data)
{
  stop *s = data;
  const double start = milliseconds(s->worker);
  while (milliseconds(s->worker) < start + s->delay)
    usleep(100);
  s->at = milliseconds(s->worker);
  nd_interrupt(c);
  return NULL;
}

// How long the work went on, in milliseconds; -1 if it ended.
static double time_stop(const row *r, double delay)
{
  stop s = { .delay = delay };
  pthread_t thread;
  pthread_getcpuclockid(pthread_self(), &s.worker);
  pthread_create(&thread, NULL, stop_later, &s);
  const bool ended = r->run(r);
  const double end = milliseconds(s.worker);
  while (ended && milliseconds(s.worker) < end + delay) {
  }
  pthread_join(thread, NULL);
  nd_context_interrupted(c);
  nd_error_clear(c);
  return ended ? -1 : end - s.at;
}

// What a row keeps from its first run on is no part of the work.
static double time_whole(const row *r)
{
  double start = 0;
  for (int i = 0; i < 2; i++) {
    start = milliseconds(CLOCK_THREAD_CPUTIME_ID);
    if (!r->run(r))
      return -1;
  }
  return milliseconds(CLOCK_THREAD_CPUTIME_ID) - start;
}

static void print_row(const row *r)
{
  enum { TRIES = 12 };
  const double whole = time_whole(r);
  if (whole < 0) {
    printf("%s: %s\n", r->name, nd_error_message(c));
    nd_error_clear(c);
    return;
  }
  double worst = -1;
  for (int i = 0; i < TRIES; i++) {
    const double late = time_stop(r, whole * (i + 1) / (TRIES + 2));
    worst = late > worst ? late : worst;
  }
  printf("%-36s %9.0f %12.2f\n", r->name, whole, worst < 0 ? whole : worst);
  fflush(stdout);
}

// Pages that are given back to the system take a millisecond for ten
// megabytes; this keeps them.
static void keep_pages(void)
{
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
}

int main(int n, char **arguments)
{
  keep_pages();
  c = nd_context_new(NULL);
  nd_context_set_eager(c, true);
  printf("%-36s %9s %12s\n", "", "whole, ms", "goes on, ms");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (n > 1 && strstr(rows[i].name, arguments[1]) == NULL)
      continue;
    if (make_inputs(&rows[i]))
      print_row(&rows[i]);
    else
      printf("%s: %s\n", rows[i].name, nd_error_message(c));
    for (int k = 0; k < MOST; k++)
      nd_tensor_release(rows[i].x[k]);
  }
  nd_context_free(c);
  return 0;
}
