// lua/heap.h: the memory of a Lua state, which is a context's.

#ifndef ND_LUA_HEAP_H
#define ND_LUA_HEAP_H

#include "nadir.h"

// Sizes of small objects: up to 256 bytes, in steps of 16.
enum { NDL_HEAP_CLASSES = 17 };

// Empty, and all zero, but for its context.
typedef struct ndL_heap {
  nd_context *context;
  void *spare[NDL_HEAP_CLASSES];  // free objects, linked by their first word
  struct ndL_chunk *chunks;
  struct ndL_large *larges;
  char *at;  // what the newest chunk has left
  size_t left;
} ndL_heap;

// The heap as a lua_Alloc, whose data it is.
void *ndL_heap_allocate(void *heap, void *block, size_t old_size,
                        size_t new_size);

// Gives all that is held back to the context.
void ndL_heap_free(ndL_heap *h);

#endif
