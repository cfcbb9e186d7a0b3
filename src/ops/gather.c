// ops/gather.c: rows by position, sums of rows by id, and their transposes.
//
// A position counts from 1 or from -1 and must be there; an id below 1 stands
// for no row at all. So each of the two has a transpose of its own:
//   gather                 rows at positions;  ungather      adds rows there
//   unsorted_segment_sum   adds rows by id;    segment_rows  rows by id

#include <string.h>

#include "kernel/gather.h"
#include "op/axes.h"
#include "op/integers.h"
#include "ops/rules.h"
#include "tensor/walk.h"

ND_DECLARE_LEVELS(const nd_gather_table, nd_gather_table);

enum { AXIS = 0, NUM_SEGMENTS = 0 };  // attributes

static const nd_param gather_params[] = {
  { "x", ND_TENSOR },
  { "indices", ND_TENSOR, .dtypes = ND_INTS },
  { "axis", ND_AXIS, "1" },
  { 0 },
};
static const nd_param segment_params[] = {
  { "x", ND_TENSOR },
  { "segment_ids", ND_TENSOR, .dtypes = ND_INTS },
  { "num_segments", ND_INTEGER },
  { 0 },
};

static bool gather_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0], *indices = j->in[1];
  if (x->rank == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "needs an axis, x is []");
  const int axis = nd_axis_resolve(c, j->attr[AXIS].integer, x->rank);
  if (axis < 0)
    return false;
  const int rank = x->rank - 1 + indices->rank;
  if (rank > ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, the result has %d",
                   ND_MAX_RANK, rank);
  out->dtype = (nd_dtype)x->dtype;
  out->rank = rank;
  int n = 0;
  for (int i = 0; i < axis; i++)
    out->shape[n++] = x->dims[i];
  for (int i = 0; i < indices->rank; i++)
    out->shape[n++] = indices->dims[i];
  for (int i = axis + 1; i < x->rank; i++)
    out->shape[n++] = x->dims[i];
  return true;
}

static bool fail_index(nd_context *c, int64_t index, int64_t size)
{
  if (index == 0)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "index 0: positions count from 1 here, and -1 is the last");
  return nd_fail(c, ND_BAD_ARGUMENT, "index %lld is outside 1..%lld",
                 (long long)index, (long long)size);
}

// Makes `n` of them count from 0; false at one that is outside.
typedef bool resolve(nd_context *c, int64_t n, int64_t *v, int64_t size);

static bool resolve_indices(nd_context *c, int64_t n, int64_t *v, int64_t size)
{
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = v[i] > 0 ? v[i] - 1 : v[i] + size;
    if (v[i] == 0 || at < 0 || at >= size)
      return fail_index(c, v[i], size);
    v[i] = at;
  }
  return true;
}

// Those that stand for no row become -1.
static bool resolve_ids(nd_context *c, int64_t n, int64_t *v, int64_t size)
{
  for (int64_t i = 0; i < n; i++) {
    if (v[i] > size)
      return nd_fail(c, ND_BAD_ARGUMENT,
                     "segment id %lld is above num_segments, %lld",
                     (long long)v[i], (long long)size);
    v[i] = v[i] < 1 ? -1 : v[i] - 1;
  }
  return true;
}

#define PICK(type)                  \
  do {                              \
    type *to = out;                 \
    const type *from = in;          \
    for (int64_t i = 0; i < n; i++) \
      to[i] = from[index[i]];       \
  } while (0)

// out[i] = in[index[i]], runs of `run` elements.
static void pick(size_t width, int64_t run, int64_t n, const int64_t *index,
                 const void *in, void *out)
{
  const size_t bytes = width * (size_t)run;
  if (bytes == 4) {
    PICK(uint32_t);
  } else if (bytes == 8) {
    PICK(uint64_t);
  } else {
    for (int64_t i = 0; i < n; i++)
      memcpy((char *)out + (size_t)i * bytes,
             (const char *)in + (size_t)index[i] * bytes, bytes);
  }
}

// The op over [outer, size, run] of dense values; it runs whole.
static bool gather_dense(nd_context *c, const nd_tensor *x, int axis,
                         const nd_tensor *indices, char *out)
{
  const size_t width = nd_dtype_size((nd_dtype)x->dtype);
  const int64_t size = x->dims[axis];
  int64_t outer = 1, run = 1;
  for (int i = 0; i < axis; i++)
    outer *= x->dims[i];
  for (int i = axis + 1; i < x->rank; i++)
    run *= x->dims[i];
  int64_t index[ND_INTEGERS_READ];
  const size_t bytes = width * (size_t)run;
  for (int64_t at = 0; at < indices->size; at += ND_INTEGERS_READ) {
    const int64_t left = indices->size - at;
    const int64_t n = left < ND_INTEGERS_READ ? left : ND_INTEGERS_READ;
    nd_integers_read(indices, at, n, index);
    if (!nd_context_ready(c) || !resolve_indices(c, n, index, size))
      return false;
    for (int64_t o = 0; o < outer; o++)
      pick(width, run, n, index, nd_values(x) + (size_t)(o * size) * bytes,
           out + (size_t)(o * indices->size + at) * bytes);
  }
  return true;
}

// The short way for single elements of 4 or 8 bytes by dense int32 indices;
// false if it does not apply, or if an index is not within 1..size.
static bool gather_elements(nd_context *c, const nd_tensor *x,
                            const nd_tensor *indices, char *out)
{
  static const nd_gather_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_gather_table);
  const nd_gather_table *k = tables[c->level];
  const size_t width = nd_dtype_size((nd_dtype)x->dtype);
  const int32_t *index = (const int32_t *)(const void *)nd_values(indices);
  if (x->rank != 1 || indices->dtype != ND_INT32 || !indices->dense ||
      x->size > INT32_MAX || (width != 4 && width != 8) ||
      !k->within(indices->size, index, (uint32_t)x->size))
    return false;
  (width == 4 ? k->pick4 : k->pick8)(indices->size, index, nd_values(x), out);
  return true;
}

static bool gather_run(nd_context *c, const nd_job *j, int64_t from, int64_t to)
{
  if (from > 0)
    return true;
  nd_tensor *x = nd_tensor_dense(j->in[0]);
  if (x == NULL)
    return false;
  const int axis = nd_axis_resolve(c, j->attr[AXIS].integer, x->rank);
  const bool ok = gather_elements(c, x, j->in[1], j->out[0]->data) ||
                  gather_dense(c, x, axis, j->in[1], j->out[0]->data);
  nd_tensor_release(x);
  return ok;
}

extern const nd_op nd_op_gather, nd_op_ungather, nd_op_unsorted_segment_sum,
  nd_op_segment_rows;

// `op` of `x` and of positions or ids, with one attribute.
static nd_tensor *apply_rows(nd_context *c, const nd_op *op, nd_tensor *x,
                             nd_tensor *rows, int64_t attribute)
{
  const nd_value attr[] = { nd_value_integer(attribute) };
  return nd_rule_apply(c, op, 2, (nd_tensor *[]){ x, rows }, attr);
}

nd_tensor *nd_rule_gather(nd_context *c, nd_tensor *x, nd_tensor *positions)
{
  return apply_rows(c, &nd_op_gather, x, positions, 1);
}

nd_tensor *nd_rule_ungather(nd_context *c, nd_tensor *x, nd_tensor *positions,
                            int64_t size)
{
  return apply_rows(c, &nd_op_ungather, x, positions, size);
}

nd_tensor *nd_rule_segment_rows(nd_context *c, nd_tensor *x, nd_tensor *ids)
{
  return apply_rows(c, &nd_op_segment_rows, x, ids, 1);
}

nd_tensor *nd_rule_segment_sum(nd_context *c, nd_tensor *x, nd_tensor *ids,
                               int64_t size)
{
  return apply_rows(c, &nd_op_unsorted_segment_sum, x, ids, size);
}

// `x` with axes first..first+count-1 moved to the front, or back from there.
static nd_tensor *rotate(nd_context *c, nd_tensor *x, int first, int count,
                         bool back)
{
  if (x == NULL || first == 0)
    return x;
  int64_t perm[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++) {
    const int source = i < count           ? first + i
                       : i < first + count ? i - count
                                           : i;
    perm[back ? source : i] = (back ? i : source) + 1;
  }
  return TRANSPOSE(x, perm);
}

static void gather_transpose(nd_context *c, const nd_job *j,
                             nd_tensor *const *g, const bool *wanted,
                             nd_tensor **gx)
{
  const nd_tensor *x = j->in[0];
  nd_tensor *positions = j->in[1];
  const int axis = nd_axis_resolve(c, j->attr[AXIS].integer, x->rank);
  nd_tensor *rows = rotate(c, g[0], axis, positions->rank, false);
  gx[0] = rotate(c, UNGATHER(rows, positions, x->dims[axis]), axis, 1, true);
}

const nd_op nd_op_gather = {
  .name = "gather",
  .doc = "the positions of x given by indices, along axis",
  .params = gather_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .needs = { 1 << 1 },
  .infer = gather_infer,
  .run = gather_run,
  .transpose = gather_transpose,
  .low = -3,
  .high = 3,
  .cases = "[5 3] {1 3 3 -1}; [5] {2 2}; [2 4 3] {4 1} axis=2; [3] {}",
};

// ----------------------------------- ungather and unsorted_segment_sum --

static bool segment_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0], *ids = j->in[1];
  bool fits = ids->rank <= x->rank;
  for (int i = 0; fits && i < ids->rank; i++)
    fits = ids->dims[i] == x->dims[i];
  if (!fits)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "shapes differ: segment_ids is %s, x is %s",
                   ND_SHAPE(ids->rank, ids->dims), ND_SHAPE(x->rank, x->dims));
  if (j->attr[NUM_SEGMENTS].integer < 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "num_segments is negative: %lld",
                   (long long)j->attr[NUM_SEGMENTS].integer);
  out->dtype = (nd_dtype)x->dtype;
  out->rank = 1 + x->rank - ids->rank;
  if (out->rank > ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, the result has %d",
                   ND_MAX_RANK, out->rank);
  out->shape[0] = j->attr[NUM_SEGMENTS].integer;
  for (int i = ids->rank; i < x->rank; i++)
    out->shape[1 + i - ids->rank] = x->dims[i];
  return true;
}

#define SUM_ROWS(label, type)                                              \
  static void sum_rows_##label(int64_t n, int64_t run, const int64_t *row, \
                               const void *in, void *out)                  \
  {                                                                        \
    const type *from = in;                                                 \
    for (int64_t i = 0; i < n; i++, from += run) {                         \
      if (row[i] < 0)                                                      \
        continue;                                                          \
      type *to = (type *)out + row[i] * run;                               \
      for (int64_t j = 0; j < run; j++)                                    \
        to[j] = (type)(to[j] + from[j]);                                   \
    }                                                                      \
  }

SUM_ROWS(float32, float)
SUM_ROWS(float64, double)
SUM_ROWS(int32, int32_t)
SUM_ROWS(int64, int64_t)
SUM_ROWS(uint8, uint8_t)

static bool sum_dense(nd_context *c, const nd_tensor *x, const nd_tensor *ids,
                      nd_tensor *out, resolve *find)
{
  static void (*const sum_rows[ND_DTYPES])(int64_t, int64_t, const int64_t *,
                                           const void *, void *) = {
    [ND_FLOAT32] = sum_rows_float32, [ND_FLOAT64] = sum_rows_float64,
    [ND_INT32] = sum_rows_int32,     [ND_INT64] = sum_rows_int64,
    [ND_UINT8] = sum_rows_uint8,
  };
  const int64_t size = out->dims[0];
  const int64_t run = ids->size > 0 ? x->size / ids->size : 0;
  const size_t width = nd_dtype_size((nd_dtype)x->dtype);
  memset(out->data, 0, (size_t)out->size * width);
  int64_t row[ND_INTEGERS_READ];
  for (int64_t at = 0; at < ids->size; at += ND_INTEGERS_READ) {
    const int64_t left = ids->size - at;
    const int64_t n = left < ND_INTEGERS_READ ? left : ND_INTEGERS_READ;
    nd_integers_read(ids, at, n, row);
    if (!nd_context_ready(c) || !find(c, n, row, size))
      return false;
    sum_rows[x->dtype](n, run, row, nd_values(x) + (size_t)(at * run) * width,
                       out->data);
  }
  return true;
}

static bool sum_whole(nd_context *c, const nd_job *j, int64_t from,
                      resolve *find)
{
  if (from > 0)
    return true;
  nd_tensor *x = nd_tensor_dense(j->in[0]);
  if (x == NULL)
    return false;
  const bool ok = sum_dense(c, x, j->in[1], j->out[0], find);
  nd_tensor_release(x);
  return ok;
}

static bool ungather_run(nd_context *c, const nd_job *j, int64_t from,
                         int64_t to)
{
  return sum_whole(c, j, from, resolve_indices);
}

static bool segment_run(nd_context *c, const nd_job *j, int64_t from,
                        int64_t to)
{
  return sum_whole(c, j, from, resolve_ids);
}

static void ungather_transpose(nd_context *c, const nd_job *j,
                               nd_tensor *const *g, const bool *wanted,
                               nd_tensor **gx)
{
  gx[0] = GATHER(g[0], j->in[1]);
}

static void segment_transpose(nd_context *c, const nd_job *j,
                              nd_tensor *const *g, const bool *wanted,
                              nd_tensor **gx)
{
  gx[0] = SEGMENT_ROWS(g[0], j->in[1]);
}

const nd_op nd_op_ungather = {
  .name = "ungather",
  .hidden = true,
  .doc = "zeros with the rows of x added at positions; transpose of gather",
  .params = segment_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_LINEAR,
  .needs = { 1 << 1 },
  .infer = segment_infer,
  .run = ungather_run,
  .transpose = ungather_transpose,
  .low = -3,
  .high = 3,
  .cases = "[4 3] {1 3 -1 2} num_segments=5; [2] {-2 2} num_segments=2",
};

const nd_op nd_op_unsorted_segment_sum = {
  .name = "unsorted_segment_sum",
  .doc = "row i of the result sums the rows of x whose segment id is i; ids "
         "below 1 are dropped",
  .params = segment_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_LINEAR,
  .needs = { 1 << 1 },
  .infer = segment_infer,
  .run = segment_run,
  .transpose = segment_transpose,
  .low = -3,
  .high = 3,
  .cases = "[4 3] {1 3 3 2} num_segments=5; [2] {2 2} num_segments=2; "
           "[3 2] {0 2 -1} num_segments=2; [2] {-1 0} num_segments=0; "
           "[0 3] {} num_segments=2",
};

// ------------------------------------------------------------ segment_rows --

static bool rows_dense(nd_context *c, const nd_tensor *x, const nd_tensor *ids,
                       const nd_tensor *y)
{
  const int64_t size = x->dims[0];
  const size_t width = nd_dtype_size((nd_dtype)x->dtype);
  const size_t bytes = (size_t)(y->size / ids->size) * width;
  char *out = y->data;
  int64_t row[ND_INTEGERS_READ];
  for (int64_t at = 0; at < ids->size; at += ND_INTEGERS_READ) {
    const int64_t left = ids->size - at;
    const int64_t n = left < ND_INTEGERS_READ ? left : ND_INTEGERS_READ;
    nd_integers_read(ids, at, n, row);
    if (!nd_context_ready(c) || !resolve_ids(c, n, row, size))
      return false;
    for (int64_t i = 0; i < n; i++, out += bytes) {
      if (row[i] < 0)
        memset(out, 0, bytes);
      else
        memcpy(out, nd_values(x) + (size_t)row[i] * bytes, bytes);
    }
  }
  return true;
}

static bool rows_run(nd_context *c, const nd_job *j, int64_t from, int64_t to)
{
  if (from > 0)
    return true;
  nd_tensor *x = nd_tensor_dense(j->in[0]), *ids = j->in[1];
  if (x == NULL)
    return false;
  const bool ok = gather_elements(c, x, ids, j->out[0]->data) ||
                  rows_dense(c, x, ids, j->out[0]);
  nd_tensor_release(x);
  return ok;
}

static void rows_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                           const bool *wanted, nd_tensor **gx)
{
  gx[0] = SEGMENT_SUM(g[0], j->in[1], j->in[0]->dims[0]);
}

const nd_op nd_op_segment_rows = {
  .name = "segment_rows",
  .hidden = true,
  .doc = "row i of x for each id i, zeros below 1; transpose of segment sums",
  .params = gather_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_LINEAR,
  .needs = { 1 << 1 },
  .infer = gather_infer,
  .run = rows_run,
  .transpose = rows_transpose,
  .low = -3,
  .high = 3,
  .cases = "[4 3] {1 0 4 -1 4} axis=1; [2] {0 -2} axis=1; [2] {2 2 1} axis=1",
};

const nd_op *const nd_ops_gather[] = {
  &nd_op_gather,
  &nd_op_ungather,
  &nd_op_unsorted_segment_sum,
  &nd_op_segment_rows,
  NULL,
};
