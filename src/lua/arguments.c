// lua/arguments.c: brings a call's arguments, positional or by name in a last
// table, to what the op's entry asks for. Literals become tensors when the
// dtype of the others is known.

#include "lua/arguments.h"

static nd_tensor *to_tensor(ndL_call *k, int i)
{
  return ndL_borrow(k->L, k->S, i);
}

// ---------------------------------------------------------------- tensors --

// The dtype that literals among the arguments take: that of the first tensor
// which shares the op's dtype, else that of the option `dtype`, else by their
// own looks.
static nd_dtype shared_dtype(ndL_call *k, int n)
{
  const nd_param *p = k->op->params;
  nd_dtype own = ND_DTYPES;
  for (int i = 0; i < n; i++, p++) {
    while (!nd_param_is_tensor(p))
      p++;
    if (p->dtypes != 0 || k->at[i] == 0)
      continue;
    if (k->in[i] != NULL)
      return (nd_dtype)k->in[i]->dtype;
    const nd_dtype looks = ndL_literaltype(k->L, k->at[i]);
    if (own == ND_DTYPES || looks == ND_FLOAT32 ||
        (looks == ND_INT64 && own == ND_INT32))
      own = looks;
  }
  const nd_param *param;
  const int dtype = nd_op_attr(k->op, "dtype", &param);
  if (dtype >= 0 && param->initial != NULL && k->attr[dtype].given &&
      own != ND_DTYPES)
    return (nd_dtype)k->attr[dtype].integer;
  if (own != ND_DTYPES && !nd_dtype_in(own, k->op->dtypes) &&
      nd_dtype_in(own, ND_INTS) && nd_dtype_in(ND_FLOAT32, k->op->dtypes))
    return ND_FLOAT32;
  return own;
}

static nd_tensor *convert(ndL_call *k, const nd_param *p, int i,
                          nd_dtype shared, nd_tensor *scalar)
{
  nd_dtype dtype = p->dtypes != 0 ? ndL_literaltype(k->L, i) : shared;
  if (dtype == ND_FLOAT32 && p->dtypes == ND_INTS)
    dtype = ND_INT32;
  if (lua_type(k->L, i) == LUA_TTABLE)
    return ndL_pushliteral(k->L, k->S, i, dtype, k->op->name);
  ndL_setscalar(k->L, k->S, i, dtype, scalar, k->op->name);
  return scalar;
}

static void convert_literals(ndL_call *k, int n)
{
  const nd_dtype shared = shared_dtype(k, n);
  const nd_param *p = k->op->params;
  for (int i = 0; i < n; i++, p++) {
    while (!nd_param_is_tensor(p))
      p++;
    if (k->in[i] == NULL && k->at[i] != 0)
      k->in[i] = convert(k, p, k->at[i], shared, &k->scalars[i]);
  }
}

// Pushes the text of an initial value as the number that it is; 0 if a tensor
// may be left out.
static int push_initial(ndL_call *k, const nd_param *p)
{
  if (p->initial == NULL)
    ndL_failattr(&k->reader, p, lua_gettop(k->L) + 1);
  if (nd_param_may_lack(p))
    return 0;
  lua_stringtonumber(k->L, p->initial);
  return lua_gettop(k->L);
}

// Pushes the function of an object at `i` that takes the calls of ops, if it is
// one that has it.
static bool push_taker(lua_State *L, int i)
{
  return lua_type(L, i) == LUA_TTABLE &&
         luaL_getmetafield(L, i, "__apply") != LUA_TNIL;
}

// Copies the list to a table of our own, so that nothing can take an element
// away during the call; literals become tensors there. Leaves it on the stack.
// True if what takes the call is there instead.
static bool anchor_list(ndL_call *k, const nd_param *p, int i, lua_Integer n)
{
  lua_State *L = k->L;
  lua_createtable(L, (int)n, 0);
  const int own = lua_gettop(L);
  nd_dtype dtype = ND_DTYPES;
  for (lua_Integer j = 1; j <= n; j++) {
    lua_rawgeti(L, i, j);
    const nd_tensor *x = to_tensor(k, -1);
    if (x == NULL && push_taker(L, -1))
      return true;
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
  return false;
}

static bool read_list(ndL_call *k, const nd_param *p, int i)
{
  lua_State *L = k->L;
  if (i == 0 || lua_type(L, i) != LUA_TTABLE)
    ndL_failattr(&k->reader, p, i == 0 ? lua_gettop(L) + 1 : i);
  const lua_Integer n = ndL_checklist(L, i, k->op->name);
  if (n > INT32_MAX / 16)
    ndL_error(L, "%s: too many tensors", k->op->name);
  k->n = (int)n;
  k->in = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof(nd_tensor *), 0);
  return anchor_list(k, p, i, n);
}

// The parameter that tensor `i` is for.
static const nd_param *param_of(const ndL_call *k, int i)
{
  const nd_param *p = k->op->params;
  while (!nd_param_is_tensor(p) || (p->kind == ND_TENSOR && i-- > 0))
    p++;
  return p;
}

// Raises that tensor `i`, at that stack index, is none any more.
static void fail_released(ndL_call *k, int i, int index)
{
  k->reader = (ndL_reader){ .L = k->L, .S = k->S, .function = k->op->name };
  ndL_failattr(&k->reader, param_of(k, i), index);
}

// Reads tensor `i`, at that stack index, unless a literal is there.
static void read_tensor(ndL_call *k, int i, int index)
{
  void *object;
  const ndL_type type = ndL_look(k->L, k->S, index, &object);
  if (!ndL_istensor(type))
    return;
  k->in[i] = type == NDL_VARIABLE ? to_tensor(k, index)
                                  : ((ndL_box *)object)->tensor;
  if (k->in[i] == NULL)
    fail_released(k, i, index);
}

void ndL_readagain(ndL_call *k)
{
  for (int i = 0; i < k->n; i++) {
    if (k->list == 0) {
      if (k->at[i] != 0)
        read_tensor(k, i, k->at[i]);
      continue;
    }
    lua_rawgeti(k->L, k->list, i + 1);
    read_tensor(k, i, lua_gettop(k->L));
    lua_pop(k->L, 1);
  }
}

// ------------------------------------------------------------------- call --

// True if what takes the call is on the stack. Apart, so that the common call
// saves no registers for it.
__attribute__((noinline)) static bool check_args(ndL_call *k)
{
  lua_State *L = k->L;
  ndL_reader *r = &k->reader;
  r->L = L;
  r->S = k->S;
  r->function = k->op->name;
  r->params = k->op->params;
  r->first = 1;
  r->top = k->top;
  r->listed = 0;
  ndL_layout(r);
  k->n = 0;
  k->in = k->few;
  const nd_value *initial = k->bound->initial;
  nd_value *attr = k->values;
  k->attr = attr;
  bool loose = false;
  int position = 0;
  for (const nd_param *p = k->op->params; p->name != NULL; p++, position++) {
    int i = ndL_argument(r, position);
    if (p->kind == ND_TENSOR) {
      if (i == 0)
        i = push_initial(k, p);
      k->at[k->n] = i;
      k->few[k->n] = i == 0 ? NULL : to_tensor(k, i);
      if (i != 0 && k->few[k->n] == NULL) {
        if (push_taker(L, i))
          return true;
        if (ndL_literaltype(L, i) == ND_DTYPES)
          ndL_failattr(r, p, i);
        loose = true;
      }
      k->n++;
    } else if (p->kind == ND_TENSORS) {
      if (read_list(k, p, i))
        return true;
    } else {
      if (i != 0)
        ndL_readattr(r, p, i, attr);
      else if (p->initial != NULL)
        *attr = *initial;
      else
        ndL_failattr(r, p, lua_gettop(L) + 1);
      attr++;
      initial++;
    }
  }
  while (k->list == 0 && k->n > 0 && k->at[k->n - 1] == 0)
    k->n--;
  if (loose)
    convert_literals(k, k->n);
  return false;
}

// The short call: the tensors that the op takes or, for one of two, a number.
static bool check_few(ndL_call *k)
{
  lua_State *L = k->L;
  const int n = k->top;
  if (n == 0 || n != k->bound->tensors)
    return false;
  k->n = n;
  k->in = k->few;
  k->attr = k->bound->initial;
  int literal = -1;
  for (int i = 0; i < n; i++) {
    void *object;
    k->at[i] = i + 1;
    if (ndL_look(L, k->S, i + 1, &object) <= NDL_TENSOR)
      k->few[i] = ((ndL_box *)object)->tensor;
    else
      k->few[i] = to_tensor(k, i + 1);
    if (k->few[i] != NULL)
      continue;
    if (n != 2 || !k->bound->alike || literal >= 0 ||
        lua_type(L, i + 1) != LUA_TNUMBER)
      return false;
    literal = i;
  }
  if (literal < 0)
    return true;
  const nd_dtype dtype = (nd_dtype)k->few[1 - literal]->dtype;
  nd_tensor *scalar = k->few[literal] = &k->scalars[literal];
  if (nd_dtype_in(dtype, ND_FLOATS))
    nd_scalar_set(k->S->context, scalar, dtype, lua_tonumber(L, literal + 1));
  else
    ndL_setscalar(L, k->S, literal + 1, dtype, scalar, k->op->name);
  return true;
}

// Whether tensors alone can make up a call: these come first, and attributes
// have initial values.
static void see_short_call(ndL_bound *b)
{
  bool shorts = true;
  int attributes = 0;
  b->alike = true;
  for (const nd_param *p = b->op->params; p->name != NULL; p++) {
    const bool is_attribute = !nd_param_is_tensor(p);
    attributes += is_attribute;
    b->tensors += !is_attribute;
    b->alike = b->alike && p->dtypes == 0;
    shorts = shorts && p->kind != ND_TENSORS &&
             (is_attribute ? p->initial != NULL : attributes == 0);
  }
  if (!shorts || b->tensors > ND_FEW)
    b->tensors = 0;
}

void ndL_pushbound(lua_State *L, ndL_state *S, const nd_op *op)
{
  const size_t bytes = sizeof(ndL_bound) + op->attrs * sizeof(nd_value);
  ndL_bound *b = lua_newuserdatauv(L, bytes, 0);
  *b = (ndL_bound){ .S = S, .op = op };
  nd_values_start(op, b->initial);
  see_short_call(b);
}

// What allocates on the way leaves what it made on the stack, but for
// collections.
ndL_read ndL_checkargs(ndL_call *k)
{
  const unsigned before = k->S->collections;
  ndL_read read = NDL_READ;
  if (!check_few(k)) {
    const int top = lua_gettop(k->L);
    if (check_args(k))
      return NDL_TAKEN;
    read = lua_gettop(k->L) != top ? NDL_READ_MORE : NDL_READ;
  }
  if (read || k->S->collections != before)
    ndL_readagain(k);
  return read;
}
