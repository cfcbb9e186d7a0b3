// Tests of base/allocator.c: memory of hosts that bring no allocator.

#include "base/allocator.h"

#include <stdint.h>
#include <string.h>

#include "../values.h"

enum { LARGE = 2 << 20 };

static size_t beyond_page(const void *block)
{
  return (uintptr_t)block % LARGE;
}

static void large_values_begin_where_large_pages_do(void)
{
  for (size_t size = LARGE; size < 40 << 20; size += size / 3) {
    char *block = nd_allocate(NULL, NULL, 0, size, ND_MEMORY_TENSOR);
    CHECK(block != NULL);
    CHECK_INT(beyond_page(block), 0);
    memset(block, 1, size);
    CHECK(nd_allocate(NULL, block, size, 0, ND_MEMORY_TENSOR) == NULL);
  }
  c = nd_context_new(NULL);
  nd_tensor *x = ZEROS(ND_FLOAT32, 1000000);
  CHECK(beyond_page(x->data) < 4096);
  nd_tensor_release(x);
  nd_context_free(c);
}

static void sizes_change_over_the_border(void)
{
  static const size_t sizes[] = { 100,       LARGE - 1, LARGE, 3 * LARGE,
                                  LARGE + 5, 7,         0 };
  for (nd_memory_kind kind = 0; kind < ND_MEMORY_KINDS; kind++) {
    char *block = NULL;
    size_t size = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      block = nd_allocate(NULL, block, size, sizes[i], kind);
      CHECK((block != NULL) == (sizes[i] > 0));
      const size_t kept = size < sizes[i] ? size : sizes[i];
      for (size_t k = 0; k < kept; k += 5)
        CHECK_INT(block[k], (char)(k % 100));
      size = sizes[i];
      for (size_t k = 0; k < size; k++)
        block[k] = (char)(k % 100);
    }
  }
}

int main(void)
{
  RUN(large_values_begin_where_large_pages_do);
  RUN(sizes_change_over_the_border);
  return check_done();
}
