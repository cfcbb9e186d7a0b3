// lua/path.c: values that a host gives to scripts and takes from them, at the
// end of a path of names that begins with a global variable.

#include <lauxlib.h>
#include <string.h>

#include "lua/box.h"
#include "lua/error.h"
#include "lua/interpreter.h"

// The string that nd_interpreter_get_string gave last.
static const char TEXT_KEY = 0;

// One access. Which of the values is meant follows from the function.
typedef struct access {
  const char *function, *path;
  double number;
  bool truth;
  const char *text;
  size_t size;
  nd_tensor *tensor;
} access;

// ------------------------------------------------------------------- paths --

// Pushes the name of the path that begins at `from`; `from` moves behind it,
// and is NULL after the last.
static void push_name(lua_State *L, const access *a, const char **from)
{
  const size_t size = strcspn(*from, ".");
  if (size == 0)
    luaL_error(L, "%s: a name is missing: '%s'", a->function, a->path);
  lua_pushlstring(L, *from, size);
  *from = (*from)[size] == '.' ? *from + size + 1 : NULL;
}

// Raises unless the value on top, which the path gives before `end`, may have
// fields.
static void check_fields(lua_State *L, const access *a, const char *end)
{
  if (lua_istable(L, -1) || lua_isuserdata(L, -1))
    return;
  lua_pushlstring(L, a->path, (size_t)(end - a->path - 1));
  luaL_error(L, "%s: %s must be a table, got %s", a->function,
             lua_tostring(L, -1), luaL_typename(L, -2));
}

// Pushes the table that the path leads to, and the last name. Tables that are
// missing on the way are made if `make`.
static void push_place(lua_State *L, const access *a, bool make)
{
  const char *from = a->path;
  lua_pushglobaltable(L);
  for (;;) {
    push_name(L, a, &from);
    if (from == NULL)
      return;
    lua_pushvalue(L, -1);
    if (lua_gettable(L, -3) == LUA_TNIL && make) {
      lua_pop(L, 1);
      lua_newtable(L);
      lua_pushvalue(L, -2);
      lua_pushvalue(L, -2);
      lua_settable(L, -5);
    }
    check_fields(L, a, from);
    lua_replace(L, -3);
    lua_pop(L, 1);
  }
}

static void push_value(lua_State *L, const access *a)
{
  push_place(L, a, false);
  lua_gettable(L, -2);
}

static int fail_value(lua_State *L, const access *a, const char *wanted)
{
  return luaL_error(L, "%s: %s must be %s, got %s", a->function, a->path,
                    wanted, ndL_typename(L, -1));
}

// ----------------------------------------------------------------- reading --

static int get_tensor(lua_State *L)
{
  access *a = lua_touserdata(L, 1);
  ndL_state *S = ndL_getstate(L);
  push_value(L, a);
  nd_variable *v = ndL_tovariable(L, S, -1);
  if (v == NULL && ndL_peek(L, S, -1) == NULL)
    return fail_value(L, a, "a tensor");
  a->tensor = v != NULL ? nd_variable_read(v)
                        : nd_tensor_keep(ndL_peek(L, S, -1));
  return a->tensor != NULL ? 0 : ndL_raise(L, S);
}

static int get_number(lua_State *L)
{
  access *a = lua_touserdata(L, 1);
  push_value(L, a);
  ndL_state *S = ndL_getstate(L);
  const nd_tensor *x = ndL_ready(L, S, -1);
  if (x != NULL && x->size != 1)
    return luaL_error(L, "%s: needs one element, %s is %s", a->function,
                      a->path, ND_SHAPE(x->rank, x->dims));
  if (x == NULL && lua_type(L, -1) != LUA_TNUMBER)
    return fail_value(L, a, "a number or a tensor");
  a->number = x != NULL ? nd_tensor_first(x) : lua_tonumber(L, -1);
  return 0;
}

static int get_boolean(lua_State *L)
{
  access *a = lua_touserdata(L, 1);
  push_value(L, a);
  if (!lua_isboolean(L, -1))
    return fail_value(L, a, "true or false");
  a->truth = lua_toboolean(L, -1);
  return 0;
}

static int get_string(lua_State *L)
{
  access *a = lua_touserdata(L, 1);
  push_value(L, a);
  if (lua_type(L, -1) != LUA_TSTRING)
    return fail_value(L, a, "a string");
  a->text = lua_tolstring(L, -1, &a->size);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &TEXT_KEY);
  return 0;
}

// True if the arguments are there and the access went well.
static bool look(nd_interpreter *i, lua_CFunction f, access *a, const void *to)
{
  return i != NULL && a->path != NULL && to != NULL && ndL_protect(i, f, a);
}

nd_tensor *nd_interpreter_get_tensor(nd_interpreter *i, const char *path)
{
  access a = { .function = "get_tensor", .path = path };
  return look(i, get_tensor, &a, &a) ? a.tensor : NULL;
}

bool nd_interpreter_get_number(nd_interpreter *i, const char *path,
                               double *value)
{
  access a = { .function = "get_number", .path = path };
  if (!look(i, get_number, &a, value))
    return false;
  *value = a.number;
  return true;
}

bool nd_interpreter_get_boolean(nd_interpreter *i, const char *path,
                                bool *value)
{
  access a = { .function = "get_boolean", .path = path };
  if (!look(i, get_boolean, &a, value))
    return false;
  *value = a.truth;
  return true;
}

const char *nd_interpreter_get_string(nd_interpreter *i, const char *path,
                                      size_t *size)
{
  access a = { .function = "get_string", .path = path };
  if (!look(i, get_string, &a, &a))
    return NULL;
  if (size != NULL)
    *size = a.size;
  return a.text;
}

// ----------------------------------------------------------------- writing --

static int set_tensor(lua_State *L)
{
  const access *a = lua_touserdata(L, 1);
  ndL_state *S = ndL_getstate(L);
  if (a->tensor->context != S->context)
    return luaL_error(L, "%s: %s: the tensor is of another context",
                      a->function, a->path);
  push_place(L, a, true);
  ndL_box *box = ndL_newbox(L, S);
  nd_tensor *x = nd_tensor_retain(a->tensor);
  if (x == NULL)
    return ndL_raise(L, S);
  ndL_fill(L, S, box, x);
  lua_settable(L, -3);
  return 0;
}

static int set_number(lua_State *L)
{
  const access *a = lua_touserdata(L, 1);
  push_place(L, a, true);
  lua_pushnumber(L, a->number);
  lua_settable(L, -3);
  return 0;
}

static int set_boolean(lua_State *L)
{
  const access *a = lua_touserdata(L, 1);
  push_place(L, a, true);
  lua_pushboolean(L, a->truth);
  lua_settable(L, -3);
  return 0;
}

static int set_string(lua_State *L)
{
  const access *a = lua_touserdata(L, 1);
  push_place(L, a, true);
  lua_pushlstring(L, a->text, a->size);
  lua_settable(L, -3);
  return 0;
}

bool nd_interpreter_set_tensor(nd_interpreter *i, const char *path,
                               nd_tensor *x)
{
  access a = { .function = "set_tensor", .path = path, .tensor = x };
  return look(i, set_tensor, &a, x);
}

bool nd_interpreter_set_number(nd_interpreter *i, const char *path,
                               double value)
{
  access a = { .function = "set_number", .path = path, .number = value };
  return look(i, set_number, &a, &a);
}

bool nd_interpreter_set_boolean(nd_interpreter *i, const char *path, bool value)
{
  access a = { .function = "set_boolean", .path = path, .truth = value };
  return look(i, set_boolean, &a, &a);
}

bool nd_interpreter_set_string(nd_interpreter *i, const char *path,
                               const char *text, size_t size)
{
  access a = {
    .function = "set_string", .path = path, .text = text, .size = size
  };
  return look(i, set_string, &a, text);
}
