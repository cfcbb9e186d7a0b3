// kernel/sort.h: puts elements in order by items: an item is the key of an
// element, an unsigned integer that is less the earlier the element comes, and
// its place. nan has the greatest key in either direction; 0 and -0 have one.
// Of equal keys the one that was first stays first.
//
// Long runs are sorted by the digits of their keys, the least first, in passes
// over parts: each part counts its digits, the counts of all parts are made
// into where each part's items of each digit go, and the parts are dealt out.

#ifndef ND_KERNEL_SORT_H
#define ND_KERNEL_SORT_H

#include "kernel/level.h"
#include "nadir.h"

enum {
  ND_SORT_RADIX = 256,  // values of a digit
  ND_SORT_OFFER = 32    // items that are looked at together
};

// The best of the items so far: the `k` first of them in order, if `full`, and
// behind these others that may be better than the last.
typedef struct nd_sort_best {
  int64_t k;
  int64_t have;
  bool full;
  void *items;  // of nd_sort_room(k)
  void *room;   // of as many
} nd_sort_best;

static inline int64_t nd_sort_room(int64_t k)
{
  return 2 * k + ND_SORT_OFFER;
}

typedef struct nd_sort_kernels {
  int64_t item;  // bytes of one
  int digits;    // of a key

  // Items of `n` elements that lie `apart` elements apart, the first of which
  // has the place `first`.
  void (*load)(int64_t n, const void *in, int64_t apart, bool descending,
               int64_t first, void *items);

  // Puts `n` items in order, there or in `room`, and returns where.
  void *(*sort)(int64_t n, void *items, void *room);

  // Adds to how many items have each digit; moves those of each digit to where
  // `next` says, one after the other.
  void (*count)(int64_t n, const void *items, int digit, uint32_t *counts);
  void (*deal)(int64_t n, const void *items, int digit, uint32_t *next,
               void *out);

  // Takes those that are among the best into them.
  void (*offer)(int64_t n, const void *items, nd_sort_best *best);

  // The places of items, from 1, and the elements at these places.
  void (*places)(int64_t n, const void *items, int32_t *out, int64_t apart);
  void (*take)(int64_t n, const void *items, const void *in, int64_t in_apart,
               void *out, int64_t apart);
} nd_sort_kernels;

typedef struct nd_sort_table {
  const nd_sort_kernels *at[ND_DTYPES];
} nd_sort_table;

#endif
