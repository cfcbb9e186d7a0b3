// base/near.h: the name that was meant instead of one that there is not.

#ifndef ND_BASE_NEAR_H
#define ND_BASE_NEAR_H

#include <stdbool.h>
#include <stddef.h>

// A search among names. Set `name`; the rest starts as zeros.
typedef struct nd_near {
  const char *name;  // what was written
  const char *best;  // the nearest so far, NULL if none is near
  int distance;      // letters by which it differs
} nd_near;

// Looks at one name that there is; it stays the caller's. Near is what differs
// by few letters for its length, whatever their case. Of several it is the
// longest, since letters are sooner left out than added; of these one that
// begins with the same letter in the same case.
void nd_near_try(nd_near *n, const char *candidate);

// Whether two words are the same, whatever the case of their ASCII letters.
bool nd_near_same(const char *a, const char *b);

#endif
