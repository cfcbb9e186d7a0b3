// Tests of ops/softmax.c, ops/cross_entropy.c and op/sigmoid_loss.c: values
// against NumPy, edges, and that ranges, strides and CPUs change no bit.

#include "check.h"

#include <stdlib.h>

#include "op/derive.h"
#include "op/rule.h"

#include "../golden/softmax.h"

extern const nd_op nd_op_softmax_cross_entropy_slope, nd_op_log_softmax_tangent,
  nd_op_log_softmax_slope;

#define SOFT "softmax_cross_entropy_with_logits"
#define SPARSE "sparse_softmax_cross_entropy_with_logits"
#define SIGMOID "sigmoid_cross_entropy_with_logits"

static nd_context *c;

static void start(const char *cpu)
{
  nd_config config = { .size = sizeof config, .cpu = cpu };
  c = nd_context_new(&config);
}

static void finish(void)
{
  CHECK_STR(nd_error_message(c), "");
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 0);
  nd_context_free(c);
}

// ----------------------------------------------------------------- inputs --

static int64_t count(int rank, const int64_t *shape)
{
  int64_t n = 1;
  for (int i = 0; i < rank; i++)
    n *= shape[i];
  return n;
}

static nd_tensor *make(nd_dtype dtype, int rank, const int64_t *shape,
                       double (*value)(int64_t i))
{
  const int64_t n = count(rank, shape);
  double *data = calloc((size_t)n + 1, sizeof *data);
  for (int64_t i = 0; i < n; i++) {
    if (dtype == ND_FLOAT32)
      ((float *)data)[i] = (float)value(i);
    else if (dtype == ND_INT32)
      ((int32_t *)data)[i] = (int32_t)value(i);
    else
      data[i] = value(i);
  }
  nd_tensor *x = nd_tensor_new(c, dtype, rank, shape, data);
  free(data);
  return x;
}

static double logit(int64_t i)
{
  return (double)(i * 7919 % 2003 - 1001) / 128;
}

static double label(int64_t i)
{
  return (double)(i * 31 % 17 - 8) / 64 + 0.125;
}

static double weight(int64_t i)
{
  return (double)(i * 13 % 7 - 3) / 4;
}

static int64_t classes;

static double class_label(int64_t i)
{
  return (double)(i * 3 % classes + 1);
}

static nd_tensor *vector(nd_dtype dtype, int n, const double *values)
{
  const int64_t shape[] = { n };
  float single[16];
  int32_t whole[16];
  for (int i = 0; i < n; i++) {
    single[i] = (float)values[i];
    whole[i] = dtype == ND_INT32 ? (int32_t)values[i] : 0;
  }
  return nd_tensor_new(c, dtype, 1, shape,
                       dtype == ND_FLOAT32 ? (const void *)single
                       : dtype == ND_INT32 ? (const void *)whole
                                           : values);
}

#define VECTOR(dtype, ...)                                          \
  vector(dtype, sizeof((double[]){ __VA_ARGS__ }) / sizeof(double), \
         (double[]){ __VA_ARGS__ })

// The same values with the axes stored in the opposite order.
static nd_tensor *turned(nd_tensor *x)
{
  nd_tensor *flipped = nd_call(c, "transpose", 1, &x, NULL);
  nd_tensor *dense = nd_tensor_dense(flipped);
  nd_tensor *y = nd_call(c, "transpose", 1, &dense, NULL);
  nd_tensor_release(flipped);
  nd_tensor_release(dense);
  return y;
}

static nd_tensor *scalar(nd_dtype dtype, double value)
{
  nd_tensor x;
  nd_scalar_set(c, &x, dtype, value);
  return nd_tensor_keep(&x);
}

// ---------------------------------------------------------------- results --

static double *read_all(nd_tensor *x)
{
  double *data = calloc((size_t)nd_tensor_size(x) + 1, sizeof *data);
  nd_tensor_read(x, data);
  if (x->dtype == ND_FLOAT32) {
    for (int64_t i = nd_tensor_size(x); i-- > 0;)
      data[i] = (double)((float *)data)[i];
  }
  return data;
}

static void check_bits(nd_tensor *x, nd_tensor *y)
{
  CHECK(x != NULL && y != NULL && nd_same_shape(x, y));
  if (x == NULL || y == NULL)
    return;
  const size_t bytes = (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
  char *a = calloc(1, bytes + 1);
  char *b = calloc(1, bytes + 1);
  nd_tensor_read(x, a);
  nd_tensor_read(y, b);
  CHECK(memcmp(a, b, bytes) == 0);
  free(a);
  free(b);
}

// Checks `x`, and releases it.
static void check_values(nd_tensor *x, int n, const double *want, double tol)
{
  CHECK(x != NULL && nd_tensor_size(x) == n);
  if (x == NULL)
    return;
  double *got = read_all(x);
  for (int i = 0; i < n && i < nd_tensor_size(x); i++)
    CHECK_NEAR(got[i], want[i], tol);
  free(got);
  nd_tensor_release(x);
}

#define CHECK_VALUES(x, tol, ...)                                     \
  check_values(x, sizeof((double[]){ __VA_ARGS__ }) / sizeof(double), \
               (double[]){ __VA_ARGS__ }, tol)

static void check_error(const char *op, nd_tensor *x, nd_tensor *y,
                        const char *options, const char *message)
{
  nd_tensor *in[] = { x, y };
  CHECK(nd_call(c, op, y == NULL ? 1 : 2, in, options) == NULL);
  CHECK_STR(nd_error_message(c), message);
  nd_error_clear(c);
  nd_tensor_release(x);
  nd_tensor_release(y);
}

// ------------------------------------------------------------------ values --

typedef struct inputs {
  int n;
  nd_tensor *in[4];
} inputs;

static inputs make_inputs(const struct golden *row, nd_dtype dtype)
{
  const bool loss = strstr(row->op, "entropy") != NULL;
  const bool sparse = strncmp(row->op, "sparse", 6) == 0;
  inputs all = { .n = loss ? 2 : 1 };
  classes = row->shape[row->rank - 1];
  if (sparse)
    all.in[0] = make(ND_INT32, row->rank - 1, row->shape, class_label);
  else if (loss)
    all.in[0] = make(dtype, row->rank, row->shape, label);
  all.in[all.n - 1] = make(dtype, row->rank, row->shape, logit);
  return all;
}

static void drop(inputs *all)
{
  for (int i = 0; i < all->n; i++)
    nd_tensor_release(all->in[i]);
}

static void check_golden(const struct golden *row, nd_dtype dtype)
{
  inputs all = make_inputs(row, dtype);
  nd_tensor *y = nd_call(c, row->op, all.n, all.in, row->options);
  CHECK(y != NULL);
  double *got = read_all(y);
  for (int i = 0; i < row->n; i++) {
    const double want = row->values[i];
    const double tol = dtype == ND_FLOAT32 ? 3e-7 : 1e-15;
    CHECK_NEAR(got[i * row->stride], want, tol * (1 + 2 * fabs(want)));
  }
  free(got);
  inputs strided = all;
  for (int i = 0; i < all.n; i++)
    strided.in[i] = turned(all.in[i]);
  nd_tensor *z = nd_call(c, row->op, all.n, strided.in, row->options);
  check_bits(y, z);
  nd_tensor_release(y);
  nd_tensor_release(z);
  drop(&strided);
  drop(&all);
}

static void values_are_those_of_numpy(void)
{
  start(NULL);
  for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
    check_golden(&golden[i], ND_FLOAT32);
    check_golden(&golden[i], ND_FLOAT64);
  }
  finish();
}

static nd_tensor *apply1(const char *op, nd_tensor *x, const char *options)
{
  nd_tensor *y = nd_call(c, op, 1, &x, options);
  nd_tensor_release(x);
  return y;
}

static nd_tensor *apply2(const char *op, nd_tensor *x, nd_tensor *y)
{
  nd_tensor *in[] = { x, y };
  nd_tensor *out = nd_call(c, op, 2, in, NULL);
  nd_tensor_release(x);
  nd_tensor_release(y);
  return out;
}

#define DROP(...)                                                          \
  drop(&(inputs){ sizeof((nd_tensor *[]){ __VA_ARGS__ }) / sizeof(void *), \
                  { __VA_ARGS__ } })

static void huge_logits_do_not_overflow(void)
{
  start(NULL);
  for (nd_dtype t = ND_FLOAT32; t <= ND_FLOAT64; t++) {
    CHECK_VALUES(apply1("softmax", VECTOR(t, 1000, 0, -1000), NULL), 0, 1, 0,
                 0);
    CHECK_VALUES(apply1("log_softmax", VECTOR(t, 1000, 0, -1000), NULL), 0, 0,
                 -1000, -2000);
    CHECK_VALUES(apply1("reduce_logsumexp", VECTOR(t, 1000, 1000), NULL), 1e-4,
                 1000 + log(2));
    CHECK_VALUES(apply1("softmax", VECTOR(t, -1000, -1000), NULL), 0, .5, .5);
    CHECK_VALUES(apply2(SOFT, VECTOR(t, 0, 1, 0), VECTOR(t, 1000, 0, -1000)), 0,
                 1000);
    CHECK_VALUES(apply2(SPARSE, scalar(ND_INT32, 3), VECTOR(t, 1000, 0, -1000)),
                 0, 2000);
    CHECK_VALUES(apply2(SIGMOID, VECTOR(t, 1, 0, 1), VECTOR(t, -1000, 0, 1000)),
                 1e-7, 1000, log(2), 0);
  }
  CHECK_VALUES(apply2(SIGMOID, VECTOR(ND_FLOAT32, 1), VECTOR(ND_FLOAT32, 20)),
               1e-15, 2.0611536e-09);
  finish();
}

static void infinite_inputs_give_what_the_limit_gives(void)
{
  const double inf = INFINITY;
  start(NULL);
  CHECK_VALUES(apply1("softmax", VECTOR(ND_FLOAT32, 0, -inf, 0), NULL), 0, .5,
               0, .5);
  CHECK_VALUES(apply1("log_softmax", VECTOR(ND_FLOAT64, 0, -inf), NULL), 0, 0,
               -inf);
  CHECK_VALUES(apply1("reduce_logsumexp", VECTOR(ND_FLOAT32, -inf, -inf), NULL),
               0, -inf);
  CHECK_VALUES(apply1("reduce_logsumexp", VECTOR(ND_FLOAT32, inf, 1), NULL), 0,
               inf);
  CHECK_VALUES(apply1("softmax", VECTOR(ND_FLOAT32, NAN, 1), NULL), 0, NAN,
               NAN);
  CHECK_VALUES(
    apply2(SOFT, VECTOR(ND_FLOAT32, .5, 0, .5), VECTOR(ND_FLOAT32, 0, -inf, 0)),
    1e-7, log(2));
  finish();
}

static void nothing_folds_to_nothing(void)
{
  const int64_t none[] = { 3, 0 };
  start(NULL);
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 2, none, NULL);
  nd_tensor *in[] = { x, x };
  CHECK_VALUES(nd_call(c, "reduce_logsumexp", 1, &x, NULL), 0, -INFINITY);
  CHECK_VALUES(nd_call(c, "reduce_logsumexp", 1, &x, "axis=2"), 0, -INFINITY,
               -INFINITY, -INFINITY);
  CHECK_VALUES(nd_call(c, SOFT, 2, in, NULL), 0, 0, 0, 0);
  check_values(nd_call(c, "reduce_logsumexp", 1, &x, "axis=1"), 0, NULL, 0);
  check_values(nd_call(c, "softmax", 1, &x, NULL), 0, NULL, 0);
  check_values(nd_call(c, "log_softmax", 1, &x, "axis=1"), 0, NULL, 0);
  nd_tensor_release(x);
  x = scalar(ND_FLOAT64, 3);
  CHECK_VALUES(nd_call(c, "reduce_logsumexp", 1, &x, NULL), 0, 3);
  nd_tensor_release(x);
  finish();
}

// ------------------------------------------------------------ what repeats --

// Runs an op in ranges of `step` elements.
static nd_tensor *run_in_steps(const nd_op *op, const nd_args *a,
                               nd_tensor *like, int64_t step)
{
  const nd_type type = nd_type_of(like);
  const nd_job job = { .op = op, .args = a, .out = nd_tensor_make(c, &type) };
  for (int64_t from = 0; from < like->size; from += step) {
    const int64_t left = like->size - from;
    op->run(c, &job, from, from + (left < step ? left : step));
  }
  return job.out;
}

static void check_ranges(const nd_op *op, const nd_args *a)
{
  nd_tensor *y = nd_apply(c, op, a);
  CHECK(y != NULL);
  for (int64_t step = 1; step < 2 * y->size; step = step * 5 + 2) {
    nd_tensor *z = run_in_steps(op, a, y, step);
    check_bits(y, z);
    nd_tensor_release(z);
  }
  nd_tensor_release(y);
}

static void ranges_change_no_bit(void)
{
  static const int64_t shapes[][3] = {
    { 5, 7, 1 }, { 2, 1030, 1 }, { 1, 40, 30 }, { 2, 3, 520 }
  };
  start(NULL);
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    nd_tensor *x = make(ND_FLOAT32, 3, shapes[i], logit);
    nd_tensor *flat = make(ND_FLOAT32, 2, shapes[i], logit);
    nd_tensor *z = make(ND_FLOAT32, 2, shapes[i], label);
    nd_tensor *g = make(ND_FLOAT32, 1, shapes[i], weight);
    nd_args a = { .n = 1, .in = &x };
    a.attr[0] = (nd_attr){ .given = true, .n = 1, .integer = 2, .v = { 2 } };
    check_ranges(nd_op_find("softmax"), &a);
    check_ranges(nd_op_find("log_softmax"), &a);
    check_ranges(nd_op_find("reduce_logsumexp"), &a);
    nd_tensor *shares = nd_apply(c, nd_op_find("softmax"), &a);
    nd_args d = { .n = 2, .in = d.few, .few = { shares, x } };
    d.attr[0] = a.attr[0];
    check_ranges(&nd_op_log_softmax_tangent, &d);
    check_ranges(&nd_op_log_softmax_slope, &d);
    nd_tensor_release(shares);
    nd_args b = { .n = 3, .in = b.few, .few = { z, flat, g } };
    check_ranges(&nd_op_softmax_cross_entropy_slope, &b);
    b.n = 2;
    check_ranges(nd_op_find(SOFT), &b);
    DROP(x, flat, z, g);
  }
  finish();
}

// Of the bits of every golden case; 0 if that CPU is not here.
static uint64_t digest(const char *cpu)
{
  uint64_t sum = 0;
  start(cpu);
  if (c == NULL)
    return 0;
  for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
    for (nd_dtype t = ND_FLOAT32; t <= ND_FLOAT64; t++) {
      inputs all = make_inputs(&golden[i], t);
      nd_tensor *y = nd_call(c, golden[i].op, all.n, all.in, golden[i].options);
      const uint8_t *bytes = (const uint8_t *)y->data;
      for (int64_t k = 0; k < y->size * (int64_t)nd_dtype_size(t); k++)
        sum = sum * 1099511628211u + bytes[k];
      nd_tensor_release(y);
      drop(&all);
    }
  }
  finish();
  return sum;
}

static void cpus_with_fma_give_the_same_bits(void)
{
  const uint64_t avx2 = digest("avx2");
  const uint64_t avx512 = digest("avx512");
  CHECK(avx2 == 0 || avx512 == 0 || avx2 == avx512);
}

// ------------------------------------------------------------- derivatives --

static nd_tensor *vjp(const nd_op *op, int i, const nd_args *a, nd_tensor *g)
{
  nd_tensor *out = nd_apply(c, op, a);
  nd_tensor *y = nd_op_vjp(c, op, i, a, out, g, true);
  nd_tensor_release(out);
  nd_tensor_release(g);
  return y;
}

static void known_gradients_come_out(void)
{
  const nd_op *soft = nd_op_find(SOFT);
  const nd_op *sparse = nd_op_find(SPARSE);
  const nd_op *sigmoid = nd_op_find(SIGMOID);
  const nd_dtype t = ND_FLOAT32;
  start(NULL);
  nd_tensor *z = VECTOR(t, 1, 0, 0);
  nd_tensor *x = VECTOR(t, 2, 1, .1);
  nd_tensor *one = scalar(ND_INT32, 1);
  nd_args a = { .n = 2, .in = a.few, .few = { z, x } };
  nd_args b = { .n = 2, .in = b.few, .few = { one, x } };
  CHECK_VALUES(nd_apply(c, soft, &a), 1e-7, .41703002);
  CHECK_VALUES(nd_apply(c, sparse, &b), 1e-7, .41703002);
  CHECK_VALUES(vjp(soft, 1, &a, scalar(t, 1)), 1e-7, -.34099886, .24243297,
               .09856589);
  CHECK_VALUES(vjp(sparse, 1, &b, scalar(t, 1)), 1e-7, -.34099886, .24243297,
               .09856589);
  CHECK_VALUES(vjp(soft, 0, &a, scalar(t, 1)), 3e-7, .41703002, 1.41703002,
               2.31703002);
  nd_tensor_release(x);
  a.few[1] = b.few[1] = x = VECTOR(t, -1000, 0, 1000);
  CHECK_VALUES(vjp(soft, 1, &a, scalar(t, 2)), 0, -2, 0, 2);
  CHECK_VALUES(vjp(sparse, 1, &b, scalar(t, 2)), 0, -2, 0, 2);
  nd_tensor_release(z);
  a.few[0] = z = VECTOR(t, 1, 0, 1);
  CHECK_VALUES(vjp(sigmoid, 1, &a, VECTOR(t, 1, 1, 1)), 0, -1, .5, 0);
  CHECK_VALUES(vjp(sigmoid, 0, &a, VECTOR(t, 1, 1, 1)), 0, 1000, 0, -1000);
  DROP(z, x, one);
  finish();
}

static void zero_gradients_stay_zero_at_infinite_logits(void)
{
  const nd_op *soft = nd_op_find(SOFT);
  start(NULL);
  nd_tensor *z = VECTOR(ND_FLOAT32, 1, 0);
  nd_tensor *x = VECTOR(ND_FLOAT32, -INFINITY, NAN);
  nd_args a = { .n = 2, .in = a.few, .few = { z, x } };
  CHECK_VALUES(vjp(soft, 0, &a, scalar(ND_FLOAT32, 0)), 0, 0, 0);
  CHECK_VALUES(vjp(soft, 1, &a, scalar(ND_FLOAT32, 0)), 0, 0, 0);
  nd_tensor_release(z);
  nd_tensor_release(x);
  finish();
}

static void check_zeros(const nd_op *op, const nd_args *a)
{
  nd_tensor *out = nd_apply(c, op, a);
  nd_tensor *g = apply1("zeros_like", nd_tensor_keep(out), NULL);
  for (int i = 0; i < a->n; i++) {
    nd_tensor *x = a->in[i];
    if (!nd_op_flows(op, x))
      continue;
    nd_tensor *t[3] = { NULL };
    t[i] = apply1("zeros_like", nd_tensor_keep(x), NULL);
    nd_tensor *y = apply1("abs", nd_op_jvp(c, op, a, out, t), NULL);
    check_bits(y, g);
    nd_tensor_release(y);
    for (int fused = 0; fused < 2; fused++) {
      y = nd_op_vjp(c, op, i, a, out, g, fused);
      y = apply1("abs", y, NULL);
      check_bits(y, t[i]);
      nd_tensor_release(y);
    }
    nd_tensor_release(t[i]);
  }
  DROP(out, g);
}

static double extreme(int64_t i)
{
  const double values[] = { 0, 1, NAN, -INFINITY, -INFINITY, INFINITY, 1, 0 };
  return values[i % 8];
}

// Rows with nan, of -inf alone, and with inf; along both axes.
static void nothing_in_gives_nothing_out_in_both_modes(void)
{
  const int64_t shape[] = { 4, 2 };
  start(NULL);
  for (nd_dtype t = ND_FLOAT32; t <= ND_FLOAT64; t++) {
    nd_tensor *x = make(t, 2, shape, extreme);
    nd_tensor *z = make(t, 2, shape, label);
    nd_tensor *g = make(t, 1, shape, extreme);
    classes = 2;
    nd_tensor *labels = make(ND_INT32, 1, shape, class_label);
    for (int axis = 1; axis <= 2; axis++) {
      nd_args a = { .n = 1, .in = &x };
      a.attr[0] = (nd_attr){ true, 1, 0, { axis }, { axis } };
      check_zeros(nd_op_find("softmax"), &a);
      check_zeros(nd_op_find("log_softmax"), &a);
      check_zeros(nd_op_find("reduce_logsumexp"), &a);
    }
    nd_args b = { .n = 2, .in = b.few, .few = { z, x, g } };
    check_zeros(nd_op_find(SOFT), &b);
    b.n = 3;
    check_zeros(&nd_op_softmax_cross_entropy_slope, &b);
    b.n = 2;
    b.few[0] = labels;
    check_zeros(nd_op_find(SPARSE), &b);
    DROP(x, z, g, labels);
  }
  finish();
}

// Differences of sum(op(in) * g) as in[i] moves by h in direction d.
static double difference(const nd_op *op, nd_args *a, int i, nd_tensor *d,
                         nd_tensor *g)
{
  const double h = 1e-5;
  double sums[2];
  nd_tensor *x = a->in[i];
  for (int side = 0; side < 2; side++) {
    const size_t mark = nd_pool_mark(c);
    nd_tensor *step = nd_rule_number(c, x, side ? h : -h);
    const nd_op *multiply = nd_op_find("multiply");
    a->in[i] = nd_rule2(c, nd_op_find("add"), x,
                        nd_rule2(c, multiply, d, step));
    nd_tensor *y = nd_pool_add(c, nd_apply(c, op, a));
    y = nd_rule1(c, nd_op_find("reduce_sum"), nd_rule2(c, multiply, y, g));
    nd_tensor_item(y, &sums[side]);
    nd_pool_drain(c, mark);
  }
  a->in[i] = x;
  return (sums[1] - sums[0]) / (2 * h);
}

static double dot(nd_tensor *x, nd_tensor *y)
{
  double sum = 0;
  double *a = read_all(x);
  double *b = read_all(y);
  for (int64_t i = 0; i < nd_tensor_size(x); i++)
    sum += a[i] * b[i];
  free(a);
  free(b);
  return sum;
}

// vjp and jvp of every float input against differences.
static void check_derivatives(const nd_op *op, nd_args *a)
{
  nd_tensor *out = nd_apply(c, op, a);
  CHECK(out != NULL);
  if (out == NULL)
    return;
  nd_tensor *g = make(ND_FLOAT64, out->rank, out->dims, weight);
  for (int i = 0; i < a->n; i++) {
    nd_tensor *x = a->in[i];
    if (!nd_op_flows(op, x))
      continue;
    nd_tensor *d = make(ND_FLOAT64, x->rank, x->dims, label);
    nd_tensor *t[3] = { NULL };
    t[i] = d;
    nd_tensor *back = nd_op_vjp(c, op, i, a, out, g, false);
    nd_tensor *forth = nd_op_jvp(c, op, a, out, t);
    CHECK(back != NULL && forth != NULL);
    const double want = difference(op, a, i, d, g);
    CHECK_NEAR(dot(back, d), want, 1e-8 * (1 + fabs(want)));
    CHECK_NEAR(dot(forth, g), want, 1e-8 * (1 + fabs(want)));
    nd_tensor_release(back);
    nd_tensor_release(forth);
    nd_tensor_release(d);
  }
  nd_tensor_release(g);
  nd_tensor_release(out);
}

static double small(int64_t i)
{
  return logit(i) / 4;
}

static void derivatives_agree_with_differences(void)
{
  static const int64_t shapes[][3] = { { 1, 1 }, { 3, 4 }, { 2, 3, 4 } };
  start(NULL);
  for (int k = 0; k < 3; k++) {
    const int rank = k < 2 ? 2 : 3;
    classes = shapes[k][rank - 1];
    nd_tensor *x = make(ND_FLOAT64, rank, shapes[k], small);
    nd_tensor *z = make(ND_FLOAT64, rank, shapes[k], label);
    nd_tensor *g = make(ND_FLOAT64, rank - 1, shapes[k], weight);
    nd_tensor *labels = make(ND_INT32, rank - 1, shapes[k], class_label);
    nd_args one = { .n = 1, .in = &x };
    one.attr[0] = (nd_attr){ .given = true, .n = 1, .integer = 1, .v = { 1 } };
    check_derivatives(nd_op_find("softmax"), &one);
    check_derivatives(nd_op_find("log_softmax"), &one);
    check_derivatives(nd_op_find("reduce_logsumexp"), &one);
    one.attr[0].given = false;
    check_derivatives(nd_op_find("reduce_logsumexp"), &one);
    nd_args two = { .n = 2, .in = two.few, .few = { z, x, g } };
    check_derivatives(nd_op_find(SOFT), &two);
    check_derivatives(nd_op_find(SIGMOID), &two);
    two.n = 3;
    check_derivatives(&nd_op_softmax_cross_entropy_slope, &two);
    two.few[0] = labels;
    check_derivatives(&nd_op_softmax_cross_entropy_slope, &two);
    two.n = 2;
    check_derivatives(nd_op_find(SPARSE), &two);
    DROP(x, z, g, labels);
  }
  finish();
}

// ------------------------------------------------------------------ errors --

static void mistakes_are_named(void)
{
  const nd_dtype t = ND_FLOAT32;
  const int64_t column[] = { 3, 1 };
  start(NULL);
  check_error("softmax", scalar(t, 1), NULL, NULL,
              "softmax: needs an axis: x is []");
  check_error(SOFT, VECTOR(t, 1, 2, 3), make(t, 2, column, logit), NULL,
              SOFT ": shapes differ: labels is [3], logits is [3 1]");
  check_error(SOFT, scalar(t, 1), scalar(t, 1), NULL,
              SOFT ": needs an axis of classes: logits is []");
  check_error(SIGMOID, VECTOR(t, 1, 2, 3), make(t, 2, column, logit), NULL,
              SIGMOID ": shapes differ: labels is [3], logits is [3 1]");
  check_error(SPARSE, VECTOR(ND_INT32, 1, 1), make(t, 2, column, logit), NULL,
              SPARSE ": labels must have the shape of logits without its last "
                     "axis: labels is [2], logits is [3 1]");
  check_error(SPARSE, VECTOR(t, 1, 1, 1), make(t, 2, column, logit), NULL,
              SPARSE ": labels must be integers, got float32; use nd.cast");
  check_error(SPARSE, VECTOR(ND_INT32, 1, 0, 1), make(t, 2, column, logit),
              NULL,
              SPARSE ": label 0 is outside 1..1; labels count from 1 here");
  check_error(SPARSE, VECTOR(ND_INT32, 1, 2, 1), make(t, 2, column, logit),
              NULL, SPARSE ": label 2 is outside 1..1");
  finish();
}

int main(void)
{
  RUN(values_are_those_of_numpy);
  RUN(huge_logits_do_not_overflow);
  RUN(infinite_inputs_give_what_the_limit_gives);
  RUN(nothing_folds_to_nothing);
  RUN(ranges_change_no_bit);
  RUN(cpus_with_fma_give_the_same_bits);
  RUN(known_gradients_come_out);
  RUN(zero_gradients_stay_zero_at_infinite_logits);
  RUN(nothing_in_gives_nothing_out_in_both_modes);
  RUN(derivatives_agree_with_differences);
  RUN(mistakes_are_named);
  return check_done();
}
