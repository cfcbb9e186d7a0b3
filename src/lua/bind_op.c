// lua/bind_op.c: every op in Lua is one closure over its entry. Arguments come
// positionally, or by name in a last table; all is checked here, by the entry.

#include <string.h>

#include "lua/bind.h"

// The call in progress. `loose` are the tensor arguments that are literals, to
// be converted when the dtype of the others is known.
typedef struct call {
  lua_State *L;
  ndL_state *S;
  const nd_op *op;
  nd_args args;
  int top;         // arguments
  int positions;   // of them, those before the options
  int options;     // stack index of the options, 0: none
  int at[ND_FEW];  // stack indices of the tensor arguments
  int list;        // stack index of the list of tensors, 0: none
  nd_tensor scalars[ND_FEW];
} call;

static nd_tensor *to_tensor(call *k, int i)
{
  return ndL_totensor(k->L, k->S, i);
}

// The stack index of an argument: positional, named (pushed), or 0.
static int find_argument(call *k, const nd_param *p, int position)
{
  lua_State *L = k->L;
  if (position <= k->positions && !lua_isnil(L, position))
    return position;
  if (k->options == 0)
    return 0;
  lua_getfield(L, k->options, p->name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return 0;
  }
  return lua_gettop(L);
}

// ----------------------------------------------------------- attributes --

static void fail_attr(call *k, const nd_param *p, const char *wanted, int i)
{
  if (lua_type(k->L, i) == LUA_TNUMBER)
    ndL_error(k->L, "%s: %s must be %s, got %.14g", k->op->name, p->name,
              wanted, lua_tonumber(k->L, i));
  ndL_typeerror(k->L, k->op->name, p->name, wanted, i);
}

static void read_axes(call *k, const nd_param *p, int i, nd_attr *v)
{
  lua_State *L = k->L;
  if (ndL_towhole(L, i, &v->v[0])) {
    v->n = 1;
    return;
  }
  if (lua_type(L, i) != LUA_TTABLE)
    fail_attr(k, p, "an axis or a list of axes", i);
  const lua_Integer n = ndL_checklist(L, i, k->op->name);
  if (n > ND_MAX_RANK)
    ndL_error(L, "%s: at most %d axes, got %lld", k->op->name, ND_MAX_RANK,
              (long long)n);
  for (v->n = 0; v->n < n; v->n++) {
    lua_rawgeti(L, i, v->n + 1);
    if (!ndL_towhole(L, -1, &v->v[v->n]))
      fail_attr(k, p, "whole numbers", -1);
    lua_pop(L, 1);
  }
}

// One range: a position, {}, {first, last} or {first, last, step}.
static void read_range(call *k, const nd_param *p, nd_attr *v, int axis)
{
  lua_State *L = k->L;
  int64_t *r = v->v + 3 * axis;
  if (ndL_towhole(L, -1, &r[0])) {
    v->dropped |= (uint8_t)(1 << axis);
    r[1] = r[0];
    r[2] = 1;
    return;
  }
  if (lua_type(L, -1) != LUA_TTABLE)
    fail_attr(k, p, "positions or {first, last, step}", -1);
  const int range = lua_gettop(L);
  ndL_checkkeys(L, range, k->op->name);
  const int64_t n = (int64_t)lua_rawlen(L, range);
  if (n > 3)
    ndL_error(L, "%s: a range is {first, last, step}, got %lld values",
              k->op->name, (long long)n);
  r[2] = 1;
  lua_rawgeti(L, range, 3);
  if (!lua_isnil(L, -1) && !ndL_towhole(L, -1, &r[2]))
    fail_attr(k, p, "whole numbers", -1);
  lua_pop(L, 1);
  r[0] = r[2] > 0 ? 1 : -1;
  r[1] = r[2] > 0 ? -1 : 1;
  for (int j = 0; j < 2; j++) {
    lua_rawgeti(L, range, j + 1);
    if (!lua_isnil(L, -1) && !ndL_towhole(L, -1, &r[j]))
      fail_attr(k, p, "whole numbers", -1);
    lua_pop(L, 1);
  }
}

static void read_ranges(call *k, const nd_param *p, int i, nd_attr *v)
{
  lua_State *L = k->L;
  v->dropped = 0;
  if (lua_type(L, i) != LUA_TTABLE) {
    lua_pushvalue(L, i);
    read_range(k, p, v, 0);
    lua_pop(L, 1);
    v->n = 3;
    return;
  }
  const lua_Integer n = ndL_checklist(L, i, k->op->name);
  if (n > ND_MAX_RANK)
    ndL_error(L, "%s: at most %d ranges, got %lld", k->op->name, ND_MAX_RANK,
              (long long)n);
  for (int axis = 0; axis < (int)n; axis++) {
    lua_rawgeti(L, i, axis + 1);
    read_range(k, p, v, axis);
    lua_pop(L, 1);
  }
  v->n = (uint8_t)(3 * n);
}

static void read_attr(call *k, const nd_param *p, int i, nd_attr *v)
{
  lua_State *L = k->L;
  v->given = true;
  v->n = 0;
  switch (p->kind) {
  case ND_FLAG:
    if (!lua_isboolean(L, i))
      fail_attr(k, p, "true or false", i);
    v->integer = lua_toboolean(L, i);
    break;
  case ND_INTEGER:
  case ND_AXIS:
    if (!ndL_towhole(L, i, &v->integer))
      fail_attr(k, p, "a whole number", i);
    break;
  case ND_NUMBER:
    if (lua_type(L, i) != LUA_TNUMBER)
      fail_attr(k, p, "a number", i);
    v->number = lua_tonumber(L, i);
    break;
  case ND_WORD_DTYPE: v->integer = ndL_checkdtype(L, i, k->op->name); break;
  case ND_AXES: read_axes(k, p, i, v); break;
  case ND_SIZES: v->n = (uint8_t)ndL_checkshape(L, i, v->v, k->op->name); break;
  case ND_RANGES: read_ranges(k, p, i, v); break;
  default: break;
  }
}

// ---------------------------------------------------------------- tensors --

// The dtype that literals among the arguments take: that of the first tensor
// which shares the op's dtype, else that of the option `dtype`, else by their
// own looks.
static nd_dtype shared_dtype(call *k, int n)
{
  const nd_param *p = k->op->params;
  nd_dtype own = ND_DTYPES;
  for (int i = 0; i < n; i++, p++) {
    while (p->kind != ND_TENSOR)
      p++;
    if (p->dtypes != 0)
      continue;
    if (k->args.in[i] != NULL)
      return (nd_dtype)k->args.in[i]->dtype;
    const nd_dtype looks = ndL_literaltype(k->L, k->at[i]);
    if (own == ND_DTYPES || looks == ND_FLOAT32 ||
        (looks == ND_INT64 && own == ND_INT32))
      own = looks;
  }
  const nd_param *param;
  const int dtype = nd_op_attr(k->op, "dtype", &param);
  if (dtype >= 0 && param->initial != NULL && k->args.attr[dtype].given &&
      own != ND_DTYPES)
    return (nd_dtype)k->args.attr[dtype].integer;
  if (own != ND_DTYPES && !nd_dtype_in(own, k->op->dtypes) &&
      nd_dtype_in(own, ND_INTS) && nd_dtype_in(ND_FLOAT32, k->op->dtypes))
    return ND_FLOAT32;
  return own;
}

static nd_tensor *convert(call *k, const nd_param *p, int i, nd_dtype shared,
                          nd_tensor *scalar)
{
  nd_dtype dtype = p->dtypes != 0 ? ndL_literaltype(k->L, i) : shared;
  if (dtype == ND_FLOAT32 && p->dtypes == ND_INTS)
    dtype = ND_INT32;
  if (lua_type(k->L, i) == LUA_TTABLE)
    return ndL_pushliteral(k->L, k->S, i, dtype, k->op->name);
  ndL_setscalar(k->L, k->S, i, dtype, scalar, k->op->name);
  return scalar;
}

static void convert_literals(call *k, int n)
{
  const nd_dtype shared = shared_dtype(k, n);
  const nd_param *p = k->op->params;
  for (int i = 0; i < n; i++, p++) {
    while (p->kind != ND_TENSOR)
      p++;
    if (k->args.in[i] == NULL)
      k->args.in[i] = convert(k, p, k->at[i], shared, &k->scalars[i]);
  }
}

// Pushes the text of an initial value as the number that it is.
static int push_initial(call *k, const nd_param *p)
{
  if (p->initial == NULL)
    ndL_error(k->L, "%s: %s is missing: it must be a tensor", k->op->name,
              p->name);
  lua_stringtonumber(k->L, p->initial);
  return lua_gettop(k->L);
}

// Copies the list to a table of our own, so that nothing can take an element
// away during the call; literals become tensors there. Leaves it on the stack.
static void anchor_list(call *k, const nd_param *p, int i, lua_Integer n)
{
  lua_State *L = k->L;
  lua_createtable(L, (int)n, 0);
  const int own = lua_gettop(L);
  nd_dtype dtype = ND_DTYPES;
  for (lua_Integer j = 1; j <= n; j++) {
    lua_rawgeti(L, i, j);
    const nd_tensor *x = to_tensor(k, -1);
    if (x != NULL && dtype == ND_DTYPES)
      dtype = (nd_dtype)x->dtype;
    lua_rawseti(L, own, j);
  }
  if (dtype == ND_DTYPES)
    dtype = ndL_literaltype(L, own);
  for (lua_Integer j = 1; j <= n; j++) {
    lua_rawgeti(L, own, j);
    if (to_tensor(k, -1) == NULL) {
      ndL_checktensor(L, k->S, own + 1, dtype, k->op->name, p->name);
      lua_rawseti(L, own, j);
    }
    lua_settop(L, own);
  }
  k->list = own;
}

static void read_list(call *k, const nd_param *p, int i)
{
  lua_State *L = k->L;
  if (i == 0 || lua_type(L, i) != LUA_TTABLE)
    ndL_typeerror(L, k->op->name, p->name, "a list of tensors",
                  i == 0 ? lua_gettop(L) + 1 : i);
  const lua_Integer n = ndL_checklist(L, i, k->op->name);
  if (n > INT32_MAX / 16)
    ndL_error(L, "%s: too many tensors", k->op->name);
  k->args.n = (int)n;
  k->args.in = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof(nd_tensor *), 0);
  anchor_list(k, p, i, n);
}

// Reads the tensors once more, after the last allocation of the call: one may
// run a finalizer, and that may have given a variable another value.
static void read_again(call *k)
{
  for (int i = 0; i < k->args.n; i++) {
    if (k->list != 0) {
      lua_rawgeti(k->L, k->list, i + 1);
      k->args.in[i] = to_tensor(k, -1);
      lua_pop(k->L, 1);
    } else if (ndL_typeof(k->L, k->S, k->at[i]) == NDL_VARIABLE) {
      k->args.in[i] = to_tensor(k, k->at[i]);
    }
  }
}

// ------------------------------------------------------------------- call --

// Raises unless every option is a parameter that no position gives.
static void check_names(call *k)
{
  lua_State *L = k->L;
  for (lua_pushnil(L); lua_next(L, k->options);) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      ndL_error(L, "%s: a table mixes positions and names", k->op->name);
    const char *name = lua_tostring(L, -1);
    const nd_param *p = k->op->params;
    while (p->name != NULL && strcmp(p->name, name) != 0)
      p++;
    if (p->name == NULL)
      ndL_error(L, "%s: unknown option '%s'", k->op->name, name);
    const int position = (int)(p - k->op->params) + 1;
    if (position <= k->positions && !lua_isnil(L, position))
      ndL_error(L, "%s: %s is given twice", k->op->name, name);
  }
}

// Tells positions from options, and refuses too many of the former and wrong
// ones of the latter.
static void check_layout(call *k)
{
  const int top = k->top;
  k->options = top > 0 && ndL_isoptions(k->L, top) ? top : 0;
  k->positions = k->options != 0 ? top - 1 : top;
  int most = 0;
  while (k->op->params[most].name != NULL)
    most++;
  if (k->positions > most)
    ndL_error(k->L, "%s: takes at most %d argument%s, got %d", k->op->name,
              most, most == 1 ? "" : "s", k->positions);
  if (k->options != 0)
    check_names(k);
}

static void check_args(call *k)
{
  lua_State *L = k->L;
  check_layout(k);
  k->args.n = 0;
  k->args.in = k->args.few;
  nd_attr *attr = k->args.attr;
  nd_args_start(k->op, &k->args);
  bool loose = false;
  int position = 1;
  for (const nd_param *p = k->op->params; p->name != NULL; p++, position++) {
    int i = find_argument(k, p, position);
    if (p->kind == ND_TENSOR) {
      if (i == 0)
        i = push_initial(k, p);
      k->at[k->args.n] = i;
      k->args.few[k->args.n] = to_tensor(k, i);
      if (k->args.few[k->args.n] == NULL) {
        if (ndL_literaltype(L, i) == ND_DTYPES)
          ndL_typeerror(L, k->op->name, p->name, "a tensor", i);
        loose = true;
      }
      k->args.n++;
    } else if (p->kind == ND_TENSORS) {
      read_list(k, p, i);
    } else {
      if (i != 0)
        read_attr(k, p, i, attr);
      else if (p->initial == NULL)
        ndL_error(L, "%s: %s is missing", k->op->name, p->name);
      attr++;
    }
  }
  if (loose)
    convert_literals(k, k->args.n);
}

// The common call: as many tensors and numbers as the op takes, nothing else.
static bool check_few(call *k)
{
  lua_State *L = k->L;
  const int n = k->top;
  const nd_param *p = k->op->params;
  if (k->op->attrs > 0 || n == 0 || n > 2 || p[n - 1].name == NULL ||
      p[n].name != NULL || p[0].kind != ND_TENSOR || p[0].dtypes != 0 ||
      p[n - 1].dtypes != 0)
    return false;
  k->args.n = n;
  k->args.in = k->args.few;
  int literal = -1;
  for (int i = 0; i < n; i++) {
    k->at[i] = i + 1;
    k->args.few[i] = to_tensor(k, i + 1);
    if (k->args.few[i] != NULL)
      continue;
    if (lua_type(L, i + 1) != LUA_TNUMBER || literal >= 0 || n == 1)
      return false;
    literal = i;
  }
  if (literal < 0)
    return true;
  const nd_dtype dtype = (nd_dtype)k->args.few[1 - literal]->dtype;
  nd_tensor *scalar = k->args.few[literal] = &k->scalars[literal];
  if (nd_dtype_in(dtype, ND_FLOATS))
    nd_scalar_set(k->S->context, scalar, dtype, lua_tonumber(L, literal + 1));
  else
    ndL_setscalar(L, k->S, literal + 1, dtype, scalar, k->op->name);
  return true;
}

// Upvalue 1 is the state, 2 the op, 3 the metatable of scalars. The box comes
// before the arguments are read: making it is the last allocation that a plain
// call does, so nothing can change between reading them and applying the op.
static int op_call(lua_State *L)
{
  call k;
  k.L = L;
  k.S = ndL_upstate(L);
  k.op = lua_touserdata(L, lua_upvalueindex(2));
  k.top = lua_gettop(L);
  k.list = 0;
  ndL_pace(L, k.S);
  ndL_box *box = ndL_newbox(L);
  if (!check_few(&k)) {
    check_args(&k);
    read_again(&k);
  }
  nd_tensor *out = nd_apply_at(k.S->context, k.op, &k.args, &box->value);
  if (out == NULL && nd_error_code(k.S->context) == ND_NO_MEMORY) {
    nd_error_clear(k.S->context);
    ndL_collect(L, k.S);
    read_again(&k);
    out = nd_apply(k.S->context, k.op, &k.args);
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
  static const char *const kinds[] = { "tensor", "tensors", "flag", "integer",
                                       "number", "dtype",   "axis", "axes",
                                       "shape",  "ranges" };
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
  for (int i = 0; nd_op_at(i) != NULL; i++) {
    push_entry(L, nd_op_at(i));
    lua_rawseti(L, -2, i + 1);
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
  for (int i = 0; nd_op_at(i) != NULL; i++)
    add_op(L, S, nd_op_at(i));
  lua_pushcfunction(L, ops_list);
  lua_setfield(L, -2, "ops");
}
