// ops/patches.c: the windows of images, laid out along the last axis. Rows are
// taken first, then columns, so that as many slices are made as a window has
// rows and columns, not elements.

#include "op/window.h"
#include "ops/rules.h"

enum { SIZES, STRIDES, RATES, PADDING };  // attributes
enum { MOST = 256 };                      // rows or columns of a window

static const nd_param params[] = {
  { "images", ND_TENSOR },
  { "sizes", ND_INTEGERS },
  { "strides", ND_INTEGERS, "1" },
  { "rates", ND_INTEGERS, "1" },
  { "padding", ND_PADDING, "VALID" },
  { 0 },
};

static bool see_window(nd_context *c, const nd_job *j, nd_window *w)
{
  const nd_tensor *x = j->in[0];
  const nd_value *a = j->attr;
  const nd_sliding how = { .steps = &a[STRIDES],
                           .gaps = &a[RATES],
                           .padding = &a[PADDING] };
  if (nd_window_rank(c, x, "images", 2) < 0)
    return false;
  *w = nd_window_start(2);
  nd_window_sizes(w, x->dims + 1, w->in);
  if (!nd_window_numbers(c, w, "sizes", &a[SIZES], w->taps) ||
      !nd_window_slide(c, w, &how))
    return false;
  const int64_t most = w->taps[1] > w->taps[2] ? w->taps[1] : w->taps[2];
  return most <= MOST ||
         nd_fail(c, ND_BAD_ARGUMENT, "sizes must be at most %d, got %lld", MOST,
                 (long long)most);
}

// What window axis `i` reads along `axis` of x: [.. in ..] becomes
// [.. out taps ..].
static nd_tensor *take(nd_context *c, const nd_window *w, int i, nd_tensor *x,
                       int axis)
{
  nd_tensor *taps[MOST];
  for (int64_t k = 0; k < w->taps[i]; k++) {
    const int64_t first = 1 + k * w->gap[i];
    const int64_t last = first + (w->out[i] - 1) * w->step[i];
    taps[k] = SLICE_ALONG(x, axis, first, last, w->step[i]);
  }
  return STACK((int)w->taps[i], taps, axis + 2);
}

static void extract_patches(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  nd_window w;
  if (!see_window(c, j, &w))
    return;
  const int64_t around[] = { 0,           0,          w.before[1], w.after[1],
                             w.before[2], w.after[2], 0,           0 };
  nd_tensor *rows = take(c, &w, 1, PAD(j->in[0], around), 1);
  nd_tensor *both = take(c, &w, 2, rows, 3);
  const int64_t order[] = { 1, 2, 4, 3, 5, 6 };
  const int64_t shape[] = { x->dims[0], w.out[1], w.out[2],
                            w.taps[1] * w.taps[2] * x->dims[3] };
  j->out[0] = RESHAPE(TRANSPOSE(both, order), 4, shape);
}

const nd_op nd_op_extract_patches = {
  .name = "extract_patches",
  .module = "image",
  .inside = true,
  .doc =
    "windows of images[batch height width channels], row by row, along the "
    "last axis: [batch rows columns sizes * channels]",
  .params = params,
  .attrs = 4,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = extract_patches,
  .low = -3,
  .high = 3,
  .cases = "[2 4 5 2] sizes=2; [1 5 5 1] sizes=3 strides=2 padding=SAME; "
           "[1 5 6 1] sizes=[2 3] rates=[2 1] strides=[1 2]",
};

const nd_op *const nd_ops_patches[] = { &nd_op_extract_patches, NULL };
