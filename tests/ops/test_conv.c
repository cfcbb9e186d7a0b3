// Tests of ops/conv.c: convolutions of random geometry, their transposes and
// their gradients by the filters give what seven plain loops give.

#include "../op/probe.h"

// A convolution x * filters = y; axes that are not there have size 1.
typedef struct geometry {
  int rank;
  int64_t batch, groups, in, out;  // channels of a group
  int64_t positions[3], windows[3], taps[3], strides[3], dilations[3];
  int64_t before[3], after[3];
  bool same;
} geometry;

static int64_t any_of(int64_t low, int64_t high)
{
  return low + (int64_t)(sample() * (double)(high - low + 1));
}

// False if the window is larger than what it slides over.
static bool count_windows(geometry *y, int i)
{
  const int64_t span = (y->taps[i] - 1) * y->dilations[i] + 1;
  if (y->same) {
    y->windows[i] = (y->positions[i] + y->strides[i] - 1) / y->strides[i];
    const int64_t lack = (y->windows[i] - 1) * y->strides[i] + span -
                         y->positions[i];
    y->before[i] = lack > 0 ? lack / 2 : 0;
    return true;
  }
  const int64_t room = y->positions[i] + y->before[i] + y->after[i] - span;
  y->windows[i] = room / y->strides[i] + 1;
  return room >= 0;
}

static bool make_geometry(geometry *y)
{
  *y = (geometry){ .rank = (int)any_of(1, 3), .batch = any_of(1, 2) };
  y->groups = any_of(1, 3);
  y->in = any_of(1, sample() < .2 ? 70 : 5);
  y->out = any_of(1, sample() < .2 ? 40 : 9);
  y->same = sample() < .3;
  bool fits = true;
  for (int i = 0; i < 3; i++) {
    const bool there = i >= 3 - y->rank;
    y->positions[i] = there ? any_of(1, 8) : 1;
    y->taps[i] = there ? any_of(1, 4) : 1;
    y->strides[i] = there ? any_of(1, 3) : 1;
    y->dilations[i] = there ? any_of(1, 3) : 1;
    y->before[i] = there && !y->same ? any_of(0, 2) : 0;
    y->after[i] = there && !y->same ? any_of(0, 2) : 0;
    fits = count_windows(y, i) && fits;
  }
  return fits;
}

// ---------------------------------------------------------------- reference --

enum { X, FILTERS, Y };

static int64_t offset(const int64_t *at, const int64_t *sizes, int64_t first)
{
  return ((first * sizes[0] + at[0]) * sizes[1] + at[1]) * sizes[2] + at[2];
}

// Adds all products of channels of one tap of one window to `what`.
static void add_tap(const geometry *y, int64_t image, const int64_t *window,
                    const int64_t *tap, int what, double **v)
{
  int64_t at[3];
  for (int i = 0; i < 3; i++) {
    at[i] = window[i] * y->strides[i] + tap[i] * y->dilations[i] - y->before[i];
    if (at[i] < 0 || at[i] >= y->positions[i])
      return;
  }
  const int64_t outs = y->groups * y->out;
  const int64_t xs = offset(at, y->positions, image) * y->groups * y->in;
  const int64_t ws = offset(tap, y->taps, 0) * y->in * outs;
  const int64_t ys = offset(window, y->windows, image) * outs;
  for (int64_t p = 0; p < y->in; p++) {
    for (int64_t q = 0; q < outs; q++) {
      double *const x = &v[X][xs + q / y->out * y->in + p];
      double *const w = &v[FILTERS][ws + p * outs + q];
      double *const z = &v[Y][ys + q];
      *(what == X         ? x
        : what == FILTERS ? w
                          : z) += what == X         ? *w * *z
                                  : what == FILTERS ? *x * *z
                                                    : *x * *w;
    }
  }
}

static void add_taps(const geometry *y, int what, double **v)
{
  int64_t o[3], k[3];
  for (int64_t n = 0; n < y->batch; n++)
    for (o[0] = 0; o[0] < y->windows[0]; o[0]++)
      for (o[1] = 0; o[1] < y->windows[1]; o[1]++)
        for (o[2] = 0; o[2] < y->windows[2]; o[2]++)
          for (k[0] = 0; k[0] < y->taps[0]; k[0]++)
            for (k[1] = 0; k[1] < y->taps[1]; k[1]++)
              for (k[2] = 0; k[2] < y->taps[2]; k[2]++)
                add_tap(y, n, o, k, what, v);
}

// --------------------------------------------------------------------- ops --

static nd_tensor *make_part(nd_dtype dtype, int64_t first, int rank,
                            const int64_t *sizes, int64_t last, int64_t more)
{
  nd_type type = { .dtype = dtype };
  if (first > 0)
    type.shape[type.rank++] = first;
  for (int i = 3 - rank; i < 3; i++)
    type.shape[type.rank++] = sizes[i];
  type.shape[type.rank++] = last;
  if (more > 0)
    type.shape[type.rank++] = more;
  return random_like(own(nd_tensor_make(c, &type)));
}

static void make_all(const geometry *y, nd_dtype dtype, nd_tensor **v)
{
  v[X] = make_part(dtype, y->batch, y->rank, y->positions, y->groups * y->in,
                   0);
  v[FILTERS] = make_part(dtype, 0, y->rank, y->taps, y->in, y->groups * y->out);
  v[Y] = make_part(dtype, y->batch, y->rank, y->windows, y->groups * y->out, 0);
}

static nd_tensor *apply_form(const geometry *y, int what, nd_tensor *const *v)
{
  static const char *const names[] = { "conv_transpose", "conv_filter_gradient",
                                       "convolution" };
  nd_tensor *in[] = { v[what == X ? Y : X], v[what == FILTERS ? Y : FILTERS] };
  const int first = 3 - y->rank;
  int64_t pads[6];
  for (int i = 0; i < 3; i++) {
    pads[2 * i] = y->before[i];
    pads[2 * i + 1] = y->after[i];
  }
  nd_value attr[] = { nd_value_list(v[what]->rank, v[what]->dims),
                      nd_value_list(y->rank, y->strides + first),
                      y->same ? nd_value_integer(ND_SAME)
                              : nd_value_list(2 * y->rank, pads + 2 * first),
                      nd_value_list(y->rank, y->dilations + first) };
  return own(
    nd_apply(c, nd_op_find(names[what]), 2, in, what == Y ? attr + 1 : attr));
}

static bool is_convolution(nd_tensor *got, const double *want)
{
  const double tolerance = got->dtype == ND_FLOAT32 ? 1e-5 : 1e-13;
  for (int64_t i = 0; i < got->size; i++) {
    if (!is_near(at(got, i), want[i], tolerance))
      return false;
  }
  return true;
}

static void check_one(const geometry *y, int what, nd_tensor **v)
{
  double *numbers[3];
  for (int i = 0; i < 3; i++) {
    numbers[i] = calloc((size_t)v[i]->size + 1, sizeof **numbers);
    for (int64_t j = 0; i != what && j < v[i]->size; j++)
      numbers[i][j] = at(v[i], j);
  }
  add_taps(y, what, numbers);
  nd_tensor *got = apply_form(y, what, v);
  CHECK_STR(nd_error_message(c), "");
  CHECK(got != NULL && nd_same_shape(got, v[what]) &&
        is_convolution(got, numbers[what]));
  for (int i = 0; i < 3; i++)
    free(numbers[i]);
}

static void all_forms_are_what_plain_loops_give(void)
{
  start();
  sample_seed(7);
  for (int tries = 0, done = 0; done < 300 && tries < 3000; tries++) {
    geometry y;
    nd_tensor *v[3];
    if (!make_geometry(&y))
      continue;
    make_all(&y, done % 2 == 0 ? ND_FLOAT64 : ND_FLOAT32, v);
    for (int what = X; what <= Y; what++)
      check_one(&y, what, v);
    release_to(0);
    done++;
  }
  finish();
}

// Several leaves of windows, units that have fewer columns, and lines that are
// too long, or have too many channels, to be copied whole.
static void large_ones_are_too(void)
{
  static const geometry large[] = {
    { .rank = 2,
      .batch = 3,
      .groups = 1,
      .in = 3,
      .out = 5,
      .positions = { 1, 40, 50 },
      .taps = { 1, 3, 3 },
      .strides = { 1, 1, 1 },
      .dilations = { 1, 1, 1 },
      .same = true },
    { .rank = 1,
      .batch = 1,
      .groups = 2,
      .in = 300,
      .out = 150,
      .positions = { 1, 1, 40 },
      .taps = { 1, 1, 5 },
      .strides = { 1, 1, 2 },
      .dilations = { 1, 1, 1 },
      .same = true },
    { .rank = 2,
      .batch = 2,
      .groups = 30,
      .in = 1,
      .out = 1,
      .positions = { 1, 40, 60 },
      .taps = { 1, 3, 17 },
      .strides = { 1, 1, 1 },
      .dilations = { 1, 2, 1 },
      .same = true },
    { .rank = 1,
      .batch = 2,
      .groups = 2,
      .in = 2,
      .out = 5,
      .positions = { 1, 1, 1100 },
      .taps = { 1, 1, 5 },
      .strides = { 1, 1, 2 },
      .dilations = { 1, 1, 3 },
      .same = true },
    { .rank = 1,
      .batch = 2,
      .groups = 3,
      .in = 1,
      .out = 1,
      .positions = { 1, 1, 1100 },
      .taps = { 1, 1, 4 },
      .strides = { 1, 1, 1 },
      .dilations = { 1, 1, 1 },
      .same = true },
    { .rank = 2,
      .batch = 1,
      .groups = 501,
      .in = 1,
      .out = 1,
      .positions = { 1, 6, 30 },
      .taps = { 1, 3, 3 },
      .strides = { 1, 1, 1 },
      .dilations = { 1, 1, 1 },
      .same = true },
    { .rank = 2,
      .batch = 1,
      .groups = 1,
      .in = 300,
      .out = 7,
      .positions = { 1, 20, 40 },
      .taps = { 1, 3, 3 },
      .strides = { 1, 1, 1 },
      .dilations = { 1, 1, 1 },
      .same = true },
  };
  start();
  for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
    geometry y = large[i];
    nd_tensor *v[3];
    for (int k = 0; k < 3; k++)
      count_windows(&y, k);
    make_all(&y, ND_FLOAT64, v);
    for (int what = X; what <= Y; what++)
      check_one(&y, what, v);
    release_to(0);
  }
  finish();
}

int main(void)
{
  RUN(all_forms_are_what_plain_loops_give);
  RUN(large_ones_are_too);
  return check_done();
}
