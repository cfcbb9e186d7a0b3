// lua/error.c: raises errors at the script's line.

#include "lua/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "lua/stop.h"
#include "lua/where.h"
#include "lua/within.h"

static const char RAISED_KEY = 0;

int ndL_error(lua_State *L, const char *format, ...)
{
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  ndL_pushwhere(L);
  lua_pushstring(L, text);
  ndL_addwithin(L);
  lua_concat(L, 2);
  return lua_error(L);
}

void ndL_keepraised(lua_State *L, ndL_state *S)
{
  lua_rawsetp(L, LUA_REGISTRYINDEX, &RAISED_KEY);
  S->raised = true;
}

static int raise_kept(lua_State *L, ndL_state *S)
{
  S->raised = false;
  nd_error_clear(S->context);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &RAISED_KEY);
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &RAISED_KEY);
  return lua_error(L);
}

int ndL_raise(lua_State *L, ndL_state *S)
{
  if (S->raised && nd_error_code(S->context) == ND_BAD_SCRIPT)
    return raise_kept(L, S);
  char text[sizeof S->context->strand.error.message];
  S->refused |= nd_error_code(S->context) == ND_NO_MEMORY;
  snprintf(text, sizeof text, "%s", nd_error_message(S->context));
  const bool stops = nd_error_code(S->context) == ND_INTERRUPTED;
  nd_error_clear(S->context);
  if (!stops)
    return ndL_error(L, "%s", text);
  ndL_pushwhere(L);
  lua_pushstring(L, text);
  lua_concat(L, 2);
  return S->owns_context ? lua_error(L)
                         : ndL_stop_raise(L, lua_tostring(L, -1));
}

// True of a box whose finalizer has run: another finalizer may still hold it.
static bool is_finalized(lua_State *L, int i)
{
  void *object = NULL;
  const ndL_type type = ndL_look(L, ndL_getstate(L), i, &object);
  const bool owns = type == NDL_TENSOR || type == NDL_VARIABLE ||
                    type == NDL_TAPE || type == NDL_ACCUMULATOR ||
                    type == NDL_OPTIMIZER;
  return owns && *(void **)object == NULL;
}

const char *ndL_typename(lua_State *L, int i)
{
  i = lua_absindex(L, i);
  switch (ndL_typeof(L, ndL_getstate(L), i)) {
  case NDL_RELEASED: return "released Tensor";
  case NDL_ENDED: return "Tensor of an ended scope";
  default: break;
  }
  if (is_finalized(L, i)) {
    luaL_getmetafield(L, i, "__name");
    return lua_pushfstring(L, "finalized %s", lua_tostring(L, -1));
  }
  if (luaL_getmetafield(L, i, "__name") == LUA_TSTRING)
    return lua_tostring(L, -1);
  return luaL_typename(L, i);
}

int ndL_typeerror(lua_State *L, const char *function, const char *argument,
                  const char *wanted, int i)
{
  if (lua_isnoneornil(L, i))
    return ndL_error(L, "%s: %s is missing: it must be %s", function, argument,
                     wanted);
  return ndL_error(L, "%s: %s must be %s, got %s", function, argument, wanted,
                   ndL_typename(L, i));
}

void *ndL_checkself(lua_State *L, ndL_type type, const char *function)
{
  void *object = ndL_toobject(L, ndL_upstate(L), 1, type);
  if (object == NULL)
    ndL_error(L, "%s: self is of another type: %s", function,
              lua_isnone(L, 1) ? "none" : ndL_typename(L, 1));
  return object;
}
