// lua/bind_op.c: every op in Lua is one closure over its entry. Adding an op to
// the table is all it takes to have it as a function, a method, an operator.

#include "lua/arguments.h"

// Upvalue 1 is the state, 2 the op, 3 the metatable of scalars. The box comes
// before the arguments are read: making it is the last allocation that a plain
// call does, so nothing can change between reading them and applying the op.
static int op_call(lua_State *L)
{
  ndL_call k;
  k.L = L;
  k.S = ndL_upstate(L);
  k.op = lua_touserdata(L, lua_upvalueindex(2));
  k.top = lua_gettop(L);
  k.list = 0;
  ndL_pace(L, k.S);
  ndL_box *box = ndL_newbox(L);
  ndL_checkargs(&k);
  nd_tensor *out = nd_apply_at(k.S->context, k.op, k.n, k.in, k.attr,
                               &box->value);
  if (out == NULL && ndL_retry(L, k.S)) {
    ndL_readagain(&k);
    out = nd_apply(k.S->context, k.op, k.n, k.in, k.attr);
  }
  lua_pushvalue(L, k.top + 1);
  if (out != &box->value)
    return ndL_result(L, k.S, box, out);
  box->tensor = out;
  lua_pushvalue(L, lua_upvalueindex(3));
  lua_setmetatable(L, -2);
  return 1;
}

// The op as a unary operator: Lua passes the operand twice.
static int op_call_once(lua_State *L)
{
  lua_settop(L, 1);
  return op_call(L);
}

// -------------------------------------------------------------------- open --

// What the table knows of one op, for help, completion and tests.
static void push_entry(lua_State *L, const nd_op *op)
{
  static const char *const kinds[] = { "tensor",  "tensors",  "flag",
                                       "integer", "number",   "word",
                                       "dtype",   "axis",     "axes",
                                       "shape",   "integers", "ranges" };
  static const char *const derivatives[] = { "none", "slope", "linear",
                                             "bilinear", "vjp" };
  lua_newtable(L);
  lua_pushstring(L, op->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, op->module);
  lua_setfield(L, -2, "module");
  lua_pushboolean(L, op->inside);
  lua_setfield(L, -2, "inside");
  lua_pushstring(L, op->doc);
  lua_setfield(L, -2, "doc");
  lua_pushstring(L, derivatives[op->derivative]);
  lua_setfield(L, -2, "derivative");
  lua_newtable(L);
  for (int i = 0; op->params[i].name != NULL; i++) {
    lua_newtable(L);
    lua_pushstring(L, op->params[i].name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, kinds[op->params[i].kind]);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, op->params[i].initial);
    lua_setfield(L, -2, "initial");
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "params");
}

static int ops_list(lua_State *L)
{
  lua_newtable(L);
  const nd_op *op;
  for (int i = 0, n = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (op->hidden)
      continue;
    push_entry(L, op);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

static bool takes_tensor_first(const nd_op *op)
{
  return op->params[0].kind == ND_TENSOR;
}

static void push_closure(lua_State *L, ndL_state *S, const nd_op *op,
                         lua_CFunction function)
{
  lua_pushlightuserdata(L, S);
  lua_pushlightuserdata(L, (void *)(uintptr_t)op);
  lua_rawgetp(L, LUA_REGISTRYINDEX, S->metatables[NDL_SCALAR]);
  lua_pushcclosure(L, function, 3);
}

// Adds one op to the module on top, to its submodule, to the methods and to the
// operators.
static void add_op(lua_State *L, ndL_state *S, const nd_op *op)
{
  const bool unary = op->params[1].name == NULL;
  push_closure(L, S, op, op_call);
  if (!op->inside) {
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, op->name);
  }
  if (op->module != NULL) {
    luaL_getsubtable(L, -2, op->module);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, op->name);
    lua_pop(L, 1);
  }
  for (int type = NDL_SCALAR; type <= NDL_VARIABLE; type++) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, S->metatables[type]);
    if (op->metamethod != NULL) {
      push_closure(L, S, op, unary ? op_call_once : op_call);
      lua_setfield(L, -2, op->metamethod);
    }
    lua_getfield(L, -1, "__methods");
    if (takes_tensor_first(op)) {
      lua_pushvalue(L, -3);
      lua_setfield(L, -2, op->name);
    }
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
}

void ndL_open_op(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  const nd_op *op;
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (!op->hidden)
      add_op(L, S, op);
  }
  lua_pushcfunction(L, ops_list);
  lua_setfield(L, -2, "ops");
}
