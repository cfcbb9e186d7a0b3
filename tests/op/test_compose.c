// Tests of op/compose.c: ops that are made of others are told of by those, and
// fail by their own names.

#include "op/rule.h"
#include "tape/tape.h"

#include "../values.h"

extern const nd_op nd_op_square, nd_op_matmul, nd_op_identity;

static const nd_param params[] = { { "x", ND_TENSOR }, { 0 } };

// x to the fourth, and x times its square as matrices.
static void compose(nd_context *in, const nd_job *j)
{
  nd_tensor *square = nd_rule1(in, &nd_op_square, j->in[0]);
  j->out[0] = nd_rule1(in, &nd_op_square, square);
  j->out[1] = nd_rule2(in, &nd_op_matmul, j->in[0], square);
}

static const char *const results[] = { "fourth", "third", NULL };

static const nd_op powers = {
  .name = "powers",
  .doc = "two powers",
  .params = params,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .results = results,
  .compose = compose,
};

static bool run_composed(const nd_op *op, nd_tensor *x, nd_tensor **out)
{
  nd_job j = { .op = op, .n = 1, .in = &x, .out = out };
  return nd_job_count(c, &j) && nd_job_apply(c, &j);
}

static void all_outputs_are_references(void)
{
  start();
  nd_tensor *out[2];
  CHECK(run_composed(&powers, F32("[[2]]"), out));
  CHECK_VALUES(own(out[0]), "[[16]]", 0);
  CHECK_VALUES(own(out[1]), "[[8]]", 0);
  CHECK_INT(c->strand.pool_size, 0);
  finish();
}

static nd_tensor *composed_gradient(const nd_op *op, nd_tensor *x)
{
  nd_tensor *out[2], *g = NULL;
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  CHECK(run_composed(op, x, out));
  own(out[0]);
  own(out[1]);
  CHECK(nd_tape_differentiate(t, 2, out, NULL, 1, &x, &g));
  nd_tape_free(t);
  return own(g);
}

static void gradients_are_those_of_what_it_applies(void)
{
  start();
  CHECK_VALUES(composed_gradient(&powers, F32("[[2]]")), "[[44]]", 0);
  finish();
}

static void without_a_derivative_nothing_is_heard(void)
{
  start();
  nd_op flat = powers;
  flat.derivative = ND_NO_GRAD;
  CHECK(composed_gradient(&flat, F32("[[2]]")) == NULL);
  CHECK_INT(nd_recorders_depth(c), 0);
  finish();
}

static void an_error_begins_with_its_name(void)
{
  start();
  nd_tensor *out[2] = { NULL };
  CHECK(!run_composed(&powers, F32("[2 3]"), out));
  CHECK(out[0] == NULL && out[1] == NULL);
  CHECK_FAILS(out[0], "powers: needs at least 2 axes: a is [2]");
  CHECK_INT(c->strand.pool_size, 0);
  finish();
}

// Else watching the output would be watching the input.
static void no_op_gives_its_input_back(void)
{
  const nd_op *op;
  start();
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (op->params[0].kind != ND_TENSOR || op->params[1].name != NULL)
      continue;
    nd_tensor *x = F32("[[2]]"), *out[8] = { NULL };
    if (!run_composed(op, x, out))
      nd_error_clear(c);
    if (out[0] == x)
      CHECK_STR(op->name, "gives a tensor of its own");
    for (int k = 0; k < 8 && out[k] != NULL; k++)
      own(out[k]);
  }
  finish();
}

int main(void)
{
  RUN(all_outputs_are_references);
  RUN(gradients_are_those_of_what_it_applies);
  RUN(without_a_derivative_nothing_is_heard);
  RUN(an_error_begins_with_its_name);
  RUN(no_op_gives_its_input_back);
  return check_done();
}
