// Tests of op/fold.c: a fold has the bits of that of a copy, however its input
// lies in memory.

#include "../values.h"

enum { LARGEST = 210000 };

static const char *const folds[] = { "reduce_sum",      "reduce_prod",
                                     "reduce_max",      "reduce_min",
                                     "reduce_mean",     "moments",
                                     "reduce_logsumexp" };

// Numbers of many digits, with some special ones.
static nd_tensor *make_digits(nd_dtype dtype, int rank, const int64_t *shape)
{
  static double data[LARGEST];
  int64_t n = 1;
  for (int i = 0; i < rank; i++)
    n *= shape[i];
  for (int64_t i = 0; i < n; i++) {
    const double x = (double)(i * 7919 % 3001) / 3001 - .5;
    data[i] = i % 911 == 5 ? NAN : i % 13 == 2 ? -0.0 : x * x * 3;
    if (!nd_dtype_in(dtype, ND_FLOATS))
      data[i] = (double)(i * 7919 % 101);
  }
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT64, rank, shape, data);
  char as[20];
  snprintf(as, sizeof as, "dtype=%s", nd_dtype_name(dtype));
  nd_tensor *y = nd_call(c, "cast", 1, &x, as);
  nd_tensor_release(x);
  return y;
}

static void check_outputs(const char *fold, const char *axes, nd_tensor *y,
                          nd_tensor *z)
{
  static double got[LARGEST], want[LARGEST];
  nd_tensor_read(y, got);
  nd_tensor_read(z, want);
  const size_t width = nd_dtype_size(nd_tensor_dtype(y));
  if (memcmp(got, want, (size_t)nd_tensor_size(y) * width) != 0)
    CHECK_STR(axes, fold);
  nd_tensor_release(y);
  nd_tensor_release(z);
}

static void check_fold(const char *fold, nd_tensor *x, nd_tensor *copy,
                       const char *axes)
{
  nd_tensor *y[2], *z[2];
  int n = 2;
  CHECK(nd_call_all(c, fold, 1, &x, axes, &n, y));
  n = 2;
  CHECK(nd_call_all(c, fold, 1, &copy, axes, &n, z));
  for (int i = 0; i < n; i++)
    check_outputs(fold, axes, y[i], z[i]);
}

// Every fold, but for some, of `view` of inputs of some shape, over axes of
// three.
static void check_view(nd_dtype dtype, const int64_t *shape, const char *op,
                       const char *view, int step)
{
  static const char *const axes[] = { "axis=1",     "axis=2",     "axis=3",
                                      "axis=[1 2]", "axis=[1 3]", "axis=[2 3]",
                                      NULL };
  nd_tensor *x = make_digits(dtype, 3, shape);
  nd_tensor *y = nd_call(c, op, 1, &x, view);
  nd_tensor *copy = nd_call(c, "concat", 1, &y, "axis=1");
  const int last = nd_dtype_in(dtype, ND_FLOATS) ? 7 : 5;
  for (int f = 0; f < last; f += step) {
    for (int a = 0; a < 7; a++)
      check_fold(folds[f], y, copy, axes[a]);
  }
  nd_tensor_release(copy);
  nd_tensor_release(y);
  nd_tensor_release(x);
}

static void check_shapes(const char *op, const char *view)
{
  static const int64_t shapes[][3] = {
    { 1, 1, 1 },    { 3, 1, 2 },     { 2, 7, 5 },  { 9, 40, 3 },
    { 40, 2, 33 },  { 3, 65, 9 },    { 5, 1, 70 }, { 300, 3, 17 },
    { 2, 600, 11 }, { 3, 10, 1100 }, { 3, 0, 5 },  { 4, 5, 0 },
  };
  start();
  for (int d = 0; d < ND_BOOL; d++) {
    for (int s = 0; s < 12; s++)
      check_view((nd_dtype)d, shapes[s], op, view, 1);
  }
  finish();
}

static void transposed_inputs_change_no_bit(void)
{
  check_shapes("transpose", "perm=[3 2 1]");
  check_shapes("transpose", "perm=[2 3 1]");
  check_shapes("transpose", "perm=[3 1 2]");
  check_shapes("transpose", "perm=[1 3 2]");
  check_shapes("transpose", "perm=[2 1 3]");
}

static void parts_of_inputs_change_no_bit(void)
{
  check_shapes("slice", "ranges=[1:-1 1:-1 1:-1:2]");
  check_shapes("slice", "ranges=[1:-1:2 -1:1:-1 1:-1]");
  check_shapes("slice", "ranges=[-1:1:-1 1:-1 -1:1:-1]");
}

static const char *const orders[] = { "perm=[3 2 1]", "perm=[2 3 1]",
                                      "perm=[3 1 2]", "perm=[1 3 2]",
                                      "perm=[2 1 3]" };

// Of more than one part of a fold, and of axes longer than that.
static const int64_t large[][3] = {
  { 70, 50, 60 },  { 3, 300, 170 }, { 400, 3, 170 }, { 1, 1031, 200 },
  { 70000, 1, 3 }, { 2, 9, 8209 },  { 2, 8209, 9 },
};

static void check_large(nd_dtype dtype, int shapes, int step)
{
  for (int s = 0; s < shapes; s++) {
    for (int o = 0; o < 5; o++)
      check_view(dtype, large[s], "transpose", orders[o], step);
  }
}

static void large_transposed_inputs_change_no_bit(void)
{
  start();
  for (int d = 0; d < ND_BOOL; d++)
    check_large((nd_dtype)d, 7, 3);
  finish();
}

static void threads_and_levels_change_no_bit_of_transposed_inputs(void)
{
  static const int threads[] = { 1, 2, 8 };
  for (int i = 0; i < 3; i++) {
    for (int level = 0; level < ND_LEVELS; level++) {
      const char *cpu = nd_level_name((nd_level)level);
      if (!start_with((nd_config){ .threads = threads[i], .cpu = cpu }))
        continue;
      check_large(ND_FLOAT32, 3, 5);
      finish();
    }
  }
}

int main(void)
{
  RUN(transposed_inputs_change_no_bit);
  RUN(parts_of_inputs_change_no_bit);
  RUN(large_transposed_inputs_change_no_bit);
  RUN(threads_and_levels_change_no_bit_of_transposed_inputs);
  return check_done();
}
