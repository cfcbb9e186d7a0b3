// ops/conv.c: convolutions over one, two or three spatial axes, channels last,
// and their transposes. The three forms
//   convolution           y = the windows of x times filters
//   conv_transpose        x = its transpose by x: y spread by the filters
//   conv_filter_gradient  filters = its transpose by the filters, of x and y
// are linear in each of their two inputs, and the transposes of each are the
// other two: so all orders are here, and forward mode needs no code.
//
// Groups are what the shapes say: filters [.. in out] with fewer channels than
// x has belong to as many groups as make them fit.

#include "op/axes.h"
#include "op/correlate.h"
#include "op/filters.h"
#include "ops/rules.h"

// Attributes: those of convolution, and those of the other two.
enum { STRIDES, PADDING, DILATIONS };
enum { SHAPE, SHAPE_STRIDES, SHAPE_PADDING, SHAPE_DILATIONS };

static const nd_param conv_params[] = {
  { "x", ND_TENSOR },
  { "filters", ND_TENSOR },
  { "strides", ND_INTEGERS, "1" },
  { "padding", ND_PADDING, "VALID" },
  { "dilations", ND_INTEGERS, "1" },
  { 0 },
};
static const nd_param transpose_params[] = {
  { "x", ND_TENSOR },
  { "filters", ND_TENSOR },
  { "output_shape", ND_SIZES, "nil" },
  { "strides", ND_INTEGERS, "1" },
  { "padding", ND_PADDING, "SAME" },
  { "dilations", ND_INTEGERS, "1" },
  { 0 },
};
static const nd_param filter_params[] = {
  { "x", ND_TENSOR },
  { "g", ND_TENSOR },
  { "filter_shape", ND_SIZES },
  { "strides", ND_INTEGERS, "1" },
  { "padding", ND_PADDING, "VALID" },
  { "dilations", ND_INTEGERS, "1" },
  { 0 },
};

static bool is_transpose(const nd_job *j)
{
  return j->op->params == transpose_params;
}

static nd_sliding how_of(const nd_job *j)
{
  const nd_value *a = j->attr + (j->op->params == conv_params ? 0 : 1);
  return (nd_sliding){ .steps = &a[STRIDES],
                       .padding = &a[PADDING],
                       .gaps = &a[DILATIONS] };
}

// ---------------------------------------------------------------- inference --

static bool fail_channels(nd_context *c, const nd_job *j, const char *what)
{
  const nd_tensor *x = j->in[0], *y = j->in[1];
  return nd_fail(c, ND_BAD_ARGUMENT, "%s: x is %s, filters are %s", what,
                 ND_SHAPE(x->rank, x->dims), ND_SHAPE(y->rank, y->dims));
}

static bool check_filters(nd_context *c, const nd_tensor *x,
                          const nd_tensor *filters)
{
  if (filters->rank != x->rank)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "filters must have as many axes as x: x is %s, filters are "
                   "%s",
                   ND_SHAPE(x->rank, x->dims),
                   ND_SHAPE(filters->rank, filters->dims));
  return filters->size > 0 ||
         nd_fail(c, ND_BAD_ARGUMENT, "filters must have elements: they are %s",
                 ND_SHAPE(filters->rank, filters->dims));
}

// Sets groups and channels for an x with `inputs` and a y with `outputs`
// channels, by filters whose last axes are [in outputs].
static bool find_groups(nd_conv *v, int64_t inputs, int64_t in, int64_t outputs)
{
  if (inputs < 1 || inputs % in != 0 || outputs % (inputs / in) != 0)
    return false;
  v->groups = inputs / in;
  v->in = in;
  v->out = outputs / v->groups;
  return true;
}

// Filters [taps.., channels, multiplier] of a depthwise convolution are those
// of as many groups as channels.
static bool is_deep(const nd_job *j)
{
  return j->op == &nd_op_depthwise_conv2d;
}

static nd_conv start_conv(const nd_tensor *x)
{
  return (nd_conv){ .w = nd_window_start(x->rank - 2), .batch = x->dims[0] };
}

static int64_t last(const nd_tensor *x)
{
  return x->dims[x->rank - 1];
}

static int64_t last_but_one(const nd_tensor *x)
{
  return x->dims[x->rank - 2];
}

static bool see_channels(nd_context *c, const nd_job *j, nd_conv *v)
{
  const nd_tensor *x = j->in[0], *filters = j->in[1];
  const int64_t in = last_but_one(filters);
  if (is_deep(j)) {
    *v = (nd_conv){ .w = v->w, .batch = v->batch, .groups = in, .in = 1 };
    v->out = last(filters);
    return last(x) == in ||
           fail_channels(c, j, "channels of x and filters differ");
  }
  if (last(x) < 1 || last(x) % in != 0)
    return fail_channels(c, j, "channels of x are no multiple of the filters'");
  return find_groups(v, last(x), in, last(filters)) ||
         fail_channels(c, j, "groups have not as many filters each");
}

// What a convolution works on.
static bool see_conv(nd_context *c, const nd_job *j, nd_conv *v)
{
  const nd_tensor *x = j->in[0], *filters = j->in[1];
  const nd_sliding how = how_of(j);
  if (!check_filters(c, x, filters))
    return false;
  *v = start_conv(x);
  nd_window_sizes(&v->w, x->dims + 1, v->w.in);
  nd_window_sizes(&v->w, filters->dims, v->w.taps);
  return see_channels(c, j, v) && nd_window_slide(c, &v->w, &how);
}

static bool infer_windows(nd_context *c, const nd_job *j, nd_type *out,
                          int rank)
{
  const nd_tensor *x = j->in[0];
  nd_conv v;
  if (nd_window_rank(c, x, "x", rank) < 0 || !see_conv(c, j, &v))
    return false;
  *out = nd_type_of(x);
  for (int i = 0; i < v.w.rank; i++)
    out->shape[1 + i] = v.w.out[ND_SPATIAL - v.w.rank + i];
  out->shape[x->rank - 1] = v.groups * v.out;
  return true;
}

// The sizes of the result, y having been made from them.
static bool see_shape(nd_context *c, const nd_job *j, nd_conv *v)
{
  const nd_tensor *y = j->in[0], *filters = j->in[1];
  const nd_value *shape = &j->attr[SHAPE];
  if (shape->n != y->rank || shape->list[0] != y->dims[0] ||
      last(y) != last(filters) ||
      !find_groups(v, shape->list[y->rank - 1], last_but_one(filters), last(y)))
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "no output of shape %s: x is %s, filters are %s",
                   ND_SHAPE(shape->n, shape->list), ND_SHAPE(y->rank, y->dims),
                   ND_SHAPE(filters->rank, filters->dims));
  nd_window_sizes(&v->w, shape->list + 1, v->w.in);
  return true;
}

static bool has_windows(nd_context *c, const nd_job *j, const nd_conv *v)
{
  const nd_tensor *y = j->in[0];
  const int rank = v->w.rank;
  nd_window w = nd_window_start(rank);
  nd_window_sizes(&w, y->dims + 1, w.out);
  for (int i = 0; i < ND_SPATIAL; i++) {
    if (w.out[i] != v->w.out[i])
      return nd_fail(c, ND_BAD_ARGUMENT,
                     "an output of shape %s has windows %s, but x is %s",
                     ND_SHAPE(j->attr[SHAPE].n, j->attr[SHAPE].list),
                     ND_SHAPE(rank, v->w.out + ND_SPATIAL - rank),
                     ND_SHAPE(y->rank, y->dims));
  }
  return true;
}

// What a transposed convolution works on: its input are the windows.
static bool see_transpose(nd_context *c, const nd_job *j, nd_conv *v)
{
  const nd_tensor *y = j->in[0], *filters = j->in[1];
  const nd_sliding how = how_of(j);
  if (!check_filters(c, y, filters))
    return false;
  *v = start_conv(y);
  nd_window_sizes(&v->w, filters->dims, v->w.taps);
  if (j->attr[SHAPE].given)
    return see_shape(c, j, v) && nd_window_slide(c, &v->w, &how) &&
           has_windows(c, j, v);
  nd_window_sizes(&v->w, y->dims + 1, v->w.out);
  if (last(y) != last(filters))
    return fail_channels(c, j, "channels of x and filters differ");
  return find_groups(v, last_but_one(filters), last_but_one(filters),
                     last(y)) &&
         nd_window_unslide(c, &v->w, &how);
}

static bool infer_positions(nd_context *c, const nd_job *j, nd_type *out,
                            int rank)
{
  const nd_tensor *y = j->in[0];
  nd_conv v;
  if (nd_window_rank(c, y, "x", rank) < 0 || !see_transpose(c, j, &v))
    return false;
  *out = nd_type_of(y);
  for (int i = 0; i < v.w.rank; i++)
    out->shape[1 + i] = v.w.in[ND_SPATIAL - v.w.rank + i];
  out->shape[y->rank - 1] = v.groups * v.in;
  return true;
}

// What the gradient by the filters works on; only rules ask for it.
static bool see_gradient(nd_context *c, const nd_job *j, nd_conv *v)
{
  const nd_tensor *x = j->in[0], *g = j->in[1];
  const int64_t *shape = j->attr[SHAPE].list;
  const nd_sliding how = how_of(j);
  *v = start_conv(x);
  nd_window_sizes(&v->w, x->dims + 1, v->w.in);
  nd_window_sizes(&v->w, shape, v->w.taps);
  return find_groups(v, last(x), shape[x->rank - 2], last(g)) &&
         nd_window_slide(c, &v->w, &how);
}

static bool gradient_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  out->dtype = (nd_dtype)j->in[0]->dtype;
  return nd_sizes_infer(c, &j->attr[SHAPE], out);
}

// ------------------------------------------------------------------ running --

static nd_correlation correlation_of(const nd_job *j)
{
  nd_correlation l = { .back = is_transpose(j),
                       .dtype = (nd_dtype)j->in[0]->dtype,
                       .k = nd_conv_find(j->out[0]),
                       .source = nd_values(j->in[0]),
                       .filters = nd_values(j->in[1]),
                       .target = j->out[0]->data };
  if (l.back)
    see_transpose(NULL, j, &l.conv);
  else
    see_conv(NULL, j, &l.conv);
  return l;
}

static void conv_units(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_correlation l = correlation_of(what);
  nd_correlation_run(&l, shared, own, from, to);
}

static bool conv_next(const void *what, nd_step *step, int i)
{
  const nd_correlation l = correlation_of(what);
  if (!nd_correlation_next(&l, step, i))
    return false;
  step->run = conv_units;
  return true;
}

static nd_work conv_work(const nd_job *j)
{
  const nd_correlation l = correlation_of(j);
  return (nd_work){ .shared = nd_correlation_shared(&l),
                    .own = nd_correlation_own(&l),
                    .next = conv_next };
}

static nd_filters filters_of(const nd_job *j)
{
  nd_filters l = { .dtype = (nd_dtype)j->in[0]->dtype,
                   .k = nd_conv_find(j->out[0]),
                   .x = nd_values(j->in[0]),
                   .g = nd_values(j->in[1]),
                   .out = j->out[0]->data };
  see_gradient(NULL, j, &l.conv);
  return l;
}

static void gradient_units(const void *what, void *shared, void *own,
                           int64_t from, int64_t to)
{
  const nd_filters l = filters_of(what);
  nd_filters_run(&l, shared, own, from, to);
}

static bool gradient_next(const void *what, nd_step *step, int i)
{
  const nd_filters l = filters_of(what);
  if (!nd_filters_next(&l, step, i))
    return false;
  step->run = gradient_units;
  return true;
}

static nd_work gradient_work(const nd_job *j)
{
  const nd_filters l = filters_of(j);
  return (nd_work){ .shared = nd_filters_shared(&l),
                    .own = nd_filters_own(&l),
                    .next = gradient_next };
}

// --------------------------------------------------------------- derivative --

// Attributes of one of the three, with windows as the job has them.
static void copy_windows(const nd_job *j, nd_value *attr)
{
  const nd_sliding how = how_of(j);
  attr[STRIDES] = *how.steps;
  attr[PADDING] = *how.padding;
  attr[DILATIONS] = *how.gaps;
}

static nd_tensor *windows(nd_context *c, const nd_job *j, nd_tensor *x,
                          nd_tensor *filters)
{
  nd_value attr[3];
  copy_windows(j, attr);
  return nd_rule_apply(c, &nd_op_convolution, 2, (nd_tensor *[]){ x, filters },
                       attr);
}

static nd_tensor *positions(nd_context *c, const nd_job *j, nd_tensor *y,
                            nd_tensor *filters, const nd_tensor *like)
{
  nd_value attr[4] = { [SHAPE] = nd_value_list(like->rank, like->dims) };
  copy_windows(j, attr + 1);
  return nd_rule_apply(c, &nd_op_conv_transpose, 2,
                       (nd_tensor *[]){ y, filters }, attr);
}

static nd_tensor *filters_by(nd_context *c, const nd_job *j, nd_tensor *x,
                             nd_tensor *y, int rank, const int64_t *shape)
{
  nd_value attr[4] = { [SHAPE] = nd_value_list(rank, shape) };
  copy_windows(j, attr + 1);
  return nd_rule_apply(c, &nd_op_conv_filter_gradient, 2,
                       (nd_tensor *[]){ x, y }, attr);
}

static void conv_rule(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  nd_tensor *x = j->in[0], *filters = j->in[1];
  if (wanted[0])
    gx[0] = positions(c, j, g[0], filters, x);
  if (wanted[1])
    gx[1] = filters_by(c, j, x, g[0], filters->rank, filters->dims);
}

static void transpose_rule(nd_context *c, const nd_job *j, nd_tensor *const *g,
                           const bool *wanted, nd_tensor **gx)
{
  nd_tensor *y = j->in[0], *filters = j->in[1];
  if (wanted[0])
    gx[0] = windows(c, j, g[0], filters);
  if (wanted[1])
    gx[1] = filters_by(c, j, g[0], y, filters->rank, filters->dims);
}

static void gradient_rule(nd_context *c, const nd_job *j, nd_tensor *const *g,
                          const bool *wanted, nd_tensor **gx)
{
  nd_tensor *x = j->in[0], *y = j->in[1];
  if (wanted[0])
    gx[0] = positions(c, j, y, g[0], x);
  if (wanted[1])
    gx[1] = windows(c, j, x, g[0]);
}

// Its filters, as those of a convolution with a group for each channel, lie in
// memory alike.
static void deep_rule(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  nd_tensor *x = j->in[0], *filters = j->in[1];
  const int64_t *n = filters->dims;
  const int64_t shape[] = { n[0], n[1], 1, n[2] * n[3] };
  if (wanted[0])
    gx[0] = positions(c, j, g[0], RESHAPE(filters, 4, shape), x);
  if (wanted[1])
    gx[1] = RESHAPE(filters_by(c, j, x, g[0], 4, shape), 4, n);
}

// ------------------------------------------------------------------ entries --

#define INFER(windows, positions, rank)                               \
  static bool windows(nd_context *c, const nd_job *j, nd_type *out)   \
  {                                                                   \
    return infer_windows(c, j, out, rank);                            \
  }                                                                   \
  static bool positions(nd_context *c, const nd_job *j, nd_type *out) \
  {                                                                   \
    return infer_positions(c, j, out, rank);                          \
  }

INFER(infer_any, infer_any_transpose, 0)
INFER(infer_1d, infer_1d_transpose, 1)
INFER(infer_2d, infer_2d_transpose, 2)
INFER(infer_3d, infer_3d_transpose, 3)

#define BILINEAR                                                      \
  .module = "nn", .inside = true, .dtypes = ND_FLOATS,                \
  .derivative = ND_BILINEAR, .needs = { 1 << 1, 1 << 0 }, .dense = 3, \
  .low = -3, .high = 3, .cost = 8

#define WINDOWS BILINEAR, .params = conv_params, .attrs = 3, .work = conv_work

#define POSITIONS                                                      \
  BILINEAR, .params = transpose_params, .attrs = 4, .work = conv_work, \
            .transpose = transpose_rule

const nd_op nd_op_convolution = {
  .name = "convolution",
  WINDOWS,
  .doc = "sums over the windows of x[batch spatial.. in] times filters[taps.. "
         "in / groups, out], over 1 to 3 spatial axes",
  .infer = infer_any,
  .transpose = conv_rule,
  .cases = "[1 4 2] [2 1 2]",
};

const nd_op nd_op_conv1d = {
  .name = "conv1d",
  WINDOWS,
  .doc = "sums over the windows of x[batch length in] times filters[taps in / "
         "groups, out]",
  .infer = infer_1d,
  .transpose = conv_rule,
  .cases = "[2 5 2] [3 2 3]; [1 7 1] [2 1 2] strides=2 padding=SAME; "
           "[1 8 2] [3 1 4] dilations=2 padding=[2:1]; [0 5 2] [3 2 3]",
};

const nd_op nd_op_conv2d = {
  .name = "conv2d",
  WINDOWS,
  .doc = "sums over the windows of x[batch height width in] times filters"
         "[height width in / groups, out]",
  .infer = infer_2d,
  .transpose = conv_rule,
  .cases = "[1 4 4 1] [2 2 1 1]; [2 3 4 2] [2 3 2 3] padding=SAME; "
           "[1 6 5 2] [3 2 2 1] strides=[2 3] padding=[1:0 2:1]; "
           "[1 5 6 2] [2 2 2 2] dilations=[2 3] padding=SAME; "
           "[1 5 5 2] [2 2 1 2] strides=2 dilations=[1 2] padding=1; "
           "[1 4 4 4] [2 2 2 6] strides=[1 2 2 1]; [1 3 3 2] [1 1 2 3]; "
           "[1 2 2 1] [3 3 1 2] padding=SAME; [0 3 3 2] [2 2 2 3]",
  .long_cases = "[3 40 37 20] [3 3 20 70] padding=SAME; "
                "[2 30 30 12] [5 5 3 20] strides=2; "
                "[1 9 9 300] [3 3 300 200] padding=SAME; "
                "[2 60 60 1] [7 7 1 3] dilations=3",
};

const nd_op nd_op_conv3d = {
  .name = "conv3d",
  WINDOWS,
  .doc = "sums over the windows of x[batch depth height width in] times "
         "filters[depth height width in / groups, out]",
  .infer = infer_3d,
  .transpose = conv_rule,
  .cases = "[1 2 3 3 1] [2 2 2 1 2]; "
           "[1 3 3 4 1] [2 3 2 1 1] strides=[1 2 3] padding=SAME",
};

const nd_op nd_op_depthwise_conv2d = {
  .name = "depthwise_conv2d",
  WINDOWS,
  .doc = "conv2d of each channel alone: filters[height width channels "
         "multiplier] give channels * multiplier",
  .infer = infer_2d,
  .transpose = deep_rule,
  .cases = "[1 4 4 3] [2 2 3 1]; [1 3 4 2] [2 3 2 3] padding=SAME; "
           "[1 5 6 2] [2 2 2 1] strides=2 dilations=[1 2] padding=SAME",
  .long_cases = "[3 50 50 40] [3 3 40 1] padding=SAME; "
                "[2 40 40 10] [3 3 10 3] strides=2",
};

const nd_op nd_op_conv_transpose = {
  .name = "conv_transpose",
  POSITIONS,
  .doc = "x[batch spatial.. out] spread by filters[taps.. in / groups, out]: "
         "the gradient of a convolution by its input, of which x is that of "
         "the output",
  .infer = infer_any_transpose,
  .cases = "[1 3 2] [2 1 2]",
};

const nd_op nd_op_conv1d_transpose = {
  .name = "conv1d_transpose",
  POSITIONS,
  .doc = "x[batch length out] spread by filters[taps in / groups, out]: the "
         "gradient of conv1d by its input",
  .infer = infer_1d_transpose,
  .cases = "[2 3 3] [3 2 3]; [1 4 2] [2 1 2] strides=3 padding=VALID; "
           "[1 3 2] [5 1 2] output_shape=[1 9 1] strides=4",
};

const nd_op nd_op_conv2d_transpose = {
  .name = "conv2d_transpose",
  POSITIONS,
  .doc = "x[batch height width out] spread by filters[height width in / "
         "groups, out]: the gradient of conv2d by its input",
  .infer = infer_2d_transpose,
  .cases = "[1 3 3 2] [2 2 1 2]; [1 2 3 3] [3 2 2 3] strides=[2 3]; "
           "[1 2 2 4] [2 3 2 4] output_shape=[1 4 5 4] strides=2 "
           "padding=VALID; [1 3 2 2] [2 2 2 2] strides=[1 2] dilations=[2 1] "
           "padding=1:0; [0 3 3 2] [2 2 1 2]",
  .long_cases = "[2 38 35 70] [3 3 20 70] padding=VALID; "
                "[2 15 15 40] [5 5 30 40] strides=2; "
                "[1 9 9 200] [3 3 300 200]",
};

const nd_op nd_op_conv3d_transpose = {
  .name = "conv3d_transpose",
  POSITIONS,
  .doc = "x[batch depth height width out] spread by filters[depth height "
         "width in / groups, out]: the gradient of conv3d by its input",
  .infer = infer_3d_transpose,
  .cases = "[1 2 2 2 1] [2 2 2 2 1]; "
           "[1 1 2 2 1] [2 3 2 1 1] strides=[1 2 3]",
};

const nd_op nd_op_conv_filter_gradient = {
  .name = "conv_filter_gradient",
  BILINEAR,
  .hidden = true,
  .doc = "the gradient of a convolution of x by its filters, g being that of "
         "its output",
  .params = filter_params,
  .attrs = 4,
  .infer = gradient_infer,
  .work = gradient_work,
  .transpose = gradient_rule,
  .cases = "[1 4 4 1] [1 3 3 1] filter_shape=[2 2 1 1]; "
           "[2 5 4] [2 3 2] filter_shape=[2 2 2] strides=2 padding=SAME",
  .long_cases = "[9 40 37 20] [9 40 37 70] filter_shape=[3 3 20 70] "
                "padding=SAME; [4 40 40 10] [4 40 40 10] "
                "filter_shape=[3 3 1 10] padding=SAME; "
                "[2 30 30 12] [2 13 13 20] filter_shape=[5 5 3 20] strides=2",
};

const nd_op *const nd_ops_conv[] = {
  &nd_op_convolution,
  &nd_op_conv1d,
  &nd_op_conv2d,
  &nd_op_conv3d,
  &nd_op_depthwise_conv2d,
  &nd_op_conv_transpose,
  &nd_op_conv1d_transpose,
  &nd_op_conv2d_transpose,
  &nd_op_conv3d_transpose,
  &nd_op_conv_filter_gradient,
  NULL,
};
