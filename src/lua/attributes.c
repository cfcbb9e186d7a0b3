// lua/attributes.c: the arguments of ops that are no tensors: flags, numbers,
// axes, shapes, ranges, names of dtypes.

#include "base/number.h"
#include "lua/arguments.h"

static void fail_attr(ndL_call *k, const nd_param *p, const char *wanted, int i)
{
  if (lua_type(k->L, i) == LUA_TNUMBER)
    ndL_error(k->L, "%s: %s must be %s, got %s", k->op->name, p->name, wanted,
              ND_NUMBER(lua_tonumber(k->L, i)));
  ndL_typeerror(k->L, k->op->name, p->name, wanted, i);
}

// An integer that no double holds would be another one.
static double read_number(ndL_call *k, const nd_param *p, int i)
{
  lua_State *L = k->L;
  if (lua_type(L, i) != LUA_TNUMBER)
    fail_attr(k, p, "a number", i);
  const lua_Number number = lua_tonumber(L, i);
  lua_Integer back;
  if (lua_isinteger(L, i) &&
      (!lua_numbertointeger(number, &back) || back != lua_tointeger(L, i)))
    ndL_error(L, "%s: %s must be a number that float64 has, got %lld",
              k->op->name, p->name, (long long)lua_tointeger(L, i));
  return number;
}

static void read_axes(ndL_call *k, const nd_param *p, int i, nd_attr *v)
{
  lua_State *L = k->L;
  if (ndL_towhole(L, i, &v->v[0])) {
    v->n = 1;
    return;
  }
  if (lua_type(L, i) != LUA_TTABLE)
    fail_attr(k, p, "an axis or a list of axes", i);
  const lua_Integer n = ndL_checklist(L, i, k->op->name);
  if (n > ND_MAX_RANK)
    ndL_error(L, "%s: at most %d axes, got %lld", k->op->name, ND_MAX_RANK,
              (long long)n);
  for (v->n = 0; v->n < n; v->n++) {
    lua_rawgeti(L, i, v->n + 1);
    if (!ndL_towhole(L, -1, &v->v[v->n]))
      fail_attr(k, p, "whole numbers", -1);
    lua_pop(L, 1);
  }
}

// A tensor where a range must be: says what picks by it.
static void fail_tensor(ndL_call *k, const nd_tensor *x)
{
  if (x->dtype == ND_BOOL)
    ndL_error(k->L,
              "%s: a mask is no range; nd.where(mask, x, 0) keeps what "
              "it marks",
              k->op->name);
  ndL_error(k->L, "%s: a tensor is no range; use nd.gather(x, indices, axis)",
            k->op->name);
}

// One range: a position, {}, {first, last} or {first, last, step}.
static void read_range(ndL_call *k, const nd_param *p, nd_attr *v, int axis)
{
  lua_State *L = k->L;
  int64_t *r = v->v + 3 * axis;
  if (ndL_towhole(L, -1, &r[0])) {
    v->dropped |= (uint8_t)(1 << axis);
    r[1] = r[0];
    r[2] = 1;
    return;
  }
  const nd_tensor *x = ndL_peek(L, k->S, -1);
  if (x != NULL)
    fail_tensor(k, x);
  if (lua_type(L, -1) != LUA_TTABLE)
    fail_attr(k, p, "positions or {first, last, step}", -1);
  const int range = lua_gettop(L);
  ndL_checkkeys(L, range, k->op->name);
  const int64_t n = (int64_t)lua_rawlen(L, range);
  if (n > 3)
    ndL_error(L, "%s: a range is {first, last, step}, got %lld values",
              k->op->name, (long long)n);
  r[2] = 1;
  lua_rawgeti(L, range, 3);
  if (!lua_isnil(L, -1) && !ndL_towhole(L, -1, &r[2]))
    fail_attr(k, p, "whole numbers", -1);
  lua_pop(L, 1);
  r[0] = r[2] > 0 ? 1 : -1;
  r[1] = r[2] > 0 ? -1 : 1;
  for (int j = 0; j < 2; j++) {
    lua_rawgeti(L, range, j + 1);
    if (!lua_isnil(L, -1) && !ndL_towhole(L, -1, &r[j]))
      fail_attr(k, p, "whole numbers", -1);
    lua_pop(L, 1);
  }
}

static void read_ranges(ndL_call *k, const nd_param *p, int i, nd_attr *v)
{
  lua_State *L = k->L;
  v->dropped = 0;
  if (lua_type(L, i) != LUA_TTABLE) {
    lua_pushvalue(L, i);
    read_range(k, p, v, 0);
    lua_pop(L, 1);
    v->n = 3;
    return;
  }
  const lua_Integer n = ndL_checklist(L, i, k->op->name);
  if (n > ND_MAX_RANK)
    ndL_error(L, "%s: at most %d ranges, got %lld", k->op->name, ND_MAX_RANK,
              (long long)n);
  for (int axis = 0; axis < (int)n; axis++) {
    lua_rawgeti(L, i, axis + 1);
    read_range(k, p, v, axis);
    lua_pop(L, 1);
  }
  v->n = (uint8_t)(3 * n);
}

void ndL_readattr(ndL_call *k, const nd_param *p, int i, nd_attr *v)
{
  lua_State *L = k->L;
  v->given = true;
  v->n = 0;
  switch (p->kind) {
  case ND_FLAG:
    if (!lua_isboolean(L, i))
      fail_attr(k, p, "true or false", i);
    v->integer = lua_toboolean(L, i);
    break;
  case ND_INTEGER:
  case ND_AXIS:
    if (!ndL_towhole(L, i, &v->integer))
      fail_attr(k, p, "a whole number", i);
    break;
  case ND_NUMBER: v->number = read_number(k, p, i); break;
  case ND_WORD_DTYPE: v->integer = ndL_checkdtype(L, i, k->op->name); break;
  case ND_AXES: read_axes(k, p, i, v); break;
  case ND_SIZES: v->n = (uint8_t)ndL_checkshape(L, i, v->v, k->op->name); break;
  case ND_RANGES: read_ranges(k, p, i, v); break;
  default: break;
  }
}
