// lua/nested.c: walks nested tables of tensors in order.

#include "lua/nested.h"

#include <stdlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/error.h"

void ndL_checknested(lua_State *L, int i, const char *function,
                     const char *argument, int depth)
{
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_typeerror(L, function, argument, "a tensor, a Variable or a table", i);
  if (depth > NDL_DEEPEST)
    ndL_error(L, "%s: a table is nested deeper than %d", function, NDL_DEEPEST);
}

// -------------------------------------------------------------------- keys --

typedef struct key {
  int type;
  bool whole;
  lua_Integer integer;
  lua_Number number;
  const char *text;
  size_t size;
  lua_Integer at;  // where Lua has it
} key;

static int compare_numbers(const key *a, const key *b)
{
  if (a->whole && b->whole)
    return (a->integer > b->integer) - (a->integer < b->integer);
  return (a->number > b->number) - (a->number < b->number);
}

static int compare_texts(const key *a, const key *b)
{
  const size_t n = a->size < b->size ? a->size : b->size;
  const int order = memcmp(a->text, b->text, n);
  return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_keys(const void *p, const void *q)
{
  const key *a = p, *b = q;
  const bool text = a->type == LUA_TSTRING;
  if (a->type != b->type)
    return (a->type > b->type) - (a->type < b->type);
  const int order = text                     ? compare_texts(a, b)
                    : a->type == LUA_TNUMBER ? compare_numbers(a, b)
                                             : 0;
  return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

// The key at `i`, whose text lives as long as it. Numbers come before strings,
// as Lua numbers its types, but booleans and light userdata after both.
static key read_key(lua_State *L, int i, lua_Integer at)
{
  key k = { .type = lua_type(L, i), .at = at };
  if (k.type == LUA_TNUMBER) {
    k.whole = lua_isinteger(L, i);
    k.integer = k.whole ? lua_tointeger(L, i) : 0;
    k.number = lua_tonumber(L, i);
  } else if (k.type == LUA_TSTRING) {
    k.text = lua_tolstring(L, i, &k.size);
  } else {
    k.type = LUA_NUMTYPES;
  }
  return k;
}

static lua_Integer push_unordered(lua_State *L, int i)
{
  lua_Integer n = 0;
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, i);) {  // any order: sorted by the caller
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, ++n);
  }
  return n;
}

void ndL_pushkeys(lua_State *L, int i)
{
  i = lua_absindex(L, i);
  luaL_checkstack(L, 6, "keys");
  const lua_Integer n = push_unordered(L, i);
  const int list = lua_gettop(L);
  key *keys = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *keys, 0);
  lua_createtable(L, (int)n, 0);
  for (lua_Integer k = 1; k <= n; k++) {
    lua_rawgeti(L, list, k);
    keys[k - 1] = read_key(L, -1, k);
    lua_pop(L, 1);
  }
  qsort(keys, (size_t)n, sizeof *keys, compare_keys);
  for (lua_Integer k = 1; k <= n; k++) {
    lua_rawgeti(L, list, keys[k - 1].at);
    lua_rawseti(L, -2, k);
  }
  lua_replace(L, list);
  lua_settop(L, list);
}

// Other keys come after the last position.
bool ndL_islist(lua_State *L, int i, lua_Integer n)
{
  if (n == 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, n);
  if (lua_next(L, i) == 0)  // any order: only whether there are more
    return true;
  lua_pop(L, 2);
  return false;
}

// ------------------------------------------------------------------ leaves --

bool ndL_isplain(lua_State *L, ndL_state *S, int i)
{
  if (lua_type(L, i) != LUA_TTABLE)
    return false;
  const lua_Integer n = (lua_Integer)lua_rawlen(L, i);
  bool plain = true;
  for (lua_Integer k = 1; k <= n && plain; k++) {
    lua_rawgeti(L, i, k);
    plain = ndL_peek(L, S, -1) != NULL;
    lua_pop(L, 1);
  }
  return plain && ndL_islist(L, i, n);
}

typedef struct leaves {
  ndL_state *S;
  const char *function;
  const char *argument;
  int list;
  lua_Integer n;
} leaves;

static void add_leaves(lua_State *L, leaves *v, int i, int depth)
{
  if (ndL_peek(L, v->S, i) != NULL) {
    if (v->n == NDL_MOST_LEAVES)
      ndL_error(L, "%s: more than %d tensors in %s", v->function,
                NDL_MOST_LEAVES, v->argument);
    lua_pushvalue(L, i);
    lua_rawseti(L, v->list, ++v->n);
    return;
  }
  ndL_checknested(L, i, v->function, v->argument, depth);
  luaL_checkstack(L, 8, v->function);
  ndL_pushkeys(L, i);
  const int keys = lua_gettop(L);
  const lua_Integer n = (lua_Integer)lua_rawlen(L, keys);
  for (lua_Integer k = 1; k <= n; k++) {
    lua_rawgeti(L, keys, k);
    lua_rawget(L, i);
    add_leaves(L, v, keys + 1, depth + 1);
    lua_settop(L, keys);
  }
  lua_settop(L, keys - 1);
}

bool ndL_pushleaves(lua_State *L, ndL_state *S, int i, const char *function,
                    const char *argument)
{
  i = lua_absindex(L, i);
  if (ndL_isplain(L, S, i)) {
    lua_pushvalue(L, i);
    return true;
  }
  lua_newtable(L);
  leaves v = {
    .S = S, .function = function, .argument = argument, .list = lua_gettop(L)
  };
  add_leaves(L, &v, i, 0);
  return false;
}

// ------------------------------------------------------------------ labels --

void ndL_pushnamed(lua_State *L, ndL_state *S, const char *path, int i)
{
  const bool place = ndL_tovariable(L, S, i) != NULL;
  if (place && lua_getiuservalue(L, i, 1) == LUA_TSTRING)
    lua_pushfstring(L, "%s '%s'", path, lua_tostring(L, -1));
  else
    lua_pushstring(L, path);
  if (place)
    lua_remove(L, -2);
}

// Pushes label and leaf if leaf `*n` is in the value at `i`; else counts what
// is there off.
static bool find_leaf(lua_State *L, ndL_state *S, int i, int *n,
                      const char *path, int depth)
{
  if (ndL_peek(L, S, i) != NULL) {
    if ((*n)-- > 0)
      return false;
    ndL_pushnamed(L, S, path, i);
    lua_pushvalue(L, i);
    return true;
  }
  if (lua_type(L, i) != LUA_TTABLE || depth > NDL_DEEPEST)
    return false;
  luaL_checkstack(L, 10, "label");
  const int top = lua_gettop(L);
  ndL_pushkeys(L, i);
  for (lua_Unsigned k = 1; k <= lua_rawlen(L, top + 1); k++) {
    lua_rawgeti(L, top + 1, (lua_Integer)k);
    lua_pushfstring(L, "%s%s%s", path, depth == 0 ? " " : ".",
                    luaL_tolstring(L, top + 2, NULL));
    lua_pushvalue(L, top + 2);
    lua_rawget(L, i);
    if (find_leaf(L, S, top + 5, n, lua_tostring(L, top + 4), depth + 1)) {
      lua_rotate(L, top + 1, 2);
      lua_settop(L, top + 2);
      return true;
    }
    lua_settop(L, top + 1);
  }
  lua_settop(L, top);
  return false;
}

bool ndL_pushlabel(lua_State *L, ndL_state *S, int i, int n)
{
  return find_leaf(L, S, lua_absindex(L, i), &n, "", 0);
}
