// Tests of tensor/print.c: against NumPy's text, on views, and at a sink that
// stops.

#include "check.h"

#include "tensor/print.h"

#include <locale.h>
#include <stdlib.h>

#include "kernel/convert.h"

#include "../golden/print.h"

enum { ROOM = 20000, MOST = 20000 };

typedef struct page {
  char text[ROOM];
  size_t size;
  size_t room;
  int calls;
} page;

static page paper;
static nd_context *c;
static char bytes[MOST * sizeof(double)];

static bool write_page(void *data, const char *text, size_t n)
{
  page *p = data;
  p->calls++;
  if (n >= p->room - p->size)
    return false;
  memcpy(p->text + p->size, text, n);
  p->size += n;
  p->text[p->size] = '\0';
  return true;
}

static page *fresh_page(size_t room)
{
  paper.size = 0;
  paper.room = room;
  paper.calls = 0;
  paper.text[0] = '\0';
  return &paper;
}

// The text of `x`, which it releases, valid until the next one.
static const char *text_of(nd_tensor *x, const nd_print_options *options)
{
  CHECK(nd_print(x, options, write_page, fresh_page(ROOM)));
  nd_tensor_release(x);
  return paper.text;
}

static const char *whole_text_of(nd_tensor *x)
{
  CHECK(nd_print_tensor(x, NULL, write_page, fresh_page(ROOM)));
  nd_tensor_release(x);
  return paper.text;
}

static void set_real(nd_dtype dtype, int64_t k, double value)
{
  char *place = bytes + (size_t)k * nd_dtype_size(dtype);
  nd_convert(ND_BASELINE, dtype, ND_FLOAT64, 1, place, &value);
}

static void set_whole(nd_dtype dtype, int64_t k, int64_t value)
{
  switch (dtype) {
  case ND_INT32: ((int32_t *)(void *)bytes)[k] = (int32_t)value; break;
  case ND_INT64: ((int64_t *)(void *)bytes)[k] = value; break;
  default: bytes[k] = (char)value; break;
  }
}

static nd_tensor *make_golden(const struct golden_print *g)
{
  nd_dtype dtype = ND_FLOAT32;
  CHECK(nd_dtype_find(g->dtype, &dtype));
  int64_t n = 1;
  for (int i = 0; i < g->rank; i++)
    n *= g->shape[i];
  for (int64_t k = 0; k < n; k++) {
    const int64_t i = k % g->count;
    if (g->reals != NULL && g->step != 0)
      set_real(dtype, k, g->reals[i] + (double)k * g->step);
    else if (g->reals != NULL)
      set_real(dtype, k, g->reals[i]);
    else
      set_whole(dtype, k, g->wholes[i] + k * (int64_t)g->step);
  }
  return nd_tensor_new(c, dtype, g->rank, g->shape, bytes);
}

static nd_tensor *make_ramp(nd_dtype dtype, int rank, const int64_t *shape)
{
  for (int64_t k = 0; k < MOST; k++) {
    if (!nd_dtype_in(dtype, ND_INTS | ND_BOOLS))
      set_real(dtype, k, (double)k);
    else
      set_whole(dtype, k, k);
  }
  return nd_tensor_new(c, dtype, rank, shape, bytes);
}

#define RAMP(dtype, ...)                                   \
  make_ramp(dtype, sizeof((int64_t[]){ __VA_ARGS__ }) / 8, \
            (int64_t[]){ __VA_ARGS__ })

static void arrays_print_as_numpy_prints_them(void)
{
  const size_t n = sizeof golden_prints / sizeof *golden_prints;
  for (size_t i = 0; i < n; i++) {
    const struct golden_print *g = &golden_prints[i];
    const nd_print_options options = {
      .precision = g->precision,
      .threshold = g->threshold,
      .edge_items = g->edge_items,
      .line_width = g->line_width,
      .suppress = g->suppress,
    };
    CHECK_STR(text_of(make_golden(g), &options), g->text);
  }
}

static void default_options_are_those_of_numpy(void)
{
  CHECK_STR(text_of(RAMP(ND_FLOAT64, 1001), NULL),
            "[   0.    1.    2. ...  998.  999. 1000.]");
  CHECK_STR(text_of(RAMP(ND_INT32, 1001), &nd_print_defaults),
            "[   0    1    2 ...  998  999 1000]");
}

static void options_out_of_range_are_taken_as_the_nearest(void)
{
  const nd_print_options low = { -1, -1, -1, -1, false };
  CHECK_STR(text_of(RAMP(ND_FLOAT32, 4), &low), "[0.\n ...\n 3.]");
  const nd_print_options high = { INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX,
                                  true };
  const double reals[] = { 1e-299, 0.5, 1e-301 };
  const int64_t shape[] = { 3 };
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT64, 1, shape, reals);
  const char *text = text_of(x, &high);
  CHECK_INT(strlen(text), 3 * (301 + 1) + 1);
  CHECK(strncmp(text + 300, "01 0.5 ", 7) == 0);
  CHECK(strncmp(text + 1 + 2 * 302, "0. ", 3) == 0);
}

// Both must print alike.
static void compare_with_dense(nd_tensor *x)
{
  static char view[ROOM];
  nd_tensor *dense = nd_tensor_dense(x);
  CHECK(!x->dense && dense->dense);
  strcpy(view, text_of(x, NULL));
  CHECK_STR(view, text_of(dense, NULL));
}

static void compare_views(nd_dtype dtype, int64_t rows, int64_t columns)
{
  nd_tensor *x = RAMP(dtype, rows, columns);
  const int64_t turned[] = { columns, rows };
  compare_with_dense(
    nd_tensor_view(x, 2, turned, (int64_t[]){ 1, columns }, 0));
  const int64_t half[] = { rows, columns / 2 };
  compare_with_dense(nd_tensor_view(x, 2, half, (int64_t[]){ columns, 2 }, 1));
  compare_with_dense(nd_tensor_view(x, 2, x->dims, (int64_t[]){ -columns, -1 },
                                    rows * columns - 1));
  const int64_t spread[] = { rows, 3, columns };
  compare_with_dense(
    nd_tensor_view(x, 3, spread, (int64_t[]){ columns, 0, 1 }, 0));
  nd_tensor_release(x);
}

static void views_print_as_their_dense_copies(void)
{
  for (int dtype = 0; dtype < ND_DTYPES; dtype++) {
    compare_views((nd_dtype)dtype, 3, 4);
    compare_views((nd_dtype)dtype, 40, 60);
  }
}

static void a_scalar_in_memory_of_the_caller_prints(void)
{
  nd_tensor x;
  nd_scalar_set(c, &x, ND_FLOAT32, 0.1);
  CHECK_STR(text_of(&x, NULL), "0.1");
  nd_scalar_set_integer(c, &x, ND_INT64, INT64_MIN);
  CHECK_STR(text_of(&x, NULL), "-9223372036854775808");
  nd_scalar_set(c, &x, ND_BOOL, 0);
  CHECK_STR(text_of(&x, NULL), "false");
}

static void the_whole_form_has_shape_and_dtype(void)
{
  CHECK_STR(whole_text_of(RAMP(ND_FLOAT32, 1)),
            "nd.Tensor([0.], shape=(1,), dtype=float32)");
  CHECK_STR(whole_text_of(RAMP(ND_FLOAT64, 1, 2)),
            "nd.Tensor([[0. 1.]], shape=(1, 2), dtype=float64)");
  CHECK_STR(whole_text_of(RAMP(ND_INT32, 2, 0, 1)),
            "nd.Tensor([], shape=(2, 0, 1), dtype=int32)");
  const uint8_t yes = 1;
  CHECK_STR(whole_text_of(nd_tensor_new(c, ND_BOOL, 0, NULL, &yes)),
            "nd.Tensor(true, shape=(), dtype=bool)");
  const float six = 6;
  CHECK_STR(whole_text_of(nd_tensor_new(c, ND_FLOAT32, 0, NULL, &six)),
            "nd.Tensor(6.0, shape=(), dtype=float32)");
}

static void the_whole_form_puts_several_lines_below(void)
{
  CHECK_STR(whole_text_of(RAMP(ND_FLOAT32, 2, 2)),
            "nd.Tensor(\n[[0. 1.]\n [2. 3.]], shape=(2, 2), dtype=float32)");
  CHECK_STR(whole_text_of(RAMP(ND_UINT8, 26)),
            "nd.Tensor(\n"
            "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21"
            " 22 23\n 24 25], shape=(26,), dtype=uint8)");
}

static void a_shape_prints_alone(void)
{
  nd_tensor *x = RAMP(ND_INT32, 4, 5, 6);
  CHECK(nd_print_shape(x, write_page, fresh_page(ROOM)));
  CHECK_STR(paper.text, "(4, 5, 6)");
  nd_tensor_release(x);
}

static void a_sink_that_stops_is_not_called_again(void)
{
  nd_tensor *x = RAMP(ND_FLOAT32, 30, 40);
  CHECK(nd_print_tensor(x, NULL, write_page, fresh_page(ROOM)));
  const size_t size = paper.size;
  for (size_t room = 1; room <= size; room++) {
    CHECK(!nd_print_tensor(x, NULL, write_page, fresh_page(room)));
    const int calls = paper.calls;
    CHECK(!nd_print_tensor(x, NULL, write_page, fresh_page(room)));
    CHECK_INT(paper.calls, calls);
    CHECK(paper.size < room);
  }
  CHECK(nd_print_tensor(x, NULL, write_page, fresh_page(size + 1)));
  nd_tensor_release(x);
}

static void a_tensor_without_values_prints_nothing(void)
{
  nd_tensor *x = RAMP(ND_FLOAT32, 2, 2);
  nd_tensor *outline = nd_tensor_outline(x);
  CHECK(!nd_print(outline, NULL, write_page, fresh_page(ROOM)));
  CHECK(!nd_print_tensor(outline, NULL, write_page, &paper));
  CHECK(!nd_print(NULL, NULL, write_page, &paper));
  CHECK(!nd_print_tensor(NULL, NULL, write_page, &paper));
  CHECK(!nd_print_shape(NULL, write_page, &paper));
  CHECK_INT(paper.calls, 0);
  nd_tensor_release(outline);
  nd_tensor_release(x);
}

static void printing_takes_no_memory(void)
{
  nd_tensor *x = RAMP(ND_FLOAT64, 3, 5, 7);
  const size_t objects = nd_context_peak(c, ND_MEMORY_OBJECT);
  const size_t values = nd_context_peak(c, ND_MEMORY_TENSOR);
  CHECK(nd_print_tensor(x, NULL, write_page, fresh_page(ROOM)));
  CHECK_INT(nd_context_peak(c, ND_MEMORY_OBJECT), objects);
  CHECK_INT(nd_context_peak(c, ND_MEMORY_TENSOR), values);
  nd_tensor_release(x);
}

// Takes the first locale that is installed and writes 1.5 as 1,5, if any.
static void a_decimal_comma_changes_no_text(void)
{
  const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                "fr_FR.UTF-8", "pl_PL.UTF-8" };
  const size_t n = sizeof names / sizeof *names;
  for (size_t i = 0; i < n; i++) {
    if (setlocale(LC_NUMERIC, names[i]) != NULL)
      break;
  }
  arrays_print_as_numpy_prints_them();
  setlocale(LC_NUMERIC, "C");
}

int main(void)
{
  c = nd_context_new(NULL);
  RUN(arrays_print_as_numpy_prints_them);
  RUN(default_options_are_those_of_numpy);
  RUN(options_out_of_range_are_taken_as_the_nearest);
  RUN(views_print_as_their_dense_copies);
  RUN(a_scalar_in_memory_of_the_caller_prints);
  RUN(the_whole_form_has_shape_and_dtype);
  RUN(the_whole_form_puts_several_lines_below);
  RUN(a_shape_prints_alone);
  RUN(a_sink_that_stops_is_not_called_again);
  RUN(a_tensor_without_values_prints_nothing);
  RUN(printing_takes_no_memory);
  RUN(a_decimal_comma_changes_no_text);
  nd_context_free(c);
  return check_done();
}
