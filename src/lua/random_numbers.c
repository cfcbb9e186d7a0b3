// lua/random_numbers.c: numbers that a RandomState draws.

#include "lua/random_numbers.h"

#include <math.h>

#include "base/interval.h"
#include "base/number.h"
#include "lua/box.h"
#include "lua/class_random.h"
#include "lua/draw.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/options.h"
#include "lua/pace.h"
#include "lua/values.h"

static nd_dtype read_float_dtype(lua_State *L, int i, const char *function)
{
  if (lua_isnil(L, i))
    return ND_FLOAT32;
  const nd_dtype dtype = ndL_checkdtype(L, i, function);
  if (!nd_dtype_in(dtype, ND_FLOATS))
    ndL_error(L, "%s: dtype must be a float, got %s", function,
              nd_dtype_name(dtype));
  return dtype;
}

// A distribution with parameters p and q, by default 0 and 1.
typedef struct law {
  const char *name;
  const char *options[4];  // as calls name p, q, size and dtype
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

static const law uniform_law = { "uniform",
                                 { "low", "high", "size", "dtype" },
                                 check_interval,
                                 nd_mt19937_uniform,
                                 nd_mt19937_fill_uniform_f32,
                                 nd_mt19937_fill_uniform_f64 };

static const law normal_law = { "normal",
                                { "loc", "scale", "size", "dtype" },
                                check_scale,
                                nd_mt19937_normal,
                                nd_mt19937_fill_normal_f32,
                                nd_mt19937_fill_normal_f64 };

// Pushes numbers of `f`, with all arguments checked.
static int push_floats(lua_State *L, const char *function, const law *f,
                       double p, double q, const nd_type *type)
{
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = lua_touserdata(L, 1);
  if (type->rank == NDL_NO_SIZE) {
    lua_pushnumber(L, f->one(r, p, q));
    return 1;
  }
  ndL_box *box = ndL_newbox(L);
  nd_tensor *x = ndL_drawtensor(S, function, type);
  if (x != NULL && x->dtype == ND_FLOAT32)
    f->f32(r, p, q, (size_t)x->size, (float *)x->data);
  else if (x != NULL)
    f->f64(r, p, q, (size_t)x->size, (double *)x->data);
  return ndL_result(L, S, box, x);
}

// rand(d1, d2, ...) and randn: sizes are positions, dtype is an option.
static int draw_standard(lua_State *L, const char *function, const law *f)
{
  ndL_checkrandom(L, function);
  ndL_pace(L, ndL_upstate(L));
  static const char *const names[] = { "dtype" };
  const int last = lua_gettop(L) - ndL_isoptions(L, -1);
  nd_type type = { .rank = last > 1 ? last - 1 : NDL_NO_SIZE };
  if (type.rank > ND_MAX_RANK)
    return ndL_error(L, "%s: at most %d axes, got %d", function, ND_MAX_RANK,
                     type.rank);
  for (int i = 0; i < type.rank; i++)
    type.shape[i] = ndL_checkwhole(L, i + 2, function, "a size");
  ndL_spread(L, function, last, 1, names);
  type.dtype = read_float_dtype(L, last + 1, function);
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

// Reads p, q, size and dtype, all of which may be left out.
static int draw_law(lua_State *L, const law *f)
{
  ndL_checkrandom(L, f->name);
  ndL_pace(L, ndL_upstate(L));
  ndL_spread(L, f->name, 1, 4, f->options);
  const double p = ndL_optnumber(L, 2, 0, f->name, f->options[0]);
  const double q = ndL_optnumber(L, 3, 1, f->name, f->options[1]);
  nd_type type;
  ndL_readsize(L, 4, f->name, &type);
  type.dtype = read_float_dtype(L, 5, f->name);
  f->check(L, p, q, type.rank == NDL_NO_SIZE ? ND_FLOAT64 : type.dtype);
  return push_floats(L, f->name, f, p, q, &type);
}

static int random_uniform(lua_State *L)
{
  return draw_law(L, &uniform_law);
}

static int random_normal(lua_State *L)
{
  return draw_law(L, &normal_law);
}

// The dtype of whole numbers of low..last at `i`.
static nd_dtype read_integer_dtype(lua_State *L, int i, int64_t low,
                                   int64_t last)
{
  const nd_dtype least = ndL_fitintegers(low, last);
  if (lua_isnil(L, i))
    return least;
  const nd_dtype dtype = ndL_checkdtype(L, i, "randint");
  if (dtype != ND_INT32 && dtype != ND_INT64)
    ndL_error(L, "randint: dtype must be int32 or int64, got %s",
              nd_dtype_name(dtype));
  if (dtype == ND_INT32 && least == ND_INT64)
    ndL_error(L, "randint: %lld..%lld does not fit int32", (long long)low,
              (long long)last);
  return dtype;
}

// randint(n) or randint(low, high), and size, dtype
static int random_randint(lua_State *L)
{
  static const char *const names[] = { "low", "high", "size", "dtype" };
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = ndL_checkrandom(L, "randint");
  ndL_pace(L, S);
  ndL_spread(L, "randint", 1, 4, names);
  int64_t low = 1, last = ndL_checkwhole(L, 2, "randint", "low");
  if (!lua_isnil(L, 3)) {
    low = last;
    last = ndL_checkwhole(L, 3, "randint", "high");
  }
  if (low > last)
    return ndL_error(L, "randint: empty range: %lld..%lld", (long long)low,
                     (long long)last);
  nd_type type;
  ndL_readsize(L, 4, "randint", &type);
  type.dtype = read_integer_dtype(L, 5, low, last);
  if (type.rank == NDL_NO_SIZE) {
    lua_pushinteger(L, nd_mt19937_randint(r, low, last + 1));
    return 1;
  }
  ndL_box *box = ndL_newbox(L);
  return ndL_result(L, S, box,
                    ndL_drawintegers(S, "randint", r, low, last, &type));
}

void ndL_open_numbers(lua_State *L)
{
  static const luaL_Reg methods[] = {
    { "rand", random_rand },       { "randn", random_randn },
    { "uniform", random_uniform }, { "normal", random_normal },
    { "randint", random_randint }, { NULL, NULL },
  };
  ndL_addmethods(L, NDL_RANDOM, methods);
}
