// lua/pairs.c: reads gradients with their variables, as pairs, lists or nested
// tables, and says which variables have none.

#include "lua/pairs.h"

#include <string.h>

#include "lua/box.h"
#include "lua/error.h"
#include "lua/nested.h"
#include "lua/signature.h"
#include "lua/warning.h"
#include "tape/notes.h"

// ----------------------------------------------------------------- reading --

// Adds the gradient and the variable on top of the stack; pops them.
static void add_pair(lua_State *L, ndL_state *S, ndL_pairs *p)
{
  nd_variable *v = ndL_tovariable(L, S, -1);
  if (v == NULL)
    ndL_typeerror(L, "apply_gradients", "a variable", "a Variable",
                  lua_gettop(L));
  nd_tensor *g = NULL;
  if (lua_toboolean(L, -2)) {
    g = ndL_peek(L, S, -2);
    if (g == NULL)
      ndL_typeerror(L, "apply_gradients", "a gradient", "a tensor or false",
                    lua_gettop(L) - 1);
  }
  p->missing += g == NULL;
  p->gradients[p->n] = g;
  p->variables[p->n++] = v;
  lua_pop(L, 2);
}

static void check_table(lua_State *L, int i, const char *argument)
{
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_typeerror(L, "apply_gradients", argument, "a table", i);
}

// Makes room for `n` pairs.
static void start_pairs(lua_State *L, ndL_pairs *p, lua_Unsigned n)
{
  p->n = p->missing = 0;
  p->gradients = p->few_gradients;
  p->variables = p->few_variables;
  if (n > NDL_FEW) {
    p->gradients = lua_newuserdatauv(L, n * sizeof *p->gradients, 0);
    p->variables = lua_newuserdatauv(L, n * sizeof *p->variables, 0);
  }
}

static void read_pairs(lua_State *L, ndL_state *S, ndL_pairs *p)
{
  check_table(L, 2, "pairs");
  const lua_Unsigned n = lua_rawlen(L, 2);
  start_pairs(L, p, n);
  for (lua_Unsigned i = 1; i <= n; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i);
    check_table(L, lua_gettop(L), "a pair {gradient, variable}");
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    add_pair(L, S, p);
    lua_pop(L, 1);
  }
}

// Raises unless every gradient in the table at `g` has a variable in that at
// `v`.
static void check_keys(lua_State *L, int g, int v)
{
  ndL_pushkeys(L, g);
  const int keys = lua_gettop(L);
  for (lua_Unsigned k = 1; k <= lua_rawlen(L, keys); k++) {
    lua_rawgeti(L, keys, (lua_Integer)k);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, v) == LUA_TNIL)
      ndL_error(L, "apply_gradients: gradient '%s' has no variable",
                luaL_tolstring(L, keys + 1, NULL));
    lua_settop(L, keys);
  }
  lua_settop(L, keys - 1);
}

// Two lists, of gradients and, behind it on the stack, of variables.
typedef struct listing {
  int gradients;
  lua_Integer n;
} listing;

// Adds the variables in the value at `v` and what the value at `g` has for
// them: false or nil are no gradient, also for a whole table.
static void add_nested(lua_State *L, ndL_state *S, listing *p, int g, int v,
                       int depth)
{
  if (ndL_peek(L, S, v) != NULL) {
    lua_pushvalue(L, g);
    if (lua_isnil(L, -1))
      lua_pushboolean(L, 0);
    lua_rawseti(L, p->gradients, ++p->n);
    lua_pushvalue(L, v);
    lua_rawseti(L, p->gradients + 1, p->n);
    return;
  }
  ndL_checknested(L, v, "apply_gradients", "variables", depth);
  const bool given = lua_toboolean(L, g);
  if (given && lua_type(L, g) != LUA_TTABLE)
    ndL_typeerror(L, "apply_gradients", "gradients", "a table like variables",
                  g);
  luaL_checkstack(L, 10, "apply_gradients");
  if (given)
    check_keys(L, g, v);
  ndL_pushkeys(L, v);
  const int keys = lua_gettop(L);
  for (lua_Unsigned k = 1; k <= lua_rawlen(L, keys); k++) {
    lua_rawgeti(L, keys, (lua_Integer)k);
    lua_pushvalue(L, -1);
    if (given)
      lua_rawget(L, g);
    else
      lua_pushnil(L);
    lua_pushvalue(L, keys + 1);
    lua_rawget(L, v);
    add_nested(L, S, p, lua_gettop(L) - 1, lua_gettop(L), depth + 1);
    lua_settop(L, keys);
  }
  lua_settop(L, keys - 1);
}

// Reads `n` gradients from the list at `g`, and variables from the next one.
static void read_rows(lua_State *L, ndL_state *S, ndL_pairs *p, int g,
                      lua_Integer n)
{
  p->n = p->missing = 0;
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, g, i);
    lua_rawgeti(L, g + 1, i);
    add_pair(L, S, p);
  }
}

static void read_nested(lua_State *L, ndL_state *S, ndL_pairs *p)
{
  lua_newtable(L);
  lua_newtable(L);
  listing list = { .gradients = lua_gettop(L) - 1 };
  add_nested(L, S, &list, 2, 3, 0);
  start_pairs(L, p, (lua_Unsigned)list.n);
  read_rows(L, S, p, list.gradients, list.n);
}

static void read_lists(lua_State *L, ndL_state *S, ndL_pairs *p)
{
  ndL_arguments a;
  ndL_read(L, S, &a, 2);
  check_table(L, 2, "gradients");
  check_table(L, 3, "variables");
  const lua_Unsigned n = lua_rawlen(L, 3);
  if (lua_rawlen(L, 2) > n)
    ndL_error(L, "apply_gradients: %lld gradients for %lld variables",
              (long long)lua_rawlen(L, 2), (long long)n);
  if (!ndL_isplain(L, S, 3)) {
    read_nested(L, S, p);
    return;
  }
  start_pairs(L, p, n);
  read_rows(L, S, p, 2, (lua_Integer)n);
  if (p->missing == 0)
    return;
  check_keys(L, 2, 3);  // allocates, so that what was read may be gone
  read_rows(L, S, p, 2, (lua_Integer)n);
}

// True for one argument that is no table of options: a list of pairs.
static bool has_pairs(lua_State *L)
{
  if (!lua_isnoneornil(L, 3))
    return false;
  lua_settop(L, 2);
  return lua_type(L, 2) != LUA_TTABLE || lua_rawlen(L, 2) > 0 ||
         ndL_islist(L, 2, 0);
}

void ndL_readpairs(lua_State *L, ndL_state *S, ndL_pairs *p)
{
  (has_pairs(L) ? read_pairs : read_lists)(L, S, p);
}

// ----------------------------------------------------------------- missing --

// Pushes where variable `i` stands and then the variable, out of the pairs or
// lists that the call was given; they may have changed since.
static void push_place(lua_State *L, ndL_state *S, int i)
{
  if (!lua_isnoneornil(L, 3) && ndL_pushlabel(L, S, 3, i))
    return;
  lua_pushfstring(L, " %d", i + 1);
  lua_rawgeti(L, 2, i + 1);
  if (lua_type(L, -1) == LUA_TTABLE)
    lua_rawgeti(L, -1, 2);
  ndL_pushnamed(L, S, lua_tostring(L, lua_gettop(L) - 2), -1);
  lua_insert(L, -2);
}

// Pushes what messages call variable `i`; for an integer, why it has no
// gradient.
static void push_label(lua_State *L, ndL_state *S, int i)
{
  const int top = lua_gettop(L);
  push_place(L, S, i);
  const nd_tensor *x = ndL_peek(L, S, -1);
  const char *label = lua_tostring(L, -2);
  if (x != NULL && !nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS))
    lua_pushfstring(L, "%s (%s)", label, nd_dtype_name((nd_dtype)x->dtype));
  else
    lua_pushvalue(L, -2);
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
}

// Pushes ": it ...", why the variable `i` has no gradient, the first of those
// that are `missing`; "" if no tape has noted that.
static void push_reason(lua_State *L, ndL_state *S, int i, int missing)
{
  const int top = lua_gettop(L);
  push_place(L, S, i);
  const nd_tensor *x = ndL_peek(L, S, -1);
  const char *reason = x == NULL
                         ? NULL
                         : nd_missing_find(S->context, NULL, 0, NULL, x);
  if (reason == NULL)
    lua_pushliteral(L, "");
  else
    lua_pushfstring(L, "%s: %s", missing > 1 ? "; the first" : "", reason);
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
}

enum { MOST_NAMED = 5 };

// Pushes "variable 1 'w', 3 (int32) and 2 more": those without a gradient; then
// why the first has none.
static void push_missing(lua_State *L, ndL_state *S, const ndL_pairs *p)
{
  const int top = lua_gettop(L);
  int named = 0, first = 0;
  while (first < p->n - 1 && p->gradients[first] != NULL)
    first++;
  lua_pushliteral(L, "variable");
  for (int i = 0; i < p->n && named < MOST_NAMED; i++) {
    if (p->gradients[i] != NULL)
      continue;
    push_label(L, S, i);
    lua_pushfstring(L, "%s%s%s", lua_tostring(L, top + 1), named++ ? "," : "",
                    lua_tostring(L, -1));
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
  }
  if (p->missing > named) {
    lua_pushfstring(L, "%s and %d more", lua_tostring(L, top + 1),
                    p->missing - named);
    lua_replace(L, top + 1);
  }
  push_reason(L, S, first, p->missing);
  lua_concat(L, 2);
}

static int warn_missing(lua_State *L)
{
  push_missing(L, ndL_getstate(L), lua_touserdata(L, 4));
  lua_pushfstring(L, "no gradient for %s", lua_tostring(L, -1));
  ndL_warn(L, "apply_gradients", lua_tostring(L, -1));
  return 0;
}

void ndL_failmissing(lua_State *L, ndL_state *S, const ndL_pairs *p)
{
  push_missing(L, S, p);
  ndL_error(L, "apply_gradients: no gradients: every one of %d is missing: %s",
            p->n, lua_tostring(L, -1));
}

void ndL_warnmissing(lua_State *L, ndL_pairs *p)
{
  ndL_trywarn(L, warn_missing, p);
}
