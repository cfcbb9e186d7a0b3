// cli/complete.c: shows what completion finds.

#include "cli/complete.h"

#include <string.h>

// The name `i` of the list on top, which keeps it.
static const char *name_at(lua_State *L, int i)
{
  lua_rawgeti(L, -1, i + 1);
  const char *name = lua_tostring(L, -1);
  lua_pop(L, 1);
  return name;
}

static int widest(lua_State *L, int count)
{
  int width = 0;
  for (int i = 0; i < count; i++) {
    const int size = (int)strlen(name_at(L, i));
    width = size > width ? size : width;
  }
  return width;
}

// Prints the list on top in columns.
static void list(lua_State *L, const struct cli_completion *c)
{
  const int width = widest(L, c->count);
  const int across = c->columns / (width + 2) > 1 ? c->columns / (width + 2)
                                                  : 1;
  const int down = (c->count + across - 1) / across;
  fputc('\n', c->list);
  for (int row = 0; row < down; row++) {
    for (int i = row; i < c->count; i += down) {
      const int gap = i + down < c->count ? width + 2 : 0;
      fprintf(c->list, "%-*s", gap, name_at(L, i));
    }
    fputc('\n', c->list);
  }
}

void cli_complete(lua_State *L, struct cli_completion *c)
{
  ndL_completion found;
  const bool any = ndL_complete(L, c->console, c->text, c->size, &found);
  c->count = found.count;
  memcpy(c->insert, found.insert, sizeof found.insert);
  if (!any)
    return;
  if (c->count > 1 && c->insert[0] == '\0' && c->list != NULL)
    list(L, c);
  lua_pop(L, 1);
}
