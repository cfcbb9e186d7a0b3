// lua/class_scope.c: nd.scope, nd.keep and x:release(): memory that goes when
// the script says so. scope.md has the rules and the reasons.

#include "lua/class_scope.h"

#include "lua/box.h"
#include "lua/class_tape.h"
#include "lua/error.h"
#include "lua/guard.h"
#include "lua/pace.h"
#include "lua/scope.h"
#include "lua/signature.h"
#include "op/slices.h"

// ----------------------------------------------------------------- release --

static int tensor_release(lua_State *L)
{
  const ndL_state *S = ndL_upstate(L);
  void *object = NULL;
  const ndL_type type = ndL_look(L, S, 1, &object);
  if (type <= NDL_TENSOR)
    ndL_releasebox(S, object, NDL_RELEASED);
  else if (type != NDL_RELEASED && type != NDL_ENDED)
    ndL_typeerror(L, "release", "self", "a tensor", 1);
  return 0;
}

// ----------------------------------------------------------------- results --

// A walk over values and the tables in them, and what is done with the handle
// on top of the stack, which stays there.
typedef struct walk {
  ndL_state *S;
  const ndL_scope *scope;
  void (*found)(lua_State *L, const struct walk *w);
  int tables;     // list of those that were found; by table, true
  lua_Integer n;  // of them
} walk;

static void look_at(lua_State *L, walk *w)
{
  const ndL_type type = ndL_typeof(L, w->S, -1);
  if (type <= NDL_TENSOR || type == NDL_TAPE) {
    w->found(L, w);
  } else if (lua_istable(L, -1)) {
    lua_pushvalue(L, -1);
    if (lua_rawget(L, w->tables) == LUA_TNIL) {
      lua_pushvalue(L, -2);
      lua_rawseti(L, w->tables, ++w->n);
      lua_pushvalue(L, -2);
      lua_pushboolean(L, 1);
      lua_rawset(L, w->tables);
    }
    lua_pop(L, 1);
  }
}

// Walks over the `n` values from `first` on.
static void walk_over(lua_State *L, walk *w, int first, int n)
{
  luaL_checkstack(L, 12, "scope");
  lua_newtable(L);
  w->tables = lua_gettop(L);
  for (int i = 0; i < n; i++) {
    lua_pushvalue(L, first + i);
    look_at(L, w);
    lua_pop(L, 1);
  }
  for (lua_Integer k = 1; k <= w->n; k++) {
    lua_rawgeti(L, w->tables, k);
    for (lua_pushnil(L); lua_next(L, w->tables + 1);) {  // any order
      look_at(L, w);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

// True if the notes of the scope had the handle on top; they no longer do.
static bool strike(lua_State *L, const ndL_scope *scope)
{
  const int handle = lua_gettop(L);
  bool had = false;
  if (ndL_scope_pushnotes(L, scope) == LUA_TTABLE) {
    lua_pushvalue(L, handle);
    had = lua_rawget(L, handle + 1) != LUA_TNIL;
    lua_pushvalue(L, handle);
    lua_pushnil(L);
    lua_rawset(L, handle + 1);
  }
  lua_settop(L, handle);
  return had;
}

// What stays has its values computed, or its rows: while they wait, they hold
// what the scope is to end.
static void settle(lua_State *L, ndL_state *S)
{
  nd_tensor *x = ndL_peek(L, S, -1);
  if (x == NULL || !x->waits)
    return;
  lua_pushvalue(L, -1);
  x = ndL_hold(L, S, -1, false);
  if (x != NULL)
    ndL_force(L, S, nd_is_sliced(x) ? nd_slices_of(x)->values : x);
  lua_pop(L, 1);
}

// What a scope returns is the next one's.
static void hand_on(lua_State *L, const walk *w)
{
  if (!strike(L, w->scope))
    return;
  settle(L, w->S);
  ndL_scope_note(L, w->S);
}

static void keep(lua_State *L, const walk *w)
{
  bool noted = false;
  for (const ndL_scope *s = w->S->scopes; s != NULL; s = s->older)
    noted |= strike(L, s);
  if (noted)
    settle(L, w->S);
}

static int scope_keep(lua_State *L)
{
  walk w = { .S = ndL_upstate(L), .found = keep };
  const int n = lua_gettop(L);
  if (w.S->scopes != NULL)
    walk_over(L, &w, 1, n);
  return n;
}

// ------------------------------------------------------------------- scope --

// Lets go of the handle at `i`. A tape that a sweep is asking keeps its records
// until its own end.
static void end_handle(lua_State *L, ndL_state *S, int i)
{
  void *object = NULL;
  const ndL_type type = ndL_look(L, S, i, &object);
  if (type <= NDL_TENSOR) {
    ndL_releasebox(S, object, NDL_ENDED);
  } else if (type == NDL_TAPE) {
    nd_tape *t = ndL_totape(L, S, i);
    if (t != NULL && !nd_tape_release(t))
      nd_error_clear(S->context);
  }
}

// Ends a scope, or what is left of it. Nothing here can fail.
static void end(lua_State *L, ndL_state *S, const ndL_scope *scope)
{
  const int top = lua_gettop(L);
  ndL_scope_leave(S, scope);
  if (ndL_scope_pushnotes(L, scope) == LUA_TTABLE) {
    for (lua_pushnil(L); lua_next(L, top + 1); lua_pop(L, 1))  // any order
      end_handle(L, S, top + 2);
    ndL_scope_forget(L, scope);
  }
  lua_settop(L, top);
}

static int scope_close(lua_State *L)
{
  end(L, ndL_upstate(L), ndL_checkself(L, NDL_SCOPE, "close"));
  return 0;
}

// One that was never left ends nothing.
static int scope_gc(lua_State *L)
{
  const ndL_scope *scope = ndL_checkself(L, NDL_SCOPE, "__gc");
  ndL_scope_leave(ndL_upstate(L), scope);
  ndL_scope_forget(L, scope);
  return 0;
}

enum { F = 1, SCOPE };

// After the function has returned; what it gave is behind the scope.
static int finish(lua_State *L, int status, lua_KContext context)
{
  ndL_state *S = ndL_upstate(L);
  walk w = { .S = S, .found = hand_on };
  const int n = lua_gettop(L) - SCOPE;
  w.scope = ndL_toobject(L, S, SCOPE, NDL_SCOPE);
  ndL_scope_leave(S, w.scope);
  walk_over(L, &w, SCOPE + 1, n);
  end(L, S, w.scope);
  return n;
}

static const nd_param scope_params[] = {
  { "f", ND_FUNCTION, "nil",
    .doc = "called without arguments; nil: gives what a `with` takes" },
  { NULL },
};

static int scope_new(lua_State *L)
{
  ndL_state *S = ndL_upstate(L);
  ndL_arguments a;
  ndL_pace(L, S);
  ndL_read(L, S, &a, F);
  ndL_scope *scope = ndL_newobject(L, S, NDL_SCOPE, sizeof *scope, 1);
  ndL_scope_open(L, S, scope);
  if (lua_isnil(L, F))
    return 1;
  lua_toclose(L, SCOPE);
  lua_pushvalue(L, F);
  lua_callk(L, 0, LUA_MULTRET, 0, finish);
  return finish(L, LUA_OK, 0);
}

// -------------------------------------------------------------------- open --

static void add_release(lua_State *L, const ndL_state *S, ndL_type type)
{
  static const ndL_function methods[] = {
    { "release", tensor_release, .plain = true,
      .doc = "gives its memory back at once; it is not to be used again" },
    { NULL },
  };
  ndL_pushmetatable(L, S, type);
  lua_getfield(L, -1, "__methods");
  ndL_bind(L, "Tensor:", methods);
  lua_pop(L, 2);
}

void ndL_open_scope(lua_State *L)
{
  static const nd_param none[] = { { NULL } };
  static const ndL_function functions[] = {
    { "scope", scope_new, scope_params,
      "returns what f() returns; all else that was made meanwhile goes",
      .plain = true },
    { "keep", scope_keep, none, "what no scope takes away; returns it",
      .plain = true, .rest = "values" },
    { NULL },
  };
  static const luaL_Reg metamethods[] = {
    { "__close", scope_close },
    { "__gc", scope_gc },
    { NULL, NULL },
  };
  ndL_state *S = ndL_getstate(L);
  ndL_bind(L, "nd.", functions);
  add_release(L, S, NDL_SCALAR);
  add_release(L, S, NDL_TENSOR);
  ndL_newmetatable(L, S, NDL_SCOPE, "scope");
  ndL_setplain(L, metamethods);
  lua_pop(L, 1);
}
