// Every op, its gradient and its tangent with the n-th request for memory
// refused, and all after it, for every n until none is asked for: each gives an
// error, or what it gives with memory, and loses nothing.

#include "probe.h"

enum { CASES = 3 };  // of each op

// The case and the gradients by all of its inputs; false after an error.
static bool run_backward(case_call *k)
{
  nd_tensor *targets[CASE_OUTPUTS], *g[CASE_INPUTS];
  nd_tape *t = nd_tape_new(c, 0);
  bool ok = t != NULL;
  for (int i = 0; i < k->job.n && ok; i++)
    ok = nd_tape_watch(t, k->in[i]);
  ok = ok && call_run(k);
  int n = 0;
  for (int i = 0; i < k->job.outs && ok; i++) {
    if (nd_op_flows(k->job.op, k->out[i]))
      targets[n++] = k->out[i];
  }
  ok = ok && nd_tape_differentiate(t, n, targets, NULL, k->job.n, k->in, g);
  for (int i = 0; i < k->job.n && ok; i++)
    own(g[i]);
  nd_tape_free(t);
  return ok;
}

// The case with tangents of all inputs, which are the inputs themselves.
static bool run_forward(case_call *k)
{
  nd_accumulator *a = nd_accumulator_new(c);
  bool ok = a != NULL;
  for (int i = 0; i < k->job.n && ok; i++)
    ok = !nd_op_flows(k->job.op, k->in[i]) ||
         nd_accumulator_watch(a, k->in[i], k->in[i]);
  ok = ok && nd_accumulator_start(a) && call_run(k);
  nd_accumulator_free(a);
  return ok;
}

static bool run(case_call *k)
{
  const int mark = owned_count;
  const bool ok = run_backward(k) && run_forward(k);
  release_to(mark);
  return ok;
}

static bool outlive(const trial *t, long n)
{
  case_call k;
  call_start(&k, t, ND_FLOAT32, DENSE);
  while (nd_memory_trim(c)) {
  }
  host_refuse(&memory, n, LONG_MAX - 1);
  const long before = memory.asked;
  const bool ok = run(&k), refused = memory.asked - before > n;
  if (!ok && (!refused || nd_error_code(c) != ND_NO_MEMORY))
    report(t, "refusal %ld: %s", n, nd_error_message(c));
  nd_error_clear(c);
  host_relent(&memory);
  release_to(0);
  return !refused;
}

static const nd_op *op;

static void every_refusal_is_survived(void)
{
  static trial t;
  start();
  nd_context_set_eager(c, true);
  fault[0] = '\0';
  const char *s = op->cases;
  for (int i = 0; s != NULL && i < CASES; i++) {
    s = case_read(&t, op, s);
    for (long n = 0; fault[0] == '\0' && !outlive(&t, n); n++) {
    }
  }
  CHECK_STR(fault, "");
  finish();
}

int main(void)
{
  char name[80];
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (op->cases == NULL || op->kernels[0] != NULL ||
        !nd_dtype_in(ND_FLOAT32, op->dtypes))
      continue;
    snprintf(name, sizeof name, "refusals are survived by %s", op->name);
    check_run(every_refusal_is_survived, name);
  }
  return check_done();
}
