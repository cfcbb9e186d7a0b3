// The Lua modules inside the library are those of lua/: the text of each
// compiles to the same function with the same lines as its file. One more is
// made of their comments, for help.

#include "lua/embedded.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "check.h"

static const char COMPARE[] =
  "local name, text = ...\n"
  "local path = 'lua/' .. name:gsub('%.', '/')\n"
  "local file = io.open(path .. '.lua') or io.open(path .. '/init.lua')\n"
  "local function compile(text) return string.dump(load(text, '=chunk')) end\n"
  "return compile(file:read 'a') == compile(text), file:close()\n";

static bool has_file(const struct ndL_embedded *e)
{
  return strcmp(e->name, "nadir.docs") != 0;
}

static void every_module_compiles_to_what_its_file_does(void)
{
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  int differ = 0;
  for (const struct ndL_embedded *e = ndL_embedded; e->name != NULL; e++) {
    if (!has_file(e))
      continue;
    luaL_loadstring(L, COMPARE);
    lua_pushstring(L, e->name);
    ndL_pushembedded(L, e);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK || !lua_toboolean(L, -1)) {
      printf("\n%s differs", e->name);
      differ++;
    }
    lua_settop(L, 0);
  }
  CHECK_INT(differ, 0);
  lua_close(L);
}

int main(void)
{
  RUN(every_module_compiles_to_what_its_file_does);
  return check_done();
}
