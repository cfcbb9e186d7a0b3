// ops/scatter_rows.c: rows that meet rows of a matrix, x[n, ..], by position
// (op/scatter.h), and the positions that lists of indices stand for. What users
// call is made of these, in ops/scatter.c.

#include <string.h>

#include "base/cut.h"
#include "op/scatter.h"
#include "ops/rules.h"
#include "tensor/reader.h"

enum { X, POSITIONS, ROWS };  // tensors
enum { WAY };                 // attribute

static const nd_param scatter_params[] = {
  { "x", ND_TENSOR },
  { "positions", ND_TENSOR, .dtypes = ND_INTS },
  { "rows", ND_TENSOR },
  { "way", ND_WORD, .words = nd_scatter_ways },
  { 0 },
};

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[X], *at = j->in[POSITIONS], *rows = j->in[ROWS];
  *out = nd_type_of(x);
  bool fits = x->rank > 0 && rows->rank == at->rank + x->rank - 1;
  for (int i = 0; fits && i < rows->rank; i++)
    fits = rows->dims[i] ==
           (i < at->rank ? at->dims[i] : x->dims[i - at->rank + 1]);
  return fits ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "shapes differ: x is %s, indices are %s, updates %s",
                 ND_SHAPE(x->rank, x->dims), ND_SHAPE(at->rank, at->dims),
                 ND_SHAPE(rows->rank, rows->dims));
}

static nd_scatter_way way_of(const nd_job *j)
{
  return (nd_scatter_way)j->attr[WAY].integer;
}

static bool check(nd_context *c, const nd_job *j)
{
  return nd_scatter_check(c, way_of(j), j->in[POSITIONS], j->in[ROWS],
                          j->in[X]->dims[0]);
}

static nd_scatter see(const nd_job *j)
{
  const nd_tensor *y = j->out[0];
  const int64_t size = y->dims[0];
  return (nd_scatter){ .way = way_of(j),
                       .positions = j->in[POSITIONS],
                       .rows = j->in[ROWS],
                       .out = y->data,
                       .size = size,
                       .run = size > 0 ? y->size / size : 0 };
}

static void copy_elements(const void *what, void *shared, void *own,
                          int64_t from, int64_t to)
{
  const nd_job *j = what;
  const size_t width = nd_dtype_size((nd_dtype)j->out[0]->dtype);
  memcpy(j->out[0]->data + (size_t)from * width,
         nd_values(j->in[X]) + (size_t)from * width,
         (size_t)(to - from) * width);
}

static void scatter_units(const void *what, void *shared, void *own,
                          int64_t from, int64_t to)
{
  const nd_scatter s = see(what);
  nd_scatter_units(&s, from, to);
}

static bool next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  if (i == 0) {
    *step = (nd_step){ 0, j->out[0]->size, .25F, copy_elements };
    return true;
  }
  const nd_scatter s = see(j);
  const bool more = nd_scatter_step(&s, step, i - 1);
  step->run = scatter_units;
  return more;
}

static nd_work work(const nd_job *j)
{
  return (nd_work){ .next = next };
}

nd_tensor *nd_rule_scatter(nd_context *c, nd_tensor *x, nd_tensor *positions,
                           nd_tensor *rows, nd_scatter_way way)
{
  const nd_value attr[] = { nd_value_integer(way) };
  const bool extreme = way == ND_SCATTER_MIN || way == ND_SCATTER_MAX;
  const nd_op *op = extreme ? &nd_op_scatter_extremes : &nd_op_scatter_rows;
  return nd_rule_apply(c, op, 3, (nd_tensor *[]){ x, positions, rows }, attr);
}

// `rows` with zeros for those that others follow at their place: of an x of
// `size` rows, each notes the number of the row that it has in the end.
static nd_tensor *keep_last(nd_context *c, nd_tensor *rows,
                            nd_tensor *positions, int64_t size)
{
  if (rows == NULL)
    return NULL;
  const int rank = rows->rank;
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < rank; i++)
    shape[i] = i < positions->rank ? positions->dims[i] : 1;
  if (positions->size < 2)
    return rows;
  nd_tensor *numbers = RESHAPE(COUNT(positions->size, 1), positions->rank,
                               positions->dims);
  nd_tensor *none = BROADCAST(nd_rule_number(c, numbers, 0), 1, &size);
  nd_tensor *noted = SCATTER(none, positions, numbers, ND_SCATTER_UPDATE);
  nd_tensor *is_last = EQ(GATHER(noted, positions), numbers);
  return IF(RESHAPE(is_last, rank, shape), rows, nd_rule_number(c, rows, 0));
}

static void scatter_transpose(nd_context *c, const nd_job *j,
                              nd_tensor *const *g, const bool *wanted,
                              nd_tensor **gx)
{
  const nd_scatter_way way = way_of(j);
  nd_tensor *at = j->in[POSITIONS];
  gx[X] = g[0];
  if (wanted[X] && way == ND_SCATTER_UPDATE)
    gx[X] = SCATTER(g[0], at, ZEROS(j->in[ROWS]), ND_SCATTER_UPDATE);
  if (!wanted[ROWS])
    return;
  gx[ROWS] = GATHER(g[0], at);
  if (way == ND_SCATTER_SUB)
    gx[ROWS] = NEG(gx[ROWS]);
  else if (way == ND_SCATTER_UPDATE)
    gx[ROWS] = keep_last(c, gx[ROWS], at, j->in[X]->dims[0]);
}

const nd_op nd_op_scatter_rows = {
  .name = "scatter_rows",
  .hidden = true,
  .doc = "x with rows put or added where positions say, in their order",
  .params = scatter_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .needs = { 1 << POSITIONS, 0, 1 << POSITIONS },
  .infer = infer,
  .check = check,
  .work = work,
  .dense = 1 << X | 1 << ROWS,
  .transpose = scatter_transpose,
  .low = -3,
  .high = 3,
  .cases = "[5 3] {1 3 3 -1} [4 3] way=update; [5] {2 2} [2] way=update; "
           "[5 2] {1 4 1} [3 2] way=add; [4] {2 2 -1} [3] way=sub; "
           "[3 2] {} [0 2] way=update; [3] {2} [1] way=add",
};

// --------------------------------------------------------------- extremes --

// Who has the extreme shares its gradient: 1 where a row of x has it, and where
// an update has it, over how many have it there.
typedef struct shares {
  nd_tensor *x, *rows;
} shares;

static shares find_shares(nd_context *c, const nd_job *j)
{
  nd_tensor *y = j->out[0], *at = j->in[POSITIONS];
  const nd_dtype dtype = (nd_dtype)y->dtype;
  nd_tensor *x = CAST(EQ(j->in[X], y), dtype);
  nd_tensor *rows = CAST(EQ(j->in[ROWS], GATHER(y, at)), dtype);
  nd_tensor *count = SCATTER(x, at, rows, ND_SCATTER_ADD);
  return (shares){ DIV(x, count), DIV(rows, GATHER(count, at)) };
}

static void extreme_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                        const bool *wanted, nd_tensor **gx)
{
  const shares s = find_shares(c, j);
  gx[X] = CHAIN(g[0], s.x);
  if (wanted[ROWS])
    gx[ROWS] = CHAIN(GATHER(g[0], j->in[POSITIONS]), s.rows);
}

static void extreme_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                        nd_tensor **ty)
{
  const shares s = find_shares(c, j);
  nd_tensor *rows = CHAIN(t[ROWS], s.rows);
  ty[0] = t[X] != NULL ? CHAIN(t[X], s.x) : ZEROS(j->out[0]);
  if (rows != NULL)
    ty[0] = SCATTER(ty[0], j->in[POSITIONS], rows, ND_SCATTER_ADD);
}

const nd_op nd_op_scatter_extremes = {
  .name = "scatter_extremes",
  .hidden = true,
  .doc = "x with the smaller or larger of its rows and of those that come to "
         "their positions",
  .params = scatter_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_IN | ND_NEEDS_OUT, 0, ND_NEEDS_IN | ND_NEEDS_OUT },
  .infer = infer,
  .check = check,
  .work = work,
  .dense = 1 << X | 1 << ROWS,
  .vjp = extreme_vjp,
  .jvp = extreme_jvp,
  .low = -3,
  .high = 3,
  .cases = "[5 3] {1 3 3 -1} [4 3] way=max; [5] {2 2} [2] way=min; "
           "[3 2] {} [0 2] way=max",
};

// ---------------------------------------------------------- row_positions --

enum { SHAPE, BATCH_DIMS };  // attributes

static const nd_param position_params[] = {
  { "indices", ND_TENSOR, .dtypes = ND_INTS },
  { "shape", ND_SIZES },
  { "batch_dims", ND_INTEGER, "0" },
  { 0 },
};

// How many axes a list of indices counts along.
static int64_t depth(const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  return x->dims[x->rank - 1];
}

static bool check_batch(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const nd_value *shape = &j->attr[SHAPE];
  const int64_t batch = j->attr[BATCH_DIMS].integer;
  if (batch < 0 || batch >= x->rank || batch > shape->n)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "batch_dims is %lld, indices are %s, x is %s",
                   (long long)batch, ND_SHAPE(x->rank, x->dims),
                   ND_SHAPE(shape->n, shape->list));
  for (int i = 0; i < batch; i++) {
    if (x->dims[i] != shape->list[i])
      return nd_fail(
        c, ND_BAD_ARGUMENT, "batches differ: indices are %s, x is %s",
        ND_SHAPE(x->rank, x->dims), ND_SHAPE(shape->n, shape->list));
  }
  return true;
}

static bool position_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  const nd_value *shape = &j->attr[SHAPE];
  if (x->rank == 0)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "indices must be lists of indices, got a number");
  if (!check_batch(c, j))
    return false;
  if (depth(j) > shape->n - j->attr[BATCH_DIMS].integer)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "lists of %lld indices: indices are %s, x is %s",
                   (long long)depth(j), ND_SHAPE(x->rank, x->dims),
                   ND_SHAPE(shape->n, shape->list));
  *out = nd_type_of(x);
  out->dtype = ND_INT64;
  out->rank--;
  return true;
}

// Index `k` of every list, as a tensor.
static nd_tensor *see_component(nd_tensor *x, int64_t k)
{
  const int64_t offset = x->size == 0 ? 0 : k * nd_strides(x)[x->rank - 1];
  return nd_tensor_view(x, x->rank - 1, x->dims, nd_strides(x), offset);
}

static bool position_check(nd_context *c, const nd_job *j)
{
  const int64_t *size = j->attr[SHAPE].list + j->attr[BATCH_DIMS].integer;
  bool ok = true;
  for (int64_t k = 0; k < depth(j) && ok; k++) {
    nd_tensor *component = see_component(j->in[0], k);
    ok = component != NULL && nd_positions_check(c, component, size[k]);
    nd_tensor_release(component);
  }
  return ok;
}

// Lists of one batch, and the rows that they count among.
typedef struct batch {
  int64_t lists, rows;
} batch;

static batch see_batch(const nd_job *j)
{
  const int first = (int)j->attr[BATCH_DIMS].integer;
  batch b = { 1, 1 };
  for (int i = first; i < j->out[0]->rank; i++)
    b.lists *= j->out[0]->dims[i];
  for (int64_t k = 0; k < depth(j); k++)
    b.rows *= j->attr[SHAPE].list[first + k];
  return b;
}

// The row, from 0, among those of its batch.
static int64_t find_row(const int64_t *at, int64_t n, const int64_t *size)
{
  int64_t row = 0;
  for (int64_t k = 0; k < n; k++)
    row = row * size[k] + at[k] + (at[k] > 0 ? -1 : size[k]);
  return row;
}

static void position_run(const nd_job *j, int64_t from, int64_t to)
{
  const int64_t *size = j->attr[SHAPE].list + j->attr[BATCH_DIMS].integer;
  const int64_t n = depth(j), most = n > 0 ? ND_BLOCK / n : ND_BLOCK;
  const batch b = see_batch(j);
  int64_t *out = (int64_t *)(void *)j->out[0]->data;
  nd_reader r;
  nd_reader_start(&r, j->in[0], ND_INT64);
  for (int64_t e = from, some; e < to; e += some) {
    some = nd_least(to - e, most);
    const int64_t *at = nd_reader_at(&r, e * n, some * n);
    for (int64_t i = e; i < e + some; i++, at += n)
      out[i] = i / b.lists * b.rows + find_row(at, n, size) + 1;
  }
}

nd_tensor *nd_rule_row_positions(nd_context *c, nd_tensor *indices, int rank,
                                 const int64_t *shape, int64_t batch_dims)
{
  const nd_value attr[] = { nd_value_list(rank, shape),
                            nd_value_integer(batch_dims) };
  return nd_rule_apply(c, &nd_op_row_positions, 1, &indices, attr);
}

const nd_op nd_op_row_positions = {
  .name = "row_positions",
  .hidden = true,
  .doc = "which rows of a tensor of that shape lists of indices stand for",
  .params = position_params,
  .attrs = 2,
  .derivative = ND_NO_GRAD,
  .infer = position_infer,
  .check = position_check,
  .run = position_run,
  .cost = 4,
};

const nd_op *const nd_ops_scatter_rows[] = {
  &nd_op_scatter_rows,
  &nd_op_scatter_extremes,
  &nd_op_row_positions,
  NULL,
};
