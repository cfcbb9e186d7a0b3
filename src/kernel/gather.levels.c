// kernel/gather.levels.c: loops without branches, which the compiler turns into
// vector compares and, where the CPU has them, gathers.

#include "kernel/gather.h"

static bool within(int64_t n, const int32_t *index, uint32_t size)
{
  uint32_t outside = 0;
  for (int64_t i = 0; i < n; i++)
    outside |= (uint32_t)index[i] - 1U >= size;
  return outside == 0;
}

#define PICK(name, type)                                          \
  static void name(int64_t n, const int32_t *index, int32_t size, \
                   const void *in, void *out)                     \
  {                                                               \
    const type *from = in;                                        \
    type *restrict to = out;                                      \
    for (int64_t i = 0; i < n; i++)                               \
      to[i] = from[index[i] + (index[i] < 0 ? size : -1)];        \
  }

PICK(pick4, uint32_t)
PICK(pick8, uint64_t)

const nd_gather_table ND_LEVELLED(nd_gather_table) = { within, pick4, pick8 };
