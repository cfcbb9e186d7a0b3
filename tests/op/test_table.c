// Tests of op/table.c: every entry declares what its kind of op must, so that
// whatever is made from the table can rely on it; and calling ops by name.

#include "../values.h"

static const nd_op *op;

// Runs `check` on every entry and shows the name of those that fail.
static void for_each_op(bool (*check)(void), const char *claim)
{
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (!check()) {
      CHECK_STR(op->name, claim);
    }
  }
}

static bool has_kernels(void)
{
  return op->kernels[ND_BASELINE] != NULL;
}

// Dtypes that kernels are called with: CAST ops read integers as floats.
static bool reads(nd_dtype dtype)
{
  return nd_dtype_in(dtype, op->dtypes) &&
         (op->result != ND_AS_FLOAT || nd_dtype_in(dtype, ND_FLOATS));
}

static bool has_forward(const nd_kernels *k)
{
  for (int d = 0; d < ND_DTYPES; d++) {
    if ((k->forward[d] != NULL) != reads((nd_dtype)d))
      return false;
  }
  return true;
}

static bool has_kernels_at(nd_level level)
{
  const nd_kernels *k = op->kernels[level];
  const int rows = op->result == ND_AS_ASKED ? ND_DTYPES : 1;
  for (int row = 0; row < rows; row++) {
    if (!has_forward(&k[row]))
      return false;
  }
  const int inputs = nd_params_count(op->params) - op->attrs;
  for (int i = 0; i < 3; i++) {
    const bool must = op->derivative == ND_SLOPE && i < inputs;
    if ((k->slope[i][0] != NULL) != must || (k->slope[i][1] != NULL) != must)
      return false;
  }
  return true;
}

static bool has_kernels_at_every_level(void)
{
  if (!has_kernels())
    return true;
#if defined(__x86_64__)
  for (int level = 0; level < ND_LEVELS; level++) {
    if (op->kernels[level] == NULL || !has_kernels_at((nd_level)level))
      return false;
  }
  return true;
#else
  return has_kernels_at(ND_BASELINE);
#endif
}

static void elementwise_ops_have_kernels_at_every_level(void)
{
  for_each_op(has_kernels_at_every_level, "has all kernels");
}

static bool has_its_rules(void)
{
  const bool slope = op->slope != NULL, transpose = op->transpose != NULL;
  const bool vjp = op->vjp != NULL, jvp = op->jvp != NULL;
  switch (op->derivative) {
  case ND_SLOPE: return slope && !transpose && !vjp && !jvp && has_kernels();
  case ND_LINEAR:
  case ND_BILINEAR: return !slope && transpose && !vjp && !jvp;
  case ND_VJP: return !slope && !transpose && vjp && jvp;
  case ND_COMPOSED:
    return !slope && !transpose && !vjp && !jvp && op->compose != NULL;
  default:
    return !slope && !transpose && !vjp && !jvp && nd_op_needs(op, 0) == 0;
  }
}

static void ops_have_the_rules_of_their_kind_and_no_others(void)
{
  for_each_op(has_its_rules, "has the rules of its kind");
}

static bool computes_in_one_way(void)
{
  return has_kernels() + (op->view != NULL) +
           (op->run != NULL || op->work != NULL) +
           (op->compose != NULL && !has_kernels()) ==
         1;
}

static void ops_compute_in_one_way(void)
{
  for_each_op(computes_in_one_way, "computes in one way");
}

static bool cuts_its_own_work(void)
{
  return op->long_cases == NULL || op->derivative != ND_COMPOSED;
}

static void composed_ops_cut_no_work(void)
{
  for_each_op(cuts_its_own_work, "has long cases for work of its own");
}

static bool counts_its_attributes(void)
{
  int n = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++)
    n += !nd_param_is_tensor(p);
  return op->attrs == n && n <= ND_MAX_ATTRS;
}

// Records do not copy texts.
static bool records_no_text(void)
{
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (p->kind == ND_TEXT && op->derivative != ND_COMPOSED)
      return false;
  }
  return true;
}

static void composed_ops_alone_take_texts(void)
{
  for_each_op(records_no_text, "takes no text");
}

static bool infers_its_results(void)
{
  const bool many = op->results != NULL || op->outs != NULL;
  return !many ||
         ((op->infer != NULL || op->compose != NULL) && !has_kernels());
}

static void ops_of_several_outputs_infer_them(void)
{
  for_each_op(infers_its_results, "infers its outputs");
}

static bool has_words_for_words(void)
{
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (!nd_param_is_tensor(p) && nd_param_has_words(p) != (p->words != NULL))
      return false;
  }
  return true;
}

static void words_are_listed(void)
{
  for_each_op(has_words_for_words, "lists its words");
}

static void ops_count_their_attributes(void)
{
  for_each_op(counts_its_attributes, "has as many attributes as it says");
}

// Dispatch copies up to ND_FEW tensors, and feeds kernels ND_MAX_FEEDS.
static bool has_few_tensors(void)
{
  int n = 0, lists = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    n += p->kind == ND_TENSOR;
    lists += p->kind == ND_TENSORS;
  }
  return (lists == 0 || (lists == 1 && n == 0)) && n <= ND_FEW &&
         (!has_kernels() || n + 2 <= ND_MAX_FEEDS);
}

static void ops_take_few_tensors_or_one_list(void)
{
  for_each_op(has_few_tensors, "takes few tensors");
}

static bool lacks_only_in_formulas(void)
{
  bool may = false;
  for (const nd_param *p = op->params; p->name != NULL; p++)
    may = may || nd_param_may_lack(p);
  return !may || op->derivative == ND_COMPOSED || op->compose != NULL;
}

static void formulas_alone_may_lack_tensors(void)
{
  for_each_op(lacks_only_in_formulas, "has all of its tensors");
}

static bool has_words(void)
{
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (p->name[0] == '\0')
      return false;
  }
  return op->name != NULL && op->name[0] != '\0' && op->doc != NULL &&
         strlen(op->doc) > 3;
}

static void ops_have_a_name_and_a_text(void)
{
  for_each_op(has_words, "has a name and a text");
}

static bool has_cases(void)
{
  const bool needed = op->derivative != ND_NO_GRAD && !op->hidden;
  return !needed || (op->cases != NULL && op->low < op->high);
}

static void differentiable_ops_have_cases(void)
{
  for_each_op(has_cases, "has cases and a range to sample");
}

static bool is_first_of_its_name(void)
{
  return nd_op_find(op->name) == op;
}

static void names_are_unique(void)
{
  for_each_op(is_first_of_its_name, "is the only one of its name");
}

static bool has_its_operator_alone(void)
{
  int n = 0;
  const nd_op *other;
  for (int i = 0; (other = nd_op_at(i)) != NULL; i++)
    n += op->metamethod != NULL && other->metamethod != NULL &&
         strcmp(op->metamethod, other->metamethod) == 0;
  return n == (op->metamethod != NULL);
}

static void operators_belong_to_one_op(void)
{
  for_each_op(has_its_operator_alone, "has its operator alone");
}

static bool takes_its_initial_values(void)
{
  nd_value attr[ND_MAX_ATTRS];
  nd_values_start(op, attr);
  int i = 0;
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    if (nd_param_is_tensor(p))
      continue;
    const bool given = p->initial != NULL && strcmp(p->initial, "nil") != 0;
    if (attr[i++].given != given)
      return false;
  }
  return true;
}

static void initial_values_are_read(void)
{
  for_each_op(takes_its_initial_values, "reads its initial values");
}

// ------------------------------------------------------------ calls by name --

static void a_call_names_the_op(void)
{
  start();
  nd_tensor *x = F32("[1 2 3]");
  CHECK_VALUES(CALL("reduce_sum", NULL, x), "6", 0);
  CHECK_VALUES(CALL("reduce_sum", "keepdims=true axis=1", x), "[6]", 0);
  CHECK_FAILS(CALL("reduce_som", NULL, x), "reduce_som: no such op");
  CHECK_FAILS(CALL("reduce_sum", NULL, x, x),
              "reduce_sum: takes 1 tensor, got 2");
  CHECK_FAILS(CALL0("add", NULL), "add: takes 2 tensors, got 0");
  finish();
}

static void ops_with_several_outputs_fill_the_room(void)
{
  start();
  nd_tensor *x = F32("[1 5 2]"), *y[3];
  int n = 3;
  CHECK(nd_call_all(c, "top_k", 1, &x, "k=2", &n, y));
  CHECK_INT(n, 2);
  CHECK_VALUES(own(y[0]), "[5 2]", 0);
  CHECK_VALUES(own(y[1]), "[2 3]", 0);
  CHECK(y[2] == NULL);
  n = 3;
  CHECK(nd_call_all(c, "unstack", 1, &x, NULL, &n, y));
  CHECK_INT(n, 3);
  for (int k = 0; k < n; k++)
    own(y[k]);
  CHECK_VALUES(y[2], "2", 0);
  n = 1;
  CHECK(nd_call_all(c, "square", 1, &x, NULL, &n, y));
  CHECK_VALUES(own(y[0]), "[1 25 4]", 0);
  finish();
}

static void several_outputs_need_room(void)
{
  start();
  nd_tensor *x = F32("[1 5 2]"), *y[3];
  int n = 1;
  CHECK(!nd_call_all(c, "top_k", 1, &x, "k=2", &n, y));
  CHECK_FAILS(y[0], "top_k: gives 2 tensors, there is room for 1");
  CHECK_FAILS(CALL("unstack", NULL, x),
              "unstack: gives several tensors; use nd_call_all");
  CHECK_FAILS(CALL("bell", NULL, x), "bell: no such op");
  finish();
}

static void a_null_input_gives_null_and_no_error(void)
{
  start();
  nd_tensor *x = F32("[1 2 3]");
  CHECK(CALL("add", NULL, x, NULL) == NULL);
  CHECK_INT(nd_error_code(c), ND_OK);
  finish();
}

static void options_are_text(void)
{
  start();
  nd_tensor *x = F32("[[1 2] [3 4]]");
  CHECK_VALUES(CALL("reduce_sum", "axis=[1, 2]", x), "10", 0);
  CHECK_VALUES(CALL("reduce_sum", " axis=[ 1 2 ] , keepdims=true ", x),
               "[[10]]", 0);
  CHECK_VALUES(CALL("slice", "ranges=[1:-1:1 2]", x), "[2 4]", 0);
  CHECK_VALUES(CALL("reshape", "shape=[]", F32("[7]")), "7", 0);
  CHECK_VALUES(CALL("cast", "dtype=int32", x), "[[1 2] [3 4]]", 0);
  CHECK_VALUES(CALL0("normal", "shape=[2] mean=3.5 stddev=0"), "[3.5 3.5]", 0);
  finish();
}

static void wrong_options_are_refused(void)
{
  start();
  nd_tensor *x = F32("[[1 2] [3 4]]");
  CHECK_FAILS(CALL("reduce_sum", "axes=1", x),
              "reduce_sum: unknown option 'axes': it takes axis, keepdims; "
              "did you mean 'axis'?");
  CHECK_FAILS(CALL("reduce_sum", "axis", x),
              "reduce_sum: options are name=value, got 'axis'");
  CHECK_FAILS(CALL("reduce_sum", "= 1", x),
              "reduce_sum: options are name=value, got '= 1'");
  CHECK_FAILS(CALL("reduce_sum", "axis=[1 2", x),
              "reduce_sum: bad value for option 'axis': '[1 2'");
  CHECK_FAILS(CALL("reduce_sum", "axis=one", x),
              "reduce_sum: bad value for option 'axis': 'one'");
  CHECK_FAILS(CALL("reduce_sum", "keepdims=yes", x),
              "reduce_sum: bad value for option 'keepdims': 'yes'");
  CHECK_FAILS(CALL("cast", "dtype=float8", x),
              "cast: bad value for option 'dtype': 'float8'");
  CHECK_FAILS(CALL("expand_dims", "axis=x", x),
              "expand_dims: bad value for option 'axis': 'x'");
  CHECK_FAILS(CALL0("normal", "shape=[2] mean=x"),
              "normal: bad value for option 'mean': 'x'");
  CHECK_FAILS(CALL("reduce_sum", "axis=1axis=2", x),
              "reduce_sum: bad value for option 'axis': '1axis=2'");
  CHECK_FAILS(CALL("reduce_sum", "axis=1.5", x),
              "reduce_sum: bad value for option 'axis': '1.5'");
  CHECK_FAILS(CALL("reduce_sum", "axis=[1]2", x),
              "reduce_sum: bad value for option 'axis': '[1]2'");
  CHECK_FAILS(CALL("reduce_sum", "axis=[1-2]", x),
              "reduce_sum: bad value for option 'axis': '[1-2]'");
  CHECK_FAILS(CALL("reduce_sum", "axis=9223372036854775808", x),
              "reduce_sum: bad value for option 'axis': "
              "'9223372036854775808'");
  CHECK_FAILS(CALL("reduce_sum", "axis=[-9223372036854775809]", x),
              "reduce_sum: bad value for option 'axis': "
              "'[-9223372036854775809]'");
  CHECK_FAILS(CALL("reduce_sum", "keepdims=true keepdims=false", x),
              "reduce_sum: keepdims is given twice");
  CHECK_FAILS(CALL("reduce_sum", "axis=1 keepdims=true,axis=1", x),
              "reduce_sum: axis is given twice");
  CHECK_FAILS(CALL("reduce_sum", "axis=", x),
              "reduce_sum: bad value for option 'axis': ''");
  CHECK_FAILS(CALL("reduce_sum", "axis=1 =2", x),
              "reduce_sum: options are name=value, got '=2'");
  CHECK_FAILS(CALL0("normal", "shape=[2] mean=1e999"),
              "normal: bad value for option 'mean': '1e999'");
  CHECK_FAILS(CALL0("normal", "shape=[2] mean=1mean=2"),
              "normal: bad value for option 'mean': '1mean=2'");
  CHECK_FAILS(CALL("slice", "ranges=[1:2:3:4]", x),
              "slice: bad value for option 'ranges': '[1:2:3:4]'");
  CHECK_FAILS(CALL("reshape", "shape=[1 1 1 1 1 1 1 1 4]", x),
              "reshape: bad value for option 'shape': "
              "'[1 1 1 1 1 1 1 1 4]'");
  finish();
}

static void options_that_must_be_given_are_asked_for(void)
{
  start();
  nd_tensor *x = F32("[[1 2] [3 4]]");
  CHECK_FAILS(CALL("reshape", NULL, x),
              "reshape: shape is missing: it must be a whole number or a "
              "list of them");
  CHECK_FAILS(CALL("cast", NULL, x),
              "cast: dtype is missing: it must be the name of a dtype");
  CHECK_FAILS(CALL("expand_dims", NULL, x),
              "expand_dims: axis is missing: it must be a whole number");
  CHECK_FAILS(CALL0("zeros", "dtype=int32"),
              "zeros: shape is missing: it must be a whole number or a list of "
              "them");
  finish();
}

static void axes_are_resolved_in_one_place(void)
{
  start();
  nd_tensor *x = F32("[[1 2] [3 4]]");
  CHECK_VALUES(CALL("reduce_sum", "axis=-1", x), "[3 7]", 0);
  CHECK_VALUES(CALL("reduce_sum", "axis=-2", x), "[4 6]", 0);
  CHECK_FAILS(CALL("reduce_sum", "axis=0", x),
              "reduce_sum: axis 0: axes count from 1 here; TensorFlow's axis 0 "
              "is 1");
  CHECK_FAILS(CALL("reduce_sum", "axis=3", x),
              "reduce_sum: axis 3 is outside 1..2");
  CHECK_FAILS(CALL("reduce_sum", "axis=-3", x),
              "reduce_sum: axis -3 is outside 1..2");
  CHECK_FAILS(CALL("reduce_sum", "axis=[1 -2]", x),
              "reduce_sum: axis 1 appears twice");
  CHECK_FAILS(CALL("concat", "axis=0", x, x),
              "concat: axis 0: axes count from 1 here; TensorFlow's axis 0 is "
              "1");
  finish();
}

int main(void)
{
  RUN(elementwise_ops_have_kernels_at_every_level);
  RUN(ops_have_the_rules_of_their_kind_and_no_others);
  RUN(ops_compute_in_one_way);
  RUN(composed_ops_cut_no_work);
  RUN(ops_count_their_attributes);
  RUN(ops_of_several_outputs_infer_them);
  RUN(words_are_listed);
  RUN(composed_ops_alone_take_texts);
  RUN(ops_take_few_tensors_or_one_list);
  RUN(formulas_alone_may_lack_tensors);
  RUN(ops_have_a_name_and_a_text);
  RUN(differentiable_ops_have_cases);
  RUN(names_are_unique);
  RUN(operators_belong_to_one_op);
  RUN(initial_values_are_read);
  RUN(a_call_names_the_op);
  RUN(ops_with_several_outputs_fill_the_room);
  RUN(several_outputs_need_room);
  RUN(a_null_input_gives_null_and_no_error);
  RUN(options_are_text);
  RUN(wrong_options_are_refused);
  RUN(options_that_must_be_given_are_asked_for);
  RUN(axes_are_resolved_in_one_place);
  return check_done();
}
