// lua/values.c: Lua numbers, booleans and nested tables as tensors, and shapes
// and dtypes from Lua. No string is ever taken for a number.

#include "lua/values.h"

#include <string.h>

#include "base/number.h"
#include "lua/box.h"
#include "lua/error.h"
#include "lua/names.h"
#include "lua/pace.h"

// ---------------------------------------------------------------- literals --

// What the elements seen so far need. `deep` ends the survey: a table that
// contains itself, even many times, must not take for ever.
typedef struct survey {
  bool any, wide, fraction, truth, number, deep;
  int64_t count;  // of tables; the same ones may stand for more than memory
} survey;

enum { MOST_TABLES = 1 << 26 };

static bool look(lua_State *L, int i, survey *s, int depth)
{
  switch (lua_type(L, i)) {
  case LUA_TNUMBER:
    s->any = s->number = true;
    if (!lua_isinteger(L, i))
      s->fraction = true;
    else if (lua_tointeger(L, i) != (int32_t)lua_tointeger(L, i))
      s->wide = true;
    return true;
  case LUA_TBOOLEAN: s->any = s->truth = true; return true;
  case LUA_TTABLE:
    s->deep = depth > ND_MAX_RANK || ++s->count > MOST_TABLES ||
              !lua_checkstack(L, 4);
    for (lua_Integer k = 1, n = (lua_Integer)lua_rawlen(L, i);
         k <= n && !s->deep; k++) {  // filling it gives the error
      lua_rawgeti(L, i, k);
      const bool ok = look(L, lua_gettop(L), s, depth + 1);
      lua_pop(L, 1);
      if (!ok)
        return false;
    }
    return true;
  default: return depth > 0;  // filling it gives the error
  }
}

// Whether it is of a class, and so no table of values.
static bool is_object(lua_State *L, int i)
{
  const bool named = luaL_getmetafield(L, i, "__name") != LUA_TNIL;
  lua_pop(L, named ? 1 : 0);
  return named;
}

nd_dtype ndL_literaltype(lua_State *L, int i)
{
  survey s = { 0 };
  if (is_object(L, i) || !look(L, lua_absindex(L, i), &s, 0))
    return ND_DTYPES;
  if (s.fraction || !s.any)
    return ND_FLOAT32;
  if (s.truth && !s.number)
    return ND_BOOL;
  return s.wide ? ND_INT64 : ND_INT32;
}

bool ndL_towhole(lua_State *L, int i, int64_t *n)
{
  if (lua_type(L, i) != LUA_TNUMBER)
    return false;
  int ok;
  *n = lua_tointegerx(L, i, &ok);
  return ok;
}

void ndL_failvalue(lua_State *L, const char *function, const char *argument,
                   const char *wanted, int i)
{
  if (lua_type(L, i) == LUA_TNUMBER)
    ndL_error(L, "%s: %s must be %s, got %s", function, argument, wanted,
              ND_NUMBER(lua_tonumber(L, i)));
  ndL_typeerror(L, function, argument, wanted, i);
}

int64_t ndL_checkwhole(lua_State *L, int i, const char *function,
                       const char *argument)
{
  int64_t n = 0;
  if (!ndL_towhole(L, i, &n))
    ndL_failvalue(L, function, argument, "a whole number", i);
  return n;
}

double ndL_optnumber(lua_State *L, int i, double initial, const char *function,
                     const char *argument)
{
  if (lua_isnil(L, i))
    return initial;
  if (lua_type(L, i) != LUA_TNUMBER)
    ndL_failvalue(L, function, argument, "a number", i);
  return lua_tonumber(L, i);
}

static bool fits(int64_t n, nd_dtype dtype)
{
  return dtype == ND_INT64 || (dtype == ND_INT32 && n == (int32_t)n) ||
         (dtype == ND_UINT8 && n == (uint8_t)n);
}

// Raises unless the number or boolean at `i` can be a `dtype`.
static void check_scalar(lua_State *L, int i, nd_dtype dtype,
                         const char *function)
{
  const int type = lua_type(L, i);
  if (type != LUA_TNUMBER && type != LUA_TBOOLEAN)
    ndL_error(L, "%s: a value must be a number or a boolean, got %s", function,
              ndL_typename(L, i));
  if ((type == LUA_TBOOLEAN) != (dtype == ND_BOOL))
    ndL_error(L, "%s: a %s cannot be %s", function, luaL_typename(L, i),
              nd_dtype_name(dtype));
  int64_t n = 0;
  if (!nd_dtype_in(dtype, ND_INTS))
    return;
  if (!ndL_towhole(L, i, &n))
    ndL_error(L,
              "%s: %s is not a whole number, and the dtype is %s; "
              "use nd.cast",
              function, ND_NUMBER(lua_tonumber(L, i)), nd_dtype_name(dtype));
  if (!fits(n, dtype))
    ndL_error(L, "%s: %lld does not fit %s", function, (long long)n,
              nd_dtype_name(dtype));
}

void ndL_setscalar(lua_State *L, ndL_state *S, int i, nd_dtype dtype,
                   nd_tensor *x, const char *function)
{
  check_scalar(L, i, dtype, function);
  if (dtype == ND_BOOL)
    nd_scalar_set_integer(S->context, x, dtype, lua_toboolean(L, i));
  else if (lua_isinteger(L, i) || nd_dtype_in(dtype, ND_INTS))
    nd_scalar_set_integer(S->context, x, dtype, lua_tointeger(L, i));
  else
    nd_scalar_set(S->context, x, dtype, lua_tonumber(L, i));
}

// The shape of the nested table at `i`, by its first elements.
static int table_shape(lua_State *L, int i, int64_t *shape,
                       const char *function)
{
  int rank = 0;
  const int top = lua_gettop(L);
  lua_pushvalue(L, i);
  while (lua_type(L, -1) == LUA_TTABLE) {
    if (rank == ND_MAX_RANK)
      ndL_error(L, "%s: a table is nested deeper than %d", function,
                ND_MAX_RANK);
    shape[rank] = (int64_t)lua_rawlen(L, -1);
    if (shape[rank++] == 0)
      break;
    lua_rawgeti(L, -1, 1);
  }
  lua_settop(L, top);
  return rank;
}

typedef struct filler {
  ndL_state *S;
  const char *function;
  nd_dtype dtype;
  int rank;
  const int64_t *shape;
  char *at;  // next element
} filler;

lua_Integer ndL_checkkeys(lua_State *L, int i, const char *function)
{
  lua_Integer keys = 0;
  const char *first = NULL;  // of the names, by their letters
  for (lua_pushnil(L); lua_next(L, i); keys++) {  // any order
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      continue;
    const char *name = lua_tostring(L, -1);
    first = first == NULL || strcmp(name, first) < 0 ? name : first;
  }
  if (first != NULL)
    ndL_error(L, "%s: a table mixes values with the name '%s'", function,
              first);
  return keys;
}

lua_Integer ndL_checklist(lua_State *L, int i, const char *function)
{
  const lua_Integer n = (lua_Integer)lua_rawlen(L, i);
  if (ndL_checkkeys(L, i, function) != n)
    ndL_error(L, "%s: a table has gaps", function);
  return n;
}

static void check_row(lua_State *L, const filler *f, int i, int depth)
{
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_error(L, "%s: ragged table: level %d has a table and a %s", f->function,
              depth + 1, ndL_typename(L, i));
  const int64_t n = (int64_t)lua_rawlen(L, i);
  if (n != f->shape[depth])
    ndL_error(L, "%s: ragged table: level %d has %lld and %lld values",
              f->function, depth + 1, (long long)f->shape[depth], (long long)n);
  ndL_checklist(L, i, f->function);
}

static void fill(lua_State *L, filler *f, int i, int depth)
{
  if (depth == f->rank) {
    nd_tensor x;
    const size_t width = nd_dtype_size(f->dtype);
    if (lua_type(L, i) == LUA_TTABLE)
      ndL_error(L, "%s: ragged table: level %d has values and a table",
                f->function, depth);
    ndL_setscalar(L, f->S, i, f->dtype, &x, f->function);
    for (size_t k = 0; k < width; k++)
      f->at[k] = x.data[k];
    f->at += width;
    return;
  }
  check_row(L, f, i, depth);
  luaL_checkstack(L, 4, f->function);
  for (int64_t k = 1; k <= f->shape[depth]; k++) {
    lua_rawgeti(L, i, k);
    fill(L, f, lua_gettop(L), depth + 1);
    lua_pop(L, 1);
  }
}

nd_tensor *ndL_pushliteral(lua_State *L, ndL_state *S, int i, nd_dtype dtype,
                           const char *function)
{
  i = lua_absindex(L, i);
  nd_type type = { .dtype = dtype };
  type.rank = table_shape(L, i, type.shape, function);
  ndL_box *box = ndL_newbox(L, S);
  const char *before = nd_context_enter(S->context, function);
  nd_tensor *x = nd_tensor_make(S->context, &type);
  if (x == NULL && ndL_retry(L, S))
    x = nd_tensor_make(S->context, &type);
  nd_context_leave(S->context, before);
  ndL_result(L, S, box, x);
  filler f = { .S = S,
               .function = function,
               .dtype = dtype,
               .rank = type.rank,
               .shape = type.shape,
               .at = box->tensor->data };
  fill(L, &f, i, 0);
  return box->tensor;
}

nd_tensor *ndL_checktensor(lua_State *L, ndL_state *S, int i, nd_dtype dtype,
                           const char *function, const char *argument)
{
  nd_tensor *x = ndL_hold(L, S, i, true);
  if (x != NULL)
    return x;
  const nd_dtype own = ndL_literaltype(L, i);
  if (own == ND_DTYPES)
    ndL_typeerror(L, function, argument, "a tensor", i);
  return ndL_pushliteral(L, S, i, dtype == ND_DTYPES ? own : dtype, function);
}

// -------------------------------------------------------- shapes, dtypes --

nd_dtype ndL_checkdtype(lua_State *L, int i, const char *function)
{
  nd_dtype dtype = ND_DTYPES;
  if (lua_type(L, i) != LUA_TSTRING)
    ndL_typeerror(L, function, "dtype", "the name of a dtype", i);
  if (!ndL_isname(L, i) || !nd_dtype_find(lua_tostring(L, i), &dtype))
    ndL_error(L, "%s: no such dtype: '%s'", function, lua_tostring(L, i));
  return dtype;
}

int ndL_checkshape(lua_State *L, int i, int64_t *shape, const char *function)
{
  if (lua_type(L, i) != LUA_TTABLE) {
    shape[0] = ndL_checkwhole(L, i, function, "a size");
    return 1;
  }
  i = lua_absindex(L, i);
  const lua_Integer n = ndL_checklist(L, i, function);
  if (n > ND_MAX_RANK)
    ndL_error(L, "%s: at most %d axes, got %lld", function, ND_MAX_RANK,
              (long long)n);
  for (lua_Integer k = 0; k < n; k++) {
    lua_rawgeti(L, i, k + 1);
    shape[k] = ndL_checkwhole(L, -1, function, "a size");
    lua_pop(L, 1);
  }
  return (int)n;
}
