// lua/attributes.c: the arguments of ops that are no tensors: flags, numbers,
// axes, shapes, ranges, names of dtypes.

#include <stdio.h>
#include <string.h>

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

// Room for `n` more numbers of lists; may push a userdata that has it.
static int64_t *make_room(ndL_call *k, lua_Integer n)
{
  if (n > NDL_LISTS - k->listed)
    return lua_newuserdatauv(k->L, (size_t)n * sizeof(int64_t), 0);
  int64_t *room = k->lists + k->listed;
  k->listed += (int)n;
  return room;
}

// A list of whole numbers, at most `most` of them, or one.
static void read_whole_list(ndL_call *k, const nd_param *p, int i,
                            const char *wanted, int most, nd_value *v)
{
  lua_State *L = k->L;
  int64_t one;
  if (ndL_towhole(L, i, &one)) {
    int64_t *room = make_room(k, 1);
    *room = one;
    *v = nd_value_list(1, room);
    v->dropped = 1;
    return;
  }
  if (lua_type(L, i) != LUA_TTABLE)
    fail_attr(k, p, wanted, i);
  const lua_Integer n = ndL_checklist(L, i, k->op->name);
  if (n > most)
    ndL_error(L, "%s: at most %d axes, got %lld", k->op->name, most,
              (long long)n);
  int64_t *room = make_room(k, n);
  for (lua_Integer at = 0; at < n; at++) {
    lua_rawgeti(L, i, at + 1);
    if (!ndL_towhole(L, -1, &room[at]))
      fail_attr(k, p, "whole numbers", -1);
    lua_pop(L, 1);
  }
  *v = nd_value_list((int)n, room);
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
static void read_range(ndL_call *k, const nd_param *p, int64_t *r, int axis,
                       nd_value *v)
{
  lua_State *L = k->L;
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

static void read_ranges(ndL_call *k, const nd_param *p, int i, nd_value *v)
{
  lua_State *L = k->L;
  if (lua_type(L, i) != LUA_TTABLE) {
    int64_t *room = make_room(k, 3);
    *v = nd_value_list(3, room);
    lua_pushvalue(L, i);
    read_range(k, p, room, 0, v);
    lua_pop(L, 1);
    return;
  }
  const lua_Integer n = ndL_checklist(L, i, k->op->name);
  if (n > ND_MAX_RANK)
    ndL_error(L, "%s: at most %d ranges, got %lld", k->op->name, ND_MAX_RANK,
              (long long)n);
  int64_t *room = make_room(k, 3 * n);
  *v = nd_value_list((int)(3 * n), room);
  for (int axis = 0; axis < (int)n; axis++) {
    lua_rawgeti(L, i, axis + 1);
    read_range(k, p, room + 3 * axis, axis, v);
    lua_pop(L, 1);
  }
}

static void read_sizes(ndL_call *k, int i, nd_value *v)
{
  int64_t *room = make_room(k, ND_MAX_RANK);
  *v = nd_value_list(ndL_checkshape(k->L, i, room, k->op->name), room);
}

static void read_word(ndL_call *k, const nd_param *p, int i, nd_value *v)
{
  lua_State *L = k->L;
  const char *word = lua_type(L, i) == LUA_TSTRING ? lua_tostring(L, i) : NULL;
  char known[100];
  size_t n = 0;
  for (int at = 0; p->words[at] != NULL; at++) {
    if (word != NULL && strcmp(word, p->words[at]) == 0) {
      v->integer = at;
      return;
    }
    if (n < sizeof known)
      n += (size_t)snprintf(known + n, sizeof known - n, "%s'%s'",
                            at > 0 ? " or " : "", p->words[at]);
  }
  if (word == NULL)
    fail_attr(k, p, known, i);
  ndL_error(L, "%s: %s must be %s, got '%s'", k->op->name, p->name, known,
            word);
}

void ndL_readattr(ndL_call *k, const nd_param *p, int i, nd_value *v)
{
  lua_State *L = k->L;
  *v = (nd_value){ .given = true };
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
  case ND_WORD: read_word(k, p, i, v); break;
  case ND_AXES:
    read_whole_list(k, p, i, "an axis or a list of axes", ND_MAX_RANK, v);
    break;
  case ND_INTEGERS:
    read_whole_list(k, p, i, "a whole number or a list of them", INT32_MAX, v);
    break;
  case ND_SIZES: read_sizes(k, i, v); break;
  case ND_RANGES: read_ranges(k, p, i, v); break;
  default: break;
  }
}
