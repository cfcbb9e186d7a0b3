// lua/optimizer_state.c: slots of Variables by name, running means, exclusion.

#include "lua/optimizer_state.h"

#include "lua/box.h"
#include "lua/error.h"
#include "lua/flat.h"
#include "lua/module.h"
#include "lua/optimizer_step.h"

// ------------------------------------------------------------------- slots --

static const char *const one_variable[] = { "a Variable", NULL };

static const nd_param slot_params[] = {
  { "variable", ND_OTHER, .words = one_variable, .doc = "whose it is" },
  { "slot_name", ND_TEXT, .doc = "one of get_slot_names" },
  { "value", ND_TENSOR, "nil",
    .doc = "of the slot's shape and dtype; nil: it begins anew" },
  { NULL },
};

static const nd_param get_slot_params[] = {
  { "variable", ND_OTHER, .words = one_variable, .doc = "whose it is" },
  { "slot_name", ND_TEXT, .doc = "one of get_slot_names" },
  { NULL },
};

static int optimizer_slot_names(lua_State *L)
{
  nd_optimizer *o = ndL_checkoptimizer(L, "get_slot_names");
  const char *name;
  lua_newtable(L);
  for (int i = 0; (name = nd_optimizer_slot_name(o, i)) != NULL; i++) {
    lua_pushstring(L, name);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

// The variable of a call, whose slot's name is at 3, or raises.
static nd_variable *check_variable(lua_State *L, ndL_state *S,
                                   const ndL_arguments *a)
{
  nd_variable *v = ndL_tovariable(L, S, 2);
  if (v == NULL)
    ndL_refuse(a, 0);
  return v;
}

static int optimizer_get_slot(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_checkoptimizer(L, "get_slot");
  ndL_read(L, S, &a, 2);
  ndL_box *box = ndL_newbox(L, S);
  nd_optimizer *o = ndL_checkoptimizer(L, a.function);
  nd_tensor *x = nd_optimizer_slot(o, check_variable(L, S, &a),
                                   lua_tostring(L, 3));
  if (x != NULL || nd_error_code(S->context) != ND_OK)
    return ndL_result(L, S, box, x);
  lua_pushnil(L);
  return 1;
}

static int optimizer_set_slot(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_checkoptimizer(L, "set_slot");
  ndL_read(L, S, &a, 2);
  nd_tensor *x = lua_isnil(L, 4) ? NULL : ndL_hold(L, S, 4, false);
  if (x == NULL && !lua_isnil(L, 4))
    return ndL_refuse(&a, 2);
  nd_optimizer *o = ndL_checkoptimizer(L, a.function);
  nd_variable *v = check_variable(L, S, &a);
  const char *name = lua_tostring(L, 3);
  const bool ok = x == NULL ? nd_slots_drop(o, v, name)
                            : nd_optimizer_set_slot(o, v, name, x);
  if (!ok)
    return ndL_raise(L, S);
  return 0;
}

// ---------------------------------------------------- states, means, others --

static const char *const states[] = { "what state_dict gave", NULL };

static const nd_param state_params[] = {
  { "variables", ND_NESTED, .doc = "whose slots go along, in their order" },
  { NULL },
};

static const nd_param load_params[] = {
  { "state", ND_OTHER, .words = states, .doc = "of an optimizer of this kind" },
  { "variables", ND_NESTED, .doc = "as many, in the same order" },
  { NULL },
};

// Calls the function `name` of nadir.optimizer_state with self and `n` more.
static int call_state(lua_State *L, const char *name, int n)
{
  ndL_require(L, "nadir.optimizer_state");
  lua_getfield(L, -1, name);
  lua_insert(L, 1);
  lua_settop(L, 2 + n);
  lua_call(L, 1 + n, 1);
  return 1;
}

static int optimizer_state(lua_State *L)
{
  ndL_arguments a;
  ndL_checkoptimizer(L, "state_dict");
  ndL_read(L, ndL_upstate(L), &a, 2);
  return call_state(L, "save", 1);
}

static int optimizer_load(lua_State *L)
{
  ndL_arguments a;
  ndL_checkoptimizer(L, "load_state_dict");
  ndL_read(L, ndL_upstate(L), &a, 2);
  call_state(L, "load", 2);
  return 0;
}

static const nd_param finalize_params[] = {
  { "variables", ND_NESTED, .doc = "Variables, or tables of them" },
  { NULL },
};

static int optimizer_finalize(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_checkoptimizer(L, "finalize_variable_values");
  ndL_read(L, S, &a, 2);
  ndL_flat places;
  ndL_flatten(L, S, 2, a.function, "variables", &places);
  const size_t size = (size_t)places.n * sizeof(nd_variable *);
  nd_variable **v = lua_newuserdatauv(L, size, 0);
  nd_optimizer *o = ndL_checkoptimizer(L, a.function);
  for (int i = 0; i < places.n; i++) {
    if (places.list != 0)
      lua_rawgeti(L, places.list, i + 1);
    else
      lua_pushvalue(L, 2);
    v[i] = ndL_tovariable(L, S, -1);
    if (v[i] == NULL)
      ndL_typeerror(L, a.function, "a variable", "a Variable", lua_gettop(L));
    lua_pop(L, 1);
  }
  if (places.n > 0 && !nd_optimizer_finalize(o, places.n, v))
    return ndL_raise(L, S);
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
  nd_optimizer *o = ndL_checkoptimizer(L, "exclude_from_weight_decay");
  ndL_read(L, ndL_upstate(L), &a, 2);
  ndL_require(L, "nadir.excluded");
  lua_getfield(L, -1, "from_decay");
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 3);
  lua_call(L, 2, 1);
  ndL_askof(L, o, NDL_LEFT_BY_DECAY);
  return 0;
}

const ndL_function ndL_statemethods[] = {
  { "exclude_from_weight_decay", optimizer_exclude, exclude_params,
    "leaves Variables of a list, or with such names, alone" },
  { "finalize_variable_values", optimizer_finalize, finalize_params,
    "gives Variables their running means" },
  { "get_slot_names", optimizer_slot_names, .doc = "what it may keep of each" },
  { "get_slot", optimizer_get_slot, get_slot_params,
    "what it keeps of a Variable by that name, or nil" },
  { "set_slot", optimizer_set_slot, slot_params, "has it keep that instead" },
  { "state_dict", optimizer_state, state_params,
    "all that its next step depends on, as a table", .plain = true },
  { "load_state_dict", optimizer_load, load_params, "goes on from such a table",
    .plain = true },
  { NULL },
};
