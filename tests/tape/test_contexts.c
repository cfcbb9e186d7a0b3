// Values of one context in calls of another are errors, in every function that
// takes two objects.

#include "op/op.h"

#include "nest.h"

static nd_context *other;
static nd_tensor *theirs;
static nd_variable *their_variable;

static void open_both(void)
{
  start();
  other = nd_context_new(NULL);
  theirs = nd_tensor_new(other, ND_FLOAT32, 0, NULL, &(float){ 3 });
  their_variable = nd_variable_new(theirs, true);
}

static void close_both(void)
{
  nd_context_free(other);
  finish();
}

// True of a message like "add: input 2 is of another context".
static bool says_another(void)
{
  const bool ok = nd_error_code(c) == ND_BAD_ARGUMENT &&
                  strstr(nd_error_message(c), " of another context") != NULL;
  if (!ok)
    printf("\n  %s", nd_error_message(c));
  nd_error_clear(c);
  return ok;
}

// Every op with one input from elsewhere, scalars and others.
static void every_op_refuses_an_input_of_another_context(void)
{
  open_both();
  nd_tensor *matrix = nd_tensor_new(other, ND_FLOAT32, 2, (int64_t[]){ 2, 2 },
                                    NULL);
  nd_tensor *own = F32("[[1 2] [3 4]]");
  int n = 0;
  for (int k = 0; nd_op_at(k) != NULL; k++) {
    const nd_op *op = nd_op_at(k);
    int arity = 0;
    for (const nd_param *p = op->params; p->name != NULL; p++)
      arity += p->kind == ND_TENSOR || p->kind == ND_TENSORS;
    CHECK(arity <= ND_FEW);
    for (int i = 0; i < arity; i++) {
      nd_tensor *in[ND_FEW] = { own, own, own, own, own, own, own };
      in[i] = matrix;
      CHECK(nd_apply(c, op, arity, in, NULL) == NULL && says_another());
      in[i] = theirs;
      CHECK(nd_apply(c, op, arity, in, NULL) == NULL && says_another());
      n++;
    }
  }
  CHECK(n > 100);
  close_both();
}

static void a_scalar_op_names_the_input(void)
{
  open_both();
  nd_tensor *pair[] = { F32("2"), theirs };
  CHECK_FAILS(nd_call(c, "add", 2, pair, NULL),
              "add: input 2 is of another context");
  close_both();
}

static void assignments_refuse_a_value_of_another_context(void)
{
  open_both();
  nd_variable *v = nd_variable_new(F32("1"), true);
  CHECK_FAILS(nd_variable_assign(v, theirs),
              "assign: the value is of another context");
  CHECK_FAILS(nd_variable_assign_add(v, theirs),
              "assign_add: the value is of another context");
  CHECK_FAILS(nd_variable_assign_sub(v, theirs),
              "assign_sub: the value is of another context");
  CHECK_VALUES(own(nd_variable_read(v)), "1", 0);
  nd_variable_release(v);
  close_both();
}

static void tapes_refuse_values_of_another_context(void)
{
  open_both();
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *gradient;
  nd_variable *v = nd_variable_new(F32("1"), true);
  nd_tensor *y = CALL("square", NULL, own(nd_variable_read(v)));
  CHECK_FAILS(nd_tape_watch(t, theirs), "watch: a value is of another context");
  CHECK_FAILS(nd_tape_watch_variable(t, their_variable),
              "watch: a value is of another context");
  CHECK_FAILS(nd_tape_gradient(t, theirs, 1, &v, &gradient),
              "gradient: target 1 is of another context");
  CHECK_FAILS(nd_tape_gradient(t, y, 1, &their_variable, &gradient),
              "gradient: source 1 is of another context");
  CHECK(nd_tape_gradient(t, y, 1, &v, &gradient));
  CHECK_VALUES(own(gradient), "2", 0);
  nd_variable_release(v);
  nd_tape_free(t);
  close_both();
}

static void optimizers_refuse_values_of_another_context(void)
{
  open_both();
  nd_optimizer *o = nd_optimizer_new(c, "Adam", NULL);
  nd_tensor *g = F32("1");
  nd_variable *v = nd_variable_new(g, true);
  CHECK_FAILS(nd_optimizer_apply(o, 1, &their_variable, &g),
              "apply_gradients: variable 1 is of another context");
  CHECK_FAILS(nd_optimizer_apply(o, 1, &v, &theirs),
              "apply_gradients: gradient 1 is of another context");
  nd_variable_release(v);
  nd_optimizer_free(o);
  close_both();
}

static void accumulators_refuse_values_of_another_context(void)
{
  open_both();
  nd_accumulator *a = nd_accumulator_new(c);
  nd_tensor *x = F32("2");
  CHECK(nd_accumulator_watch(a, x, x));
  CHECK_FAILS(nd_accumulator_watch(a, theirs, x),
              "ForwardAccumulator: a primal is of another context");
  CHECK_FAILS(nd_accumulator_watch(a, F32("3"), theirs),
              "ForwardAccumulator: a tangent is of another context");
  CHECK_FAILS(nd_accumulator_watch_variable(a, their_variable, x),
              "ForwardAccumulator: a primal is of another context");
  CHECK_FAILS(nd_accumulator_jvp(a, theirs),
              "jvp: the target is of another context");
  CHECK_FAILS(nd_accumulator_jvp_variable(a, their_variable),
              "jvp: the target is of another context");
  CHECK_VALUES(own(nd_accumulator_jvp(a, x)), "2", 0);
  nd_accumulator_free(a);
  close_both();
}

static bool give_theirs(void *data, nd_context *in, int n,
                        nd_tensor *const *inputs, int count,
                        nd_tensor **outputs)
{
  outputs[0] = nd_tensor_retain(theirs);
  return true;
}

static bool derive_theirs(void *data, nd_context *in, int count,
                          nd_tensor *const *upstream, int n,
                          nd_tensor **gradients)
{
  gradients[0] = nd_tensor_retain(theirs);
  return true;
}

static void functions_of_hosts_take_and_give_no_value_of_another_context(void)
{
  open_both();
  static const nd_custom gives = { .forward = give_theirs,
                                   .backward = derive_theirs };
  static const nd_custom derives = { .forward = keep_values,
                                     .backward = derive_theirs };
  nd_tensor *x = F32("2"), *y = NULL, *g = NULL;
  CHECK_FAILS(nd_custom_gradient(c, &derives, 1, &theirs, 1, &y),
              "custom_gradient: input 1 is of another context");
  CHECK_FAILS(nd_custom_gradient(c, &gives, 1, &x, 1, &y),
              "custom_gradient: output 1 is of another context");
  nd_variable *v = nd_variable_new(x, true);
  nd_tape *t = nd_tape_new(c, 0);
  nd_tensor *read = own(nd_variable_read(v));
  CHECK(nd_custom_gradient(c, &derives, 1, &read, 1, &y));
  CHECK_FAILS(nd_tape_gradient(t, own(y), 1, &v, &g),
              "custom_gradient: gradient 1 is of another context");
  nd_tape_free(t);
  nd_variable_release(v);
  close_both();
}

int main(void)
{
  RUN(every_op_refuses_an_input_of_another_context);
  RUN(a_scalar_op_names_the_input);
  RUN(assignments_refuse_a_value_of_another_context);
  RUN(tapes_refuse_values_of_another_context);
  RUN(optimizers_refuse_values_of_another_context);
  RUN(accumulators_refuse_values_of_another_context);
  RUN(functions_of_hosts_take_and_give_no_value_of_another_context);
  return check_done();
}
