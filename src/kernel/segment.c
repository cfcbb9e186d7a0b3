// kernel/segment.c: sums by segment, of any dtype.

#include "kernel/segment.h"

#include <string.h>

#include "base/cut.h"
#include "base/dtype.h"
#include "kernel/tree.h"

ND_DECLARE_LEVELS(const nd_segment_table, nd_segment_table);

enum { HAS_TREE = 128 };  // in `count`, beside rows

// Cuts the next `bytes` from the memory.
static char *take(char **memory, int64_t bytes)
{
  char *place = *memory;
  *memory += (bytes + 7) / 8 * 8;
  return place;
}

// Slots of a tree over all rows.
static int slots_of_tree(const nd_segments *s)
{
  return nd_tree_slots(s->most / ND_SEGMENT_BLOCK);
}

void nd_segments_place(nd_segments *s, void *memory)
{
  const int64_t blocks = s->most / ND_SEGMENT_BLOCK;
  const int64_t trees = nd_least(blocks, s->segments);
  const int64_t width = (int64_t)nd_dtype_size(s->dtype);
  char *at = memory;
  s->state = (void *)take(&at, sizeof *s->state);
  s->blocks = (void *)take(&at, trees * (int64_t)sizeof *s->blocks);
  s->slot = (void *)take(&at,
                         trees * slots_of_tree(s) * (int64_t)sizeof *s->slot);
  s->values = take(&at, blocks * s->run * width);
  s->tree = (void *)take(&at, s->segments * (int64_t)sizeof *s->tree);
  s->count = (void *)take(&at, s->segments);
  s->bytes = (size_t)(at - (char *)memory);
}

void nd_segments_clear(const nd_segments *s, void *sums, int64_t from,
                       int64_t to)
{
  const size_t width = nd_dtype_size(s->dtype);
  const int64_t first = nd_parts(from, s->run);
  const int64_t end = nd_parts(to, s->run);
  memset((char *)sums + (size_t)from * width, 0, (size_t)(to - from) * width);
  memset(s->count + first, 0, (size_t)(end - first));
  if (from == 0)
    s->state->trees = s->state->slots = 0;
}

// -------------------------------------------------------------- counting --

// A block of the segment ends with row `at` of the piece.
static nd_segment_end end_block(const nd_segments *s, int64_t at,
                                int64_t segment)
{
  nd_segment_state *state = s->state;
  const bool has_tree = (s->count[segment] & HAS_TREE) != 0;
  s->count[segment] = HAS_TREE;
  if (!has_tree) {
    s->tree[segment] = state->trees;
    s->blocks[state->trees++] = 0;
  }
  const int32_t tree = s->tree[segment];
  const int64_t block = s->blocks[tree]++;
  const int slot = nd_tree_slot(block);
  if (slot >= nd_tree_slots(block))
    s->slot[tree * slots_of_tree(s) + slot] = state->slots++;
  return (nd_segment_end){ (int32_t)at, tree, block };
}

void nd_segments_count(const nd_segments *s, const int64_t *row, int64_t first,
                       int64_t n)
{
  nd_segment_state *state = s->state;
  memcpy(state->row, row, (size_t)n * sizeof *row);
  state->first = first;
  state->n = n;
  state->ends = 0;
  for (int64_t i = 0; i < n; i++) {
    if (row[i] > 0 && nd_segment_count(s->count, row[i] - 1))
      state->end[state->ends++] = end_block(s, i, row[i] - 1);
  }
}

// ---------------------------------------------------------------- adding --

static const nd_segment_kernels *find_kernels(const nd_segments *s)
{
  static const nd_segment_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_segment_table);
  return &tables[s->level]->at[s->dtype];
}

// Some columns of the slots of one tree.
typedef struct columns {
  const nd_segments *s;
  const int32_t *slot;
  int64_t from, n;
  int64_t width;  // bytes of an element
} columns;

static columns see_columns(const nd_segments *s, int32_t tree, int64_t from,
                           int64_t to)
{
  return (columns){ .s = s,
                    .slot = s->slot + tree * slots_of_tree(s),
                    .from = from,
                    .n = to - from,
                    .width = (int64_t)nd_dtype_size(s->dtype) };
}

static char *in_slot(const columns *k, int i)
{
  return k->s->values + (k->slot[i] * k->s->run + k->from) * k->width;
}

static char *in_sums(const columns *k, void *sums, int64_t segment)
{
  return (char *)sums + (segment * k->s->run + k->from) * k->width;
}

static void join(void *slots, int into, int from)
{
  const columns *k = slots;
  find_kernels(k->s)->plus(k->n, in_slot(k, into), in_slot(k, from));
}

// A block goes from where it was summed to its slot.
static void move_block(columns *k, int64_t block, char *sum)
{
  const size_t bytes = (size_t)(k->n * k->width);
  memcpy(in_slot(k, nd_tree_slot(block)), sum, bytes);
  memset(sum, 0, bytes);
  nd_tree_add(block, join, k);
}

void nd_segments_add(const nd_segments *s, const void *in, void *sums,
                     int64_t from, int64_t to)
{
  const nd_segment_state *state = s->state;
  const int64_t bytes = s->run * (int64_t)nd_dtype_size(s->dtype);
  const char *x = (const char *)in + state->first * bytes;
  int64_t at = 0;
  for (int i = 0; i <= state->ends; i++) {
    const nd_segment_end *e = &state->end[i];
    const int64_t end = i < state->ends ? e->at + 1 : state->n;
    find_kernels(s)->add(end - at, state->row + at, s->run, from, to,
                         x + at * bytes, sums);
    if (i < state->ends) {
      columns k = see_columns(s, e->tree, from, to);
      move_block(&k, e->block, in_sums(&k, sums, state->row[e->at] - 1));
    }
    at = end;
  }
}

void nd_segments_take(const nd_segments *s, const int64_t *row, int64_t first,
                      int64_t n, const void *in, void *sums)
{
  const nd_segment_kernels *f = find_kernels(s);
  const char *x = (const char *)in + first * (int64_t)nd_dtype_size(s->dtype);
  int64_t i = 0;
  while ((i = f->take(i, n, row, s->count, x, sums)) < n) {
    const nd_segment_end end = end_block(s, i, row[i] - 1);
    columns k = see_columns(s, end.tree, 0, 1);
    move_block(&k, end.block, in_sums(&k, sums, row[i++] - 1));
  }
}

// ---------------------------------------------------------------- joining --

// Columns from..to-1 of one segment: the block that has not ended, then slots,
// from the smallest on.
static void join_segment(const nd_segments *s, void *sums, int64_t segment,
                         int64_t from, int64_t to)
{
  const int32_t tree = s->tree[segment];
  const columns k = see_columns(s, tree, from, to);
  char *sum = in_sums(&k, sums, segment);
  for (int i = 0; s->blocks[tree] >> i != 0; i++) {
    if (s->blocks[tree] >> i & 1)
      find_kernels(s)->plus(k.n, sum, in_slot(&k, i));
  }
}

void nd_segments_join(const nd_segments *s, void *sums, int64_t from,
                      int64_t to)
{
  if (s->state->trees == 0)
    return;
  int64_t segment = from / s->run;
  for (int64_t start = segment * s->run; start < to; start += s->run) {
    if (s->count[segment] & HAS_TREE)
      join_segment(s, sums, segment, from > start ? from - start : 0,
                   nd_least(to - start, s->run));
    segment++;
  }
}
