// lua/op.c: every op in Lua is one closure over its entry. Adding an op to
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

// ------------------------------------------------------------ many outputs --

// Room for the outputs of a call, and the boxes that they go to.
typedef struct outputs {
  nd_tensor **tensor;
  ndL_box **box;
} outputs;

// Pushes the room and then a table of `n` empty boxes.
static outputs push_outputs(lua_State *L, int n)
{
  outputs o;
  const size_t pointers = 2 * (size_t)n + 1;
  o.tensor = lua_newuserdatauv(L, pointers * sizeof(void *), 0);
  o.box = (ndL_box **)(void *)(o.tensor + n);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    o.tensor[i] = NULL;
    o.box[i] = ndL_newbox(L);
    lua_rawseti(L, -2, i + 1);
  }
  return o;
}

static bool count_outputs(ndL_call *k, nd_job *j)
{
  *j = (nd_job){ .op = k->op, .n = k->n, .in = k->in, .attr = k->attr };
  return nd_job_count(k->S->context, j);
}

// Fills the boxes of the table on top. It cannot fail.
static void fill_outputs(ndL_call *k, const nd_job *j, outputs *o)
{
  for (int i = 0; i < j->outs; i++) {
    lua_rawgeti(k->L, -1, i + 1);
    ndL_fill(k->L, k->S, o->box[i], o->tensor[i]);
    lua_pop(k->L, 1);
  }
}

// An op with names for its outputs returns as many values, any other a list.
static int return_outputs(lua_State *L, const nd_job *j)
{
  if (j->op->outs != NULL)
    return 1;
  const int list = lua_gettop(L);
  luaL_checkstack(L, j->outs, "too many results");
  for (int i = 0; i < j->outs; i++)
    lua_rawgeti(L, list, i + 1);
  return j->outs;
}

static int op_call_all(lua_State *L)
{
  ndL_call k;
  nd_job j;
  k.L = L;
  k.S = ndL_upstate(L);
  k.op = lua_touserdata(L, lua_upvalueindex(2));
  k.top = lua_gettop(L);
  k.list = 0;
  ndL_pace(L, k.S);
  ndL_checkargs(&k);
  if (!count_outputs(&k, &j))
    return ndL_raise(L, k.S);
  outputs o = push_outputs(L, j.outs);
  j.out = o.tensor;
  ndL_readagain(&k);
  bool ok = nd_job_apply(k.S->context, &j);
  if (!ok && ndL_retry(L, k.S)) {
    ndL_readagain(&k);
    ok = nd_job_apply(k.S->context, &j);
  }
  if (!ok)
    return ndL_raise(L, k.S);
  fill_outputs(&k, &j, &o);
  return return_outputs(L, &j);
}

// ---------------------------------------------------------------- operators --

// The op as a unary operator: Lua passes the operand twice.
static int op_call_once(lua_State *L)
{
  lua_settop(L, 1);
  return op_call(L);
}

// -------------------------------------------------------------------- open --

// Pushes a list of names that ends with NULL; nil for NULL.
static void push_names(lua_State *L, const char *const *names)
{
  if (names == NULL) {
    lua_pushnil(L);
    return;
  }
  lua_newtable(L);
  for (int i = 0; names[i] != NULL; i++) {
    lua_pushstring(L, names[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

// What the table knows of one op, for help, completion and tests.
static void push_entry(lua_State *L, const nd_op *op)
{
  lua_newtable(L);
  lua_pushstring(L, op->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, op->module);
  lua_setfield(L, -2, "module");
  lua_pushboolean(L, op->inside);
  lua_setfield(L, -2, "inside");
  lua_pushstring(L, op->doc);
  lua_setfield(L, -2, "doc");
  lua_pushstring(L, nd_derivative_name(op->derivative));
  lua_setfield(L, -2, "derivative");
  push_names(L, op->results);
  lua_setfield(L, -2, "results");
  lua_pushboolean(L, op->outs != NULL);
  lua_setfield(L, -2, "gives_list");
  lua_newtable(L);
  for (int i = 0; op->params[i].name != NULL; i++) {
    lua_newtable(L);
    lua_pushstring(L, op->params[i].name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, nd_kind_name(op->params[i].kind));
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, op->params[i].initial);
    lua_setfield(L, -2, "initial");
    push_names(L, op->params[i].words);
    lua_setfield(L, -2, "words");
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
  const bool many = op->outs != NULL || op->results != NULL;
  push_closure(L, S, op, many ? op_call_all : op_call);
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
