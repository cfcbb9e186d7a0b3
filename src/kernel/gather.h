// kernel/gather.h: elements by position, for the common case of positions in
// int32, which count from 1 or -1, and of elements of 4 or 8 bytes.

#ifndef ND_KERNEL_GATHER_H
#define ND_KERNEL_GATHER_H

#include "kernel/level.h"
#include "nadir.h"

typedef struct nd_gather_table {
  // True if every index is within 1..size.
  bool (*within)(int64_t n, const int32_t *index, uint32_t size);

  // out[i] = in[index[i] - 1], or in[index[i] + size] for a negative index, of
  // elements of 4 and of 8 bytes.
  void (*pick4)(int64_t n, const int32_t *index, int32_t size, const void *in,
                void *out);
  void (*pick8)(int64_t n, const int32_t *index, int32_t size, const void *in,
                void *out);
} nd_gather_table;

#endif
