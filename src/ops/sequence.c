// ops/sequence.c: sequences of different lengths that share a tensor.

#include "op/axes.h"
#include "op/integers.h"
#include "ops/rules.h"

// `x` with `count` more axes of size 1 behind its own.
static nd_tensor *widen(nd_context *c, nd_tensor *x, int count)
{
  int64_t shape[ND_MAX_RANK];
  if (x == NULL)
    return NULL;
  for (int i = 0; i < x->rank + count; i++)
    shape[i] = i < x->rank ? x->dims[i] : 1;
  return RESHAPE(x, x->rank + count, shape);
}

// 1, 2 .. as int64.
static nd_tensor *positions(nd_context *c, int64_t n)
{
  nd_tensor *count = COUNT(n, 1);
  return count == NULL ? NULL : ADD(count, NUMBER(count, 1));
}

// ----------------------------------------------------------- sequence_mask --

enum { MAXLEN, MASK_DTYPE, MASK_ATTRS };  // attributes

static const nd_param mask_params[] = {
  { "lengths", ND_TENSOR, .dtypes = ND_INTS },
  { "maxlen", ND_INTEGER, "nil" },
  { "dtype", ND_WORD_DTYPE, "bool" },
  { 0 },
};

static bool find_maxlen(nd_context *c, const nd_job *j, nd_tensor *lengths,
                        int64_t *maxlen)
{
  *maxlen = j->attr[MAXLEN].integer;
  if (j->attr[MAXLEN].given)
    return *maxlen >= 0 ||
           nd_fail(c, ND_BAD_ARGUMENT, "maxlen is negative: %lld",
                   (long long)*maxlen);
  *maxlen = 0;
  if (lengths == NULL || lengths->size == 0)
    return lengths != NULL;
  nd_tensor *most = MAX_OF(lengths, (nd_value){ 0 });
  if (most == NULL || !nd_force(most))
    return false;
  *maxlen = (int64_t)nd_tensor_first(most);
  if (*maxlen < 0)
    *maxlen = 0;
  return true;
}

static void sequence_mask(nd_context *c, const nd_job *j)
{
  int64_t n;
  nd_tensor *lengths = CAST(j->in[0], ND_INT64);
  if (lengths != NULL && lengths->rank == ND_MAX_RANK)
    nd_fail(c, ND_BAD_ARGUMENT, "too many axes: lengths is %s",
            ND_SHAPE(lengths->rank, lengths->dims));
  else if (find_maxlen(c, j, lengths, &n))
    j->out[0] = CAST(GE(widen(c, lengths, 1), positions(c, n)),
                     (nd_dtype)j->attr[MASK_DTYPE].integer);
}

const nd_op nd_op_sequence_mask = {
  .name = "sequence_mask",
  .doc =
    "for each length a row that is true up to there, of maxlen, or as long "
    "as the longest",
  .params = mask_params,
  .attrs = MASK_ATTRS,
  .compose = sequence_mask,
};

// -------------------------------------------------------- reverse_sequence --

enum { SEQ_AXIS, BATCH_AXIS, REVERSE_ATTRS };  // attributes

static const nd_param reverse_params[] = {
  { "x", ND_TENSOR },
  { "seq_lengths", ND_TENSOR, .dtypes = ND_INTS },
  { "seq_axis", ND_AXIS },
  { "batch_axis", ND_AXIS, "1" },
  { 0 },
};

static bool check_reverse(nd_context *c, const nd_job *j, int *time, int *batch)
{
  nd_tensor *x = j->in[0], *lengths = j->in[1];
  int64_t bad;
  *time = nd_axis_infer(c, j, j->attr[SEQ_AXIS].integer);
  *batch = *time < 0 ? -1 : nd_axis_infer(c, j, j->attr[BATCH_AXIS].integer);
  if (*batch < 0)
    return false;
  if (*time == *batch)
    return nd_fail(c, ND_BAD_ARGUMENT, "seq_axis and batch_axis are both %d",
                   *time + 1);
  if (lengths->rank != 1 || lengths->dims[0] != x->dims[*batch])
    return nd_fail(c, ND_BAD_ARGUMENT, "seq_lengths must be [%lld], got %s",
                   (long long)x->dims[*batch],
                   ND_SHAPE(lengths->rank, lengths->dims));
  return nd_force(lengths) &&
         (nd_integers_within(lengths, 0, x->dims[*time], true, &bad) ||
          nd_fail(c, ND_BAD_ARGUMENT, "length %lld is outside 0..%lld",
                  (long long)bad, (long long)x->dims[*time]));
}

// Rows of [batch time ..] by their positions among all.
static void reverse_sequence(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  int time, batch;
  if (!check_reverse(c, j, &time, &batch))
    return;
  if (x->size == 0) {
    j->out[0] = IDENTITY(x);
    return;
  }
  const int64_t n = x->dims[batch], steps = x->dims[time];
  nd_tensor *length = widen(c, CAST(j->in[1], ND_INT64), 1);
  nd_tensor *at = positions(c, steps);
  nd_tensor *back = SUB(ADD(length, NUMBER(length, 1)), at);
  nd_tensor *order = IF(GE(length, at), back, at);
  order = ADD(order, widen(c, COUNT(n, steps), 1));
  const int moved = batch > time ? time + 1 : time;  // once batch is first
  nd_tensor *y = MOVE_AXES(x, batch, 1, 0);
  y = MOVE_AXES(y, moved, 1, 1);
  if (y == NULL)
    return;
  int64_t shape[ND_MAX_RANK];
  for (int i = 1; i < y->rank; i++)
    shape[i - 1] = y->dims[i];
  shape[0] = n * steps;
  nd_tensor *rows = RESHAPE(y, y->rank - 1, shape);
  rows = GATHER(rows, RESHAPE(order, 1, shape));
  rows = RESHAPE(rows, y->rank, y->dims);
  rows = MOVE_AXES(rows, 1, 1, moved);
  j->out[0] = MOVE_AXES(rows, 0, 1, batch);
}

const nd_op nd_op_reverse_sequence = {
  .name = "reverse_sequence",
  .doc =
    "x with the first of seq_lengths along seq_axis reversed, of each that "
    "lies along batch_axis; what follows stays",
  .params = reverse_params,
  .attrs = REVERSE_ATTRS,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = reverse_sequence,
  .low = -3,
  .high = 3,
  .cases = "[2 4] {3 0} seq_axis=2; [3 2 4] {3 1} seq_axis=1 batch_axis=2; "
           "[2 2 3] {1 3} seq_axis=-1; [2 3 4] {1 2 0 2} seq_axis=1 "
           "batch_axis=3; [0 3] {} seq_axis=2",
};

const nd_op *const nd_ops_sequence[] = { &nd_op_sequence_mask,
                                         &nd_op_reverse_sequence, NULL };
