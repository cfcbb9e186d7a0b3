// kernel/tree.h: the one tree in which blocks of a long sum, or of any other
// fold, are put together: pairwise, as a binary counter carries. Its shape
// depends on the number of blocks alone, and the error of a sum grows with the
// logarithm of that.
//
// Slot i holds the fold of 2^i blocks while bit i of their count is set. What a
// slot is, and how one takes in another, is the caller's.

#ifndef ND_KERNEL_TREE_H
#define ND_KERNEL_TREE_H

#include <stdint.h>

enum { ND_TREE_SLOTS = 63 };  // enough for any number of blocks

// Slot `into` becomes what was in slot `from` f what was in it.
typedef void nd_tree_join(void *slots, int into, int from);

// How many slots a number of blocks takes.
static inline int nd_tree_slots(int64_t blocks)
{
  return blocks > 0 ? 64 - __builtin_clzll((uint64_t)blocks) : 0;
}

// Where block number `at`, counted from 0, is to lie. Blocks come in order.
static inline int nd_tree_slot(int64_t at)
{
  return __builtin_ctzll(~(uint64_t)at);
}

// To call when block number `at` lies in its slot.
static inline void nd_tree_add(int64_t at, nd_tree_join *join, void *slots)
{
  const int slot = nd_tree_slot(at);
  for (int i = 0; i < slot; i++)
    join(slots, slot, i);
}

// Puts together all `blocks`, 1 or more; returns the slot where they are.
static inline int nd_tree_end(int64_t blocks, nd_tree_join *join, void *slots)
{
  const int first = __builtin_ctzll((uint64_t)blocks);
  int last = first;
  for (int i = first + 1; blocks >> i != 0; i++) {
    if (blocks >> i & 1) {
      join(slots, i, last);
      last = i;
    }
  }
  return last;
}

#endif
