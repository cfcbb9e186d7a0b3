// lua/interpreter.c: a Lua state in a box, for hosts. Everything that may raise
// a Lua error runs protected, so no error leaves as a jump.

#include "lua/nadirlua.h"

#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lua/bind.h"
#include "lua/newstate.h"

// An interruption is looked for every so many VM instructions.
enum { ERROR_BYTES = 1024, INTERRUPT_STEPS = 10000 };

struct nd_interpreter {
  nd_context *context;
  lua_State *L;
  char error[ERROR_BYTES];
};

// nd_interrupt stops scripts also where they apply no ops.
static void check_interrupt(lua_State *L, lua_Debug *ar)
{
  (void)ar;
  if (!nd_context_ready(ndL_contextof(L)))
    ndL_raise(L, ndL_getstate(L));
}

// os.exit would end the host's process.
static int refuse_exit(lua_State *L)
{
  return ndL_error(L, "exit: a script cannot end the program it runs in");
}

static int set_up(lua_State *L)
{
  ndL_setcontext(L, ndL_contextof(L));
  luaL_openlibs(L);
  lua_sethook(L, check_interrupt, LUA_MASKCOUNT, INTERRUPT_STEPS);
  lua_getglobal(L, "os");
  lua_pushcfunction(L, refuse_exit);
  lua_setfield(L, -2, "exit");
  ndL_preload(L);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "nadir");
  lua_call(L, 1, 0);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "nadir.syntax");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "install");
  lua_call(L, 0, 0);
  return 0;
}

nd_interpreter *nd_interpreter_new(const nd_config *config)
{
  nd_context *c = nd_context_new(config);
  if (c == NULL)
    return NULL;
  nd_interpreter *i = nd_memory_new(c, sizeof *i, ND_MEMORY_OBJECT);
  lua_State *L = i == NULL ? NULL : ndL_newstate(c);
  if (L == NULL) {
    nd_memory_free(c, i, sizeof *i, ND_MEMORY_OBJECT);
    nd_context_free(c);
    return NULL;
  }
  *i = (nd_interpreter){ .context = c, .L = L };
  lua_pushcfunction(L, set_up);
  if (lua_pcall(L, 0, 0, 0) == LUA_OK)
    return i;
  nd_interpreter_free(i);
  return NULL;
}

void nd_interpreter_free(nd_interpreter *i)
{
  if (i == NULL)
    return;
  nd_context *c = i->context;
  ndL_closestate(i->L);
  nd_memory_free(c, i, sizeof *i, ND_MEMORY_OBJECT);
  nd_context_free(c);
}

// Loads the text at 1 under the name at 2 through the translator and runs it.
static int run_text(lua_State *L)
{
  lua_getglobal(L, "require");
  lua_pushliteral(L, "nadir.syntax");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "load");
  lua_pushstring(L, lua_touserdata(L, 1));
  lua_pushfstring(L, "=%s", (const char *)lua_touserdata(L, 2));
  lua_call(L, 2, 2);
  if (lua_isnil(L, -2))
    return lua_error(L);
  lua_pop(L, 1);
  lua_call(L, 0, 0);
  return 0;
}

bool nd_interpreter_run(nd_interpreter *i, const char *text, const char *name)
{
  if (i == NULL || text == NULL || name == NULL)
    return false;
  lua_State *L = i->L;
  i->error[0] = '\0';
  lua_pushcfunction(L, run_text);
  lua_pushlightuserdata(L, (void *)(uintptr_t)text);
  lua_pushlightuserdata(L, (void *)(uintptr_t)name);
  if (lua_pcall(L, 2, 0, 0) == LUA_OK)
    return true;
  const char *message = lua_type(L, -1) == LUA_TSTRING
                          ? lua_tostring(L, -1)
                          : "an error that is no string";
  snprintf(i->error, sizeof i->error, "%s", message);
  lua_pop(L, 1);
  return false;
}

const char *nd_interpreter_error(const nd_interpreter *i)
{
  return i == NULL ? "" : i->error;
}

// The global named at 1, as a number; the result is at the address at 2.
static int read_number(lua_State *L)
{
  double *value = lua_touserdata(L, 2);
  lua_getglobal(L, lua_touserdata(L, 1));
  ndL_state *S = ndL_getstate(L);
  const nd_variable *v = ndL_tovariable(L, S, -1);
  const nd_tensor *x = v != NULL ? v->value : ndL_totensor(L, S, -1);
  if (x != NULL && x->size == 1)
    *value = nd_tensor_first(x);
  else if (lua_type(L, -1) == LUA_TNUMBER)
    *value = lua_tonumber(L, -1);
  else
    return luaL_error(L, "no number");
  return 0;
}

bool nd_interpreter_number(nd_interpreter *i, const char *name, double *value)
{
  if (i == NULL || name == NULL || value == NULL)
    return false;
  lua_pushcfunction(i->L, read_number);
  lua_pushlightuserdata(i->L, (void *)(uintptr_t)name);
  lua_pushlightuserdata(i->L, value);
  const bool ok = lua_pcall(i->L, 2, 0, 0) == LUA_OK;
  if (!ok)
    lua_pop(i->L, 1);
  return ok;
}

nd_context *nd_interpreter_context(nd_interpreter *i)
{
  return i == NULL ? NULL : i->context;
}

lua_State *nd_interpreter_lua(nd_interpreter *i)
{
  return i == NULL ? NULL : i->L;
}
