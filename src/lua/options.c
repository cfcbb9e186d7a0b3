// lua/options.c: tells positions from options.

#include "lua/options.h"

#include <stdio.h>
#include <string.h>

#include "lua/error.h"
#include "lua/names.h"
#include "lua/values.h"

// --------------------------------------------------------- what is a table --

// True if the names in a table belong to the value.
static bool keeps_names(nd_kind kind)
{
  return kind == ND_NESTED || kind == ND_TABLE;
}

static bool takes_tables(nd_kind kind)
{
  switch (kind) {
  case ND_TENSOR:
  case ND_TENSORS:
  case ND_AXES:
  case ND_SIZES:
  case ND_INTEGERS:
  case ND_RANGES:
  case ND_PAIRS:
  case ND_AXIS_PAIRS:
  case ND_PADDING:
  case ND_NESTED:
  case ND_TABLE:
  case ND_OTHER: return true;
  default: return false;
  }
}

// True if a parameter after `p` must be given.
static bool awaits_more(const nd_param *p)
{
  while ((++p)->name != NULL) {
    if (p->initial == NULL)
      return true;
  }
  return false;
}

bool ndL_keepstable(const nd_param *p)
{
  return keeps_names(p->kind) && !awaits_more(p);
}

// What the keys of a table are. Of names that no parameter has the first in the
// order of letters is kept.
typedef struct contents {
  bool names, others;
  uint32_t named;  // parameters
  const char *unknown;
} contents;

// Notes the name on top of the stack.
static void note_name(const ndL_reader *r, contents *c)
{
  const char *name = lua_tostring(r->L, -1);
  const int k = ndL_isname(r->L, -1) ? nd_params_find(r->params, name) : -1;
  c->names = true;
  if (k >= 0)
    c->named |= (uint32_t)1 << k;
  else if (c->unknown == NULL || strcmp(name, c->unknown) < 0)
    c->unknown = name;
}

static contents look_into(const ndL_reader *r, int i)
{
  lua_State *L = r->L;
  contents c = { .others = lua_rawlen(L, i) > 0 };
  for (lua_pushnil(L); lua_next(L, i);) {  // any order: all or both are seen
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING)
      note_name(r, &c);
    else
      c.others = true;
    if (c.names && c.others) {
      lua_pop(L, 1);
      break;
    }
  }
  return c;
}

// Whether the last argument, a table, is one of options, and then what is in
// it; it stands where parameter `k` would, if there is one.
static bool is_options(ndL_reader *r, int k, contents *c)
{
  lua_State *L = r->L;
  const int i = r->top;
  const nd_param *p = &r->params[k < r->count ? k : r->count];
  if (p->name != NULL && ndL_keepstable(p))
    return false;
  if (lua_getmetatable(L, i)) {
    lua_pop(L, 1);
    return false;
  }
  const bool may_be_value = p->name != NULL && takes_tables(p->kind);
  if (may_be_value && lua_rawlen(L, i) > 0)
    return false;
  *c = look_into(r, i);
  if (!c->others)
    return c->names || !may_be_value;
  if (may_be_value || p->name == NULL)
    return false;
  if (k == 0)
    ndL_error(L, "%s: options go by name, as in { %s = ... }", r->function,
              p->name);
  ndL_checkkeys(L, i, r->function);
  return false;
}

// ---------------------------------------------------------------- refusals --

static bool is_named(const ndL_reader *r, int k)
{
  return r->named >> k & 1;
}

// Raises if an option has a position too.
static void check_once(ndL_reader *r)
{
  for (int k = 0; k < r->positions; k++) {
    if (is_named(r, k) && !lua_isnil(r->L, r->first + k))
      ndL_error(r->L, "%s: %s is given twice", r->function, r->params[k].name);
  }
}

// Writes numbers i..last as "2, 3".
static void list_sizes(lua_State *L, int i, int last, char text[], size_t room)
{
  size_t n = 0;
  for (int k = i; k <= last && lua_isinteger(L, k) && n < room; k++)
    n += (size_t)snprintf(text + n, room - n, "%s%lld", k > i ? ", " : "",
                          (long long)lua_tointeger(L, k));
}

// Refuses a shape, parameter `k`, that is written as several arguments:
// "zeros(2, 3)".
static void check_shape(ndL_reader *r, int k)
{
  lua_State *L = r->L;
  const nd_param *p = &r->params[k];
  const int i = r->first + k, last = r->first + r->positions - 1;
  if (i >= last || !lua_isinteger(L, i) || !lua_isinteger(L, i + 1) ||
      (r->positions <= r->count && p[1].kind == ND_TENSOR))
    return;
  char sizes[100];
  const bool value = p[1].name != NULL && p[1].kind == ND_TENSOR;
  list_sizes(L, i, last - value, sizes, sizeof sizes);
  if (p[1].kind == ND_NUMBER)
    ndL_error(L,
              "%s: a shape is a table: {%s}, not %s; write {%lld} if %lld is "
              "the %s",
              r->function, sizes, sizes, (long long)lua_tointeger(L, i),
              (long long)lua_tointeger(L, i + 1), p[1].name);
  ndL_error(L, "%s: a shape is a table: {%s}, not %s", r->function, sizes,
            sizes);
}

// ------------------------------------------------------------------ layout --

// The parameter that is a list of tensors; -1.
static int find_list(const ndL_reader *r)
{
  int k = r->count - 1;
  while (k >= 0 && r->params[k].kind != ND_TENSORS)
    k--;
  return k;
}

// Several tensors where a list of them belongs, or one if that is the last
// parameter, become that list.
static void collect_list(ndL_reader *r)
{
  lua_State *L = r->L;
  const int k = find_list(r), i = r->first + k;
  int n = 0;
  while (k >= 0 && k + n < r->positions && lua_type(L, i + n) == LUA_TUSERDATA)
    n++;
  const bool last = k == r->count - 1;
  if (n == 0 || (n == 1 && !last))
    return;
  n = last ? r->positions - k : n;
  lua_createtable(L, n, 0);
  for (int at = 0; at < n; at++) {
    lua_pushvalue(L, i + at);
    lua_rawseti(L, -2, at + 1);
  }
  lua_replace(L, i);
  for (int from = i + n; from <= r->top; from++)
    lua_copy(L, from, from - n + 1);
  r->positions -= n - 1;
  r->top -= n - 1;
  r->options -= r->options != 0 ? n - 1 : 0;
}

void ndL_layout(ndL_reader *r)
{
  const int n = r->top - r->first + 1;
  int count = 0, shape = -1;
  for (const nd_param *p = r->params; p->name != NULL; p++, count++) {
    if (p->kind == ND_SIZES)
      shape = count;
  }
  r->count = count;
  const bool table = n > 0 && lua_type(r->L, r->top) == LUA_TTABLE;
  contents c = { 0 };
  r->options = table && is_options(r, n - 1, &c) ? r->top : 0;
  r->named = r->options != 0 ? c.named : 0;
  r->positions = r->options != 0 ? n - 1 : n;
  collect_list(r);
  if (shape >= 0)
    check_shape(r, shape);
  if (r->positions > r->count)
    ndL_error(r->L, "%s: takes at most %d argument%s, got %d", r->function,
              r->count, r->count == 1 ? "" : "s", r->positions);
  if (r->options == 0)
    return;
  if (c.unknown != NULL)
    ndL_failoption(r->L, r->function, c.unknown, r->params);
  check_once(r);
}

int ndL_option(ndL_reader *r, int k)
{
  if (!is_named(r, k))
    return 0;
  lua_getfield(r->L, r->options, r->params[k].name);
  return lua_gettop(r->L);
}

void ndL_spread(ndL_reader *r)
{
  lua_State *L = r->L;
  const int n = r->count;
  if (r->options == 0) {
    lua_settop(L, r->first + n - 1);
    return;
  }
  luaL_checkstack(L, n + 1, r->function);
  for (int k = 0; k < n; k++) {
    if (is_named(r, k))
      lua_getfield(L, r->options, r->params[k].name);
    else if (k < r->positions)
      lua_pushvalue(L, r->first + k);
    else
      lua_pushnil(L);
  }
  lua_rotate(L, r->first, n);
  lua_settop(L, r->first + n - 1);
}
