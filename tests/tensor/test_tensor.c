// Tests of tensor/tensor.c and tensor/pool.c: making, sharing, viewing and
// reading tensors, and what their shapes may be.

#include "tensor/pool.h"

#include "../values.h"

static void a_tensor_copies_its_data(void)
{
  start();
  float data[] = { 1, 2, 3, 4, 5, 6 };
  nd_tensor *x = own(
    nd_tensor_new(c, ND_FLOAT32, 2, (int64_t[]){ 2, 3 }, data));
  data[0] = 99;
  CHECK_VALUES(x, "[[1 2 3] [4 5 6]]", 0);
  CHECK_INT(nd_tensor_rank(x), 2);
  CHECK_INT(nd_tensor_size(x), 6);
  CHECK_INT(nd_tensor_dtype(x), ND_FLOAT32);
  CHECK_INT(nd_tensor_shape(x)[0], 2);
  CHECK_INT(nd_tensor_shape(x)[1], 3);
  CHECK_INT((uintptr_t)x->data % 64, 0);
  finish();
}

static void no_data_means_zeros(void)
{
  start();
  for (int d = 0; d < ND_DTYPES; d++) {
    CHECK_VALUES(ZEROS((nd_dtype)d, 3), "[0 0 0]", 0);
    CHECK_VALUES(own(nd_tensor_new(c, (nd_dtype)d, 0, NULL, NULL)), "0", 0);
  }
  finish();
}

static void a_scalar_is_inline(void)
{
  start();
  nd_tensor *x = F64("2.5");
  CHECK(x->block == NULL && x->data == (char *)&x->value);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 0);
  finish();
}

static void wrong_shapes_are_refused(void)
{
  start();
  const int64_t shape[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
  CHECK_FAILS(nd_tensor_new(c, ND_FLOAT32, 9, shape, NULL),
              "at most 8 axes, got 9");
  CHECK_FAILS(nd_tensor_new(c, ND_FLOAT32, -1, shape, NULL),
              "at most 8 axes, got -1");
  CHECK_FAILS(ZEROS(ND_FLOAT32, 2, -3), "negative size: [2 -3]");
  CHECK_FAILS(ZEROS(ND_FLOAT64, (int64_t)1 << 60, 8),
              "too large: [1152921504606846976 8] of float64");
  CHECK_FAILS(ZEROS(ND_UINT8, INT64_MAX),
              "too large: [9223372036854775807] of uint8");
  finish();
}

static void nothing_may_have_any_shape(void)
{
  start();
  nd_tensor *x = ZEROS(ND_FLOAT32, 1000, 0, 1000);
  CHECK_INT(nd_tensor_size(x), 0);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 0);
  CHECK(nd_tensor_read(x, NULL));
  finish();
}

static void references_are_counted(void)
{
  start();
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, 1, (int64_t[]){ 2 }, NULL);
  CHECK(nd_tensor_retain(x) == x);
  nd_tensor_release(x);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 8);
  nd_tensor_release(x);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 0);
  nd_tensor_release(NULL);
  CHECK(nd_tensor_retain(NULL) == NULL);
  finish();
}

static void a_scalar_of_the_caller_is_kept_by_copying(void)
{
  start();
  nd_tensor x;
  nd_scalar_set(c, &x, ND_FLOAT32, 2.5);
  nd_tensor *kept = own(nd_tensor_keep(&x));
  CHECK(kept != &x && kept->identity.id == x.identity.id);
  x.value.float32 = 9;
  CHECK_VALUES(kept, "2.5", 0);
  nd_tensor_release(&x);
  CHECK(nd_tensor_keep(own(nd_tensor_keep(kept))) == kept);
  nd_tensor_release(kept);
  finish();
}

static void scalars_take_any_dtype(void)
{
  start();
  nd_tensor x;
  for (int d = 0; d < ND_DTYPES; d++) {
    nd_scalar_set(c, &x, (nd_dtype)d, 1);
    CHECK_NEAR(nd_tensor_first(&x), 1, 0);
    nd_scalar_set_integer(c, &x, (nd_dtype)d, 1);
    CHECK_NEAR(nd_tensor_first(&x), 1, 0);
  }
  nd_scalar_set_integer(c, &x, ND_INT64, INT64_MAX);
  CHECK_INT(x.value.int64, INT64_MAX);
  finish();
}

static void an_item_is_one_element(void)
{
  start();
  double value = 0;
  CHECK(nd_tensor_item(F32("[[7]]"), &value) && value == 7);
  CHECK(nd_tensor_item(BOOL("1"), &value) && value == 1);
  CHECK(nd_tensor_item(I64("-5"), &value) && value == -5);
  CHECK(
    nd_tensor_item(CALL("slice", "ranges=[3:3]", U8("[1 2 200]")), &value) &&
    value == 200);
  CHECK_FAILS(nd_tensor_item(F32("[1 2]"), &value),
              "item: needs one element, x is [2]");
  CHECK_FAILS(nd_tensor_item(F32("[]"), &value),
              "item: needs one element, x is [0]");
  CHECK(!nd_tensor_item(NULL, &value));
  CHECK(!nd_tensor_read(NULL, &value));
  finish();
}

static void a_view_shares_and_knows_whether_it_is_dense(void)
{
  start();
  nd_tensor *x = F32("[[1 2 3] [4 5 6]]");
  const int64_t row[] = { 3 }, one[] = { 1 }, column[] = { 2 }, three[] = { 3 };
  nd_tensor *y = own(nd_tensor_view(x, 1, row, one, 3));
  CHECK_VALUES(y, "[4 5 6]", 0);
  CHECK(y->dense && y->block == x->block && x->block->refs == 2);
  nd_tensor *z = own(nd_tensor_view(x, 1, column, three, 1));
  CHECK_VALUES(z, "[2 5]", 0);
  CHECK(!z->dense);
  CHECK(y->identity.id != x->identity.id);
  finish();
}

static void dense_copies_only_what_is_not(void)
{
  start();
  nd_tensor *x = F32("[[1 2] [3 4]]");
  CHECK(own(nd_tensor_dense(x)) == x);
  nd_tensor *y = CALL("transpose", NULL, x);
  nd_tensor *z = own(nd_tensor_dense(y));
  CHECK(z != y && z->dense && z->identity.id == y->identity.id);
  CHECK_VALUES(z, "[[1 3] [2 4]]", 0);
  CHECK(nd_tensor_dense(NULL) == NULL);
  finish();
}

static void an_outline_has_the_identity_and_no_values(void)
{
  start();
  nd_tensor *x = F32("[1 2]"), *y = own(nd_tensor_outline(x));
  CHECK(y->data == NULL && y->block == NULL &&
        y->identity.id == x->identity.id);
  CHECK(nd_same_shape(x, y));
  finish();
}

static void the_pool_releases_to_its_mark(void)
{
  start();
  const size_t mark = nd_pool_mark(c);
  for (int i = 0; i < 100; i++) {
    nd_tensor *x = nd_tensor_new(c, ND_UINT8, 1, (int64_t[]){ 1 }, NULL);
    CHECK(nd_pool_add(c, x) == x);
  }
  const size_t later = nd_pool_mark(c);
  CHECK(nd_pool_add(c, NULL) == NULL);
  CHECK_INT(nd_pool_mark(c), later);
  nd_pool_add(c, nd_tensor_new(c, ND_UINT8, 1, (int64_t[]){ 1 }, NULL));
  nd_pool_drain(c, later);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 100);
  nd_pool_drain(c, mark);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 0);
  finish();
}

static void an_interrupt_stops_a_long_read(void)
{
  enum { SIZE = 3000000 };
  start();
  nd_tensor *x = ZEROS(ND_UINT8, SIZE);
  char *bytes = malloc(SIZE);
  memset(bytes, 1, SIZE);
  nd_interrupt(c);
  CHECK_FAILS_AS(nd_tensor_read(x, bytes), ND_INTERRUPTED, "interrupted");
  CHECK_INT(bytes[0], 0);
  CHECK_INT(bytes[SIZE - 1], 1);
  CHECK(nd_tensor_read(x, bytes));
  CHECK_INT(bytes[SIZE - 1], 0);
  free(bytes);
  finish();
}

int main(void)
{
  RUN(a_tensor_copies_its_data);
  RUN(no_data_means_zeros);
  RUN(a_scalar_is_inline);
  RUN(wrong_shapes_are_refused);
  RUN(nothing_may_have_any_shape);
  RUN(references_are_counted);
  RUN(a_scalar_of_the_caller_is_kept_by_copying);
  RUN(scalars_take_any_dtype);
  RUN(an_item_is_one_element);
  RUN(a_view_shares_and_knows_whether_it_is_dense);
  RUN(dense_copies_only_what_is_not);
  RUN(an_outline_has_the_identity_and_no_values);
  RUN(the_pool_releases_to_its_mark);
  RUN(an_interrupt_stops_a_long_read);
  return check_done();
}
