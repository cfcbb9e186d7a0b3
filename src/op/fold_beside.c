// op/fold_beside.c: tiles of lanes by outputs.

#include "op/fold_beside.h"

#include <string.h>

#include "base/cut.h"
#include "kernel/tree.h"
#include "op/fold.h"

enum { ROOM = 1 << 15 };  // bytes of lanes, in the first cache

// Lanes of blocks that are put together in the tree. Lane j of all outputs
// begins `bytes` behind lane j - 1.
typedef struct tile {
  const nd_reduce_kernels *k;
  int64_t n;      // outputs
  int64_t lanes;  // that have inputs; what is neutral changes nothing
  int64_t width, bytes;
  int64_t blocks;
  char *at[ND_FOLD_SLOTS];
  double room[ROOM / sizeof(double)];
} tile;

static int count_slots(int64_t inputs)
{
  const int slots = nd_tree_slots(nd_parts(inputs, ND_BLOCK));
  return slots > 1 ? slots : 1;
}

int64_t nd_fold_beside_most(int64_t inputs, size_t width)
{
  const int64_t lanes = nd_least(inputs, ND_LANES) + (inputs == 0);
  const int64_t most = ROOM / count_slots(inputs) / (lanes * (int64_t)width);
  return nd_least(most, ND_BLOCK);
}

static void join(void *slots, int into, int from)
{
  tile *t = slots;
  char *joined = t->at[from];
  t->k->merge(ND_LANES * t->n, joined, t->at[into]);
  t->at[from] = t->at[into];
  t->at[into] = joined;
}

// Adds inputs that lie without gaps, the first of them to lane 0.
static void add_whole(const tile *t, char *lanes, int64_t inputs,
                      const char *in)
{
  const int64_t rows = inputs / ND_LANES, step = ND_LANES * t->n;
  t->k->columns(rows, step, step, lanes, in);
  t->k->merge(inputs % ND_LANES * t->n, lanes, in + rows * step * t->width);
}

// Adds inputs that are `stride` bytes apart, the first of them to lane `lane`.
static void add_run(const tile *t, char *lanes, int64_t lane, int64_t inputs,
                    const char *in, int64_t stride)
{
  if (stride == t->bytes && lane == 0 && inputs >= ND_LANES) {
    add_whole(t, lanes, inputs, in);
    return;
  }
  const int64_t step = ND_LANES * stride / t->width;
  for (int64_t i = 0; i < ND_LANES && i < inputs; i++) {
    const int64_t rows = nd_parts(inputs - i, ND_LANES);
    t->k->columns(rows, t->n, step, lanes + (lane + i) % ND_LANES * t->bytes,
                  in + i * stride);
  }
}

// Neutral values.
static void clear(const tile *t, char *lanes)
{
  const int64_t all = (t->lanes > 0 ? t->lanes : 1) * t->bytes;
  t->k->run(0, lanes, lanes);
  for (int64_t done = t->width; done < all; done *= 2)
    memcpy(lanes + done, lanes, (size_t)nd_least(done, all - done));
}

static void add_block(tile *t, nd_walk *walk, int64_t inputs)
{
  char *lanes = t->at[nd_tree_slot(t->blocks)];
  clear(t, lanes);
  for (int64_t at = 0, run; at < inputs; at += run) {
    const char *in;
    int64_t stride;
    run = nd_walk_run(walk, inputs - at, &in, &stride);
    add_run(t, lanes, at, run, in, stride);
  }
  nd_tree_add(t->blocks++, join, t);
}

void nd_fold_beside(nd_walk *walk, const nd_reduce_kernels *k, int64_t n,
                    int64_t inputs, void *out)
{
  tile t;
  t.k = k;
  t.n = n;
  t.width = (int64_t)walk->width;
  t.blocks = 0;
  t.bytes = n * t.width;
  t.lanes = nd_least(inputs, ND_LANES);
  for (int i = 0; i < ND_FOLD_SLOTS; i++)
    t.at[i] = (char *)t.room + i % count_slots(inputs) * ND_LANES * t.bytes;
  int64_t left = inputs;
  do {
    add_block(&t, walk, left < ND_BLOCK ? left : ND_BLOCK);
    left -= ND_BLOCK;
  } while (left > 0);
  char *lanes = t.at[nd_tree_end(t.blocks, join, &t)];
  for (int64_t half = ND_LANES / 2; half > 0; half /= 2) {
    if (t.lanes > half)
      k->merge((t.lanes - half) * n, lanes, lanes + half * t.bytes);
    t.lanes = nd_least(t.lanes, half);
  }
  memcpy(out, lanes, (size_t)t.bytes);
}
