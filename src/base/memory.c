// base/memory.c: the host's allocator, and what waits for use again: pages,
// small objects and blocks of values.
//
// Everything but the Lua heap stands in one list, so that a context can free
// what is still held when it goes.
//
// A block is one allocation: padding up to a 64-byte line, the nd_block, then
// the values. Blocks are kept in size classes when they are freed, up to
// CACHE_BYTES, since fresh memory costs a page fault per 4 KB. The alignment is
// ours, on plain malloc: with glibc's aligned_alloc a training loop was
// measured to fragment from 29 MB to 3.8 GB.

#include "base/memory.h"

#include <string.h>

#include "base/context.h"

enum { CACHE_BYTES = 24 << 20 };

_Static_assert(sizeof(nd_block) <= ND_ALIGNMENT, "values follow the header");

// Comes before each allocation. Hosts may align to 8, so nothing of ours that
// is not placed by place_block may ask for more.
typedef struct nd_held {
  struct nd_held *before;
  struct nd_held *after;
  size_t size;  // with this header
  nd_memory_kind kind;
} nd_held;

static void hold(nd_memory *m, nd_held *h)
{
  h->before = NULL;
  h->after = m->held;
  if (m->held != NULL)
    m->held->before = h;
  m->held = h;
}

static void let_go(nd_memory *m, nd_held *h)
{
  if (h->before != NULL)
    h->before->after = h->after;
  else
    m->held = h->after;
  if (h->after != NULL)
    h->after->before = h->before;
}

static void free_held(nd_memory *m, nd_held *h)
{
  let_go(m, h);
  nd_account_count(&m->account, ND_MEMORY_ALL, h->size, 0);
  m->allocator(m->data, h, h->size, 0, h->kind);
}

static void *call_host(nd_memory *m, void *block, size_t size,
                       nd_memory_kind kind)
{
  nd_held *h = block == NULL ? NULL : (nd_held *)block - 1;
  if (size == 0) {
    if (h != NULL)
      free_held(m, h);
    return NULL;
  }
  if (h != NULL)
    let_go(m, h);
  const size_t before = h == NULL ? 0 : h->size;
  nd_held *p = m->allocator(m->data, h, before, size + sizeof *p, kind);
  if (p != NULL) {
    *p = (nd_held){ .size = size + sizeof *p, .kind = kind };
    nd_account_count(&m->account, ND_MEMORY_ALL, before, p->size);
  }
  if (p != NULL || h != NULL)
    hold(m, p != NULL ? p : h);
  return p == NULL ? NULL : p + 1;
}

void nd_memory_end(nd_context *c)
{
  while (c->memory.held != NULL)
    free_held(&c->memory, c->memory.held);
}

// By how much the request goes over the memory's quota.
static size_t excess_of(const nd_memory *m, const void *block, size_t size)
{
  const nd_held *h = block == NULL ? NULL : (const nd_held *)block - 1;
  const size_t before = h == NULL ? 0 : h->size;
  const size_t after = size + sizeof *h;
  const size_t room = nd_account_shared_room(&m->account);
  return after > before && after - before > room ? after - before - room : 0;
}

static void *ask_host(nd_context *c, void *block, size_t size,
                      nd_memory_kind kind)
{
  nd_memory *m = &c->memory;
  if (size == 0)
    return call_host(m, block, size, kind);
  void *p = NULL;
  do {
    if (excess_of(m, block, size) == 0)
      p = call_host(m, block, size, kind);
  } while (p == NULL && nd_memory_trim(c));
  if (p != NULL)
    return p;
  const size_t excess = excess_of(m, block, size);
  if (excess > 0)
    nd_account_fail(c, excess, ND_MEMORY_ALL);
  else
    nd_fail(c, ND_NO_MEMORY, "out of memory: %zu bytes refused", size);
  return NULL;
}

// Like nd_memory_resize, but only through the host.
static void *resize(nd_context *c, void *block, size_t old_size,
                    size_t new_size, nd_memory_kind kind)
{
  if (new_size > old_size && !nd_account_allows(c, new_size - old_size, kind))
    return NULL;
  void *p = ask_host(c, block, new_size, kind);
  if (p != NULL || new_size == 0)
    nd_account_count(&c->memory.account, kind, old_size, new_size);
  return p;
}

static void *ask_host_script(nd_memory *m, void *block, size_t old_size,
                             size_t new_size)
{
  const size_t growth = new_size > old_size ? new_size - old_size : 0;
  if (growth > nd_account_room(&m->account, ND_MEMORY_ALL))
    return NULL;
  void *p = m->allocator(m->data, block, old_size, new_size, ND_MEMORY_SCRIPT);
  if (p != NULL || new_size == 0) {
    nd_account_count(&m->account, ND_MEMORY_SCRIPT, old_size, new_size);
    nd_account_count(&m->account, ND_MEMORY_ALL, old_size, new_size);
  }
  return p;
}

void *nd_memory_resize_script(nd_context *c, void *block, size_t old_size,
                              size_t new_size)
{
  nd_memory *m = &c->memory;
  const size_t growth = new_size > old_size ? new_size - old_size : 0;
  if (growth > nd_account_room(&m->account, ND_MEMORY_SCRIPT))
    return NULL;
  void *p;
  do
    p = ask_host_script(m, block, old_size, new_size);
  while (p == NULL && growth > 0 && nd_memory_trim(c));
  return p;
}

// The size that all objects of a class have.
static size_t small_size(size_t cls)
{
  return cls * ND_SMALL_STEP;
}

static size_t small_class(size_t size)
{
  return (size + ND_SMALL_STEP - 1) / ND_SMALL_STEP;
}

void *nd_small_new(nd_context *c, size_t size)
{
  const size_t cls = small_class(size);
  void **object = c->memory.spare[cls];
  if (object == NULL)
    return resize(c, NULL, 0, small_size(cls), ND_MEMORY_OBJECT);
  c->memory.spare[cls] = *object;
  return object;
}

void nd_small_free(nd_context *c, void *object, size_t size)
{
  void **link = object;
  const size_t cls = small_class(size);
  *link = c->memory.spare[cls];
  c->memory.spare[cls] = link;
}

static bool is_small(size_t size, nd_memory_kind kind)
{
  return kind == ND_MEMORY_OBJECT &&
         size <= (ND_SMALL_CLASSES - 1) * ND_SMALL_STEP;
}

void *nd_memory_new(nd_context *c, size_t size, nd_memory_kind kind)
{
  return is_small(size, kind) ? nd_small_new(c, size)
                              : resize(c, NULL, 0, size, kind);
}

void nd_memory_free(nd_context *c, void *block, size_t size,
                    nd_memory_kind kind)
{
  if (block == NULL)
    return;
  if (is_small(size, kind))
    nd_small_free(c, block, size);
  else
    resize(c, block, size, 0, kind);
}

// Where one of the sizes is small, the object moves.
void *nd_memory_resize(nd_context *c, void *block, size_t old_size,
                       size_t new_size, nd_memory_kind kind)
{
  const bool stays = !is_small(old_size, kind) && !is_small(new_size, kind);
  if (block != NULL && stays)
    return resize(c, block, old_size, new_size, kind);
  void *moved = nd_memory_new(c, new_size, kind);
  if (moved == NULL || block == NULL)
    return moved;
  memcpy(moved, block, old_size < new_size ? old_size : new_size);
  nd_memory_free(c, block, old_size, kind);
  return moved;
}

static nd_spares *spares_of(nd_context *c, size_t size)
{
  return size == ND_LEAF ? &c->memory.leaves : &c->memory.pages;
}

void *nd_page_new(nd_context *c, size_t size)
{
  nd_spares *spares = spares_of(c, size);
  void **page = spares->list;
  if (page == NULL)
    return nd_memory_new(c, size, ND_MEMORY_OBJECT);
  spares->list = *page;
  spares->count--;
  return page;
}

void nd_page_free(nd_context *c, void *page, size_t size)
{
  nd_spares *spares = spares_of(c, size);
  if (spares->count == ND_SPARE_PAGES) {
    nd_memory_free(c, page, size, ND_MEMORY_OBJECT);
    return;
  }
  void **link = page;
  *link = spares->list;
  spares->list = link;
  spares->count++;
}

// Class of a size: octave times four plus the two bits below the leading one;
// `capacity` becomes the largest size of the class.
static uint32_t size_class(size_t bytes, size_t *capacity)
{
  const size_t units = bytes <= 64 ? 1 : (bytes - 1) >> 6;
  const int octave = 63 - __builtin_clzll((unsigned long long)units);
  if (octave < 2) {
    *capacity = (units + (bytes > 64)) << 6;
    return (uint32_t)(*capacity >> 6);
  }
  const size_t step = units >> (octave - 2);
  *capacity = ((step + 1) << (octave - 2)) << 6;
  return (uint32_t)(octave * 4) + (uint32_t)(step & 3);
}

// The block that lives in `memory`, at its first line boundary.
static nd_block *place_block(void *memory, size_t capacity, uint32_t cls)
{
  const uintptr_t at = (uintptr_t)memory;
  const uintptr_t line = (at + ND_ALIGNMENT - 1) &
                         ~(uintptr_t)(ND_ALIGNMENT - 1);
  nd_block *b = (nd_block *)((char *)memory + (line - at));
  b->memory = memory;
  b->capacity = capacity;
  b->size_class = cls;
  return b;
}

// What the allocator is asked for, for a block of that capacity.
static size_t footprint(size_t capacity)
{
  return capacity + 2 * ND_ALIGNMENT;
}

static void return_block(nd_memory *m, nd_block *b)
{
  call_host(m, b->memory, 0, ND_MEMORY_TENSOR);
}

static void trim_blocks(nd_memory *m)
{
  for (int i = 0; i < ND_CACHE_CLASSES; i++) {
    while (m->cache[i] != NULL) {
      nd_block *b = m->cache[i];
      m->cache[i] = b->next;
      m->cached -= b->capacity;
      return_block(m, b);
    }
  }
}

// The quota holds for the cache too.
static nd_block *fresh_block(nd_context *c, size_t capacity, uint32_t cls)
{
  const nd_memory *m = &c->memory;
  const size_t quota = m->account.quota[ND_MEMORY_TENSOR];
  if (quota != 0 &&
      m->account.used[ND_MEMORY_TENSOR] + m->cached + capacity > quota)
    trim_blocks(&c->memory);
  void *memory = ask_host(c, NULL, footprint(capacity), ND_MEMORY_TENSOR);
  return memory == NULL ? NULL : place_block(memory, capacity, cls);
}

nd_block *nd_block_new(nd_context *c, size_t bytes)
{
  if (!nd_account_allows(c, bytes, ND_MEMORY_TENSOR))
    return NULL;
  nd_memory *m = &c->memory;
  size_t capacity;
  const uint32_t cls = size_class(bytes, &capacity);
  nd_block *b = m->cache[cls];
  if (b != NULL) {
    m->cache[cls] = b->next;
    m->cached -= b->capacity;
  } else {
    b = fresh_block(c, capacity, cls);
    if (b == NULL)
      return NULL;
  }
  b->next = NULL;
  b->bytes = bytes;
  b->refs = 1;
  nd_account_count(&m->account, ND_MEMORY_TENSOR, 0, bytes);
  return b;
}

void nd_block_free(nd_context *c, nd_block *b)
{
  nd_memory *m = &c->memory;
  nd_account_count(&m->account, ND_MEMORY_TENSOR, b->bytes, 0);
  if (m->cached + b->capacity > CACHE_BYTES) {
    return_block(m, b);
    return;
  }
  b->next = m->cache[b->size_class];
  m->cache[b->size_class] = b;
  m->cached += b->capacity;
}

// Gives back the members of a list that is linked by their first word.
static void return_list(nd_context *c, void **list, size_t size)
{
  while (*list != NULL) {
    void *first = *list;
    *list = *(void **)first;
    resize(c, first, size, 0, ND_MEMORY_OBJECT);
  }
}

bool nd_memory_trim(nd_context *c)
{
  nd_memory *m = &c->memory;
  const size_t before = m->account.used[ND_MEMORY_ALL];
  trim_blocks(m);
  return_list(c, &m->leaves.list, ND_LEAF);
  return_list(c, &m->pages.list, ND_PAGE);
  m->leaves.count = m->pages.count = 0;
  for (size_t cls = 1; cls < ND_SMALL_CLASSES; cls++)
    return_list(c, &m->spare[cls], small_size(cls));
  return m->account.used[ND_MEMORY_ALL] < before;
}

// Bytes of the members of a list that is linked by their first word.
static size_t bytes_in(void *const *list, size_t size)
{
  size_t bytes = 0;
  for (; *list != NULL; list = *list)
    bytes += size;
  return bytes;
}

size_t nd_context_cached(const nd_context *c, nd_memory_kind kind)
{
  size_t bytes = 0;
  if (c == NULL)
    return 0;
  const nd_memory *m = &c->memory;
  if (kind == ND_MEMORY_TENSOR || kind == ND_MEMORY_ALL)
    bytes += m->cached;
  if (kind == ND_MEMORY_OBJECT || kind == ND_MEMORY_ALL) {
    bytes += (size_t)m->leaves.count * ND_LEAF;
    bytes += (size_t)m->pages.count * ND_PAGE;
    for (size_t cls = 1; cls < ND_SMALL_CLASSES; cls++)
      bytes += bytes_in(&m->spare[cls], small_size(cls));
  }
  return bytes;
}

bool nd_memory_is_limited(const nd_context *c)
{
  const nd_memory *m = &c->memory;
  bool any = !m->plain;
  for (int kind = 0; kind <= ND_MEMORY_ALL; kind++)
    any |= m->account.quota[kind] != 0;
  return any;
}
