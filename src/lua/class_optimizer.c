// lua/class_optimizer.c: nd.optimizers: one class per update rule of the core's
// table, with its settings as options and as fields.

#include "lua/class_optimizer.h"

#include <string.h>

#include "lua/box.h"
#include "lua/constraint.h"
#include "lua/error.h"
#include "lua/flat.h"
#include "lua/names.h"
#include "lua/nested.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "lua/warning.h"
#include "optim/optimizer.h"
#include "tape/notes.h"

static nd_optimizer *check_optimizer(lua_State *L, const char *function)
{
  nd_optimizer **box = ndL_toobject(L, ndL_upstate(L), 1, NDL_OPTIMIZER);
  if (box == NULL || *box == NULL)
    ndL_typeerror(L, function, "self", "an optimizer", 1);
  return *box;
}

// Its entry is made of the rule's.
static int optimizer_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  nd_optimizer **box = ndL_newobject(L, S, NDL_OPTIMIZER, sizeof *box, 0);
  *box = nd_optimizer_new(S->context, a.function, NULL);
  if (*box == NULL)
    return ndL_raise(L, S);
  const nd_param *s = (*box)->update->settings;
  for (int i = 0; s[i].name != NULL; i++) {
    if (!nd_optimizer_set(*box, s[i].name, nd_param_number(&s[i], &a.at[i])))
      return ndL_raise(L, S);
  }
  return 1;
}

static int optimizer_gc(lua_State *L)
{
  nd_optimizer **box = ndL_checkself(L, NDL_OPTIMIZER, "__gc");
  nd_optimizer_free(*box);
  *box = NULL;
  return 0;
}

// ---------------------------------------------------------- apply_gradients --

// A few in place, more in a Lua userdata, so that errors free them.
typedef struct pairs {
  nd_tensor **gradients;
  nd_variable **variables;
  int n;
  int missing;
  nd_tensor *few_gradients[NDL_FEW];
  nd_variable *few_variables[NDL_FEW];
} pairs;

// Adds the gradient and the variable on top of the stack; pops them.
static void add_pair(lua_State *L, ndL_state *S, pairs *p)
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
static void start_pairs(lua_State *L, pairs *p, lua_Unsigned n)
{
  p->n = p->missing = 0;
  p->gradients = p->few_gradients;
  p->variables = p->few_variables;
  if (n > NDL_FEW) {
    p->gradients = lua_newuserdatauv(L, n * sizeof *p->gradients, 0);
    p->variables = lua_newuserdatauv(L, n * sizeof *p->variables, 0);
  }
}

static void read_pairs(lua_State *L, ndL_state *S, pairs *p)
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
static void read_rows(lua_State *L, ndL_state *S, pairs *p, int g,
                      lua_Integer n)
{
  p->n = p->missing = 0;
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, g, i);
    lua_rawgeti(L, g + 1, i);
    add_pair(L, S, p);
  }
}

static void read_nested(lua_State *L, ndL_state *S, pairs *p)
{
  lua_newtable(L);
  lua_newtable(L);
  listing list = { .gradients = lua_gettop(L) - 1 };
  add_nested(L, S, &list, 2, 3, 0);
  start_pairs(L, p, (lua_Unsigned)list.n);
  read_rows(L, S, p, list.gradients, list.n);
}

static void read_lists(lua_State *L, ndL_state *S, pairs *p)
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
static void push_missing(lua_State *L, ndL_state *S, const pairs *p)
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

static void fail_missing(lua_State *L, ndL_state *S, const pairs *p)
{
  push_missing(L, S, p);
  ndL_error(L, "apply_gradients: no gradients: every one of %d is missing: %s",
            p->n, lua_tostring(L, -1));
}

static const nd_param apply_params[] = {
  { "gradients", ND_NESTED,
    .doc = "of the variables, or a list of pairs {gradient, variable} alone" },
  { "variables", ND_NESTED, .doc = "in the same structure" },
  { NULL },
};

// True for one argument that is no table of options: a list of pairs.
static bool has_pairs(lua_State *L)
{
  if (!lua_isnoneornil(L, 3))
    return false;
  lua_settop(L, 2);
  return lua_type(L, 2) != LUA_TTABLE || lua_rawlen(L, 2) > 0 ||
         ndL_islist(L, 2, 0);
}

static int optimizer_apply(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_pace(L, S);
  nd_optimizer *o = check_optimizer(L, "apply_gradients");
  pairs p;
  (has_pairs(L) ? read_pairs : read_lists)(L, S, &p);
  if (p.n > 0 && p.missing == p.n)
    fail_missing(L, S, &p);
  if (!nd_optimizer_apply(o, p.n, p.variables, p.gradients))
    return ndL_raise(L, S);
  ndL_constrain(L, S, p.n, p.variables, p.gradients);
  if (p.missing > 0)
    ndL_trywarn(L, warn_missing, &p);
  return 0;
}

// ------------------------------------------------------------------ fields --

// What an optimizer has beside its settings.
static const char *const fields[] = { "iterations", "name", NULL };

// Upvalue 2: methods.
static int fail_index(lua_State *L, const nd_optimizer *o)
{
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(2));
  ndL_pushparams(L, o->update->settings);
  for (int i = 0; fields[i] != NULL; i++) {
    lua_pushstring(L, fields[i]);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  }
  return ndL_failname(L, o->update->name, 2, 3);
}

// Upvalue 2: methods.
static int optimizer_index(lua_State *L)
{
  const nd_optimizer *o = check_optimizer(L, "index");
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL)
    return 1;
  const char *key = ndL_isname(L, 2) ? lua_tostring(L, 2) : "";
  const int i = nd_params_find(o->update->settings, key);
  if (i >= 0 && o->update->settings[i].kind == ND_FLAG)
    lua_pushboolean(L, o->settings[i] != 0);
  else if (i >= 0)
    lua_pushnumber(L, o->settings[i]);
  else if (strcmp(key, "iterations") == 0)
    lua_pushinteger(L, o->iterations);
  else if (strcmp(key, "name") == 0)
    lua_pushstring(L, o->update->name);
  else
    return fail_index(L, o);
  return 1;
}

static int optimizer_newindex(lua_State *L)
{
  nd_optimizer *o = check_optimizer(L, "index");
  const nd_update *u = o->update;
  const char *key = luaL_tolstring(L, 2, NULL);
  const int i = ndL_isname(L, 2) ? nd_params_find(u->settings, key) : -1;
  if (i < 0)
    return ndL_failoption(L, u->name, key, u->settings);
  const nd_param *s = &u->settings[i];
  ndL_reader r = { .L = L, .S = ndL_upstate(L), .function = u->name };
  nd_value v;
  ndL_readattr(&r, s, 3, &v);
  if (!nd_optimizer_set(o, key, nd_param_number(s, &v)))
    return ndL_raise(L, r.S);
  return 0;
}

static const ndL_function methods[] = {
  { "apply_gradients", optimizer_apply, apply_params,
    "changes the variables, each by its gradient" },
  { NULL },
};

// The entries of the classes, a userdata.
static const char CLASSES_KEY = 0;

// Makes an entry of each rule.
static const ndL_function *make_classes(lua_State *L)
{
  size_t n = 0;
  while (nd_update_at((int)n) != NULL)
    n++;
  ndL_function *f = lua_newuserdatauv(L, (n + 1) * sizeof *f, 0);
  for (size_t i = 0; i < n; i++) {
    const nd_update *u = nd_update_at((int)i);
    f[i] = (ndL_function){ u->name, optimizer_new, u->settings, u->doc };
  }
  f[n] = (ndL_function){ NULL };
  lua_rawsetp(L, LUA_REGISTRYINDEX, &CLASSES_KEY);
  return f;
}

void ndL_open_optimizer(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  ndL_newmetatable(L, S, NDL_OPTIMIZER, "Optimizer");
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, optimizer_gc, 1);
  lua_setfield(L, -2, "__gc");
  lua_pushlightuserdata(L, S);
  lua_newtable(L);
  ndL_bind(L, "Optimizer:", methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "__methods");
  lua_pushcclosure(L, optimizer_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, optimizer_newindex, 1);
  lua_setfield(L, -2, "__newindex");
  lua_pop(L, 1);
  lua_newtable(L);
  ndL_bind(L, "nd.optimizers.", make_classes(L));
  lua_setfield(L, -2, "optimizers");
}
