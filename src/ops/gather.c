// ops/gather.c: rows by position: gather, also batch by batch, and lookups.
// A position counts from 1 or from -1 and must be there.

#include <string.h>

#include "base/cut.h"
#include "kernel/gather.h"
#include "kernel/move.h"
#include "op/axes.h"
#include "op/integers.h"
#include "ops/rules.h"
#include "tensor/reader.h"

ND_DECLARE_LEVELS(const nd_gather_table, nd_gather_table);

static const nd_gather_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
  nd_gather_table);

enum { AXIS, BATCH_DIMS };  // attributes

static const nd_param gather_params[] = {
  { "x", ND_TENSOR },
  { "indices", ND_TENSOR, .dtypes = ND_INTS },
  { "axis", ND_AXIS, "nil",
    .doc = "the first after those of batches if it is left out" },
  { "batch_dims", ND_INTEGER, "0",
    .doc = "how many first axes x and indices share, each with its own rows" },
  { 0 },
};
static const nd_param lookup_params[] = {
  { "params", ND_TENSOR },
  { "ids", ND_TENSOR, .dtypes = ND_INTS },
  { 0 },
};
// The first axes that x and indices share.
static int batch_axes(const nd_job *j)
{
  return j->op->attrs > 0 ? (int)j->attr[BATCH_DIMS].integer : 0;
}

// The axis along which rows lie, counted from 1 or from -1.
static int64_t given_axis(const nd_job *j)
{
  return j->op->attrs > 0 && j->attr[AXIS].given ? j->attr[AXIS].integer
                                                 : batch_axes(j) + 1;
}

static int rows_axis(const nd_job *j)
{
  return nd_axis_place(given_axis(j), j->in[0]->rank);
}

static bool check_batches(nd_context *c, const nd_job *j, int axis)
{
  const nd_tensor *x = j->in[0], *indices = j->in[1];
  const int64_t n = j->op->attrs > 0 ? j->attr[BATCH_DIMS].integer : 0;
  if (n < 0 || n > indices->rank || n > axis)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "batch_dims is %lld, indices are %s, x is %s, axis is %d",
                   (long long)n, ND_SHAPE(indices->rank, indices->dims),
                   ND_SHAPE(x->rank, x->dims), axis + 1);
  bool same = true;
  for (int i = 0; i < n; i++)
    same = same && x->dims[i] == indices->dims[i];
  return same ||
         nd_fail(c, ND_BAD_ARGUMENT, "batches differ: indices are %s, x is %s",
                 ND_SHAPE(indices->rank, indices->dims),
                 ND_SHAPE(x->rank, x->dims));
}

static bool gather_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0], *indices = j->in[1];
  const int axis = nd_axis_infer(c, j, given_axis(j));
  if (axis < 0 || !check_batches(c, j, axis))
    return false;
  const int rank = x->rank - 1 + indices->rank - batch_axes(j);
  if (rank > ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, the result has %d",
                   ND_MAX_RANK, rank);
  out->dtype = (nd_dtype)x->dtype;
  out->rank = rank;
  int n = 0;
  for (int i = 0; i < axis; i++)
    out->shape[n++] = x->dims[i];
  for (int i = batch_axes(j); i < indices->rank; i++)
    out->shape[n++] = indices->dims[i];
  for (int i = axis + 1; i < x->rank; i++)
    out->shape[n++] = x->dims[i];
  return true;
}

static bool gather_check(nd_context *c, const nd_job *j)
{
  return nd_integers_check_positions(c, j->in[1], j->in[0]->dims[rows_axis(j)]);
}

// The input as [batch, outer, size, run], indices as [batch, count], the result
// as [batch, outer, count, run]; a row is what runs along `run`.
typedef struct layout {
  int64_t outer;  // of each batch
  int64_t size;   // rows of the input, for each of outer
  int64_t count;  // of indices
  int64_t run;    // elements of a row
} layout;

static layout see_rows(const nd_job *j)
{
  const nd_tensor *x = j->in[0], *indices = j->in[1];
  const int axis = rows_axis(j), batch = batch_axes(j);
  layout l = { 1, x->dims[axis], 1, 1 };
  for (int i = batch; i < axis; i++)
    l.outer *= x->dims[i];
  for (int i = batch; i < indices->rank; i++)
    l.count *= indices->dims[i];
  for (int i = axis + 1; i < x->rank; i++)
    l.run *= x->dims[i];
  return l;
}

// The short way for rows of 4 or 8 bytes, of one matrix, by dense int32
// positions that were checked; false if it does not apply.
static bool gather_elements(const nd_job *j, const layout *l, int64_t bytes,
                            int64_t from, int64_t to)
{
  const nd_tensor *x = j->in[0], *indices = j->in[1];
  if (l->size * l->run != x->size || (bytes != 4 && bytes != 8) ||
      l->size > INT32_MAX || indices->dtype != ND_INT32 || !indices->dense)
    return false;
  const nd_gather_table *k = tables[x->context->level];
  const int32_t *index = (const int32_t *)(const void *)nd_values(indices);
  (bytes == 4 ? k->pick4 : k->pick8)(to - from, index + from, (int32_t)l->size,
                                     nd_values(x),
                                     j->out[0]->data + from * bytes);
  return true;
}

// Rows by positions from..from+n-1, where there are more than int32 can count.
static void pick_far(const nd_job *j, int64_t bytes, int64_t size, int64_t from,
                     int64_t n, const char *in, char *out)
{
  nd_reader indices;
  nd_reader_start(&indices, j->in[1], ND_INT64);
  const int64_t *index = nd_reader_at(&indices, from, n);
  for (int64_t i = 0; i < n; i++)
    memcpy(out + i * bytes,
           in + (index[i] + (index[i] > 0 ? -1 : size)) * bytes, (size_t)bytes);
}

// Rows from..to-1 of the result.
static void gather_run(const nd_job *j, int64_t from, int64_t to)
{
  const layout l = see_rows(j);
  const int64_t bytes = (int64_t)nd_dtype_size((nd_dtype)j->in[0]->dtype) *
                        l.run;
  if (gather_elements(j, &l, bytes, from, to))
    return;
  nd_reader indices;
  nd_reader_start(&indices, j->in[1], ND_INT32);
  for (int64_t row = from, n; row < to; row += n) {
    const int64_t part = row / l.count, left = l.count - row % l.count;
    const int64_t at = part / l.outer * l.count + row % l.count;
    const char *in = nd_values(j->in[0]) + part * l.size * bytes;
    char *out = j->out[0]->data + row * bytes;
    n = nd_least(nd_least(left, to - row), ND_BLOCK);
    if (l.size > INT32_MAX)
      pick_far(j, bytes, l.size, at, n, in, out);
    else
      nd_pick_rows(n, bytes, nd_reader_at(&indices, at, n), l.size, in, out);
  }
}

static void gather_rows(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  gather_run(what, from, to);
}

static bool gather_next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const int64_t length = see_rows(j).run;
  *step = (nd_step){
    .units = length > 0 ? j->out[0]->size / length : 0,
    .cost = 2 + .17F * (float)length,
    .run = gather_rows,
  };
  return i == 0;
}

// One step over the rows of the result, unless they are elements.
static nd_work gather_work(const nd_job *j)
{
  return (nd_work){ .next = see_rows(j).run == 1 ? NULL : gather_next };
}

nd_tensor *nd_rule_gather(nd_context *c, nd_tensor *x, nd_tensor *positions)
{
  const nd_value attr[] = {
    [AXIS] = nd_value_integer(1), [BATCH_DIMS] = nd_value_integer(0)
  };
  return nd_rule_apply(c, &nd_op_gather, 2, (nd_tensor *[]){ x, positions },
                       attr);
}

// Positions among the rows of all `batches`, in the shape of indices.
static nd_tensor *count_on(nd_context *c, const nd_job *j, int64_t batches)
{
  nd_tensor *indices = j->in[1];
  if (batch_axes(j) == 0)
    return indices;
  const layout l = see_rows(j);
  const int64_t lists[] = { batches, l.count, 1 };
  const int64_t rows[] = { batches, l.size };
  nd_tensor *at = ROW_POSITIONS(RESHAPE(indices, 3, lists), 2, rows, 1);
  return RESHAPE(at, indices->rank, indices->dims);
}

// Rows of g, [batch, outer, count, run], go as [batch, count, outer, run] to
// sums [batch * size, outer, run].
static void gather_transpose(nd_context *c, const nd_job *j,
                             nd_tensor *const *g, const bool *wanted,
                             nd_tensor **gx)
{
  const nd_tensor *x = j->in[0];
  const int axis = rows_axis(j), batch = batch_axes(j);
  const int count = j->in[1]->rank - batch;
  int64_t shape[ND_MAX_RANK], batches = 1;
  for (int i = 0, n = 0; i < x->rank; i++) {
    batches *= i < batch ? x->dims[i] : 1;
    if (i == batch)
      shape[n++] = x->dims[axis];
    if (i != axis)
      shape[n++] = x->dims[i];
  }
  nd_tensor *rows = MOVE_AXES(g[0], axis, count, batch);
  nd_tensor *sums = UNGATHER(rows, count_on(c, j, batches),
                             batches * x->dims[axis]);
  if (batch > 0)
    sums = RESHAPE(sums, x->rank, shape);
  gx[0] = MOVE_AXES(sums, batch, 1, axis);
}

const nd_op nd_op_gather = {
  .name = "gather",
  .doc = "the positions of x given by indices, along axis",
  .params = gather_params,
  .attrs = 2,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .needs = { 1 << 1 },
  .infer = gather_infer,
  .check = gather_check,
  .run = gather_run,
  .work = gather_work,
  .cost = .5F,
  .dense = 1 << 0,
  .picks = 1 << 0,
  .transpose = gather_transpose,
  .low = -3,
  .high = 3,
  .cases = "[5 3] {1 3 3 -1}; [5] {2 2}; [2 4 3] {4 1} axis=2; [3] {}; "
           "[2 3] {{3 1} {-1 -1}} batch_dims=1; "
           "[2 2 3 2] {{3 1} {1 1}} axis=3 batch_dims=1",
};

const nd_op nd_op_embedding_lookup = {
  .name = "embedding_lookup",
  .module = "nn",
  .inside = true,
  .doc = "the rows of params given by ids",
  .params = lookup_params,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .needs = { 1 << 1 },
  .infer = gather_infer,
  .check = gather_check,
  .run = gather_run,
  .work = gather_work,
  .cost = .5F,
  .dense = 1 << 0,
  .picks = 1 << 0,
  .transpose = gather_transpose,
  .low = -3,
  .high = 3,
  .cases = "[5 3] {1 3 3 -1}; [5] {2 2}; [3 2] {}",
};

const nd_op *const nd_ops_gather[] = {
  &nd_op_gather,
  &nd_op_embedding_lookup,
  NULL,
};
