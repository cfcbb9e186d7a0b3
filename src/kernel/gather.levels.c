// kernel/gather.levels.c: loops without branches, which the compiler turns into
// vector compares and, where the CPU has them, gathers. Elements of what a
// cache of the second level cannot hold are asked for ahead: where they come
// from memory, that was measured to take a third of the time, and nothing more
// where they do not.

#include "kernel/gather.h"

static bool within(int64_t n, const int32_t *index, uint32_t size)
{
  uint32_t outside = 0;
  for (int64_t i = 0; i < n; i++)
    outside |= (uint32_t)index[i] - 1U >= size;
  return outside == 0;
}

enum { AHEAD = 128, NEAR = 1 << 18 };  // elements; bytes

// Where position `i` leads, counted from 0.
#define PLACE(i) (index[i] + (index[i] < 0 ? size : -1))

#define PICK(name, type)                                          \
  static void name(int64_t n, const int32_t *index, int32_t size, \
                   const void *in, void *out)                     \
  {                                                               \
    const type *from = in;                                        \
    type *restrict to = out;                                      \
    int64_t done = 0;                                             \
    if (size > NEAR / (int32_t)sizeof(type)) {                    \
      for (; done < n - AHEAD; done++) {                          \
        __builtin_prefetch(from + PLACE(done + AHEAD));           \
        to[done] = from[PLACE(done)];                             \
      }                                                           \
    }                                                             \
    for (int64_t i = done; i < n; i++)                            \
      to[i] = from[PLACE(i)];                                     \
  }

PICK(pick4, uint32_t)
PICK(pick8, uint64_t)

const nd_gather_table ND_LEVELLED(nd_gather_table) = { within, pick4, pick8 };
