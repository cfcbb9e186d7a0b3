// lua/optimizer_step.c: reads gradients with their Variables, and what a script
// says of the step: its rate, and which Variables are left alone.

#include "lua/optimizer_step.h"

#include "lua/box.h"
#include "lua/class_variable.h"
#include "lua/constraint.h"
#include "lua/error.h"
#include "lua/pace.h"
#include "lua/pairs.h"

nd_optimizer *ndL_checkoptimizer(lua_State *L, const char *function)
{
  nd_optimizer **box = ndL_toobject(L, ndL_upstate(L), 1, NDL_OPTIMIZER);
  if (box == NULL || *box == NULL)
    ndL_typeerror(L, function, "self", "an optimizer", 1);
  return *box;
}

const nd_param ndL_applyparams[] = {
  { "gradients", ND_NESTED,
    .doc = "of the variables, or a list of pairs {gradient, variable} alone" },
  { "variables", ND_NESTED, .doc = "in the same structure" },
  { NULL },
};

void ndL_steprate(lua_State *L, nd_optimizer *o)
{
  ndL_state *S = ndL_upstate(L);
  if (lua_getiuservalue(L, 1, NDL_RATE) == LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  ndL_reader r = { .L = L, .S = S, .function = o->update->name };
  nd_param rate = o->update->settings[0];
  nd_value v = { 0 };
  rate.kind = ND_AMOUNT;
  lua_pushinteger(L, o->iterations);
  lua_call(L, 1, 1);
  ndL_readattr(&r, &rate, lua_gettop(L), &v);
  lua_pop(L, 1);
  if (!nd_optimizer_set(o, rate.name, v.number))
    ndL_raise(L, S);
}

// ------------------------------------------------------------ left alone --

void ndL_askof(lua_State *L, nd_optimizer *o, int what)
{
  lua_setiuservalue(L, 1, what);
  o->asking++;
}

static const char *name_of(const nd_optimizer *o, int what)
{
  return what == NDL_LEFT_BY_DECAY ? "weight_decay" : o->update->excludes;
}

// Asks of the Variable at `v`. False without memory.
static bool ask(lua_State *L, ndL_state *S, nd_optimizer *o, int v)
{
  bool ok = true;
  for (int what = NDL_LEFT_BY_DECAY; what <= NDL_LEFT_BY_RULE; what++) {
    if (lua_getiuservalue(L, 1, what) != LUA_TNIL) {
      lua_pushvalue(L, v);
      lua_call(L, 1, 1);
      nd_variable *variable = ndL_tovariable(L, S, v);
      ok = ok && variable != NULL &&
           nd_optimizer_exclude(o, variable, name_of(o, what),
                                lua_toboolean(L, -1));
    }
    lua_pop(L, 1);
  }
  nd_variable *variable = ndL_tovariable(L, S, v);
  nd_slots *slots = variable == NULL ? NULL : nd_slots_find(o, variable);
  if (ok && slots != NULL)
    slots->asked = o->asking;
  return ok;
}

// Whether it is known of all, as it is but in the first step.
static bool is_known(const nd_optimizer *o, const ndL_pairs *p)
{
  bool known = true;
  for (int i = 0; i < p->n && known; i++) {
    const nd_slots *slots = nd_slots_find(o, p->variables[i]);
    known = slots != NULL && slots->asked == o->asking;
  }
  return known;
}

// Asks of all. They are on the stack before anything can take one away; `p` is
// to be read again.
static void ask_all(lua_State *L, ndL_state *S, nd_optimizer *o,
                    const ndL_pairs *p)
{
  const int top = lua_gettop(L), n = p->n;
  luaL_checkstack(L, n + LUA_MINSTACK, "apply_gradients");
  for (int i = 0; i < n; i++)
    ndL_pushvariable(L, p->variables[i]);
  for (int i = 1; i <= n; i++) {
    if (!ask(L, S, o, top + i))
      ndL_raise(L, S);
  }
  lua_settop(L, top);
}

static void read_pairs(lua_State *L, ndL_state *S, nd_optimizer *o,
                       ndL_pairs *p)
{
  const int top = lua_gettop(L);
  ndL_readpairs(L, S, p);
  if (o->asking == 0 || is_known(o, p))
    return;
  ask_all(L, S, o, p);
  lua_settop(L, top);
  ndL_readpairs(L, S, p);
}

// -------------------------------------------------------------- the method --

int ndL_applygradients(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_pace(L, S);
  nd_optimizer *o = ndL_checkoptimizer(L, "apply_gradients");
  ndL_pairs p;
  ndL_steprate(L, o);
  read_pairs(L, S, o, &p);
  if (p.n > 0 && p.missing == p.n)
    ndL_failmissing(L, S, &p);
  if (!nd_optimizer_apply(o, p.n, p.variables, p.gradients))
    return ndL_raise(L, S);
  if (o->waiting == 0)
    ndL_constrain(L, S, p.n, p.variables, p.gradients);
  if (p.missing > 0)
    ndL_warnmissing(L, &p);
  return 0;
}
