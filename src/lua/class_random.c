// lua/class_random.c: nd.random: the seed and shuffle of the counter-based
// generator, whose other calls are ops, and RandomState, NumPy's legacy stream.
//
// A RandomState draws what numpy.random.RandomState of that seed draws, call
// for call; a call that fails draws nothing. Positions count from 1, so
// randint(n), choice(n) and permutation(n) give NumPy's numbers plus one, and
// ranges include both ends.

#include "lua/class_random.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/interval.h"
#include "base/mt19937.h"
#include "base/number.h"
#include "base/philox.h"
#include "lua/box.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/names.h"
#include "lua/options.h"
#include "lua/pace.h"
#include "lua/values.h"
#include "op/op.h"

// --------------------------------------------------------------- arguments --

static void fail_argument(lua_State *L, const char *function,
                          const char *argument, const char *wanted, int i)
{
  if (lua_type(L, i) == LUA_TNUMBER)
    ndL_error(L, "%s: %s must be %s, got %s", function, argument, wanted,
              ND_NUMBER(lua_tonumber(L, i)));
  ndL_typeerror(L, function, argument, wanted, i);
}

static nd_mt19937 *check_self(lua_State *L, const char *function)
{
  if (ndL_typeof(L, ndL_upstate(L), 1) != NDL_RANDOM)
    ndL_typeerror(L, function, "self", "a RandomState", 1);
  return lua_touserdata(L, 1);
}

static int64_t check_whole(lua_State *L, int i, const char *function,
                           const char *argument)
{
  int64_t n = 0;
  if (!ndL_towhole(L, i, &n))
    fail_argument(L, function, argument, "a whole number", i);
  return n;
}

// The number at `i`, or `initial` if it was left out.
static double read_number(lua_State *L, int i, double initial,
                          const char *function, const char *argument)
{
  if (lua_isnil(L, i))
    return initial;
  if (lua_type(L, i) != LUA_TNUMBER)
    fail_argument(L, function, argument, "a number", i);
  return lua_tonumber(L, i);
}

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

// The rank of a result that is one Lua number, a float64, as no size was given.
enum { NO_SIZE = -1 };

// Sets the shape from the option `size` at `i`.
static void read_size(lua_State *L, int i, const char *function, nd_type *type)
{
  type->rank = NO_SIZE;
  if (!lua_isnil(L, i))
    type->rank = ndL_checkshape(L, i, type->shape, function);
}

// The tensor, variable or list at `i`, which has rows; NULL when it is none of
// them. May push one value to hold it.
static nd_tensor *read_rows(lua_State *L, ndL_state *S, int i,
                            const char *function)
{
  nd_tensor *x = ndL_pin(L, S, i, ndL_totensor(L, S, i));
  if (x == NULL && lua_type(L, i) == LUA_TTABLE)
    x = ndL_checktensor(L, S, i, ND_DTYPES, function, "x");
  if (x != NULL && x->rank == 0)
    ndL_error(L, "%s: needs an axis, x is []", function);
  return x;
}

// Reads 2: a count n, or n rows of `*x`, which is NULL for a count.
static int64_t read_source(lua_State *L, ndL_state *S, const char *function,
                           nd_tensor **x)
{
  int64_t n = 0;
  *x = read_rows(L, S, 2, function);
  if (*x == NULL && !ndL_towhole(L, 2, &n))
    fail_argument(L, function, "x", "a whole number, a tensor or a list", 2);
  return *x != NULL ? (*x)->dims[0] : n;
}

// The smaller integer type that holds all of low..last.
static nd_dtype fit_integers(int64_t low, int64_t last)
{
  return low >= INT32_MIN && last <= INT32_MAX ? ND_INT32 : ND_INT64;
}

// ----------------------------------------------------------------- drawing --

static nd_tensor *make_tensor(ndL_state *S, const char *function,
                              const nd_type *type)
{
  nd_context *c = S->context;
  const char *before = nd_context_enter(c, function);
  const bool ok = nd_sizes_check(c, type->rank, type->shape);
  nd_tensor *x = ok ? nd_tensor_make(c, type) : NULL;
  nd_context_leave(c, before);
  return x;
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
  if (type->rank == NO_SIZE) {
    lua_pushnumber(L, f->one(r, p, q));
    return 1;
  }
  ndL_box *box = ndL_newbox(L);
  nd_tensor *x = make_tensor(S, function, type);
  if (x != NULL && x->dtype == ND_FLOAT32)
    f->f32(r, p, q, (size_t)x->size, (float *)x->data);
  else if (x != NULL)
    f->f64(r, p, q, (size_t)x->size, (double *)x->data);
  return ndL_result(L, S, box, x);
}

// A tensor of whole numbers of low..last. After the last int64 comes the first,
// as nd_mt19937_randint wants it.
static nd_tensor *draw_integers(ndL_state *S, const char *function,
                                nd_mt19937 *r, int64_t low, int64_t last,
                                const nd_type *type)
{
  nd_tensor *x = make_tensor(S, function, type);
  void *out = x != NULL ? x->data : NULL;
  if (x != NULL && x->dtype == ND_INT32)
    nd_mt19937_fill_randint_i32(r, low, last + 1, (size_t)x->size, out);
  else if (x != NULL)
    nd_mt19937_fill_randint_i64(r, low, last + 1, (size_t)x->size, out);
  return x;
}

static void count_from_one(nd_tensor *x)
{
  int32_t *narrow = (int32_t *)x->data;
  int64_t *wide = (int64_t *)x->data;
  for (int64_t i = 0; x->dtype == ND_INT32 && i < x->size; i++)
    narrow[i]++;
  for (int64_t i = 0; x->dtype == ND_INT64 && i < x->size; i++)
    wide[i]++;
}

// 1..n in the order that `r`, or the context's generator if it is NULL, gives.
static nd_tensor *draw_permutation(ndL_state *S, const char *function,
                                   nd_mt19937 *r, int64_t n)
{
  const nd_type type = { fit_integers(1, n), 1, { n } };
  nd_tensor *x = make_tensor(S, function, &type);
  if (x == NULL)
    return NULL;
  nd_context *c = S->context;
  const nd_philox s = { .seed = c->seed, .stream = c->stream + (r == NULL) };
  if (r == NULL && type.dtype == ND_INT32)
    nd_philox_fill_permutation_i32(s, (size_t)n, (int32_t *)x->data);
  else if (r == NULL)
    nd_philox_fill_permutation_i64(s, (size_t)n, (int64_t *)x->data);
  else if (type.dtype == ND_INT32)
    nd_mt19937_fill_permutation_i32(r, (size_t)n, (int32_t *)x->data);
  else
    nd_mt19937_fill_permutation_i64(r, (size_t)n, (int64_t *)x->data);
  c->stream = s.stream;
  count_from_one(x);
  return x;
}

// The rows of `x` at positions `at`, whose reference this takes.
static nd_tensor *gather_rows(ndL_state *S, nd_tensor *x, nd_tensor *at)
{
  if (at == NULL)
    return NULL;
  nd_tensor *in[] = { x, at };
  nd_tensor *rows = nd_apply(S->context, nd_op_find("gather"), 2, in, NULL);
  nd_tensor_release(at);
  return rows;
}

// The same for positions that `r` drew: after a failure it is as before them.
static nd_tensor *gather_drawn(ndL_state *S, nd_tensor *x, nd_tensor *at,
                               nd_mt19937 *r, const nd_mt19937 *before)
{
  nd_tensor *rows = gather_rows(S, x, at);
  if (rows == NULL)
    *r = *before;
  return rows;
}

// ----------------------------------------------------------------- numbers --

// rand(d1, d2, ...) and randn: sizes are positions, dtype is an option.
static int draw_standard(lua_State *L, const char *function, const law *f)
{
  check_self(L, function);
  ndL_pace(L, ndL_upstate(L));
  static const char *const names[] = { "dtype" };
  const int last = lua_gettop(L) - ndL_isoptions(L, -1);
  nd_type type = { .rank = last > 1 ? last - 1 : NO_SIZE };
  if (type.rank > ND_MAX_RANK)
    return ndL_error(L, "%s: at most %d axes, got %d", function, ND_MAX_RANK,
                     type.rank);
  for (int i = 0; i < type.rank; i++)
    type.shape[i] = check_whole(L, i + 2, function, "a size");
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
  check_self(L, f->name);
  ndL_pace(L, ndL_upstate(L));
  ndL_spread(L, f->name, 1, 4, f->options);
  const double p = read_number(L, 2, 0, f->name, f->options[0]);
  const double q = read_number(L, 3, 1, f->name, f->options[1]);
  nd_type type;
  read_size(L, 4, f->name, &type);
  type.dtype = read_float_dtype(L, 5, f->name);
  f->check(L, p, q, type.rank == NO_SIZE ? ND_FLOAT64 : type.dtype);
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
  const nd_dtype least = fit_integers(low, last);
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
  nd_mt19937 *r = check_self(L, "randint");
  ndL_pace(L, S);
  ndL_spread(L, "randint", 1, 4, names);
  int64_t low = 1, last = check_whole(L, 2, "randint", "low");
  if (!lua_isnil(L, 3)) {
    low = last;
    last = check_whole(L, 3, "randint", "high");
  }
  if (low > last)
    return ndL_error(L, "randint: empty range: %lld..%lld", (long long)low,
                     (long long)last);
  nd_type type;
  read_size(L, 4, "randint", &type);
  type.dtype = read_integer_dtype(L, 5, low, last);
  if (type.rank == NO_SIZE) {
    lua_pushinteger(L, nd_mt19937_randint(r, low, last + 1));
    return 1;
  }
  ndL_box *box = ndL_newbox(L);
  return ndL_result(L, S, box,
                    draw_integers(S, "randint", r, low, last, &type));
}

// ------------------------------------------------------------------ choice --

// Positions of 1..n: draws of their own, or the first of a permutation.
static nd_tensor *draw_choice(ndL_state *S, nd_mt19937 *r, int64_t n,
                              bool replace, const nd_type *type)
{
  if (replace)
    return draw_integers(S, "choice", r, 1, n, type);
  nd_tensor *x = make_tensor(S, "choice", type);
  nd_tensor *all = x != NULL ? draw_permutation(S, "choice", r, n) : NULL;
  if (all == NULL) {
    nd_tensor_release(x);
    return NULL;
  }
  memcpy(x->data, all->data, (size_t)x->size * nd_dtype_size(type->dtype));
  nd_tensor_release(all);
  return x;
}

// Pushes the one position in `at`, or the value that the list has there.
static int push_choice(lua_State *L, ndL_state *S, nd_tensor *at)
{
  if (at == NULL)
    return ndL_raise(L, S);
  const bool wide = at->dtype == ND_INT64;
  const int64_t i = wide ? *(int64_t *)at->data : *(int32_t *)at->data;
  nd_tensor_release(at);
  if (lua_type(L, 2) == LUA_TTABLE)
    lua_rawgeti(L, 2, i);
  else
    lua_pushinteger(L, i);
  return 1;
}

// choice(x, size, replace). Without a size it gives one position or row or, of
// a list, one value of any type.
static int random_choice(lua_State *L)
{
  static const char *const names[] = { "size", "replace" };
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = check_self(L, "choice");
  ndL_pace(L, S);
  ndL_spread(L, "choice", 2, 2, names);
  nd_type type;
  read_size(L, 3, "choice", &type);
  if (!lua_isnil(L, 4) && !lua_isboolean(L, 4))
    ndL_typeerror(L, "choice", "replace", "true or false", 4);
  const bool replace = lua_isnil(L, 4) || lua_toboolean(L, 4);
  const bool sized = type.rank != NO_SIZE;
  const bool one = !sized && lua_type(L, 2) == LUA_TTABLE;
  nd_tensor *x = NULL;
  const int64_t n = one ? (int64_t)lua_rawlen(L, 2)
                        : read_source(L, S, "choice", &x);
  if (n < 1)
    return ndL_error(L, "choice: nothing to choose from: 1..%lld",
                     (long long)n);
  type.dtype = fit_integers(1, n);
  type.rank = sized ? type.rank : 0;
  const int64_t size = nd_type_size(&type);
  if (!replace && size > n)
    return ndL_error(L, "choice: too many without replacement: %lld of %lld",
                     (long long)size, (long long)n);
  ndL_box *box = ndL_newbox(L);
  const nd_mt19937 before = *r;
  nd_tensor *at = draw_choice(S, r, n, replace, &type);
  if (x != NULL)
    return ndL_result(L, S, box, gather_drawn(S, x, at, r, &before));
  return sized ? ndL_result(L, S, box, at) : push_choice(L, S, at);
}

// ------------------------------------------------------------------- order --

// permutation(n) or permutation(x)
static int random_permutation(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = check_self(L, "permutation");
  ndL_pace(L, S);
  ndL_spread(L, "permutation", 2, 0, NULL);
  nd_tensor *x;
  const int64_t n = read_source(L, S, "permutation", &x);
  ndL_box *box = ndL_newbox(L);
  const nd_mt19937 before = *r;
  nd_tensor *order = draw_permutation(S, "permutation", r, n);
  if (x != NULL)
    order = gather_drawn(S, x, order, r, &before);
  return ndL_result(L, S, box, order);
}

// shuffle(list), in place
static int random_shuffle(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  nd_mt19937 *r = check_self(L, "shuffle");
  ndL_spread(L, "shuffle", 2, 0, NULL);
  if (ndL_typeof(L, S, 2) <= NDL_VARIABLE)
    return ndL_error(L, "shuffle: tensors never change; use permutation");
  if (lua_type(L, 2) != LUA_TTABLE)
    ndL_typeerror(L, "shuffle", "x", "a list", 2);
  for (lua_Unsigned i = lua_rawlen(L, 2); i > 1; i--) {
    const lua_Unsigned j = nd_mt19937_interval(r, i - 1) + 1;
    lua_rawgeti(L, 2, (lua_Integer)i);
    lua_rawgeti(L, 2, (lua_Integer)j);
    lua_rawseti(L, 2, (lua_Integer)i);
    lua_rawseti(L, 2, (lua_Integer)j);
  }
  return 0;
}

// nd.random.shuffle(x): rows in the order that the next stream gives.
static int module_shuffle(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_pace(L, S);
  ndL_spread(L, "shuffle", 1, 0, NULL);
  nd_tensor *x = read_rows(L, S, 1, "shuffle");
  if (x == NULL)
    ndL_typeerror(L, "shuffle", "x", "a tensor", 1);
  ndL_box *box = ndL_newbox(L);
  const uint64_t stream = S->context->stream;
  nd_tensor *order = draw_permutation(S, "shuffle", NULL, x->dims[0]);
  nd_tensor *rows = gather_rows(S, x, order);
  if (rows == NULL)
    S->context->stream = stream;
  return ndL_result(L, S, box, rows);
}

// ------------------------------------------------------------------- state --

// A seed that the next call will hardly repeat.
static uint32_t invent_seed(const void *p)
{
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  const uint64_t bits = ((uint64_t)now.tv_sec << 30) + (uint64_t)now.tv_nsec;
  return (uint32_t)(((bits ^ (uintptr_t)p) * 0x9e3779b97f4a7c15u) >> 32);
}

static uint32_t read_seed(lua_State *L, int i, const char *function)
{
  if (lua_isnil(L, i))
    return invent_seed(L);
  const int64_t seed = check_whole(L, i, function, "seed");
  if (seed != (uint32_t)seed)
    ndL_error(L, "%s: seed must be within 0..4294967295, got %lld", function,
              (long long)seed);
  return (uint32_t)seed;
}

static int random_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_spread(L, "RandomState", 1, 0, NULL);
  const uint32_t seed = read_seed(L, 1, "RandomState");
  nd_mt19937_seed(lua_newuserdatauv(L, sizeof(nd_mt19937), 0), seed);
  lua_rawgetp(L, LUA_REGISTRYINDEX, S->metatables[NDL_RANDOM]);
  lua_setmetatable(L, -2);
  return 1;
}

static int random_seed(lua_State *L)
{
  nd_mt19937 *r = check_self(L, "seed");
  ndL_spread(L, "seed", 2, 0, NULL);
  nd_mt19937_seed(r, read_seed(L, 2, "seed"));
  return 0;
}

// The words, how many of them are drawn, and the normal that waits, if any.
static int random_get_state(lua_State *L)
{
  const nd_mt19937_state *state = &check_self(L, "get_state")->state;
  lua_createtable(L, 0, 3);
  lua_createtable(L, ND_MT19937_WORDS, 0);
  for (int i = 0; i < ND_MT19937_WORDS; i++) {
    lua_pushinteger(L, state->key[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "key");
  lua_pushinteger(L, state->position);
  lua_setfield(L, -2, "position");
  if (state->has_gauss) {
    lua_pushnumber(L, state->gauss);
    lua_setfield(L, -2, "gauss");
  }
  return 1;
}

// The whole number of 0..last on top of the stack, which it pops.
static uint32_t pop_word(lua_State *L, uint32_t last, const char *what)
{
  const int64_t word = check_whole(L, -1, "set_state", what);
  if (word < 0 || word > last)
    ndL_error(L, "set_state: %s must be within 0..%u, got %lld", what,
              (unsigned)last, (long long)word);
  lua_pop(L, 1);
  return (uint32_t)word;
}

static int random_set_state(lua_State *L)
{
  nd_mt19937 *r = check_self(L, "set_state");
  ndL_spread(L, "set_state", 2, 0, NULL);
  if (lua_type(L, 2) != LUA_TTABLE)
    ndL_typeerror(L, "set_state", "state", "a table from get_state", 2);
  nd_mt19937_state state;
  lua_getfield(L, 2, "position");
  state.position = pop_word(L, ND_MT19937_WORDS, "position");
  lua_getfield(L, 2, "gauss");
  state.has_gauss = !lua_isnil(L, 3);
  state.gauss = read_number(L, 3, 0, "set_state", "gauss");
  if (lua_getfield(L, 2, "key") != LUA_TTABLE)
    ndL_typeerror(L, "set_state", "key", "a list", 4);
  for (int i = 0; i < ND_MT19937_WORDS; i++) {
    lua_rawgeti(L, 4, i + 1);
    state.key[i] = pop_word(L, UINT32_MAX, "a word of key");
  }
  nd_mt19937_restore(r, &state);
  return 0;
}

// set_seed(n), of the context's generator
static int module_set_seed(lua_State *L)
{
  ndL_spread(L, "set_seed", 1, 0, NULL);
  const int64_t seed = check_whole(L, 1, "set_seed", "seed");
  nd_random_set_seed(ndL_upstate(L)->context, (uint64_t)seed);
  return 0;
}

// ----------------------------------------------------------------- opening --

static const luaL_Reg methods[] = {
  { "rand", random_rand },
  { "randn", random_randn },
  { "uniform", random_uniform },
  { "normal", random_normal },
  { "randint", random_randint },
  { "choice", random_choice },
  { "permutation", random_permutation },
  { "shuffle", random_shuffle },
  { "seed", random_seed },
  { "get_state", random_get_state },
  { "set_state", random_set_state },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "RandomState", random_new },
  { "set_seed", module_set_seed },
  { "shuffle", module_shuffle },
  { NULL, NULL },
};

void ndL_open_random(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  ndL_newmetatable(L, S, NDL_RANDOM, "RandomState");
  lua_newtable(L);
  ndL_setfunctions(L, methods);
  ndL_closemethods(L, "RandomState");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_getsubtable(L, -1, "random");
  ndL_setfunctions(L, functions);
  lua_pop(L, 1);
}
