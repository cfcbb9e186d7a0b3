// lua/box.c: tensors into Lua values and back.

#include "lua/box.h"

#include "lua/error.h"
#include "lua/pace.h"

ndL_box *ndL_newbox(lua_State *L)
{
  ndL_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->tensor = NULL;
  return box;
}

// `x` is the box's own scalar, or a reference that the box takes.
void ndL_fill(lua_State *L, ndL_state *S, ndL_box *box, nd_tensor *x)
{
  const ndL_type type = x->rank == 0 ? NDL_SCALAR : NDL_TENSOR;
  box->tensor = x;
  if (x->rank == 0 && x != &box->value) {
    nd_scalar_copy(&box->value, x);
    box->tensor = &box->value;
    nd_tensor_release(x);
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, S->metatables[type]);
  lua_setmetatable(L, -2);
}

int ndL_result(lua_State *L, ndL_state *S, ndL_box *box, nd_tensor *x)
{
  if (x == NULL)
    return ndL_raise(L, S);
  ndL_fill(L, S, box, x);
  return 1;
}

// The metatable of the userdata at `i`, NULL if it has none; *p its address.
static const void *look_at(lua_State *L, int i, void **p)
{
  *p = lua_touserdata(L, i);
  if (*p == NULL || !lua_getmetatable(L, i))
    return NULL;
  const void *mt = lua_topointer(L, -1);
  lua_pop(L, 1);
  return mt;
}

// The tensor at `i`, borrowed; for a variable NULL, and *v is set.
static nd_tensor *find(lua_State *L, const ndL_state *S, int i, nd_variable **v)
{
  void *p;
  const void *mt = look_at(L, i, &p);
  *v = NULL;
  if (mt == NULL)
    return NULL;
  if (mt == S->metatables[NDL_SCALAR] || mt == S->metatables[NDL_TENSOR])
    return ((ndL_box *)p)->tensor;
  if (mt == S->metatables[NDL_VARIABLE])
    *v = *(nd_variable **)p;
  return NULL;
}

// Notes the read.
static nd_tensor *read(lua_State *L, ndL_state *S, nd_variable *v)
{
  nd_tensor *x = nd_variable_use(v);
  if (x == NULL && ndL_retry(L, S))
    x = nd_variable_use(v);
  if (x == NULL)
    ndL_raise(L, S);
  return x;
}

nd_tensor *ndL_borrow(lua_State *L, ndL_state *S, int i)
{
  nd_variable *v;
  nd_tensor *x = find(L, S, i, &v);
  return v != NULL ? read(L, S, v) : x;
}

nd_tensor *ndL_hold(lua_State *L, ndL_state *S, int i, bool noted)
{
  nd_variable *v;
  nd_tensor *x = find(L, S, i, &v);
  if (v == NULL)
    return x;
  i = lua_absindex(L, i);
  ndL_box *box = ndL_newbox(L);
  ndL_fill(L, S, box, nd_tensor_keep(noted ? read(L, S, v) : v->value));
  lua_replace(L, i);
  return box->tensor;
}

nd_tensor *ndL_peek(lua_State *L, ndL_state *S, int i)
{
  nd_variable *v;
  nd_tensor *x = find(L, S, i, &v);
  return v != NULL ? v->value : x;
}

nd_variable *ndL_tovariable(lua_State *L, ndL_state *S, int i)
{
  if (ndL_typeof(L, S, i) != NDL_VARIABLE)
    return NULL;
  return *(nd_variable **)lua_touserdata(L, i);
}
