// lua/class_variable.c: Variables as Lua values. Their operators and methods
// are those of tensors; here is what only a place has. User value 1 is the
// name, 2 the constraint.

#include "lua/class_variable.h"

#include <string.h>

#include "lua/box.h"
#include "lua/class_tensor.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/pace.h"
#include "lua/part.h"
#include "lua/registry.h"
#include "lua/signature.h"
#include "lua/text.h"
#include "lua/values.h"
#include "ops/entries.h"
#include "tensor/print.h"

// The Variables of this state, by what the core has of them.
static const char VARIABLES_KEY = 0;

void ndL_pushvariable(lua_State *L, const nd_variable *v)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &VARIABLES_KEY);
  lua_rawgetp(L, -1, v);
  lua_remove(L, -2);
}

// Notes that the Variable on top is `v`.
static void note_variable(lua_State *L, const nd_variable *v)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &VARIABLES_KEY);
  lua_pushvalue(L, -2);
  lua_rawsetp(L, -2, v);
  lua_pop(L, 1);
}

void ndL_restorevariable(lua_State *L, ndL_state *S, nd_variable *v)
{
  ndL_pushvariable(L, v);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  nd_variable **box = ndL_newobject(L, S, NDL_VARIABLE, sizeof *box, 2);
  *box = nd_variable_retain(v);
  note_variable(L, v);
}

static nd_variable *check_variable(lua_State *L, ndL_state *S,
                                   const char *function)
{
  nd_variable *v = ndL_tovariable(L, S, 1);
  if (v == NULL)
    ndL_typeerror(L, function, "self", "a Variable", 1);
  return v;
}

enum { VALUE, TRAINABLE, NAME, DTYPE, CONSTRAINT, SHAPE };

static const char *const a_function[] = { "a function", NULL };
static const char *const a_shape[] = {
  "a shape, where false is any size, or false for any shape", NULL
};

static const nd_param new_params[] = {
  { "value", ND_TENSOR,
    .doc = "what it begins with, or a function that "
           "gives it" },
  { "trainable", ND_FLAG, "true",
    .doc = "whether tapes watch it without being told" },
  { "name", ND_TEXT, "nil", .doc = "what prints and messages call it" },
  { "dtype", ND_WORD_DTYPE, "nil", .doc = "of the value; nil: its own" },
  { "constraint", ND_OTHER, "nil", .words = a_function,
    .doc =
      "what a step of an optimizer gives the value to, and takes it from" },
  { "shape", ND_OTHER, "nil", .words = a_shape,
    .doc = "those it may have; nil: that of the value" },
  { NULL },
};

// Reads the shapes at SHAPE, unless nil is there.
static void read_shapes(lua_State *L, const ndL_arguments *a, nd_shapes *s)
{
  const int i = 1 + SHAPE;
  *s = (nd_shapes){ .rank = -1 };
  if (lua_isnil(L, i) || (lua_isboolean(L, i) && !lua_toboolean(L, i)))
    return;
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_refuse(a, SHAPE);
  const lua_Integer n = ndL_checklist(L, i, "Variable");
  if (n > ND_MAX_RANK)
    ndL_error(L, "Variable: at most %d axes, got %lld", ND_MAX_RANK,
              (long long)n);
  for (s->rank = 0; s->rank < n; s->rank++) {
    int64_t *size = &s->size[s->rank];
    lua_rawgeti(L, i, s->rank + 1);
    const bool any = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    *size = any ? -1 : ndL_checkwhole(L, -1, "Variable", "a size");
    if (*size < 0 && !any)
      ndL_error(L, "Variable: negative size: %lld", (long long)*size);
    lua_pop(L, 1);
  }
}

// Makes the variable, which may have any of these shapes, if there are any.
static nd_variable *make_variable(nd_context *c, nd_tensor *x, bool trainable,
                                  const nd_shapes *shapes)
{
  const char *before = nd_context_enter(c, "Variable");
  nd_variable *v = nd_variable_new(x, trainable);
  if (v != NULL && shapes != NULL && !nd_variable_set_shapes(v, shapes)) {
    nd_variable_release(v);
    v = NULL;
  }
  nd_context_leave(c, before);
  return v;
}

// Upvalue: the entry of `Variable`, whose arguments these are.
static int variable_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_read(L, S, &a, 1);
  const nd_value *given = &a.at[DTYPE];
  const nd_dtype dtype = given->given ? (nd_dtype)given->integer : ND_DTYPES;
  const bool constrained = !lua_isnil(L, 1 + CONSTRAINT);
  const bool shaped = !lua_isnil(L, 1 + SHAPE);
  nd_shapes shapes;
  if (constrained && !ndL_iscallable(L, 1 + CONSTRAINT))
    return ndL_refuse(&a, CONSTRAINT);
  read_shapes(L, &a, &shapes);
  nd_tensor *x = ndL_checktensor(L, S, 1, dtype, "Variable", "value");
  if (dtype != ND_DTYPES && x->dtype != dtype)
    return ndL_error(L, "Variable: dtypes differ: %s and %s; use nd.cast",
                     nd_dtype_name((nd_dtype)x->dtype), nd_dtype_name(dtype));
  nd_variable **box = ndL_newobject(L, S, NDL_VARIABLE, sizeof *box, 2);
  lua_pushvalue(L, 1 + NAME);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, 1 + CONSTRAINT);
  lua_setiuservalue(L, -2, 2);
  *box = make_variable(S->context, x, a.at[TRAINABLE].integer != 0,
                       shaped ? &shapes : NULL);
  if (*box == NULL)
    return ndL_raise(L, S);
  (*box)->constrained = constrained;
  // A tape finds the variable's value by its identity; Lua finds the variable.
  note_variable(L, *box);
  return 1;
}

// The same, but a function may give the value. The second upvalue of its own:
// variable_new.
static int variable_call(lua_State *L)
{
  ndL_arguments a;
  ndL_read(L, ndL_upstate(L), &a, 1);
  lua_pushvalue(L, lua_upvalueindex(NDL_OWN + 1));
  lua_insert(L, 1);
  if (lua_isfunction(L, 2)) {
    lua_pushvalue(L, 2);
    lua_call(L, 0, 1);
    lua_replace(L, 2);
  }
  lua_call(L, nd_params_count(new_params), 1);
  return 1;
}

static int variable_gc(lua_State *L)
{
  nd_variable **box = ndL_checkself(L, NDL_VARIABLE, "__gc");
  nd_variable_release(*box);
  *box = NULL;
  return 0;
}

typedef bool assignment(nd_variable *v, nd_tensor *x);

enum { READ_VALUE = 1 };

static const nd_param assign_params[] = {
  { "value", ND_TENSOR, .doc = "of the Variable's shape" },
  { "read_value", ND_FLAG, "true", .doc = "whether the Variable is returned" },
  { NULL },
};

// Returns the variable, or nothing if that is not wanted.
static int assign_by(lua_State *L, const char *function, assignment *way)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  nd_variable *v = check_variable(L, S, function);
  ndL_read(L, S, &a, 2);
  const bool read = a.at[READ_VALUE].integer != 0;
  const nd_dtype dtype = (nd_dtype)v->value->dtype;
  nd_tensor *x = ndL_borrow(L, S, 2);
  if (x == NULL)
    x = ndL_checktensor(L, S, 2, dtype, function, "value");
  void *before = ndL_enter(L, S);
  const bool ok = way(v, x);
  ndL_leave(S, before);
  if (!ok)
    return ndL_raise(L, S);
  lua_settop(L, 1);
  return read;
}

static int variable_assign(lua_State *L)
{
  return assign_by(L, "assign", nd_variable_assign);
}

static int variable_assign_add(lua_State *L)
{
  return assign_by(L, "assign_add", nd_variable_assign_add);
}

static int variable_assign_sub(lua_State *L)
{
  return assign_by(L, "assign_sub", nd_variable_assign_sub);
}

// The value as a tensor of its own.
static int variable_read(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  check_variable(L, S, "read_value");
  nd_tensor *x = ndL_hold(L, S, 1, true);
  ndL_box *box = ndL_newbox(L, S);
  return ndL_result(L, S, box,
                    nd_apply(S->context, &nd_op_identity, 1, &x, NULL));
}

static int variable_trainable(lua_State *L)
{
  lua_pushboolean(L, check_variable(L, ndL_upstate(L), "trainable")->trainable);
  return 1;
}

static int variable_name(lua_State *L)
{
  check_variable(L, ndL_upstate(L), "name");
  if (lua_getiuservalue(L, 1, 1) == LUA_TNIL)
    lua_pushliteral(L, "Variable");
  return 1;
}

static int variable_constraint(lua_State *L)
{
  check_variable(L, ndL_upstate(L), "constraint");
  lua_getiuservalue(L, 1, 2);
  return 1;
}

static int variable_tostring(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  check_variable(L, S, "tostring");
  variable_name(L);
  const char *name = lua_tostring(L, -1);
  const nd_tensor *x = ndL_hold(L, S, 1, false);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addstring(&b, "nd.Variable('");
  luaL_addstring(&b, name);
  luaL_addstring(&b, "', shape=");
  nd_print_shape(x, ndL_addtext, &b);
  luaL_addstring(&b, ", dtype=");
  luaL_addstring(&b, nd_dtype_name((nd_dtype)x->dtype));
  luaL_addstring(&b, x->rank > 1 ? ", value=\n" : ", value=");
  nd_print(x, &S->print, ndL_addtext, &b);
  luaL_addchar(&b, ')');
  luaL_pushresult(&b);
  return 1;
}

static int variable_is(lua_State *L)
{
  lua_pushboolean(L, ndL_typeof(L, ndL_upstate(L), 1) == NDL_VARIABLE);
  return 1;
}

static const ndL_function functions[] = {
  { "Variable", variable_call, new_params, "a place for tensors of one shape",
    .plain = true },
  { NULL },
};

static const ndL_function methods[] = {
  { "assign", variable_assign, assign_params, "sets the value" },
  { "assign_add", variable_assign_add, assign_params, "adds to the value" },
  { "assign_sub", variable_assign_sub, assign_params,
    "subtracts from the value" },
  { "read_value", variable_read, .doc = "the value as a tensor" },
  { "value", variable_read, .doc = "the value as a tensor" },
  { NULL },
};

static const luaL_Reg finalizer[] = {
  { "__gc", variable_gc },
  { NULL, NULL },
};

// Fields never change, but for `trainable`; what is no name is a part.
static int variable_newindex(lua_State *L)
{
  if (lua_type(L, 2) != LUA_TSTRING)
    return ndL_setpart(L);
  const char *field = lua_tostring(L, 2);
  nd_variable *v = check_variable(L, ndL_upstate(L), field);
  if (strcmp(field, "trainable") != 0)
    return ndL_error(L, "index: the field '%s' of a Variable never changes",
                     field);
  if (!lua_isboolean(L, 3))
    return ndL_error(L, "trainable: must be true or false, got %s",
                     ndL_typename(L, 3));
  v->trainable = lua_toboolean(L, 3);
  return 0;
}

static const luaL_Reg metamethods[] = {
  { "__tostring", variable_tostring },
  { "__newindex", variable_newindex },
  { NULL, NULL },
};

static const luaL_Reg properties[] = {
  { "trainable", variable_trainable },
  { "name", variable_name },
  { "constraint", variable_constraint },
  { NULL, NULL },
};

static const ndL_function other_functions[] = {
  { "is_variable", variable_is, ndL_anyvalue, "whether it is a Variable",
    .plain = true },
  { NULL },
};

// Upvalues: state, the tensors' __index, the properties, and where parts are
// noted.
static int variable_index(lua_State *L)
{
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(3)) == LUA_TNIL) {
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 1);
    if (lua_type(L, 2) != LUA_TSTRING)
      ndL_notepart(L, 4);
    return 1;
  }
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

// Adds our names to what the metatable on top says that __index makes.
static void add_properties(lua_State *L)
{
  lua_getfield(L, -1, "__properties");
  for (const luaL_Reg *p = properties; p->name != NULL; p++) {
    lua_pushboolean(L, true);
    lua_setfield(L, -2, p->name);
  }
  lua_pop(L, 1);
}

void ndL_open_variable(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  ndL_bind(L, "nd.", other_functions);
  ndL_pushentry(L, functions);
  ndL_pushguarded(L, variable_new, 1);
  ndL_pushfunction(L, functions, 1);
  lua_setfield(L, -2, functions->name);
  ndL_note(L, "nd.", functions);
  ndL_keepweak(L, &VARIABLES_KEY, "v", 0);
  for (int type = NDL_SCALAR; type <= NDL_VARIABLE; type++)
    ndL_setindex(L, S, (ndL_type)type);
  ndL_pushmetatable(L, S, NDL_VARIABLE);
  lua_pushliteral(L, "Variable");
  lua_setfield(L, -2, "__name");
  ndL_setplain(L, finalizer);
  ndL_setfunctions(L, metamethods);
  lua_getfield(L, -1, "__methods");
  ndL_bind(L, "Variable:", methods);
  lua_pop(L, 1);
  add_properties(L);
  lua_pushlightuserdata(L, S);
  lua_getfield(L, -2, "__index");
  lua_newtable(L);
  ndL_setplain(L, properties);
  ndL_pushparts(L);
  lua_pushcclosure(L, variable_index, 5);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
