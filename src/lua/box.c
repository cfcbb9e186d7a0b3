// lua/box.c: tensors into Lua values and back.

#include "lua/box.h"

#include "lua/error.h"
#include "lua/heap.h"
#include "lua/pace.h"
#include "lua/scope.h"

// What lies in the memory of a box.
typedef struct memory {
  ndL_object object;
  ndL_box box;
} memory;

static void drop(void *state, void *bytes)
{
  memory *m = bytes;
  ndL_state *S = state;
  if (S == NULL || m->object - S->mark != NDL_TAPE)
    nd_tensor_release(m->box.tensor);
  else if (m->box.taped.tape != NULL)
    ndL_taped_drop(S, &m->box.taped);
}

// Boxes go when the state has ended, but they have no tapes then.
static void end(ndL_state *S)
{
  ndL_taped_free_all(S);
  S->heap->owner = NULL;
}

bool ndL_startboxes(lua_State *L, ndL_state *S)
{
  S->heap = S->boxes = ndL_heapof(L);
  if (S->heap != NULL) {
    S->end = end;
    ndL_heap_startboxes(L, S->heap, sizeof(memory), drop, S);
  }
  return S->heap != NULL;
}

// In a stock Lua, or while scopes note what is made.
__attribute__((noinline)) static memory *new_noted(lua_State *L,
                                                   const ndL_state *S)
{
  memory *m = S->heap != NULL ? ndL_heap_newbox(L, S->heap, sizeof *m)
                              : lua_newuserdatauv(L, sizeof *m, 0);
  m->object = 0;
  m->box.tensor = NULL;
  ndL_scope_note(L, S);
  return m;
}

ndL_box *ndL_newbox(lua_State *L, const ndL_state *S)
{
  memory *m = S->boxes != NULL ? ndL_heap_newbox(L, S->boxes, sizeof *m)
                               : new_noted(L, S);
  m->object = 0;
  m->box.tensor = NULL;
  return &m->box;
}

// `x` is the box's own scalar, or a reference that the box takes. A scalar that
// waits is not to be copied.
ndL_type ndL_adopt(ndL_state *S, ndL_box *box, nd_tensor *x)
{
  const bool is_scalar = x->rank == 0 && !x->waits;
  const ndL_type type = is_scalar ? NDL_SCALAR : NDL_TENSOR;
  box->tensor = x;
  if (is_scalar && x != &box->value) {
    nd_scalar_copy(&box->value, x);
    box->tensor = &box->value;
    nd_tensor_release(x);
  }
  ndL_mark(S, box, type);
  return type;
}

void ndL_fill(lua_State *L, ndL_state *S, ndL_box *box, nd_tensor *x)
{
  ndL_settype(L, S, box, ndL_adopt(S, box, x));
}

void ndL_fillat(lua_State *L, ndL_state *S, int i, nd_tensor *x)
{
  ndL_box *box = ndL_boxat(L, i);
  const ndL_type type = ndL_adopt(S, box, x);
  ndL_pushmetatable(L, S, type);
  lua_setmetatable(L, i);
}

void ndL_releasebox(const ndL_state *S, ndL_box *box, ndL_type released)
{
  nd_tensor *x = box->tensor;
  box->tensor = NULL;
  ndL_mark(S, box, released);
  nd_tensor_release(x);
}

ndL_box *ndL_boxat(lua_State *L, int i)
{
  memory *m = lua_touserdata(L, i);
  return m == NULL ? NULL : &m->box;
}

int ndL_result(lua_State *L, ndL_state *S, ndL_box *box, nd_tensor *x)
{
  if (x == NULL)
    return ndL_raise(L, S);
  ndL_fill(L, S, box, x);
  return 1;
}

// The tensor at `i`, borrowed; for a variable NULL, and *v is set.
static inline nd_tensor *find(lua_State *L, const ndL_state *S, int i,
                              nd_variable **v)
{
  void *object = NULL;
  const ndL_type type = ndL_look(L, S, i, &object);
  *v = type == NDL_VARIABLE ? *(nd_variable **)object : NULL;
  return type <= NDL_TENSOR ? ((ndL_box *)object)->tensor : NULL;
}

// Notes the read.
static nd_tensor *read(lua_State *L, ndL_state *S, nd_variable *v)
{
  S->reads = true;
  void *before = ndL_enter(L, S);
  nd_tensor *x = nd_variable_use(v);
  ndL_leave(S, before);
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

// A reference of `x`, or its copy in the box.
static nd_tensor *share(ndL_box *box, nd_tensor *x)
{
  if (x->refs > 0)
    return nd_tensor_keep(x);
  nd_scalar_copy(&box->value, x);
  return &box->value;
}

nd_tensor *ndL_hold(lua_State *L, ndL_state *S, int i, bool noted)
{
  nd_variable *v;
  if (find(L, S, i, &v) == NULL && v == NULL)
    return NULL;
  i = lua_absindex(L, i);
  ndL_box *box = ndL_newbox(L, S);
  nd_tensor *x = find(L, S, i, &v);
  if (v != NULL)
    x = noted ? read(L, S, v) : v->value;
  if (x != NULL) {
    ndL_fill(L, S, box, share(box, x));
    lua_replace(L, i);
  } else {
    lua_pop(L, 1);  // released meanwhile
  }
  return x != NULL ? box->tensor : NULL;
}

nd_tensor *ndL_peek(lua_State *L, ndL_state *S, int i)
{
  nd_variable *v;
  nd_tensor *x = find(L, S, i, &v);
  return v != NULL ? v->value : x;
}

void ndL_force(lua_State *L, ndL_state *S, nd_tensor *x)
{
  if (!nd_force(x) && !(ndL_retry(L, S) && nd_force(x)))
    ndL_raise(L, S);
}

nd_tensor *ndL_ready(lua_State *L, ndL_state *S, int i)
{
  nd_tensor *x = ndL_peek(L, S, i);
  if (x == NULL || !x->waits)
    return x;
  x = ndL_hold(L, S, i, false);
  if (x != NULL)
    ndL_force(L, S, x);
  return x;
}

nd_variable *ndL_tovariable(lua_State *L, ndL_state *S, int i)
{
  nd_variable **box = ndL_toobject(L, S, i, NDL_VARIABLE);
  return box == NULL ? NULL : *box;
}
