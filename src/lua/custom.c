// lua/custom.c: nd.custom_gradient: a script's function as the derivative of
// another. Who holds these functions: lua/custom.md.

#include "lua/custom.h"

#include <lauxlib.h>

#include "base/recorder.h"
#include "lua/box.h"
#include "lua/class_variable.h"
#include "lua/called.h"
#include "lua/error.h"
#include "lua/flat.h"
#include "lua/guard.h"
#include "lua/nested.h"
#include "lua/pace.h"
#include "lua/signature.h"
#include "lua/values.h"

static const char NAME[] = "custom_gradient";

// ---------------------------------------------------------------- forward --

// A call in progress: while the script's function runs this listens, and nobody
// else does.
typedef struct progress {
  nd_recorder recorder, rest;
  nd_context *context;
  size_t count, room;
  nd_variable **variables;  // trainable ones, references, each once
  ndL_called *f;
} progress;

static bool hear_op(nd_recorder *r, const nd_job *j)
{
  return true;
}

static bool watch_nothing(const nd_recorder *r, const nd_tensor *x)
{
  return false;
}

static bool has_variable(const progress *p, const nd_variable *v)
{
  for (size_t i = 0; i < p->count; i++) {
    if (p->variables[i] == v)
      return true;
  }
  return false;
}

static bool hear_read(nd_recorder *r, nd_variable *v)
{
  progress *p = (progress *)r;
  if (!v->trainable || has_variable(p, v))
    return true;
  if (p->count == p->room) {
    const size_t room = p->room ? 2 * p->room : 8, width = sizeof v;
    nd_variable **bigger = nd_memory_resize(p->context, p->variables,
                                            p->room * width, room * width,
                                            ND_MEMORY_OBJECT);
    if (bigger == NULL)
      return false;
    p->variables = bigger;
    p->room = room;
  }
  p->variables[p->count++] = nd_variable_retain(v);
  return true;
}

static int progress_close(lua_State *L)
{
  progress *p = ndL_checkself(L, NDL_CUSTOM, "close");
  for (size_t i = 0; i < p->count; i++)
    nd_variable_release(p->variables[i]);
  nd_memory_free(p->context, p->variables, p->room * sizeof *p->variables,
                 ND_MEMORY_OBJECT);
  if (p->f != NULL)
    nd_closure_release(&p->f->rule.closure);
  *p = (progress){ .context = p->context };
  return 0;
}

static progress *push_progress(lua_State *L, ndL_state *S)
{
  progress *p = ndL_newobject(L, S, NDL_CUSTOM, sizeof *p, 0);
  *p = (progress){ .recorder = { .applied = hear_op,
                                 .read = hear_read,
                                 .watches = watch_nothing },
                   .context = S->context };
  lua_toclose(L, -1);
  return p;
}

// Calls the function and its arguments on top of the stack, heard by `p` alone.
static void call_unheard(lua_State *L, progress *p, int n)
{
  nd_context *c = p->context;
  nd_recorders_part(c, nd_recorders_first(c), &p->rest);
  nd_recorder_enter(c, &p->recorder);
  const int status = lua_pcall(L, n, LUA_MULTRET, 0);
  nd_recorder_leave(&p->recorder);
  nd_recorders_move(&c->strand.recorders, &p->rest);
  if (status != LUA_OK)
    lua_error(L);
  luaL_checkstack(L, LUA_MINSTACK, NAME);  // the results may fill it
}

// ------------------------------------------------------------------ shapes --

// Pushes what stands for the argument at `i`: the number of a tensor among the
// inputs, a table of such with the argument's keys, or false. Tensors go to the
// list at `inputs`.
static void push_shape(lua_State *L, ndL_state *S, int i, int inputs, int depth)
{
  if (ndL_peek(L, S, i) != NULL) {
    const lua_Integer n = (lua_Integer)lua_rawlen(L, inputs) + 1;
    lua_pushvalue(L, i);
    lua_rawseti(L, inputs, n);
    lua_pushinteger(L, n);
    return;
  }
  if (lua_type(L, i) != LUA_TTABLE) {
    lua_pushboolean(L, 0);
    return;
  }
  ndL_checknested(L, i, NAME, "an argument", depth);
  luaL_checkstack(L, 6, NAME);
  lua_newtable(L);
  ndL_pushkeys(L, i);
  const int keys = lua_gettop(L);
  for (lua_Unsigned k = 1; k <= lua_rawlen(L, keys); k++) {
    lua_rawgeti(L, keys, (lua_Integer)k);
    lua_pushvalue(L, -1);
    lua_rawget(L, i);
    push_shape(L, S, keys + 2, inputs, depth + 1);
    lua_replace(L, keys + 2);
    lua_rawset(L, keys - 1);
  }
  lua_settop(L, keys - 1);
}

// ----------------------------------------------------------------- calling --

// Pushes the list of what stands for the `n` arguments, and before it the list
// of the tensors among them.
static void push_shapes(lua_State *L, ndL_state *S, int n)
{
  luaL_checkstack(L, n + 16, NAME);
  lua_newtable(L);
  lua_createtable(L, n, 0);
  for (int i = 1; i <= n; i++) {
    push_shape(L, S, i, n + 1, 0);
    lua_rawseti(L, n + 2, i);
  }
}

static void check_results(lua_State *L, ndL_state *S, int value)
{
  if (lua_gettop(L) != value + 1 || lua_type(L, value + 1) != LUA_TFUNCTION)
    ndL_error(L,
              "%s: the function must return a value, or a list of them, and "
              "then the function that gives the gradients",
              NAME);
  if (ndL_peek(L, S, value) != NULL || lua_type(L, value) == LUA_TTABLE)
    return;
  ndL_checktensor(L, S, value, ND_DTYPES, NAME, "the value");
  lua_replace(L, value);
}

static bool is_input(lua_State *L, ndL_state *S, int inputs,
                     const nd_variable *v)
{
  bool found = false;
  for (lua_Unsigned k = 1; k <= lua_rawlen(L, inputs) && !found; k++) {
    lua_rawgeti(L, inputs, (lua_Integer)k);
    found = ndL_tovariable(L, S, -1) == v;
    lua_pop(L, 1);
  }
  return found;
}

// Pushes the list of the variables that were read and are no arguments, or
// false; they become inputs.
static void push_variables(lua_State *L, ndL_state *S, const progress *p,
                           int inputs)
{
  lua_newtable(L);
  const int list = lua_gettop(L);
  for (size_t i = 0; i < p->count; i++) {
    if (is_input(L, S, inputs, p->variables[i]))
      continue;
    ndL_restorevariable(L, S, p->variables[i]);
    lua_pushvalue(L, -1);
    lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
    lua_rawseti(L, inputs, (lua_Integer)lua_rawlen(L, inputs) + 1);
  }
  if (lua_rawlen(L, list) == 0) {
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
  }
}

// Pushes what is kept of the call, given where its parts are.
static void push_call(lua_State *L, ndL_state *S, const progress *p, int inputs,
                      int gradient)
{
  lua_createtable(L, 3, 0);
  lua_pushvalue(L, gradient);
  lua_rawseti(L, -2, NDL_GRADIENT);
  lua_pushvalue(L, inputs + 1);
  lua_rawseti(L, -2, NDL_SHAPES);
  push_variables(L, S, p, inputs);
  lua_rawseti(L, -2, NDL_VARIABLES);
}

// Notes that the variables among the inputs are read. What is lent here may go
// at the next read, so all are looked at again.
static void note_reads(lua_State *L, ndL_state *S, int inputs, int n)
{
  for (int k = 1; k <= n; k++) {
    lua_rawgeti(L, inputs, k);
    ndL_borrow(L, S, -1);
    lua_pop(L, 1);
  }
}

// Reads what the list at this index has, up to the next allocation.
static void peek_all(lua_State *L, ndL_state *S, int list, ndL_flat *f)
{
  f->list = list;
  f->function = NAME;
  ndL_gather(L, S, f);
}

// A call whose function has returned, as the core is to know it.
typedef struct finished {
  ndL_called *f;
  int inputs;  // index of the list of them
  ndL_flat in, values, out;
} finished;

// Where tangents are wanted this calls the script, which may assign to the
// variables among the inputs.
static bool apply_once(lua_State *L, ndL_state *S, finished *e)
{
  const int n = e->in.n;
  nd_tensor **in = e->in.at;
  bool ok = true;
  peek_all(L, S, e->inputs, &e->in);
  ndL_gather(L, S, &e->values);
  for (int k = 0; k < n; k++) {
    in[k] = nd_tensor_keep(in[k]);
    ok = ok && in[k] != NULL;
  }
  void *before = ndL_enter(L, S);
  ok = ok && nd_custom_apply(S->context, &e->f->rule, n, in, e->values.n,
                             e->values.at, e->out.at);
  ndL_leave(S, before);
  for (int k = 0; k < n; k++)
    nd_tensor_release(in[k]);
  return ok;
}

// Puts the outputs in the boxes, and has the tapes hold what they recorded.
static void apply(lua_State *L, ndL_state *S, finished *e, int call, int boxes)
{
  if (!apply_once(L, S, e) && !(ndL_retry(L, S) && apply_once(L, S, e)))
    ndL_raise(L, S);
  ndL_fillboxes(L, S, &e->values, e->out.at, boxes, false);
  ndL_peekboxes(L, S, boxes, &e->out);
  ndL_holdcall(L, S, e->f, call, e->out.n, e->out.at);
  ndL_dropstrays(L, S);
}

// The function with a derivative of its own: upvalue 2 is the script's.
static int custom_call(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  const int n = lua_gettop(L), inputs = n + 1, value = n + 4;
  finished e = { .inputs = inputs };
  ndL_dropstrays(L, S);
  push_shapes(L, S, n);
  progress *p = push_progress(L, S);
  lua_pushvalue(L, lua_upvalueindex(2));
  for (int i = 1; i <= n; i++)
    lua_pushvalue(L, i);
  call_unheard(L, p, n);
  check_results(L, S, value);
  ndL_flatten(L, S, value, NAME, "the value", &e.values);
  ndL_makeroom(L, &e.out, e.values.n);
  const int boxes = ndL_pushboxes(L, S, e.values.n);
  push_call(L, S, p, inputs, value + 1);
  const int call = lua_gettop(L);
  ndL_makeroom(L, &e.in, (int)lua_rawlen(L, inputs));
  e.f = p->f = ndL_makecalled(L, S, call);
  note_reads(L, S, inputs, e.in.n);
  apply(L, S, &e, call, boxes);
  ndL_pushlike(L, S, &e.values, boxes);
  return 1;
}

static const nd_param params[] = {
  { "f", ND_FUNCTION,
    .doc = "returns a value, or a list of them, and then the function that "
           "gives the gradients of its arguments, given those of its values" },
  { NULL },
};

static int custom_gradient(lua_State *L)
{
  ndL_arguments a;
  ndL_state *S = ndL_upstate(L);
  ndL_read(L, S, &a, 1);
  lua_pushlightuserdata(L, S);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, custom_call, 2);
  return 1;
}

// -------------------------------------------------------------------- open --

void ndL_open_custom(lua_State *L)
{
  static const ndL_function functions[] = {
    { NAME, custom_gradient, params,
      "computes as f does, with a derivative that f gives" },
    { NULL },
  };
  static const luaL_Reg metamethods[] = {
    { "__close", progress_close },
    { "__gc", progress_close },
    { NULL, NULL },
  };
  ndL_state *S = ndL_getstate(L);
  ndL_bind(L, "nd.", functions);
  ndL_newmetatable(L, S, NDL_CUSTOM, NAME);
  ndL_setplain(L, metamethods);
  lua_pop(L, 1);
  ndL_open_called(L);
}
