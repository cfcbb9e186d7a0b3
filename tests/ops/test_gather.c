// Tests of ops/gather.c: what facts cannot say of rows out of many, and of many
// rows for one segment.

#include "../op/probe.h"

// ------------------------------------------------------------------- rows --

enum { PICKED = 700 };

// Row i of `rows` rows of `width` bytes has bytes made of i.
static void check_picked(int64_t rows, int64_t width)
{
  static int32_t index[PICKED];
  start();
  nd_tensor *x = own(
    nd_tensor_new(c, ND_UINT8, 2, (int64_t[]){ rows, width }, NULL));
  for (int64_t i = 0; i < x->size; i++)
    x->data[i] = (char)(i / width * 7 + i % width);
  for (int i = 0; i < PICKED; i++) {
    const int64_t row = (i * 7919LL + i / 3) % rows;
    index[i] = (int32_t)(i % 2 ? row + 1 : row - rows);
  }
  nd_tensor *at = own(
    nd_tensor_new(c, ND_INT32, 1, (int64_t[]){ PICKED }, index));
  const nd_tensor *y = CALL("gather", NULL, x, at);
  for (int64_t i = 0; i < PICKED * width; i++) {
    const int64_t k = index[i / width];
    const int64_t row = k > 0 ? k - 1 : k + rows;
    CHECK_INT(y->data[i], (char)(row * 7 + i % width));
  }
  finish();
}

static void rows_are_picked_out_of_many(void)
{
  static const int64_t widths[] = { 1, 3, 4, 8, 16, 17, 32, 64, 100, 1000 };
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
    check_picked(5, widths[i]);
    check_picked(600000 / widths[i], widths[i]);
  }
}

// Elements of 4 and of 8 bytes have loops of their own.
static void elements_are_picked_out_of_many(nd_dtype dtype)
{
  enum { MANY = 300000 };
  static int32_t index[PICKED];
  static double numbers[MANY], picked[PICKED];
  start();
  for (int i = 0; i < MANY; i++)
    numbers[i] = i;
  for (int i = 0; i < PICKED; i++) {
    const int at = (int)(i * 7919LL % MANY);
    index[i] = i % 2 ? at + 1 : at - MANY;
  }
  nd_tensor *x = own(
    nd_tensor_new(c, ND_FLOAT64, 1, (int64_t[]){ MANY }, numbers));
  nd_tensor *at = own(
    nd_tensor_new(c, ND_INT32, 1, (int64_t[]){ PICKED }, index));
  if (dtype == ND_FLOAT32)
    x = CALL("cast", "dtype=float32", x);
  nd_tensor *y = CALL("gather", NULL, x, at);
  nd_tensor_read(CALL("cast", "dtype=float64", y), picked);
  for (int i = 0; i < PICKED; i++)
    CHECK_NEAR(picked[i], (double)(i * 7919LL % MANY), 0);
  finish();
}

static void floats_are_picked_out_of_many(void)
{
  elements_are_picked_out_of_many(ND_FLOAT32);
  elements_are_picked_out_of_many(ND_FLOAT64);
}

// ------------------------------------------------------------------- sums --

static void a_gradient_adds_a_million_rows_nearly_exactly(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[5 .1]"), true);
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *ids = CALL("fill", "shape=[1000000]", I32("2"));
  nd_tensor *y = CALL("gather", NULL, own(nd_variable_read(v)), ids);
  y = CALL("reduce_sum", NULL, CALL("multiply", NULL, y, F32(".1")));
  nd_tensor *g = NULL;
  CHECK(nd_tape_stop(t) && nd_tape_gradient(t, y, 1, &v, &g));
  CHECK_VALUES(own(g), "[0 100000]", .1);
  nd_tape_free(t);
  nd_variable_release(v);
  finish();
}

static void a_segment_adds_a_million_rows_nearly_exactly(void)
{
  start();
  nd_tensor *x = CALL("fill", "shape=[1000000 2]", F32(".1"));
  nd_tensor *ids = CALL("fill", "shape=[1000000]", I32("1"));
  nd_tensor *y = CALL("unsorted_segment_sum", "num_segments=1", x, ids);
  CHECK_VALUES(y, "[[100000 100000]]", .1);
  finish();
}

// The sum of 2^height blocks of 64 terms, `step` apart.
static double add_blocks(const double *x, int step, int height)
{
  if (height > 0)
    return add_blocks(x, step, height - 1) +
           add_blocks(x + (32 << height) * step, step, height - 1);
  double sum = 0;
  for (int i = 0; i < 64; i++)
    sum += x[i * step];
  return sum;
}

// The sum of n terms as kernel/segment.h says: the last block, if it is not
// whole, then ever larger trees of blocks, which lie before it.
static double add_terms(const double *x, int step, int n)
{
  double sum = 0;
  int end = n / 64 * 64;
  for (int i = end; i < n; i++)
    sum += x[i * step];
  for (int height = 0; end > 0; height++) {
    if (end >> (6 + height) & 1) {
      end -= 64 << height;
      sum += add_blocks(x + end * step, step, height);
    }
  }
  return sum;
}

enum { SEGMENTS = 7, ROWS = 21000 };

// Terms of segment i are the rows i, i + 7, ... of some that end before 3000
// times as many as its number.
static void a_segment_is_one_tree_over_its_rows(void)
{
  static int32_t ids[ROWS];
  start();
  for (int i = 0; i < ROWS; i++)
    ids[i] = i < (i % SEGMENTS + 1) * 3000 ? i % SEGMENTS + 1 : -1;
  nd_tensor *x = CALL0("normal", "shape=[21000] dtype=float64");
  nd_force(x);
  const double *terms = (const double *)(const void *)x->data;
  nd_tensor *rows = own(
    nd_tensor_new(c, ND_INT32, 1, (int64_t[]){ ROWS }, ids));
  nd_tensor *y = CALL("unsorted_segment_sum", "num_segments=7", x, rows);
  double sums[SEGMENTS];
  nd_tensor_read(y, sums);
  for (int i = 0; i < SEGMENTS; i++)
    CHECK_NEAR(sums[i],
               add_terms(terms + i, SEGMENTS,
                         ((i + 1) * 3000 - i + SEGMENTS - 1) / SEGMENTS),
               0);
  finish();
}

static void integers_add_up_in_as_many_rows(void)
{
  start();
  nd_tensor *x = CALL("fill", "shape=[100000]", U8("3"));
  nd_tensor *ids = CALL("fill", "shape=[100000]", I64("2"));
  CHECK_VALUES(CALL("unsorted_segment_sum", "num_segments=2", x, ids),
               "[0 224]", 0);
  finish();
}

// --------------------------------------------------------- few out of many --

static int shared;  // pieces of work that somebody else was asked for

static void count_shared(void *none, int parts, nd_part *part, void *data)
{
  shared++;
}

// A call whose first input has a million elements and the other ten.
static void check_alone(const char *op)
{
  const nd_config config = { .size = sizeof config,
                             .threads = 4,
                             .parallel_for = count_shared };
  nd_context *own_context = nd_context_new(&config);
  static const float ten[10] = { 1, 3, 5, 7, 9, 2, 4, 6, 8, 10 };
  double read[10];
  const int64_t many = 1000000, few = 10;
  nd_tensor *x = nd_tensor_new(own_context, ND_FLOAT32, 1, &many, NULL);
  nd_tensor *y = nd_tensor_new(own_context, ND_FLOAT32, 1, &few, ten);
  nd_tensor *at = nd_call(own_context, "cast", 1, &y, "dtype=int32");
  shared = 0;
  nd_tensor *z = nd_call(own_context, op, 2,
                         (nd_tensor *[]){ x, op[0] == 's' ? y : at }, NULL);
  CHECK(nd_tensor_read(z, read));
  CHECK_INT(shared, 0);
  nd_tensor *const all[] = { x, y, at, z };
  for (int i = 0; i < 4; i++)
    nd_tensor_release(all[i]);
  nd_context_free(own_context);
}

static void few_out_of_many_are_no_work_to_share(void)
{
  check_alone("gather");
  check_alone("embedding_lookup");
  check_alone("searchsorted");
}

int main(void)
{
  RUN(rows_are_picked_out_of_many);
  RUN(floats_are_picked_out_of_many);
  RUN(a_gradient_adds_a_million_rows_nearly_exactly);
  RUN(a_segment_adds_a_million_rows_nearly_exactly);
  RUN(a_segment_is_one_tree_over_its_rows);
  RUN(integers_add_up_in_as_many_rows);
  RUN(few_out_of_many_are_no_work_to_share);
  return check_done();
}
