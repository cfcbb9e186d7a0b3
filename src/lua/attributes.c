// lua/attributes.c: arguments that are no tensors: flags, numbers, axes,
// shapes, ranges, words, names of dtypes.

#include "lua/attributes.h"

#include <stdio.h>

#include "base/number.h"
#include "lua/box.h"
#include "lua/error.h"
#include "lua/names.h"
#include "lua/values.h"

enum { ROOM = 120 };

// Writes "'none' or 'zero'", or "a number or 'fro'".
static const char *list_words(const nd_param *p, char text[ROOM])
{
  const bool number = p->kind == ND_NUMBER_OR_WORD;
  size_t n = (size_t)snprintf(text, ROOM, "%s", number ? "a number" : "");
  for (int at = 0; p->words[at] != NULL && n < ROOM; at++)
    n += (size_t)snprintf(text + n, ROOM - n, "%s'%s'", n > 0 ? " or " : "",
                          p->words[at]);
  return text;
}

// What messages say that the argument must be; `text` may have it.
static const char *wanted(const nd_param *p, char text[ROOM])
{
  if (nd_param_is_tensor(p) || p->words == NULL)
    return nd_kind_wanted(p->kind);
  return nd_param_has_words(p) ? list_words(p, text) : p->words[0];
}

void ndL_pushwanted(lua_State *L, const nd_param *p)
{
  char text[ROOM];
  lua_pushstring(L, wanted(p, text));
}

void ndL_failattr(const ndL_reader *r, const nd_param *p, int i)
{
  char text[ROOM];
  ndL_failvalue(r->L, r->function, p->name, wanted(p, text), i);
}

static void fail_part(const ndL_reader *r, const nd_param *p, const char *part,
                      int i)
{
  ndL_failvalue(r->L, r->function, p->name, part, i);
}

// An integer that no double holds would be another one.
static double read_number(ndL_reader *r, const nd_param *p, int i)
{
  lua_State *L = r->L;
  if (lua_type(L, i) != LUA_TNUMBER)
    ndL_failattr(r, p, i);
  const lua_Number number = lua_tonumber(L, i);
  lua_Integer back;
  if (lua_isinteger(L, i) &&
      (!lua_numbertointeger(number, &back) || back != lua_tointeger(L, i)))
    ndL_error(L, "%s: %s must be a number that float64 has, got %lld",
              r->function, p->name, (long long)lua_tointeger(L, i));
  return number;
}

// Room for `n` more numbers of lists; may push a userdata that has it.
static int64_t *make_room(ndL_reader *r, lua_Integer n)
{
  if (n > NDL_LISTS - r->listed)
    return lua_newuserdatauv(r->L, (size_t)n * sizeof(int64_t), 0);
  int64_t *room = r->lists + r->listed;
  r->listed += (int)n;
  return room;
}

// A list of whole numbers, at most `most` of them, or one.
static void read_whole_list(ndL_reader *r, const nd_param *p, int i, int most,
                            nd_value *v)
{
  lua_State *L = r->L;
  int64_t one;
  if (ndL_towhole(L, i, &one)) {
    int64_t *room = make_room(r, 1);
    *room = one;
    *v = nd_value_list(1, room);
    v->dropped = 1;
    return;
  }
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_failattr(r, p, i);
  const lua_Integer n = ndL_checklist(L, i, r->function);
  if (n > most)
    ndL_error(L, "%s: at most %d axes, got %lld", r->function, most,
              (long long)n);
  int64_t *room = make_room(r, n);
  for (lua_Integer at = 0; at < n; at++) {
    lua_rawgeti(L, i, at + 1);
    if (!ndL_towhole(L, -1, &room[at]))
      fail_part(r, p, "whole numbers", -1);
    lua_pop(L, 1);
  }
  *v = nd_value_list((int)n, room);
}

// A tensor where a range must be: says what picks by it.
static void fail_tensor(ndL_reader *r, const nd_tensor *x)
{
  if (x->dtype == ND_BOOL)
    ndL_error(r->L,
              "%s: a mask is no range; nd.where(mask, x, 0) keeps what "
              "it marks",
              r->function);
  ndL_error(r->L, "%s: a tensor is no range; use nd.gather(x, indices, axis)",
            r->function);
}

bool ndL_iscallable(lua_State *L, int i)
{
  if (lua_isfunction(L, i))
    return true;
  const bool called = luaL_getmetafield(L, i, "__call") != LUA_TNIL;
  lua_pop(L, called);
  return called;
}

int ndL_rangeword(lua_State *L, int i)
{
  const nd_param words = { .words = nd_range_words };
  return lua_type(L, i) == LUA_TSTRING && ndL_isname(L, i)
           ? nd_param_word(&words, lua_tostring(L, i))
           : -1;
}

// A word for entry `i`; false if it is none.
static bool read_range_word(ndL_reader *r, int64_t *at, int i, nd_value *v)
{
  const int word = ndL_rangeword(r->L, -1);
  const uint8_t bit = (uint8_t)(1 << i);
  if (word < 0)
    return false;
  v->added |= bit;
  v->dropped |= word == ND_OTHER_AXES ? bit : 0;
  at[0] = at[1] = at[2] = 0;
  return true;
}

// Entry `axis`: a position, {}, {first, last}, {first, last, step} or a word.
static void read_range(ndL_reader *r, const nd_param *p, int64_t *at, int axis,
                       nd_value *v)
{
  lua_State *L = r->L;
  if (ndL_towhole(L, -1, &at[0])) {
    v->dropped |= (uint8_t)(1 << axis);
    at[1] = at[0];
    at[2] = 1;
    return;
  }
  if (read_range_word(r, at, axis, v))
    return;
  const nd_tensor *x = ndL_peek(L, r->S, -1);
  if (x != NULL)
    fail_tensor(r, x);
  if (lua_type(L, -1) != LUA_TTABLE)
    ndL_failattr(r, p, -1);
  const int range = lua_gettop(L);
  ndL_checkkeys(L, range, r->function);
  const int64_t n = (int64_t)lua_rawlen(L, range);
  if (n > 3)
    ndL_error(L, "%s: a range is {first, last, step}, got %lld values",
              r->function, (long long)n);
  at[2] = 1;
  lua_rawgeti(L, range, 3);
  if (!lua_isnil(L, -1) && !ndL_towhole(L, -1, &at[2]))
    fail_part(r, p, "whole numbers", -1);
  lua_pop(L, 1);
  at[0] = at[2] > 0 ? 1 : -1;
  at[1] = at[2] > 0 ? -1 : 1;
  for (int j = 0; j < 2; j++) {
    lua_rawgeti(L, range, j + 1);
    if (!lua_isnil(L, -1) && !ndL_towhole(L, -1, &at[j]))
      fail_part(r, p, "whole numbers", -1);
    lua_pop(L, 1);
  }
}

static void read_ranges(ndL_reader *r, const nd_param *p, int i, nd_value *v)
{
  lua_State *L = r->L;
  if (lua_type(L, i) != LUA_TTABLE) {
    int64_t *room = make_room(r, 3);
    *v = nd_value_list(3, room);
    lua_pushvalue(L, i);
    read_range(r, p, room, 0, v);
    lua_pop(L, 1);
    return;
  }
  const lua_Integer n = ndL_checklist(L, i, r->function);
  if (n > ND_MAX_RANK)
    ndL_error(L, "%s: at most %d ranges, got %lld", r->function, ND_MAX_RANK,
              (long long)n);
  int64_t *room = make_room(r, 3 * n);
  *v = nd_value_list((int)(3 * n), room);
  for (int axis = 0; axis < (int)n; axis++) {
    lua_rawgeti(L, i, axis + 1);
    read_range(r, p, room + 3 * axis, axis, v);
    lua_pop(L, 1);
  }
}

// One number, or before and after, of the axis on top of the stack.
static void read_pair(ndL_reader *r, const nd_param *p, int64_t *pair)
{
  lua_State *L = r->L;
  if (ndL_towhole(L, -1, &pair[0])) {
    pair[1] = pair[0];
    return;
  }
  if (lua_type(L, -1) != LUA_TTABLE ||
      ndL_checklist(L, lua_gettop(L), r->function) != 2)
    ndL_failattr(r, p, -1);
  const int top = lua_gettop(L);
  for (int k = 0; k < 2; k++) {
    lua_rawgeti(L, top, k + 1);
    if (!ndL_towhole(L, -1, &pair[k]))
      fail_part(r, p, "whole numbers", -1);
    lua_pop(L, 1);
  }
}

// A list with an entry for each axis, or a number for all.
static void read_pairs(ndL_reader *r, const nd_param *p, int i, nd_value *v)
{
  lua_State *L = r->L;
  const bool one = lua_type(L, i) != LUA_TTABLE;
  const lua_Integer n = one ? 1 : ndL_checklist(L, i, r->function);
  if (n > ND_MAX_RANK)
    ndL_error(L, "%s: at most %d axes, got %lld", r->function, ND_MAX_RANK,
              (long long)n);
  int64_t *room = make_room(r, 2 * n);
  *v = nd_value_list((int)(2 * n), room);
  for (lua_Integer axis = 0; axis < n; axis++) {
    if (one)
      lua_pushvalue(L, i);
    else
      lua_rawgeti(L, i, axis + 1);
    read_pair(r, p, room + 2 * axis);
    lua_pop(L, 1);
  }
}

// An axis, or a list of them, of one tensor: the first (0) or the second (1) of
// each pair at `pairs`. Returns how many.
static int read_side(ndL_reader *r, const nd_param *p, int i, int side,
                     int64_t *pairs)
{
  lua_State *L = r->L;
  if (ndL_towhole(L, i, &pairs[side]))
    return 1;
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_failattr(r, p, i);
  const lua_Integer n = ndL_checklist(L, i, r->function);
  if (n > ND_MAX_RANK)
    ndL_error(L, "%s: at most %d axes, got %lld", r->function, ND_MAX_RANK,
              (long long)n);
  for (int k = 0; k < (int)n; k++) {
    lua_rawgeti(L, i, k + 1);
    if (!ndL_towhole(L, -1, &pairs[2 * k + side]))
      fail_part(r, p, "whole numbers", -1);
    lua_pop(L, 1);
  }
  return (int)n;
}

static void read_axis_pairs(ndL_reader *r, const nd_param *p, int i,
                            nd_value *v)
{
  lua_State *L = r->L;
  int64_t *pairs = make_room(r, 2 * ND_MAX_RANK);
  *v = nd_value_list(2, pairs);
  v->dropped = ndL_towhole(L, i, &pairs[0]);
  if (v->dropped)
    return;
  if (lua_type(L, i) != LUA_TTABLE || ndL_checklist(L, i, r->function) != 2)
    ndL_failattr(r, p, i);
  const int top = lua_gettop(L);
  lua_rawgeti(L, i, 1);
  lua_rawgeti(L, i, 2);
  const int n = read_side(r, p, top + 1, 0, pairs);
  if (read_side(r, p, top + 2, 1, pairs) != n)
    ndL_error(L, "%s: %s has lists of different lengths", r->function, p->name);
  lua_settop(L, top);
  v->n = 2 * n;
}

static void read_sizes(ndL_reader *r, int i, nd_value *v)
{
  int64_t *room = make_room(r, ND_MAX_RANK);
  *v = nd_value_list(ndL_checkshape(r->L, i, room, r->function), room);
}

static void read_word(ndL_reader *r, const nd_param *p, int i, nd_value *v)
{
  lua_State *L = r->L;
  if (lua_type(L, i) != LUA_TSTRING)
    ndL_failattr(r, p, i);
  v->integer = ndL_isname(L, i) ? nd_param_word(p, lua_tostring(L, i)) : -1;
  char text[ROOM];
  if (v->integer < 0)
    ndL_error(L, "%s: %s must be %s, got '%s'", r->function, p->name,
              wanted(p, text), lua_tostring(L, i));
}

static void read_number_or_word(ndL_reader *r, const nd_param *p, int i,
                                nd_value *v)
{
  if (lua_type(r->L, i) != LUA_TSTRING) {
    v->number = read_number(r, p, i);
    return;
  }
  read_word(r, p, i, v);
  v->dropped = (uint8_t)(1 + v->integer);
  v->number = 0;
}

static void read_padding(ndL_reader *r, const nd_param *p, int i, nd_value *v)
{
  if (lua_type(r->L, i) == LUA_TSTRING)
    read_word(r, p, i, v);
  else
    read_pairs(r, p, i, v);
}

// A setting may be a tensor of one number.
static double read_setting(ndL_reader *r, const nd_param *p, int i)
{
  const nd_tensor *x = ndL_ready(r->L, r->S, i);
  const bool one = x != NULL && x->size == 1 && x->dtype != ND_BOOL;
  const double number = one ? nd_tensor_first(x) : read_number(r, p, i);
  const char *refused = nd_param_refuses(p, number);
  if (refused != NULL)
    ndL_error(r->L, "%s: %s must be %s, got %s", r->function, p->name, refused,
              ND_NUMBER(number));
  return number;
}

// What stays a Lua value has no more to it than its type.
static void check_type(ndL_reader *r, const nd_param *p, int i, int type)
{
  if (lua_type(r->L, i) != type)
    ndL_failattr(r, p, i);
}

// Whether a tensor may stand for the list, or for the lists in it.
static bool may_be_tensor(nd_kind kind)
{
  switch (kind) {
  case ND_AXES:
  case ND_INTEGERS:
  case ND_SIZES:
  case ND_PAIRS:
  case ND_PADDING: return true;
  default: return false;
  }
}

// Pushes the table, or the number, that a tensor is to Lua.
static int push_table(lua_State *L, int i)
{
  lua_getfield(L, i, "totable");
  lua_pushvalue(L, i);
  lua_call(L, 1, 1);
  return lua_gettop(L);
}

void ndL_readattr(ndL_reader *r, const nd_param *p, int i, nd_value *v)
{
  lua_State *L = r->L;
  *v = (nd_value){ .given = true };
  if (may_be_tensor(p->kind) && ndL_peek(L, r->S, i) != NULL)
    i = push_table(L, i);
  switch (p->kind) {
  case ND_FLAG:
    check_type(r, p, i, LUA_TBOOLEAN);
    v->integer = lua_toboolean(L, i);
    break;
  case ND_INTEGER:
  case ND_AXIS:
    if (!ndL_towhole(L, i, &v->integer))
      ndL_failattr(r, p, i);
    break;
  case ND_NUMBER: v->number = read_number(r, p, i); break;
  case ND_AMOUNT:
  case ND_SHARE:
  case ND_DECAY:
  case ND_FALL:
  case ND_COUNT: v->number = read_setting(r, p, i); break;
  case ND_RATE:
    if (ndL_iscallable(L, i))
      *v = nd_param_initial(p);
    else
      v->number = read_setting(r, p, i);
    break;
  case ND_WORD_DTYPE: v->integer = ndL_checkdtype(L, i, r->function); break;
  case ND_WORD: read_word(r, p, i, v); break;
  case ND_AXES: read_whole_list(r, p, i, ND_MAX_RANK, v); break;
  case ND_INTEGERS: read_whole_list(r, p, i, INT32_MAX, v); break;
  case ND_SIZES: read_sizes(r, i, v); break;
  case ND_RANGES: read_ranges(r, p, i, v); break;
  case ND_PAIRS: read_pairs(r, p, i, v); break;
  case ND_AXIS_PAIRS: read_axis_pairs(r, p, i, v); break;
  case ND_PADDING: read_padding(r, p, i, v); break;
  case ND_NUMBER_OR_WORD: read_number_or_word(r, p, i, v); break;
  case ND_TEXT:
    check_type(r, p, i, LUA_TSTRING);
    v->text = lua_tostring(L, i);
    break;
  case ND_FUNCTION: check_type(r, p, i, LUA_TFUNCTION); break;
  case ND_TABLE: check_type(r, p, i, LUA_TTABLE); break;
  default: break;
  }
}
