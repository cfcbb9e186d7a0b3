// base/memory.h: all memory comes from the host's allocator through here, is
// counted by kind, and is held to the quotas (base/account.h).

#ifndef ND_BASE_MEMORY_H
#define ND_BASE_MEMORY_H

#include "base/account.h"

// Size classes of the block cache: four to an octave, from 64 bytes up.
enum { ND_CACHE_CLASSES = 240, ND_ALIGNMENT = 64 };

// Bytes up to the end of a line of the cache.
static inline size_t nd_whole_lines(size_t bytes)
{
  const size_t line = ND_ALIGNMENT;
  return (bytes + line - 1) / line * line;
}

// Small objects, of up to 512 bytes: in steps of 32, kept on free lists.
enum { ND_SMALL_STEP = 32, ND_SMALL_CLASSES = 17 };

// Pages of either size hold records of tapes; some freed ones are kept.
enum { ND_LEAF = 4096, ND_PAGE = 32768, ND_SPARE_PAGES = 128 };

typedef struct nd_spares {
  void *list;  // linked by their first word
  int count;
} nd_spares;

// A run of bytes for tensor values, 64-byte aligned. `bytes` is what was asked
// for and counted, `capacity` the size of its class.
typedef struct nd_block {
  struct nd_block *next;  // in the cache
  void *memory;           // what the allocator gave
  size_t bytes;
  size_t capacity;
  uint32_t size_class;
  uint32_t refs;  // for the owner's use
} nd_block;

typedef struct nd_memory {
  nd_allocator *allocator;
  void *data;
  bool plain;  // the allocator is malloc
  nd_account account;
  size_t cached;  // bytes waiting in `cache`, only in the count of all
  nd_block *cache[ND_CACHE_CLASSES];
  void *spare[ND_SMALL_CLASSES];  // free small objects, linked by first word
  nd_spares leaves, pages;
  struct nd_held *held;  // all of it but the Lua heap
} nd_memory;

// Like realloc, through the host's allocator or, for small objects, from those
// that wait; counted. On refusal returns NULL and keeps the error. A new size
// of 0 frees.
void *nd_memory_resize(nd_context *c, void *block, size_t old_size,
                       size_t new_size, nd_memory_kind kind);

void *nd_memory_new(nd_context *c, size_t size, nd_memory_kind kind);
void nd_memory_free(nd_context *c, void *block, size_t size,
                    nd_memory_kind kind);

// The same for an object that is known to be small.
void *nd_small_new(nd_context *c, size_t size);
void nd_small_free(nd_context *c, void *object, size_t size);

// ND_LEAF or ND_PAGE bytes for objects.
void *nd_page_new(nd_context *c, size_t size);
void nd_page_free(nd_context *c, void *page, size_t size);

// nd_memory_resize for the Lua heap: a refusal is the Lua VM's to report, so it
// leaves no error.
void *nd_memory_resize_script(nd_context *c, void *block, size_t old_size,
                              size_t new_size);

// True if requests may be refused that a collection would make room for: there
// is a quota, or the allocator is the host's own.
bool nd_memory_is_limited(const nd_context *c);

// A block for `bytes` of values, from the cache when it has one. The values
// start at nd_block_data.
nd_block *nd_block_new(nd_context *c, size_t bytes);
void nd_block_free(nd_context *c, nd_block *b);

static inline void *nd_block_data(nd_block *b)
{
  return (char *)b + ND_ALIGNMENT;
}

// Gives back to the host all that waits for use again. True if there was any.
bool nd_memory_trim(nd_context *c);

// Gives back everything but the Lua heap, whoever holds it.
void nd_memory_end(nd_context *c);

#endif
