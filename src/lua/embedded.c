// lua/embedded.c: unpacks the Lua sources inside the library.

#include "lua/embedded.h"

#include <lauxlib.h>

// Both take what `packed` points to and move it on; they return the new end.
static char *copy(const unsigned char **packed, char *end)
{
  const int low = *(*packed)++;
  const int high = *(*packed)++;
  const char *from = end - (low + (high >> 4) * 256) - 1;
  for (int n = (high & 15) + 3; n > 0; n--)
    *end++ = *from++;
  return end;
}

static char *group(const unsigned char **packed, char *end, const char *limit)
{
  unsigned flags = *(*packed)++;
  for (int i = 0; i < 8 && end < limit; i++, flags >>= 1) {
    if ((flags & 1) != 0)
      end = copy(packed, end);
    else
      *end++ = (char)*(*packed)++;
  }
  return end;
}

void ndL_pushembedded(lua_State *L, const struct ndL_embedded *e)
{
  luaL_Buffer b;
  char *text = luaL_buffinitsize(L, &b, e->size);
  const unsigned char *packed = e->packed;
  for (char *end = text; end < text + e->size;)
    end = group(&packed, end, text + e->size);
  luaL_pushresultsize(&b, e->size);
}
