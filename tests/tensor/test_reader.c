// Tests of tensor/reader.c: values in any order, as any dtype, from any element
// on, in place where they lie so.

#include "tensor/reader.h"

#include "../values.h"

static void check_read(const float *x, const char *expected)
{
  for (const char *s = expected; *s != '\0'; x++) {
    char *end;
    CHECK(*x == strtof(s, &end));
    s = end;
  }
}

static void dense_values_are_read_where_they_are(void)
{
  start();
  nd_reader r;
  nd_tensor *x = F32("[[1 2 3] [4 5 6]]");
  nd_reader_start(&r, x, ND_FLOAT32);
  CHECK(nd_reader_place(&r) == nd_values(x));
  CHECK(nd_reader_at(&r, 2, 3) == nd_values(x) + 8);
  CHECK(nd_reader_next(&r, 2) == nd_values(x));
  CHECK(nd_reader_next(&r, 4) == nd_values(x) + 8);
  finish();
}

static void other_orders_and_shapes_are_copied_together(void)
{
  static const int axes[] = { 1, 0 };
  start();
  nd_reader r;
  nd_tensor *x = F32("[[1 2 3] [4 5 6]]");
  nd_reader_permuted(&r, x, ND_FLOAT32, axes);
  CHECK(nd_reader_place(&r) == NULL);
  check_read(nd_reader_next(&r, 4), "1 4 2 5");
  check_read(nd_reader_next(&r, 2), "3 6");
  check_read(nd_reader_at(&r, 1, 3), "4 2 5");
  nd_reader_broadcast(&r, x, ND_FLOAT32, 3, (int64_t[]){ 2, 2, 3 });
  nd_reader_seek(&r, 4);
  check_read(nd_reader_next(&r, 4), "5 6 1 2");
  finish();
}

static void values_come_as_another_dtype(void)
{
  start();
  nd_reader r;
  nd_tensor *x = I32("[[7 -8] [9 1]]");
  nd_reader_start(&r, x, ND_FLOAT32);
  CHECK(nd_reader_place(&r) == NULL);
  CHECK_INT(r.width, 4);
  check_read(nd_reader_next(&r, 4), "7 -8 9 1");
  check_read(nd_reader_at(&r, 1, 2), "-8 9");
  nd_reader_start(&r, CALL("transpose", NULL, x), ND_INT64);
  CHECK_INT(((const int64_t *)nd_reader_at(&r, 1, 1))[0], 9);
  finish();
}

int main(void)
{
  RUN(dense_values_are_read_where_they_are);
  RUN(other_orders_and_shapes_are_copied_together);
  RUN(values_come_as_another_dtype);
  return check_done();
}
