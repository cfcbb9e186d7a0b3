// Tests of tensor/copy.c: transposed tensors are copied element by element as
// their strides say, whatever unit comes first.

#include "tensor/copy.h"

#include "../values.h"

enum { MOST = 70000 };

static char got[MOST * 8], want[MOST * 8];

// All elements in row-major order, by the definition.
static void pick_all(const nd_tensor *x)
{
  const size_t width = nd_dtype_size((nd_dtype)x->dtype);
  for (int64_t i = 0; i < x->size; i++) {
    int64_t offset = 0, rest = i;
    for (int axis = x->rank - 1; axis >= 0; axis--) {
      offset += rest % x->dims[axis] * nd_strides(x)[axis];
      rest /= x->dims[axis];
    }
    memcpy(want + (size_t)i * width, x->data + offset * (int64_t)width, width);
  }
}

static void check_copy(const nd_tensor *x, const char *text)
{
  const size_t bytes = (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype);
  pick_all(x);
  memset(got, 77, sizeof got);
  CHECK(nd_tensor_copy(x, got));
  if (memcmp(got, want, bytes) != 0)
    CHECK_STR(text, "copied right");
  CHECK_INT(got[bytes], 77);
  memset(got, 77, sizeof got);
  nd_copy k;
  nd_copy_start(&k, x, got);
  const nd_step step = nd_copy_step(&k);
  for (int64_t u = step.units - 1; u >= 0; u--)
    step.run(&k, NULL, NULL, u, u + 1);
  if (memcmp(got, want, bytes) != 0)
    CHECK_STR(text, "copied right from the end");
  CHECK_INT(got[bytes], 77);
}

typedef struct row {
  const char *shape, *perm;
} row;

static const row rows[] = {
  { "shape=[37 53]", NULL },
  { "shape=[8 8]", NULL },
  { "shape=[130 128]", NULL },
  { "shape=[257 255]", NULL },
  { "shape=[3 20000]", NULL },
  { "shape=[20000 3]", NULL },
  { "shape=[5 33 20]", NULL },
  { "shape=[5 33 20]", "perm=[1 3 2]" },
  { "shape=[5 33 20]", "perm=[2 1 3]" },
  { "shape=[4 17 9 5]", "perm=[1 4 2 3]" },
  { "shape=[4 17 9 5]", "perm=[3 1 4 2]" },
  { "shape=[0 3]", NULL },
};

static void transposed_tensors_are_copied(void)
{
  start();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    nd_tensor *x = CALL0("normal", rows[i].shape);
    static const char *const dtypes[] = { "dtype=float64", "dtype=float32",
                                          "dtype=uint8" };
    for (int d = 0; d < 3; d++) {
      nd_tensor *y = CALL("cast", dtypes[d],
                          CALL("multiply", NULL, x, F32("100")));
      check_copy(CALL("transpose", rows[i].perm, y), rows[i].shape);
    }
    release_to(0);
  }
  finish();
}

static void parts_of_transposed_tensors_are_copied(void)
{
  start();
  nd_tensor *x = CALL("transpose", NULL, CALL0("normal", "shape=[90 70]"));
  static const char *const parts[] = { "ranges=[2:-2 3:-1]",
                                       "ranges=[1:-1:2 1:-1]",
                                       "ranges=[1:-1 1:-1:3]",
                                       "ranges=[-1:1:-1 1:-1]" };
  for (int i = 0; i < 4; i++)
    check_copy(CALL("slice", parts[i], x), parts[i]);
  const int64_t shape[] = { 3, 70, 90 };
  const int64_t strides[] = { 0, 1, 70 };
  check_copy(own(nd_tensor_view(x, 3, shape, strides, 0)), "repeated");
  finish();
}

int main(void)
{
  RUN(transposed_tensors_are_copied);
  RUN(parts_of_transposed_tensors_are_copied);
  return check_done();
}
