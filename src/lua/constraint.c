// lua/constraint.c: calls constraints.

#include "lua/constraint.h"

#include "lua/box.h"
#include "lua/class_variable.h"
#include "lua/error.h"
#include "lua/values.h"

typedef struct step {
  int n;
  nd_variable *const *variables;
  nd_tensor *const *gradients;
} step;

static bool is_constrained(const step *s, int i)
{
  return s->gradients[i] != NULL && s->variables[i]->constrained;
}

// Gives the Variable on top the value that its constraint makes of it.
static void constrain(lua_State *L, ndL_state *S)
{
  const int v = lua_gettop(L);
  lua_getiuservalue(L, v, 2);
  lua_pushvalue(L, v);
  lua_call(L, 1, 1);
  nd_variable *variable = ndL_tovariable(L, S, v);
  if (variable == NULL)
    return;
  nd_tensor *x = ndL_checktensor(L, S, v + 1, (nd_dtype)variable->value->dtype,
                                 "apply_gradients", "what a constraint gives");
  if (!nd_variable_assign(variable, x))
    ndL_raise(L, S);
  lua_settop(L, v);
}

// The Variables are on the stack before anything can take one away.
static int constrain_all(lua_State *L)
{
  const step *s = lua_touserdata(L, 1);
  int count = 0;
  for (int i = 0; i < s->n; i++)
    count += is_constrained(s, i);
  luaL_checkstack(L, count + LUA_MINSTACK, "too many constraints");
  for (int i = 0; i < s->n; i++) {
    if (is_constrained(s, i))
      ndL_pushvariable(L, s->variables[i]);
  }
  for (int k = 1; k <= count; k++) {
    lua_pushvalue(L, 1 + k);
    if (!lua_isnil(L, -1))
      constrain(L, ndL_getstate(L));
    lua_settop(L, 1 + count);
  }
  return 0;
}

void ndL_constrain(lua_State *L, ndL_state *S, int n,
                   nd_variable *const *variables, nd_tensor *const *gradients)
{
  const step s = { n, variables, gradients };
  bool any = false;
  for (int i = 0; i < n && !any; i++)
    any = is_constrained(&s, i);
  if (!any)
    return;
  luaL_checkstack(L, LUA_MINSTACK, "apply_gradients");
  lua_pushcfunction(L, constrain_all);
  lua_pushlightuserdata(L, (void *)(uintptr_t)&s);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK)
    return;
  S->refused = false;  // a guard would try the whole step again
  lua_error(L);
}
