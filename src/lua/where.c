// lua/where.c: the lines of scripts, as messages show them.

#include "lua/where.h"

#include <string.h>

// Names of files begin with '@' and texts with their first line, so only a
// script that asks for it gets a name like this.
#define MARK "=[nadir"

bool ndL_isours(const char *source)
{
  return strncmp(source, MARK, sizeof MARK - 1) == 0;
}

void ndL_pushwhere(lua_State *L)
{
  lua_Debug ar;
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline > 0 && !ndL_isours(ar.source)) {
      lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
      return;
    }
  }
  lua_pushliteral(L, "");
}
