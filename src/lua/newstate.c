// lua/newstate.c: the Lua heap. Small objects, which scripts make and drop by
// the million, come from free lists cut from chunks; larger ones go to the
// context's allocator. Chunks go back when the state is closed.

#include "lua/newstate.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lua/state.h"

enum {
  STEP = 16,     // sizes of small objects differ by that
  CLASSES = 17,  // sizes over STEP, rounded up: up to 256 bytes
  CHUNK = 16384
};

typedef struct chunk {
  _Alignas(STEP) struct chunk *next;
} chunk;

typedef struct heap {
  nd_context *context;
  void *spare[CLASSES];  // free objects, linked by their first word
  chunk *chunks;
  char *at;  // what the newest chunk has left
  size_t left;
  bool warns;  // warnings are on
  bool begun;  // one is being printed
} heap;

static size_t class_of(size_t size)
{
  return (size + STEP - 1) / STEP;
}

static void *cut(heap *h, size_t cls)
{
  const size_t size = cls * STEP;
  if (h->left < size) {
    chunk *fresh = nd_memory_resize_script(h->context, NULL, 0, CHUNK);
    if (fresh == NULL)
      return NULL;
    fresh->next = h->chunks;
    h->chunks = fresh;
    h->at = (char *)(fresh + 1);
    h->left = CHUNK - sizeof *fresh;
  }
  void *object = h->at;
  h->at += size;
  h->left -= size;
  return object;
}

static void *take(heap *h, size_t size)
{
  const size_t cls = class_of(size);
  if (cls >= CLASSES)
    return nd_memory_resize_script(h->context, NULL, 0, size);
  void **object = h->spare[cls];
  if (object == NULL)
    return cut(h, cls);
  h->spare[cls] = *object;
  return object;
}

static void give(heap *h, void *block, size_t size)
{
  const size_t cls = class_of(size);
  if (cls >= CLASSES) {
    nd_memory_resize_script(h->context, block, size, 0);
    return;
  }
  void **object = block;
  *object = h->spare[cls];
  h->spare[cls] = object;
}

static void *resize(heap *h, void *block, size_t old_size, size_t new_size)
{
  const size_t from = class_of(old_size);
  const size_t to = class_of(new_size);
  if (from == to && from < CLASSES)
    return block;
  if (from >= CLASSES && to >= CLASSES)
    return nd_memory_resize_script(h->context, block, old_size, new_size);
  void *p = take(h, new_size);
  if (p == NULL)
    return NULL;  // even if it shrinks: Lua 5.4 asks for no promise there
  memcpy(p, block, old_size < new_size ? old_size : new_size);
  give(h, block, old_size);
  return p;
}

static void *allocate(void *data, void *block, size_t old_size, size_t new_size)
{
  heap *h = data;
  if (block == NULL)
    return new_size == 0 ? NULL : take(h, new_size);
  if (new_size > 0)
    return resize(h, block, old_size, new_size);
  give(h, block, old_size);
  return NULL;
}

// ---------------------------------------------------------------- warnings --

// "@on" and "@off" switch; pieces of a message come one by one.
static void warn(void *data, const char *message, int more)
{
  heap *h = data;
  if (!h->begun && !more && message[0] == '@') {
    if (strcmp(message, "@on") == 0)
      h->warns = true;
    else if (strcmp(message, "@off") == 0)
      h->warns = false;
    return;
  }
  if (h->warns)
    fprintf(stderr, "%s%s%s", h->begun ? "" : "Lua warning: ", message,
            more ? "" : "\n");
  h->begun = more;
}

// ------------------------------------------------------------------- state --

static void free_heap(heap *h)
{
  nd_context *c = h->context;
  while (h->chunks != NULL) {
    chunk *next = h->chunks->next;
    nd_memory_resize_script(c, h->chunks, CHUNK, 0);
    h->chunks = next;
  }
  nd_memory_free(c, h, sizeof *h, ND_MEMORY_OBJECT);
}

lua_State *ndL_newstate(nd_context *c)
{
  heap *h = nd_memory_new(c, sizeof *h, ND_MEMORY_OBJECT);
  if (h == NULL)
    return NULL;
  *h = (heap){ .context = c };
  lua_State *L = lua_newstate(allocate, h);
  if (L == NULL) {
    free_heap(h);
    return NULL;
  }
  lua_setwarnf(L, warn, h);
  return L;
}

nd_context *ndL_contextof(lua_State *L)
{
  void *h;
  lua_getallocf(L, &h);
  return ((heap *)h)->context;
}

void ndL_closestate(lua_State *L)
{
  void *h;
  lua_getallocf(L, &h);
  lua_close(L);
  free_heap(h);
}
