// lua/called.c: one call of a function with a gradient of its own, as the core
// keeps it.

#include "lua/called.h"

#include <lauxlib.h>

#include "lua/box.h"
#include "lua/callback.h"
#include "lua/class_tape.h"
#include "lua/error.h"
#include "lua/pace.h"
#include "lua/registry.h"
#include "lua/values.h"

static const char NAME[] = "custom_gradient";

static const char CALLS_KEY = 0;   // weak: what is kept of calls, by number
static const char STRAYS_KEY = 0;  // those that tapes of hosts keep, by number

// ---------------------------------------------------------------- backward --

// A call of the script's function, as the core asks for it.
typedef struct asked {
  ndL_called *f;
  const nd_job *job;
  nd_tensor *const *g;
  const bool *wanted;
  nd_tensor **gx;
} asked;

static void take_gradient(lua_State *L, ndL_state *S, const asked *a, int i,
                          int input)
{
  const nd_tensor *x = a->job->in[input];
  if (!lua_toboolean(L, i) || !a->wanted[input])
    return;
  nd_tensor *g = ndL_checktensor(L, S, i, (nd_dtype)x->dtype, NAME,
                                 "a gradient");
  a->gx[input] = nd_tensor_keep(g);
  if (a->gx[input] == NULL)
    ndL_raise(L, S);
}

// Takes the gradients at `i` for the inputs that the shape at `shape` has.
static void take_shaped(lua_State *L, ndL_state *S, const asked *a, int i,
                        int shape)
{
  if (lua_isinteger(L, shape)) {
    take_gradient(L, S, a, i, (int)lua_tointeger(L, shape) - 1);
    return;
  }
  if (lua_type(L, shape) != LUA_TTABLE || !lua_toboolean(L, i))
    return;
  if (lua_type(L, i) != LUA_TTABLE)
    ndL_typeerror(L, NAME, "the gradient of a table", "a table", i);
  luaL_checkstack(L, 6, NAME);
  const int top = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, shape)) {  // any order
    lua_pushvalue(L, top + 1);
    lua_gettable(L, i);
    take_shaped(L, S, a, top + 3, top + 2);
    lua_settop(L, top + 1);
  }
}

static void take_variables(lua_State *L, ndL_state *S, const asked *a, int i,
                           int first)
{
  const int n = a->job->n - first;
  if (n == 0)
    return;
  const int given = lua_type(L, i) == LUA_TTABLE ? (int)lua_rawlen(L, i) : 0;
  if (given != n)
    ndL_error(L,
              "%s: %d gradients of variables for the %d that were read; the "
              "function gets them as its last argument, and returns a list of "
              "their gradients last",
              NAME, given, n);
  for (int k = 0; k < n; k++) {
    lua_rawgeti(L, i, k + 1);
    take_gradient(L, S, a, i + 1, first + k);
    lua_settop(L, i);
  }
}

// True if what the function returned from `i` on is a list of all gradients: a
// list of gradients for the first argument or, if there is none, for variables
// is none.
static bool gives_list(lua_State *L, ndL_state *S, int i, int shapes)
{
  const int first = lua_rawgeti(L, shapes, 1);
  lua_pop(L, 1);
  return first != LUA_TNIL && first != LUA_TTABLE &&
         lua_type(L, i) == LUA_TTABLE && ndL_peek(L, S, i) == NULL;
}

// Spreads the list at `i` over the stack, before what follows it.
static void spread_list(lua_State *L, int i)
{
  const int n = (int)lua_rawlen(L, i);
  luaL_checkstack(L, n, NAME);
  for (int k = 1; k <= n; k++) {
    lua_rawgeti(L, i, k);
    lua_insert(L, i + k);
  }
  lua_remove(L, i);
}

// How many variables the call has read.
static int count_variables(lua_State *L, int call)
{
  lua_rawgeti(L, call, NDL_VARIABLES);
  const int n = lua_type(L, -1) == LUA_TTABLE ? (int)lua_rawlen(L, -1) : 0;
  lua_pop(L, 1);
  return n;
}

// Takes what the function returned, which is on the stack from `first` on.
static void take_results(lua_State *L, ndL_state *S, const asked *a, int call,
                         int first)
{
  lua_rawgeti(L, call, NDL_SHAPES);
  lua_insert(L, first);
  const int shapes = first++;
  if (gives_list(L, S, first, shapes))
    spread_list(L, first);
  const int n = (int)lua_rawlen(L, shapes);
  const int variables = count_variables(L, call);
  const int given = lua_gettop(L) - shapes;
  const int wanted = n + (variables > 0);
  if (given != wanted && !(variables > 0 && given == n))
    ndL_error(L, "%s: %d gradients for %d arguments", NAME,
              given - (variables > 0 && given > 0), n);
  luaL_checkstack(L, 8, NAME);
  lua_settop(L, shapes + wanted);
  for (int k = 1; k <= n; k++) {
    lua_rawgeti(L, shapes, k);
    take_shaped(L, S, a, shapes + k, lua_gettop(L));
    lua_settop(L, shapes + wanted);
  }
  take_variables(L, S, a, shapes + wanted, a->job->n - variables);
}

static int ask(lua_State *L)
{
  const asked *a = lua_touserdata(L, 1);
  ndL_state *S = a->f->S;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &CALLS_KEY);
  if (lua_rawgeti(L, 2, a->f->number) != LUA_TTABLE)
    ndL_error(L, "%s: the function is gone with the tape that kept it", NAME);
  const int call = lua_gettop(L), outs = a->job->outs;
  luaL_checkstack(L, outs + 4, NAME);
  lua_rawgeti(L, call, NDL_GRADIENT);
  for (int k = 0; k < outs; k++) {
    ndL_box *box = ndL_newbox(L, S);
    nd_tensor *g = nd_tensor_keep(a->g[k]);
    if (g == NULL)
      ndL_raise(L, S);
    ndL_fill(L, S, box, g);
  }
  const bool reads = lua_rawgeti(L, call, NDL_VARIABLES) == LUA_TTABLE;
  lua_settop(L, call + 1 + outs + reads);
  lua_call(L, outs + reads, LUA_MULTRET);
  luaL_checkstack(L, LUA_MINSTACK, NAME);
  take_results(L, S, a, call, call + 1);
  return 0;
}

static bool backward(nd_custom_rule *rule, nd_context *c, const nd_job *j,
                     nd_tensor *const *g, const bool *wanted, nd_tensor **gx)
{
  asked a = { (ndL_called *)rule, j, g, wanted, gx };
  return ndL_callback(a.f->S, ask, &a);
}

// ----------------------------------------------------------------- keeping --

static void forget(nd_closure *closure)
{
  ndL_called *f = (ndL_called *)closure;
  if (f->stray) {
    f->next = f->S->strays;
    f->S->strays = f;
  } else {
    nd_memory_free(f->S->context, f, sizeof *f, ND_MEMORY_OBJECT);
  }
}

void ndL_dropstrays(lua_State *L, ndL_state *S)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &STRAYS_KEY);
  while (S->strays != NULL) {
    ndL_called *f = S->strays;
    S->strays = f->next;
    lua_pushnil(L);
    lua_rawseti(L, -2, f->number);
    nd_memory_free(S->context, f, sizeof *f, ND_MEMORY_OBJECT);
  }
  lua_pop(L, 1);
}

// Keeps the table at `call` in the one that the registry has at `key`.
static void keep_call(lua_State *L, const void *key, lua_Integer number,
                      int call)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, key);
  lua_pushvalue(L, call);
  lua_rawseti(L, -2, number);
  lua_pop(L, 1);
}

ndL_called *ndL_makecalled(lua_State *L, ndL_state *S, int call)
{
  const lua_Integer number = ++S->calls;
  keep_call(L, &CALLS_KEY, number, call);
  ndL_called *f = nd_memory_new(S->context, sizeof *f, ND_MEMORY_OBJECT);
  if (f == NULL && ndL_retry(L, S))
    f = nd_memory_new(S->context, sizeof *f, ND_MEMORY_OBJECT);
  if (f == NULL) {
    ndL_raise(L, S);
    return NULL;
  }
  *f = (ndL_called){ .S = S, .number = number };
  f->rule.closure = (nd_closure){ .refs = 1, .release = forget };
  f->rule.backward = backward;
  return f;
}

static bool has_recorded(const nd_tape *t, int n, nd_tensor *const *out)
{
  bool any = false;
  for (int k = 0; k < n && t != NULL && !any; k++)
    any = nd_tape_node(t, out[k]) != 0;
  return any;
}

// A new table may run finalizers, and those may do anything to tapes: so all
// tables are made before one is looked at.
static void make_holders(lua_State *L, const ndL_state *S, int n,
                         nd_tensor *const *out)
{
  for (int place = 0; place < NDL_PLACES; place++) {
    if (!has_recorded(S->tapes[place], n, out))
      continue;
    ndL_pushheld(L, S, S->tapes[place], true);
    lua_pop(L, 1);
  }
}

void ndL_holdcall(lua_State *L, const ndL_state *S, ndL_called *f, int call,
                  int n, nd_tensor *const *out)
{
  luaL_checkstack(L, 6, NAME);
  make_holders(L, S, n, out);
  int32_t holders = 1;  // who calls this is one
  for (int place = 0; place < NDL_PLACES; place++) {
    if (!has_recorded(S->tapes[place], n, out))
      continue;
    ndL_pushheld(L, S, S->tapes[place], false);
    if (lua_istable(L, -1)) {
      lua_pushvalue(L, call);
      lua_rawseti(L, -2, f->number);
      holders++;
    }
    lua_pop(L, 1);
  }
  f->stray = holders < f->rule.closure.refs;
  if (f->stray)
    keep_call(L, &STRAYS_KEY, f->number, call);
}

// The place of what is raised within the core is made here: to make it there
// could raise another error, and that would jump over the core.
void ndL_open_called(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  ndL_keepweak(L, &CALLS_KEY, "v", 0);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &STRAYS_KEY);
  lua_pushboolean(L, 0);
  ndL_keepraised(L, S);
  S->raised = false;
}
