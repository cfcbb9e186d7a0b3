// The kernels of elementwise ops over runs of every length up to some groups:
// an element has the bits that it has alone, and nothing is written behind.

#include "../values.h"
#include "kernel/convert.h"
#include "op/kernel.h"

enum { LONGEST = 50, WIDEST = 8, BEHIND = 0x5a };

typedef struct run_case {
  const nd_op *op;
  nd_block_kernel *kernel;
  nd_dtype dtype;
  size_t result;  // bytes of what it gives for one element
  double p[ND_MAX_ATTRS];
} run_case;

static nd_context *c;

// Numbers in the range of the op, and a few outside.
static double number_of(const run_case *r, int64_t i)
{
  if (r->dtype == ND_BOOL)
    return (double)(i * 5 % 3 == 1);
  if (!nd_dtype_in(r->dtype, ND_FLOATS))
    return (double)(i * 7 % 11 + 1);
  const double low = r->op->low < r->op->high ? r->op->low : -3;
  const double high = r->op->low < r->op->high ? r->op->high : 3;
  return i % 17 == 3 ? INFINITY
                     : low + (high - low) * (double)(i * 79 % 31) / 29;
}

static void fill_feeds(const run_case *r, double room[ND_MAX_FEEDS][LONGEST],
                       const void *in[ND_MAX_FEEDS])
{
  for (int k = 0; k < ND_MAX_FEEDS; k++) {
    double numbers[LONGEST];
    for (int i = 0; i < LONGEST; i++)
      numbers[i] = number_of(r, i + 13 * k);
    nd_convert(c->level, r->dtype, ND_FLOAT64, LONGEST, room[k], numbers);
    in[k] = room[k];
  }
}

static void compute_alone(const run_case *r, const void *const *in, char *out)
{
  const size_t width = nd_dtype_size(r->dtype);
  for (int i = 0; i < LONGEST; i++) {
    const void *one[ND_MAX_FEEDS];
    for (int k = 0; k < ND_MAX_FEEDS; k++)
      one[k] = (const char *)in[k] + (size_t)i * width;
    r->kernel(1, r->p, out + (size_t)i * r->result, one);
  }
}

static bool gives_the_same(const run_case *r, int n, const void *const *in,
                           const char *alone)
{
  char out[(LONGEST + 1) * WIDEST];
  memset(out, BEHIND, sizeof out);
  r->kernel(n, r->p, out, in);
  const size_t bytes = (size_t)n * r->result;
  bool good = memcmp(out, alone, bytes) == 0;
  for (size_t i = bytes; i < sizeof out; i++)
    good = good && out[i] == BEHIND;
  return good;
}

static void check_runs(const run_case *r)
{
  double room[ND_MAX_FEEDS][LONGEST];
  const void *in[ND_MAX_FEEDS];
  char alone[LONGEST * WIDEST];
  fill_feeds(r, room, in);
  compute_alone(r, in, alone);
  for (int n = 1; n <= LONGEST; n++) {
    if (!gives_the_same(r, n, in, alone)) {
      printf("\n  %s, a run of %d", nd_dtype_name(r->dtype), n);
      CHECK_STR(r->op->name, "the same");
      return;
    }
  }
}

static void check_kernels(run_case *r)
{
  for (int d = 0; d < ND_DTYPES; d++) {
    r->kernel = r->op->kernels[c->level]->forward[d];
    r->dtype = (nd_dtype)d;
    r->result = r->op->result == ND_AS_BOOL ? 1 : nd_dtype_size(r->dtype);
    if (r->kernel != NULL && nd_dtype_in(r->dtype, r->op->dtypes))
      check_runs(r);
  }
}

static void check_slopes(run_case *r)
{
  for (int i = 0; i < 6; i++) {
    r->kernel = r->op->kernels[c->level]->slope[i / 2][i % 2];
    r->dtype = i % 2 == 0 ? ND_FLOAT32 : ND_FLOAT64;
    r->result = nd_dtype_size(r->dtype);
    if (r->kernel != NULL)
      check_runs(r);
  }
}

// What is read as one dtype: not cast, nor chosen by a condition.
static bool is_checked(const nd_op *op)
{
  return op->kernels[0] != NULL && op->result != ND_AS_ASKED &&
         op->params->dtypes == 0;
}

static void elements_do_not_depend_on_their_run(void)
{
  const nd_op *op;
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    nd_value attr[ND_MAX_ATTRS];
    run_case r = { .op = op };
    if (!is_checked(op))
      continue;
    nd_values_start(op, attr);
    nd_kernel_parameters(op, attr, r.p);
    check_kernels(&r);
    check_slopes(&r);
  }
}

int main(void)
{
  static const char *const levels[] = { "baseline", "avx2", "avx512" };
  for (int i = 0; i < 3; i++) {
    nd_config config = { .size = sizeof config, .cpu = levels[i] };
    c = nd_context_new(&config);
    if (c != NULL)
      RUN(elements_do_not_depend_on_their_run);
    nd_context_free(c);
  }
  return check_done();
}
