// lua/random_numbers.c: numbers that a RandomState draws.

#include "lua/random_numbers.h"

#include <math.h>

#include "base/interval.h"
#include "base/number.h"
#include "lua/box.h"
#include "lua/class_random.h"
#include "lua/draw.h"
#include "lua/error.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "lua/values.h"

// Of each of these methods.
#define SIZE                                                           \
  {                                                                    \
    "size", ND_SIZES, "nil", .doc = "of a tensor; nil: one Lua number" \
  }
#define FLOAT_DTYPE                                                \
  {                                                                \
    "dtype", ND_WORD_DTYPE, "float32", .doc = "float32 or float64" \
  }

static nd_dtype check_float(lua_State *L, const ndL_arguments *a, int k)
{
  const nd_dtype dtype = (nd_dtype)a->at[k].integer;
  if (!nd_dtype_in(dtype, ND_FLOATS))
    ndL_error(L, "%s: dtype must be float32 or float64, got %s", a->function,
              nd_dtype_name(dtype));
  return dtype;
}

// A distribution with parameters p and q.
typedef struct law {
  void (*check)(lua_State *L, double p, double q, nd_dtype dtype);
  double (*one)(nd_mt19937 *r, double p, double q);
  void (*f32)(nd_mt19937 *r, double p, double q, size_t n, float *out);
  void (*f64)(nd_mt19937 *r, double p, double q, size_t n, double *out);
} law;

// NumPy's formula needs a width that is finite in double.
static void check_interval(lua_State *L, double low, double high,
                           nd_dtype dtype)
{
  float first, last;
  if (!(low <= high) || !isfinite(high - low) ||
      (dtype == ND_FLOAT32 && !nd_interval_float32(low, high, &first, &last)))
    ndL_error(L, "uniform: no such interval of %s: %s to %s",
              nd_dtype_name(dtype), ND_NUMBER(low), ND_NUMBER(high));
}

static void check_finite(lua_State *L, const char *name, double x,
                         nd_dtype dtype)
{
  if (!isfinite(dtype == ND_FLOAT32 ? (float)x : x))
    ndL_error(L, "normal: %s must be a finite %s, got %s", name,
              nd_dtype_name(dtype), ND_NUMBER(x));
}

static void check_scale(lua_State *L, double loc, double scale, nd_dtype dtype)
{
  check_finite(L, "loc", loc, dtype);
  check_finite(L, "scale", scale, dtype);
  if (!(scale >= 0))
    ndL_error(L, "normal: scale must be 0 or more, got %s", ND_NUMBER(scale));
}

static const law uniform_law = { check_interval, nd_mt19937_uniform,
                                 nd_mt19937_fill_uniform_f32,
                                 nd_mt19937_fill_uniform_f64 };

static const law normal_law = { check_scale, nd_mt19937_normal,
                                nd_mt19937_fill_normal_f32,
                                nd_mt19937_fill_normal_f64 };

// Pushes numbers of `f`, with all arguments checked.
static int push_floats(lua_State *L, const char *function, const law *f,
                       double p, double q, const nd_type *type)
{
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = ndL_toobject(L, S, 1, NDL_RANDOM);
  if (type->rank == NDL_NO_SIZE) {
    lua_pushnumber(L, f->one(r, p, q));
    return 1;
  }
  ndL_box *box = ndL_newbox(L, S);
  nd_tensor *x = ndL_drawtensor(S, function, type);
  if (x != NULL && x->dtype == ND_FLOAT32)
    f->f32(r, p, q, (size_t)x->size, (float *)x->data);
  else if (x != NULL)
    f->f64(r, p, q, (size_t)x->size, (double *)x->data);
  return ndL_result(L, S, box, x);
}

static const nd_param standard_params[] = { FLOAT_DTYPE, { NULL } };

// Sizes are positions, dtype is an option.
static int draw_standard(lua_State *L, const char *function, const law *f)
{
  ndL_checkrandom(L, function);
  ndL_pace(L, ndL_upstate(L));
  const bool options = lua_type(L, -1) == LUA_TTABLE && lua_rawlen(L, -1) == 0;
  const int last = lua_gettop(L) - options;
  nd_type type = { .rank = last > 1 ? last - 1 : NDL_NO_SIZE };
  if (type.rank > ND_MAX_RANK)
    return ndL_error(L, "%s: at most %d axes, got %d", function, ND_MAX_RANK,
                     type.rank);
  for (int i = 0; i < type.rank; i++)
    type.shape[i] = ndL_checkwhole(L, i + 2, function, "a size");
  ndL_arguments a;
  ndL_read(L, ndL_upstate(L), &a, last + 1);
  type.dtype = check_float(L, &a, 0);
  return push_floats(L, function, f, 0, 1, &type);
}

static int random_rand(lua_State *L)
{
  return draw_standard(L, "rand", &uniform_law);
}

static int random_randn(lua_State *L)
{
  return draw_standard(L, "randn", &normal_law);
}

static const nd_param uniform_params[] = {
  { "low", ND_NUMBER, "0", .doc = "the least" },
  { "high", ND_NUMBER, "1", .doc = "what they stay below" },
  SIZE,
  FLOAT_DTYPE,
  { NULL },
};

static const nd_param normal_params[] = {
  { "loc", ND_NUMBER, "0", .doc = "mean" },
  { "scale", ND_NUMBER, "1", .doc = "standard deviation" },
  SIZE,
  FLOAT_DTYPE,
  { NULL },
};

enum { P, Q, LAW_SIZE, LAW_DTYPE };

static int draw_law(lua_State *L, const char *function, const law *f)
{
  ndL_checkrandom(L, function);
  ndL_pace(L, ndL_upstate(L));
  ndL_arguments a;
  ndL_read(L, ndL_upstate(L), &a, 2);
  const double p = a.at[P].number, q = a.at[Q].number;
  nd_type type;
  ndL_setsize(&a.at[LAW_SIZE], &type);
  type.dtype = check_float(L, &a, LAW_DTYPE);
  f->check(L, p, q, type.rank == NDL_NO_SIZE ? ND_FLOAT64 : type.dtype);
  return push_floats(L, function, f, p, q, &type);
}

static int random_uniform(lua_State *L)
{
  return draw_law(L, "uniform", &uniform_law);
}

static int random_normal(lua_State *L)
{
  return draw_law(L, "normal", &normal_law);
}

static const nd_param randint_params[] = {
  { "low", ND_INTEGER, .doc = "the least, or without high the last of 1.." },
  { "high", ND_INTEGER, "nil", .doc = "the last" },
  SIZE,
  { "dtype", ND_WORD_DTYPE, "nil", .doc = "int32 or int64; nil: what fits" },
  { NULL },
};

enum { LOW, HIGH, RANGE_SIZE, RANGE_DTYPE };

// The dtype of whole numbers of low..last.
static nd_dtype choose_dtype(lua_State *L, const nd_value *wanted, int64_t low,
                             int64_t last)
{
  const nd_dtype least = ndL_fitintegers(low, last);
  if (!wanted->given)
    return least;
  const nd_dtype dtype = (nd_dtype)wanted->integer;
  if (dtype != ND_INT32 && dtype != ND_INT64)
    ndL_error(L, "randint: dtype must be int32 or int64, got %s",
              nd_dtype_name(dtype));
  if (dtype == ND_INT32 && least == ND_INT64)
    ndL_error(L, "randint: %lld..%lld does not fit int32", (long long)low,
              (long long)last);
  return dtype;
}

static int random_randint(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = ndL_checkrandom(L, "randint");
  ndL_pace(L, S);
  ndL_arguments a;
  ndL_read(L, S, &a, 2);
  const bool both = a.at[HIGH].given;
  const int64_t low = both ? a.at[LOW].integer : 1;
  const int64_t last = a.at[both ? HIGH : LOW].integer;
  if (low > last)
    return ndL_error(L, "randint: empty range: %lld..%lld", (long long)low,
                     (long long)last);
  nd_type type;
  ndL_setsize(&a.at[RANGE_SIZE], &type);
  type.dtype = choose_dtype(L, &a.at[RANGE_DTYPE], low, last);
  if (type.rank == NDL_NO_SIZE) {
    lua_pushinteger(L, nd_mt19937_randint(r, low, last + 1));
    return 1;
  }
  ndL_box *box = ndL_newbox(L, S);
  return ndL_result(L, S, box,
                    ndL_drawintegers(S, "randint", r, low, last, &type));
}

void ndL_open_numbers(lua_State *L)
{
  static const ndL_function methods[] = {
    { "rand", random_rand, standard_params, "evenly distributed, 0 up to 1",
      .rest = "sizes" },
    { "randn", random_randn, standard_params, "normally distributed",
      .rest = "sizes" },
    { "uniform", random_uniform, uniform_params, "evenly distributed" },
    { "normal", random_normal, normal_params, "normally distributed" },
    { "randint", random_randint, randint_params, "whole numbers, low..high" },
    { NULL },
  };
  ndL_bindmethods(L, NDL_RANDOM, "RandomState:", methods);
}
