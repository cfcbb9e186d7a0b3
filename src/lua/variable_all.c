// lua/variable_all.c: what is assigned to all of several Variables, or to none.

#include "lua/variable_all.h"

#include <lauxlib.h>

#include "lua/box.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/pace.h"
#include "lua/values.h"

enum { FUNCTION = 1, VARIABLES, VALUES, HELD };

typedef struct list {
  lua_Integer n;
  nd_variable **variables;
  nd_tensor **values;
} list;

// The dtype of the Variable on top.
static nd_dtype dtype_of(lua_State *L, ndL_state *S, const char *function)
{
  const nd_variable *v = ndL_tovariable(L, S, -1);
  if (v != NULL)
    return (nd_dtype)v->value->dtype;
  return ndL_typeerror(L, function, "a variable", "a Variable", lua_gettop(L));
}

// Pushes the table of the values, each of which is held, at HELD.
static void hold_values(lua_State *L, ndL_state *S, lua_Integer n)
{
  const char *function = lua_tostring(L, FUNCTION);
  lua_createtable(L, (int)n, 0);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, VARIABLES, i);
    const nd_dtype dtype = dtype_of(L, S, function);
    lua_rawgeti(L, VALUES, i);
    ndL_checktensor(L, S, lua_gettop(L), dtype, function, "a value");
    lua_rawseti(L, HELD, i);
    lua_settop(L, HELD);
  }
}

// What is in the tables now, as no allocation comes between this and its use.
static void gather(lua_State *L, ndL_state *S, const list *l)
{
  for (lua_Integer i = 0; i < l->n; i++) {
    lua_rawgeti(L, VARIABLES, i + 1);
    lua_rawgeti(L, HELD, i + 1);
    l->variables[i] = ndL_tovariable(L, S, -2);
    l->values[i] = ndL_peek(L, S, -1);
    lua_pop(L, 2);
  }
}

typedef bool use(nd_context *c, int n, nd_variable *const *v,
                 nd_tensor *const *x);

static bool accept_all(nd_context *c, int n, nd_variable *const *v,
                       nd_tensor *const *x)
{
  bool ok = nd_context_ready(c);
  for (int i = 0; i < n && ok; i++)
    ok = nd_variable_accepts(v[i], x[i]);
  return ok;
}

static int use_lists(lua_State *L, use *what)
{
  ndL_state *S = ndL_upstate(L);
  const char *function = luaL_checkstring(L, FUNCTION);
  luaL_checktype(L, VARIABLES, LUA_TTABLE);
  luaL_checktype(L, VALUES, LUA_TTABLE);
  lua_settop(L, VALUES);
  ndL_pace(L, S);
  list l = { .n = (lua_Integer)lua_rawlen(L, VARIABLES) };
  hold_values(L, S, l.n);
  l.variables = lua_newuserdatauv(L, (size_t)l.n * sizeof *l.variables, 0);
  l.values = lua_newuserdatauv(L, (size_t)l.n * sizeof *l.values, 0);
  gather(L, S, &l);
  void *script = ndL_enter(L, S);
  const char *before = nd_context_enter(S->context, function);
  const bool ok = what(S->context, (int)l.n, l.variables, l.values);
  nd_context_leave(S->context, before);
  ndL_leave(S, script);
  return ok ? 0 : ndL_raise(L, S);
}

static int variables_check(lua_State *L)
{
  return use_lists(L, accept_all);
}

static int variables_assign(lua_State *L)
{
  return use_lists(L, nd_variable_assign_all);
}

static int variables_put_back(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  const lua_Integer n = (lua_Integer)lua_rawlen(L, 1);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, 1, i);
    lua_rawgeti(L, 2, i);
    nd_variable *v = ndL_tovariable(L, S, -2);
    const nd_variable *kept = ndL_tovariable(L, S, -1);
    if (v != NULL && kept != NULL)
      nd_variable_put_back(v, kept);
    lua_pop(L, 2);
  }
  return 0;
}

int ndL_open_variable_all(lua_State *L)
{
  static const luaL_Reg functions[] = {
    { "assign", variables_assign },
    { "check", variables_check },
    { "put_back", variables_put_back },
    { NULL, NULL },
  };
  lua_createtable(L, 0, 2);
  ndL_setfunctions(L, functions);
  return 1;
}
