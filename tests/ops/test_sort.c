// Tests of ops/sort.c: rows of every length, against the definition of order.

#include "../values.h"

enum { LONGEST = 140001 };

// Whether element `a` may not stand before `b`: nan last, else by value.
static bool is_after(double a, double b, bool descending)
{
  if (isnan(a) || isnan(b))
    return isnan(a) && !isnan(b);
  return descending ? a < b : a > b;
}

// One of `kinds` numbers on both sides of 0, or nan, or -0.
static double make_float(int number, int kinds)
{
  if (number % 89 == 5)
    return NAN;
  return number % 97 == 3 ? -0. : number - kinds / 2;
}

// Numbers of which some repeat, some are nan, and zeros have either sign.
static nd_tensor *make_row(nd_dtype dtype, int n, int kinds)
{
  static double x[LONGEST];
  const bool floats = nd_dtype_in(dtype, ND_FLOATS);
  uint32_t state = (uint32_t)n;
  for (int i = 0; i < n; i++) {
    state = state * 1664525 + 1013904223;
    const int number = (int)(state >> 8) % kinds;
    x[i] = floats ? make_float(number, kinds) : number;
  }
  nd_tensor *row = own(nd_tensor_new(c, ND_FLOAT64, 1, (int64_t[]){ n }, x));
  char text[40];
  snprintf(text, sizeof text, "dtype=%s", nd_dtype_name(dtype));
  return CALL("cast", text, row);
}

static bool places_are_ordered(const double *x, const double *places, int n,
                               bool descending)
{
  for (int i = 1; i < n; i++) {
    const int a = (int)places[i - 1] - 1, b = (int)places[i] - 1;
    if (is_after(x[a], x[b], descending) ||
        (!is_after(x[b], x[a], descending) && a >= b))
      return false;
  }
  return true;
}

static bool have_same_bits(nd_tensor *x, nd_tensor *y)
{
  const size_t width = nd_dtype_size((nd_dtype)x->dtype);
  return nd_same_shape(x, y) &&
         memcmp(x->data, y->data, (size_t)x->size * width) == 0;
}

// The first of an order are the best.
static void check_best(nd_tensor *row, const nd_tensor *order, int n)
{
  const int counts[] = { 1, n / 100, n / 5, n / 2, n };
  for (int i = 0; i < 5; i++) {
    char text[60];
    int two = 2;
    nd_tensor *out[2];
    snprintf(text, sizeof text, "k=%d", counts[i]);
    CHECK(nd_call_all(c, "top_k", 1, &row, text, &two, out));
    CHECK(memcmp(own(out[1])->data, order->data,
                 (size_t)counts[i] * sizeof(int32_t)) == 0);
    CHECK(have_same_bits(own(out[0]), CALL("gather", NULL, row, out[1])));
  }
}

// Order, and that all of `sort`, `argsort` and `top_k` are of one mind.
static void check_order_of(nd_dtype dtype, int n, int kinds)
{
  static double x[LONGEST], places[LONGEST];
  nd_tensor *row = make_row(dtype, n, kinds);
  read_numbers(row, n, x);
  for (int descending = 0; descending < 2; descending++) {
    const char *options = descending ? "direction=DESCENDING" : NULL;
    nd_tensor *order = CALL("argsort", options, row);
    read_numbers(order, n, places);
    CHECK(places_are_ordered(x, places, n, descending));
    CHECK(have_same_bits(CALL("sort", options, row),
                         CALL("gather", NULL, row, order)));
  }
  check_best(row, CALL("argsort", "direction=DESCENDING", row), n);
  release_to(0);
}

static void rows_of_any_length_are_ordered(void)
{
  static const int lengths[] = { 1,   2,   7,   8,    9,     31,    32,     64,
                                 191, 192, 193, 1000, 65536, 65537, LONGEST };
  start();
  nd_context_set_eager(c, true);
  for (int d = 0; d < ND_BOOL; d++) {
    for (int i = 0; i < 15; i++) {
      check_order_of((nd_dtype)d, lengths[i], 200);
      check_order_of((nd_dtype)d, lengths[i], 1 << 20);
    }
  }
  finish();
}

// The worst for what collects the best: each element is better than all before.
static void rising_rows_have_their_best_at_the_end(void)
{
  start();
  nd_tensor *x = CALL("range", NULL, I32("1"), I32("100000"), I32("1"));
  int two = 2;
  nd_tensor *out[2];
  CHECK(nd_call_all(c, "top_k", 1, &x, "k=3", &two, out));
  CHECK_VALUES(own(out[0]), "[100000 99999 99998]", 0);
  CHECK_VALUES(own(out[1]), "[100000 99999 99998]", 0);
  finish();
}

static void rows_lie_along_any_axis(void)
{
  start();
  nd_tensor *x = CALL0("normal", "shape=[5 300 7]");
  static const char *const perms[] = { "perm=[3 2 1]", "perm=[1 3 2]",
                                       "perm=[2 1 3]" };
  static const char *const axes[] = { "axis=2", "axis=3", "axis=1" };
  for (int i = 0; i < 3; i++) {
    nd_tensor *y = CALL("sort", axes[i], CALL("transpose", perms[i], x));
    nd_tensor *z = CALL("transpose", perms[i], CALL("sort", "axis=2", x));
    CHECK(have_same_bits(CALL("reshape", "shape=[-1]", y),
                         CALL("reshape", "shape=[-1]", z)));
  }
  finish();
}

int main(void)
{
  RUN(rows_of_any_length_are_ordered);
  RUN(rising_rows_have_their_best_at_the_end);
  RUN(rows_lie_along_any_axis);
  return check_done();
}
