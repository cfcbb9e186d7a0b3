// base/allocator.h: the allocator of hosts that bring none.

#ifndef ND_BASE_ALLOCATOR_H
#define ND_BASE_ALLOCATOR_H

#include "nadir.h"

// An nd_allocator on malloc. Large values lie in large pages, where the system
// has some.
void *nd_allocate(void *data, void *block, size_t old_size, size_t new_size,
                  nd_memory_kind kind);

#endif
