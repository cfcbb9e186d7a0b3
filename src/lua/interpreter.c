// lua/interpreter.c: a Lua state in a box, for hosts. Everything that may raise
// a Lua error runs protected, so no error leaves as a jump.

#include "lua/interpreter.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lua/coroutine.h"
#include "lua/error.h"
#include "lua/finalizer.h"
#include "lua/limits.h"
#include "lua/load.h"
#include "lua/loaders.h"
#include "lua/module.h"
#include "lua/newstate.h"
#include "lua/open.h"
#include "lua/stop.h"
#include "lua/traceback.h"

// ------------------------------------------------------------------ making --

// os.exit would end the host's process.
static int refuse_exit(lua_State *L)
{
  return ndL_error(L, "exit: a script cannot end the program it runs in");
}

static int refuse_lpeg(lua_State *L)
{
  return ndL_error(L, "lpeg: this host does not lend it to scripts");
}

// Nor one that is installed. Our own modules find LPeg without this.
static void hide_lpeg(lua_State *L)
{
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, refuse_lpeg);
  lua_setfield(L, -2, "lpeg");
  lua_pop(L, 1);
}

// The argument is the configuration.
static int set_up(lua_State *L)
{
  const nd_config *config = lua_touserdata(L, 1);
  ndL_stop *s = ndL_stopof(L);
  s->limits = !config->unlimited;
  s->mild = config->unlimited;
  luaL_openlibs(L);
  ndL_stop_settle(L);
  if (s->limits) {
    ndL_open_coroutine(L);
    ndL_open_finalizer(L);
  }
  lua_getglobal(L, "os");
  lua_pushcfunction(L, refuse_exit);
  lua_setfield(L, -2, "exit");
  ndL_preload(L);
  ndL_require(L, "nadir");
  ndL_installload(L);
  if (!config->lpeg)
    hide_lpeg(L);
  if (s->limits)
    ndL_limit(L);
  return 0;
}

// A state and what belongs to it; false when memory runs out.
static bool fill(nd_interpreter *i, const nd_config *config)
{
  i->L = ndL_newstate(i->context);
  if (i->L == NULL)
    return false;
  lua_pushcfunction(i->L, set_up);
  lua_pushlightuserdata(i->L, (void *)(uintptr_t)config);
  return lua_pcall(i->L, 1, 0, 0) == LUA_OK;
}

nd_interpreter *nd_interpreter_new(const nd_config *config)
{
  const nd_config full = nd_config_complete(config);
  nd_context *c = nd_context_new(&full);
  if (c == NULL)
    return NULL;
  nd_interpreter *i = nd_memory_new(c, sizeof *i, ND_MEMORY_OBJECT);
  if (i == NULL) {
    nd_context_free(c);
    return NULL;
  }
  *i = (nd_interpreter){ .context = c };
  if (fill(i, &full))
    return i;
  nd_interpreter_free(i);
  return NULL;
}

void nd_interpreter_free(nd_interpreter *i)
{
  if (i == NULL)
    return;
  nd_context *c = i->context;
  if (i->L != NULL) {
    ndL_stop_close(i->L);
    ndL_closestate(i->L);
  }
  nd_memory_free(c, i, sizeof *i, ND_MEMORY_OBJECT);
  nd_context_free(c);
}

// ----------------------------------------------------------------- calling --

static nd_code code_of(const ndL_stop *s, int status, const char *message)
{
  if (s->stands || (s->text[0] != '\0' && strcmp(s->text, message) == 0))
    return ND_INTERRUPTED;
  return status == LUA_ERRMEM ? ND_NO_MEMORY : ND_BAD_SCRIPT;
}

// Keeps the error on top, of which ndL_message has made a string.
static void keep_error(nd_interpreter *i, int status)
{
  const ndL_stop *s = ndL_stopof(i->L);
  const char *text = s->stands ? s->text : lua_tostring(i->L, -1);
  snprintf(i->error, sizeof i->error, "%s", text);
  i->code = code_of(s, status, i->error);
}

bool ndL_protect(nd_interpreter *i, lua_CFunction f, void *data)
{
  lua_State *L = i->L;
  const int top = lua_gettop(L);
  i->error[0] = '\0';
  i->code = ND_OK;
  if (!lua_checkstack(L, LUA_MINSTACK)) {
    i->code = ND_NO_MEMORY;
    snprintf(i->error, sizeof i->error, "not enough memory");
    return false;
  }
  if (i->depth++ == 0)
    ndL_stop_begin(L);
  lua_pushcfunction(L, ndL_message);
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, data);
  const int status = lua_pcall(L, 1, 0, top + 1);
  if (status != LUA_OK)
    keep_error(i, status);
  lua_settop(L, top);
  if (--i->depth == 0)
    ndL_stop_end(L);
  return i->code == ND_OK;
}

// ----------------------------------------------------------------- running --

typedef struct script {
  const char *text, *name;
} script;

// Loads the script at 1 and runs it.
static int run_text(lua_State *L)
{
  const script *s = lua_touserdata(L, 1);
  const char *name = lua_pushfstring(L, "=%s", s->name);
  if (ndL_load(L, s->text, strlen(s->text), name, "t") != LUA_OK)
    return lua_error(L);
  lua_call(L, 0, 0);
  return 0;
}

bool nd_interpreter_run(nd_interpreter *i, const char *text, const char *name)
{
  if (i == NULL || text == NULL || name == NULL)
    return false;
  return ndL_protect(i, run_text, &(script){ .text = text, .name = name });
}

const char *nd_interpreter_error(const nd_interpreter *i)
{
  return i == NULL ? "" : i->error;
}

nd_code nd_interpreter_code(const nd_interpreter *i)
{
  return i == NULL ? ND_OK : i->code;
}

nd_context *nd_interpreter_context(nd_interpreter *i)
{
  return i == NULL ? NULL : i->context;
}

lua_State *nd_interpreter_lua(nd_interpreter *i)
{
  return i == NULL ? NULL : i->L;
}
