// host.h: a host that counts what it lends, refuses when told to, and notices
// when a size or a kind that comes back is not the one that went out.
#ifndef ND_TEST_HOST_H
#define ND_TEST_HOST_H

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "nadir.h"

typedef struct host {
  long asked;        // requests for more memory so far
  long refuse_from;  // the first that is refused, counted from 1; 0: none
  long refuse_to;    // the last
  long blocks;       // lent now
  size_t bytes;
  size_t bytes_of[ND_MEMORY_KINDS];
  size_t peak_of[ND_MEMORY_KINDS];
  long mistakes;
} host;

typedef struct host_block {
  _Alignas(16) size_t size;
  nd_memory_kind kind;
} host_block;

static inline void host_count(host *h, nd_memory_kind kind, size_t old_size,
                              size_t new_size)
{
  h->bytes += new_size - old_size;
  h->bytes_of[kind] += new_size - old_size;
  if (h->bytes_of[kind] > h->peak_of[kind])
    h->peak_of[kind] = h->bytes_of[kind];
}

static inline void *host_allocate(void *data, void *block, size_t old_size,
                                  size_t new_size, nd_memory_kind kind)
{
  host *h = data;
  host_block *b = block == NULL ? NULL : (host_block *)block - 1;
  h->mistakes += b == NULL ? old_size != 0
                           : b->size != old_size || b->kind != kind;
  if (new_size > old_size) {
    h->asked++;
    if (h->asked >= h->refuse_from && h->asked <= h->refuse_to)
      return NULL;
  }
  host_count(h, kind, old_size, new_size);
  h->blocks += (new_size > 0) - (b != NULL);
  if (new_size == 0) {
    free(b);
    return NULL;
  }
  // Always another place, so that a pointer to the old one is found out.
  host_block *moved = malloc(sizeof *moved + new_size);
  if (b != NULL)
    memcpy(moved + 1, b + 1, old_size < new_size ? old_size : new_size);
  free(b);
  *moved = (host_block){ .size = new_size, .kind = kind };
  return moved + 1;
}

static inline nd_config host_config(host *h)
{
  *h = (host){ .refuse_from = LONG_MAX };
  return (nd_config){ .size = sizeof(nd_config),
                      .allocator = host_allocate,
                      .allocator_data = h };
}

// Refuses `n` requests after the next `after`.
static inline void host_refuse(host *h, long after, long n)
{
  h->refuse_from = h->asked + after + 1;
  h->refuse_to = n > LONG_MAX - h->refuse_from ? LONG_MAX
                                               : h->refuse_from + n - 1;
}

static inline void host_relent(host *h)
{
  h->refuse_to = 0;
}

// The host has all of its memory back.
static inline void check_returned(const host *h)
{
  CHECK_INT(h->blocks, 0);
  CHECK_INT(h->bytes, 0);
  CHECK_INT(h->mistakes, 0);
}

#endif
