// lua/module.c: opens modules. Their globals are a table with what the standard
// libraries held when the first was opened, so that a script that replaces
// `load` or clears `string` does not break the next one. `print`, `io` and `os`
// are the script's, and so is what came later.

#include "lua/module.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lua/embedded.h"

static const char MODULES_KEY = 0;  // a table of the open modules, by name
static const char GLOBALS_KEY = 0;  // the globals that they share
static const char NATIVES_KEY = 0;  // what opens those that begin in C

// ---------------------------------------------------------------- globals --

// require(name), as our modules see it.
static int require(lua_State *L)
{
  ndL_require(L, luaL_checkstring(L, 1));
  return 1;
}

// Pushes a copy of the table on top.
static void push_copy(lua_State *L)
{
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, -3)) {  // any order
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, -4);
  }
}

static void copy_libraries(lua_State *L)
{
  static const char *const names[] = { LUA_COLIBNAME,   LUA_TABLIBNAME,
                                       LUA_STRLIBNAME,  LUA_UTF8LIBNAME,
                                       LUA_MATHLIBNAME, LUA_DBLIBNAME };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (lua_getfield(L, -1, names[i]) == LUA_TTABLE) {
      push_copy(L);
      lua_setfield(L, -3, names[i]);
    }
    lua_pop(L, 1);
  }
}

static void push_globals(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &GLOBALS_KEY) != LUA_TNIL)
    return;
  lua_pop(L, 1);
  lua_pushglobaltable(L);
  push_copy(L);
  copy_libraries(L);
  lua_pushcfunction(L, require);
  lua_setfield(L, -2, "require");
  lua_pushnil(L);
  lua_setfield(L, -2, "print");
  lua_createtable(L, 0, 1);
  lua_rotate(L, -3, -1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &GLOBALS_KEY);
}

// ---------------------------------------------------------------- opening --

static lua_CFunction find_native(lua_State *L, const char *name)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &NATIVES_KEY);
  const luaL_Reg *n = lua_touserdata(L, -1);
  lua_pop(L, 1);
  while (n->name != NULL && strcmp(n->name, name) != 0)
    n++;
  return n->func;
}

static void load_embedded(lua_State *L, const char *name)
{
  const struct ndL_embedded *e = ndL_embedded;
  while (e->name != NULL && strcmp(e->name, name) != 0)
    e++;
  if (e->name == NULL)
    luaL_error(L, "nadir has no module '%s'", name);
  char chunk[80];
  snprintf(chunk, sizeof chunk, "=[%s]", name);
  ndL_pushembedded(L, e);
  if (luaL_loadbufferx(L, lua_tostring(L, -1), e->size, chunk, "t") != LUA_OK)
    lua_error(L);
  lua_remove(L, -2);
  push_globals(L);
  lua_setupvalue(L, -2, 1);
}

// Tells package.loaded of the module on top, unless that has one of its name.
static void publish(lua_State *L, const char *name)
{
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushstring(L, name);
  if (lua_rawget(L, -2) == LUA_TNIL) {
    lua_pushstring(L, name);
    lua_pushvalue(L, -4);
    lua_rawset(L, -4);
  }
  lua_pop(L, 2);
}

// Pushes what opening it gives.
static void open_module(lua_State *L, const char *name)
{
  const lua_CFunction native = find_native(L, name);
  if (native != NULL)
    lua_pushcfunction(L, native);
  else
    load_embedded(L, name);
  lua_pushstring(L, name);
  lua_call(L, 1, 1);
  if (native == NULL)
    publish(L, name);
}

static void push_modules(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &MODULES_KEY) != LUA_TNIL)
    return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &MODULES_KEY);
}

void ndL_require(lua_State *L, const char *name)
{
  push_modules(L);
  if (lua_getfield(L, -1, name) == LUA_TNIL) {
    lua_pop(L, 1);
    open_module(L, name);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, name);
  }
  lua_remove(L, -2);
}

void ndL_finish(lua_State *L)
{
  load_embedded(L, "nadir");
  lua_insert(L, -2);
  lua_call(L, 1, 1);
}

// ---------------------------------------------- what scripts see of this --

// A function of package.preload, which is called with the module's name.
static int open_preloaded(lua_State *L)
{
  ndL_require(L, lua_tostring(L, lua_upvalueindex(1)));
  return 1;
}

static void preload(lua_State *L, const char *name)
{
  lua_pushstring(L, name);
  lua_pushcclosure(L, open_preloaded, 1);
  lua_setfield(L, -2, name);
}

void ndL_addmodules(lua_State *L, const luaL_Reg *natives)
{
  lua_pushlightuserdata(L, (void *)(uintptr_t)natives);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &NATIVES_KEY);
  push_globals(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  for (const struct ndL_embedded *e = ndL_embedded; e->name != NULL; e++)
    preload(L, e->name);
  if (lua_getfield(L, -1, "lpeg") == LUA_TNIL) {
    lua_pushvalue(L, -2);
    preload(L, "lpeg");
    lua_pop(L, 1);
  }
  lua_pop(L, 3);
}
