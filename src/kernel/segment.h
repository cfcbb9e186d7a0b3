// kernel/segment.h: adds up rows by segment. What a segment takes is one fixed
// tree over its rows in their order: ND_SEGMENT_BLOCK of them are added one by
// one where the sum is to stand, and such blocks pairwise (kernel/tree.h), in
// slots beside it. So its bits depend neither on how work is cut, nor on what
// other segments take.
//
// Rows come in pieces. For each, nd_segments_count notes where blocks end, then
// nd_segments_add adds some columns of the piece, in any order and on any
// thread; or nd_segments_take does both at once. In the end nd_segments_join
// adds what waits in slots. A slot is given out when it is first needed; there
// are at most as many as whole blocks.

#ifndef ND_KERNEL_SEGMENT_H
#define ND_KERNEL_SEGMENT_H

#include "base/cpu.h"
#include "kernel/level.h"
#include "nadir.h"

enum {
  ND_SEGMENT_BLOCK = 64,  // rows that are added one by one
  ND_SEGMENT_PIECE = 512  // rows that come at a time, at most
};

// Row `at` of the piece ends block number `block` of a segment.
typedef struct nd_segment_end {
  int32_t at;
  int32_t tree;  // of the segment
  int64_t block;
} nd_segment_end;

// What is known of the rows so far.
typedef struct nd_segment_state {
  int64_t row[ND_SEGMENT_PIECE];  // segments of the piece
  nd_segment_end end[ND_SEGMENT_PIECE];
  int64_t first;  // row of the piece, among all
  int64_t n;      // its rows
  int32_t ends;
  int32_t trees, slots;  // given out
} nd_segment_state;

typedef struct nd_segments {
  int64_t segments;
  int64_t run;   // elements of a row
  int64_t most;  // rows that come in all
  nd_dtype dtype;
  nd_level level;
  size_t bytes;  // of memory of the caller

  // In that memory, where nd_segments_place puts them.
  nd_segment_state *state;
  uint8_t *count;   // of each segment: rows of its last block, and whether it
                    // has a tree
  int32_t *tree;    // of each segment
  int64_t *blocks;  // of each tree
  int32_t *slot;    // slots of each tree
  char *values;     // of all slots
} nd_segments;

// Finds the places in `memory`, or only how many bytes are used there.
void nd_segments_place(nd_segments *s, void *memory);

// Clears elements from..to-1 of the sums, and what is known of them.
void nd_segments_clear(const nd_segments *s, void *sums, int64_t from,
                       int64_t to);

// Begins a piece, of `n` rows from row `first` on. Their segments are `row`,
// counted from 1; below that a row is of none.
void nd_segments_count(const nd_segments *s, const int64_t *row, int64_t first,
                       int64_t n);

// Adds columns from..to-1 of the piece; `in` is where row 0 begins.
void nd_segments_add(const nd_segments *s, const void *in, void *sums,
                     int64_t from, int64_t to);

// The same for a piece of rows of one element.
void nd_segments_take(const nd_segments *s, const int64_t *row, int64_t first,
                      int64_t n, const void *in, void *sums);

// Finishes elements from..to-1 of the sums.
void nd_segments_join(const nd_segments *s, void *sums, int64_t from,
                      int64_t to);

// ----------------------------------------------------------------- kernels --

// Counts a row of the segment; true if a block ends with it.
static inline bool nd_segment_count(uint8_t *count, int64_t segment)
{
  return (++count[segment] & ND_SEGMENT_BLOCK) != 0;
}

typedef struct nd_segment_kernels {
  // x += y
  void (*plus)(int64_t n, void *x, const void *y);

  // sums[row[i] - 1] += in[i], for columns from..to-1 of rows of `run`.
  void (*add)(int64_t n, const int64_t *row, int64_t run, int64_t from,
              int64_t to, const void *in, void *sums);

  // The same for rows of one element, from row i to one that ends a block,
  // which it returns; counts them.
  int64_t (*take)(int64_t i, int64_t n, const int64_t *row, uint8_t *count,
                  const void *in, void *sums);
} nd_segment_kernels;

typedef struct nd_segment_table {
  nd_segment_kernels at[ND_DTYPES];
} nd_segment_table;

#endif
