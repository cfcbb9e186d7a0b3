// Whether steps of work declare what they take: build/bench/costs [WORD], for
// the rows whose name has the word. Each step that is worth sharing is one
// column: the time it took over the time it declared, at best of a few tries. 1
// is right; below 1/3 threads are called for what is too short for them, above
// 3 what is worth it stays alone. Times are those of the thread that works.

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/context.h"
#include "nadir.h"
#include "op/op.h"

enum { STEPS = 8, TRIES = 5, FEEDS = 4 };

// base/work.c asks for a part for each so many nanoseconds that are declared.
static const double part_time = 25000;

static nd_context *c;
static int steps, parts[STEPS];
static double times[STEPS];

static double nanoseconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// A host's threads that do nothing but look at the clock.
static void run_timed(void *given, int n, nd_part *part, void *data)
{
  const double start = nanoseconds();
  part(data, 0);
  const double time = nanoseconds() - start;
  if (steps < STEPS && (times[steps] == 0 || time < times[steps]))
    times[steps] = time;
  if (steps < STEPS)
    parts[steps++] = n;
}

// ------------------------------------------------------------------- works --

typedef struct row {
  const char *name, *options;
  const char *in[FEEDS];  // shapes with * for what grows, as options of `type`
  const char *type;       // the op that makes inputs
} row;

#define REAL "uniform"
#define IDS "shape=[*] minval=1 maxval=100 dtype=int32"

static const row rows[] = {
  { "reduce_sum", NULL, { "shape=[*]" }, REAL },
  { "reduce_sum", "axis=1", { "shape=[* 100]" }, REAL },
  { "reduce_sum", "axis=2", { "shape=[* 100]" }, REAL },
  { "reduce_sum", "axis=2", { "shape=[10 *]" }, REAL },
  { "reduce_max", NULL, { "shape=[*]" }, REAL },
  { "reduce_max", "axis=2", { "shape=[* 100]" }, REAL },
  { "reduce_prod", NULL, { "shape=[*]" }, REAL },
  { "reduce_mean", "axis=1", { "shape=[* 100]" }, REAL },
  { "reduce_logsumexp", "axis=2", { "shape=[* 100]" }, REAL },
  { "reduce_logsumexp", NULL, { "shape=[*]" }, REAL },
  { "moments", NULL, { "shape=[*]" }, REAL },
  { "moments", "axis=2", { "shape=[* 100]" }, REAL },
  { "argmax", "axis=1", { "shape=[*]" }, REAL },
  { "argmax", "axis=2", { "shape=[* 100]" }, REAL },
  { "argmax", "axis=1", { "shape=[* 100]" }, REAL },
  { "softmax", NULL, { "shape=[* 100]" }, REAL },
  { "softmax", NULL, { "shape=[* 10]" }, REAL },
  { "softmax", NULL, { "shape=[2 *]" }, REAL },
  { "log_softmax", NULL, { "shape=[* 100]" }, REAL },
  { "cumsum", "axis=1", { "shape=[*]" }, REAL },
  { "cumsum", "axis=1", { "shape=[* 100]" }, REAL },
  { "cumsum", "axis=2", { "shape=[* 100]" }, REAL },
  { "top_k", "k=5", { "shape=[* 100]" }, REAL },
  { "top_k", "k=5", { "shape=[*]" }, REAL },
  { "sort", NULL, { "shape=[* 100]" }, REAL },
  { "sort", NULL, { "shape=[* 1000]" }, REAL },
  { "sort", NULL, { "shape=[*]" }, REAL },
  { "uniform", "shape=[*]", { NULL }, NULL },
  { "normal", "shape=[*]", { NULL }, NULL },
  { "truncated_normal", "shape=[*]", { NULL }, NULL },
  { "zeros", "shape=[*]", { NULL }, NULL },
  { "concat", "axis=1", { "shape=[*]", "shape=[*]" }, REAL },
  { "concat", "axis=2", { "shape=[* 10]", "shape=[* 10]" }, REAL },
  { "cast", "dtype=int32", { "shape=[*]" }, REAL },
  { "gather", "axis=1", { "shape=[100 1]", IDS }, REAL },
  { "gather", "axis=1", { "shape=[100 100]", IDS }, REAL },
  { "one_hot", "depth=100", { IDS }, REAL },
  { "matmul", NULL, { "shape=[* 10]", "shape=[10 10]" }, REAL },
  { "matmul", NULL, { "shape=[* 100]", "shape=[100 100]" }, REAL },
  { "matmul", NULL, { "shape=[128 *]", "shape=[* 128]" }, REAL },
  { "matmul", NULL, { "shape=[* 784]", "shape=[784 128]" }, REAL },
  { "matmul", NULL, { "shape=[* 1000]", "shape=[1000 1]" }, REAL },
};

// Writes `n` for each * of a text.
static const char *write_sizes(char text[200], const char *pattern, long n)
{
  char *to = text;
  for (; *pattern != '\0'; pattern++) {
    if (*pattern == '*')
      to += sprintf(to, "%ld", n);
    else
      *to++ = *pattern;
  }
  *to = '\0';
  return text;
}

// What is run again and again.
typedef struct task {
  const nd_op *op;
  const char *options;
  int n, slope;  // slope: of input slope - 1; 0: the op itself
  nd_tensor *in[FEEDS + 2];
} task;

static bool run_task(const task *t)
{
  nd_tensor *y;
  int count = 1;
  nd_tensor *outs[FEEDS] = { NULL };
  if (t->slope > 0) {
    nd_job j = { .op = t->op, .n = t->n, .outs = 1 };
    j.in = (nd_tensor **)t->in;
    j.out = (nd_tensor **)&t->in[0];
    y = nd_apply_slope(c, &j, t->slope - 1, t->in[0]);
    nd_tensor_release(y);
    return y != NULL;
  }
  count = FEEDS;
  const bool ok = nd_call_all(c, t->op->name, t->n, (nd_tensor **)t->in,
                              t->options, &count, outs);
  for (int i = 0; ok && i < count; i++)
    nd_tensor_release(outs[i]);
  return ok;
}

// Most parts of a step; 0 after an error.
static int time_task(const task *t)
{
  int most = 0;
  memset(times, 0, sizeof times);
  for (int i = 0; i < TRIES; i++) {
    steps = 0;
    if (!run_task(t))
      return 0;
  }
  for (int i = 0; i < steps; i++)
    most = parts[i] > most ? parts[i] : most;
  return most == 0 ? 1 : most;
}

static void print_task(const char *name, const char *what)
{
  printf("%-24s %-22s", name, what);
  for (int i = 0; i < steps; i++)
    printf(" %5.2f", times[i] / ((parts[i] + .5) * part_time));
  printf("\n");
  fflush(stdout);
}

// The shortest work of the row that is precise: between 16 and 64 parts.
static void find_costs(const row *r)
{
  for (long n = 100; n < 20000000; n = n * 3 / 2) {
    char text[200];
    task t = { .op = nd_op_find(r->name) };
    if (r->options != NULL)
      t.options = strdup(write_sizes(text, r->options, n));
    bool ok = true;
    for (; t.n < FEEDS && r->in[t.n] != NULL; t.n++) {
      t.in[t.n] = nd_call(c, r->type, 0, NULL,
                          write_sizes(text, r->in[t.n], n));
      ok = ok && t.in[t.n] != NULL;
    }
    const int most = ok ? time_task(&t) : 0;
    for (int i = 0; i < t.n; i++)
      nd_tensor_release(t.in[i]);
    if (most == 0)
      printf("%s: %s\n", r->name, nd_error_message(c));
    if (most == 0 || most > 15) {
      nd_error_clear(c);
      if (most > 0)
        print_task(r->name, r->in[0] != NULL ? r->in[0] : "");
      free((void *)t.options);
      return;
    }
    free((void *)t.options);
  }
}

// An elementwise op and its slopes, over as many elements.
static void find_costs_of(const nd_op *op)
{
  char text[200];
  static const char *const names[] = { "", "slope 1", "slope 2", "slope 3" };
  const int n = nd_params_count(op->params) - op->attrs;
  for (int slope = 0; slope <= n; slope++) {
    if (slope > 0 &&
        op->kernels[c->level]->slope[slope - 1][ND_FLOAT32] == NULL)
      continue;
    for (long size = 10000; size < 20000000; size = size * 3 / 2) {
      task t = { .op = op, .n = n, .slope = slope };
      for (int i = 0; i < n; i++)
        t.in[i] = nd_call(c, REAL, 0, NULL,
                          write_sizes(text, "shape=[*]", size));
      const int most = time_task(&t);
      for (int i = 0; i < n; i++)
        nd_tensor_release(t.in[i]);
      if (most > 15)
        print_task(op->name, names[slope]);
      nd_error_clear(c);  // of an op that has no floats
      if (most == 0 || most > 15)
        break;
    }
  }
}

int main(int n, char **arguments)
{
  const char *word = n > 1 ? arguments[1] : "";
  const nd_config config = { .size = sizeof config,
                             .threads = ND_MAX_THREADS,
                             .parallel_for = run_timed };
  mallopt(M_MMAP_MAX, 0);  // pages stay: fresh ones cost more than most ops
  mallopt(M_TRIM_THRESHOLD, -1);
  c = nd_context_new(&config);
  nd_context_set_eager(c, true);
  const nd_op *op;
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (op->kernels[c->level] != NULL && op->attrs == 0 &&
        nd_params_count(op->params) <= 3 && strstr(op->name, word) != NULL)
      find_costs_of(op);
  }
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strstr(rows[i].name, word) != NULL)
      find_costs(&rows[i]);
  }
  nd_context_free(c);
  return 0;
}
