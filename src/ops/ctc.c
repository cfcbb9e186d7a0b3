// ops/ctc.c: connectionist temporal classification: how likely a sequence of
// labels is, given what a model says of each time, without knowing which time
// belongs to which label. It is the sum over all alignments (op/align.h).
//
// The gradient of the logits is an op of its own, softmax less the shares of
// classes in all alignments, and all its further derivatives are the same op:
// along directions h1 .. hn it is the derivative of order n + 1 of the loss,
// which is the same whichever of them one takes for the incoming gradient.

#include <string.h>

#include "base/cut.h"
#include "op/align.h"
#include "op/integers.h"
#include "ops/rules.h"
#include "tensor/reader.h"

// ------------------------------------------------------------------ shapes --

static bool check_lengths(nd_context *c, const nd_job *j, int role,
                          int64_t batch)
{
  const nd_tensor *x = j->in[role];
  return (x->rank == 1 && x->dims[0] == batch) ||
         nd_fail(c, ND_BAD_ARGUMENT, "%s must be [%lld], got %s",
                 j->op->params[role].name, (long long)batch,
                 ND_SHAPE(x->rank, x->dims));
}

static bool check_shapes(nd_context *c, const nd_job *j)
{
  const nd_tensor *labels = j->in[ND_ALIGN_LABELS],
                  *logits = j->in[ND_ALIGN_LOGITS];
  const bool time_major = j->attr[ND_ALIGN_TIME_MAJOR].integer != 0;
  if (logits->rank != 3)
    return nd_fail(c, ND_BAD_ARGUMENT, "logits must be %s, got %s",
                   time_major ? "[time batch classes]" : "[batch time classes]",
                   ND_SHAPE(logits->rank, logits->dims));
  const int64_t batch = logits->dims[time_major ? 1 : 0];
  if (labels->rank != 2)
    return nd_fail(c, ND_BAD_ARGUMENT, "labels must be [batch length], got %s",
                   ND_SHAPE(labels->rank, labels->dims));
  if (labels->dims[0] != batch)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "labels and logits differ in batch: labels is %s, logits is "
                   "%s; logits_time_major=%s if their %s axis is time",
                   ND_SHAPE(labels->rank, labels->dims),
                   ND_SHAPE(logits->rank, logits->dims),
                   time_major ? "false" : "true",
                   time_major ? "second" : "first");
  return check_lengths(c, j, ND_ALIGN_LENGTHS, batch) &&
         check_lengths(c, j, ND_ALIGN_TIMES, batch);
}

static bool check_blank(nd_context *c, const nd_job *j)
{
  const int64_t at = j->attr[ND_ALIGN_BLANK].integer;
  if (nd_align_of(j).blank >= 0)
    return true;
  return at == 0
           ? nd_fail(c, ND_BAD_ARGUMENT,
                     "blank_index 0: classes count from 1 here, and -1 "
                     "is the last")
           : nd_fail(c, ND_BAD_ARGUMENT, "blank_index %lld is outside 1..%lld",
                     (long long)at, (long long)j->in[ND_ALIGN_LOGITS]->dims[2]);
}

static bool loss_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!check_shapes(c, j) || !check_blank(c, j))
    return false;
  *out = nd_type_of(j->in[ND_ALIGN_LOGITS]);
  out->rank = 1;
  out->shape[0] = j->in[ND_ALIGN_LABELS]->dims[0];
  return true;
}

// ------------------------------------------------------------------ values --

static bool check_range(nd_context *c, const nd_job *j, int role, int64_t most)
{
  int64_t bad;
  return nd_integers_within(j->in[role], 0, most, true, &bad) ||
         nd_fail(c, ND_BAD_ARGUMENT, "%s %lld is outside 0..%lld",
                 j->op->params[role].name, (long long)bad, (long long)most);
}

static bool check_label(nd_context *c, const nd_align *a, int64_t label)
{
  if (label == a->blank + 1)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "label %lld is the blank; blank_index says which class that "
                   "is",
                   (long long)label);
  return (label >= 1 && label <= a->classes) ||
         nd_fail(c, ND_BAD_ARGUMENT, "label %lld is outside 1..%lld%s",
                 (long long)label, (long long)a->classes,
                 label == 0 ? "; labels count from 1 here" : "");
}

// The labels of an example; those behind its length may be anything.
static bool check_labels(nd_context *c, const nd_align *a, nd_reader *labels,
                         int64_t example, int64_t count)
{
  const int64_t apart = a->labels->dims[1];
  for (int64_t at = 0; at < count; at += ND_BLOCK) {
    const int64_t n = nd_least(count - at, ND_BLOCK);
    const int64_t *label = nd_reader_at(labels, example * apart + at, n);
    for (int64_t i = 0; i < n; i++) {
      if (!check_label(c, a, label[i]))
        return false;
    }
  }
  return true;
}

static bool check_values(nd_context *c, const nd_job *j)
{
  const nd_align a = nd_align_of(j);
  nd_reader labels;
  if (!check_range(c, j, ND_ALIGN_LENGTHS, a.labels->dims[1]) ||
      !check_range(c, j, ND_ALIGN_TIMES, a.time))
    return false;
  nd_reader_start(&labels, a.labels, ND_INT64);
  for (int64_t i = 0; i < a.batch; i++) {
    if (!check_labels(c, &a, &labels, i, nd_align_integer(a.lengths, i)))
      return false;
  }
  return true;
}

// ---------------------------------------------------------------- the loss --

static void give_losses(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const nd_job *j = what;
  const nd_align a = nd_align_of(j);
  for (int64_t i = from; i < to; i++)
    nd_duals_write(j->out[0], i, 0 - nd_align_total(&a, shared, i));
}

static bool loss_next(const void *what, nd_step *step, int i)
{
  return nd_align_step(what, give_losses, step, i);
}

static nd_work loss_work(const nd_job *j)
{
  const nd_align a = nd_align_of(j);
  return (nd_work){ .shared = nd_align_shared(&a), .next = loss_next };
}

// --------------------------------------------------------------- the slope --

static bool slope_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *h = j->in[ND_ALIGN_DIRECTIONS];
  *out = nd_type_of(j->in[ND_ALIGN_LOGITS]);
  return h->dims[0] <= ND_MAX_DIRECTIONS ||
         nd_fail(c, ND_BAD_ARGUMENT, "at most %d orders of derivative",
                 2 + ND_MAX_DIRECTIONS);
}

static void read_directions(const nd_align *a, int64_t i, double *h)
{
  for (int k = 0; k < a->order; k++)
    h[k] = nd_duals_read(a->directions, k * a->logits->size + i);
}

// Of the softmax of a row, elements from..from + classes - 1 of y, its
// derivative along all directions: that of exp over its sum.
static void bend_softmax(const nd_align *a, nd_tensor *y, int64_t from)
{
  double sum[1 << ND_MAX_DIRECTIONS], inverse[1 << ND_MAX_DIRECTIONS];
  double e[1 << ND_MAX_DIRECTIONS], h[ND_MAX_DIRECTIONS];
  nd_duals_start(sum, a->order);
  for (int64_t i = from; i < from + a->classes; i++) {
    read_directions(a, i, h);
    nd_duals_start(e, a->order);
    nd_duals_grow(e, a->order, h);
    for (int set = 1; set < 1 << a->order; set++)
      sum[set] += nd_duals_times(nd_duals_read(y, i), e[set], true);
  }
  nd_duals_invert(inverse, sum, a->order);
  for (int64_t i = from; i < from + a->classes; i++) {
    read_directions(a, i, h);
    nd_duals_start(e, a->order);
    nd_duals_grow(e, a->order, h);
    nd_duals_write(y, i,
                   nd_duals_times(nd_duals_read(y, i),
                                  nd_duals_join(e, inverse, a->order), true));
  }
}

// The element of a row that is above 1/2; -1 if none is.
static int64_t find_chief(const nd_tensor *y, int64_t from, int64_t n)
{
  for (int64_t i = from; i < from + n; i++) {
    if (nd_duals_read(y, i) > .5)
      return i;
  }
  return -1;
}

static void take_shares(nd_tensor *y, int64_t from, nd_align_shares shares)
{
  double blank = 0;
  for (int64_t s = 0; s < shares.n; s += 2)
    blank += shares.at[s];
  for (int64_t s = 0; s < shares.n; s += s == 0 ? 1 : 2) {
    const int64_t i = from + shares.classes[s];
    const double share = s == 0 ? blank : shares.at[s];
    nd_duals_write(y, i, nd_duals_read(y, i) - share);
  }
}

// Softmax less shares: both sum to the same, so that of a softmax near 1 what
// is left is what all the others miss.
static void finish_row(const nd_align *a, nd_tensor *y, int64_t from,
                       nd_align_shares shares)
{
  const int64_t chief = find_chief(y, from, a->classes);
  if (a->order > 0)
    bend_softmax(a, y, from);
  take_shares(y, from, shares);
  if (chief < 0)
    return;
  double others = 0;
  for (int64_t i = from; i < from + a->classes; i++)
    others += i == chief ? 0 : nd_duals_read(y, i);
  nd_duals_write(y, chief, 0 - others);
}

static void finish_rows(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const nd_job *j = what;
  const nd_align a = nd_align_of(j);
  nd_tensor *y = j->out[0];
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)y->dtype);
  for (int64_t row = from; row < to; row++) {
    const int64_t t = a.time_major ? row / a.batch : row % a.time;
    const int64_t i = a.time_major ? row % a.batch : row / a.time;
    const nd_align_shares shares = nd_align_shares_at(&a, shared, i, t);
    if (shares.n == 0)
      memset(y->data + row * a.classes * width, 0, (size_t)(a.classes * width));
    else
      finish_row(&a, y, row * a.classes, shares);
  }
}

static bool slope_next(const void *what, nd_step *step, int i)
{
  return nd_align_step(what, finish_rows, step, i);
}

static nd_work slope_work(const nd_job *j)
{
  const nd_align a = nd_align_of(j);
  return (nd_work){ .shared = nd_align_shared(&a), .next = slope_next };
}

// ------------------------------------------------------------- derivatives --

// The slope along so many directions, stacked, of the job's loss or slope.
static nd_tensor *slope(nd_context *c, const nd_job *j, nd_tensor *directions)
{
  nd_tensor *in[] = { j->in[ND_ALIGN_LABELS], j->in[ND_ALIGN_LOGITS],
                      j->in[ND_ALIGN_LENGTHS], j->in[ND_ALIGN_TIMES],
                      directions };
  return nd_rule_apply(c, &nd_op_ctc_loss_slope, ND_ALIGN_DIRECTIONS + 1, in,
                       j->attr);
}

static nd_tensor *slope_alone(nd_context *c, const nd_job *j)
{
  const int64_t *d = j->in[ND_ALIGN_LOGITS]->dims;
  const int64_t shape[] = { 0, d[0], d[1], d[2] };
  return slope(c, j, BROADCAST(NUMBER(j->in[ND_ALIGN_LOGITS], 0), 4, shape));
}

// Nothing passes where there is no alignment, and no times behind the last.
static void loss_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                     const bool *wanted, nd_tensor **gx)
{
  const bool time_major = j->attr[ND_ALIGN_TIME_MAJOR].integer != 0;
  int64_t shape[] = { 1, 1, 1 };
  shape[time_major ? 1 : 0] = j->in[ND_ALIGN_LABELS]->dims[0];
  gx[ND_ALIGN_LOGITS] = CHAIN(RESHAPE(g[0], 3, shape), slope_alone(c, j));
}

static void loss_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                     nd_tensor **ty)
{
  const bool time_major = j->attr[ND_ALIGN_TIME_MAJOR].integer != 0;
  const int64_t axes[] = { time_major ? 1 : 2, 3 };
  ty[0] = SUM(CHAIN(t[ND_ALIGN_LOGITS], slope_alone(c, j)),
              nd_value_list(2, axes), DROP);
}

// `h`, a direction or a gradient, behind all directions, or in place of one.
static nd_tensor *slope_along(nd_context *c, const nd_job *j, int64_t instead,
                              nd_tensor *h)
{
  nd_tensor *all = j->in[ND_ALIGN_DIRECTIONS], *parts[ND_MAX_DIRECTIONS + 1];
  const int64_t order = all->dims[0];
  int n = 0;
  for (int64_t i = 0; i < order; i++) {
    if (i != instead)
      parts[n++] = PART(all, 0, i + 1);
  }
  parts[n++] = h;
  return slope(c, j, STACK(n, parts, 1));
}

static void slope_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                      const bool *wanted, nd_tensor **gx)
{
  nd_tensor *parts[ND_MAX_DIRECTIONS];
  const int n = (int)j->in[ND_ALIGN_DIRECTIONS]->dims[0];
  if (wanted[ND_ALIGN_LOGITS])
    gx[ND_ALIGN_LOGITS] = slope_along(c, j, -1, g[0]);
  if (!wanted[ND_ALIGN_DIRECTIONS])
    return;
  for (int i = 0; i < n; i++)
    parts[i] = slope_along(c, j, i, g[0]);
  gx[ND_ALIGN_DIRECTIONS] = n > 0 ? STACK(n, parts, 1)
                                  : ZEROS(j->in[ND_ALIGN_DIRECTIONS]);
}

static void slope_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                      nd_tensor **ty)
{
  const int n = (int)j->in[ND_ALIGN_DIRECTIONS]->dims[0];
  if (t[ND_ALIGN_LOGITS] != NULL)
    ty[0] = slope_along(c, j, -1, t[ND_ALIGN_LOGITS]);
  for (int i = 0; i < n && t[ND_ALIGN_DIRECTIONS] != NULL; i++)
    ty[0] = ADD_ANY(
      ty[0], slope_along(c, j, i, PART(t[ND_ALIGN_DIRECTIONS], 0, i + 1)));
  if (n == 0 && t[ND_ALIGN_LOGITS] == NULL)
    ty[0] = ZEROS(j->in[ND_ALIGN_LOGITS]);
}

// ------------------------------------------------------------- the entries --

static const nd_param params[] = {
  { "labels", ND_TENSOR, .dtypes = ND_INTS },
  { "logits", ND_TENSOR },
  { "label_length", ND_TENSOR, .dtypes = ND_INTS },
  { "logit_length", ND_TENSOR, .dtypes = ND_INTS },
  { "logits_time_major", ND_FLAG, "true" },
  { "blank_index", ND_INTEGER, "1" },
  { 0 },
};
static const nd_param slope_params[] = {
  { "labels", ND_TENSOR, .dtypes = ND_INTS },
  { "logits", ND_TENSOR },
  { "label_length", ND_TENSOR, .dtypes = ND_INTS },
  { "logit_length", ND_TENSOR, .dtypes = ND_INTS },
  { "directions", ND_TENSOR },
  { "logits_time_major", ND_FLAG, "true" },
  { "blank_index", ND_INTEGER, "1" },
  { 0 },
};

#define SHARED                                                              \
  .attrs = ND_ALIGN_ATTRS, .dtypes = ND_FLOATS, .dense = ND_DENSE_ALL,      \
  .derivative = ND_VJP, .needs = { ND_NEEDS_IN, ND_NEEDS_IN, ND_NEEDS_IN }, \
  .jvp_within_needs = true, .low = -2, .high = 2

const nd_op nd_op_ctc_loss = {
  .name = "ctc_loss",
  .module = "nn",
  .inside = true,
  .doc =
    "-log of how likely the first label_length of labels [batch length] are, "
    "over all alignments with the first logit_length times of softmax(logits) "
    "[time batch classes], or [batch time classes] unless logits_time_major; "
    "blank_index is the class of no label; inf, with gradient 0, where there "
    "are fewer times than labels and blanks between equal ones",
  .params = params,
  SHARED,
  .infer = loss_infer,
  .check = check_values,
  .work = loss_work,
  .vjp = loss_vjp,
  .jvp = loss_jvp,
  .cases = "{{2 3}} [4 1 3] {2} {4}; {{2 2} {3 1}} [5 2 3] {2 1} {5 3}; "
           "{{1 2 2} {1 1 3}} [2 4 3] {2 0} {4 3} logits_time_major=false "
           "blank_index=-1; {{3 2}} [3 1 3] {0} {0}",
  .long_cases = "{{2 3 4} {4 4 2}} [2500 2 30] {3 2} {2500 1700}; "
                "{{2 3 4 2}} [1 1100 5] {4} {1100} logits_time_major=false",
};

const nd_op nd_op_ctc_loss_slope = {
  .name = "ctc_loss_slope",
  .hidden = true,
  .doc = "derivative of ctc_loss for its logits, and again along directions",
  .params = slope_params,
  SHARED,
  .infer = slope_infer,
  .work = slope_work,
  .vjp = slope_vjp,
  .jvp = slope_jvp,
  .cases =
    "{{2 3}} [4 1 3] {2} {4} [0 4 1 3]; {{2 2} {3 1}} [3 2 3] {2 1} {3 2} "
    "[1 3 2 3]; {{1 2 2}} [1 4 3] {2} {4} [2 1 4 3] logits_time_major=false "
    "blank_index=-1; {{2 2}} [2 1 2] {2} {2} [1 2 1 2]",
  .long_cases = "{{2 3 4} {4 4 2}} [2500 2 6] {3 2} {2500 1700} [0 2500 2 6]; "
                "{{2 3 4 2}} [400 1 5] {4} {400} [1 400 1 5]",
};

const nd_op *const nd_ops_ctc[] = { &nd_op_ctc_loss, &nd_op_ctc_loss_slope,
                                    NULL };
