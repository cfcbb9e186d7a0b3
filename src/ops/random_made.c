// ops/random_made.c: what is made of random numbers: dropout, categorical and
// shuffles by a stream that is given.

#include "base/number.h"
#include "op/stream.h"
#include "ops/rules.h"

#define SEED_PARAM             \
  {                            \
    "seed", ND_INTEGERS, "nil" \
  }

// ----------------------------------------------------------------- dropout --

enum { RATE, NOISE_SHAPE, SEED };  // attributes

static const nd_param dropout_params[] = {
  { "x", ND_TENSOR },
  { "rate", ND_NUMBER },
  { "noise_shape", ND_SIZES, "nil" },
  SEED_PARAM,
  { 0 },
};

static bool check_dropout(nd_context *c, const nd_job *j, nd_value *shape)
{
  const nd_tensor *x = j->in[0];
  const double rate = j->attr[RATE].number;
  if (!(rate >= 0 && rate < 1))
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "rate must be 0 or more and below 1, "
                   "got %s",
                   ND_NUMBER(rate));
  *shape = nd_value_list(x->rank, x->dims);
  if (!j->attr[NOISE_SHAPE].given)
    return true;
  *shape = j->attr[NOISE_SHAPE];
  bool fits = shape->n == x->rank;
  for (int i = 0; i < shape->n && fits; i++)
    fits = shape->list[i] == 1 || shape->list[i] == x->dims[i];
  return fits ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "noise_shape must have the sizes of x or 1: it is %s, x is %s",
                 ND_SHAPE(shape->n, shape->list), ND_SHAPE(x->rank, x->dims));
}

static void dropout(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  nd_value shape;
  if (!check_dropout(c, j, &shape))
    return;
  const double rate = j->attr[RATE].number;
  if (rate == 0) {
    j->out[0] = IDENTITY(x);
    return;
  }
  nd_tensor *u = DRAW(ND_FLOAT32, shape.n, shape.list, j->attr[SEED]);
  nd_tensor *stays = u == NULL ? NULL : GE(u, NUMBER(u, rate));
  nd_tensor *scaled = MUL(x, NUMBER(x, 1 / (1 - rate)));
  j->out[0] = IF(stays, scaled, NUMBER(x, 0));
}

const nd_op nd_op_dropout = {
  .name = "dropout",
  .module = "nn",
  .inside = true,
  .doc = "x / (1 - rate), of which the share `rate`, at random, becomes 0; "
         "noise_shape has 1 where axes share what becomes of them",
  .params = dropout_params,
  .attrs = 3,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = dropout,
  .low = -3,
  .high = 3,
  .cases = "[3 4] rate=.4 seed=[1 2]; [3 4] rate=0; "
           "[2 3 4] rate=.5 noise_shape=[2 1 4] seed=[1 2]; [] rate=.5 "
           "seed=[5 6]; [0 3] rate=.5",
};

// ------------------------------------------------------------- categorical --

enum { SAMPLES, DTYPE, LOGITS_SEED };  // attributes

static const nd_param categorical_params[] = {
  { "logits", ND_TENSOR },
  { "num_samples", ND_INTEGER },
  { "dtype", ND_WORD_DTYPE, "nil" },
  SEED_PARAM,
  { 0 },
};

static nd_dtype asked(const nd_job *j)
{
  const nd_value *dtype = &j->attr[DTYPE];
  return dtype->given ? (nd_dtype)dtype->integer : ND_INT64;
}

static bool check_categorical(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  if (x->rank != 2 || x->dims[1] == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "logits must be [batch classes], got %s",
                   ND_SHAPE(x->rank, x->dims));
  if (j->attr[SAMPLES].integer < 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "num_samples is negative: %lld",
                   (long long)j->attr[SAMPLES].integer);
  return nd_dtype_in(asked(j), ND_INTS) ||
         nd_fail(c, ND_BAD_ARGUMENT, "dtype must be an integer, got %s",
                 nd_dtype_name(asked(j)));
}

// The first class at which the running sum of probabilities is above a number
// drawn below their sum.
static void categorical(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  if (!check_categorical(c, j))
    return;
  const int64_t shape[] = { x->dims[0], j->attr[SAMPLES].integer };
  nd_tensor *p = SOFTMAX(CAST(x, ND_FLOAT64), -1);
  nd_tensor *sums = RUNNING_SUM(p, 1, false);
  nd_tensor *u = DRAW(ND_FLOAT64, 2, shape, j->attr[LOGITS_SEED]);
  u = MUL(u, SLICE_ALONG(sums, 1, -1, -1, 1));
  nd_tensor *at = SEARCH(sums, u, true);
  if (at == NULL)
    return;
  at = MINIMUM(at, NUMBER(at, (double)x->dims[1]));
  j->out[0] = CAST(at, asked(j));
}

const nd_op nd_op_categorical = {
  .name = "categorical",
  .module = "random",
  .inside = true,
  .doc =
    "for each row of logits [batch classes] so many classes, from 1, drawn "
    "with probabilities softmax(logits); int64 unless dtype says so",
  .params = categorical_params,
  .attrs = 3,
  .dtypes = ND_FLOATS,
  .compose = categorical,
};

// --------------------------------------------------------------- stateless --

enum { GIVEN_SEED = 1, GIVEN_DTYPE };  // attributes of stateless_categorical

static const nd_param stateless_categorical_params[] = {
  { "logits", ND_TENSOR },
  { "num_samples", ND_INTEGER },
  { "seed", ND_INTEGERS },
  { "dtype", ND_WORD_DTYPE, "nil" },
  { 0 },
};

static void stateless_categorical(nd_context *c, const nd_job *j)
{
  const nd_value attr[] = { [SAMPLES] = j->attr[SAMPLES],
                            [DTYPE] = j->attr[GIVEN_DTYPE],
                            [LOGITS_SEED] = j->attr[GIVEN_SEED] };
  if (nd_stream_check_stateless(c, &j->attr[GIVEN_SEED]))
    j->out[0] = nd_rule_apply(c, &nd_op_categorical, 1, j->in, attr);
}

const nd_op nd_op_stateless_categorical = {
  .name = "stateless_categorical",
  .module = "random",
  .inside = true,
  .doc = "categorical, the same classes for the same two of seed",
  .params = stateless_categorical_params,
  .attrs = 3,
  .dtypes = ND_FLOATS,
  .compose = stateless_categorical,
};

static const nd_param stateless_shuffle_params[] = {
  { "x", ND_TENSOR },
  { "seed", ND_INTEGERS },
  { 0 },
};

// Rows in the order of numbers that are drawn for them.
static void stateless_shuffle(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const nd_value *seed = &j->attr[0];
  if (!nd_stream_check_stateless(c, seed))
    return;
  if (x->rank > 0)
    j->out[0] = GATHER(x, ARGSORT(DRAW(ND_FLOAT64, 1, x->dims, *seed)));
  else
    nd_fail(c, ND_BAD_ARGUMENT, "x must have rows, but is a scalar");
}

const nd_op nd_op_stateless_shuffle = {
  .name = "stateless_shuffle",
  .module = "random",
  .inside = true,
  .doc = "the rows of x in random order, the same for the same two of seed",
  .params = stateless_shuffle_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = stateless_shuffle,
  .low = -3,
  .high = 3,
  .cases = "[5] seed=[1 2]; [4 2] seed=[3 4]; [0 3] seed=[1 2]; [1] seed=[1 2]",
};

const nd_op *const nd_ops_random_made[] = {
  &nd_op_dropout,
  &nd_op_categorical,
  &nd_op_stateless_categorical,
  &nd_op_stateless_shuffle,
  NULL,
};
