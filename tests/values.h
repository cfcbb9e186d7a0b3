// values.h: what the C tests share: a context whose memory is counted, tensors
// written as text, and checks that compare tensors and messages.
//
//     start();
//     nd_tensor *x = F64("[[1 2] [3 4]]");
//     CHECK_VALUES(CALL("reduce_sum", "axis=1", x), "[4 6]", 0);
//     finish();
//
// Everything made here is released by finish, which also checks that no error
// is left and that the host got all of its memory back.

#ifndef ND_VALUES_H
#define ND_VALUES_H

#include <stdlib.h>

#include "base/context.h"
#include "check.h"
#include "host.h"
#include "kernel/convert.h"
#include "op/op.h"

static host memory;
static nd_context *c;

enum { OWNED = 4096 };
static nd_tensor *owned[OWNED];
static int owned_count;

static inline nd_tensor *own(nd_tensor *x)
{
  if (x != NULL && owned_count < OWNED)
    owned[owned_count++] = x;
  return x;
}

// Releases what was made since owned_count was `mark`.
static inline void release_to(int mark)
{
  while (owned_count > mark)
    nd_tensor_release(owned[--owned_count]);
}

// In tests results wait from 256 elements on, so that small ones do.
static inline void set_eager(bool eager)
{
  nd_context_set_eager(c, eager);
  if (!eager && c->least_waiting > 256)
    c->least_waiting = 256;
}

// Starts with a context of that configuration, whose allocator is the host `h`.
static inline bool start_at(host h, nd_config config)
{
  memory = h;
  config.size = sizeof config;
  config.allocator = host_allocate;
  config.allocator_data = &memory;
  c = nd_context_new(&config);
  if (c != NULL)
    set_eager(false);
  return c != NULL;
}

static inline bool start_with(nd_config config)
{
  return start_at((host){ 0 }, config);
}

static inline void start(void)
{
  CHECK(start_with((nd_config){ 0 }));
}

// Bytes of objects that wait to be used again. When all objects are released
// there are no others.
static inline size_t idle_bytes(void)
{
  return c->strand.pool_room * sizeof *c->strand.pool +
         nd_context_cached(c, ND_MEMORY_OBJECT);
}

static inline void finish(void)
{
  release_to(0);
  CHECK_STR(nd_error_message(c), "");
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_TENSOR), 0);
  CHECK_INT(nd_context_bytes(c, ND_MEMORY_OBJECT), idle_bytes());
  nd_context_free(c);
  check_returned(&memory);
}

// ---------------------------------------------------------------- literals --

// Numbers in nested brackets, read into a buffer with their shape. `whole` is
// what an int64 has and a double may not; `place` is one unit of the last digit
// of a number that was written with seven or more, else 0.
typedef struct literal {
  int rank;
  int64_t shape[ND_MAX_RANK];
  int64_t count;
  double at[4096];
  int64_t whole[4096];
  double place[4096];
} literal;

static inline const char *literal_space(const char *s)
{
  return s + strspn(s, " \n,");
}

static inline double last_place(const char *s, const char *end)
{
  int digits = 0, decimals = 0;
  bool fraction = false;
  for (; s < end && *s != 'e'; s++) {
    const bool digit = *s >= '0' && *s <= '9';
    fraction = fraction || *s == '.';
    decimals += digit && fraction;
    digits += digit && (digits > 0 || *s != '0');
  }
  const int exponent = s < end ? atoi(s + 1) : 0;
  return digits < 7 ? 0 : pow(10, exponent - decimals);
}

// Reads a number, `true` or `false`; returns `s` when there is none.
static inline const char *literal_number(literal *l, const char *s)
{
  const bool yes = strncmp(s, "true", 4) == 0;
  const bool no = strncmp(s, "false", 5) == 0;
  char *end, *digits;
  double value = strtod(s, &end);
  int64_t whole = strtoll(s, &digits, 10);
  if (yes || no) {
    value = yes;
    end = (char *)(uintptr_t)s + (yes ? 4 : 5);
  }
  if (digits != end)
    whole = fabs(value) < 0x1p63 ? (int64_t)value : 0;
  l->at[l->count] = value;
  l->whole[l->count] = whole;
  l->place[l->count++] = last_place(s, end);
  return end;
}

static inline const char *literal_read(literal *l, const char *s, int depth)
{
  s = literal_space(s);
  if (*s != '[') {
    l->rank = depth > l->rank ? depth : l->rank;
    return literal_number(l, s);
  }
  int64_t n = 0;
  l->rank = depth + 1 > l->rank ? depth + 1 : l->rank;
  for (s = literal_space(s + 1); *s != ']' && *s != '\0'; n++)
    s = literal_space(literal_read(l, s, depth + 1));
  l->shape[depth] = n;
  return s + (*s == ']');
}

static inline void literal_set(const literal *l, nd_dtype dtype, void *data)
{
  for (int64_t i = 0; i < l->count; i++) {
    const double v = l->at[i];
    switch (dtype) {
    case ND_FLOAT32: ((float *)data)[i] = (float)v; break;
    case ND_FLOAT64: ((double *)data)[i] = v; break;
    case ND_INT32: ((int32_t *)data)[i] = (int32_t)v; break;
    case ND_INT64: ((int64_t *)data)[i] = (int64_t)v; break;
    case ND_BOOL: ((uint8_t *)data)[i] = v != 0; break;
    case ND_UINT8: ((uint8_t *)data)[i] = (uint8_t)v; break;
    default:
      nd_convert(ND_BASELINE, dtype, ND_FLOAT64, 1, (uint16_t *)data + i, &v);
      break;
    }
  }
}

// Reads a whole literal, and returns what follows it.
static inline const char *literal_start(literal *l, const char *s)
{
  l->rank = 0;
  l->count = 0;
  memset(l->shape, 0, sizeof l->shape);
  return literal_read(l, s, 0);
}

static inline nd_tensor *literal_tensor(const literal *l, nd_dtype dtype)
{
  static double data[4096];
  const bool wide = dtype == ND_INT64;
  literal_set(l, dtype, data);
  return own(nd_tensor_new(c, dtype, l->rank, l->shape,
                           wide ? (const void *)l->whole : data));
}

static inline nd_tensor *tensor(nd_dtype dtype, const char *text)
{
  static literal l;
  literal_start(&l, text);
  return literal_tensor(&l, dtype);
}

#define F32(text) tensor(ND_FLOAT32, text)
#define F64(text) tensor(ND_FLOAT64, text)
#define I32(text) tensor(ND_INT32, text)
#define I64(text) tensor(ND_INT64, text)
#define U8(text) tensor(ND_UINT8, text)
#define BOOL(text) tensor(ND_BOOL, text)

// Zeros of a shape too large to write.
#define ZEROS(dtype, ...)                                                  \
  own(nd_tensor_new(                                                       \
    c, dtype, (int)(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)), \
    (int64_t[]){ __VA_ARGS__ }, NULL))

static inline nd_tensor *call(const char *name, const char *options, int n,
                              nd_tensor *const *inputs)
{
  return own(nd_call(c, name, n, inputs, options));
}

static inline nd_tensor *value_of(nd_variable *v)
{
  return own(nd_variable_read(v));
}

// The op applied to one tensor or more; options may be NULL.
#define CALL(name, options, ...)                                            \
  call(name, options,                                                       \
       (int)(sizeof((nd_tensor *[]){ __VA_ARGS__ }) / sizeof(nd_tensor *)), \
       (nd_tensor *[]){ __VA_ARGS__ })

// The op without tensors.
#define CALL0(name, options) call(name, options, 0, NULL)

// ------------------------------------------------------------------ checks --

// The elements in row-major order as numbers; nan for NULL.
static inline void read_numbers(nd_tensor *x, int64_t n, double *out)
{
  for (int64_t i = 0; i < n; i++)
    out[i] = NAN;
  char *raw = x == NULL ? NULL : malloc((size_t)x->size * sizeof *out + 1);
  if (raw == NULL || !nd_tensor_read(x, raw))
    n = 0;
  const nd_dtype dtype = (nd_dtype)nd_tensor_dtype(x);
  for (int64_t i = 0; i < n && i < x->size; i++)
    nd_convert(ND_BASELINE, ND_FLOAT64, dtype, 1, out + i,
               raw + (size_t)i * nd_dtype_size(dtype));
  free(raw);
}

static inline void check_values(nd_tensor *x, const char *text, double tol,
                                const char *file, int line, const char *what)
{
  static literal l;
  literal_start(&l, text);
  if (!check_report(x != NULL, file, line, what)) {
    printf(": is NULL: %s\n", nd_error_message(c));
    return;
  }
  const bool same = x->rank == l.rank &&
                    memcmp(x->dims, l.shape,
                           (size_t)l.rank * sizeof *l.shape) == 0;
  if (!check_report(same, file, line, what)) {
    printf(": shape %s, not %s\n", ND_SHAPE(x->rank, x->dims),
           ND_SHAPE(l.rank, l.shape));
    return;
  }
  static double numbers[4096];
  read_numbers(x, l.count, numbers);
  for (int64_t i = 0; i < l.count; i++) {
    const double got = numbers[i], want = l.at[i];
    const bool ok = got == want || (isnan(got) && isnan(want)) ||
                    fabs(got - want) <= tol;
    if (!check_report(ok, file, line, what))
      printf(": element %d is %.17g, not %.17g\n", (int)i, got, want);
  }
}

// The call failed with that code and message, which are cleared.
static inline void check_fails(bool failed, nd_code code, const char *message,
                               const char *file, int line, const char *what)
{
  check_true(failed, file, line, what);
  check_int(nd_error_code(c), code, file, line, what);
  check_str(nd_error_message(c), message, file, line, what);
  nd_error_clear(c);
}

// Tolerance 0 asks for equality; nan equals nan.
#define CHECK_VALUES(x, text, tol) \
  check_values((x), (text), (tol), __FILE__, __LINE__, #x " is " #text)
#define CHECK_FAILS(call, message) \
  check_fails(!(call), ND_BAD_ARGUMENT, (message), __FILE__, __LINE__, #call)
#define CHECK_FAILS_AS(call, code, message) \
  check_fails(!(call), (code), (message), __FILE__, __LINE__, #call)

#endif
