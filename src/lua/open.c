// lua/open.c: opens the module. It knows all the others.

#include "lua/open.h"

#include <lauxlib.h>
#include <lua-lpeg.h>

#include "lua/bytes.h"
#include "lua/class_explain.h"
#include "lua/class_forward.h"
#include "lua/class_gradient.h"
#include "lua/class_jacobian.h"
#include "lua/class_optimizer.h"
#include "lua/class_random.h"
#include "lua/class_scope.h"
#include "lua/class_shape.h"
#include "lua/class_slices.h"
#include "lua/class_tape.h"
#include "lua/class_tensor.h"
#include "lua/class_variable.h"
#include "lua/custom.h"
#include "lua/differences.h"
#include "lua/embedded.h"
#include "lua/file.h"
#include "lua/finally.h"
#include "lua/holders.h"
#include "lua/loaders.h"
#include "lua/manager.h"
#include "lua/module.h"
#include "lua/names.h"
#include "lua/newstate.h"
#include "lua/op_entry.h"
#include "lua/op_fields.h"
#include "lua/origin.h"
#include "lua/pace.h"
#include "lua/part.h"
#include "lua/random_numbers.h"
#include "lua/random_order.h"
#include "lua/signature.h"
#include "lua/state.h"
#include "lua/stop.h"
#include "lua/switches.h"
#include "lua/system.h"
#include "lua/text.h"
#include "lua/variable_all.h"
#include "lua/variable_rows.h"
#include "lua/warning.h"
#include "lua/where.h"
#include "lua/within.h"
#include "lua/zip.h"

static const char MODULE_KEY = 0;

static void open_state(lua_State *L)
{
  ndL_state *S = ndL_addstate(L);
  S->context = ndL_contextof(L);
  S->owns_context = S->context == NULL;
  if (S->owns_context)
    S->context = nd_context_new(NULL);
  if (S->context == NULL) {
    luaL_error(L,
               "nadir: no context: out of memory, or this CPU cannot run the "
               "level in NADIR_CPU, or NADIR_THREADS is no number of threads");
    return;
  }
  S->context->where = ndL_where;
  ndL_startpace(S);
  lua_gc(L, LUA_GCGEN, 0, 0);
}

// A second opening, as after package.loaded.nadir = nil, gives the same module:
// its objects belong to the one state.
__attribute__((visibility("default"))) int luaopen_nadir(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &MODULE_KEY) != LUA_TNIL)
    return 1;
  ndL_preload(L);
  ndL_lendfiles(L);
  open_state(L);
  lua_newtable(L);
  ndL_open_shape(L);
  ndL_open_slices(L);
  ndL_open_tensor(L);
  ndL_open_bytes(L);
  ndL_open_fields(L);
  ndL_open_entry(L);
  ndL_open_part(L);
  ndL_open_variable(L);
  ndL_open_variable_rows(L);
  ndL_open_tape(L);
  ndL_open_explain(L);
  ndL_open_gradient(L);
  ndL_open_jacobian(L);
  ndL_open_forward(L);
  ndL_open_custom(L);
  ndL_open_optimizer(L);
  ndL_open_zip(L);
  ndL_open_scope(L);
  ndL_open_random(L);
  ndL_open_numbers(L);
  ndL_open_order(L);
  ndL_open_system(L);
  ndL_open_text(L);
  ndL_open_loaders(L);
  ndL_finish(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &MODULE_KEY);
  return 1;
}

// ---------------------------------------------------------------- modules --

// The LPeg that the state has, if it has one: two cannot share their type.
static int open_lpeg(lua_State *L)
{
  if (luaL_getmetatable(L, "lpeg-pattern") == LUA_TTABLE &&
      lua_getfield(L, -1, "__index") == LUA_TTABLE)
    return 1;
  return luaopen_lpeg(L);
}

static int where(lua_State *L)
{
  ndL_pushwhere(L);
  return 1;
}

static int open_where(lua_State *L)
{
  lua_pushcfunction(L, where);
  return 1;
}

// A table of modules' names by what scripts write for them.
// Gives the position, paths and name of the next module that has paths, behind
// the position of another; nothing after the last.
static int next_path(lua_State *L)
{
  lua_Integer i = lua_tointeger(L, 2);
  while (ndL_embedded[i].name != NULL && ndL_embedded[i].path == NULL)
    i++;
  if (ndL_embedded[i].name == NULL)
    return 0;
  lua_pushinteger(L, i + 1);
  lua_pushstring(L, ndL_embedded[i].path);
  lua_pushstring(L, ndL_embedded[i].name);
  return 3;
}

static int open_paths(lua_State *L)
{
  lua_pushcfunction(L, next_path);
  return 1;
}

static const luaL_Reg natives[] = {
  { "lpeg", open_lpeg },
  { "nadir", luaopen_nadir },
  { "nadir.columns", ndL_open_columns },
  { "nadir.differences", ndL_open_differences },
  { "nadir.fields", ndL_pushfields },
  { "nadir.file", ndL_open_file },
  { "nadir.finally", ndL_open_finally },
  { "nadir.frames", ndL_open_frames },
  { "nadir.holders", ndL_open_holders },
  { "nadir.host", ndL_open_host },
  { "nadir.manager", ndL_open_manager },
  { "nadir.nearest", ndL_open_nearest },
  { "nadir.number", ndL_open_number },
  { "nadir.origin", ndL_open_origin },
  { "nadir.paths", open_paths },
  { "nadir.patience", ndL_open_patience },
  { "nadir.signatures", ndL_open_signatures },
  { "nadir.wanted", ndL_open_wanted },
  { "nadir.switches", ndL_open_switches },
  { "nadir.warning", ndL_open_warning },
  { "nadir.variables", ndL_open_variable_all },
  { "nadir.where", open_where },
  { NULL, NULL },
};

void ndL_preload(lua_State *L)
{
  ndL_addmodules(L, natives);
}

int ndL_openembedded(lua_State *L, const char *name)
{
  ndL_preload(L);
  ndL_require(L, name);
  return 1;
}
