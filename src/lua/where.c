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

// The innermost function from `level` on that is a script's.
static bool find(lua_State *L, int level, lua_Debug *ar)
{
  for (; lua_getstack(L, level, ar); level++) {
    lua_getinfo(L, "Sl", ar);
    if (ar->currentline > 0 && !ndL_isours(ar->source))
      return true;
  }
  return false;
}

void ndL_pushwhere(lua_State *L)
{
  lua_Debug ar;
  if (find(L, 0, &ar))
    lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
  else
    lua_pushliteral(L, "");
}

// The core is called by functions of ours, level 0.
int ndL_where(void *L, char source[ND_SOURCE_NAME])
{
  lua_Debug ar;
  if (!find(L, 1, &ar))
    return 0;
  memcpy(source, ar.short_src, ND_SOURCE_NAME);
  return ar.currentline;
}
