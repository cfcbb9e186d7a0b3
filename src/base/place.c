// base/place.c: the names of sources that places are of. They are few, and most
// often the one that was met last.

#include "base/place.h"

#include <stdio.h>
#include <string.h>

int32_t nd_sources_find(nd_sources *s, const char *name)
{
  if (s->count > 0 && strcmp(s->name[s->last], name) == 0)
    return s->last;
  for (int32_t i = 0; i < s->count; i++) {
    if (strcmp(s->name[i], name) == 0)
      return s->last = i;
  }
  if (s->count == ND_SOURCES)
    return -1;
  snprintf(s->name[s->count], ND_SOURCE_NAME, "%s", name);
  return s->last = s->count++;
}
