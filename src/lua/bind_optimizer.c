// lua/bind_optimizer.c: nd.optimizers: one class per update rule of the core's
// table, with its settings as options and as fields.

#include <string.h>

#include "lua/bind.h"
#include "lua/guard.h"
#include "optim/optimizer.h"

static nd_optimizer *check_optimizer(lua_State *L, const char *function)
{
  nd_optimizer *o = NULL;
  if (ndL_typeof(L, ndL_upstate(L), 1) == NDL_OPTIMIZER)
    o = *(nd_optimizer **)lua_touserdata(L, 1);
  if (o == NULL)
    ndL_typeerror(L, function, "self", "an optimizer", 1);
  return o;
}

// The number or flag at `i`, as a setting.
static double check_setting(lua_State *L, const nd_update *u, int setting,
                            int i)
{
  const nd_setting *s = &u->settings[setting];
  if (s->domain == ND_SWITCH) {
    if (!lua_isboolean(L, i))
      ndL_typeerror(L, u->name, s->name, "true or false", i);
    return lua_toboolean(L, i);
  }
  const nd_tensor *x = ndL_totensor(L, ndL_upstate(L), i);
  if (x != NULL && x->size == 1 && x->dtype != ND_BOOL)
    return nd_tensor_first(x);
  if (lua_type(L, i) != LUA_TNUMBER)
    ndL_typeerror(L, u->name, s->name, "a number", i);
  return lua_tonumber(L, i);
}

// The names of the rule's settings; returns how many.
static int list_settings(const nd_update *u, const char **names)
{
  int n = 0;
  for (; u->settings[n].name != NULL; n++)
    names[n] = u->settings[n].name;
  return n;
}

// The upvalue of its own: the rule.
static int optimizer_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  const nd_update *u = lua_touserdata(L, lua_upvalueindex(NDL_OWN));
  const char *names[ND_MAX_SETTINGS];
  const int n = list_settings(u, names);
  if (lua_type(L, 1) == LUA_TNUMBER) {
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, names[0]);
    lua_replace(L, 1);
  }
  if (lua_gettop(L) > 1)
    return ndL_error(L, "%s: takes one table of options, got %d arguments",
                     u->name, lua_gettop(L));
  ndL_checkoptions(L, u->name, n, names);
  nd_optimizer **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, S->metatables[NDL_OPTIMIZER]);
  lua_setmetatable(L, -2);
  *box = nd_optimizer_new(S->context, u->name, NULL);
  if (*box == NULL)
    return ndL_raise(L, S);
  for (int i = 0; i < n; i++) {
    if (lua_getfield(L, 1, names[i]) != LUA_TNIL &&
        !nd_optimizer_set(*box, names[i], check_setting(L, u, i, -1)))
      return ndL_raise(L, S);
    lua_pop(L, 1);
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

typedef struct pairs {
  nd_tensor **gradients;
  nd_variable **variables;
  int n;
  int missing;
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

static pairs new_pairs(lua_State *L, lua_Unsigned n)
{
  pairs p = { .n = 0 };
  p.gradients = lua_newuserdatauv(L, (n + 1) * sizeof *p.gradients, 0);
  p.variables = lua_newuserdatauv(L, (n + 1) * sizeof *p.variables, 0);
  return p;
}

static pairs read_pairs(lua_State *L, ndL_state *S)
{
  check_table(L, 2, "pairs");
  const lua_Unsigned n = lua_rawlen(L, 2);
  pairs p = new_pairs(L, n);
  for (lua_Unsigned i = 1; i <= n; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i);
    check_table(L, lua_gettop(L), "a pair {gradient, variable}");
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    add_pair(L, S, &p);
    lua_pop(L, 1);
  }
  return p;
}

static pairs read_lists(lua_State *L, ndL_state *S)
{
  check_table(L, 2, "gradients");
  check_table(L, 3, "variables");
  const lua_Unsigned n = lua_rawlen(L, 3);
  if (lua_rawlen(L, 2) > n)
    ndL_error(L, "apply_gradients: %lld gradients for %lld variables",
              (long long)lua_rawlen(L, 2), (long long)n);
  pairs p = new_pairs(L, n);
  for (lua_Unsigned i = 1; i <= n; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i);
    lua_rawgeti(L, 3, (lua_Integer)i);
    add_pair(L, S, &p);
  }
  return p;
}

// Puts "NUMBER" or "NUMBER 'NAME'" of a variable on top of the stack.
static void push_label(lua_State *L, const nd_variable *v, int number)
{
  lua_getfield(L, LUA_REGISTRYINDEX, "nadir.variables");
  if (lua_rawgetp(L, -1, v) == LUA_TUSERDATA &&
      lua_getiuservalue(L, -1, 1) == LUA_TSTRING)
    lua_pushfstring(L, "%d '%s'", number, lua_tostring(L, -1));
  else
    lua_pushfstring(L, "%d", number);
}

enum { MOST_NAMED = 5 };

static void warn_missing(lua_State *L, const pairs *p)
{
  const int top = lua_gettop(L);
  ndL_pushwhere(L);
  lua_pushfstring(L, "%sapply_gradients: no gradient for variable",
                  lua_tostring(L, -1));
  int named = 0;
  for (int i = 0; i < p->n && named < MOST_NAMED; i++) {
    if (p->gradients[i] != NULL)
      continue;
    const char *text = lua_tostring(L, top + 2);
    push_label(L, p->variables[i], i + 1);
    lua_pushfstring(L, "%s%s %s", text, named++ ? "," : "",
                    lua_tostring(L, -1));
    lua_replace(L, top + 2);
    lua_settop(L, top + 2);
  }
  if (p->missing > named)
    lua_pushfstring(L, "%s and %d more", lua_tostring(L, -1),
                    p->missing - named);
  lua_warning(L, lua_tostring(L, -1), 0);
}

// apply_gradients(pairs) or apply_gradients(gradients, variables)
static int optimizer_apply(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_pace(L, S);
  nd_optimizer *o = check_optimizer(L, "apply_gradients");
  const bool lists = !lua_isnoneornil(L, 3);
  const pairs p = lists ? read_lists(L, S) : read_pairs(L, S);
  if (!nd_optimizer_apply(o, p.n, p.variables, p.gradients))
    return ndL_raise(L, S);
  if (p.missing > 0)
    warn_missing(L, &p);
  return 0;
}

// ------------------------------------------------------------------ fields --

// Upvalue 2: methods.
static int fail_index(lua_State *L, const nd_optimizer *o)
{
  const char *names[ND_MAX_SETTINGS + 2];
  int n = list_settings(o->update, names);
  names[n++] = "iterations";
  names[n++] = "name";
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(2));
  ndL_pushnames(L, n, names);
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
  const int i = nd_setting_find(o->update, key);
  if (i >= 0 && o->update->settings[i].domain == ND_SWITCH)
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
  const char *key = luaL_tolstring(L, 2, NULL);
  const int i = ndL_isname(L, 2) ? nd_setting_find(o->update, key) : -1;
  const char *names[ND_MAX_SETTINGS];
  if (i < 0)
    return ndL_failoption(L, o->update->name, key,
                          list_settings(o->update, names), names);
  if (!nd_optimizer_set(o, key, check_setting(L, o->update, i, 3)))
    return ndL_raise(L, ndL_upstate(L));
  return 0;
}

static const luaL_Reg methods[] = {
  { "apply_gradients", optimizer_apply },
  { NULL, NULL },
};

void ndL_open_optimizer(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  ndL_newmetatable(L, S, NDL_OPTIMIZER, "Optimizer");
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, optimizer_gc, 1);
  lua_setfield(L, -2, "__gc");
  lua_pushlightuserdata(L, S);
  lua_newtable(L);
  ndL_setfunctions(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "__methods");
  lua_pushcclosure(L, optimizer_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, optimizer_newindex, 1);
  lua_setfield(L, -2, "__newindex");
  lua_pop(L, 1);
  lua_newtable(L);
  for (int i = 0; nd_update_at(i) != NULL; i++) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)nd_update_at(i));
    ndL_pushguarded(L, optimizer_new, 1);
    lua_setfield(L, -2, nd_update_at(i)->name);
  }
  lua_setfield(L, -2, "optimizers");
}
