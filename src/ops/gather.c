// ops/gather.c: rows by position, sums of rows by id, and their transposes.
//
// A position counts from 1 or from -1 and must be there; an id below 1 stands
// for no row at all. So each of the two has a transpose of its own:
//   gather                 rows at positions;  ungather      adds rows there
//   unsorted_segment_sum   adds rows by id;    segment_rows  rows by id

#include <string.h>

#include "base/cut.h"
#include "kernel/gather.h"
#include "kernel/move.h"
#include "kernel/segment.h"
#include "op/axes.h"
#include "op/integers.h"
#include "ops/rules.h"
#include "tensor/reader.h"

ND_DECLARE_LEVELS(const nd_gather_table, nd_gather_table);

static const nd_gather_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
  nd_gather_table);

enum { AXIS = 0, NUM_SEGMENTS = 0 };  // attributes

static const nd_param gather_params[] = {
  { "x", ND_TENSOR },
  { "indices", ND_TENSOR, .dtypes = ND_INTS },
  { "axis", ND_AXIS, "1" },
  { 0 },
};
static const nd_param lookup_params[] = {
  { "params", ND_TENSOR },
  { "ids", ND_TENSOR, .dtypes = ND_INTS },
  { 0 },
};
static const nd_param segment_params[] = {
  { "x", ND_TENSOR },
  { "segment_ids", ND_TENSOR, .dtypes = ND_INTS },
  { "num_segments", ND_INTEGER },
  { 0 },
};

// The axis along which rows lie, as it was given.
static int64_t given_axis(const nd_job *j)
{
  return j->op->attrs > 0 ? j->attr[AXIS].integer : 1;
}

static bool gather_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0], *indices = j->in[1];
  const int axis = nd_axis_infer(c, j, given_axis(j));
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

static bool fail_id(nd_context *c, int64_t id, int64_t size)
{
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "segment id %lld is above num_segments, %lld", (long long)id,
                 (long long)size);
}

static bool check_ids(nd_context *c, nd_tensor *ids, int64_t size)
{
  int64_t bad;
  return nd_integers_within(ids, INT64_MIN, size, true, &bad) ||
         fail_id(c, bad, size);
}

static bool gather_check(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_place(given_axis(j), x->rank);
  return nd_integers_check_positions(c, j->in[1], x->dims[axis]);
}

// The input as [outer, size, run], the result as [outer, indices, run]; a row
// is what runs along `run`.
typedef struct layout {
  int64_t size;   // rows of the input, for each of outer
  int64_t count;  // of indices
  int64_t run;    // elements of a row
} layout;

static layout see_rows(const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  const int axis = nd_axis_place(given_axis(j), x->rank);
  layout l = { .size = x->dims[axis], .count = j->in[1]->size, .run = 1 };
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
    const int64_t outer = row / l.count, at = row % l.count;
    const char *in = nd_values(j->in[0]) + outer * l.size * bytes;
    char *out = j->out[0]->data + row * bytes;
    n = nd_least(nd_least(l.count - at, to - row), ND_BLOCK);
    if (l.size > INT32_MAX)
      pick_far(j, bytes, l.size, at, n, in, out);
    else
      nd_pick_rows(n, bytes, nd_reader_at(&indices, at, n), l.size, in, out);
  }
}

// One step over the rows of the result, unless they are elements.
static bool next_rows(const nd_job *j, nd_units_run *run, nd_step *step, int i)
{
  const int64_t length = see_rows(j).run;
  *step = (nd_step){
    .units = length > 0 ? j->out[0]->size / length : 0,
    .cost = 2 + .17F * (float)length,
    .run = run,
  };
  return i == 0;
}

static void gather_rows(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  gather_run(what, from, to);
}

static bool gather_next(const void *what, nd_step *step, int i)
{
  return next_rows(what, gather_rows, step, i);
}

static nd_work gather_work(const nd_job *j)
{
  return (nd_work){ .next = see_rows(j).run == 1 ? NULL : gather_next };
}

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

static void gather_transpose(nd_context *c, const nd_job *j,
                             nd_tensor *const *g, const bool *wanted,
                             nd_tensor **gx)
{
  const nd_tensor *x = j->in[0];
  nd_tensor *positions = j->in[1];
  const int axis = nd_axis_resolve(c, given_axis(j), x->rank);
  nd_tensor *rows = MOVE_AXES(g[0], axis, positions->rank, 0);
  gx[0] = MOVE_AXES(UNGATHER(rows, positions, x->dims[axis]), 0, 1, axis);
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
  .check = gather_check,
  .run = gather_run,
  .work = gather_work,
  .dense = 1 << 0,
  .picks = 1 << 0,
  .transpose = gather_transpose,
  .low = -3,
  .high = 3,
  .cases = "[5 3] {1 3 3 -1}; [5] {2 2}; [2 4 3] {4 1} axis=2; [3] {}",
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
  .dense = 1 << 0,
  .picks = 1 << 0,
  .transpose = gather_transpose,
  .low = -3,
  .high = 3,
  .cases = "[5 3] {1 3 3 -1}; [5] {2 2}; [3 2] {}",
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

static bool ungather_check(nd_context *c, const nd_job *j)
{
  return nd_integers_check_positions(c, j->in[1],
                                     j->attr[NUM_SEGMENTS].integer);
}

static bool segment_check(nd_context *c, const nd_job *j)
{
  return check_ids(c, j->in[1], j->attr[NUM_SEGMENTS].integer);
}

// Elements of a row of a sum.
static int64_t sum_run(const nd_job *j)
{
  const nd_tensor *out = j->out[0];
  return out->dims[0] > 0 ? out->size / out->dims[0] : 0;
}

// The sums of a job, with what is known of them in `memory`.
static nd_segments see_sums(const nd_job *j, void *memory)
{
  const nd_tensor *ids = j->in[1], *out = j->out[0];
  nd_segments s = { .segments = out->dims[0],
                    .run = sum_run(j),
                    .most = ids->size,
                    .dtype = (nd_dtype)out->dtype,
                    .level = out->context->level };
  nd_segments_place(&s, memory);
  return s;
}

// How many ids piece number `piece` has.
static int64_t piece_size(const nd_job *j, int64_t piece)
{
  const int64_t left = j->in[1]->size - piece * ND_SEGMENT_PIECE;
  return left < ND_SEGMENT_PIECE ? left : ND_SEGMENT_PIECE;
}

static void clear_sums(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_job *j = what;
  const nd_segments s = see_sums(j, shared);
  nd_segments_clear(&s, j->out[0]->data, from, to);
}

// Ids as they are, those below 1 for no row; or positions, in `room`, all of
// which count from 1 there.
static const int64_t *read_rows(const nd_job *j, nd_reader *r, int64_t from,
                                int64_t n, int64_t *room)
{
  nd_reader_start(r, j->in[1], ND_INT64);
  const int64_t *row = nd_reader_at(r, from, n);
  if (j->op != &nd_op_ungather)
    return row;
  for (int64_t i = 0; i < n; i++)
    room[i] = row[i] + (row[i] < 0 ? j->out[0]->dims[0] + 1 : 0);
  return room;
}

// Counts a piece, or takes it in. The unit has the piece's number.
static void count_piece(const void *what, void *shared, void *own,
                        int64_t piece, int64_t end)
{
  const nd_job *j = what;
  const nd_segments s = see_sums(j, shared);
  const int64_t n = piece_size(j, piece), first = piece * ND_SEGMENT_PIECE;
  nd_reader r;
  int64_t room[ND_SEGMENT_PIECE];
  const int64_t *row = read_rows(j, &r, first, n, room);
  if (s.run == 1)
    nd_segments_take(&s, row, first, n, nd_values(j->in[0]), j->out[0]->data);
  else
    nd_segments_count(&s, row, first, n);
}

// Columns from..to-1 of the piece that was counted.
static void add_columns(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const nd_job *j = what;
  const nd_segments s = see_sums(j, shared);
  nd_segments_add(&s, nd_values(j->in[0]), j->out[0]->data, from, to);
}

static void join_sums(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_job *j = what;
  const nd_segments s = see_sums(j, shared);
  nd_segments_join(&s, j->out[0]->data, from, to);
}

// Zeros; then pieces one after the other, each counted, which knows no other
// order, and added by columns unless it is taken in at once; then what waits.
static bool sum_next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const nd_tensor *ids = j->in[1], *out = j->out[0];
  const int64_t pieces = nd_parts(ids->size, ND_SEGMENT_PIECE);
  const int steps = sum_run(j) == 1 ? 1 : 2;  // of a piece
  const int64_t piece = (i - 1) / steps;
  if (i == 0)
    *step = (nd_step){ 0, out->size, .3F, clear_sums };
  else if (piece == pieces)
    *step = (nd_step){ 0, out->size, 1, join_sums };
  else if ((i - 1) % steps == 0)
    *step = (nd_step){ piece, 1, 0, count_piece };
  else
    *step = (nd_step){ 0, sum_run(j), .5F * ND_SEGMENT_PIECE, add_columns };
  return i == 0 || (out->size > 0 && i <= steps * pieces + 1);
}

static nd_work sum_work(const nd_job *j)
{
  return (nd_work){ .shared = see_sums(j, NULL).bytes, .next = sum_next };
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
  .dtypes = ND_NUMBERS,
  .derivative = ND_LINEAR,
  .needs = { 1 << 1 },
  .infer = segment_infer,
  .check = ungather_check,
  .work = sum_work,
  .rows = true,
  .dense = 1 << 0,
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
  .check = segment_check,
  .work = sum_work,
  .dense = 1 << 0,
  .transpose = segment_transpose,
  .low = -3,
  .high = 3,
  .cases = "[4 3] {1 3 3 2} num_segments=5; [2] {2 2} num_segments=2; "
           "[3 2] {0 2 -1} num_segments=2; [2] {-1 0} num_segments=0; "
           "[0 3] {} num_segments=2",
};

// ------------------------------------------------------------ segment_rows --

static bool rows_check(nd_context *c, const nd_job *j)
{
  return check_ids(c, j->in[1], j->in[0]->dims[0]);
}

static void rows_run(const nd_job *j, int64_t from, int64_t to)
{
  const layout l = see_rows(j);
  const size_t bytes = nd_dtype_size((nd_dtype)j->in[0]->dtype) * (size_t)l.run;
  char *out = j->out[0]->data + (size_t)from * bytes;
  nd_reader ids;
  nd_reader_start(&ids, j->in[1], ND_INT64);
  for (int64_t row = from, n; row < to; row += n) {
    n = to - row < ND_BLOCK ? to - row : ND_BLOCK;
    const int64_t *id = nd_reader_at(&ids, row, n);
    for (int64_t i = 0; i < n; i++, out += bytes) {
      if (id[i] < 1)
        memset(out, 0, bytes);
      else
        memcpy(out, nd_values(j->in[0]) + (size_t)(id[i] - 1) * bytes, bytes);
    }
  }
}

static void run_rows(const void *what, void *shared, void *own, int64_t from,
                     int64_t to)
{
  rows_run(what, from, to);
}

static bool rows_next(const void *what, nd_step *step, int i)
{
  return next_rows(what, run_rows, step, i);
}

static nd_work rows_work(const nd_job *j)
{
  return (nd_work){ .next = see_rows(j).run == 1 ? NULL : rows_next };
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
  .check = rows_check,
  .run = rows_run,
  .work = rows_work,
  .dense = 1 << 0,
  .picks = 1 << 0,
  .transpose = rows_transpose,
  .low = -3,
  .high = 3,
  .cases = "[4 3] {1 0 4 -1 4} axis=1; [2] {0 -2} axis=1; [2] {2 2 1} axis=1",
};

const nd_op *const nd_ops_gather[] = {
  &nd_op_gather,       &nd_op_embedding_lookup,
  &nd_op_ungather,     &nd_op_unsorted_segment_sum,
  &nd_op_segment_rows, NULL,
};
