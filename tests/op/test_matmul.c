// ops/matmul.c: shapes, batches, flips, gradients and messages of matmul. That
// the kernels are right is shown in kernel/test_matmul.c.

#include "check.h"
#include "op/rule.h"

extern const nd_op nd_op_matmul;

static nd_context *c;

enum { ROOM = 4096 };

// A tensor of quarters between -3 and 3, so that sums are exact.
static nd_tensor *make(int rank, const int64_t *shape)
{
  static uint32_t seed = 1;
  double values[ROOM];
  int64_t size = 1;
  for (int i = 0; i < rank; i++)
    size *= shape[i];
  for (int i = 0; i < size; i++) {
    seed = seed * 1664525 + 1013904223;
    values[i] = (double)(seed >> 16) / 65536 * 24;
    values[i] = (double)((int)values[i] - 12) / 4;
  }
  return nd_tensor_new(c, ND_FLOAT64, rank, shape, values);
}

#define MAKE(...)                                                 \
  make((int)(sizeof(int64_t[]){ __VA_ARGS__ } / sizeof(int64_t)), \
       (int64_t[]){ __VA_ARGS__ })

static nd_tensor *multiply(nd_tensor *a, nd_tensor *b, const char *options)
{
  return nd_call(c, "matmul", 2, (nd_tensor *[]){ a, b }, options);
}

static void check_shape(const nd_tensor *x, const char *want)
{
  CHECK(x != NULL);
  if (x != NULL)
    CHECK_STR(ND_SHAPE(x->rank, x->dims), want);
}

// The sum of x * y, which have one shape.
static double inner(nd_tensor *x, nd_tensor *y)
{
  static double p[ROOM], q[ROOM];
  nd_tensor_read(x, p);
  nd_tensor_read(y, q);
  double sum = 0;
  for (int64_t i = 0; i < nd_tensor_size(x); i++)
    sum += p[i] * q[i];
  return sum;
}

static bool flag(const char *options, const char *name)
{
  return options != NULL && strstr(options, name) != NULL;
}

// The gradient of each input must be the transpose of a linear map: its inner
// product with the input is that of `g` with the output.
static void check_gradients(nd_tensor *a, nd_tensor *b, const char *options)
{
  nd_args args = { .n = 2, .in = args.few, .few = { a, b } };
  args.attr[0].integer = flag(options, "transpose_a");
  args.attr[1].integer = flag(options, "transpose_b");
  const size_t mark = nd_pool_mark(c);
  nd_tensor *out = nd_apply(c, &nd_op_matmul, &args);
  CHECK(out != NULL);
  if (out != NULL) {
    nd_tensor *g = make(out->rank, out->dims);
    const double want = inner(g, out);
    for (int i = 0; i < 2; i++) {
      nd_tensor *slope = nd_op_matmul.transpose(c, i, &args, out, g);
      slope = nd_rule_sum_to(c, slope, args.in[i]);
      CHECK(slope != NULL && nd_same_shape(slope, args.in[i]));
      if (slope != NULL)
        CHECK_NEAR(inner(slope, args.in[i]), want, 1e-9);
    }
    nd_tensor_release(g);
  }
  nd_pool_drain(c, mark);
  nd_tensor_release(out);
  nd_tensor_release(a);
  nd_tensor_release(b);
}

static void the_product_of_two_matrices(void)
{
  const float x[] = { 1, 2, 3, 4, 5, 6 };
  const float want[] = { 22, 28, 49, 64 };
  float got[4];
  nd_tensor *a = nd_tensor_new(c, ND_FLOAT32, 2, (int64_t[]){ 2, 3 }, x);
  nd_tensor *b = nd_tensor_new(c, ND_FLOAT32, 2, (int64_t[]){ 3, 2 }, x);
  nd_tensor *y = multiply(a, b, NULL);
  check_shape(y, "[2 2]");
  CHECK(nd_tensor_read(y, got) && memcmp(got, want, sizeof got) == 0);
  nd_tensor_release(y);
  y = multiply(a, a, "transpose_b=true");
  check_shape(y, "[2 2]");
  CHECK(nd_tensor_read(y, got) && got[0] == 14 && got[1] == 32 && got[3] == 77);
  nd_tensor_release(y);
  nd_tensor_release(a);
  nd_tensor_release(b);
}

static void batches_broadcast(void)
{
  nd_tensor *a = MAKE(2, 1, 3, 4);
  nd_tensor *b = MAKE(5, 4, 2);
  nd_tensor *y = multiply(a, b, NULL);
  check_shape(y, "[2 5 3 2]");
  double p[2 * 12], q[5 * 8], r[2 * 5 * 6];
  nd_tensor_read(a, p);
  nd_tensor_read(b, q);
  nd_tensor_read(y, r);
  int wrong = 0;
  for (int at = 0; at < 2 * 5 * 6; at++) {
    double sum = 0;
    for (int k = 0; k < 4; k++)
      sum += p[at / 30 * 12 + at / 2 % 3 * 4 + k] *
             q[at / 6 % 5 * 8 + k * 2 + at % 2];
    wrong += sum != r[at];
  }
  CHECK_INT(wrong, 0);
  nd_tensor_release(a);
  nd_tensor_release(b);
  nd_tensor_release(y);
}

static void no_terms_sum_to_zero(void)
{
  nd_tensor *a = MAKE(2, 0);
  nd_tensor *b = MAKE(0, 3);
  nd_tensor *y = multiply(a, b, NULL);
  double got[6] = { 1, 1, 1, 1, 1, 1 };
  check_shape(y, "[2 3]");
  nd_tensor_read(y, got);
  for (int i = 0; i < 6; i++)
    CHECK(got[i] == 0);
  nd_tensor_release(a);
  nd_tensor_release(b);
  nd_tensor_release(y);
}

static void gradients_are_transposes_for_every_flip_and_batch(void)
{
  check_gradients(MAKE(2, 3), MAKE(3, 4), NULL);
  check_gradients(MAKE(3, 2), MAKE(3, 4), "transpose_a");
  check_gradients(MAKE(2, 3), MAKE(4, 3), "transpose_b");
  check_gradients(MAKE(3, 2), MAKE(4, 3), "transpose_a transpose_b");
  check_gradients(MAKE(5, 2, 3), MAKE(3, 4), NULL);
  check_gradients(MAKE(5, 2, 3), MAKE(4, 3), "transpose_b");
  check_gradients(MAKE(5, 3, 2), MAKE(3, 4), "transpose_a");
  check_gradients(MAKE(2, 3), MAKE(5, 3, 4), NULL);
  check_gradients(MAKE(2, 1, 2, 3), MAKE(3, 3, 2), NULL);
  check_gradients(MAKE(2, 1, 3, 2), MAKE(3, 4, 3), "transpose_a transpose_b");
  check_gradients(MAKE(0, 3), MAKE(3, 4), NULL);
  check_gradients(MAKE(2, 0), MAKE(0, 3), NULL);
}

static void check_message(nd_tensor *a, nd_tensor *b, const char *options,
                          const char *want)
{
  CHECK(multiply(a, b, options) == NULL);
  CHECK_STR(nd_error_message(c), want);
  nd_error_clear(c);
  nd_tensor_release(a);
  nd_tensor_release(b);
}

static void messages_show_both_shapes(void)
{
  check_message(MAKE(2, 3), MAKE(4, 5), NULL,
                "matmul: inner sizes differ: a is [2 3], b is [4 5]");
  check_message(MAKE(2, 3), MAKE(3, 5), "transpose_a=true",
                "matmul: inner sizes differ: a is [2 3] transposed, "
                "b is [3 5]");
  check_message(MAKE(3), MAKE(3, 5), NULL,
                "matmul: needs at least 2 axes: a is [3]");
  check_message(MAKE(2, 3), MAKE(3), NULL,
                "matmul: needs at least 2 axes: b is [3]");
  check_message(MAKE(2, 2, 3), MAKE(4, 3, 5), NULL,
                "matmul: batch axes do not broadcast: a is [2 2 3], "
                "b is [4 3 5]");
}

int main(void)
{
  c = nd_context_new(NULL);
  RUN(the_product_of_two_matrices);
  RUN(batches_broadcast);
  RUN(no_terms_sum_to_zero);
  RUN(gradients_are_transposes_for_every_flip_and_batch);
  RUN(messages_show_both_shapes);
  nd_context_free(c);
  return check_done();
}
