// tensor/copy.c: chooses how a tensor is copied, and cuts planes into areas.

#include "tensor/copy.h"

#include "base/cut.h"
#include "tensor/tile.h"

// Elements of an area, and of its sides at least where the plane has as many:
// whole lines of the cache.
enum { AREA = 1 << 14, SIDE = 128, LINE = 64 };

// A side of areas, where the other side of the plane is so long.
static int64_t choose_side(int64_t other)
{
  return other < SIDE ? nd_parts(AREA / (other + 1), LINE) * LINE : SIDE;
}

void nd_copy_start(nd_copy *k, const nd_tensor *x, void *to)
{
  k->x = x;
  k->to = to;
  nd_walk_start(&k->walk, x, 0);
  k->across = nd_walk_across(&k->walk);
  if (k->across < 0)
    return;
  const int64_t rows = k->walk.shape[k->across];
  const int64_t columns = k->walk.shape[k->walk.rank - 1];
  k->rows = choose_side(columns);
  k->columns = choose_side(rows);
  k->down = nd_parts(rows, k->rows);
  k->beside = nd_parts(columns, k->columns);
}

static void copy_runs(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_copy *k = what;
  nd_walk walk = k->walk;
  nd_walk_seek(&walk, from);
  nd_walk_copy(&walk, to - from, k->to + from * (int64_t)walk.width);
}

// Where a plane begins in the tensor, in bytes, and in the copy, in elements;
// and how many elements are between its rows there.
typedef struct plane {
  int64_t in, out, row;
} plane;

static plane find_plane(const nd_copy *k, int64_t number)
{
  const nd_walk *w = &k->walk;
  plane p = { 0 };
  int64_t step = w->shape[w->rank - 1];
  for (int i = w->rank - 2; i >= 0; i--) {
    if (i == k->across) {
      p.row = step;
    } else {
      p.in += number % w->shape[i] * w->strides[i];
      p.out += number % w->shape[i] * step;
      number /= w->shape[i];
    }
    step *= w->shape[i];
  }
  return p;
}

// Unit number `u` is area u % areas of plane u / areas.
static void copy_areas(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const nd_copy *k = what;
  const nd_walk *w = &k->walk;
  const int64_t width = (int64_t)w->width, areas = k->down * k->beside;
  const int64_t apart = w->strides[w->rank - 1];
  nd_flip *flip = nd_tile_flip(k->x->context->level, w->width);
  for (int64_t u = from; u < to; u++) {
    const plane p = find_plane(k, u / areas);
    const int64_t row = u % areas / k->beside * k->rows;
    const int64_t column = u % k->beside * k->columns;
    const int64_t rows = nd_least(w->shape[k->across] - row, k->rows);
    const int64_t columns = nd_least(w->shape[w->rank - 1] - column,
                                     k->columns);
    flip(rows, columns, w->data + p.in + row * width + column * apart,
         apart / width, k->to + (p.out + row * p.row + column) * width, p.row);
  }
}

nd_step nd_copy_step(const nd_copy *k)
{
  const int64_t size = k->x->size;
  if (k->across < 0)
    return (nd_step){ .units = size,
                      .cost = k->x->dense ? .2F : 3,
                      .run = copy_runs };
  const nd_walk *w = &k->walk;
  const int64_t rows = w->shape[k->across], columns = w->shape[w->rank - 1];
  const int64_t planes = size > 0 ? size / rows / columns : 0;
  return (nd_step){ .units = planes * k->down * k->beside,
                    .cost = 20 + 1.5F * (float)nd_least(rows, k->rows) *
                                   (float)nd_least(columns, k->columns),
                    .run = copy_areas };
}
