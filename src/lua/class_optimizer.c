// lua/class_optimizer.c: nd.optimizers: one class per update rule of the core's
// table, with its settings as options and as fields.

#include "lua/class_optimizer.h"

#include <string.h>

#include "lua/box.h"
#include "lua/error.h"
#include "lua/module.h"
#include "lua/names.h"
#include "lua/optimizer_state.h"
#include "lua/optimizer_step.h"
#include "lua/signature.h"

// Options that only scripts have, behind the settings of a rule that may leave
// Variables to another.
static const char *const layer_lists[] = { "a list of patterns", NULL };

static const nd_param script_options[] = {
  { "exclude_layers", ND_OTHER, "nil", .words = layer_lists,
    .doc = "names that are left to the other rule, as string.find has them" },
  { "exclude_embeddings", ND_FLAG, "true",
    .doc = "whether names with 'embedding' are, too" },
  { NULL },
};

// Has the optimizer on top ask which Variables its rule leaves, given those
// options at `i`.
static void take_options(lua_State *L, nd_optimizer *o, int i)
{
  const int top = lua_gettop(L);
  ndL_require(L, "nadir.excluded");
  lua_getfield(L, -1, "from_rule");
  lua_pushstring(L, o->update->name);
  lua_pushvalue(L, i);
  lua_pushboolean(L, lua_isnil(L, i + 1) || lua_toboolean(L, i + 1));
  lua_call(L, 3, 2);
  lua_setiuservalue(L, top, NDL_SCRIPT_OPTIONS);
  lua_setiuservalue(L, top, NDL_LEFT_BY_RULE);
  o->asking++;
  lua_settop(L, top);
}

// Its entry is made of the rule's, whose first setting is the rate.
static int optimizer_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  nd_optimizer **box = ndL_newobject(L, S, NDL_OPTIMIZER, sizeof *box,
                                     NDL_OPTIMIZER_VALUES);
  *box = nd_optimizer_new(S->context, a.function, NULL);
  if (*box == NULL)
    return ndL_raise(L, S);
  const nd_update *u = (*box)->update;
  const nd_param *p = a.reader.params;
  const int n = nd_params_count(u->settings);
  for (int i = 0; i < n; i++) {
    if (!nd_optimizer_set(*box, p[i].name, nd_param_number(&p[i], &a.at[i])))
      return ndL_raise(L, S);
  }
  if (ndL_iscallable(L, 1)) {
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, NDL_RATE);
  }
  if (u->excludes != NULL)
    take_options(L, *box, 1 + n);
  return 1;
}

static int optimizer_gc(lua_State *L)
{
  nd_optimizer **box = ndL_checkself(L, NDL_OPTIMIZER, "__gc");
  nd_optimizer_free(*box);
  *box = NULL;
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
  const nd_optimizer *o = ndL_checkoptimizer(L, "scale_loss");
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
  ndL_checkoptimizer(L, "minimize");
  ndL_read(L, ndL_upstate(L), &a, 2);
  ndL_require(L, "nadir.minimize");
  lua_insert(L, 1);
  lua_call(L, 4, 1);
  return 1;
}

// ------------------------------------------------------------------ fields --

// What an optimizer has beside its settings.
static const char *const fields[] = { "iterations", "waiting", "name", NULL };

static bool is_count(const char *key)
{
  return strcmp(key, "iterations") == 0 || strcmp(key, "waiting") == 0;
}

static void add_name(lua_State *L, const char *name)
{
  lua_pushstring(L, name);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

// Raises for the name at 2. Upvalue 2: methods.
static int fail_index(lua_State *L, const nd_optimizer *o)
{
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(2));
  ndL_pushparams(L, o->update->settings);
  for (int i = 0; fields[i] != NULL; i++)
    add_name(L, fields[i]);
  for (int i = 0; o->update->excludes != NULL && script_options[i].name; i++)
    add_name(L, script_options[i].name);
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

// A table of all options, as a call would give them.
static int optimizer_config(lua_State *L)
{
  const nd_optimizer *o = ndL_checkoptimizer(L, "get_config");
  const nd_param *s = o->update->settings;
  lua_settop(L, 1);
  lua_newtable(L);
  if (lua_getiuservalue(L, 1, NDL_SCRIPT_OPTIONS) == LUA_TTABLE) {
    for (int i = 0; script_options[i].name != NULL; i++) {
      lua_getfield(L, 3, script_options[i].name);
      lua_setfield(L, 2, script_options[i].name);
    }
  }
  lua_settop(L, 2);
  for (int i = 0; s[i].name != NULL; i++) {
    push_setting(L, o, i);
    lua_setfield(L, -2, s[i].name);
  }
  if (lua_getiuservalue(L, 1, NDL_RATE) != LUA_TNIL)
    lua_setfield(L, -2, s[0].name);
  else
    lua_pop(L, 1);
  return 1;
}

// Whether `key` is an option that only scripts have.
static bool is_script_option(const nd_optimizer *o, const char *key)
{
  return o->update->excludes != NULL &&
         nd_params_find(script_options, key) >= 0;
}

// Upvalue 2: methods.
static int optimizer_index(lua_State *L)
{
  nd_optimizer *o = ndL_checkoptimizer(L, "index");
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL)
    return 1;
  const char *key = ndL_isname(L, 2) ? lua_tostring(L, 2) : "";
  const int i = nd_params_find(o->update->settings, key);
  if (i == 0)
    ndL_steprate(L, o);
  if (i >= 0)
    push_setting(L, o, i);
  else if (is_count(key))
    lua_pushinteger(L, key[0] == 'i' ? o->iterations : o->waiting);
  else if (strcmp(key, "name") == 0)
    lua_pushstring(L, o->update->name);
  else if (is_script_option(o, key) &&
           lua_getiuservalue(L, 1, NDL_SCRIPT_OPTIONS) == LUA_TTABLE)
    lua_getfield(L, -1, key);
  else
    return fail_index(L, o);
  return 1;
}

// A rate that a function gives is changed by another function alone.
static bool takes_rate(lua_State *L, const nd_update *u)
{
  const bool given = lua_getiuservalue(L, 1, NDL_RATE) != LUA_TNIL;
  lua_pop(L, 1);
  if (ndL_iscallable(L, 3)) {
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, 1, NDL_RATE);
  } else if (given) {
    ndL_error(L, "%s: a function gives learning_rate, it cannot be set",
              u->name);
  }
  return !ndL_iscallable(L, 3);
}

static int set_count(lua_State *L, nd_optimizer *o, const char *name)
{
  const nd_param count = { name, ND_COUNT };
  ndL_reader r = { .L = L, .S = ndL_upstate(L), .function = o->update->name };
  nd_value v = { 0 };
  ndL_readattr(&r, &count, 3, &v);
  if (!nd_optimizer_set(o, count.name, v.number))
    return ndL_raise(L, r.S);
  return 0;
}

static int set_setting(lua_State *L, nd_optimizer *o, int i)
{
  const nd_param *s = &o->update->settings[i];
  ndL_reader r = { .L = L, .S = ndL_upstate(L), .function = o->update->name };
  nd_value v = nd_param_initial(s);
  if (i == 0 && !takes_rate(L, o->update))
    return 0;
  if (!lua_isnil(L, 3) || v.given)
    ndL_readattr(&r, s, 3, &v);
  if (!nd_optimizer_set(o, s->name, nd_param_number(s, &v)))
    return ndL_raise(L, r.S);
  return 0;
}

// Has the value at 3 be one of the options that only scripts have.
static int set_option(lua_State *L, nd_optimizer *o, const char *key)
{
  const int options = nd_params_count(script_options);
  const int at = nd_params_find(script_options, key);
  ndL_reader r = { .L = L, .S = ndL_upstate(L), .function = o->update->name };
  nd_value v;
  if (script_options[at].kind == ND_FLAG)
    ndL_readattr(&r, &script_options[at], 3, &v);
  lua_getiuservalue(L, 1, NDL_SCRIPT_OPTIONS);
  for (int i = 0; i < options; i++) {
    if (i == at)
      lua_pushvalue(L, 3);
    else
      lua_getfield(L, 4, script_options[i].name);
  }
  lua_pushvalue(L, 1);
  take_options(L, o, 5);
  return 0;
}

static int optimizer_newindex(lua_State *L)
{
  nd_optimizer *o = ndL_checkoptimizer(L, "index");
  const char *name = o->update->name;
  const char *key = ndL_isname(L, 2) ? lua_tostring(L, 2) : "";
  const int i = nd_params_find(o->update->settings, key);
  if (i >= 0)
    return set_setting(L, o, i);
  if (is_count(key))
    return set_count(L, o, key);
  if (is_script_option(o, key))
    return set_option(L, o, key);
  if (strcmp(key, "name") == 0)
    return ndL_error(L, "%s: %s cannot be set", name, key);
  return ndL_failoption(L, name, luaL_tolstring(L, 2, NULL),
                        o->update->settings);
}

static const ndL_function methods[] = {
  { "apply_gradients", ndL_applygradients, ndL_applyparams,
    "changes the variables, each by its gradient" },
  { "minimize", optimizer_minimize, minimize_params,
    "one step down a loss, which it returns", .plain = true },
  { "scale_loss", optimizer_scale, scale_params,
    "the loss times loss_scale_factor" },
  { "get_config", optimizer_config,
    .doc = "a table of its options, for another one like it" },
  { NULL },
};

// The entries of the classes, a userdata.
static const char CLASSES_KEY = 0;

// Moves weight_decay to the second place.
static void put_decay_second(nd_param *p)
{
  const int i = nd_params_find(p, "weight_decay");
  const nd_param decay = p[i];
  memmove(p + 2, p + 1, (size_t)(i - 1) * sizeof *p);
  p[1] = decay;
}

// The parameters of a rule's class, at `p` if they are not as the settings are.
static const nd_param *make_params(const nd_update *u, nd_param *p)
{
  const int n = nd_params_count(u->settings);
  if (u->excludes == NULL && !u->decays)
    return u->settings;
  memcpy(p, u->settings, (size_t)(n + 1) * sizeof *p);
  if (u->decays)
    put_decay_second(p);
  if (u->excludes != NULL)
    memcpy(p + n, script_options, sizeof script_options);
  return p;
}

// Makes an entry of each rule.
static const ndL_function *make_classes(lua_State *L)
{
  size_t n = 0;
  while (nd_update_at((int)n) != NULL)
    n++;
  ndL_function *f = lua_newuserdatauv(
    L, (n + 1) * sizeof *f + n * NDL_MOST_PARAMS * sizeof(nd_param), 0);
  nd_param *params = (nd_param *)(void *)(f + n + 1);
  for (size_t i = 0; i < n; i++) {
    const nd_update *u = nd_update_at((int)i);
    f[i] = (ndL_function){ u->name, optimizer_new,
                           make_params(u, params + i * NDL_MOST_PARAMS),
                           u->doc };
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
  ndL_bind(L, "Optimizer:", ndL_statemethods);
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
