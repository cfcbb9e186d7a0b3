// tensor/walk.c: an odometer over shape and strides, with neighbouring axes
// merged where they can be, so that the common cases are one memcpy.

#include "tensor/walk.h"

#include <string.h>

#include "base/cut.h"
#include "kernel/move.h"

enum { SHORT = 64 };  // bytes of a row

// Adds an axis inside those that are there, merged with the last if it can be.
static void add_axis(nd_walk *w, int64_t size, int64_t stride)
{
  if (size == 1)
    return;
  const int last = w->rank - 1;
  if (last >= 0 && w->strides[last] == stride * size) {
    w->shape[last] *= size;
    w->strides[last] = stride;
    return;
  }
  w->shape[w->rank] = size;
  w->strides[w->rank] = stride;
  w->rank++;
}

static void begin(nd_walk *w, const nd_tensor *x)
{
  w->data = nd_values(x);
  w->width = nd_dtype_size((nd_dtype)x->dtype);
  w->rank = 0;
}

void nd_walk_start(nd_walk *w, const nd_tensor *x, int64_t from)
{
  nd_walk_broadcast(w, x, x->rank, x->dims, from);
}

void nd_walk_broadcast(nd_walk *w, const nd_tensor *x, int rank,
                       const int64_t *shape, int64_t from)
{
  begin(w, x);
  const int missing = rank - x->rank;
  for (int i = 0; i < rank; i++) {
    const bool spread = i < missing || (x->dims[i - missing] == 1);
    const int64_t stride = spread ? 0 : nd_strides(x)[i - missing];
    add_axis(w, shape[i], stride * (int64_t)w->width);
  }
  nd_walk_seek(w, from);
}

void nd_walk_permuted(nd_walk *w, const nd_tensor *x, const int *axes,
                      int64_t from)
{
  nd_walk_axes(w, x, x->rank, axes);
  nd_walk_seek(w, from);
}

void nd_walk_axes(nd_walk *w, const nd_tensor *x, int n, const int *axes)
{
  begin(w, x);
  for (int i = 0; i < n; i++) {
    const int64_t stride = nd_strides(x)[axes[i]];
    add_axis(w, x->dims[axes[i]], stride * (int64_t)w->width);
  }
}

void nd_walk_seek(nd_walk *w, int64_t from)
{
  w->offset = 0;
  for (int i = w->rank - 1; i >= 0; i--) {
    if (w->shape[i] == 0) {
      w->at[i] = 0;
      continue;
    }
    w->at[i] = from % w->shape[i];
    from /= w->shape[i];
    w->offset += w->at[i] * w->strides[i];
  }
}

bool nd_walk_is_dense(const nd_walk *w)
{
  return w->rank == 0 || (w->rank == 1 && w->strides[0] == (int64_t)w->width);
}

int nd_walk_across(const nd_walk *w)
{
  const int64_t width = (int64_t)w->width;
  if (w->rank == 0 || w->strides[w->rank - 1] == width)
    return -1;
  for (int i = w->rank - 2; i >= 0; i--) {
    if (w->strides[i] == width)
      return i;
  }
  return -1;
}

int64_t nd_walk_inside(const nd_walk *w, int axis)
{
  int64_t n = 1;
  for (int i = axis + 1; i < w->rank; i++)
    n *= w->shape[i];
  return n;
}

#define COPY_STRIDED(type)                          \
  do {                                              \
    type *to = out;                                 \
    for (int64_t i = 0; i < n; i++, from += stride) \
      to[i] = *(const type *)(const void *)from;    \
  } while (0)

// `n` elements that are `stride` bytes apart.
static void copy_run(const char *from, int64_t stride, size_t width, int64_t n,
                     void *out)
{
  if (stride == (int64_t)width)
    memcpy(out, from, (size_t)n * width);
  else if (width == 2)
    COPY_STRIDED(uint16_t);
  else if (width == 4)
    COPY_STRIDED(uint32_t);
  else if (width == 8)
    COPY_STRIDED(uint64_t);
  else
    COPY_STRIDED(uint8_t);
}

// Carries an axis that is full into the axes before it.
static void carry(nd_walk *w, int axis)
{
  for (int i = axis; i >= 0 && w->at[i] == w->shape[i]; i--) {
    w->offset -= w->shape[i] * w->strides[i];
    w->at[i] = 0;
    if (i > 0) {
      w->at[i - 1]++;
      w->offset += w->strides[i - 1];
    }
  }
}

int64_t nd_walk_run(nd_walk *w, int64_t n, const char **first, int64_t *stride)
{
  const int last = w->rank - 1;
  *first = w->data + w->offset;
  *stride = last < 0 ? 0 : w->strides[last];
  if (last < 0)
    return n;
  const int64_t left = w->shape[last] - w->at[last];
  const int64_t run = left < n ? left : n;
  w->at[last] += run;
  w->offset += run * w->strides[last];
  carry(w, last);
  return run;
}

int64_t nd_walk_rows(nd_walk *w, int64_t from, int64_t n, int64_t apart,
                     const char **first, int64_t *stride)
{
  const int last = w->rank - 1;
  nd_walk_seek(w, from);
  *first = w->data + w->offset;
  *stride = apart * (int64_t)w->width;
  if (last < 0 || w->strides[last] != (int64_t)w->width)
    return 0;
  const int64_t left = w->shape[last] - w->at[last];
  if (left < n)
    return 0;
  if (last > 0 && w->shape[last] == apart) {
    *stride = w->strides[last - 1];
    return w->shape[last - 1] - w->at[last - 1];
  }
  return w->shape[last] % apart == 0 ? 1 + (left - n) / apart : 1;
}

// Copies rows that are short, one and the same, or one element each, as many as
// the next `n` elements have before an outer axis ends. Returns how many
// elements these are.
static int64_t copy_rows(nd_walk *w, int64_t n, char *to)
{
  const int last = w->rank - 1, axis = last - 1;
  const int64_t width = (int64_t)w->width;
  if (axis < 0 || w->at[last] != 0)
    return 0;
  const int64_t row = w->shape[last], bytes = row * width;
  const int64_t rows = nd_least(n / row, w->shape[axis] - w->at[axis]);
  const int64_t apart = w->strides[axis], inside = w->strides[last];
  if (rows < 2 || (inside != 0 && inside != width))
    return 0;
  if (inside == 0)
    nd_fill_rows(rows, bytes, width, w->data + w->offset, apart, to);
  else if (apart == 0)
    nd_repeat_row(rows, bytes, w->data + w->offset, to);
  else if (bytes <= SHORT)
    nd_move_rows(rows, bytes, w->data + w->offset, apart, to, bytes);
  else
    return 0;
  w->at[axis] += rows;
  w->offset += rows * apart;
  carry(w, axis);
  return rows * row;
}

// Copies the next elements, `n` at most, that are equally far apart.
static int64_t copy_next(nd_walk *w, int64_t n, char *to)
{
  const char *from;
  int64_t stride;
  const int64_t run = nd_walk_run(w, n, &from, &stride);
  copy_run(from, stride, w->width, run, to);
  return run;
}

void nd_walk_copy(nd_walk *w, int64_t n, void *out)
{
  char *to = out;
  for (int64_t done; n > 0; n -= done, to += done * (int64_t)w->width) {
    done = copy_rows(w, n, to);
    if (done == 0)
      done = copy_next(w, n, to);
  }
}

const void *nd_walk_next(nd_walk *w, int64_t n, void *room)
{
  const int last = w->rank - 1;
  if (last < 0 || w->strides[last] != (int64_t)w->width ||
      w->shape[last] - w->at[last] < n) {
    nd_walk_copy(w, n, room);
    return room;
  }
  const char *next = w->data + w->offset;
  w->at[last] += n;
  w->offset += n * w->strides[last];
  carry(w, last);
  return next;
}
