// base/account.h: how much memory is used, of each kind and in all, and what
// the quotas leave of it.

#ifndef ND_BASE_ACCOUNT_H
#define ND_BASE_ACCOUNT_H

#include "nadir.h"

typedef struct nd_account {
  size_t used[ND_MEMORY_ALL + 1];
  size_t peak[ND_MEMORY_ALL + 1];
  size_t quota[ND_MEMORY_ALL + 1];  // 0: none
} nd_account;

static inline void nd_account_count(nd_account *a, nd_memory_kind kind,
                                    size_t old_size, size_t new_size)
{
  a->used[kind] += new_size - old_size;
  if (a->used[kind] > a->peak[kind])
    a->peak[kind] = a->used[kind];
}

// What is left of the quota of one kind; SIZE_MAX without a quota.
static inline size_t nd_account_room(const nd_account *a, nd_memory_kind kind)
{
  const size_t quota = a->quota[kind], used = a->used[kind];
  if (quota == 0)
    return SIZE_MAX;
  return quota > used ? quota - used : 0;
}

// What is left of the memory's quota for tensors and objects: the Lua heap has
// a part of it to itself.
size_t nd_account_shared_room(const nd_account *a);

// True if `bytes` more of that kind stay within its quota; else the error.
bool nd_account_allows(nd_context *c, size_t bytes, nd_memory_kind kind);

// The error of a request that goes over the quota of that kind.
bool nd_account_fail(nd_context *c, size_t excess, nd_memory_kind kind);

// How many bytes of tensors the quotas still allow; SIZE_MAX without any.
size_t nd_account_headroom(const nd_context *c);

#endif
