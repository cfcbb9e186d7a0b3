// base/account.c: what quotas leave, and what hosts ask and set.

#include "base/account.h"

#include "base/context.h"

// What tensors and objects leave of the memory's quota to the Lua heap.
enum { RESERVE_BYTES = 256 << 10, RESERVE_PARTS = 16 };

size_t nd_account_shared_room(const nd_account *a)
{
  const size_t quota = a->quota[ND_MEMORY_ALL];
  const size_t part = quota / RESERVE_PARTS;
  const size_t reserve = part < RESERVE_BYTES ? part : RESERVE_BYTES;
  const size_t room = nd_account_room(a, ND_MEMORY_ALL);
  if (quota == 0)
    return SIZE_MAX;
  return room > reserve ? room - reserve : 0;
}

size_t nd_account_headroom(const nd_context *c)
{
  const nd_account *a = &c->memory.account;
  const size_t own = nd_account_room(a, ND_MEMORY_TENSOR);
  const size_t shared = nd_account_shared_room(a);
  return own < shared ? own : shared;
}

bool nd_account_fail(nd_context *c, size_t excess, nd_memory_kind kind)
{
  return nd_fail(c, ND_NO_MEMORY,
                 "out of memory: %zu bytes more than the %squota of %zu allows",
                 excess, kind == ND_MEMORY_ALL ? "memory " : "",
                 c->memory.account.quota[kind]);
}

bool nd_account_allows(nd_context *c, size_t bytes, nd_memory_kind kind)
{
  const size_t room = nd_account_room(&c->memory.account, kind);
  return bytes <= room || nd_account_fail(c, bytes - room, kind);
}

// ------------------------------------------------------------------- hosts --

static bool is_counted(const nd_context *c, nd_memory_kind kind)
{
  return c != NULL && (unsigned)kind <= ND_MEMORY_ALL;
}

size_t nd_context_bytes(const nd_context *c, nd_memory_kind kind)
{
  return is_counted(c, kind) ? c->memory.account.used[kind] : 0;
}

size_t nd_context_peak(const nd_context *c, nd_memory_kind kind)
{
  return is_counted(c, kind) ? c->memory.account.peak[kind] : 0;
}

void nd_context_set_quota(nd_context *c, nd_memory_kind kind, size_t bytes)
{
  if (is_counted(c, kind))
    c->memory.account.quota[kind] = bytes;
}
