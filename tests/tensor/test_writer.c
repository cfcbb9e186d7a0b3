// Tests of tensor/writer.c: values of any dtype, from any element on, in place
// where they stay as they are written.

#include "tensor/writer.h"

#include "../values.h"

static nd_tensor *blank(nd_dtype dtype, int64_t size)
{
  const nd_type type = { .dtype = dtype, .rank = 1, .shape = { size } };
  return own(nd_tensor_make(c, &type));
}

// Writes number i as element i, for from <= i < from + n.
static void write_some(nd_writer *w, int64_t from, int64_t n)
{
  double *y = nd_writer_next(w);
  for (int64_t i = 0; i < n; i++)
    y[i] = (double)(from + i);
  nd_writer_done(w, n);
}

static void values_of_the_same_dtype_are_written_where_they_stay(void)
{
  start();
  nd_writer w;
  nd_tensor *x = blank(ND_FLOAT64, 5);
  nd_writer_start(&w, x, ND_FLOAT64);
  CHECK(nd_writer_next(&w) == x->data);
  write_some(&w, 0, 3);
  CHECK(nd_writer_next(&w) == x->data + 3 * sizeof(double));
  write_some(&w, 3, 2);
  CHECK_VALUES(x, "[0 1 2 3 4]", 0);
  finish();
}

static void values_are_kept_as_another_dtype(void)
{
  static const nd_dtype all[] = { ND_FLOAT32, ND_FLOAT64, ND_INT32, ND_INT64,
                                  ND_UINT8 };
  start();
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    nd_writer w;
    nd_tensor *x = blank(all[i], 6);
    nd_writer_start(&w, x, ND_FLOAT64);
    nd_writer_seek(&w, 2);
    write_some(&w, 2, 4);
    nd_writer_seek(&w, 0);
    write_some(&w, 0, 2);
    CHECK_VALUES(x, "[0 1 2 3 4 5]", 0);
  }
  finish();
}

static void one_element_is_put_anywhere(void)
{
  static const int64_t seven = 7, nine = 9;
  start();
  nd_writer w;
  nd_tensor *x = blank(ND_UINT8, 3), *y = blank(ND_BOOL, 1);
  nd_writer_start(&w, x, ND_INT64);
  nd_writer_put(&w, 0, &nine);
  nd_writer_put(&w, 2, &seven);
  nd_writer_put(&w, 1, &nine);
  CHECK_VALUES(x, "[9 9 7]", 0);
  nd_writer_start(&w, y, ND_INT64);
  nd_writer_put(&w, 0, &seven);
  CHECK_INT(*y->data, 1);
  finish();
}

int main(void)
{
  RUN(values_of_the_same_dtype_are_written_where_they_stay);
  RUN(values_are_kept_as_another_dtype);
  RUN(one_element_is_put_anywhere);
  return check_done();
}
