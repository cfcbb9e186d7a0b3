// tensor/tile.h: reads elements in order where an axis before the last is the
// one whose elements lie beside each other in memory: what comes until that
// axis goes on is a stream, and streams beside each other are read together,
// plane by plane, whose rows become columns (kernel/flip.h).

#ifndef ND_TENSOR_TILE_H
#define ND_TENSOR_TILE_H

#include "kernel/flip.h"
#include "tensor/walk.h"

enum { ND_TILE = 1 << 16 };  // bytes

typedef struct nd_tile {
  nd_walk walk;
  nd_flip *flip;
  int across;        // that axis
  int64_t stream;    // elements of a stream
  int64_t from, to;  // the elements that are there
  int64_t end;       // what is read ahead is before it: all, or as it was set
  _Alignas(64) double room[ND_TILE / sizeof(double)];
} nd_tile;

// The flip of elements of so many bytes.
nd_flip *nd_tile_flip(nd_level level, size_t width);

// Starts on all that `w` passes; false if nothing is to be had by it.
bool nd_tile_start(nd_tile *t, const nd_walk *w, nd_level level);

// The `n` elements from `from` on, ND_BLOCK at most, which stay until the next
// call.
const void *nd_tile_at(nd_tile *t, int64_t from, int64_t n);

#endif
