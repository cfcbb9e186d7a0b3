// lua/heap.h: the memory of a Lua state, which is a context's.

#ifndef ND_LUA_HEAP_H
#define ND_LUA_HEAP_H

#include <lua.h>

#include "nadir.h"

// Sizes of small objects: up to 256 bytes, in steps of 16. Class 0 is boxes.
enum { NDL_HEAP_CLASSES = 17 };

// Empty, and all zero, but for its context.
typedef struct ndL_heap {
  nd_context *context;
  void *spare[NDL_HEAP_CLASSES];  // free objects, linked by their first word
  struct ndL_chunk *chunks;
  struct ndL_large *larges;
  char *at;  // what the newest chunk has left
  size_t left;
  bool awaits_box;   // that is what Lua asks for next
  size_t box_size;   // as Lua asks, rounded up; 0: not known yet
  size_t box_start;  // where the bytes of the userdata begin in it
  void (*drop)(void *owner, void *bytes);  // these go when Lua frees it
  void *owner;                             // NULL: it is no more
} ndL_heap;

// The heap as a lua_Alloc, whose data it is.
void *ndL_heap_allocate(void *heap, void *block, size_t old_size,
                        size_t new_size);

// The heap of a state, NULL if its memory is none of ours.
ndL_heap *ndL_heapof(lua_State *L);

// Boxes are userdata of `size` bytes that need no finalizer: `drop` is called
// with the owner and these as Lua frees them. It may call nothing of Lua. A box
// is known by where it lies, whatever may be in it. Both raise Lua's error of
// memory; the first makes the other, which pushes a box, possible.
void ndL_heap_startboxes(lua_State *L, ndL_heap *h, size_t size,
                         void (*drop)(void *owner, void *bytes), void *owner);
void *ndL_heap_newbox(lua_State *L, ndL_heap *h, size_t size);

// Gives all that is held back to the context.
void ndL_heap_free(ndL_heap *h);

#endif
