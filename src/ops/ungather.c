// ops/ungather.c: sums of rows by position and by id, and rows by id.
//
// A position counts from 1 or from -1 and must be there; an id below 1 stands
// for no row at all. So each has a transpose of its own:
//   gather                 rows at positions;  ungather      adds rows there
//   unsorted_segment_sum   adds rows by id;    segment_rows  rows by id

#include <string.h>

#include "base/cut.h"
#include "kernel/segment.h"
#include "op/integers.h"
#include "ops/rules.h"
#include "tensor/reader.h"

enum { NUM_SEGMENTS = 0 };  // attribute

static const nd_param segment_params[] = {
  { "x", ND_TENSOR },
  { "segment_ids", ND_TENSOR, .dtypes = ND_INTS },
  { "num_segments", ND_INTEGER },
  { 0 },
};
static const nd_param rows_params[] = {
  { "x", ND_TENSOR },
  { "segment_ids", ND_TENSOR, .dtypes = ND_INTS },
  { 0 },
};

static bool check_ids(nd_context *c, nd_tensor *ids, int64_t size)
{
  int64_t bad;
  return nd_integers_within(ids, INT64_MIN, size, true, &bad) ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "segment id %lld is above num_segments, %lld", (long long)bad,
                 (long long)size);
}

// `op` of `x` and of positions or ids, that gives `size` rows.
static nd_tensor *add_up(nd_context *c, const nd_op *op, nd_tensor *x,
                         nd_tensor *rows, int64_t size)
{
  const nd_value attr[] = { nd_value_integer(size) };
  return nd_rule_apply(c, op, 2, (nd_tensor *[]){ x, rows }, attr);
}

nd_tensor *nd_rule_ungather(nd_context *c, nd_tensor *x, nd_tensor *positions,
                            int64_t size)
{
  return add_up(c, &nd_op_ungather, x, positions, size);
}

nd_tensor *nd_rule_segment_sum(nd_context *c, nd_tensor *x, nd_tensor *ids,
                               int64_t size)
{
  return add_up(c, &nd_op_unsorted_segment_sum, x, ids, size);
}

nd_tensor *nd_rule_segment_rows(nd_context *c, nd_tensor *x, nd_tensor *ids)
{
  return nd_rule_apply(c, &nd_op_segment_rows, 2, (nd_tensor *[]){ x, ids },
                       NULL);
}

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

static bool rows_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0], *ids = j->in[1];
  if (x->rank == 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "x must have rows, got a number");
  out->dtype = (nd_dtype)x->dtype;
  out->rank = ids->rank + x->rank - 1;
  if (out->rank > ND_MAX_RANK)
    return nd_fail(c, ND_BAD_ARGUMENT, "at most %d axes, the result has %d",
                   ND_MAX_RANK, out->rank);
  memcpy(out->shape, ids->dims, (size_t)ids->rank * sizeof *out->shape);
  memcpy(out->shape + ids->rank, x->dims + 1,
         (size_t)(x->rank - 1) * sizeof *out->shape);
  return true;
}

// Elements of a row that is read.
static int64_t row_run(const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  int64_t run = 1;
  for (int i = 1; i < x->rank; i++)
    run *= x->dims[i];
  return run;
}

static void rows_run(const nd_job *j, int64_t from, int64_t to)
{
  const size_t bytes = nd_dtype_size((nd_dtype)j->in[0]->dtype) *
                       (size_t)row_run(j);
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

static void read_rows_of_ids(const void *what, void *shared, void *own,
                             int64_t from, int64_t to)
{
  rows_run(what, from, to);
}

static bool rows_next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  *step = (nd_step){
    .units = j->in[1]->size,
    .cost = 2 + .17F * (float)row_run(j),
    .run = read_rows_of_ids,
  };
  return i == 0;
}

static nd_work rows_work(const nd_job *j)
{
  return (nd_work){ .next = row_run(j) == 1 ? NULL : rows_next };
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
  .params = rows_params,
  .dtypes = ND_FLOATS,
  .derivative = ND_LINEAR,
  .needs = { 1 << 1 },
  .infer = rows_infer,
  .check = rows_check,
  .run = rows_run,
  .work = rows_work,
  .dense = 1 << 0,
  .picks = 1 << 0,
  .transpose = rows_transpose,
  .low = -3,
  .high = 3,
  .cases = "[4 3] {1 0 4 -1 4}; [2] {0 -2}; [2] {2 2 1}",
};

const nd_op *const nd_ops_ungather[] = {
  &nd_op_ungather,
  &nd_op_unsorted_segment_sum,
  &nd_op_segment_rows,
  NULL,
};
