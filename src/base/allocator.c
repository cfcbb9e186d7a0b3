// base/allocator.c: memory from malloc. Values of a large page or more begin
// where such a page does: one fault and one place in the TLB for each 2 MB.
// With half of them in small pages, elements picked at random out of two arrays
// of 4 MB were measured to take 1.4 times as long.

#include "base/allocator.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE = 2 << 20 };

static bool is_large(size_t size, nd_memory_kind kind)
{
  return kind == ND_MEMORY_TENSOR && size >= LARGE;
}

// What malloc gave lies in front of each.
static void free_large(void *block)
{
  if (block != NULL)
    free(((void **)block)[-1]);
}

static void *make_large(size_t size)
{
  char *p = malloc(size + LARGE);
  if (p == NULL)
    return NULL;
  const uintptr_t at = (uintptr_t)p;
  char *block = p + (LARGE - at % LARGE);
  ((void **)(void *)block)[-1] = p;
#ifdef MADV_HUGEPAGE
  madvise(block, size / LARGE * LARGE, MADV_HUGEPAGE);
#endif
  return block;
}

static void *resize_large(void *block, size_t old_size, size_t new_size)
{
  const bool was_large = is_large(old_size, ND_MEMORY_TENSOR);
  void *fresh = NULL;
  if (new_size > 0) {
    fresh = is_large(new_size, ND_MEMORY_TENSOR) ? make_large(new_size)
                                                 : malloc(new_size);
    if (fresh == NULL)
      return NULL;
    if (block != NULL)
      memcpy(fresh, block, old_size < new_size ? old_size : new_size);
  }
  if (was_large)
    free_large(block);
  else
    free(block);
  return fresh;
}

void *nd_allocate(void *data, void *block, size_t old_size, size_t new_size,
                  nd_memory_kind kind)
{
  (void)data;
  if (is_large(old_size, kind) || is_large(new_size, kind))
    return resize_large(block, old_size, new_size);
  if (new_size > 0)
    return realloc(block, new_size);
  free(block);
  return NULL;
}
