// tensor/print.c: the elements that are shown are visited three times: for
// their extremes, which decide how numbers are written, for the width of the
// columns, and to write them. The rules, and their corner cases, are those of
// NumPy 2.4's array2string and, for rank 0, of str.

#include "tensor/print.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernel/convert.h"
#include "tensor/decimal.h"

const nd_print_options nd_print_defaults = {
  .precision = 8,
  .threshold = 1000,
  .edge_items = 3,
  .line_width = 75,
};

typedef struct writer {
  nd_print_sink *sink;
  void *data;
  int64_t column;
  int64_t blanks;  // at the end of the line, not written yet
  bool stopped;
} writer;

typedef struct printer {
  writer out;
  const nd_tensor *x;
  nd_print_options options;
  // Of the shown elements: the range of the integers, and of the sizes of the
  // finite floats other than zero.
  int64_t least, most;
  double small, large;
  bool odd, minus_infinity;  // there are: inf or nan, -inf
  // How numbers are written.
  bool scientific;
  int left, right;  // columns before and after the point
  int places;       // scientific: digits after the point
  bool wide;        // scientific: exponents have three digits
  int width;        // of an element
} printer;

// ---------------------------------------------------------------- writing --

static void send(writer *w, const char *text, size_t n)
{
  if (!w->stopped && n > 0)
    w->stopped = !w->sink(w->data, text, n);
}

// Writes `n` times the character that `run`, of 16 bytes, consists of.
static void send_run(writer *w, const char *run, int64_t n)
{
  for (; n > 0 && !w->stopped; n -= 16)
    send(w, run, n < 16 ? (size_t)n : 16);
}

static void put(writer *w, const char *text, size_t n)
{
  send_run(w, "                ", w->blanks);
  w->blanks = 0;
  send(w, text, n);
  w->column += (int64_t)n;
}

static void put_text(writer *w, const char *text)
{
  put(w, text, strlen(text));
}

static void put_zeros(writer *w, int n)
{
  if (n <= 0)
    return;
  put(w, "", 0);
  send_run(w, "0000000000000000", n);
  w->column += n;
}

// Blanks at the end of a line are never written.
static void put_blanks(writer *w, int64_t n)
{
  if (n <= 0)
    return;
  w->blanks += n;
  w->column += n;
}

static void start_lines(writer *w, int n, int indent)
{
  for (int i = 0; i < n; i++)
    send(w, "\n", 1);
  w->blanks = 0;
  w->column = 0;
  put_blanks(w, indent);
}

// --------------------------------------------------------------- visiting --

typedef void visitor(printer *p, const char *element);

static int64_t axis_bytes(const nd_tensor *x, int axis)
{
  return nd_strides(x)[axis] * (int64_t)nd_dtype_size((nd_dtype)x->dtype);
}

static bool axis_is_cut(const printer *p, int axis)
{
  return p->x->size > p->options.threshold &&
         p->x->dims[axis] > 2 * (int64_t)p->options.edge_items;
}

// The position after `i` that is shown.
static int64_t next_shown(const printer *p, int axis, int64_t i)
{
  const int edge = p->options.edge_items;
  if (i + 1 == edge && axis_is_cut(p, axis))
    return p->x->dims[axis] - edge;
  return i + 1;
}

static void visit_shown(printer *p, int axis, const char *data, visitor *visit)
{
  if (axis == p->x->rank) {
    visit(p, data);
    return;
  }
  const int64_t step = axis_bytes(p->x, axis);
  for (int64_t i = 0; i < p->x->dims[axis]; i = next_shown(p, axis, i))
    visit_shown(p, axis + 1, data + i * step, visit);
}

static bool is_float(const nd_tensor *x)
{
  return !nd_dtype_in((nd_dtype)x->dtype, ND_INTS | ND_BOOLS);
}

static nd_real read_real(const nd_tensor *x, const char *element)
{
  nd_real real = { .dtype = (nd_dtype)x->dtype };
  nd_convert(x->context->level, ND_FLOAT64, (nd_dtype)x->dtype, 1, &real.value,
             element);
  return real;
}

static int64_t read_integer(const nd_tensor *x, const char *element)
{
  int64_t whole;
  nd_convert(x->context->level, ND_INT64, (nd_dtype)x->dtype, 1, &whole,
             element);
  return whole;
}

// --------------------------------------------------------------- measuring --

static int larger(int a, int b)
{
  return a > b ? a : b;
}

static int count_digits(int64_t value)
{
  char text[24];
  return snprintf(text, sizeof text, "%" PRId64, value);
}

static void measure_integer(printer *p, const char *element)
{
  const int64_t value = read_integer(p->x, element);
  if (value < p->least)
    p->least = value;
  if (value > p->most)
    p->most = value;
}

static void measure_integers(printer *p)
{
  p->least = INT64_MAX;
  p->most = INT64_MIN;
  visit_shown(p, 0, nd_values(p->x), measure_integer);
  p->width = larger(count_digits(p->least), count_digits(p->most));
}

static void measure_size(printer *p, const char *element)
{
  const double value = read_real(p->x, element).value;
  if (!isfinite(value)) {
    p->odd = true;
    p->minus_infinity |= isinf(value) && value < 0;
    return;
  }
  const double size = fabs(value);
  if (size > 0 && size < p->small)
    p->small = size;
  if (size > p->large)
    p->large = size;
}

// From where on numbers are large; float64 has that of its use.
static double large_from(nd_dtype dtype, double of_float64)
{
  return dtype == ND_FLOAT64 ? of_float64 : dtype == ND_FLOAT32 ? 1e6 : 1e3;
}

// Numbers that are large, small or far apart; compared in their own dtype.
static bool wants_exponents(const printer *p)
{
  const nd_dtype dtype = (nd_dtype)p->x->dtype;
  if (p->large == 0)
    return false;
  if (p->large >= large_from(dtype, 1e8))
    return true;
  if (p->options.suppress)
    return false;
  return p->small < nd_real_nearest(dtype, 1e-4) ||
         nd_real_nearest(dtype, p->large / p->small) > 1e3;
}

static int count_places(const nd_decimal *d)
{
  return larger(d->count - 1 - d->exponent, 0);
}

static void measure_fixed(printer *p, const char *element)
{
  const nd_real x = read_real(p->x, element);
  if (!isfinite(x.value))
    return;
  const nd_decimal d = nd_decimal_to_places(x, p->options.precision);
  const int sign = signbit(x.value) != 0;
  p->left = larger(p->left, sign + larger(d.exponent + 1, 1));
  p->right = larger(p->right, count_places(&d));
}

static void measure_scientific(printer *p, const char *element)
{
  const nd_real x = read_real(p->x, element);
  if (!isfinite(x.value))
    return;
  const nd_decimal d = nd_decimal_to_digits(x, p->options.precision);
  p->left = larger(p->left, signbit(x.value) ? 2 : 1);
  p->places = larger(p->places, d.count - 1);
  if (d.exponent >= 100 || d.exponent <= -100)
    p->wide = true;
}

static void measure_floats(printer *p)
{
  p->small = INFINITY;
  visit_shown(p, 0, nd_values(p->x), measure_size);
  p->scientific = wants_exponents(p);
  visit_shown(p, 0, nd_values(p->x),
              p->scientific ? measure_scientific : measure_fixed);
  if (p->scientific)
    p->right = p->places + (p->wide ? 5 : 4);
  if (p->odd)
    p->left = larger(p->left, 2 + p->minus_infinity - p->right);
  p->width = p->left + 1 + p->right;
}

static void measure(printer *p)
{
  if (is_float(p->x))
    measure_floats(p);
  else if (p->x->dtype == ND_BOOL)
    p->width = 5;
  else
    measure_integers(p);
}

// ---------------------------------------------------------------- elements --

static void put_aligned(printer *p, const char *text)
{
  if (p->x->rank > 0)
    put_blanks(&p->out, p->width - (int)strlen(text));
  put_text(&p->out, text);
}

static void put_integer(printer *p, int64_t value)
{
  char text[24];
  snprintf(text, sizeof text, "%" PRId64, value);
  put_aligned(p, text);
}

static void put_odd(printer *p, double value)
{
  if (isnan(value))
    put_aligned(p, "nan");
  else
    put_aligned(p, value < 0 ? "-inf" : "inf");
}

static void put_fixed(writer *w, const nd_decimal *d)
{
  const int whole = d->exponent + 1;
  const int known = whole < 0 ? 0 : whole < d->count ? whole : d->count;
  if (whole <= 0)
    put_text(w, "0");
  put(w, d->digits, (size_t)known);
  put_zeros(w, whole - known);
  put_text(w, ".");
  put_zeros(w, -whole);
  put(w, d->digits + known, (size_t)(d->count - known));
}

// Of two digits at least, and three if `wide`.
static void put_exponent(writer *w, int exponent, bool wide)
{
  char text[16];
  snprintf(text, sizeof text, wide ? "e%+04d" : "e%+03d", exponent);
  put_text(w, text);
}

static void put_sign(writer *w, double value)
{
  if (signbit(value))
    put_text(w, "-");
}

static void put_fixed_column(printer *p, nd_real x)
{
  const nd_decimal d = nd_decimal_to_places(x, p->options.precision);
  const int sign = signbit(x.value) != 0;
  put_blanks(&p->out, p->left - sign - larger(d.exponent + 1, 1));
  put_sign(&p->out, x.value);
  put_fixed(&p->out, &d);
  put_blanks(&p->out, p->right - count_places(&d));
}

static void put_scientific_column(printer *p, nd_real x)
{
  const nd_decimal d = nd_decimal_with_digits(x, p->places);
  put_blanks(&p->out, p->left - (signbit(x.value) ? 2 : 1));
  put_sign(&p->out, x.value);
  put(&p->out, d.digits, 1);
  put_text(&p->out, ".");
  put(&p->out, d.digits + 1, (size_t)(d.count - 1));
  put_zeros(&p->out, p->places - (d.count - 1));
  put_exponent(&p->out, d.exponent, p->wide);
}

// Rank 0 has all of its digits, "1.0" where a column has "1.", and "1e-05"
// where that has "1.e-05".
static void put_single(printer *p, nd_real x)
{
  const nd_decimal d = nd_decimal_shortest(x);
  const double size = fabs(x.value);
  const double large = large_from(x.dtype, 1e16);
  put_sign(&p->out, x.value);
  if (size == 0 || (size >= 1e-4 && size < large)) {
    put_fixed(&p->out, &d);
    put_zeros(&p->out, count_places(&d) == 0);
    return;
  }
  put(&p->out, d.digits, 1);
  if (d.count > 1)
    put_text(&p->out, ".");
  put(&p->out, d.digits + 1, (size_t)(d.count - 1));
  put_exponent(&p->out, d.exponent, false);
}

static void put_real(printer *p, nd_real x)
{
  if (!isfinite(x.value))
    put_odd(p, x.value);
  else if (p->x->rank == 0)
    put_single(p, x);
  else if (p->scientific)
    put_scientific_column(p, x);
  else
    put_fixed_column(p, x);
}

static void put_element(printer *p, const char *element)
{
  if (is_float(p->x))
    put_real(p, read_real(p->x, element));
  else if (p->x->dtype == ND_BOOL)
    put_aligned(p, *element ? "true" : "false");
  else
    put_integer(p, read_integer(p->x, element));
}

// ------------------------------------------------------------------ layout --

static bool is_last_axis(const printer *p, int axis)
{
  return axis == p->x->rank - 1;
}

// Goes to a new line where `width` columns don't fit and this one has some.
static void make_room(printer *p, int width)
{
  const int indent = p->x->rank;
  const int64_t end = p->out.column + width;
  if (end > p->options.line_width - indent && p->out.column > indent)
    start_lines(&p->out, 1, indent);
}

static void put_separator(printer *p, int axis)
{
  if (is_last_axis(p, axis))
    put_blanks(&p->out, 1);
  else
    start_lines(&p->out, p->x->rank - 1 - axis, axis + 1);
}

static void put_dots(printer *p, int axis)
{
  if (is_last_axis(p, axis))
    make_room(p, 3);
  put_text(&p->out, "...");
  put_separator(p, axis);
}

static void put_axis(printer *p, int axis, const char *data)
{
  if (axis == p->x->rank) {
    put_element(p, data);
    return;
  }
  const int64_t step = axis_bytes(p->x, axis);
  put_text(&p->out, "[");
  int64_t last = 0;
  for (int64_t i = 0; i < p->x->dims[axis] && !p->out.stopped;) {
    if (i > 0)
      put_separator(p, axis);
    if (i > last + 1)
      put_dots(p, axis);
    if (is_last_axis(p, axis))
      make_room(p, p->width);
    put_axis(p, axis + 1, data + i * step);
    last = i;
    i = next_shown(p, axis, i);
  }
  put_text(&p->out, "]");
}

// ---------------------------------------------------------------- the whole --

static int clamp(int value, int low, int high)
{
  return value < low ? low : value > high ? high : value;
}

static nd_print_options in_range(const nd_print_options *options)
{
  nd_print_options o = options ? *options : nd_print_defaults;
  o.precision = clamp(o.precision, 0, 300);
  o.threshold = clamp(o.threshold, 0, INT_MAX);
  o.edge_items = clamp(o.edge_items, 1, INT_MAX);
  o.line_width = clamp(o.line_width, 0, INT_MAX);
  return o;
}

static bool has_values(const nd_tensor *x)
{
  return x != NULL && (x->data != NULL || x->size == 0);
}

bool nd_print(const nd_tensor *x, const nd_print_options *options,
              nd_print_sink *sink, void *data)
{
  if (!has_values(x))
    return false;
  if (x->size == 0)
    return sink(data, "[]", 2);
  printer p = { .out = { .sink = sink, .data = data }, .x = x };
  p.options = in_range(options);
  if (x->rank > 0)
    measure(&p);
  put_axis(&p, 0, nd_values(x));
  return !p.out.stopped;
}

bool nd_print_shape(const nd_tensor *x, nd_print_sink *sink, void *data)
{
  if (x == NULL)
    return false;
  writer w = { .sink = sink, .data = data };
  put_text(&w, "(");
  for (int i = 0; i < x->rank; i++) {
    char text[24];
    snprintf(text, sizeof text, "%s%" PRId64, i > 0 ? ", " : "", x->dims[i]);
    put_text(&w, text);
  }
  put_text(&w, x->rank == 1 ? ",)" : ")");
  return !w.stopped;
}

static bool refuse_lines(void *data, const char *text, size_t n)
{
  (void)data;
  return memchr(text, '\n', n) == NULL;
}

static bool send_text(nd_print_sink *sink, void *data, const char *text)
{
  return sink(data, text, strlen(text));
}

bool nd_print_tensor(const nd_tensor *x, const nd_print_options *options,
                     nd_print_sink *sink, void *data)
{
  if (!has_values(x))
    return false;
  const bool one_line = nd_print(x, options, refuse_lines, NULL);
  return send_text(sink, data, one_line ? "nd.Tensor(" : "nd.Tensor(\n") &&
         nd_print(x, options, sink, data) &&
         send_text(sink, data, ", shape=") && nd_print_shape(x, sink, data) &&
         send_text(sink, data, ", dtype=") &&
         send_text(sink, data, nd_dtype_name((nd_dtype)x->dtype)) &&
         send_text(sink, data, ")");
}
