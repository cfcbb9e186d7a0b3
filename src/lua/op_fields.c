// lua/op_fields.c: which tables have ops, and which of these were asked for.

#include "lua/op_fields.h"

#include <pthread.h>
#include <string.h>

#include "lua/names.h"
#include "lua/op.h"

// What is noted of the tables with ops, by table: at KIND the name of the
// module whose ops they are, "" for those outside, true for methods; and the
// names that were asked for, as keys.
static const char NOTES_KEY = 0;

enum { KIND = 1 };

// --------------------------------------------------------------- the table --

// What is few in the table of ops: found once, for all states.
enum { MOST = 32 };

static const nd_op *operators[MOST + 1];
static const char *modules[MOST + 1];
static pthread_once_t found = PTHREAD_ONCE_INIT;

static void add_module(const char *name)
{
  int i = 0;
  while (modules[i] != NULL && strcmp(modules[i], name) != 0)
    i++;
  if (i < MOST)
    modules[i] = name;
}

// As in TensorFlow, all ops that are outside are there, too.
#define ALL "math"

static void find(void)
{
  const nd_op *op;
  add_module(ALL);
  for (int i = 0, n = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (op->hidden)
      continue;
    if (op->module != NULL)
      add_module(op->module);
    if (op->metamethod != NULL && n < MOST)
      operators[n++] = op;
  }
}

// Whether an op is in a module, among those outside for "", or, for NULL, a
// method.
static bool belongs(const nd_op *op, const char *module)
{
  if (op->hidden)
    return false;
  if (module == NULL)
    return op->params[0].kind == ND_TENSOR;
  if (*module == '\0' || strcmp(module, ALL) == 0)
    return !op->inside;
  return op->module != NULL && strcmp(op->module, module) == 0;
}

// --------------------------------------------------------------- the notes --

// Pushes the notes of the table at `t`; false if it has no ops.
static bool push_notes(lua_State *L, int t)
{
  t = lua_absindex(L, t);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &NOTES_KEY) == LUA_TTABLE) {
    lua_pushvalue(L, t);
    lua_rawget(L, -2);
    lua_remove(L, -2);
  }
  if (lua_istable(L, -1))
    return true;
  lua_pop(L, 1);
  return false;
}

// Whether the op is one of those that the notes on top are about, and nobody
// has asked for it.
static bool is_new(lua_State *L, const nd_op *op)
{
  lua_rawgeti(L, -1, KIND);
  const bool ours = belongs(op, lua_tostring(L, -1));
  lua_pop(L, 1);
  if (!ours)
    return false;
  lua_pushstring(L, op->name);
  const bool asked = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 1);
  return !asked;
}

static void note(lua_State *L, const char *name)
{
  lua_pushstring(L, name);
  lua_pushboolean(L, true);
  lua_rawset(L, -3);
}

// Sets the field. It is noted last, since there may be no memory for it. The
// notes are on top.
static void set_field(lua_State *L, int t, const nd_op *op)
{
  lua_pushstring(L, op->name);
  ndL_pushop(L, ndL_getstate(L), op);
  lua_rawset(L, t);
  note(L, op->name);
}

// Begins to note what is asked for of the table on top.
static void open_notes(lua_State *L, const char *module)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &NOTES_KEY);
  lua_pushvalue(L, -2);
  lua_createtable(L, 1, 0);
  if (module == NULL)
    lua_pushboolean(L, true);
  else
    lua_pushstring(L, module);
  lua_rawseti(L, -2, KIND);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

// ------------------------------------------------------------------ asking --

bool ndL_askfield(lua_State *L, int t, int key)
{
  t = lua_absindex(L, t);
  const nd_op *op = ndL_isname(L, key) ? nd_op_find(lua_tostring(L, key))
                                       : NULL;
  if (op == NULL || !push_notes(L, t))
    return false;
  const bool fresh = is_new(L, op);
  if (fresh)
    set_field(L, t, op);
  lua_pop(L, 1);
  if (fresh)
    ndL_pushop(L, ndL_getstate(L), op);
  return fresh;
}

static bool has_field(lua_State *L, int t, const char *name)
{
  lua_pushstring(L, name);
  const bool has = lua_rawget(L, t) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}

void ndL_fillfields(lua_State *L, int t)
{
  const nd_op *op;
  t = lua_absindex(L, t);
  if (!push_notes(L, t))
    return;
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (is_new(L, op) && !has_field(L, t, op->name))
      set_field(L, t, op);
  }
  lua_pop(L, 1);
}

static int fields_ask(lua_State *L)
{
  return ndL_askfield(L, 1, 2);
}

static int fields_fill(lua_State *L)
{
  ndL_fillfields(L, 1);
  return 0;
}

static int fields_take(lua_State *L)
{
  if (ndL_isname(L, 2) && nd_op_find(lua_tostring(L, 2)) != NULL &&
      push_notes(L, 1))
    note(L, lua_tostring(L, 2));
  return 0;
}

int ndL_pushfields(lua_State *L)
{
  static const luaL_Reg functions[] = {
    { "ask", fields_ask },
    { "fill", fields_fill },
    { "take", fields_take },
    { NULL, NULL },
  };
  luaL_newlib(L, functions);
  return 1;
}

// -------------------------------------------------------------------- open --

static void open_modules(lua_State *L)
{
  open_notes(L, "");
  for (int i = 0; modules[i] != NULL; i++) {
    luaL_getsubtable(L, -1, modules[i]);
    open_notes(L, modules[i]);
    lua_pop(L, 1);
  }
}

// The methods and operators of the metatable on top.
static void open_type(lua_State *L, ndL_state *S)
{
  lua_getfield(L, -1, "__methods");
  open_notes(L, NULL);
  lua_pop(L, 1);
  for (int i = 0; operators[i] != NULL; i++) {
    ndL_pushoperator(L, S, operators[i]);
    lua_setfield(L, -2, operators[i]->metamethod);
  }
}

void ndL_open_fields(lua_State *L)
{
  ndL_state *S = ndL_getstate(L);
  pthread_once(&found, find);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &NOTES_KEY);
  open_modules(L);
  for (int type = NDL_SCALAR; type <= NDL_VARIABLE; type++) {
    ndL_pushmetatable(L, S, type);
    open_type(L, S);
    lua_pop(L, 1);
  }
}
