// tape/identities.h: a hash map from identities of tensors to node numbers.

#ifndef ND_TAPE_IDENTITIES_H
#define ND_TAPE_IDENTITIES_H

#include "base/context.h"

typedef struct nd_identity_slot {
  uint64_t id;  // 0: free
  int32_t node;
} nd_identity_slot;

typedef struct nd_identities {
  nd_identity_slot *slots;
  size_t room;  // a power of two, or 0
  size_t count;
  uint64_t lowest, highest;  // of the identities, for a quick no
} nd_identities;

// The node of `id`, or 0.
int32_t nd_identities_find(const nd_identities *m, uint64_t id);

// Adds an identity that is not there yet.
bool nd_identities_add(nd_context *c, nd_identities *m, uint64_t id,
                       int32_t node);

// Adds an identity, or gives it another node.
bool nd_identities_set(nd_context *c, nd_identities *m, uint64_t id,
                       int32_t node);

void nd_identities_clear(nd_context *c, nd_identities *m);

#endif
