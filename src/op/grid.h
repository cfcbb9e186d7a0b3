// op/grid.h: targets and their sources: forward the windows of op/window.h and
// the positions of their taps, backward positions and the windows that have
// them. Axes are split into courses, so that all targets of one have their
// sources alike; forward there is one.

#ifndef ND_OP_GRID_H
#define ND_OP_GRID_H

#include "op/window.h"

// Along one axis: target number i is at first + i * stride. Its tap number n,
// which is tap + n * tap_step of the window, has its source at
// i * scale + at + n * at_step.
typedef struct nd_course {
  int64_t first, stride, count;
  int64_t scale;
  int64_t taps, tap, tap_step;
  int64_t at, at_step;
  int64_t sources;          // along the axis
  int64_t low, high;        // targets low..high-1 have all their sources
  int64_t least;            // no target has a tap that is nearer to the front
  int64_t most, most_taps;  // the count, and taps, of any course
} nd_course;

// One course along each axis, and all of its targets in all images.
typedef struct nd_grid {
  nd_course axis[ND_SPATIAL];
  int64_t source, target;     // elements from one to the next
  int64_t sizes[ND_SPATIAL];  // targets of all courses
  int64_t taps[ND_SPATIAL];   // of a window
  int64_t count;              // of targets
  int64_t terms;              // taps that they have
  int64_t most, most_terms;   // the same of any course, at most
} nd_grid;

// A target: where it is in its course, and where the elements of it and of its
// sources begin, of which some are not there if it is not `inside`.
typedef struct nd_target {
  int64_t at[ND_SPATIAL];
  int64_t source, target;
  bool inside;
} nd_target;

// A tap of a course: where its sources are, counted from those of a target, and
// which it is of the window.
typedef struct nd_tap {
  int64_t at[ND_SPATIAL];
  int64_t offset;  // in elements; any if no target has it
  int64_t number;
} nd_tap;

// How many courses there are, and the grid of one of them.
int64_t nd_grid_courses(const nd_window *w, bool back);
nd_grid nd_grid_make(const nd_window *w, bool back, int64_t number,
                     int64_t images, int64_t source, int64_t target);

// Target number `number`; those from..to-1, one line after the other.
nd_target nd_grid_target(const nd_grid *g, int64_t number);
void nd_grid_targets(const nd_grid *g, int64_t from, int64_t to, nd_target *x);

// Whether all targets have all their sources.
bool nd_grid_is_whole(const nd_grid *g);

// Whether a target has them; how many are on its line, from it on.
bool nd_grid_is_inside(const nd_grid *g, const nd_target *x);
static inline int64_t nd_grid_left(const nd_grid *g, const nd_target *x)
{
  return g->axis[ND_SPATIAL - 1].count - x->at[ND_SPATIAL - 1];
}

nd_tap nd_grid_tap(const nd_grid *g, int64_t number);

// Whether the target has a source for the tap.
bool nd_grid_has(const nd_grid *g, const nd_target *x, const nd_tap *t);

#endif
