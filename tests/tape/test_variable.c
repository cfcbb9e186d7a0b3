// Tests of tape/variable.c: a variable is updated in place while nobody else
// holds its value, and what was read never changes.

#include "tape/variable.h"

#include "../values.h"

static void a_variable_has_its_own_copy(void)
{
  start();
  nd_tensor *x = F32("[1 2]");
  nd_variable *v = nd_variable_new(x, true);
  CHECK(v->value->block != x->block);
  nd_variable *s = nd_variable_new(CALL("transpose", NULL, F32("[[1 2]]")),
                                   true);
  CHECK_VALUES(value_of(s), "[[1] [2]]", 0);
  CHECK(s->value->dense);
  nd_variable_release(v);
  nd_variable_release(s);
  finish();
}

static void assigning_replaces_adds_and_subtracts(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  CHECK(nd_variable_assign_add(v, F32("[10 20]")));
  CHECK_VALUES(value_of(v), "[11 22]", 0);
  CHECK(nd_variable_assign_sub(v, F32("[1 1]")));
  CHECK_VALUES(value_of(v), "[10 21]", 0);
  CHECK(nd_variable_assign(v, F32("[7 8]")));
  CHECK_VALUES(value_of(v), "[7 8]", 0);
  nd_variable_release(v);
  finish();
}

static void what_waits_is_added_and_subtracted(void)
{
  start();
  nd_variable *v = nd_variable_new(CALL0("ones", "shape=[3 200]"), true);
  nd_tensor *two = CALL("exp", NULL, CALL0("zeros", "shape=[3 200]"));
  CHECK(nd_variable_assign_add(v, two));
  CHECK(nd_variable_assign_add(v, CALL("square", NULL, two)));
  CHECK_VALUES(CALL("reduce_max", NULL, value_of(v)), "3", 0);
  CHECK(nd_variable_assign_sub(v, CALL("exp", NULL, value_of(v))));
  CHECK_VALUES(CALL("reduce_max", NULL, value_of(v)), "-17.085537", 1e-5);
  nd_variable_release(v);
  finish();
}

static void assigning_is_in_place_when_nobody_else_looks(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  const void *place = v->value->data;
  CHECK(nd_variable_assign(v, F32("[3 4]")));
  CHECK(v->value->data == place);
  nd_tensor *held = nd_variable_read(v);
  CHECK(nd_variable_assign(v, F32("[5 6]")));
  CHECK(v->value->data != place);
  CHECK_VALUES(held, "[3 4]", 0);
  CHECK_VALUES(value_of(v), "[5 6]", 0);
  nd_tensor_release(held);
  nd_variable_release(v);
  finish();
}

static void a_view_of_the_value_holds_it_too(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2 3]"), true);
  nd_tensor *read = nd_variable_read(v);
  nd_tensor *view = CALL("slice", "ranges=[3:1:-1]", read);
  nd_tensor_release(read);
  CHECK(nd_variable_assign(v, view));
  CHECK_VALUES(value_of(v), "[3 2 1]", 0);
  CHECK_VALUES(view, "[3 2 1]", 0);
  CHECK(nd_variable_assign_add(v, view));
  CHECK_VALUES(view, "[3 2 1]", 0);
  nd_variable_release(v);
  finish();
}

static void a_scalar_that_was_read_stays(void)
{
  start();
  nd_variable *v = nd_variable_new(F64("2"), true);
  nd_tensor *held = value_of(v);
  CHECK(nd_variable_assign_add(v, F64("1")));
  CHECK_VALUES(held, "2", 0);
  CHECK_VALUES(value_of(v), "3", 0);
  nd_variable_release(v);
  finish();
}

static void a_variable_may_be_assigned_itself(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  CHECK(nd_variable_assign(v, value_of(v)));
  CHECK_VALUES(value_of(v), "[1 2]", 0);
  CHECK(nd_variable_assign_add(v, value_of(v)));
  CHECK_VALUES(value_of(v), "[2 4]", 0);
  nd_variable_release(v);
  finish();
}

static void shape_and_dtype_stay(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  CHECK_FAILS(nd_variable_assign(v, F32("[1 2 3]")),
              "assign: shapes differ: the variable is [2], the value is [3]");
  CHECK_FAILS(nd_variable_assign_add(v, F32("1")),
              "assign_add: shapes differ: the variable is [2], the value is "
              "[]; use assign(v + x)");
  CHECK_FAILS(nd_variable_assign_sub(v, F32("[[1] [1]]")),
              "assign_sub: shapes differ: the variable is [2], the value is "
              "[2 1]");
  CHECK_FAILS(nd_variable_assign_sub(v, F64("[1 2]")),
              "assign_sub: dtypes differ: the variable is float32, the value "
              "is float64; use nd.cast");
  CHECK(!nd_variable_assign(v, NULL));
  CHECK(!nd_variable_assign(NULL, F32("1")));
  CHECK(nd_variable_read(NULL) == NULL);
  CHECK(nd_variable_new(NULL, true) == NULL);
  CHECK_VALUES(value_of(v), "[1 2]", 0);
  nd_variable_release(v);
  finish();
}

static void integers_and_bools_are_values_too(void)
{
  start();
  nd_variable *v = nd_variable_new(I64("[1 2]"), false);
  CHECK(nd_variable_assign_add(v, I64("[1 1]")));
  CHECK_VALUES(value_of(v), "[2 3]", 0);
  nd_variable *b = nd_variable_new(BOOL("[1 0]"), false);
  CHECK(nd_variable_assign(b, BOOL("[0 0]")));
  CHECK_FAILS(nd_variable_assign_add(b, BOOL("[0 0]")),
              "assign_add: a must be numbers, got bool; use nd.cast");
  nd_variable_release(v);
  nd_variable_release(b);
  finish();
}

static void several_get_their_values_or_none_does(void)
{
  start();
  nd_variable *v[] = { nd_variable_new(F32("[1 2]"), true),
                       nd_variable_new(F32("3"), true) };
  nd_tensor *wrong[] = { F32("[5 6]"), F32("[7]") };
  CHECK_FAILS(nd_variable_assign_all(c, 2, v, wrong),
              "shapes differ: the variable is [], the value is [1]");
  CHECK_VALUES(value_of(v[0]), "[1 2]", 0);
  nd_tensor *right[] = { F32("[5 6]"), F32("7") };
  CHECK(nd_variable_assign_all(c, 2, v, right));
  CHECK_VALUES(value_of(v[0]), "[5 6]", 0);
  CHECK_VALUES(value_of(v[1]), "7", 0);
  CHECK(nd_variable_assign_all(c, 0, NULL, NULL));
  nd_variable_release(v[0]);
  nd_variable_release(v[1]);
  finish();
}

static void several_may_exchange_their_values(void)
{
  start();
  nd_variable *v[] = { nd_variable_new(F32("[1 2]"), true),
                       nd_variable_new(F32("[3 4]"), true) };
  nd_tensor *x[] = { value_of(v[1]), value_of(v[0]) };
  CHECK(nd_variable_assign_all(c, 2, v, x));
  CHECK_VALUES(value_of(v[0]), "[3 4]", 0);
  CHECK_VALUES(value_of(v[1]), "[1 2]", 0);
  nd_variable_release(v[0]);
  nd_variable_release(v[1]);
  finish();
}

static void the_last_reference_frees_it(void)
{
  start();
  nd_variable *v = nd_variable_new(F32("[1 2]"), true);
  CHECK(nd_variable_retain(v) == v);
  nd_variable_release(v);
  CHECK_VALUES(value_of(v), "[1 2]", 0);
  nd_variable_release(v);
  nd_variable_release(NULL);
  finish();
}

int main(void)
{
  RUN(a_variable_has_its_own_copy);
  RUN(assigning_replaces_adds_and_subtracts);
  RUN(what_waits_is_added_and_subtracted);
  RUN(assigning_is_in_place_when_nobody_else_looks);
  RUN(a_view_of_the_value_holds_it_too);
  RUN(a_scalar_that_was_read_stays);
  RUN(a_variable_may_be_assigned_itself);
  RUN(shape_and_dtype_stay);
  RUN(integers_and_bools_are_values_too);
  RUN(several_get_their_values_or_none_does);
  RUN(several_may_exchange_their_values);
  RUN(the_last_reference_frees_it);
  return check_done();
}
