// op/strip.c: see strip.h.

#include "op/strip.h"

#include <string.h>

#include "base/cut.h"

enum { LAST = ND_SPATIAL - 1 };

// ----------------------------------------------------------------- cutting --

static int64_t at_least_one(int64_t n)
{
  return n > 1 ? n : 1;
}

// Positions that the sources of `count` targets along an axis cover.
static int64_t reach(const nd_course *r, int64_t count)
{
  const int64_t taps = at_least_one(r->most_taps);
  return (count - 1) * r->scale + (taps - 1) * r->at_step + 1;
}

// x * y; more than any room has where that is too large.
static int64_t times(int64_t x, int64_t y)
{
  int64_t product;
  return __builtin_mul_overflow(x, y, &product) ? INT64_MAX : product;
}

// Sets the sizes of strips for so many lines of so many slabs.
static void measure(nd_strips *s, const nd_grid *g, int64_t slabs,
                    int64_t lines)
{
  s->slabs = slabs;
  s->lines = lines;
  s->position = s->channels;
  s->line = times(reach(&g->axis[LAST], g->axis[LAST].most), s->position);
  s->plane = times(reach(&g->axis[1], lines), s->line);
  s->slab = times(at_least_one(g->axis[0].most_taps), s->plane);
}

static bool fits(const nd_strips *s, const nd_grid *g, int64_t targets,
                 int64_t room)
{
  const int64_t lines = s->slabs * s->lines;
  return lines * g->axis[LAST].most <= targets &&
         times(s->slabs, s->slab) <= room;
}

// Sets the most lines that fit, up to `most`; none if not even one does.
static void find_lines(nd_strips *s, const nd_grid *g, int64_t most,
                       int64_t targets, int64_t room)
{
  most = nd_least(most, targets / g->axis[LAST].most);
  for (; most > 0; most--) {
    measure(s, g, 1, most);
    if (fits(s, g, targets, room))
      return;
  }
  s->lines = 0;
}

nd_strips nd_strips_cut(const nd_grid *g, int64_t channels, int64_t targets,
                        int64_t room)
{
  const int64_t high = g->axis[1].most;
  nd_strips s = { .channels = channels };
  if (g->most == 0)
    return s;
  const int64_t slabs = g->most / (high * g->axis[LAST].most);
  find_lines(&s, g, high, targets, room);
  if (s.lines == 0)
    return s;
  s.beside = nd_parts(high, s.lines);
  measure(&s, g, 1, nd_parts(high, s.beside));
  for (nd_strips more = s; s.beside == 1 && s.slabs < slabs; s = more) {
    measure(&more, g, s.slabs + 1, high);
    if (!fits(&more, g, targets, room))
      break;
  }
  s.count = nd_parts(slabs, s.slabs) * s.beside;
  return s;
}

nd_band nd_strips_band(const nd_strips *s, const nd_grid *g, int64_t number)
{
  const nd_course *r = g->axis;
  const int64_t high = r[1].count, wide = r[LAST].count;
  const int64_t slabs = high * wide > 0 ? g->count / (high * wide) : 0;
  nd_band b = { .slab = number / s->beside * s->slabs,
                .from = number % s->beside * s->lines };
  b.slabs = nd_least(s->slabs, slabs - b.slab);
  b.lines = nd_least(s->lines, high - b.from);
  return b;
}

// ------------------------------------------------------------------ copies --

typedef struct copying {
  const nd_strips *s;
  const nd_grid *g;
  const nd_band *band;
  int64_t channels;
  const char *in;
  int64_t size;  // of an element
} copying;

// Channels of `count` positions, which may belong to more in `in`.
static void copy_positions(const copying *y, int64_t count, const char *in,
                           char *out)
{
  const int64_t bytes = y->channels * y->size;
  const int64_t from = y->g->source * y->size, to = y->s->position * y->size;
  if (bytes == from && bytes == to) {
    memcpy(out, in, (size_t)(count * bytes));
    return;
  }
  for (int64_t i = 0; i < count; i++, in += from, out += to)
    memcpy(out, in, (size_t)bytes);
}

// A line, of which `in` is position 0 of its sources.
static void copy_line(const copying *y, const char *in, char *out)
{
  const nd_course *r = &y->g->axis[LAST];
  const int64_t step = y->s->position * y->size, wide = reach(r, r->count);
  const int64_t before = r->at < 0 ? nd_least(-r->at, wide) : 0;
  const int64_t first = r->at + before;
  const int64_t room = nd_least(wide - before, r->sources - first);
  const int64_t count = room > 0 ? room : 0;
  memset(out, 0, (size_t)(before * step));
  out += before * step;
  if (count > 0)
    copy_positions(y, count, in + first * y->g->source * y->size, out);
  memset(out + count * step, 0, (size_t)((wide - before - count) * step));
}

static bool has(const nd_course *r, int64_t at)
{
  return at >= 0 && at < r->sources;
}

// Sources of the band's lines at position `at` of the first axis of an image.
static void copy_plane(const copying *y, int64_t image, int64_t at, char *out)
{
  const nd_course *r = y->g->axis;
  const int64_t lines = reach(&r[1], y->band->lines);
  const int64_t first = y->band->from * r[1].scale + r[1].at;
  const int64_t line = r[LAST].sources * y->g->source * y->size;
  const int64_t begin = (image * r[0].sources + at) * r[1].sources + first;
  for (int64_t i = 0; i < lines; i++, out += y->s->line * y->size) {
    if (has(&r[0], at) && has(&r[1], first + i))
      copy_line(y, y->in + (begin + i) * line, out);
    else
      memset(out, 0, (size_t)(y->s->line * y->size));
  }
}

void nd_strips_fill(const nd_strips *s, const nd_grid *g, const nd_band *b,
                    int64_t channels, const char *in, size_t size, char *out)
{
  const nd_course *r = &g->axis[0];
  const copying y = { s, g, b, channels, in, (int64_t)size };
  for (int64_t i = 0; i < b->slabs; i++) {
    const int64_t image = (b->slab + i) / r->count;
    const int64_t at = (b->slab + i) % r->count * r->scale + r->at;
    for (int64_t k = 0; k < r->taps; k++)
      copy_plane(&y, image, at + k * r->at_step,
                 out + (i * s->slab + k * s->plane) * y.size);
  }
}

// ------------------------------------------------------------------ places --

int64_t nd_strips_tap(const nd_strips *s, const nd_grid *g, const nd_tap *t)
{
  const nd_course *r = g->axis;
  return (t->at[0] - r[0].at) / r[0].at_step * s->plane +
         (t->at[1] - r[1].at) * s->line +
         (t->at[LAST] - r[LAST].at) * s->position;
}

int64_t nd_strips_at(const nd_strips *s, const nd_grid *g, int64_t slab,
                     int64_t line)
{
  return slab * s->slab + line * g->axis[1].scale * s->line;
}
