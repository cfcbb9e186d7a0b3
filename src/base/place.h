// base/place.h: where whoever uses the core is: the line of a script.

#ifndef ND_BASE_PLACE_H
#define ND_BASE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct nd_place {
  int32_t source;  // which of those that the context knows
  int32_t line;    // 0: not known
} nd_place;

// Names of sources, as messages show them: of as many files as one meets.
enum { ND_SOURCE_NAME = 60, ND_SOURCES = 64 };

typedef struct nd_sources {
  char name[ND_SOURCES][ND_SOURCE_NAME];
  int32_t count, last;  // last: the one that was met last
} nd_sources;

// Says where the script is: the name of its source, and the line. 0 if that is
// not known. `script` is who runs it.
typedef int nd_where(void *script, char source[ND_SOURCE_NAME]);

// The number of a source; -1 if there are too many.
int32_t nd_sources_find(nd_sources *s, const char *name);

#endif
