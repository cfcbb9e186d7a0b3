// op/grid.c: where sources are.

#include "op/grid.h"

#include "base/cut.h"

// x / y, up; y is above 0.
static int64_t divide_up(int64_t x, int64_t y)
{
  return x > 0 ? nd_parts(x, y) : -(-x / y);
}

// Sets low, high and least.
static void find_inside(nd_course *r)
{
  const int64_t last = r->at + (r->taps - 1) * r->at_step;
  r->low = divide_up(-r->at, r->scale);
  r->low = nd_least(r->low > 0 ? r->low : 0, r->count);
  r->high = nd_least(divide_up(r->sources - last, r->scale), r->count);
  r->high = r->high > r->low ? r->high : r->low;
  r->least = (1 - r->count) * r->scale;
}

static nd_course forward_course(const nd_window *w, int axis)
{
  nd_course r = { .stride = 1,
                  .count = w->out[axis],
                  .scale = w->step[axis],
                  .taps = w->taps[axis],
                  .tap_step = 1,
                  .at = -w->before[axis],
                  .at_step = w->gap[axis],
                  .sources = w->in[axis] };
  find_inside(&r);
  return r;
}

static int64_t common_divisor(int64_t x, int64_t y)
{
  return y == 0 ? x : common_divisor(y, x % y);
}

// Windows o with o * step + k * gap - before = position, for the positions that
// are `number` beyond a multiple of the step: every so many taps k have one,
// which is nearer to the end the smaller k is.
static nd_course back_course(const nd_window *w, int axis, int64_t number)
{
  const int64_t step = w->step[axis], gap = w->gap[axis];
  const int64_t every = step / common_divisor(step, gap);
  const int64_t shift = number + w->before[axis];
  const int64_t most = nd_least(every, w->taps[axis]);
  int64_t first = 0;
  while (first < most && (shift - first * gap) % step != 0)
    first++;
  nd_course r = { .first = number,
                  .stride = step,
                  .count = nd_parts(w->in[axis] - number, step),
                  .scale = 1,
                  .tap_step = -every,
                  .at_step = every * gap / step,
                  .sources = w->out[axis] };
  if (first < most)
    r.taps = (w->taps[axis] - first - 1) / every + 1;
  r.tap = first + (r.taps - 1) * every;
  r.at = r.taps > 0 ? (shift - r.tap * gap) / step : 0;
  find_inside(&r);
  return r;
}

static int64_t axis_courses(const nd_window *w, bool back, int axis)
{
  return back ? nd_least(w->step[axis], w->in[axis]) : 1;
}

int64_t nd_grid_courses(const nd_window *w, bool back)
{
  int64_t n = 1;
  for (int i = 0; i < ND_SPATIAL; i++)
    n *= axis_courses(w, back, i);
  return n;
}

nd_grid nd_grid_make(const nd_window *w, bool back, int64_t number,
                     int64_t images, int64_t source, int64_t target)
{
  nd_grid g = { .source = source, .target = target, .count = images };
  g.terms = g.most_terms = 1;
  g.most = images;
  for (int i = ND_SPATIAL - 1; i >= 0; i--) {
    const int64_t courses = axis_courses(w, back, i);
    const int64_t at = courses > 0 ? number % courses : 0;
    nd_course *r = &g.axis[i];
    *r = back ? back_course(w, i, at) : forward_course(w, i);
    number = courses > 0 ? number / courses : 0;
    g.sizes[i] = back ? w->in[i] : w->out[i];
    g.taps[i] = w->taps[i];
    r->most = nd_parts(g.sizes[i], r->stride);
    r->most_taps = nd_parts(w->taps[i], back ? -r->tap_step : 1);
    g.count *= r->count;
    g.terms *= r->taps;
    g.most *= r->most;
    g.most_terms *= r->most_taps;
  }
  return g;
}

// ----------------------------------------------------------------- targets --

static bool is_inside(const nd_course *r, int64_t at)
{
  return at >= r->low && at < r->high;
}

bool nd_grid_is_whole(const nd_grid *g)
{
  for (int i = 0; i < ND_SPATIAL; i++) {
    if (g->axis[i].low > 0 || g->axis[i].high < g->axis[i].count)
      return false;
  }
  return true;
}

bool nd_grid_is_inside(const nd_grid *g, const nd_target *x)
{
  for (int i = 0; i < ND_SPATIAL; i++) {
    if (!is_inside(&g->axis[i], x->at[i]))
      return false;
  }
  return true;
}

nd_target nd_grid_target(const nd_grid *g, int64_t number)
{
  nd_target x = { .inside = true };
  for (int i = ND_SPATIAL - 1; i >= 0; i--) {
    x.at[i] = number % g->axis[i].count;
    number /= g->axis[i].count;
    x.inside = x.inside && is_inside(&g->axis[i], x.at[i]);
  }
  x.source = x.target = number;
  for (int i = 0; i < ND_SPATIAL; i++) {
    const nd_course *r = &g->axis[i];
    x.source = x.source * r->sources + x.at[i] * r->scale;
    x.target = x.target * g->sizes[i] + r->first + x.at[i] * r->stride;
  }
  x.source *= g->source;
  x.target *= g->target;
  return x;
}

void nd_grid_targets(const nd_grid *g, int64_t from, int64_t to, nd_target *x)
{
  enum { LAST = ND_SPATIAL - 1 };
  const nd_course *r = &g->axis[LAST];
  const int64_t source = r->scale * g->source, target = r->stride * g->target;
  while (from < to) {
    const nd_target first = nd_grid_target(g, from);
    const int64_t at = first.at[LAST], n = nd_least(to - from, r->count - at);
    const bool inside = is_inside(&g->axis[0], first.at[0]) &&
                        is_inside(&g->axis[1], first.at[1]);
    const int64_t low = inside ? r->low : r->count;
    for (int64_t i = 0; i < n; i++, x++) {
      x->at[0] = first.at[0];
      x->at[1] = first.at[1];
      x->at[LAST] = at + i;
      x->source = first.source + i * source;
      x->target = first.target + i * target;
      x->inside = at + i >= low && at + i < r->high;
    }
    from += n;
  }
}

// -------------------------------------------------------------------- taps --

// Whether a target may have its source for a tap there.
static bool reaches(const nd_course *r, int64_t at)
{
  return at < r->sources && at >= r->least;
}

// Taps that no target has may be further away than can be counted.
nd_tap nd_grid_tap(const nd_grid *g, int64_t number)
{
  int64_t n[ND_SPATIAL];
  nd_tap t = { 0 };
  for (int i = ND_SPATIAL - 1; i > 0; i--) {
    n[i] = number % g->axis[i].taps;
    number /= g->axis[i].taps;
  }
  n[0] = number;
  for (int i = 0; i < ND_SPATIAL; i++) {
    const nd_course *r = &g->axis[i];
    t.at[i] = r->at + n[i] * r->at_step;
    t.offset = reaches(r, t.at[i]) ? t.offset * r->sources + t.at[i] : 0;
    t.number = t.number * g->taps[i] + r->tap + n[i] * r->tap_step;
  }
  t.offset *= g->source;
  return t;
}

bool nd_grid_has(const nd_grid *g, const nd_target *x, const nd_tap *t)
{
  for (int i = 0; i < ND_SPATIAL; i++) {
    const nd_course *r = &g->axis[i];
    const int64_t at = x->at[i] * r->scale + t->at[i];
    if (at < 0 || at >= r->sources)
      return false;
  }
  return true;
}
