// lua/loaders.c: what scripts load with.

#include "lua/loaders.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>

#include "lua/error.h"
#include "lua/load.h"

// loadfile([filename [, mode [, env]]]) as in the manual.
static int base_loadfile(lua_State *L)
{
  const char *path = luaL_optstring(L, 1, NULL);
  const char *mode = luaL_optstring(L, 2, NULL);
  const int env = lua_isnone(L, 3) ? 0 : 3;
  if (ndL_loadfile(L, path, mode, env) == LUA_OK)
    return 1;
  luaL_pushfail(L);
  lua_insert(L, -2);
  return 2;
}

static int finish_dofile(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  return lua_gettop(L) - 1;
}

// dofile([filename]) as in the manual.
static int base_dofile(lua_State *L)
{
  const char *path = luaL_optstring(L, 1, NULL);
  lua_settop(L, 1);
  if (ndL_loadfile(L, path, NULL, 0) != LUA_OK)
    return lua_error(L);
  lua_callk(L, 0, LUA_MULTRET, 0, finish_dofile);
  return finish_dofile(L, 0, 0);
}

// The searcher of package.path. Upvalues: package, package.searchpath.
static int search(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushvalue(L, 1);
  if (lua_getfield(L, lua_upvalueindex(1), "path") != LUA_TSTRING)
    return luaL_error(L, "'package.path' must be a string");
  lua_call(L, 2, 2);
  if (lua_isnil(L, -2))
    return 1;
  lua_pop(L, 1);
  const char *path = lua_tostring(L, -1);
  if (ndL_loadfile(L, path, NULL, 0) != LUA_OK) {
    return luaL_error(L, "error loading module '%s' from file '%s':\n\t%s",
                      name, path, lua_tostring(L, -1));
  }
  lua_insert(L, -2);
  return 2;
}

// Ours takes the place of Lua's own: it finds the same files, and more loads.
static void replace_searcher(lua_State *L)
{
  lua_getglobal(L, LUA_LOADLIBNAME);
  lua_getfield(L, -1, "searchers");
  lua_pushvalue(L, -2);
  lua_getfield(L, -3, "searchpath");
  lua_pushcclosure(L, search, 2);
  lua_rawseti(L, -2, 2);
  lua_pop(L, 2);
}

void ndL_installload(lua_State *L)
{
  lua_register(L, "loadfile", base_loadfile);
  lua_register(L, "dofile", base_dofile);
  replace_searcher(L);
}

// ----------------------------------------------------------------- nd.load --

// Runs protected: the pieces that the function at 1 gives, as one text.
static int join_pieces(lua_State *L)
{
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (;;) {
    lua_pushvalue(L, 1);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1))
      break;
    if (!lua_isstring(L, -1))
      luaL_error(L, "reader function must return a string");
    size_t size;
    lua_tolstring(L, -1, &size);
    if (size == 0)
      break;
    luaL_addvalue(&b);
  }
  lua_pop(L, 1);
  luaL_pushresult(&b);
  return 1;
}

static int push_pieces(lua_State *L)
{
  lua_pushcfunction(L, join_pieces);
  lua_pushvalue(L, 1);
  return lua_pcall(L, 1, 1, 0);
}

static const char *check_word(lua_State *L, int i, const char *argument,
                              const char *initial)
{
  if (lua_isnoneornil(L, i))
    return initial;
  if (lua_type(L, i) != LUA_TSTRING)
    ndL_typeerror(L, "load", argument, "a string", i);
  return lua_tostring(L, i);
}

// load(chunk [, chunkname [, mode [, env]]]) as in the manual.
static int nd_load(lua_State *L)
{
  if (lua_gettop(L) == 0)
    lua_pushnil(L);
  const bool is_text = lua_type(L, 1) == LUA_TSTRING;
  if (!is_text && lua_type(L, 1) != LUA_TFUNCTION)
    ndL_error(L, "load: chunk must be text or a function, got %s",
              ndL_typename(L, 1));
  const char *initial = is_text ? lua_tostring(L, 1) : "=(load)";
  const char *name = check_word(L, 2, "chunkname", initial);
  const char *mode = check_word(L, 3, "mode", NULL);
  ndL_source s = { .env = lua_isnone(L, 4) ? 0 : 4 };
  s.name = ndL_pushchunkname(L, name);
  int status = LUA_OK;
  if (is_text)
    lua_pushvalue(L, 1);
  else
    status = push_pieces(L);
  if (status == LUA_OK) {
    s.text = lua_tolstring(L, -1, &s.size);
    status = ndL_loadsource(L, &s, mode);
  }
  if (status == LUA_OK)
    return 1;
  luaL_pushfail(L);
  lua_insert(L, -2);
  return 2;
}

void ndL_open_loaders(lua_State *L)
{
  lua_pushcfunction(L, nd_load);
  lua_setfield(L, -2, "load");
}
