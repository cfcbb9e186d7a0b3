// lua/class_optimizer.c: nd.optimizers: one class per update rule of the core's
// table, with its settings as options and as fields.

#include "lua/class_optimizer.h"

#include <string.h>

#include "lua/box.h"
#include "lua/class_variable.h"
#include "lua/constraint.h"
#include "lua/error.h"
#include "lua/module.h"
#include "lua/names.h"
#include "lua/pace.h"
#include "lua/pairs.h"
#include "lua/signature.h"
#include "optim/optimizer.h"

static nd_optimizer *check_optimizer(lua_State *L, const char *function)
{
  nd_optimizer **box = ndL_toobject(L, ndL_upstate(L), 1, NDL_OPTIMIZER);
  if (box == NULL || *box == NULL)
    ndL_typeerror(L, function, "self", "an optimizer", 1);
  return *box;
}

// Values of a script that an optimizer has: what gives the rate of each step,
// and what says whether a Variable is excluded from weight decay.
enum { RATE_VALUE = 1, EXCLUDED_VALUE, VALUES = EXCLUDED_VALUE };

// Its entry is made of the rule's, whose first setting is the rate.
static int optimizer_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  nd_optimizer **box = ndL_newobject(L, S, NDL_OPTIMIZER, sizeof *box, VALUES);
  *box = nd_optimizer_new(S->context, a.function, NULL);
  if (*box == NULL)
    return ndL_raise(L, S);
  const nd_param *s = (*box)->update->settings;
  for (int i = 0; s[i].name != NULL; i++) {
    if (!nd_optimizer_set(*box, s[i].name, nd_param_number(&s[i], &a.at[i])))
      return ndL_raise(L, S);
  }
  if (ndL_iscallable(L, 1)) {
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, RATE_VALUE);
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

static const nd_param apply_params[] = {
  { "gradients", ND_NESTED,
    .doc = "of the variables, or a list of pairs {gradient, variable} alone" },
  { "variables", ND_NESTED, .doc = "in the same structure" },
  { NULL },
};

// Sets the rate to what the function gives for the steps that are done, if
// there is one; that may do anything.
static void step_rate(lua_State *L, nd_optimizer *o)
{
  ndL_state *S = ndL_upstate(L);
  if (lua_getiuservalue(L, 1, RATE_VALUE) == LUA_TNIL) {
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

// Asks of every Variable whether it is excluded from weight decay. They are on
// the stack before anything can take one away; `p` is to be read again.
static void exclude(lua_State *L, ndL_state *S, nd_optimizer *o,
                    const ndL_pairs *p)
{
  const int top = lua_gettop(L), n = p->n;
  luaL_checkstack(L, n + LUA_MINSTACK, "apply_gradients");
  for (int i = 0; i < n; i++)
    ndL_pushvariable(L, p->variables[i]);
  for (int i = 1; i <= n; i++) {
    lua_getiuservalue(L, 1, EXCLUDED_VALUE);
    lua_pushvalue(L, top + i);
    lua_call(L, 1, 1);
    nd_variable *v = ndL_tovariable(L, S, top + i);
    if (v != NULL && !nd_optimizer_exclude(o, v, lua_toboolean(L, -1)))
      ndL_raise(L, S);
    lua_pop(L, 1);
  }
  lua_settop(L, top);
}

static void read_pairs(lua_State *L, ndL_state *S, nd_optimizer *o,
                       ndL_pairs *p)
{
  const int top = lua_gettop(L);
  const bool asked = nd_optimizer_common(o, ND_WEIGHT_DECAY) != 0 &&
                     lua_getiuservalue(L, 1, EXCLUDED_VALUE) != LUA_TNIL;
  lua_settop(L, top);
  ndL_readpairs(L, S, p);
  if (!asked)
    return;
  exclude(L, S, o, p);
  lua_settop(L, top);
  ndL_readpairs(L, S, p);
}

static int optimizer_apply(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_pace(L, S);
  nd_optimizer *o = check_optimizer(L, "apply_gradients");
  ndL_pairs p;
  step_rate(L, o);
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

// ----------------------------------------------------------- other methods --

static const nd_param scale_params[] = {
  { "loss", ND_TENSOR, .doc = "what a tape is asked about" },
  { NULL },
};

static int optimizer_scale(lua_State *L)
{
  ndL_arguments a;
  const nd_optimizer *o = check_optimizer(L, "scale_loss");
  const double factor = nd_optimizer_common(o, ND_LOSS_SCALE_FACTOR);
  ndL_read(L, ndL_upstate(L), &a, 2);
  if (ndL_peek(L, ndL_upstate(L), 2) == NULL)
    return ndL_typeerror(L, a.function, "loss", "a tensor", 2);
  if (factor > 0) {
    lua_pushnumber(L, factor);
    lua_arith(L, LUA_OPMUL);
  }
  return 1;
}

static const nd_param finalize_params[] = {
  { "variables", ND_NESTED, .doc = "Variables, or tables of them" },
  { NULL },
};

static int optimizer_finalize(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  check_optimizer(L, "finalize_variable_values");
  ndL_read(L, S, &a, 2);
  ndL_flat places;
  ndL_flatten(L, S, 2, a.function, "variables", &places);
  nd_optimizer *o = check_optimizer(L, a.function);
  for (int i = 0; i < 2 * places.n; i++) {  // all are looked at, then changed
    if (places.list != 0)
      lua_rawgeti(L, places.list, i % places.n + 1);
    else
      lua_pushvalue(L, 2);
    nd_variable *v = ndL_tovariable(L, S, -1);
    if (v == NULL)
      ndL_typeerror(L, a.function, "a variable", "a Variable", lua_gettop(L));
    if (i >= places.n && !nd_optimizer_finalize(o, 1, &v))
      return ndL_raise(L, S);
    lua_pop(L, 1);
  }
  return 0;
}

static const char *const variable_lists[] = { "a list of Variables", NULL };
static const char *const name_lists[] = { "a list of patterns", NULL };

static const nd_param exclude_params[] = {
  { "var_list", ND_OTHER, "nil", .words = variable_lists,
    .doc = "by themselves" },
  { "var_names", ND_OTHER, "nil", .words = name_lists,
    .doc = "by their names, with patterns as string.find has them" },
  { NULL },
};

static int optimizer_exclude(lua_State *L)
{
  ndL_arguments a;
  check_optimizer(L, "exclude_from_weight_decay");
  ndL_read(L, ndL_upstate(L), &a, 2);
  ndL_require(L, "nadir.excluded");
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 3);
  lua_call(L, 2, 1);
  lua_setiuservalue(L, 1, EXCLUDED_VALUE);
  return 0;
}

static const char *const losses[] = { "a function or a tensor", NULL };
static const char *const tapes[] = { "a tape", NULL };

static const nd_param minimize_params[] = {
  { "loss", ND_OTHER, .words = losses,
    .doc = "without arguments, or what the tape recorded" },
  { "variables", ND_NESTED, "nil",
    .doc = "what is changed; nil: all that the loss read" },
  { "tape", ND_OTHER, "nil", .words = tapes, .doc = "that recorded a tensor" },
  { NULL },
};

static int optimizer_minimize(lua_State *L)
{
  ndL_arguments a;
  check_optimizer(L, "minimize");
  ndL_read(L, ndL_upstate(L), &a, 2);
  ndL_require(L, "nadir.minimize");
  lua_insert(L, 1);
  lua_call(L, 4, 1);
  return 1;
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

// Pushes the setting, as users gave it: nil for what is not done.
static void push_setting(lua_State *L, const nd_optimizer *o, int i)
{
  const nd_param *s = &o->update->settings[i];
  const bool none = strcmp(s->initial, "nil") == 0 && o->settings[i] == 0;
  if (none)
    lua_pushnil(L);
  else if (s->kind == ND_FLAG)
    lua_pushboolean(L, o->settings[i] != 0);
  else
    lua_pushnumber(L, o->settings[i]);
}

// Upvalue 2: methods.
static int optimizer_index(lua_State *L)
{
  nd_optimizer *o = check_optimizer(L, "index");
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL)
    return 1;
  const char *key = ndL_isname(L, 2) ? lua_tostring(L, 2) : "";
  const int i = nd_params_find(o->update->settings, key);
  if (i == 0)
    step_rate(L, o);
  if (i >= 0)
    push_setting(L, o, i);
  else if (strcmp(key, "iterations") == 0)
    lua_pushinteger(L, o->iterations);
  else if (strcmp(key, "name") == 0)
    lua_pushstring(L, o->update->name);
  else
    return fail_index(L, o);
  return 1;
}

// A rate that a function gives is changed by another function alone.
static bool takes_rate(lua_State *L, const nd_update *u)
{
  const bool given = lua_getiuservalue(L, 1, RATE_VALUE) != LUA_TNIL;
  lua_pop(L, 1);
  if (ndL_iscallable(L, 3)) {
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, 1, RATE_VALUE);
  } else if (given) {
    ndL_error(L, "%s: a function gives learning_rate, it cannot be set",
              u->name);
  }
  return !ndL_iscallable(L, 3);
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
  nd_value v = nd_param_initial(s);
  if (i == 0 && !takes_rate(L, u))
    return 0;
  if (!lua_isnil(L, 3) || v.given)
    ndL_readattr(&r, s, 3, &v);
  if (!nd_optimizer_set(o, key, nd_param_number(s, &v)))
    return ndL_raise(L, r.S);
  return 0;
}

static const ndL_function methods[] = {
  { "apply_gradients", optimizer_apply, apply_params,
    "changes the variables, each by its gradient" },
  { "minimize", optimizer_minimize, minimize_params,
    "one step down a loss, which it returns", .plain = true },
  { "scale_loss", optimizer_scale, scale_params,
    "the loss times loss_scale_factor" },
  { "exclude_from_weight_decay", optimizer_exclude, exclude_params,
    "leaves Variables of a list, or with such names, alone" },
  { "finalize_variable_values", optimizer_finalize, finalize_params,
    "gives Variables their running means" },
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
