// tensor/tile.c: fills tiles with whole streams.

#include "tensor/tile.h"

#include <string.h>

#include "base/cut.h"
#include "kernel/block.h"

ND_DECLARE_LEVELS(const nd_flip_table, nd_flip_table);

// Bytes of a line of the cache; streams that are worth it, at least.
enum { LINE = 64, FEW = 4 };

nd_flip *nd_tile_flip(nd_level level, size_t width)
{
  static const nd_flip_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_flip_table);
  nd_flip *flip = tables[level]->of[width];
  return flip;
}

// How many elements there is room for.
static int64_t count_room(const nd_tile *t)
{
  return ND_TILE / (int64_t)t->walk.width;
}

bool nd_tile_start(nd_tile *t, const nd_walk *w, nd_level level)
{
  const int across = nd_walk_across(w);
  if (across < 0)
    return false;
  t->walk = *w;
  t->across = across;
  t->stream = nd_walk_inside(w, across);
  t->flip = nd_tile_flip(level, w->width);
  t->from = 0;
  t->to = 0;
  t->end = nd_walk_inside(w, -1);
  return t->stream <= (count_room(t) - 2 * ND_BLOCK) / FEW;
}

// Streams from the walk's place on, of `most` at most: whole lines of the cache
// if there are some; else none if that is `enough`.
static int64_t count_streams(const nd_tile *t, int64_t most, bool enough)
{
  const nd_walk *w = &t->walk;
  const int64_t left = w->shape[t->across] - w->at[t->across];
  if (left <= most)
    return left;
  const uintptr_t end = (uintptr_t)(w->data + w->offset) +
                        (size_t)most * w->width;
  const int64_t over = (int64_t)(end % LINE / w->width);
  return over < most ? most - over : enough ? 0 : most;
}

// Reads so many streams, of which the first begins at the walk's place.
static void flip_streams(nd_tile *t, int64_t streams, char *out)
{
  nd_walk *w = &t->walk;
  const int64_t width = (int64_t)w->width;
  for (int64_t at = 0, n; at < t->stream && streams > 0; at += n) {
    const char *first;
    int64_t stride;
    n = nd_walk_run(w, t->stream - at, &first, &stride);
    t->flip(streams, n, first, stride / width, out + at * width, t->stream);
  }
}

// Reads whole streams, behind those that are there: element `least` and those
// before it, and up to `end` if there is room.
static void fill(nd_tile *t, int64_t least)
{
  const int64_t width = (int64_t)t->walk.width, end = t->end;
  for (int64_t streams = 1; streams > 0 && t->to < end;) {
    const int64_t left = count_room(t) - (t->to - t->from);
    const int64_t most = nd_least(left, end - t->to + t->stream - 1);
    nd_walk_seek(&t->walk, t->to);
    streams = count_streams(t, most / t->stream, t->to > least);
    flip_streams(t, streams, (char *)t->room + (t->to - t->from) * width);
    t->to += streams * t->stream;
  }
}

const void *nd_tile_at(nd_tile *t, int64_t from, int64_t n)
{
  const int64_t width = (int64_t)t->walk.width;
  char *room = (char *)t->room;
  if (from < t->from || from + n > t->to) {
    const bool follows = from >= t->from && from < t->to;
    const int64_t start = follows ? from : from / t->stream * t->stream;
    const int64_t kept = follows ? t->to - from : 0;
    if (follows)
      memmove(room, room + (from - t->from) * width, (size_t)(kept * width));
    t->from = start;
    t->to = start + kept;
    t->end = t->end > from + n ? t->end : from + n;
    fill(t, from + n - 1);
  }
  return room + (from - t->from) * width;
}
