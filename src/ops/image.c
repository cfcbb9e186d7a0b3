// ops/image.c: images and batches of them: [height width channels], or with an
// axis for the batch before. What lies along height and width is turned, cut
// and put together.

#include "base/work.h"
#include "ops/rules.h"

static const nd_param image_params[] = { { "image", ND_TENSOR }, { 0 } };

// The axis of the height, from 0; -1 after an error.
static int find_height(nd_context *c, const nd_tensor *x)
{
  if (x->rank == 3 || x->rank == 4)
    return x->rank - 3;
  return nd_fail(c, ND_BAD_ARGUMENT,
                 "image must be [height width channels] or a batch of them, "
                 "got %s",
                 ND_SHAPE(x->rank, x->dims)) -
         1;
}

static nd_tensor *flip(nd_context *c, nd_tensor *x, int axis)
{
  return SLICE_ALONG(x, axis, -1, 1, -1);
}

// Exchanges height and width.
static nd_tensor *turn(nd_context *c, nd_tensor *x, int height)
{
  return MOVE_AXES(x, height + 1, 1, height);
}

static void flip_left_right(nd_context *c, const nd_job *j)
{
  const int height = find_height(c, j->in[0]);
  if (height >= 0)
    j->out[0] = flip(c, j->in[0], height + 1);
}

static void flip_up_down(nd_context *c, const nd_job *j)
{
  const int height = find_height(c, j->in[0]);
  if (height >= 0)
    j->out[0] = flip(c, j->in[0], height);
}

static const nd_param turn_params[] = {
  { "image", ND_TENSOR },
  { "k", ND_INTEGER, "1" },
  { 0 },
};

// Quarter turns, counterclockwise.
static void rot90(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const int height = find_height(c, x);
  const int k = (int)((j->attr[0].integer % 4 + 4) % 4);
  if (height < 0)
    return;
  if (k == 0)
    j->out[0] = IDENTITY(x);
  else if (k == 1)
    j->out[0] = flip(c, turn(c, x, height), height);
  else if (k == 2)
    j->out[0] = flip(c, flip(c, x, height), height + 1);
  else
    j->out[0] = turn(c, flip(c, x, height), height);
}

#define IMAGE                                          \
  .module = "image", .inside = true, .dtypes = ND_ANY, \
  .derivative = ND_COMPOSED, .low = -3, .high = 3

const nd_op nd_op_flip_left_right = {
  .name = "flip_left_right",
  .doc = "images whose columns are in reverse order",
  .params = image_params,
  IMAGE,
  .compose = flip_left_right,
  .cases = "[2 3 1]; [2 2 3 2]",
};

const nd_op nd_op_flip_up_down = {
  .name = "flip_up_down",
  .doc = "images whose rows are in reverse order",
  .params = image_params,
  IMAGE,
  .compose = flip_up_down,
  .cases = "[2 3 1]; [2 2 3 2]",
};

const nd_op nd_op_rot90 = {
  .name = "rot90",
  .doc = "images after k quarter turns, counterclockwise",
  .params = turn_params,
  .attrs = 1,
  IMAGE,
  .compose = rot90,
  .cases = "[2 3 1]; [2 2 3 2] k=2; [2 3 1] k=-1; [2 3 1] k=4",
};

// --------------------------------------------------------- space and depth --

static const nd_param block_params[] = {
  { "x", ND_TENSOR },
  { "block_size", ND_INTEGER },
  { 0 },
};

static bool check_block(nd_context *c, const nd_job *j, bool to_depth)
{
  const nd_tensor *x = j->in[0];
  const int64_t b = j->attr[0].integer;
  if (x->rank != 4)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "x must be [batch height width channels], got %s",
                   ND_SHAPE(x->rank, x->dims));
  const bool fits = b > 0 && b < (1 << 15) &&
                    (to_depth ? x->dims[1] % b == 0 && x->dims[2] % b == 0
                              : x->dims[3] % (b * b) == 0);
  return fits || nd_fail(c, ND_BAD_ARGUMENT,
                         "x does not part into blocks of %lld: it is %s",
                         (long long)b, ND_SHAPE(x->rank, x->dims));
}

static void space_to_depth(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const int64_t b = j->attr[0].integer;
  if (!check_block(c, j, true))
    return;
  const int64_t h = x->dims[1] / b, w = x->dims[2] / b, d = x->dims[3];
  const int64_t parts[] = { x->dims[0], h, b, w, b, d };
  const int64_t order[] = { 1, 2, 4, 3, 5, 6 };
  const int64_t shape[] = { x->dims[0], h, w, b * b * d };
  nd_tensor *y = TRANSPOSE(RESHAPE(x, 6, parts), order);
  j->out[0] = RESHAPE(y, 4, shape);
}

static void depth_to_space(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const int64_t b = j->attr[0].integer;
  if (!check_block(c, j, false))
    return;
  const int64_t h = x->dims[1], w = x->dims[2], d = x->dims[3] / (b * b);
  const int64_t parts[] = { x->dims[0], h, w, b, b, d };
  const int64_t order[] = { 1, 2, 4, 3, 5, 6 };
  const int64_t shape[] = { x->dims[0], h * b, w * b, d };
  nd_tensor *y = TRANSPOSE(RESHAPE(x, 6, parts), order);
  j->out[0] = RESHAPE(y, 4, shape);
}

#define BLOCKS                                                        \
  .module = "nn", .inside = true, .params = block_params, .attrs = 1, \
  .dtypes = ND_ANY, .derivative = ND_COMPOSED, .low = -3, .high = 3

const nd_op nd_op_space_to_depth = {
  .name = "space_to_depth",
  .doc = "x [batch height width channels], whose blocks of that size become "
         "the channels of one position",
  BLOCKS,
  .compose = space_to_depth,
  .cases = "[1 2 4 1] block_size=2; [2 2 2 3] block_size=1",
};

const nd_op nd_op_depth_to_space = {
  .name = "depth_to_space",
  .doc =
    "x [batch height width channels], whose channels become blocks of that "
    "size",
  BLOCKS,
  .compose = depth_to_space,
  .cases = "[1 1 2 4] block_size=2; [2 2 1 3] block_size=1",
};

// ------------------------------------------------------------------ resize --

enum { SIZE, METHOD, RESIZE_ATTRS };        // attributes
enum { BILINEAR, NEAREST, BICUBIC, AREA };  // words

static const char *const methods[] = { [BILINEAR] = "bilinear",
                                       [NEAREST] = "nearest",
                                       [BICUBIC] = "bicubic",
                                       [AREA] = "area",
                                       NULL };
static const nd_param resize_params[] = {
  { "images", ND_TENSOR },
  { "size", ND_SIZES },
  { "method", ND_WORD, "bilinear", .words = methods },
  { 0 },
};

// How a new axis of `to` positions reads one of `from`: each is the sum of
// `taps` of these, times weights.
typedef struct axis {
  int64_t from, to;
  int method;
} axis;

static double absolute(double x)
{
  return x < 0 ? -x : x;
}

static int64_t floor_of(double x)
{
  const int64_t whole = (int64_t)x;
  return whole - ((double)whole > x);
}

// Keys' cubic with a = -1/2.
static double cubic(double x)
{
  x = absolute(x);
  return x < 1   ? (1.5 * x - 2.5) * x * x + 1
         : x < 2 ? ((-.5 * x + 2.5) * x - 4) * x + 2
                 : 0;
}

static int64_t count_taps(const axis *a)
{
  const double scale = (double)a->from / (double)a->to;
  return a->method == NEAREST    ? 1
         : a->method == BILINEAR ? 2
         : a->method == BICUBIC  ? 4
                                 : (int64_t)scale + 2;
}

// What position `i` reads by tap `k`: a place, from 0, and its weight, which is
// 0 outside. Bicubic weights are to be divided by their sum.
static int64_t find_tap(const axis *a, int64_t i, int64_t k, double *weight)
{
  const double scale = (double)a->from / (double)a->to;
  const double centre = ((double)i + .5) * scale;
  int64_t at = floor_of(centre);
  *weight = 1;
  if (a->method == BILINEAR) {
    at = floor_of(centre - .5) + k;
    *weight = 1 - absolute(centre - .5 - (double)at);
  } else if (a->method == BICUBIC) {
    at = floor_of(centre - .5) + k - 1;
    *weight = at < 0 || at >= a->from ? 0 : cubic(centre - .5 - (double)at);
  } else if (a->method == AREA) {
    const double low = (double)i * scale, high = low + scale;
    at = floor_of(low) + k;
    const double first = low > (double)at ? low : (double)at;
    const double last = high < (double)at + 1 ? high : (double)at + 1;
    *weight = last > first ? (last - first) / scale : 0;
  }
  return at < 0 ? 0 : at >= a->from ? a->from - 1 : at;
}

static double sum_weights(const axis *a, int64_t i)
{
  double sum = 0, weight;
  for (int64_t k = 0; k < count_taps(a) && a->method == BICUBIC; k++) {
    find_tap(a, i, k, &weight);
    sum += weight;
  }
  return a->method == BICUBIC ? sum : 1;
}

// Tap `k` of all positions: the places, from 1, and the weights.
typedef struct tap {
  const axis *axis;
  int64_t k;
  double *places, *weights;
} tap;

static void fill_tap(const void *what, void *shared, void *own, int64_t from,
                     int64_t to)
{
  const tap *t = what;
  for (int64_t i = from; i < to; i++) {
    const int64_t place = find_tap(t->axis, i, t->k, &t->weights[i]);
    t->places[i] = (double)place + 1;
    t->weights[i] /= sum_weights(t->axis, i);
  }
}

// The same as vectors; of integers without weights. False on failure.
static bool make_tap(nd_context *c, const axis *a, int64_t k, nd_dtype dtype,
                     nd_tensor **places, nd_tensor **weights)
{
  const nd_type type = { ND_FLOAT64, 1, { a->to } };
  nd_tensor *at = nd_pool_add(c, nd_tensor_make(c, &type));
  nd_tensor *w = nd_pool_add(c, nd_tensor_make(c, &type));
  if (at == NULL || w == NULL)
    return false;
  const tap t = { a, k, (double *)(void *)at->data, (double *)(void *)w->data };
  const nd_step step = { .units = a->to, .cost = 20, .run = fill_tap };
  if (!nd_step_run(c, &step, &t, NULL))
    return false;
  *places = CAST(at, ND_INT64);
  *weights = nd_dtype_in(dtype, ND_FLOATS) ? CAST(w, dtype) : NULL;
  return *places != NULL;
}

static nd_tensor *gather_along(nd_context *c, nd_tensor *x, nd_tensor *places,
                               int along)
{
  const nd_value attr[] = { nd_value_integer(along + 1), nd_value_integer(0) };
  return nd_rule_apply(c, &nd_op_gather, 2, (nd_tensor *[]){ x, places }, attr);
}

// `x` with its axis number `along` read as `a` says.
static nd_tensor *resize_along(nd_context *c, nd_tensor *x, int along, axis a)
{
  nd_tensor *sum = NULL, *places, *weights;
  if (x == NULL)
    return NULL;
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = i == along ? a.to : 1;
  for (int64_t k = 0; k < count_taps(&a); k++) {
    if (!make_tap(c, &a, k, (nd_dtype)x->dtype, &places, &weights))
      return NULL;
    nd_tensor *part = gather_along(c, x, places, along);
    if (a.method != NEAREST)
      part = MUL(part, RESHAPE(weights, x->rank, shape));
    sum = k == 0 ? part : ADD(sum, part);
  }
  return sum;
}

static bool check_resize(nd_context *c, const nd_job *j, int height)
{
  const nd_tensor *x = j->in[0];
  const nd_value *size = &j->attr[SIZE];
  if (size->n != 2 || size->list[0] < 1 || size->list[1] < 1)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "size must be a height and a width, 1 or more, got %s",
                   ND_SHAPE(size->n, size->list));
  if (size->list[0] > INT32_MAX || size->list[1] > INT32_MAX)
    return nd_fail(c, ND_BAD_ARGUMENT, "size must be below 2^31, got %s",
                   ND_SHAPE(size->n, size->list));
  return (x->dims[height] > 0 && x->dims[height + 1] > 0) ||
         nd_fail(c, ND_BAD_ARGUMENT, "image has no pixels: %s",
                 ND_SHAPE(x->rank, x->dims));
}

static void resize(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  const int method = (int)j->attr[METHOD].integer;
  const int height = find_height(c, x);
  if (height < 0 || !check_resize(c, j, height))
    return;
  const int64_t *size = j->attr[SIZE].list;
  if (method != NEAREST && !nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS))
    x = CAST(x, ND_FLOAT32);
  for (int i = 0; i < 2 && x != NULL; i++) {
    const axis a = { x->dims[height + i], size[i], method };
    x = resize_along(c, x, height + i, a);
  }
  j->out[0] = x;
}

const nd_op nd_op_resize = {
  .name = "resize",
  .doc = "images of that size, {height, width}, by pixels' centres, without "
         "smoothing: 'bilinear', 'nearest', 'bicubic' (a = -1/2) or 'area'; "
         "float32 of integers, but by 'nearest'",
  .params = resize_params,
  .attrs = RESIZE_ATTRS,
  IMAGE,
  .compose = resize,
  .cases = "[2 3 1] size=[4 3]; [1 2 2 2] size=[3 1] method=bicubic; [4 5 1] "
           "size=[2 2] method=area; [3 2 1] size=[2 4] method=nearest",
};

const nd_op *const nd_ops_image[] = {
  &nd_op_flip_left_right,
  &nd_op_flip_up_down,
  &nd_op_rot90,
  &nd_op_space_to_depth,
  &nd_op_depth_to_space,
  &nd_op_resize,
  NULL,
};
