// ops/arrange.c: a tensor with its elements in other places, some of them more
// than once: reverse, roll, tile, pad. Made of slices, spreads and joins.

#include <math.h>

#include "op/axes.h"
#include "ops/rules.h"

// ----------------------------------------------------------------- reverse --

enum { REVERSED = 0 };  // attribute

static const nd_param reverse_params[] = {
  { "x", ND_TENSOR },
  { "axis", ND_AXES },
  { 0 },
};

static void reverse(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const int set = nd_axes_resolve(c, &j->attr[REVERSED], x->rank);
  int64_t ranges[3 * ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++) {
    const bool turns = set >> i & 1;
    ranges[3 * i] = turns ? -1 : 1;
    ranges[3 * i + 1] = -ranges[3 * i];
    ranges[3 * i + 2] = ranges[3 * i];
  }
  if (set >= 0)
    j->out[0] = SLICE(x, nd_value_list(3 * x->rank, ranges));
}

const nd_op nd_op_reverse = {
  .name = "reverse",
  .doc = "x with the order of its elements turned round along axes; a view",
  .params = reverse_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = reverse,
  .low = -3,
  .high = 3,
  .cases = "[5] axis=1; [2 3 4] axis=[1 -1]; [2 3] axis=[]; [0 3] axis=[1 2]",
};

// -------------------------------------------------------------------- roll --

enum { SHIFT, ROLLED };  // attributes

static const nd_param roll_params[] = {
  { "x", ND_TENSOR },
  { "shift", ND_INTEGERS },
  { "axis", ND_INTEGERS },
  { 0 },
};

// What leaves at the end comes in at the start.
static nd_tensor *roll_along(nd_context *c, nd_tensor *x, int64_t shift,
                             int axis)
{
  const int64_t size = x->dims[axis];
  const int64_t leave = size > 0 ? (shift % size + size) % size : 0;
  if (leave == 0)
    return x;
  nd_tensor *parts[] = {
    SLICE_ALONG(x, axis, size - leave + 1, size, 1),
    SLICE_ALONG(x, axis, 1, size - leave, 1),
  };
  return CONCAT(2, parts, axis + 1);
}

static void roll(nd_context *c, const nd_job *j)
{
  const nd_value *shift = &j->attr[SHIFT], *axes = &j->attr[ROLLED];
  if (shift->n != axes->n) {
    nd_fail(c, ND_BAD_ARGUMENT, "%d shifts for %d axes", shift->n, axes->n);
    return;
  }
  nd_tensor *x = IDENTITY(j->in[0]);
  for (int i = 0; i < axes->n && x != NULL; i++) {
    const int axis = nd_axis_resolve(c, axes->list[i], x->rank);
    x = axis < 0 ? NULL : roll_along(c, x, shift->list[i], axis);
  }
  j->out[0] = x;
}

const nd_op nd_op_roll = {
  .name = "roll",
  .doc = "x with its elements moved on by shift along each axis, round the end",
  .params = roll_params,
  .attrs = 2,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = roll,
  .low = -3,
  .high = 3,
  .cases = "[5] shift=2 axis=1; [3 4] shift=[1 -3] axis=[1 2]; [0] shift=1 "
           "axis=1; [3 2] shift=[1 1] axis=[1 1]",
};

// -------------------------------------------------------------------- tile --

enum { MULTIPLES = 0 };  // attribute

static const nd_param tile_params[] = {
  { "x", ND_TENSOR },
  { "multiples", ND_INTEGERS },
  { 0 },
};

// [.. n ..] as [outer, n .. inner], spread to [outer, times, n .. inner].
static nd_tensor *tile_along(nd_context *c, nd_tensor *x, int axis,
                             int64_t times)
{
  if (x == NULL)
    return NULL;
  const int rank = x->rank;
  int64_t shape[ND_MAX_RANK], outer = 1, inner = 1;
  for (int i = 0; i < rank; i++) {
    shape[i] = x->dims[i];
    if (i < axis)
      outer *= shape[i];
    else
      inner *= shape[i];
  }
  x = RESHAPE(x, 3, ((int64_t[]){ outer, 1, inner }));
  x = BROADCAST(x, 3, ((int64_t[]){ outer, times, inner }));
  if (x == NULL)
    return NULL;
  if (__builtin_mul_overflow(shape[axis], times, &shape[axis])) {
    nd_fail(c, ND_BAD_ARGUMENT, "too large");
    return NULL;
  }
  return RESHAPE(x, rank, shape);
}

static void tile(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const nd_value *times = &j->attr[MULTIPLES];
  if (times->n != x->rank) {
    nd_fail(c, ND_BAD_ARGUMENT, "%d multiples for %s", times->n,
            ND_SHAPE(x->rank, x->dims));
    return;
  }
  for (int i = 0; i < times->n; i++) {
    if (times->list[i] < 0) {
      nd_fail(c, ND_BAD_ARGUMENT, "negative multiple: %lld",
              (long long)times->list[i]);
      return;
    }
  }
  x = IDENTITY(x);
  for (int i = times->n - 1; i >= 0; i--) {
    if (times->list[i] != 1)
      x = tile_along(c, x, i, times->list[i]);
  }
  j->out[0] = x;
}

const nd_op nd_op_tile = {
  .name = "tile",
  .doc = "x repeated so many times along each axis",
  .params = tile_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = tile,
  .low = -3,
  .high = 3,
  .cases = "[3] multiples=2; [2 3] multiples=[3 2]; [2 3] multiples=[1 1]; "
           "[2 3] multiples=[2 0]; [] multiples=[]; [2 1 3] multiples=[1 4 2]",
};

// --------------------------------------------------------------------- pad --

enum { PADDINGS, MODE, CONSTANT_VALUES };  // attributes
enum { CONSTANT, REFLECT, SYMMETRIC };     // modes

static const char *const modes[] = { "CONSTANT", "REFLECT", "SYMMETRIC", NULL };

static const nd_param pad_params[] = {
  { "x", ND_TENSOR },
  { "paddings", ND_PAIRS },
  { "mode", ND_WORD, "CONSTANT", .words = modes },
  { "constant_values", ND_NUMBER, "0" },
  { 0 },
};

// What a mirror at the edge can show of an axis: all, or all but the edge.
static bool check_mirror(nd_context *c, const nd_job *j, int axis)
{
  const int64_t *pair = j->attr[PADDINGS].list + 2 * (int64_t)axis;
  const bool reflects = j->attr[MODE].integer == REFLECT;
  const int64_t size = j->in[0]->dims[axis];
  const int64_t most = reflects && size > 0 ? size - 1 : size;
  return (pair[0] <= most && pair[1] <= most) ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "%s pads an axis of %lld with at most %lld, got {%lld, %lld}",
                 modes[j->attr[MODE].integer], (long long)size, (long long)most,
                 (long long)pair[0], (long long)pair[1]);
}

static bool check_paddings(nd_context *c, const nd_job *j)
{
  const nd_value *pairs = &j->attr[PADDINGS];
  const nd_tensor *x = j->in[0];
  if (pairs->n != 2 * x->rank)
    return nd_fail(c, ND_BAD_ARGUMENT, "paddings for %d axes, x is %s",
                   pairs->n / 2, ND_SHAPE(x->rank, x->dims));
  for (int i = 0; i < pairs->n; i++) {
    if (pairs->list[i] < 0)
      return nd_fail(c, ND_BAD_ARGUMENT, "negative padding: %lld",
                     (long long)pairs->list[i]);
  }
  for (int i = 0; i < x->rank; i++) {
    if (j->attr[MODE].integer != CONSTANT && !check_mirror(c, j, i))
      return false;
  }
  const double value = j->attr[CONSTANT_VALUES].number;
  return nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS) || value == floor(value) ||
         nd_fail(c, ND_BAD_ARGUMENT, "constant_values must be whole for %s",
                 nd_dtype_name((nd_dtype)x->dtype));
}

// `size` elements of an axis, all of that value.
static nd_tensor *constant_part(nd_context *c, const nd_tensor *x, int axis,
                                int64_t size, double value)
{
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = i == axis ? size : x->dims[i];
  return BROADCAST(NUMBER(x, value), x->rank, shape);
}

// What stands before `x` and after it along an axis of size n: mirrored at the
// edges, which are skipped (1) or not (0).
static void mirror(nd_context *c, nd_tensor *x, int axis, const int64_t *pair,
                   int skipped, nd_tensor **parts)
{
  const int64_t n = x->dims[axis];
  if (pair[0] > 0)
    parts[0] = SLICE_ALONG(x, axis, pair[0] + skipped, 1 + skipped, -1);
  if (pair[1] > 0)
    parts[2] = SLICE_ALONG(x, axis, n - skipped, n + 1 - skipped - pair[1], -1);
}

static nd_tensor *pad_along(nd_context *c, const nd_job *j, nd_tensor *x,
                            int axis)
{
  const int64_t *pair = j->attr[PADDINGS].list + 2 * (int64_t)axis;
  if (x == NULL || (pair[0] == 0 && pair[1] == 0))
    return x;
  nd_tensor *parts[3] = { NULL, x, NULL };
  const int64_t mode = j->attr[MODE].integer;
  const double value = j->attr[CONSTANT_VALUES].number;
  if (mode != CONSTANT) {
    mirror(c, x, axis, pair, mode == REFLECT, parts);
  } else {
    parts[0] = constant_part(c, x, axis, pair[0], value);
    parts[2] = constant_part(c, x, axis, pair[1], value);
  }
  const int64_t first = pair[0] == 0, last = pair[1] == 0;
  return CONCAT((int)(3 - first - last), parts + first, axis + 1);
}

static void pad(nd_context *c, const nd_job *j)
{
  if (!check_paddings(c, j))
    return;
  nd_tensor *x = IDENTITY(j->in[0]);
  for (int i = 0; i < j->in[0]->rank; i++)
    x = pad_along(c, j, x, i);
  j->out[0] = x;
}

const nd_op nd_op_pad = {
  .name = "pad",
  .doc = "x with so many elements before and after it along each axis: of one "
         "value, or mirrored at the edge, without it (REFLECT) or with it "
         "(SYMMETRIC)",
  .params = pad_params,
  .attrs = 3,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = pad,
  .low = -3,
  .high = 3,
  .cases = "[3] paddings=[1:2]; [2 3] paddings=[1:0 0:2] constant_values=7; "
           "[3 4] paddings=[2:1 3:3] mode=REFLECT; [2 3] paddings=[2:1 0:3] "
           "mode=SYMMETRIC; [] paddings=[]; [0 2] paddings=[1:1 0:0]",
};

nd_tensor *nd_rule_pad(nd_context *c, nd_tensor *x, const int64_t *paddings)
{
  if (x == NULL)
    return NULL;
  nd_value attr[ND_MAX_ATTRS];
  nd_values_start(&nd_op_pad, attr);
  attr[PADDINGS] = nd_value_list(2 * x->rank, paddings);
  return nd_rule_apply(c, &nd_op_pad, 1, &x, attr);
}

const nd_op *const nd_ops_arrange[] = { &nd_op_reverse, &nd_op_roll,
                                        &nd_op_tile, &nd_op_pad, NULL };
