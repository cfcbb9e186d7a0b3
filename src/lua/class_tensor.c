// lua/class_tensor.c: tensors as Lua values: fields, indexing, and the way
// back to numbers, tables and text.

#include "lua/class_tensor.h"

#include <string.h>

#include "kernel/convert.h"
#include "lua/box.h"
#include "lua/class_shape.h"
#include "lua/class_slices.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/names.h"
#include "lua/op.h"
#include "lua/op_fields.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "lua/text.h"
#include "lua/values.h"
#include "ops/entries.h"
#include "tensor/reader.h"

static int tensor_gc(lua_State *L)
{
  const ndL_type type = ndL_typeof(L, ndL_upstate(L), 1);
  if (type == NDL_RELEASED || type == NDL_ENDED)
    return 0;
  ndL_box *box = ndL_checkself(L, NDL_TENSOR, "__gc");
  nd_tensor_release(box->tensor);
  box->tensor = NULL;
  return 0;
}

// The values of a tensor or variable at 1, which no tape notes.
static nd_tensor *check_values(lua_State *L, ndL_state *S, const char *function)
{
  nd_tensor *x = ndL_peek(L, S, 1);
  if (x == NULL)
    ndL_typeerror(L, function, "self", "a tensor", 1);
  return x;
}

// The same beyond the next allocation.
static nd_tensor *hold_values(lua_State *L, ndL_state *S, const char *function)
{
  ndL_hold(L, S, 1, false);
  return check_values(L, S, function);
}

// ------------------------------------------------------------------ values --

// What values of `dtype` are to Lua.
static nd_dtype choose_seen(nd_dtype dtype)
{
  return dtype == ND_BOOL              ? ND_BOOL
         : nd_dtype_in(dtype, ND_INTS) ? ND_INT64
                                       : ND_FLOAT64;
}

// Pushes an element that is seen as choose_seen says.
static void push_element(lua_State *L, nd_dtype seen, const void *element)
{
  if (seen == ND_FLOAT64)
    lua_pushnumber(L, *(const double *)element);
  else if (seen == ND_INT64)
    lua_pushinteger(L, *(const int64_t *)element);
  else
    lua_pushboolean(L, *(const uint8_t *)element);
}

// Pushes the only element of `x`, most often of float32.
static void push_only(lua_State *L, const nd_tensor *x)
{
  if (x->dtype == ND_FLOAT32) {
    lua_pushnumber(L, *(const float *)(const void *)nd_values(x));
    return;
  }
  nd_scalar element;
  const nd_dtype dtype = (nd_dtype)x->dtype, seen = choose_seen(dtype);
  nd_convert(x->context->level, seen, dtype, 1, &element, nd_values(x));
  push_element(L, seen, &element);
}

// Tells tapes that numbers are made of `x`.
static void note_taken(lua_State *L, ndL_state *S, const nd_tensor *x)
{
  void *before = ndL_enter(L, S);
  const bool ok = nd_recorders_taken(S->context, x);
  ndL_leave(S, before);
  if (!ok)
    ndL_raise(L, S);
}

static int tensor_item(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  const nd_tensor *x = ndL_ready(L, S, 1);
  if (x == NULL)
    x = check_values(L, S, "item");
  if (x->size != 1)
    return ndL_error(L, "item: needs one element, x is %s",
                     ND_SHAPE(x->rank, x->dims));
  if (nd_context_has_recorders(S->context))
    note_taken(L, S, x);
  push_only(L, x);
  return 1;
}

// Pushes what stands for the operand of `..` at `i`.
static void push_operand(lua_State *L, ndL_state *S, int i)
{
  nd_tensor *x = ndL_peek(L, S, i);
  const int type = lua_type(L, i);
  if (x != NULL && x->size != 1)
    ndL_error(L, "..: needs one element, x is %s; use tostring(x)",
              ND_SHAPE(x->rank, x->dims));
  if (x == NULL && type != LUA_TSTRING && type != LUA_TNUMBER)
    ndL_error(L, "..: a tensor and a %s value do not join", ndL_typename(L, i));
  if (x != NULL)
    x = ndL_ready(L, S, i);
  if (x == NULL)
    lua_pushvalue(L, i);
  else
    push_only(L, x);
  luaL_tolstring(L, -1, NULL);
  lua_remove(L, -2);
}

static int tensor_concat(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  lua_settop(L, 2);
  push_operand(L, S, 1);
  push_operand(L, S, 2);
  lua_concat(L, 2);
  return 1;
}

// Pushes `n` elements, which the values of a table become.
static void push_row(lua_State *L, nd_reader *r, int64_t n)
{
  for (int64_t done = 0, some; done < n; done += some) {
    some = n - done < ND_BLOCK ? n - done : ND_BLOCK;
    const char *element = nd_reader_next(r, some);
    for (int64_t i = 1; i <= some; i++, element += r->width) {
      push_element(L, r->as, element);
      lua_rawseti(L, -2, done + i);
    }
  }
}

static void push_nested(lua_State *L, const nd_tensor *x, nd_reader *r,
                        int axis)
{
  luaL_checkstack(L, 2, "totable");
  const int64_t n = x->dims[axis];
  lua_createtable(L, n < INT32_MAX ? (int)n : 0, 0);
  if (axis == x->rank - 1) {
    push_row(L, r, n);
    return;
  }
  for (int64_t i = 1; i <= n; i++) {
    push_nested(L, x, r, axis + 1);
    lua_rawseti(L, -2, i);
  }
}

nd_tensor *ndL_takevalues(lua_State *L, ndL_state *S, const char *function)
{
  nd_tensor *x = hold_values(L, S, function);
  ndL_force(L, S, x);
  if (nd_context_has_recorders(S->context))
    note_taken(L, S, x);
  return x;
}

static int tensor_totable(lua_State *L)
{
  const nd_tensor *x = ndL_takevalues(L, ndL_upstate(L), "totable");
  nd_reader r;
  if (x->rank == 0) {
    push_only(L, x);
    return 1;
  }
  nd_reader_start(&r, x, choose_seen((nd_dtype)x->dtype));
  push_nested(L, x, &r, 0);
  return 1;
}

static int tensor_len(lua_State *L)
{
  const nd_tensor *x = check_values(L, ndL_upstate(L), "#");
  if (x->rank == 0)
    return ndL_error(L, "#: needs an axis: x is []");
  lua_pushinteger(L, x->dims[0]);
  return 1;
}

static int tensor_tostring(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  nd_tensor *x = hold_values(L, S, "tostring");
  luaL_Buffer b;
  ndL_force(L, S, x);
  luaL_buffinit(L, &b);
  nd_print_tensor(x, &S->print, ndL_addtext, &b);
  luaL_pushresult(&b);
  return 1;
}

// ------------------------------------------------------------------ fields --

// Lua turns what < returns into one boolean.
static int tensor_compare(lua_State *L)
{
  return ndL_error(L, "<: gives one boolean in Lua; use the ops less, greater, "
                      "... or compare x:item()");
}

// Lua asks only for two userdata that are not the same. Two Variables are then
// two places, whatever they hold, and what is no tensor equals none.
static int tensor_equals(lua_State *L)
{
  const ndL_state *S = ndL_upstate(L);
  const bool places = ndL_typeof(L, S, 1) == NDL_VARIABLE &&
                      ndL_typeof(L, S, 2) == NDL_VARIABLE;
  if (!places && ndL_istensor(ndL_typeof(L, S, 1)) &&
      ndL_istensor(ndL_typeof(L, S, 2)) && !lua_rawequal(L, 1, 2))
    return ndL_error(L, "==: gives one boolean in Lua; use nd.equal, or "
                        "rawequal to ask for the same object");
  lua_pushboolean(L, lua_rawequal(L, 1, 2));
  return 1;
}

static void push_dtype(lua_State *L, const nd_tensor *x)
{
  lua_pushstring(L, nd_dtype_name((nd_dtype)x->dtype));
}

static void push_rank(lua_State *L, const nd_tensor *x)
{
  lua_pushinteger(L, x->rank);
}

static void push_size(lua_State *L, const nd_tensor *x)
{
  lua_pushinteger(L, x->size);
}

enum { PROPERTIES = 4 };

static const char *const property_names[PROPERTIES] = { "shape", "dtype",
                                                        "rank", "size" };

static void (*const properties[PROPERTIES])(lua_State *, const nd_tensor *) = {
  ndL_pushshape, push_dtype, push_rank, push_size
};

// Pushes a property of every tensor; false if `key` names none.
static bool push_property(lua_State *L, const nd_tensor *x, const char *key)
{
  for (int i = 0; i < PROPERTIES; i++) {
    if (strcmp(key, property_names[i]) == 0) {
      properties[i](L, x);
      return true;
    }
  }
  return false;
}

// Upvalue 2: methods. A variable has properties of its own.
static int fail_index(lua_State *L)
{
  check_values(L, ndL_upstate(L), "index");
  ndL_fillfields(L, lua_upvalueindex(2));
  const bool place = ndL_tovariable(L, ndL_upstate(L), 1) != NULL;
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(2));
  luaL_getmetafield(L, 1, "__properties");
  return ndL_failname(L, place ? "Variable" : "Tensor", 2, 3);
}

// True if the key at 2 is the first position after the last: there ipairs ends.
static bool is_behind(lua_State *L, const nd_tensor *x)
{
  int64_t at;
  return x != NULL && x->rank > 0 && ndL_towhole(L, 2, &at) &&
         at == x->dims[0] + 1;
}

// Pushes the op that reads a part by the index at 2: a mask, positions, ranges.
static void push_chooser(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  const nd_tensor *key = ndL_peek(L, S, 2);
  if (key == NULL)
    lua_pushvalue(L, lua_upvalueindex(3));
  else
    ndL_pushop(L, S,
               key->dtype == ND_BOOL ? &nd_op_boolean_mask : &nd_op_gather);
}

// Upvalues: state, methods, and the function of the op `slice`.
static int tensor_index(lua_State *L)
{
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL)
    return 1;
  if (lua_type(L, 2) == LUA_TSTRING) {
    const nd_tensor *x = ndL_peek(L, ndL_upstate(L), 1);
    if ((x != NULL && ndL_isname(L, 2) &&
         push_property(L, x, lua_tostring(L, 2))) ||
        ndL_askslices(L, ndL_upstate(L)) ||
        ndL_askfield(L, lua_upvalueindex(2), 2))
      return 1;
    if (ndL_rangeword(L, 2) < 0)
      return fail_index(L);
  }
  if (is_behind(L, ndL_peek(L, ndL_upstate(L), 1))) {
    lua_pushnil(L);
    return 1;
  }
  push_chooser(L);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

static int tensor_newindex(lua_State *L)
{
  if (lua_type(L, 2) == LUA_TSTRING)
    return ndL_error(L, "index: the fields of a tensor never change: '%s'",
                     lua_tostring(L, 2));
  return ndL_error(L, "index: tensors never change; a part of a Variable is "
                      "set in one step, as in v[{1, 2}] = x");
}

// ------------------------------------------------------------- module level --

// Raises unless a constant `x` can have that shape. True if it has its size,
// false if its one element is to be repeated.
static bool check_fit(lua_State *L, const nd_tensor *x, const nd_value *shape)
{
  nd_type type = { .dtype = (nd_dtype)x->dtype, .rank = shape->n };
  for (int i = 0; i < shape->n; i++) {
    type.shape[i] = shape->list[i];
    if (shape->list[i] < 0)
      ndL_error(L, "constant: negative size: %s",
                ND_SHAPE(shape->n, shape->list));
  }
  const bool fits = nd_type_size(&type) == x->size;
  if (!fits && x->size != 1)
    ndL_error(L, "constant: sizes differ: value is %s, shape is %s",
              ND_SHAPE(x->rank, x->dims), ND_SHAPE(shape->n, shape->list));
  return fits;
}

static const nd_param constant_params[] = {
  { "value", ND_TENSOR, .doc = "numbers, or tables of them" },
  { "dtype", ND_WORD_DTYPE, "nil", .doc = "nil: that of the value" },
  { "shape", ND_SIZES, "nil", .doc = "nil: that of the value" },
  { NULL },
};

enum { DTYPE = 1, SHAPE };

static int tensor_constant(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_read(L, S, &a, 1);
  const nd_value *given = &a.at[DTYPE], *shape = &a.at[SHAPE];
  const nd_dtype dtype = given->given ? (nd_dtype)given->integer : ND_DTYPES;
  nd_tensor *x = ndL_checktensor(L, S, 1, dtype, "constant", "value");
  if (dtype != ND_DTYPES && x->dtype != dtype)
    return ndL_error(L, "constant: dtypes differ: %s and %s; use nd.cast",
                     nd_dtype_name((nd_dtype)x->dtype), nd_dtype_name(dtype));
  if (!shape->given) {
    ndL_box *same = ndL_newbox(L, S);
    return ndL_result(L, S, same,
                      nd_apply(S->context, &nd_op_identity, 1, &x, NULL));
  }
  const nd_op *op = check_fit(L, x, shape) ? &nd_op_reshape
                                           : &nd_op_broadcast_to;
  ndL_box *box = ndL_newbox(L, S);
  return ndL_result(L, S, box, nd_apply(S->context, op, 1, &x, shape));
}

static const nd_param property_params[] = {
  { "x", ND_TENSOR, .doc = "a tensor, or what becomes one" },
  { NULL },
};

static int push_property_of(lua_State *L, const char *name)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_read(L, S, &a, 1);
  push_property(L, ndL_checktensor(L, S, 1, ND_DTYPES, name, "x"), name);
  return 1;
}

static int tensor_shape(lua_State *L)
{
  return push_property_of(L, "shape");
}

static int tensor_rank(lua_State *L)
{
  return push_property_of(L, "rank");
}

static int tensor_size(lua_State *L)
{
  return push_property_of(L, "size");
}

static int tensor_is(lua_State *L)
{
  const ndL_type type = ndL_typeof(L, ndL_upstate(L), 1);
  lua_pushboolean(L, type == NDL_SCALAR || type == NDL_TENSOR);
  return 1;
}

static const ndL_function methods[] = {
  { "item", tensor_item, .doc = "the only element as a Lua value" },
  { "totable", tensor_totable, .doc = "all elements in nested lists" },
  { NULL },
};

static const ndL_function functions[] = {
  { "constant", tensor_constant, constant_params, "a tensor of given values" },
  { "shape", tensor_shape, property_params, "x.shape, the list of its sizes" },
  { "rank", tensor_rank, property_params, "x.rank, how many axes it has" },
  { "size", tensor_size, property_params, "x.size, how many elements it has" },
  { "is_tensor", tensor_is, ndL_anyvalue, "whether it is a tensor" },
  { NULL },
};

// Says in the metatable on top which names __index makes.
static void set_properties(lua_State *L)
{
  lua_createtable(L, 0, PROPERTIES);
  for (int i = 0; i < PROPERTIES; i++) {
    lua_pushboolean(L, true);
    lua_setfield(L, -2, property_names[i]);
  }
  lua_setfield(L, -2, "__properties");
}

static void make_metatable(lua_State *L, ndL_state *S, ndL_type type)
{
  ndL_newmetatable(L, S, type, "Tensor");
  set_properties(L);
  lua_newtable(L);
  ndL_bind(L, "Tensor:", methods);
  lua_setfield(L, -2, "__methods");
  static const luaL_Reg metamethods[] = {
    { "__tostring", tensor_tostring },
    { "__newindex", tensor_newindex },
    { "__lt", tensor_compare },
    { "__le", tensor_compare },
    { "__eq", tensor_equals },
    { "__concat", tensor_concat },
    { NULL, NULL },
  };
  static const luaL_Reg plain[] = { { "__len", tensor_len }, { NULL, NULL } };
  ndL_setfunctions(L, metamethods);
  ndL_setplain(L, plain);
  static const luaL_Reg finalizer[] = { { "__gc", tensor_gc }, { NULL, NULL } };
  if (type == NDL_TENSOR && !ndL_startboxes(L, S))
    ndL_setplain(L, finalizer);
  lua_pop(L, 1);
}

void ndL_setindex(lua_State *L, ndL_state *S, ndL_type type)
{
  ndL_pushmetatable(L, S, type);
  lua_pushlightuserdata(L, S);
  lua_getfield(L, -2, "__methods");
  ndL_pushop(L, S, &nd_op_slice);
  lua_pushcclosure(L, tensor_index, 3);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

void ndL_open_tensor(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  make_metatable(L, S, NDL_SCALAR);
  make_metatable(L, S, NDL_TENSOR);
  make_metatable(L, S, NDL_VARIABLE);
  ndL_bind(L, "nd.", functions);
}
