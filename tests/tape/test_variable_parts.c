// Tests of tape/variable_parts.c: parts of a variable are assigned in place
// while nobody else holds its value, and what was read never changes.

#include "tape/variable.h"

#include "../values.h"

static nd_variable *hold(nd_tensor *x)
{
  return nd_variable_new(x, true);
}

static void a_range_is_assigned_and_the_value_broadcasts(void)
{
  start();
  nd_variable *v = hold(F32("[[1 2 3] [4 5 6]]"));
  CHECK(nd_variable_assign_slice(v, "ranges=[2 1:2]", F32("[7 8]")));
  CHECK_VALUES(value_of(v), "[[1 2 3] [7 8 6]]", 0);
  CHECK(nd_variable_assign_slice(v, "ranges=[1:2 3]", F32("0")));
  CHECK_VALUES(value_of(v), "[[1 2 0] [7 8 0]]", 0);
  CHECK(
    nd_variable_assign_slice(v, "ranges=[2:1:-1 3:1:-2]", F32("[[1] [2]]")));
  CHECK_VALUES(value_of(v), "[[2 2 2] [1 8 1]]", 0);
  CHECK(nd_variable_assign_slice(v, "ranges=[]", F32("[1 2 3]")));
  CHECK_VALUES(value_of(v), "[[1 2 3] [1 2 3]]", 0);
  CHECK(nd_variable_assign_slice(v, "ranges=[3:2]", F32("5")));
  CHECK_VALUES(value_of(v), "[[1 2 3] [1 2 3]]", 0);
  nd_variable_release(v);
  finish();
}

static void a_range_of_every_rank_is_assigned(void)
{
  start();
  nd_variable *scalar = hold(F64("3"));
  CHECK(nd_variable_assign_slice(scalar, "ranges=[]", F64("4")));
  CHECK_VALUES(value_of(scalar), "4", 0);
  nd_variable *flags = hold(BOOL("[1 0 1]"));
  CHECK(nd_variable_assign_slice(flags, "ranges=[-1]", BOOL("0")));
  CHECK_VALUES(value_of(flags), "[1 0 0]", 0);
  nd_variable *empty = hold(CALL0("zeros", "shape=[0 3]"));
  CHECK(nd_variable_assign_slice(empty, "ranges=[]", F32("1")));
  nd_variable_release(scalar);
  nd_variable_release(flags);
  nd_variable_release(empty);
  finish();
}

static void parts_are_assigned_in_place_when_nobody_else_looks(void)
{
  start();
  nd_variable *v = hold(F32("[1 2 3]"));
  const void *place = v->value->data;
  CHECK(nd_variable_assign_slice(v, "ranges=[2]", F32("5")));
  CHECK(nd_variable_scatter(v, "add", I64("[[1]]"), F32("[1]")));
  CHECK(v->value->data == place);
  nd_tensor *held = nd_variable_read(v);
  CHECK(nd_variable_assign_slice(v, "ranges=[1]", F32("7")));
  CHECK(v->value->data != place);
  CHECK_VALUES(held, "[2 5 3]", 0);
  CHECK_VALUES(value_of(v), "[7 5 3]", 0);
  nd_tensor_release(held);
  held = nd_variable_read(v);
  CHECK(nd_variable_scatter(v, "mul", I64("[[3]]"), F32("[2]")));
  CHECK_VALUES(held, "[7 5 3]", 0);
  CHECK_VALUES(value_of(v), "[7 5 6]", 0);
  nd_tensor_release(held);
  nd_variable_release(v);
  finish();
}

static void a_part_may_be_assigned_another_part(void)
{
  start();
  nd_variable *v = hold(F32("[1 2 3 4]"));
  nd_tensor *read = nd_variable_read(v);
  nd_tensor *view = CALL("slice", "ranges=[1:3]", read);
  nd_tensor_release(read);
  CHECK(nd_variable_assign_slice(v, "ranges=[2:4]", view));
  CHECK_VALUES(value_of(v), "[1 1 2 3]", 0);
  CHECK(nd_variable_assign_slice(v, "ranges=[4:1:-1]", v->value));
  CHECK_VALUES(value_of(v), "[3 2 1 1]", 0);
  CHECK(nd_variable_scatter(v, "update", I64("[[4] [3] [2] [1]]"), v->value));
  CHECK_VALUES(value_of(v), "[1 1 2 3]", 0);
  nd_variable_release(v);
  finish();
}

static void what_waits_is_assigned_to_a_part(void)
{
  start();
  nd_variable *v = hold(CALL0("zeros", "shape=[3 300]"));
  nd_tensor *one = CALL("exp", NULL, CALL0("zeros", "shape=[300]"));
  CHECK(nd_variable_assign_slice(v, "ranges=[2]", one));
  CHECK_VALUES(CALL("reduce_sum", NULL, value_of(v)), "300", 0);
  CHECK(
    nd_variable_scatter(v, "add", I64("[[1] [1]]"),
                        CALL("exp", NULL, CALL0("zeros", "shape=[2 300]"))));
  CHECK_VALUES(CALL("reduce_sum", NULL, value_of(v)), "900", 0);
  nd_variable_release(v);
  finish();
}

static void rows_meet_rows_in_every_way(void)
{
  start();
  static const struct {
    const char *way, *result;
  } ways[] = {
    { "update", "[8 2 9]" }, { "add", "[9 2 18]" }, { "sub", "[-7 2 -12]" },
    { "mul", "[8 2 162]" },  { "div", "[0 2 0]" },  { "min", "[1 2 3]" },
    { "max", "[8 2 9]" },
  };
  for (int i = 0; i < 7; i++) {
    nd_variable *v = hold(I64("[1 2 3]"));
    CHECK(nd_variable_scatter(v, ways[i].way, I64("[[1] [-1] [3]]"),
                              I64("[8 6 9]")));
    CHECK_VALUES(value_of(v), ways[i].result, 0);
    nd_variable_release(v);
  }
  finish();
}

static void whole_numbers_are_divided_toward_zero(void)
{
  start();
  nd_variable *v = hold(I64("[-7 7 5]"));
  CHECK(nd_variable_scatter(v, "div", I64("[[1] [2] [3]]"), I64("[2 -2 -1]")));
  CHECK_VALUES(value_of(v), "[-3 -3 -5]", 0);
  CHECK_FAILS(nd_variable_scatter(v, "div", I64("[[1]]"), I64("[0]")),
              "scatter: integer division by zero");
  nd_variable_release(v);
  finish();
}

static void many_rows_meet_in_their_order(void)
{
  start();
  enum { ROWS = 2000, RUN = 300 };
  nd_variable *v = hold(CALL0("zeros", "shape=[3 300]"));
  static int64_t at[ROWS];
  static float values[ROWS * RUN];
  for (int i = 0; i < ROWS; i++) {
    at[i] = 1 + i % 3;
    for (int k = 0; k < RUN; k++)
      values[i * RUN + k] = (float)i;
  }
  nd_tensor *indices = own(
    nd_tensor_new(c, ND_INT64, 2, (int64_t[]){ ROWS, 1 }, at));
  nd_tensor *rows = own(
    nd_tensor_new(c, ND_FLOAT32, 2, (int64_t[]){ ROWS, RUN }, values));
  CHECK(nd_variable_scatter(v, "update", indices, rows));
  CHECK_VALUES(CALL("reduce_max", "axis=2", value_of(v)), "[1998 1999 1997]",
               0);
  CHECK(nd_variable_scatter(v, "sub", indices, rows));
  CHECK_VALUES(CALL("reduce_min", "axis=2", value_of(v)),
               "[-664335 -665001 -663670]", 0);
  nd_variable_release(v);
  finish();
}

static void a_part_that_does_not_fit_is_refused(void)
{
  start();
  nd_variable *v = hold(F32("[[1 2] [3 4]]"));
  CHECK_FAILS(nd_variable_assign_slice(v, "ranges=[1]", F32("[1 2 3]")),
              "assign: does not fit: the part is [2], the value is [3]");
  CHECK_FAILS(nd_variable_assign_slice(v, "ranges=[1]", F64("1")),
              "assign: dtypes differ: the variable is float32, the value is "
              "float64; use nd.cast");
  CHECK_FAILS(nd_variable_assign_slice(v, "ranges=[3]", F32("1")),
              "assign: position 3 is outside 1..2");
  CHECK_FAILS(nd_variable_assign_slice(v, "range=[3]", F32("1")),
              "assign: unknown option 'range': it takes ranges; did you "
              "mean 'ranges'?");
  CHECK_FAILS(nd_variable_scatter(v, "put", I64("[[1]]"), F32("[[1 2]]")),
              "scatter: no such way: 'put'");
  CHECK_FAILS(nd_variable_scatter(v, "add", I64("[[1]]"), F32("[1 2]")),
              "scatter: shapes differ: the variable is [2 2], indices stand "
              "for [1] of its parts, updates are [2]");
  CHECK_FAILS(nd_variable_scatter(v, "add", I64("[[3]]"), F32("[[1 2]]")),
              "scatter: index 3 is outside 1..2");
  CHECK_FAILS(nd_variable_scatter(v, "add", F32("[[1]]"), F32("[[1 2]]")),
              "scatter: indices must be integers, got float32");
  CHECK_FAILS(nd_variable_scatter(v, "add", I64("[[1]]"), F64("[[1 2]]")),
              "scatter: dtypes differ: the variable is float32, the value is "
              "float64; use nd.cast");
  nd_variable *flags = hold(BOOL("[1 0]"));
  CHECK_FAILS(nd_variable_scatter(flags, "add", I64("[[1]]"), BOOL("[1]")),
              "scatter: the variable must be numbers, got bool");
  CHECK(nd_variable_scatter(flags, "update", I64("[[2]]"), BOOL("[1]")));
  CHECK_VALUES(value_of(flags), "[1 1]", 0);
  CHECK(!nd_variable_assign_slice(NULL, "ranges=[1]", F32("1")));
  CHECK(!nd_variable_scatter(v, "add", NULL, F32("1")));
  CHECK_VALUES(value_of(v), "[[1 2] [3 4]]", 0);
  nd_variable_release(v);
  nd_variable_release(flags);
  finish();
}

// What is refused memory or interrupted leaves the value as it was.
static void a_change_that_fails_changes_nothing(void)
{
  start();
  nd_variable *v = hold(CALL0("ones", "shape=[1000 2000]"));
  nd_tensor *held = nd_variable_read(v), *two = F32("2");
  nd_context_set_quota(c, ND_MEMORY_TENSOR,
                       nd_context_bytes(c, ND_MEMORY_TENSOR) + 1024);
  CHECK(!nd_variable_assign_slice(v, "ranges=[1:999]", two));
  CHECK_INT(nd_error_code(c), ND_NO_MEMORY);
  nd_error_clear(c);
  nd_context_set_quota(c, ND_MEMORY_TENSOR, 0);
  nd_interrupt(c);
  CHECK(!nd_variable_assign_slice(v, "ranges=[1:999]", two));
  CHECK_INT(nd_error_code(c), ND_INTERRUPTED);
  nd_error_clear(c);
  CHECK(v->value == held || v->value->block == held->block);
  CHECK_VALUES(CALL("reduce_max", NULL, held), "1", 0);
  nd_tensor_release(held);
  CHECK(nd_variable_assign_slice(v, "ranges=[1:999]", two));
  CHECK_VALUES(CALL("reduce_min", NULL, value_of(v)), "1", 0);
  CHECK_VALUES(CALL("reduce_sum", NULL, value_of(v)), "3998000", 0);
  nd_variable_release(v);
  finish();
}

static void a_variable_of_other_shapes_takes_them(void)
{
  start();
  nd_variable *v = hold(F32("[1 2]"));
  CHECK(nd_variable_set_shapes(v, &(nd_shapes){ .rank = -1 }));
  const uint64_t id = v->value->identity.id;
  CHECK(nd_variable_assign(v, F32("[3 4]")));
  CHECK(v->value->identity.id == id);
  CHECK(nd_variable_assign(v, F32("[[1 2] [3 4]]")));
  CHECK(v->value->identity.id != id);
  CHECK_VALUES(value_of(v), "[[1 2] [3 4]]", 0);
  nd_variable *rows = hold(F32("[[1 2]]"));
  CHECK(nd_variable_set_shapes(rows, &(nd_shapes){ 2, { -1, 2 } }));
  CHECK(nd_variable_assign(rows, F32("[[1 2] [3 4]]")));
  CHECK_FAILS(nd_variable_assign(rows, F32("[[1] [3]]")),
              "assign: shapes differ: the variable is [2 2], the value is "
              "[2 1]");
  nd_variable_release(v);
  nd_variable_release(rows);
  finish();
}

int main(void)
{
  RUN(a_range_is_assigned_and_the_value_broadcasts);
  RUN(a_range_of_every_rank_is_assigned);
  RUN(parts_are_assigned_in_place_when_nobody_else_looks);
  RUN(a_part_may_be_assigned_another_part);
  RUN(what_waits_is_assigned_to_a_part);
  RUN(rows_meet_rows_in_every_way);
  RUN(whole_numbers_are_divided_toward_zero);
  RUN(many_rows_meet_in_their_order);
  RUN(a_part_that_does_not_fit_is_refused);
  RUN(a_change_that_fails_changes_nothing);
  RUN(a_variable_of_other_shapes_takes_them);
  return check_done();
}
