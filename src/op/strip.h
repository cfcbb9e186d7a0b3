// op/strip.h: the targets of a course (op/grid.h) cut into bands of whole
// lines, and strips: all sources of a band side by side, with zeros where they
// are padded. So every target of a band has all its sources, at the same
// distances from where its own begin.
//
// Lines are those along the last axis. They belong to slabs: a slab has the
// lines that an image has at one place of the first axis. A band has some lines
// of one slab, or some whole slabs; in a strip each slab has as many planes of
// its own as windows have taps along the first axis.

#ifndef ND_OP_STRIP_H
#define ND_OP_STRIP_H

#include "op/grid.h"

// How a course is cut. All courses of a grid have as many bands, of which some
// may be empty.
typedef struct nd_strips {
  int64_t channels;      // of sources that are copied, at most
  int64_t slabs, lines;  // of a band, at most
  int64_t beside;        // bands that share a slab
  int64_t count;         // of bands; 0 if not even one line fits

  // Elements of a strip from one position, line and plane to the next, and from
  // slab to slab.
  int64_t position, line, plane, slab;
} nd_strips;

// Lines from..from + lines - 1 of each of some slabs.
typedef struct nd_band {
  int64_t slab, slabs;
  int64_t from, lines;
} nd_band;

// Bands of as many lines as have no more than `targets` targets and need no
// more than `room` elements.
nd_strips nd_strips_cut(const nd_grid *g, int64_t channels, int64_t targets,
                        int64_t room);

nd_band nd_strips_band(const nd_strips *s, const nd_grid *g, int64_t number);

// Copies the sources of a band, `channels` of them, which begin at `in`;
// elements have `size` bytes.
void nd_strips_fill(const nd_strips *s, const nd_grid *g, const nd_band *b,
                    int64_t channels, const char *in, size_t size, char *out);

// Where a tap has its source in the strip, counted from where those of its
// target begin; this is the same for line `line` of slab `slab` of a band.
int64_t nd_strips_tap(const nd_strips *s, const nd_grid *g, const nd_tap *t);
int64_t nd_strips_at(const nd_strips *s, const nd_grid *g, int64_t slab,
                     int64_t line);

#endif
