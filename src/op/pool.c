// op/pool.c: see pool.h.

#include "op/pool.h"

#include <string.h>

ND_DECLARE_LEVELS(const nd_pool_table, nd_pool_table);

enum { CHANNELS = 256, LAST = ND_SPATIAL - 1 };  // that are worked on at once

const nd_pool_kernels *nd_pool_find(const nd_tensor *like)
{
  static const nd_pool_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_pool_table);
  return &tables[like->context->level]->at[like->dtype];
}

static int64_t least(int64_t x, int64_t y)
{
  return x < y ? x : y;
}

static int64_t most(int64_t x, int64_t y)
{
  return x > y ? x : y;
}

// True if the result has an element for each position.
static bool is_back(const nd_pool_work *l)
{
  return l->how == ND_POOL_PUT || l->how == ND_POOL_SPREAD;
}

// ----------------------------------------------------------------- windows --

// One window: the positions from..to-1 that it has along each axis, and some
// channels.
typedef struct window {
  const nd_pool_work *l;
  int64_t image;
  int64_t at[ND_SPATIAL];
  int64_t from[ND_SPATIAL], to[ND_SPATIAL];
  int64_t channel, n;
  double size;  // how many positions
} window;

static void see_positions(window *w)
{
  const nd_window *s = &w->l->w;
  w->size = 1;
  for (int i = 0; i < ND_SPATIAL; i++) {
    const int64_t first = w->at[i] * s->step[i] - s->before[i];
    w->from[i] = most(first, 0);
    w->to[i] = most(least(first + s->taps[i], s->in[i]), w->from[i]);
    w->size *= (double)(w->to[i] - w->from[i]);
  }
}

// Bytes from the first element of what has positions to line (i, j) of the
// window, and of what has windows to the window.
static int64_t place_line(const window *w, int64_t i, int64_t j)
{
  const nd_pool_work *l = w->l;
  const int64_t line = (w->image * l->w.in[0] + i) * l->w.in[1] + j;
  return ((line * l->w.in[LAST] + w->from[LAST]) * l->channels + w->channel) *
         (int64_t)nd_dtype_size(l->dtype);
}

static int64_t place_window(const window *w)
{
  const nd_pool_work *l = w->l;
  int64_t at = w->image;
  for (int i = 0; i < ND_SPATIAL; i++)
    at = at * l->w.out[i] + w->at[i];
  return (at * l->channels + w->channel) * (int64_t)nd_dtype_size(l->dtype);
}

static nd_taps line_of(const window *w)
{
  return (nd_taps){ .n = w->n,
                    .count = w->to[LAST] - w->from[LAST],
                    .step = w->l->channels };
}

// Room for what is known of a window's channels.
typedef struct best {
  double value[CHANNELS];
  int32_t place[CHANNELS];
} best;

static void fold(const window *w, void *y)
{
  const nd_pool_work *l = w->l;
  bool first = true;
  for (int64_t i = w->from[0]; i < w->to[0]; i++) {
    for (int64_t j = w->from[1]; j < w->to[1]; j++) {
      const char *x = l->x + place_line(w, i, j);
      (l->how == ND_POOL_MAX ? l->k->max : l->k->sum)(line_of(w), first, x, y);
      first = false;
    }
  }
}

static void find_best(const window *w, best *b)
{
  const nd_pool_work *l = w->l;
  const nd_taps line = line_of(w);
  int32_t number = 0;
  for (int64_t i = w->from[0]; i < w->to[0]; i++) {
    for (int64_t j = w->from[1]; j < w->to[1]; j++) {
      l->k->argmax(line, number == 0, number, l->x + place_line(w, i, j),
                   b->value, b->place);
      number += (int32_t)line.count;
    }
  }
}

static void take(const window *w, void *y)
{
  const nd_pool_work *l = w->l;
  const nd_taps line = line_of(w);
  best b;
  find_best(w, &b);
  int32_t number = 0;
  for (int64_t i = w->from[0]; i < w->to[0]; i++) {
    for (int64_t j = w->from[1]; j < w->to[1]; j++) {
      l->k->take(line, number, b.place, l->v + place_line(w, i, j), y);
      number += (int32_t)line.count;
    }
  }
}

// The element of the result for some channels of the window.
static void run_window(const window *w)
{
  const nd_pool_work *l = w->l;
  char *y = l->y + place_window(w);
  if (l->how == ND_POOL_TAKE)
    take(w, y);
  else
    fold(w, y);
  if (l->how == ND_POOL_MEAN)
    l->k->divide(w->n, w->size, y);
}

// Goes to the next window, in order.
static void step_on(window *w)
{
  for (int i = LAST; i >= 0; i--) {
    if (++w->at[i] < w->l->w.out[i])
      return;
    w->at[i] = 0;
  }
  w->image++;
}

static window find_window(const nd_pool_work *l, int64_t number)
{
  window w = { .l = l };
  for (int i = LAST; i >= 0; i--) {
    w.at[i] = number % l->w.out[i];
    number /= l->w.out[i];
  }
  w.image = number;
  return w;
}

static void run_windows(const nd_pool_work *l, int64_t from, int64_t to)
{
  window w = find_window(l, from);
  for (int64_t i = from; i < to; i++, step_on(&w)) {
    see_positions(&w);
    for (w.channel = 0; w.channel < l->channels; w.channel += w.n) {
      w.n = least(l->channels - w.channel, CHANNELS);
      run_window(&w);
    }
  }
}

// ------------------------------------------------------------------- lines --

// Some lines of one image, counted through both of its outer axes.
typedef struct lines {
  int64_t first, end;
} lines;

// Adds what the window gives to these lines.
static void give(const window *w, const lines *s)
{
  const nd_pool_work *l = w->l;
  const nd_taps line = line_of(w);
  const char *v = l->v + place_window(w);
  best b;
  if (l->how == ND_POOL_PUT)
    find_best(w, &b);
  int32_t number = 0;
  for (int64_t i = w->from[0]; i < w->to[0]; i++) {
    for (int64_t j = w->from[1]; j < w->to[1]; j++) {
      const int64_t at = i * l->w.in[1] + j;
      char *y = l->y + place_line(w, i, j);
      if (at >= s->first && at < s->end && l->how == ND_POOL_PUT)
        l->k->put(line, number, b.place, v, y);
      else if (at >= s->first && at < s->end)
        l->k->spread(line, w->size, v, y);
      number += (int32_t)line.count;
    }
  }
}

// The windows along an axis that reach into positions low..high: from..to-1.
static void find_reach(const nd_window *w, int axis, int64_t low, int64_t high,
                       int64_t *from, int64_t *to)
{
  const int64_t first = low + w->before[axis] - w->taps[axis] + 1;
  *from = first > 0 ? (first + w->step[axis] - 1) / w->step[axis] : 0;
  *to = least((high + w->before[axis]) / w->step[axis] + 1, w->out[axis]);
}

static void run_some_lines(window *w, const lines *s)
{
  const nd_pool_work *l = w->l;
  const int64_t height = l->w.in[1];
  const int64_t low = s->first / height, high = (s->end - 1) / height;
  int64_t from[2], to[2];
  find_reach(&l->w, 0, low, high, &from[0], &to[0]);
  find_reach(&l->w, 1, low == high ? s->first % height : 0,
             low == high ? (s->end - 1) % height : height - 1, &from[1],
             &to[1]);
  for (w->at[0] = from[0]; w->at[0] < to[0]; w->at[0]++) {
    for (w->at[1] = from[1]; w->at[1] < to[1]; w->at[1]++) {
      for (w->at[LAST] = 0; w->at[LAST] < l->w.out[LAST]; w->at[LAST]++) {
        see_positions(w);
        give(w, s);
      }
    }
  }
}

static void run_lines(const nd_pool_work *l, int64_t from, int64_t to)
{
  const int64_t height = l->w.in[0] * l->w.in[1];
  const size_t bytes = (size_t)(l->w.in[LAST] * l->channels) *
                       nd_dtype_size(l->dtype);
  memset(l->y + (size_t)from * bytes, 0, (size_t)(to - from) * bytes);
  for (int64_t at = from; at < to;) {
    window w = { .l = l, .image = at / height };
    const int64_t start = w.image * height;
    const lines s = { .first = at - start, .end = least(to - start, height) };
    for (; w.channel < l->channels; w.channel += w.n) {
      w.n = least(l->channels - w.channel, CHANNELS);
      run_some_lines(&w, &s);
    }
    at = start + s.end;
  }
}

// -------------------------------------------------------------------- work --

void nd_pool_step(const nd_pool_work *l, nd_step *step)
{
  const nd_window *w = &l->w;
  const float taps = (float)(w->taps[0] * w->taps[1] * w->taps[2]);
  const int64_t windows = w->out[0] * w->out[1] * w->out[2] * l->images;
  const float cost = 10 + taps * (4 + .3F * (float)l->channels);
  *step = (nd_step){ .units = windows, .cost = cost };
  if (!is_back(l))
    return;
  step->units = w->in[0] * w->in[1] * l->images;
  if (w->in[LAST] == 0)
    step->units = 0;
  if (step->units > 0)
    step->cost = 20 + 2 * cost * (float)windows / (float)step->units;
}

void nd_pool_run(const nd_pool_work *l, int64_t from, int64_t to)
{
  (is_back(l) ? run_lines : run_windows)(l, from, to);
}
