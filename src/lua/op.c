// lua/op.c: every op in Lua is one closure over its entry. Adding an op to
// the table is all it takes to have it as a function, a method, an operator.
//
// Where a tensor may be, an object may take the call: if its metatable has
// `__apply`, the results are those of __apply(name, ...), given the op's name,
// as after "nd.", and all arguments.

#include "lua/op.h"

#include "lua/arguments.h"
#include "tape/notes.h"

enum { METATABLES = 2 };

static inline void start_call(lua_State *L, ndL_call *k)
{
  k->L = L;
  k->bound = lua_touserdata(L, lua_upvalueindex(1));
  k->S = k->bound->S;
  k->op = k->bound->op;
  k->top = lua_gettop(L);
  k->list = 0;
  k->S->reads = false;
  if (k->S->context == NULL)
    ndL_failclosed(L);
  ndL_pace(L, k->S);
}

// What an op makes of Variables is none, which one may be told (notes.h).
__attribute__((noinline)) static void note_derived(const ndL_call *k,
                                                   const nd_tensor *out)
{
  void *before = ndL_enter(k->L, k->S);
  nd_derived_note(k->S->context, out);
  ndL_leave(k->S, before);
}

// Hands the call over to the function on top.
static int hand_over(const ndL_call *k)
{
  lua_State *L = k->L;
  const int function = lua_gettop(L);
  const nd_op *op = k->op;
  luaL_checkstack(L, k->top + 2, op->name);
  lua_pushfstring(L, "%s%s%s", op->inside ? op->module : "",
                  op->inside ? "." : "", op->name);
  for (int i = 1; i <= k->top; i++)
    lua_pushvalue(L, i);
  lua_call(L, k->top + 1, LUA_MULTRET);
  return lua_gettop(L) - function + 1;
}

// Upvalue 1 is an ndL_bound, METATABLES and the next are those of scalars and
// of tensors. The box comes before the arguments are read: making it is the
// last allocation that a plain call does, so nothing can change between reading
// them and applying the op.
static int op_call(lua_State *L)
{
  ndL_call k;
  start_call(L, &k);
  ndL_box *box = ndL_newbox(L, k.S);
  const ndL_read read = ndL_checkargs(&k);
  if (read == NDL_TAKEN)
    return hand_over(&k);
  if (read == NDL_READ_MORE)
    lua_pushvalue(L, k.top + 1);
  nd_context *c = k.S->context;
  void *before = ndL_enter(L, k.S);
  nd_tensor *out = nd_apply_at(c, k.op, k.n, k.in, k.attr, &box->value);
  ndL_leave(k.S, before);
  if (out == NULL && ndL_retry(L, k.S)) {
    ndL_readagain(&k);
    out = nd_apply(c, k.op, k.n, k.in, k.attr);
  }
  if (out == NULL)
    return ndL_raise(L, k.S);
  if (k.S->reads)
    note_derived(&k, out);
  const int type = ndL_adopt(k.S, box, out);
  lua_pushvalue(L, lua_upvalueindex(METATABLES + type));
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
static outputs push_outputs(lua_State *L, const ndL_state *S, int n)
{
  outputs o;
  const size_t pointers = 2 * (size_t)n + 1;
  o.tensor = lua_newuserdatauv(L, pointers * sizeof(void *), 0);
  o.box = (ndL_box **)(void *)(o.tensor + n);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    o.tensor[i] = NULL;
    o.box[i] = ndL_newbox(L, S);
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
  if (j->op->results == NULL)
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
  start_call(L, &k);
  if (ndL_checkargs(&k) == NDL_TAKEN)
    return hand_over(&k);
  if (!count_outputs(&k, &j))
    return ndL_raise(L, k.S);
  outputs o = push_outputs(L, k.S, j.outs);
  j.out = o.tensor;
  ndL_readagain(&k);
  void *before = ndL_enter(L, k.S);
  bool ok = nd_job_apply(k.S->context, &j);
  ndL_leave(k.S, before);
  if (!ok && ndL_retry(L, k.S)) {
    ndL_readagain(&k);
    ok = nd_job_apply(k.S->context, &j);
  }
  if (!ok)
    return ndL_raise(L, k.S);
  fill_outputs(&k, &j, &o);
  return return_outputs(L, &j);
}

// --------------------------------------------------------------- functions --

// The op as a unary operator: Lua passes the operand twice.
static int op_call_once(lua_State *L)
{
  lua_settop(L, 1);
  return op_call(L);
}

static void push_closure(lua_State *L, ndL_state *S, const nd_op *op,
                         lua_CFunction function)
{
  ndL_pushbound(L, S, op);
  ndL_pushmetatable(L, S, NDL_SCALAR);
  ndL_pushmetatable(L, S, NDL_TENSOR);
  lua_pushcclosure(L, function, METATABLES + 1);
}

// The registry has it by the address of the entry.
void ndL_pushop(lua_State *L, ndL_state *S, const nd_op *op)
{
  const bool many = op->outs != NULL || op->results != NULL;
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, op) != LUA_TNIL)
    return;
  lua_pop(L, 1);
  push_closure(L, S, op, many ? op_call_all : op_call);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, op);
}

void ndL_pushoperator(lua_State *L, ndL_state *S, const nd_op *op)
{
  const bool unary = op->params[1].name == NULL;
  push_closure(L, S, op, unary ? op_call_once : op_call);
}
