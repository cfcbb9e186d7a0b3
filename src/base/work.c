// base/work.c: the one loop under all long work, and how threads share it. Each
// begins with a range of its own, so that the values of an array tend to stay
// with one thread through many steps, and then takes from the ranges of others.

#include "base/work.h"

#include <stdatomic.h>

#include "base/crew.h"

// In nanoseconds, as costs are estimated: what is worth a thread that waits
// awake, and one that sleeps; what is taken at a time of a step that is shared,
// at least, if starting costs no more than an eighth of it, and at most.
#define PART (ND_ALONE / 2)
#define PART_ASLEEP 2.5e4F
#define GRAIN 5e3F
#define PIECE 5e4F

// Memory for the units of a work. That of the first part is there; that of the
// others is made when they are first of use.
typedef struct memory {
  void *shared;
  void *own;
  size_t own_size;  // in whole lines of the cache
  nd_block *more;
  int parts;  // that have memory
} memory;

// Units that are left of a part. Each has a line of the cache for itself.
typedef struct range {
  _Alignas(64) _Atomic int64_t next;
  int64_t end;
} range;

// A step at work.
typedef struct share {
  const nd_step *step;
  const void *what;
  const memory *memory;
  const atomic_bool *stop;  // NULL: nobody is asked
  int parts;
  int64_t least, most;  // units to take at a time
  range ranges[ND_MAX_THREADS];
} share;

// --------------------------------------------------------------- the loop --

// Takes some units, fewer as it comes to the end of the range, because who ends
// last keeps all waiting. Returns how many.
static int64_t take(const share *s, range *r, int64_t *from)
{
  int64_t at = atomic_load_explicit(&r->next, memory_order_relaxed), n;
  do {
    const int64_t left = r->end - at;
    if (left <= 0)
      return 0;
    n = s->parts > 1 ? left / 2 / s->least * s->least : s->most;
    n = n < s->least ? s->least : n > s->most ? s->most : n;
    n = n > left ? left : n;
  } while (!atomic_compare_exchange_weak(&r->next, &at, at + n));
  *from = at;
  return n;
}

static bool is_stopped(const share *s)
{
  return s->stop != NULL && atomic_load_explicit(s->stop, memory_order_relaxed);
}

static void drop_more(nd_context *c, memory *m)
{
  if (m->more != NULL)
    nd_block_free(c, m->more);
  m->more = NULL;
}

static void *own_memory(const memory *m, int i)
{
  if (i == 0 || m->own_size == 0)
    return m->own;
  return (char *)nd_block_data(m->more) + (size_t)(i - 1) * m->own_size;
}

static void run_part(void *data, int i)
{
  share *s = data;
  void *own = own_memory(s->memory, i);
  for (int k = 0; k < s->parts; k++) {
    range *r = &s->ranges[(i + k) % s->parts];
    int64_t from, n;
    while ((n = take(s, r, &from)) > 0) {
      s->step->run(s->what, s->memory->shared, own, from, from + n);
      if (is_stopped(s))
        return;
    }
  }
}

static bool is_complete(const share *s)
{
  for (int i = 0; i < s->parts; i++) {
    if (atomic_load(&s->ranges[i].next) < s->ranges[i].end)
      return false;
  }
  return true;
}

// ------------------------------------------------------------------- steps --

static float time_of(const nd_step *step)
{
  return (float)step->units * step->cost;
}

// About as many units as take so long.
static int64_t units_in(const nd_step *step, float time)
{
  if (time_of(step) <= time)
    return step->units;
  const float most = time / step->cost;
  for (int64_t units = ND_UNITS; units >= ND_FEW_UNITS; units /= 8) {
    if (most >= (float)units)
      return (int64_t)most / units * units;
  }
  return most > 1 ? (int64_t)most : 1;
}

static int64_t least_of(int64_t x, int64_t y)
{
  return x < y ? x : y;
}

static int64_t most_of(int64_t x, int64_t y)
{
  return x > y ? x : y;
}

// Parts of the step that are worth a thread each.
static int count_parts(const nd_context *c, const nd_step *step, int64_t least)
{
  const float time = time_of(step);
  if (c->threads.count == 1 || time <= ND_ALONE)
    return 1;
  const int awake = c->threads.run == nd_crew_run ? nd_crew_awake() : 0;
  int64_t parts = least_of(1 + awake, (int64_t)(time / PART));
  parts = most_of(parts, (int64_t)(time / PART_ASLEEP));
  parts = least_of(parts, c->threads.count);
  return (int)least_of(parts, (step->units + least - 1) / least);
}

// Memory for so many parts, or for one if there is none for more: that is no
// failure.
static int make_memory(nd_context *c, memory *m, int parts)
{
  if (m->own_size == 0 || parts <= m->parts)
    return parts;
  drop_more(c, m);
  m->more = nd_block_new(c, (size_t)(parts - 1) * m->own_size);
  m->parts = m->more != NULL ? parts : 1;
  if (m->more == NULL)
    nd_error_clear(c);
  return m->parts;
}

static void divide(share *s)
{
  const nd_step *step = s->step;
  const int64_t end = step->first + step->units;
  int64_t next = step->first;
  for (int i = 0; i < s->parts; i++) {
    atomic_init(&s->ranges[i].next, next);
    const int64_t units = step->units * (i + 1) / s->parts;
    next = step->first + units / s->least * s->least;
    s->ranges[i].end = i == s->parts - 1 ? end : next;
  }
}

static void start(share *s, nd_context *c, memory *m, const nd_step *step,
                  const void *what)
{
  s->step = step;
  s->what = what;
  s->memory = m;
  const float starts = 8 * s->step->start;
  s->least = units_in(s->step, starts > GRAIN ? starts : GRAIN);
  s->most = most_of(s->least, units_in(s->step, PIECE));
  s->parts = make_memory(c, m, count_parts(c, s->step, s->least));
  if (s->parts == 1)
    s->least = s->most = units_in(s->step, ND_PATIENCE);
  divide(s);
}

// A host may have left some to do.
static void run_all(share *s, nd_context *c)
{
  if (s->parts > 1)
    c->threads.run(c->threads.host, s->parts, run_part, s);
  if (s->parts == 1 || (!is_complete(s) && !is_stopped(s)))
    run_part(s, 0);
}

// Runs a step that is short, in one piece; false for one that is not.
static bool run_short(const nd_context *c, const nd_step *step,
                      const void *what, const memory *m)
{
  if (time_of(step) > c->threads.alone)
    return false;
  if (step->units > 0)
    step->run(what, m->shared, m->own, step->first, step->first + step->units);
  return true;
}

static bool run(nd_context *c, const nd_step *step, const void *what, memory *m)
{
  if (run_short(c, step, what, m))
    return true;
  if (time_of(step) > ND_PATIENCE && nd_error_code(c) != ND_OK)
    return false;
  share s;
  start(&s, c, m, step, what);
  s.stop = &c->interrupted;
  run_all(&s, c);
  return is_complete(&s) || nd_context_ready(c);
}

bool nd_step_cut(nd_context *c, const nd_step *step, const void *what,
                 void *shared)
{
  memory m = { .shared = shared };
  return run(c, step, what, &m);
}

void nd_step_finish(nd_context *c, const nd_step *step, const void *what)
{
  memory none = { 0 };
  if (run_short(c, step, what, &none))
    return;
  share s;
  start(&s, c, &none, step, what);
  s.stop = NULL;
  run_all(&s, c);
}

// ------------------------------------------------------------------- works --

static bool run_steps(nd_context *c, const nd_work *work, const void *what,
                      memory *m)
{
  nd_step step;
  for (int i = 0; work->next(what, &step, i); i++) {
    if ((i > 0 && !nd_context_ready(c)) || !run(c, &step, what, m))
      return false;
  }
  return work->end == NULL || work->end(c, what, m->shared);
}

bool nd_work_run(nd_context *c, const nd_work *work, const void *what)
{
  memory m = { .own_size = nd_whole_lines(work->own), .parts = 1 };
  const size_t shared = nd_whole_lines(work->shared);
  const size_t bytes = shared + work->own;
  if (bytes == 0)
    return run_steps(c, work, what, &m);
  nd_block *block = nd_block_new(c, bytes);
  if (block == NULL)
    return false;
  m.shared = nd_block_data(block);
  m.own = work->own > 0 ? (char *)m.shared + shared : NULL;
  const bool ok = run_steps(c, work, what, &m);
  drop_more(c, &m);
  nd_block_free(c, block);
  return ok;
}
