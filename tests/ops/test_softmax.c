// Tests of ops/softmax.c and ops/cross_entropy.c: what facts cannot say of long
// rows, of forward mode, and of the ops that only rules apply.

#include "../op/probe.h"

extern const nd_op nd_op_softmax_cross_entropy_slope, nd_op_log_softmax_tangent,
  nd_op_log_softmax_slope;

#define SOFT "softmax_cross_entropy_with_logits"
#define SPARSE "sparse_softmax_cross_entropy_with_logits"
#define SIGMOID "sigmoid_cross_entropy_with_logits"

// ----------------------------------------------------------------- inputs --

// 0..last, times `step`, modulo `size`; exact in every dtype.
static nd_tensor *cycle(nd_dtype dtype, const char *last, const char *step,
                        const char *size)
{
  nd_tensor *x = CALL("range", NULL, tensor(dtype, "0"), tensor(dtype, last),
                      tensor(dtype, "1"));
  x = CALL("multiply", NULL, x, tensor(dtype, step));
  return CALL("mod", NULL, x, tensor(dtype, size));
}

// Between -8 and 8, of the shape "shape=[...]" of last + 1 elements.
static nd_tensor *logits(nd_dtype dtype, const char *last, const char *shape)
{
  nd_tensor *x = cycle(dtype, last, "1910", "2003");
  x = CALL("subtract", NULL, x, tensor(dtype, "1001"));
  return CALL("reshape", shape, CALL("divide", NULL, x, tensor(dtype, "128")));
}

static nd_tensor *labels(nd_dtype dtype, const char *last, const char *shape)
{
  nd_tensor *x = cycle(dtype, last, "1", "17");
  return CALL("reshape", shape, CALL("divide", NULL, x, tensor(dtype, "64")));
}

static nd_tensor *classes(const char *last, const char *count,
                          const char *shape)
{
  nd_tensor *x = CALL("add", NULL, cycle(ND_INT32, last, "3", count), I32("1"));
  return CALL("reshape", shape, x);
}

// --------------------------------------------------------------- long rows --

static uint64_t digest;  // of the bits of all results so far

static void check_bits(nd_tensor *x, nd_tensor *y)
{
  CHECK(x != NULL && y != NULL && nd_same_shape(x, y));
  if (x == NULL || y == NULL)
    return;
  const size_t bytes = (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
  uint8_t *a = calloc(1, bytes + 1), *b = calloc(1, bytes + 1);
  nd_tensor_read(x, a);
  nd_tensor_read(y, b);
  CHECK(memcmp(a, b, bytes) == 0);
  for (size_t i = 0; i < bytes; i++)
    digest = digest * 1099511628211u + a[i];
  free(a);
  free(b);
}

static const struct {
  const char *options, *last, *shape;
} rows[] = {
  { "axis=1", "4", "shape=[5]" },
  { "axis=2", "14", "shape=[3 5]" },
  { "axis=2", "159", "shape=[4 40]" },
  { "axis=1", "23", "shape=[2 3 4]" },
  { "axis=2", "23", "shape=[2 3 4]" },
  { "axis=2", "3599", "shape=[3 1200]" },
  { "axis=1", "3599", "shape=[1200 3]" },
  { "axis=2", "4199", "shape=[3 700 2]" },
  { "axis=2", "3599", "shape=[2 3 600]" },
}, folded[] = {
  { "axis=[1 3] keepdims=true", "23", "shape=[2 3 4]" },
  { "axis=[2 3] keepdims=true", "23", "shape=[2 3 4]" },
  { "axis=[2 4] keepdims=true", "3599", "shape=[3 30 2 20]" },
};

static const struct {
  const char *last, *shape, *count, *last_row, *outer;
} losses[] = {
  { "3", "shape=[4]", "4", "0", "shape=[]" },
  { "69", "shape=[7 10]", "10", "6", "shape=[7]" },
  { "299", "shape=[2 3 50]", "50", "5", "shape=[2 3]" },
  { "3599", "shape=[3 1200]", "1200", "2", "shape=[3]" },
  { "599", "shape=[600 1]", "1", "599", "shape=[600]" },
};

enum {
  ROWS = sizeof rows / sizeof *rows,
  FOLDED = sizeof folded / sizeof *folded,
  LOSSES = sizeof losses / sizeof *losses
};

static void check_row(const char *op, const char *options, nd_tensor *x)
{
  check_bits(CALL(op, options, x), CALL(op, options, lay(x, TRANSPOSED)));
}

static void check_loss(const char *op, nd_tensor *z, nd_tensor *x)
{
  check_bits(CALL(op, NULL, z, x),
             CALL(op, NULL, lay(z, TRANSPOSED), lay(x, TRANSPOSED)));
}

static void check_strides(nd_dtype dtype)
{
  for (int i = 0; i < ROWS; i++) {
    nd_tensor *x = logits(dtype, rows[i].last, rows[i].shape);
    check_row("softmax", rows[i].options, x);
    check_row("log_softmax", rows[i].options, x);
    check_row("reduce_logsumexp", rows[i].options, x);
  }
  for (int i = 0; i < FOLDED; i++)
    check_row("reduce_logsumexp", folded[i].options,
              logits(dtype, folded[i].last, folded[i].shape));
  for (int i = 0; i < LOSSES; i++) {
    nd_tensor *x = logits(dtype, losses[i].last, losses[i].shape);
    nd_tensor *z = labels(dtype, losses[i].last, losses[i].shape);
    check_loss(SOFT, z, x);
    check_loss(SIGMOID, z, x);
    check_loss(
      SPARSE, classes(losses[i].last_row, losses[i].count, losses[i].outer), x);
  }
}

static void strides_change_no_bit(void)
{
  start();
  check_strides(ND_FLOAT32);
  check_strides(ND_FLOAT64);
  finish();
}

// 0 if that CPU is not here.
static uint64_t digest_of(const char *cpu)
{
  digest = 0;
  if (!start_with((nd_config){ .cpu = cpu }))
    return 0;
  check_strides(ND_FLOAT32);
  check_strides(ND_FLOAT64);
  finish();
  return digest;
}

static void cpus_with_fma_give_the_same_bits(void)
{
  const uint64_t avx2 = digest_of("avx2"), avx512 = digest_of("avx512");
  CHECK(avx2 == 0 || avx512 == 0 || avx2 == avx512);
}

// Runs the job in ranges of `step` elements.
static nd_tensor *run_in_steps(nd_job j, nd_tensor *like, int64_t step)
{
  const nd_type type = nd_type_of(like);
  nd_tensor *out = own(nd_tensor_make(c, &type));
  j.out = &out;
  for (int64_t from = 0; from < like->size; from += step) {
    const int64_t left = like->size - from;
    j.op->run(&j, from, from + (left < step ? left : step));
  }
  return out;
}

static void check_ranges(const nd_op *op, const char *options, int n,
                         nd_tensor **inputs)
{
  nd_value attr[ND_MAX_ATTRS];
  int64_t lists[64];
  nd_values_start(op, attr);
  nd_values_parse(c, op, attr, lists, options);
  const nd_job j = { .op = op, .n = n, .outs = 1, .in = inputs, .attr = attr };
  nd_tensor *y = own(nd_apply(c, op, n, inputs, attr));
  CHECK(y != NULL);
  for (int64_t step = 1; y != NULL && step < 2 * y->size; step = step * 5 + 2)
    check_bits(y, run_in_steps(j, y, step));
}

#define CHECK_RANGES(op, options, ...)                                       \
  check_ranges(op, options,                                                  \
               sizeof((nd_tensor *[]){ __VA_ARGS__ }) / sizeof(nd_tensor *), \
               (nd_tensor *[]){ __VA_ARGS__ })

static void ranges_change_no_bit(void)
{
  static const struct {
    const char *last, *shape, *last_flat, *flat, *last_row, *row;
  } sizes[] = {
    { "34", "shape=[5 7 1]", "34", "shape=[5 7]", "4", "shape=[5]" },
    { "2059", "shape=[2 1030 1]", "2059", "shape=[2 1030]", "1", "shape=[2]" },
    { "1199", "shape=[1 40 30]", "39", "shape=[1 40]", "0", "shape=[1]" },
    { "3119", "shape=[2 3 520]", "5", "shape=[2 3]", "1", "shape=[2]" },
  };
  const nd_dtype t = ND_FLOAT32;
  start();
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    nd_tensor *x = logits(t, sizes[i].last, sizes[i].shape);
    nd_tensor *flat = logits(t, sizes[i].last_flat, sizes[i].flat);
    nd_tensor *z = labels(t, sizes[i].last_flat, sizes[i].flat);
    nd_tensor *g = logits(t, sizes[i].last_row, sizes[i].row);
    nd_tensor *shares = CALL("softmax", "axis=2", x);
    CHECK_RANGES(nd_op_find("softmax"), "axis=2", x);
    CHECK_RANGES(nd_op_find("log_softmax"), "axis=2", x);
    CHECK_RANGES(nd_op_find("reduce_logsumexp"), "axis=2", x);
    CHECK_RANGES(&nd_op_log_softmax_tangent, "axis=2", shares, x);
    CHECK_RANGES(&nd_op_log_softmax_slope, "axis=2", shares, x);
    CHECK_RANGES(nd_op_find(SOFT), "", z, flat);
    CHECK_RANGES(&nd_op_softmax_cross_entropy_slope, "", z, flat, g);
  }
  finish();
}

// ------------------------------------------------------------ derivatives --

static nd_tensor *zeros_like(nd_tensor *x)
{
  return CALL("zeros_like", NULL, x);
}

// Reads a case of [4 2] floats, and gives the last input, or all that follow
// the labels, rows with nan, of -inf alone, and with inf.
static void read_extremes(trial *t, const nd_op *op, const char *text)
{
  static const double extremes[] = { 0,         1,        NAN, -INFINITY,
                                     -INFINITY, INFINITY, 1,   0 };
  case_read(t, op, text);
  for (int i = t->n > 1; i < t->n; i++)
    memcpy(t->in[i].at, extremes, (size_t)t->in[i].size * sizeof *extremes);
}

static void check_zeros(const nd_op *op, const char *text)
{
  static trial t;
  read_extremes(&t, op, text);
  for (nd_dtype dtype = ND_FLOAT32; dtype <= ND_FLOAT64; dtype++) {
    probe p;
    CHECK(start_probe(&p, &t, dtype, DENSE));
    for (int i = 0; i < t.n; i++) {
      nd_tensor *moves[CASE_INPUTS] = { NULL };
      if (p.moves[i] == NULL)
        continue;
      moves[i] = zeros_like(p.moves[i]);
      nd_tensor *dy[CASE_OUTPUTS];
      CHECK(tangent(&p, moves, dy) && is_zero(dy[0]));
      p.weights[0] = zeros_like(p.k.out[0]);
      CHECK(is_zero(backward(&p, i, true)));
      CHECK(is_zero(backward(&p, i, false)));
    }
  }
}

static void nothing_in_gives_nothing_out_in_both_modes(void)
{
  start();
  for (int axis = 1; axis <= 2; axis++) {
    const char *text = axis == 1 ? "[4 2] axis=1" : "[4 2] axis=2";
    check_zeros(nd_op_find("softmax"), text);
    check_zeros(nd_op_find("log_softmax"), text);
    check_zeros(nd_op_find("reduce_logsumexp"), text);
  }
  check_zeros(nd_op_find(SOFT), "[4 2] [4 2]");
  check_zeros(nd_op_find(SPARSE), "{1 2 1 2} [4 2]");
  check_zeros(&nd_op_softmax_cross_entropy_slope, "[4 2] [4 2] [4]");
  finish();
}

// The weighted output where the inputs have moved by h.
static double moved(probe *p, double h)
{
  double scale = 0;
  for (int i = 0; i < p->t->n; i++) {
    double *x = p->moves[i] == NULL ? NULL : (double *)p->k.in[i]->data;
    for (int64_t j = 0; x != NULL && j < p->k.in[i]->size; j++)
      x[j] += h * at(p->moves[i], j);
  }
  forward(p);
  return weigh(p, p->k.out, &scale);
}

static void check_modes(const trial *t)
{
  const double h = 1e-5;
  double scale = 0, back = 0;
  probe p;
  CHECK(start_probe(&p, t, ND_FLOAT64, DENSE));
  nd_tensor *dy[CASE_OUTPUTS];
  CHECK(tangent(&p, p.moves, dy));
  const double ahead = weigh(&p, dy, &scale);
  for (int i = 0; i < t->n; i++) {
    if (p.moves[i] != NULL)
      back += dot(backward(&p, i, false), p.moves[i], &scale);
  }
  const double after = moved(&p, h), before = moved(&p, -2 * h);
  const double want = (after - before) / (2 * h);
  CHECK_NEAR(ahead, want, 1e-8 * (1 + fabs(want)));
  CHECK_NEAR(back, want, 1e-8 * (1 + fabs(want)));
}

// An op whose entry has no cases: of labels of both kinds, and of two axes.
static void the_slope_of_a_loss_has_a_derivative_in_both_modes(void)
{
  static trial t;
  nd_op slope = nd_op_softmax_cross_entropy_slope;
  start();
  slope.low = -2;
  slope.high = 2;
  for (const char *text = "[1 1] [1 1] [1]; [3 4] [3 4] [3]; {1} [1 1] [1]; "
                          "[2 3 4] [2 3 4] [2 3]; {1 4 3} [3 4] [3]";
       text != NULL;) {
    text = case_read(&t, &slope, text);
    check_modes(&t);
  }
  case_read(&t, &slope, "{1 4 3 2 1 4} [2 3 4] [2 3]");
  t.in[0].rank = 2;
  memcpy(t.in[0].shape, t.in[1].shape, 2 * sizeof *t.in[0].shape);
  check_modes(&t);
  finish();
}

static void the_derivative_of_a_loss_of_two_axes_of_classes(void)
{
  static trial t;
  start();
  case_read(&t, nd_op_find(SPARSE), "{1 4 3 2 1 4} [2 3 4]");
  t.in[0].rank = 2;
  memcpy(t.in[0].shape, t.in[1].shape, 2 * sizeof *t.in[0].shape);
  check_modes(&t);
  finish();
}

static void check_direct(nd_tensor *x, const char *axis)
{
  nd_tensor *all = CALL("reduce_logsumexp", axis, x);
  nd_tensor *y = CALL("log_softmax", axis, x), *p = CALL("softmax", axis, x);
  nd_tensor *direct = CALL("log", NULL,
                           CALL("reduce_sum", axis, CALL("exp", NULL, x)));
  CHECK_VALUES(CALL("reduce_max", NULL,
                    CALL("abs", NULL, CALL("subtract", NULL, all, direct))),
               "0", 1e-13);
  CHECK_VALUES(
    CALL("reduce_max", NULL,
         CALL("abs", NULL, CALL("subtract", NULL, y, CALL("log", NULL, p)))),
    "0", 1e-13);
  nd_tensor *ones = CALL("reduce_sum", axis, p);
  CHECK_VALUES(CALL("reduce_min", NULL, ones), "1", 1e-13);
  CHECK_VALUES(CALL("reduce_max", NULL, ones), "1", 1e-13);
}

// Rows that are measured in parts.
static void long_rows_are_right(void)
{
  start();
  check_direct(logits(ND_FLOAT64, "299999", "shape=[2 150000]"), "axis=2");
  check_direct(logits(ND_FLOAT64, "299999", "shape=[150000 2]"), "axis=1");
  check_direct(logits(ND_FLOAT64, "311999", "shape=[2 300 520]"), "axis=2");
  finish();
}

int main(void)
{
  RUN(strides_change_no_bit);
  RUN(cpus_with_fma_give_the_same_bits);
  RUN(ranges_change_no_bit);
  RUN(nothing_in_gives_nothing_out_in_both_modes);
  RUN(the_slope_of_a_loss_has_a_derivative_in_both_modes);
  RUN(the_derivative_of_a_loss_of_two_axes_of_classes);
  RUN(long_rows_are_right);
  return check_done();
}
