// ops/create.c: tensors from nothing: zeros, ones, fill, eye, range, linspace,
// one_hot, and zeros and ones like another.

#include <math.h>
#include <string.h>

#include "base/cut.h"
#include "base/number.h"
#include "op/axes.h"
#include "op/engine.h"
#include "op/integers.h"
#include "ops/rules.h"
#include "tensor/reader.h"
#include "tensor/writer.h"

static const double one = 1;

static void zeros_run(const nd_job *j, int64_t from, int64_t to)
{
  const size_t width = nd_dtype_size((nd_dtype)j->out[0]->dtype);
  memset(j->out[0]->data + (size_t)from * width, 0,
         (size_t)(to - from) * width);
}

static void ones_run(const nd_job *j, int64_t from, int64_t to)
{
  const nd_tensor *y = j->out[0];
  const nd_dtype dtype = (nd_dtype)y->dtype;
  const size_t width = nd_dtype_size(dtype);
  nd_scalar value;
  nd_convert(y->context->level, dtype, ND_FLOAT64, 1, &value, &one);
  nd_spread(width, to - from, &value, y->data + (size_t)from * width);
}

// ---------------------------------------------------------- zeros and ones --

enum { SHAPE, SHAPE_DTYPE };  // attributes

static const nd_param shape_params[] = {
  { "shape", ND_SIZES },
  { "dtype", ND_WORD_DTYPE, "float32" },
  { 0 },
};

enum { LIKE_DTYPE };  // attribute

static const nd_param like_params[] = {
  { "x", ND_TENSOR },
  { "dtype", ND_WORD_DTYPE, "nil" },
  { 0 },
};

static bool shape_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  out->dtype = (nd_dtype)j->attr[SHAPE_DTYPE].integer;
  return nd_sizes_infer(c, &j->attr[SHAPE], out);
}

static bool like_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  if (j->attr[LIKE_DTYPE].given)
    out->dtype = (nd_dtype)j->attr[LIKE_DTYPE].integer;
  return true;
}

const nd_op nd_op_zeros = {
  .name = "zeros",
  .doc = "zeros of that shape",
  .params = shape_params,
  .attrs = 2,
  .infer = shape_infer,
  .run = zeros_run,
};

const nd_op nd_op_ones = {
  .name = "ones",
  .doc = "ones of that shape",
  .params = shape_params,
  .attrs = 2,
  .infer = shape_infer,
  .run = ones_run,
};

const nd_op nd_op_zeros_like = {
  .name = "zeros_like",
  .by_type = true,
  .doc = "zeros with the shape of x, and its dtype unless one is given",
  .params = like_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .infer = like_infer,
  .run = zeros_run,
};

const nd_op nd_op_ones_like = {
  .name = "ones_like",
  .by_type = true,
  .doc = "ones with the shape of x, and its dtype unless one is given",
  .params = like_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .infer = like_infer,
  .run = ones_run,
};

// -------------------------------------------------------------------- eye --

enum { ROWS, COLUMNS, EYE_DTYPE };  // attributes

static const nd_param eye_params[] = {
  { "rows", ND_INTEGER },
  { "columns", ND_INTEGER, "nil" },
  { "dtype", ND_WORD_DTYPE, "float32" },
  { 0 },
};

static bool eye_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  out->dtype = (nd_dtype)j->attr[EYE_DTYPE].integer;
  out->rank = 2;
  out->shape[0] = j->attr[ROWS].integer;
  out->shape[1] = j->attr[j->attr[COLUMNS].given ? COLUMNS : ROWS].integer;
  return nd_sizes_check(c, 2, out->shape);
}

static void eye_run(const nd_job *j, int64_t from, int64_t to)
{
  zeros_run(j, from, to);
  const int64_t next = j->out[0]->dims[1] + 1;
  const int64_t side = j->out[0]->dims[0] < j->out[0]->dims[1]
                         ? j->out[0]->dims[0]
                         : j->out[0]->dims[1];
  nd_writer w;
  nd_writer_start(&w, j->out[0], ND_FLOAT64);
  for (int64_t k = nd_parts(from, next); k < side && k * next < to; k++)
    nd_writer_put(&w, k * next, &one);
}

const nd_op nd_op_eye = {
  .name = "eye",
  .doc = "identity matrix, square unless columns are given",
  .params = eye_params,
  .attrs = 3,
  .infer = eye_infer,
  .run = eye_run,
};

// --------------------------------------------------------- range, linspace --

enum { RANGE_DTYPE };  // attribute

static const nd_param range_params[] = {
  { "start", ND_TENSOR },
  { "limit", ND_TENSOR },
  { "delta", ND_TENSOR, "1" },
  { "dtype", ND_WORD_DTYPE, "nil" },
  { 0 },
};

// The option `dtype`, or the inputs' dtype when it was not given.
static bool choose_dtype(nd_context *c, const nd_job *j, const nd_value *dtype,
                         int allowed, nd_type *out)
{
  out->dtype = (nd_dtype)(dtype->given ? dtype->integer : j->in[0]->dtype);
  return nd_dtype_in(out->dtype, allowed) ||
         nd_fail(c, ND_BAD_ARGUMENT, "no such dtype here: %s",
                 nd_dtype_name(out->dtype));
}

static bool need_scalars(nd_context *c, const nd_job *j)
{
  for (int i = 0; i < j->n; i++) {
    if (j->in[i]->rank != 0)
      return nd_fail(c, ND_BAD_ARGUMENT, "needs numbers, got %s",
                     ND_SHAPE(j->in[i]->rank, j->in[i]->dims));
  }
  return true;
}

// Value i of numbers at even distances is scale * (start + i * step). Where the
// last is further from the first than the largest double, `scale` is 2.
typedef struct ladder {
  double start, step, scale;
} ladder;

static double rung(const ladder *l, int64_t i)
{
  return l->scale * (l->start + (double)i * l->step);
}

// From `start` to `stop` in so many steps.
static ladder span_ladder(double start, double stop, double steps)
{
  const double scale = isinf(stop - start) ? 2 : 1;
  const double first = start / scale;
  return (ladder){ first, (stop / scale - first) / steps, scale };
}

// Elements from..to-1 of the output.
static void climb(const nd_job *j, const ladder *l, int64_t from, int64_t to)
{
  nd_writer w;
  nd_writer_start(&w, j->out[0], ND_FLOAT64);
  nd_writer_seek(&w, from);
  for (int64_t at = from, n; at < to; at += n) {
    n = nd_least(to - at, ND_BLOCK);
    double *y = nd_writer_next(&w);
    for (int64_t i = 0; i < n; i++)
      y[i] = rung(l, at + i);
    nd_writer_done(&w, n);
  }
}

static int64_t whole(const nd_tensor *x)
{
  nd_reader r;
  nd_reader_start(&r, x, ND_INT64);
  return *(const int64_t *)nd_reader_at(&r, 0, 1);
}

// How many steps of `delta` lead from `start` to `limit`; negative for none.
static double count_whole_steps(const nd_job *j)
{
  const int64_t start = whole(j->in[0]);
  const int64_t limit = whole(j->in[1]);
  const int64_t delta = whole(j->in[2]);
  if (delta == 0 || (delta > 0 ? limit < start : limit > start))
    return delta == 0 ? INFINITY : -1;
  const uint64_t span = (uint64_t)limit - (uint64_t)start;
  return (double)(delta > 0 ? span / (uint64_t)delta
                            : -span / -(uint64_t)delta);
}

// How many steps, and the ladder to climb. A limit that is missed by no more
// than rounding is met, by steps of a better size: in float32, ten steps of 0.1
// lead a little past 1.
static double count_steps(const nd_job *j, ladder *l)
{
  const nd_dtype dtype = (nd_dtype)j->in[0]->dtype;
  const double start = nd_tensor_first(j->in[0]);
  const double limit = nd_tensor_first(j->in[1]);
  const double delta = nd_tensor_first(j->in[2]);
  *l = span_ladder(start, limit, 1);
  const double steps = l->step / (delta / l->scale);
  l->step = delta / l->scale;
  if (nd_dtype_in(dtype, ND_INTS))
    return count_whole_steps(j);
  const double whole_steps = round(steps);
  const double slack = fabs(steps) * (dtype == ND_FLOAT32 ? 0x1p-22 : 0x1p-50);
  if (!(fabs(steps - whole_steps) <= (slack < 0.125 ? slack : 0.125)))
    return floor(steps);
  if (whole_steps != 0)
    *l = span_ladder(start, limit, whole_steps);
  return whole_steps;
}

// False, and an error, if an integer dtype does not have the first and the last
// value.
static bool fits(nd_context *c, const ladder *l, int64_t size, nd_dtype dtype)
{
  static const double low[ND_DTYPES] = {
    [ND_INT32] = -0x1p31, [ND_INT64] = -0x1p63
  };
  static const double high[ND_DTYPES] = {
    [ND_INT32] = 0x1p31, [ND_INT64] = 0x1p63, [ND_UINT8] = 0x1p8
  };
  const double ends[] = { rung(l, 0), rung(l, size - 1) };
  for (int i = 0; i < 2 && size > 0 && nd_dtype_in(dtype, ND_INTS); i++) {
    if (!(ends[i] >= low[dtype] && ends[i] < high[dtype]))
      return nd_fail(c, ND_BAD_ARGUMENT, "%s does not fit %s",
                     ND_NUMBER(ends[i]), nd_dtype_name(dtype));
  }
  return true;
}

static bool range_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!need_scalars(c, j))
    return false;
  ladder l;
  const double steps = count_steps(j, &l);
  if (!(fabs(steps) < 0x1p53) || !isfinite(l.step))
    return nd_fail(c, ND_BAD_ARGUMENT, "no such range: %s to %s by %s",
                   ND_NUMBER(nd_tensor_first(j->in[0])),
                   ND_NUMBER(nd_tensor_first(j->in[1])),
                   ND_NUMBER(nd_tensor_first(j->in[2])));
  out->rank = 1;
  out->shape[0] = steps < 0 ? 0 : (int64_t)steps + 1;
  return choose_dtype(c, j, &j->attr[RANGE_DTYPE], ND_NUMBERS, out) &&
         (out->dtype == (nd_dtype)j->in[0]->dtype ||
          fits(c, &l, out->shape[0], out->dtype));
}

static void range_run(const nd_job *j, int64_t from, int64_t to)
{
  ladder l;
  count_steps(j, &l);
  if (j->out[0]->dtype == ND_INT64 && j->in[0]->dtype == ND_INT64) {
    uint64_t *out = (uint64_t *)(void *)j->out[0]->data;
    const uint64_t first = (uint64_t)whole(j->in[0]);
    const uint64_t delta = (uint64_t)whole(j->in[2]);
    for (int64_t i = from; i < to; i++)
      out[i] = first + (uint64_t)i * delta;
    return;
  }
  climb(j, &l, from, to);
}

const nd_op nd_op_range = {
  .name = "range",
  .doc = "start, start + delta, ... up to limit, which is included",
  .params = range_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .infer = range_infer,
  .run = range_run,
};

// 0, step, ..: the last of `size` numbers is the limit.
nd_tensor *nd_rule_count(nd_context *c, int64_t size, int64_t step)
{
  nd_tensor ends[3];
  nd_tensor *in[] = { &ends[0], &ends[1], &ends[2] };
  nd_scalar_set_integer(c, &ends[0], ND_INT64, 0);
  nd_scalar_set_integer(c, &ends[1], ND_INT64, (size - 1) * step);
  nd_scalar_set_integer(c, &ends[2], ND_INT64, step);
  return nd_rule_apply(c, &nd_op_range, 3, in, NULL);
}

enum { NUM_VALUES, LINSPACE_DTYPE };  // attributes

static const nd_param linspace_params[] = {
  { "start", ND_TENSOR },
  { "stop", ND_TENSOR },
  { "num", ND_INTEGER },
  { "dtype", ND_WORD_DTYPE, "nil" },
  { 0 },
};

static bool linspace_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!need_scalars(c, j))
    return false;
  if (j->attr[NUM_VALUES].integer < 0)
    return nd_fail(c, ND_BAD_ARGUMENT, "num is negative: %lld",
                   (long long)j->attr[NUM_VALUES].integer);
  out->rank = 1;
  out->shape[0] = j->attr[NUM_VALUES].integer;
  return choose_dtype(c, j, &j->attr[LINSPACE_DTYPE], ND_FLOATS, out);
}

// Between ends that are not both finite lie numbers like the one that is not,
// and between -inf and inf nans.
static ladder linspace_ladder(double start, double stop, int64_t last)
{
  if (isfinite(start) && isfinite(stop))
    return span_ladder(start, stop, (double)last);
  return (ladder){ start == stop ? start : start + stop, 0, 1 };
}

// In double, rounded once; the ends are `start` and `stop` themselves.
static void linspace_run(const nd_job *j, int64_t from, int64_t to)
{
  const double start = nd_tensor_first(j->in[0]);
  const double stop = nd_tensor_first(j->in[1]);
  const int64_t last = j->out[0]->size - 1;
  const ladder l = linspace_ladder(start, stop, last);
  climb(j, &l, from, to);
  nd_writer w;
  nd_writer_start(&w, j->out[0], ND_FLOAT64);
  if (to == last + 1 && from < to)
    nd_writer_put(&w, last, &stop);
  if (from == 0 && to > 0)
    nd_writer_put(&w, 0, &start);
}

// Value i is start * (1 - t[i]) + stop * t[i] for t from 0 to 1.
static nd_tensor *share_of(nd_context *c, const nd_job *j, int end)
{
  const nd_value attr[] = {
    [NUM_VALUES] = j->attr[NUM_VALUES], [LINSPACE_DTYPE] = { .given = false }
  };
  nd_tensor *ends[] = { NUM(end == 0), NUM(end == 1) };
  return nd_rule_apply(c, &nd_op_linspace, 2, ends, attr);
}

static void linspace_transpose(nd_context *c, const nd_job *j,
                               nd_tensor *const *g, const bool *wanted,
                               nd_tensor **gx)
{
  for (int i = 0; i < 2; i++) {
    if (wanted[i])
      gx[i] = CAST(MUL(g[0], share_of(c, j, i)), (nd_dtype)j->in[i]->dtype);
  }
}

const nd_op nd_op_linspace = {
  .name = "linspace",
  .doc = "num values from start to stop, evenly spaced, both included",
  .params = linspace_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_LINEAR,
  .infer = linspace_infer,
  .run = linspace_run,
  .transpose = linspace_transpose,
  .low = -3,
  .high = 3,
  .cases = "[] [] num=5; [] [] num=0; [] [] num=3 dtype=float64",
};

// ---------------------------------------------------------------- one_hot --

enum { DEPTH, ONE_HOT_DTYPE, ON_VALUE, OFF_VALUE, ONE_HOT_AXIS };  // attributes

static const nd_param one_hot_params[] = {
  { "indices", ND_TENSOR, .dtypes = ND_INTS },
  { "depth", ND_INTEGER },
  { "dtype", ND_WORD_DTYPE, "float32" },
  { "on_value", ND_NUMBER, "1" },
  { "off_value", ND_NUMBER, "0" },
  { "axis", ND_AXIS, "-1" },
  { 0 },
};

static bool one_hot_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  const int64_t depth = j->attr[DEPTH].integer;
  if (out->rank == ND_MAX_RANK || depth < 0)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "no such shape: indices is %s, depth %lld",
                   ND_SHAPE(out->rank, out->shape), (long long)depth);
  const int axis = nd_axis_resolve(c, j->attr[ONE_HOT_AXIS].integer,
                                   out->rank + 1);
  if (axis < 0)
    return false;
  out->dtype = (nd_dtype)j->attr[ONE_HOT_DTYPE].integer;
  for (int i = out->rank++; i > axis; i--)
    out->shape[i] = out->shape[i - 1];
  out->shape[axis] = depth;
  return true;
}

static bool one_hot_check(nd_context *c, const nd_job *j)
{
  return nd_integers_avoid(j->in[0], 0, 0) ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "label 0: labels count from 1 here; -1 and labels above the "
                 "depth give rows of zeros");
}

static void spread_off(const nd_job *j, int64_t from, int64_t to)
{
  const nd_tensor *y = j->out[0];
  const nd_dtype dtype = (nd_dtype)y->dtype;
  const size_t width = nd_dtype_size(dtype);
  nd_scalar off;
  nd_convert(y->context->level, dtype, ND_FLOAT64, 1, &off,
             &j->attr[OFF_VALUE].number);
  nd_spread(width, to - from, &off, y->data + (size_t)from * width);
}

// An output [rows depth beside] has index [row b] at its [row, index, b].
// Puts what is on among elements from..to-1, for the `n` indices from number
// `first` on.
static void put_on(const nd_job *j, nd_writer *w, int64_t beside,
                   const int64_t *index, int64_t first, int64_t n, int64_t from,
                   int64_t to)
{
  const int64_t depth = j->attr[DEPTH].integer;
  for (int64_t i = 0; i < n; i++) {
    if (index[i] < 1 || index[i] > depth)
      continue;
    const int64_t row = (first + i) / beside, b = (first + i) % beside;
    const int64_t at = (row * depth + index[i] - 1) * beside + b;
    if (at >= from && at < to)
      nd_writer_put(w, at, &j->attr[ON_VALUE].number);
  }
}

// How many elements lie beside each other behind the new axis.
static int64_t count_beside(const nd_job *j)
{
  const nd_tensor *y = j->out[0];
  int64_t n = 1;
  for (int i = nd_axis_place(j->attr[ONE_HOT_AXIS].integer, y->rank) + 1;
       i < y->rank; i++)
    n *= y->dims[i];
  return n;
}

// So many rows at a time that what is off there is still in the first cache.
static void one_hot_run(const nd_job *j, int64_t from, int64_t to)
{
  enum { ELEMENTS = 2048 };
  const int64_t beside = count_beside(j);
  const int64_t row = j->attr[DEPTH].integer * beside;  // elements
  const int64_t few = nd_least(1 + ELEMENTS / row, ND_BLOCK);
  nd_reader r;
  nd_writer w;
  nd_reader_start(&r, j->in[0], ND_INT64);
  nd_writer_start(&w, j->out[0], ND_FLOAT64);
  for (int64_t at = from / row; at * row < to; at += few) {
    const int64_t start = from > at * row ? from : at * row;
    const int64_t end = nd_least((at + few) * row, to);
    const int64_t last = nd_parts(end, row) * beside;
    spread_off(j, start, end);
    for (int64_t i = at * beside, n; i < last; i += n) {
      n = nd_least(last - i, ND_BLOCK);
      put_on(j, &w, beside, nd_reader_at(&r, i, n), i, n, start, end);
    }
  }
}

const nd_op nd_op_one_hot = {
  .name = "one_hot",
  .doc = "a new axis of off_value with on_value at each index; all off for "
         "other indices than 1..depth, but 0 is an error",
  .params = one_hot_params,
  .attrs = 5,
  .infer = one_hot_infer,
  .check = one_hot_check,
  .run = one_hot_run,
};

// ------------------------------------------------------------------- fill --

static const nd_param fill_params[] = {
  { "shape", ND_SIZES },
  { "value", ND_TENSOR },
  { 0 },
};

static bool fill_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  return need_scalars(c, j) && nd_sizes_infer(c, &j->attr[SHAPE], out) &&
         nd_op_broadcast_to.infer(c, j, out);
}

static void fill_view(nd_context *c, const nd_job *j, const nd_type *type)
{
  nd_op_broadcast_to.view(c, j, type);
}

const nd_op nd_op_fill = {
  .name = "fill",
  .doc = "that shape, filled with value",
  .params = fill_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = fill_infer,
  .view = fill_view,
  .transpose = nd_rule_pass,
  .low = -3,
  .high = 3,
  .cases = "[] shape=[2 3]; [] shape=[0]",
};

const nd_op *const nd_ops_create[] = {
  &nd_op_zeros, &nd_op_ones,  &nd_op_zeros_like, &nd_op_ones_like,
  &nd_op_eye,   &nd_op_range, &nd_op_linspace,   &nd_op_one_hot,
  &nd_op_fill,  NULL,
};
