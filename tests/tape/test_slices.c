// Tests of tape/slices.c and op/slices.c: what hosts make of rows, and that
// adding them up can fail and be tried again. What scripts see is in
// tests/lua/slices_spec.lua.

#include "tape/slices.h"

#include "../values.h"
#include "tape/tape.h"
#include "tape/variable.h"

static void hosts_make_slices_and_take_them_apart(void)
{
  start();
  const int64_t shape[] = { 4, 2 };
  nd_tensor *x = own(
    nd_slices_new(F32("[[1 2] [3 4] [5 6]]"), I64("[2 -1 2]"), 2, shape));
  CHECK(nd_tensor_is_slices(x) && x->waits);
  CHECK_VALUES(own(nd_slices_indices(x)), "[2 4 2]", 0);
  CHECK_VALUES(own(nd_slices_values(x)), "[[1 2] [3 4] [5 6]]", 0);
  CHECK_VALUES(x, "[[0 0] [6 8] [0 0] [3 4]]", 0);
  CHECK(nd_tensor_is_slices(x) && !x->waits);
  CHECK_VALUES(own(nd_slices_indices(x)), "[2 4 2]", 0);
  CHECK_VALUES(own(nd_slices_new(F64("[7 8]"), U8("[3 1]"), 0, NULL)),
               "[8 0 7]", 0);
  CHECK_FAILS(nd_slices_values(F32("[1]")),
              "values: this tensor is dense and has no slices");
  CHECK_FAILS(nd_slices_indices(F32("1")),
              "indices: this tensor is dense and has no slices");
  CHECK_FAILS(nd_slices_new(F32("[1]"), I32("[1]"), ND_MAX_RANK + 1, shape),
              "IndexedSlices: at most 8 axes, got 9");
  finish();
}

static void inputs_are_of_one_context(void)
{
  start();
  nd_context *other = nd_context_new(NULL);
  nd_tensor *at = nd_tensor_new(other, ND_INT32, 1, (int64_t[]){ 1 },
                                (int32_t[]){ 1 });
  CHECK_FAILS(nd_slices_new(F32("[1]"), at, 0, NULL),
              "IndexedSlices: indices is of another context");
  nd_tensor_release(at);
  nd_context_free(other);
  finish();
}

// Rows that wait themselves, and ones that nobody ever asks for.
static void rows_may_wait(void)
{
  start();
  nd_tensor *rows = CALL("square", NULL, CALL0("ones", "shape=[2 300]"));
  CHECK(rows->waits);
  nd_tensor *x = own(nd_slices_new(rows, I32("[3 3]"), 0, NULL));
  own(nd_slices_new(rows, I32("[1 2]"), 0, NULL));
  CHECK(x->waits && rows->waits);
  CHECK_VALUES(CALL("reduce_sum", "axis=2", x), "[0 0 600]", 0);
  CHECK(!rows->waits);
  finish();
}

// Waiting for rows leaves room for them alone; where there is none for their
// sum, asking fails, and can be tried again.
static void values_are_charged_when_they_are_asked_for(void)
{
  enum { MANY = 100000 };
  float first[MANY];
  start();
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 1000);
  nd_tensor *x = own(
    nd_slices_new(F32("[1 2]"), I32("[1 -1]"), 1, (int64_t[]){ MANY }));
  CHECK(x != NULL);
  CHECK_FAILS_AS(nd_tensor_read(x, first), ND_NO_MEMORY,
                 "IndexedSlices: out of memory: 399016 bytes more than the "
                 "quota of 1000 allows");
  CHECK(x->waits && nd_tensor_is_slices(x));
  CHECK_VALUES(own(nd_slices_values(x)), "[1 2]", 0);
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 0);
  CHECK(nd_tensor_read(x, first));
  CHECK_NEAR(first[0], 1, 0);
  CHECK_NEAR(first[MANY - 1], 2, 0);
  finish();
}

static void asking_may_be_interrupted(void)
{
  float numbers[3];
  start();
  nd_tensor *x = own(nd_slices_new(F32("[1 2]"), I32("[3 3]"), 0, NULL));
  nd_interrupt(c);
  CHECK(!nd_tensor_read(x, numbers));
  CHECK_INT(nd_error_code(c), ND_INTERRUPTED);
  nd_error_clear(c);
  CHECK_VALUES(x, "[0 0 3]", 0);
  finish();
}

// The sum of the squares of some rows, which are picked twice; its gradient,
// and that of the sum of the gradient's squares.
static bool gradient_of_gradient(nd_variable *v, nd_tensor *at)
{
  nd_tape *outer = nd_tape_new(c, 0), *inner = nd_tape_new(c, 0);
  nd_tensor *pick[] = { nd_variable_use(v), at }, *rows[2], *y[2];
  for (int i = 0; i < 2; i++) {
    rows[i] = nd_call(c, "gather", 2, pick, NULL);
    y[i] = nd_call(c, "square", 1, &rows[i], NULL);
  }
  nd_tensor *sum = nd_call(c, "add", 2, y, NULL), *g = NULL, *gg = NULL;
  bool ok = nd_tape_gradient(inner, sum, 1, &v, &g);
  CHECK(!ok || nd_tensor_is_slices(g));
  nd_tensor *squares = nd_call(c, "square", 1, &g, NULL);
  ok = nd_tape_gradient(outer, squares, 1, &v, &gg) && ok;
  float numbers[6];
  ok = ok && nd_tensor_read(gg, numbers);
  CHECK(!ok || (numbers[0] == 32 * 1 && numbers[2] == 0 && numbers[4] == 0));
  nd_tensor *const all[] = {
    rows[0], rows[1], y[0], y[1], sum, g, gg, squares
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    nd_tensor_release(all[i]);
  nd_tape_free(inner);
  nd_tape_free(outer);
  return ok;
}

static void no_memory_is_survived(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[[1 2] [3 4] [5 6]]"), true);
  nd_tensor *at = I32("[1]");
  long refused = 0;
  for (bool ok = false; !ok; refused++) {
    nd_memory_trim(c);
    host_refuse(&memory, refused, LONG_MAX);
    ok = gradient_of_gradient(v, at);
    host_relent(&memory);
    CHECK_INT(nd_error_code(c), ok ? ND_OK : ND_NO_MEMORY);
    nd_error_clear(c);
  }
  CHECK(refused > 2);
  nd_variable_release(v);
  finish();
}

int main(void)
{
  RUN(hosts_make_slices_and_take_them_apart);
  RUN(inputs_are_of_one_context);
  RUN(rows_may_wait);
  RUN(values_are_charged_when_they_are_asked_for);
  RUN(asking_may_be_interrupted);
  RUN(no_memory_is_survived);
  return check_done();
}
