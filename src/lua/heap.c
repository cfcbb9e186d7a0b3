// lua/heap.c: the Lua heap. Small objects, which scripts make and drop by
// the million, come from free lists cut from chunks; larger ones go to the
// context's allocator. Chunks go back when the state is closed, and those that
// are all free when memory runs out: else a heap that was once full of objects
// of one size would have no room for another.
//
// Boxes have chunks of their own, where each lies half a step beside the places
// of all other small objects.

#include "lua/heap.h"

#include <string.h>

#include "base/memory.h"

enum {
  STEP = 16,                   // sizes of small objects differ by that
  CLASSES = NDL_HEAP_CLASSES,  // sizes over STEP, rounded up
  BOXES = 0,                   // instead of a class
  BESIDE = STEP / 2,           // where boxes lie
  CHUNK = 16384
};

typedef struct ndL_chunk {
  struct ndL_chunk *next;
  uint32_t room;  // bytes of objects
  uint32_t free;  // of these, on the free lists, while they are counted
} chunk;

_Static_assert(sizeof(chunk) % STEP == 0, "objects fill what follows");

// In front of each larger object. What a finalizer of a closing state makes
// gets no finalizer of its own, so memory that a C module keeps beside its
// objects, as LPeg does, is freed with the heap or never.
typedef struct ndL_large {
  struct ndL_large *next, *before;
  size_t size;  // with this
  size_t unused;
} large;

_Static_assert(sizeof(large) % STEP == 0, "objects are aligned");

static size_t class_of(size_t size)
{
  return (size + STEP - 1) / STEP;
}

// Where objects begin, also if the host's memory is aligned to less.
static char *first_object(chunk *k)
{
  const uintptr_t first = ((uintptr_t)(k + 1) + STEP - 1) / STEP * STEP;
  return (char *)k + (first - (uintptr_t)k);
}

// Of the objects of a class.
static size_t size_of(const ndL_heap *h, size_t cls)
{
  return cls == BOXES ? h->box_size : cls * STEP;
}

static bool is_box(const void *object)
{
  return ((uintptr_t)object & BESIDE) != 0;
}

static void put(ndL_heap *h, void *object, size_t cls)
{
  *(void **)object = h->spare[cls];
  h->spare[cls] = object;
}

// --------------------------------------------------------- free chunks --
// Lists are linked by the first word of their members.

static void *merge(void *a, void *b)
{
  void *merged = NULL;
  void **tail = &merged;
  while (a != NULL && b != NULL) {
    void **least = (uintptr_t)a < (uintptr_t)b ? &a : &b;
    *tail = *least;
    tail = *least;
    *least = *tail;
  }
  *tail = a != NULL ? a : b;
  return merged;
}

// The list in the order of addresses. Bin i holds 2^i members.
static void *sort(void *list)
{
  void *bins[64] = { NULL };
  while (list != NULL) {
    void *one = list;
    list = *(void **)one;
    *(void **)one = NULL;
    int i = 0;
    for (; bins[i] != NULL; i++) {
      one = merge(bins[i], one);
      bins[i] = NULL;
    }
    bins[i] = one;
  }
  for (int i = 0; i < 64; i++)
    list = merge(bins[i], list);
  return list;
}

// The chunk of an object: the last that begins before it, from `k` on.
static chunk *find_chunk(chunk *k, const void *object)
{
  while (k->next != NULL && (uintptr_t)k->next < (uintptr_t)object)
    k = k->next;
  return k;
}

static void count_free(ndL_heap *h)
{
  for (chunk *k = h->chunks; k != NULL; k = k->next)
    k->free = 0;
  for (size_t cls = 0; cls < CLASSES; cls++) {
    chunk *k = h->chunks;
    h->spare[cls] = sort(h->spare[cls]);
    for (void **object = h->spare[cls]; object != NULL; object = *object) {
      k = find_chunk(k, object);
      k->free += (uint32_t)size_of(h, cls);
    }
  }
}

static bool is_free(const chunk *k)
{
  return k->free == k->room;
}

static void drop_objects(ndL_heap *h, size_t cls)
{
  chunk *k = h->chunks;
  void **link = &h->spare[cls];
  while (*link != NULL) {
    k = find_chunk(k, *link);
    if (is_free(k))
      *link = *(void **)*link;
    else
      link = *link;
  }
}

static void finish_chunk(ndL_heap *h)
{
  if (h->left > 0)
    put(h, h->at, class_of(h->left));
  h->left = 0;
}

// True if some chunk could be given back.
static bool give_chunks_back(ndL_heap *h)
{
  const size_t before = nd_context_bytes(h->context, ND_MEMORY_SCRIPT);
  if (h->left < CLASSES * STEP)
    finish_chunk(h);
  h->chunks = sort(h->chunks);
  count_free(h);
  for (size_t cls = 0; cls < CLASSES; cls++)
    drop_objects(h, cls);
  for (chunk **link = &h->chunks; *link != NULL;) {
    chunk *k = *link;
    if (!is_free(k)) {
      link = &k->next;
      continue;
    }
    *link = k->next;
    nd_memory_resize_script(h->context, k, CHUNK, 0);
  }
  return nd_context_bytes(h->context, ND_MEMORY_SCRIPT) < before;
}

// ------------------------------------------------------------- objects --

static void *ask(ndL_heap *h, void *block, size_t old_size, size_t new_size)
{
  nd_context *c = h->context;
  void *p = nd_memory_resize_script(c, block, old_size, new_size);
  if (p == NULL && new_size > old_size && give_chunks_back(h))
    p = nd_memory_resize_script(c, block, old_size, new_size);
  return p;
}

// A new chunk, with room for objects up to its end.
static chunk *add_chunk(ndL_heap *h)
{
  chunk *fresh = ask(h, NULL, 0, CHUNK);
  if (fresh == NULL)
    return NULL;
  const char *end = (char *)fresh + CHUNK;
  fresh->room = (uint32_t)(end - first_object(fresh)) / STEP * STEP;
  fresh->next = h->chunks;
  h->chunks = fresh;
  return fresh;
}

static void *cut(ndL_heap *h, size_t cls)
{
  const size_t size = cls * STEP;
  if (h->left < size) {
    finish_chunk(h);
    chunk *fresh = add_chunk(h);
    if (fresh == NULL)
      return NULL;
    h->at = first_object(fresh);
    h->left = fresh->room;
  }
  void *object = h->at;
  h->at += size;
  h->left -= size;
  return object;
}

// False without memory.
static bool cut_boxes(ndL_heap *h)
{
  chunk *fresh = add_chunk(h);
  if (fresh == NULL)
    return false;
  const size_t n = (fresh->room - BESIDE) / h->box_size;
  char *at = first_object(fresh) + BESIDE;
  fresh->room = (uint32_t)(n * h->box_size);
  for (size_t i = 0; i < n; i++, at += h->box_size)
    put(h, at, BOXES);
  return true;
}

// Makes the neighbours of a block know where it is.
static void tie(ndL_heap *h, large *block)
{
  *(block->before != NULL ? &block->before->next : &h->larges) = block;
  if (block->next != NULL)
    block->next->before = block;
}

static void *take_large(ndL_heap *h, size_t size)
{
  large *block = ask(h, NULL, 0, sizeof *block + size);
  if (block == NULL)
    return NULL;
  *block = (large){ .next = h->larges, .size = sizeof *block + size };
  tie(h, block);
  return block + 1;
}

static void give_large(ndL_heap *h, void *object)
{
  large *block = (large *)object - 1;
  *(block->before != NULL ? &block->before->next : &h->larges) = block->next;
  if (block->next != NULL)
    block->next->before = block->before;
  nd_memory_resize_script(h->context, block, block->size, 0);
}

static void *resize_large(ndL_heap *h, void *object, size_t new_size)
{
  large *block = (large *)object - 1;
  block = ask(h, block, block->size, sizeof *block + new_size);
  if (block == NULL)
    return NULL;
  block->size = sizeof *block + new_size;
  tie(h, block);
  return block + 1;
}

static void *take(ndL_heap *h, size_t size)
{
  const size_t cls = class_of(size);
  if (cls >= CLASSES)
    return take_large(h, size);
  void **object = h->spare[cls];
  if (object == NULL)
    return cut(h, cls);
  h->spare[cls] = *object;
  return object;
}

// The first is no box: it shows how much Lua asks for.
static void *take_box(ndL_heap *h, size_t size)
{
  h->awaits_box = false;
  if (h->box_size == 0) {
    h->box_size = size;
    return take(h, size);
  }
  void **box = h->spare[BOXES];
  h->spare[BOXES] = *box;
  return box;
}

static void give(ndL_heap *h, void *block, size_t size)
{
  const size_t cls = class_of(size);
  if (cls >= CLASSES) {
    give_large(h, block);
  } else if (is_box(block)) {
    h->drop(h->owner, (char *)block + h->box_start);
    put(h, block, BOXES);
  } else {
    put(h, block, cls);
  }
}

static void *resize(ndL_heap *h, void *block, size_t old_size, size_t new_size)
{
  const size_t from = class_of(old_size);
  const size_t to = class_of(new_size);
  if (from == to && from < CLASSES)
    return block;
  if (from >= CLASSES && to >= CLASSES)
    return resize_large(h, block, new_size);
  void *p = take(h, new_size);
  if (p == NULL)
    return NULL;  // even if it shrinks: Lua 5.4 asks for no promise there
  memcpy(p, block, old_size < new_size ? old_size : new_size);
  give(h, block, old_size);
  return p;
}

void *ndL_heap_allocate(void *data, void *block, size_t old_size,
                        size_t new_size)
{
  ndL_heap *h = data;
  if (block == NULL && h->awaits_box)
    return take_box(h, new_size);
  if (block == NULL)
    return new_size == 0 ? NULL : take(h, new_size);
  if (new_size > 0)
    return resize(h, block, old_size, new_size);
  give(h, block, old_size);
  return NULL;
}

// ---------------------------------------------------------------- boxes --

ndL_heap *ndL_heapof(lua_State *L)
{
  void *data;
  return lua_getallocf(L, &data) == ndL_heap_allocate ? data : NULL;
}

void ndL_heap_startboxes(lua_State *L, ndL_heap *h, size_t size,
                         void (*drop)(void *owner, void *bytes), void *owner)
{
  h->drop = drop;
  h->owner = owner;
  h->box_size = 0;
  h->awaits_box = true;
  lua_newuserdatauv(L, size, 0);
  lua_pop(L, 1);
  h->box_start = h->box_size - size;
  h->box_size = class_of(h->box_size) * STEP;
}

// Where there is no memory for boxes, Lua is asked for an object of the size of
// a chunk: it collects before it raises its error.
void *ndL_heap_newbox(lua_State *L, ndL_heap *h, size_t size)
{
  while (h->spare[BOXES] == NULL && !cut_boxes(h)) {
    lua_newuserdatauv(L, CHUNK, 0);
    lua_pop(L, 1);
  }
  h->awaits_box = true;
  return lua_newuserdatauv(L, size, 0);
}

// ------------------------------------------------------------------ end --

void ndL_heap_free(ndL_heap *h)
{
  nd_context *c = h->context;
  while (h->chunks != NULL) {
    chunk *next = h->chunks->next;
    nd_memory_resize_script(c, h->chunks, CHUNK, 0);
    h->chunks = next;
  }
  while (h->larges != NULL)
    give_large(h, h->larges + 1);
}
