// lua/part.c: which tensors are parts of Variables, and assigning these.

#include "lua/part.h"

#include "lua/attributes.h"
#include "lua/box.h"
#include "lua/error.h"
#include "lua/pace.h"
#include "lua/registry.h"
#include "lua/signature.h"
#include "lua/values.h"
#include "ops/entries.h"

// By the tensor that was read, and gone with it: its Variable, and the index.
static const char VARIABLES_KEY = 0;
static const char INDICES_KEY = 0;

static void note(lua_State *L, int table, int i)
{
  lua_pushvalue(L, -1);
  lua_pushvalue(L, i);
  lua_rawset(L, table);
}

void ndL_notepart(lua_State *L, int upvalue)
{
  if (lua_type(L, -1) != LUA_TUSERDATA)
    return;
  note(L, lua_upvalueindex(upvalue), 1);
  note(L, lua_upvalueindex(upvalue + 1), 2);
}

void ndL_pushparts(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &VARIABLES_KEY);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &INDICES_KEY);
}

// Pushes what was noted of the tensor at 1; false if it is no part.
static bool push_noted(lua_State *L, const void *key)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, key);
  lua_pushvalue(L, 1);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  return !lua_isnil(L, -1);
}

static nd_variable *check_variable(lua_State *L, ndL_state *S, int i)
{
  nd_variable *v = ndL_tovariable(L, S, i);
  if (v == NULL)
    ndL_typeerror(L, "assign", "self", "a Variable", i);
  return v;
}

// Assigns the value at `i` to the part of the Variable at `v` that the index at
// `index` says. What it leaves on the stack is nobody's.
static void assign(lua_State *L, ndL_state *S, int v, int index, int i)
{
  ndL_reader r = { .L = L, .S = S, .function = "assign" };
  nd_value ranges;
  const nd_dtype dtype = (nd_dtype)check_variable(L, S, v)->value->dtype;
  ndL_readattr(&r, &nd_op_slice.params[1], index, &ranges);
  nd_tensor *x = ndL_borrow(L, S, i);
  if (x == NULL)
    x = ndL_checktensor(L, S, i, dtype, "assign", "value");
  nd_variable *variable = check_variable(L, S, v);
  void *before = ndL_enter(L, S);
  const bool ok = nd_variable_assign_part(variable, &ranges, x);
  ndL_leave(S, before);
  if (!ok)
    ndL_raise(L, S);
}

int ndL_setpart(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_pace(L, S);
  check_variable(L, S, 1);
  assign(L, S, 1, 2, 3);
  return 0;
}

enum { VALUE, READ_VALUE };

static const nd_param assign_params[] = {
  { "value", ND_TENSOR, .doc = "is broadcast to the part" },
  { "read_value", ND_FLAG, "true", .doc = "whether the Variable is returned" },
  { NULL },
};

static int part_assign(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_read(L, S, &a, 2);
  const bool read = a.at[READ_VALUE].integer != 0;
  if (!ndL_istensor(ndL_typeof(L, S, 1)))
    ndL_typeerror(L, "assign", "self", "a part of a Variable", 1);
  if (!push_noted(L, &VARIABLES_KEY))
    return ndL_error(L,
                     "assign: tensors never change, only Variables and parts "
                     "of them do, as in v[{1, 2}]:assign(x)");
  push_noted(L, &INDICES_KEY);
  const int v = lua_gettop(L) - 1;
  assign(L, S, v, v + 1, 2);
  lua_settop(L, v);
  return read;
}

static const ndL_function methods[] = {
  { "assign", part_assign, assign_params,
    "sets a part of a Variable, of one that was read as v[index]" },
  { NULL },
};

void ndL_open_part(lua_State *L)
{
  const ndL_state *S = ndL_getstate(L);
  ndL_keepweak(L, &VARIABLES_KEY, "k", 0);
  ndL_keepweak(L, &INDICES_KEY, "k", 0);
  for (int type = NDL_SCALAR; type <= NDL_TENSOR; type++) {
    ndL_pushmetatable(L, S, (ndL_type)type);
    lua_getfield(L, -1, "__methods");
    ndL_bind(L, "Tensor:", methods);
    lua_pop(L, 2);
  }
}
