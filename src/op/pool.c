// op/pool.c: see pool.h.

#include "op/pool.h"

#include "base/cut.h"

#include <string.h>

ND_DECLARE_LEVELS(const nd_pool_table, nd_pool_table);

enum { LAST = ND_SPATIAL - 1 };

const nd_pool_kernels *nd_pool_find(const nd_tensor *like)
{
  static const nd_pool_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_pool_table);
  return tables[like->context->level]->at[like->dtype];
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

// One window, and those beside it that are like it: which it is, how many
// positions it has, and elements from the first of what has positions to its
// own, and of what has windows.
typedef struct window {
  const nd_pool_work *l;
  int64_t image;
  int64_t at[ND_SPATIAL];
  nd_box box;
  int64_t line;  // its first, of the image
  double size;
  int64_t position, number;
} window;

// How many windows from `at` on have as many positions along the last axis.
static int64_t count_alike(const nd_window *s, int64_t at)
{
  const int64_t first = at * s->step[LAST] - s->before[LAST];
  const int64_t room = s->in[LAST] - s->taps[LAST] - first;
  return first < 0 || room < 0
           ? 1
           : nd_least(room / s->step[LAST] + 1, s->out[LAST] - at);
}

// Sets all but which it is.
static void see_window(window *w)
{
  const nd_pool_work *l = w->l;
  const nd_window *s = &l->w;
  int64_t from[ND_SPATIAL];
  w->size = 1;
  w->number = w->image;
  for (int i = 0; i < ND_SPATIAL; i++) {
    const int64_t first = w->at[i] * s->step[i] - s->before[i];
    from[i] = most(first, 0);
    w->box.count[i] = nd_least(first + s->taps[i], s->in[i]) - from[i];
    w->size *= (double)w->box.count[i];
    w->number = w->number * s->out[i] + w->at[i];
  }
  w->line = from[0] * s->in[1] + from[1];
  w->position = (w->image * s->in[0] * s->in[1] + w->line) * s->in[LAST] +
                from[LAST];
  w->position *= l->channels;
  w->number *= l->channels;
  w->box.windows = count_alike(s, w->at[LAST]);
}

// Whether every position is in one window.
static bool is_tiled(const nd_window *w)
{
  for (int i = 0; i < ND_SPATIAL; i++) {
    if (w->step[i] != w->taps[i] ||
        w->out[i] * w->step[i] - w->before[i] < w->in[i])
      return false;
  }
  return true;
}

static window start_window(const nd_pool_work *l)
{
  window w = { .l = l, .box = { .n = l->channels, .height = l->w.in[1] } };
  w.box.step[LAST] = l->channels;
  w.box.step[1] = l->channels * l->w.in[LAST];
  w.box.step[0] = w.box.step[1] * l->w.in[1];
  w.box.across = l->w.step[LAST] * l->channels;
  w.box.alone = is_tiled(&l->w);
  return w;
}

// The channels of the result.
static void run_alike(const window *w, int64_t size)
{
  const nd_pool_work *l = w->l;
  const char *x = l->x + w->position * size;
  char *y = l->y + w->number * size;
  if (l->how == ND_POOL_MAX)
    l->k->max(&w->box, x, y);
  else if (l->how == ND_POOL_MEAN)
    l->k->mean(&w->box, w->size, x, y);
  else
    l->k->take(&w->box, x, l->v + w->position * size, y);
}

// Goes on by some windows of its line.
static void step_on(window *w, int64_t windows)
{
  w->at[LAST] += windows;
  for (int i = LAST; i >= 0; i--) {
    if (w->at[i] < w->l->w.out[i])
      return;
    w->at[i] = 0;
    if (i > 0)
      w->at[i - 1]++;
  }
  w->image++;
}

static window find_window(const nd_pool_work *l, int64_t number)
{
  window w = start_window(l);
  for (int i = LAST; i >= 0; i--) {
    w.at[i] = number % l->w.out[i];
    number /= l->w.out[i];
  }
  w.image = number;
  return w;
}

static void run_windows(const nd_pool_work *l, int64_t from, int64_t to)
{
  const int64_t size = (int64_t)nd_dtype_size(l->dtype);
  window w = find_window(l, from);
  while (from < to) {
    see_window(&w);
    w.box.windows = nd_least(w.box.windows, to - from);
    run_alike(&w, size);
    from += w.box.windows;
    step_on(&w, w.box.windows);
  }
}

// ------------------------------------------------------------------- lines --

// Some lines of one image, counted through both of its outer axes.
typedef struct lines {
  int64_t first, end;
} lines;

// Adds what the windows give to these lines.
static void give(window *w, const lines *s, int64_t size)
{
  const nd_pool_work *l = w->l;
  const char *v = l->v + w->number * size;
  char *y = l->y + w->position * size;
  w->box.from = s->first - w->line;
  w->box.to = s->end - w->line;
  if (l->how == ND_POOL_PUT)
    l->k->put(&w->box, l->x + w->position * size, v, y);
  else
    l->k->spread(&w->box, w->size, v, y);
}

// The windows along an axis that reach into positions low..high: from..to-1.
static void find_reach(const nd_window *w, int axis, int64_t low, int64_t high,
                       int64_t *from, int64_t *to)
{
  const int64_t first = low + w->before[axis] - w->taps[axis] + 1;
  *from = first > 0 ? nd_parts(first, w->step[axis]) : 0;
  *to = nd_least((high + w->before[axis]) / w->step[axis] + 1, w->out[axis]);
}

static void run_some_lines(window *w, const lines *s)
{
  const nd_pool_work *l = w->l;
  const int64_t size = (int64_t)nd_dtype_size(l->dtype);
  const int64_t height = l->w.in[1];
  const int64_t low = s->first / height, high = (s->end - 1) / height;
  int64_t from[2], to[2];
  find_reach(&l->w, 0, low, high, &from[0], &to[0]);
  find_reach(&l->w, 1, low == high ? s->first % height : 0,
             low == high ? (s->end - 1) % height : height - 1, &from[1],
             &to[1]);
  for (w->at[0] = from[0]; w->at[0] < to[0]; w->at[0]++) {
    for (w->at[1] = from[1]; w->at[1] < to[1]; w->at[1]++) {
      w->at[LAST] = 0;
      while (w->at[LAST] < l->w.out[LAST]) {
        see_window(w);
        give(w, s, size);
        w->at[LAST] += w->box.windows;
      }
    }
  }
}

static void run_lines(const nd_pool_work *l, int64_t from, int64_t to)
{
  const int64_t height = l->w.in[0] * l->w.in[1];
  const size_t bytes = (size_t)(l->w.in[LAST] * l->channels) *
                       nd_dtype_size(l->dtype);
  window w = start_window(l);
  if (l->how == ND_POOL_SPREAD || !w.box.alone)
    memset(l->y + (size_t)from * bytes, 0, (size_t)(to - from) * bytes);
  for (int64_t at = from; at < to;) {
    w.image = at / height;
    const int64_t start = w.image * height;
    const lines s = { .first = at - start,
                      .end = nd_least(to - start, height) };
    run_some_lines(&w, &s);
    at = start + s.end;
  }
}

// -------------------------------------------------------------------- work --

void nd_pool_step(const nd_pool_work *l, nd_step *step)
{
  const nd_window *w = &l->w;
  const float taps = (float)(w->taps[0] * w->taps[1] * w->taps[2]);
  const int64_t windows = w->out[0] * w->out[1] * w->out[2] * l->images;
  const float cost = 20 + taps * (2 + .3F * (float)l->channels);
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
