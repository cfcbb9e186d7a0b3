// The kernels of every CPU level: elementwise ops and reductions give the same
// bits on every CPU with fused multiply-add, and nearly the same without.

#include "../values.h"

enum { N = 1600 };

static nd_context *contexts[ND_LEVELS];

static void start_levels(void)
{
  for (int i = 0; i < ND_LEVELS; i++) {
    nd_config config = { .size = sizeof config,
                         .cpu = nd_level_name((nd_level)i) };
    contexts[i] = nd_context_new(&config);
    CHECK(contexts[i] == NULL ||
          strcmp(nd_context_cpu(contexts[i]), nd_level_name((nd_level)i)) == 0);
  }
}

static void finish_levels(void)
{
  for (int i = 0; i < ND_LEVELS; i++) {
    if (contexts[i] != NULL) {
      CHECK_STR(nd_error_message(contexts[i]), "");
      CHECK_INT(nd_context_bytes(contexts[i], ND_MEMORY_TENSOR), 0);
    }
    nd_context_free(contexts[i]);
  }
}

// Points over the whole range of the dtype, and special ones.
static double point(const nd_op *op, nd_dtype dtype, int64_t i)
{
  static const double special[] = { 0,     -0.0, INFINITY, -INFINITY, NAN,
                                    1e-40, 88,   -88,      1e30,      -1e30,
                                    .5,    1.5,  2.5,      -2.5,      1 };
  const int64_t count = sizeof special / sizeof *special;
  if (dtype == ND_BOOL)
    return (double)(i * 5 % 3 == 1);
  if (!nd_dtype_in(dtype, ND_FLOATS))
    return (double)(i * 7 % 11 + 1);
  if (i % 8 == 7)
    return special[i / 8 % count];
  const double low = op->low < op->high ? op->low : -3;
  const double high = op->low < op->high ? op->high : 3;
  return low + (high - low) * (double)(i * 7919 % 3001) / 3001;
}

static nd_tensor *make_points(nd_context *at, const nd_op *op, nd_dtype dtype,
                              int shift)
{
  static literal l;
  static double data[N];
  l.count = N;
  for (int64_t i = 0; i < N; i++)
    l.at[i] = point(op, dtype, i + 7 * shift);
  literal_set(&l, dtype, data);
  return nd_tensor_new(at, dtype, 2, (int64_t[]){ 4, N / 4 }, data);
}

// In units of the last place of the larger.
static double apart(double a, double b, nd_dtype dtype)
{
  if (a == b || (isnan(a) && isnan(b)))
    return 0;
  const double unit = dtype == ND_FLOAT32 ? 0x1p-23 : 0x1p-52;
  const double size = fmax(fmax(fabs(a), fabs(b)),
                           dtype == ND_FLOAT32 ? 0x1p-126 : 0x1p-1022);
  return fabs(a - b) / (size * unit);
}

static bool agree(nd_tensor *x, nd_tensor *y, double tolerance)
{
  static double p[N], q[N];
  if (x == NULL || y == NULL || x->size != y->size)
    return false;
  read_numbers(x, x->size, p);
  read_numbers(y, y->size, q);
  for (int64_t i = 0; i < x->size; i++) {
    const double gap = apart(p[i], q[i], (nd_dtype)x->dtype);
    const bool signs = isnan(p[i]) || !signbit(p[i]) == !signbit(q[i]);
    if (!(gap <= tolerance) || (tolerance == 0 && !signs)) {
      printf("\n  at %d: %.9g and %.9g", (int)i, p[i], q[i]);
      return false;
    }
  }
  return true;
}

// The op, and where it has them its fused slopes, at one level.
static void compute(nd_context *at, const nd_op *op, nd_dtype dtype,
                    nd_tensor *results[1 + ND_FEW])
{
  static const int64_t axis = 2;
  nd_value attr[ND_MAX_ATTRS];
  nd_tensor *in[ND_FEW];
  int n = 0;
  nd_values_start(op, attr);
  if (op->attrs > 0 && op->params[1].kind == ND_AXES)
    attr[0] = nd_value_list(1, &axis);
  if (op->result == ND_AS_ASKED)
    attr[0] = nd_value_integer(ND_FLOAT32);
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (p->kind == ND_TENSOR) {
      const bool is_own = p->dtypes == ND_BOOLS;
      in[n] = make_points(at, op, is_own ? ND_BOOL : dtype, n);
      n++;
    }
  }
  memset(results, 0, (1 + ND_FEW) * sizeof *results);
  results[0] = nd_apply(at, op, n, in, attr);
  const nd_job j = {
    .op = op, .n = n, .outs = 1, .in = in, .out = results, .attr = attr
  };
  for (int i = 0; i < n; i++) {
    if (op->derivative == ND_SLOPE && nd_dtype_in(dtype, ND_FLOATS))
      results[1 + i] = nd_apply_slope(at, &j, i, in[0]);
  }
  for (int i = 0; i < n; i++)
    nd_tensor_release(in[i]);
}

static void compare(const nd_op *op, nd_dtype dtype, const nd_level level,
                    nd_level with, double tolerance)
{
  nd_tensor *x[1 + ND_FEW], *y[1 + ND_FEW];
  if (contexts[level] == NULL || contexts[with] == NULL)
    return;
  compute(contexts[level], op, dtype, x);
  compute(contexts[with], op, dtype, y);
  for (int i = 0; i < 1 + ND_FEW; i++) {
    const bool same = (x[i] == NULL && y[i] == NULL) ||
                      agree(x[i], y[i], tolerance);
    if (!same)
      CHECK_STR(op->name, nd_dtype_name(dtype));
    nd_tensor_release(x[i]);
    nd_tensor_release(y[i]);
  }
}

// What users apply, elementwise or as a reduction. Differences cancel in some
// of the slopes of factors.
static bool is_compared(const nd_op *op)
{
  return (op->kernels[ND_BASELINE] != NULL && !op->hidden) ||
         strncmp(op->name, "reduce_", 7) == 0;
}

static void compare_all(nd_level level, nd_level with, double tolerance)
{
  const nd_op *op;
  start_levels();
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    for (int d = 0; d < ND_DTYPES; d++) {
      if (is_compared(op) && nd_dtype_in((nd_dtype)d, op->dtypes))
        compare(op, (nd_dtype)d, level, with, tolerance);
    }
  }
  finish_levels();
}

static void avx2_and_avx512_give_the_same_bits(void)
{
  compare_all(ND_AVX512, ND_AVX2, 0);
}

static void the_baseline_is_near(void)
{
  compare_all(ND_BASELINE, ND_AVX2, 8);
}

static void an_unknown_level_gives_no_context(void)
{
  nd_config config = { .size = sizeof config, .cpu = "sse9" };
  CHECK(nd_context_new(&config) == NULL);
}

static void the_environment_chooses_a_level(void)
{
  setenv("NADIR_CPU", "baseline", 1);
  nd_context *at = nd_context_new(NULL);
  CHECK_STR(nd_context_cpu(at), "baseline");
  nd_context_free(at);
  setenv("NADIR_CPU", "sse9", 1);
  CHECK(nd_context_new(NULL) == NULL);
  setenv("NADIR_CPU", "", 1);
  at = nd_context_new(NULL);
  CHECK(at != NULL);
  nd_context_free(at);
  unsetenv("NADIR_CPU");
}

static void the_configuration_goes_before_the_environment(void)
{
  setenv("NADIR_CPU", "sse9", 1);
  nd_config config = { .size = sizeof config, .cpu = "baseline" };
  nd_context *at = nd_context_new(&config);
  CHECK_STR(nd_context_cpu(at), "baseline");
  nd_context_free(at);
  unsetenv("NADIR_CPU");
}

int main(void)
{
  RUN(avx2_and_avx512_give_the_same_bits);
  RUN(the_baseline_is_near);
  RUN(an_unknown_level_gives_no_context);
  RUN(the_environment_chooses_a_level);
  RUN(the_configuration_goes_before_the_environment);
  return check_done();
}
