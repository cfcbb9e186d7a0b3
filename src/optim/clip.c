// optim/clip.c: norms of gradients, and sums of them over several calls.

#include "optim/clip.h"

#include <math.h>

#include "base/cut.h"
#include "base/work.h"
#include "kernel/block.h"
#include "optim/frame.h"

// ------------------------------------------------------------------- norms --

// A gradient in pieces of one length, and the sum of squares of each.
enum { MOST_PIECES = 512 };

typedef struct pieces {
  nd_squares_kernel *squares;
  const nd_tensor *x;
  int64_t length;
  double *sums;
} pieces;

static void add_squares(const void *what, void *shared, void *own, int64_t from,
                        int64_t to)
{
  const pieces *p = what;
  const size_t width = nd_dtype_size((nd_dtype)p->x->dtype);
  for (int64_t i = from; i < to; i++) {
    const int64_t at = i * p->length;
    p->sums[i] = p->squares(nd_least(p->length, p->x->size - at),
                            p->x->data + (size_t)at * width);
  }
}

// The sum of the squares, in an order that depends on the size alone.
static double sum_squares(nd_context *c, const nd_tensor *x)
{
  double sums[MOST_PIECES], sum = 0;
  pieces p = { .squares = nd_frame_kernels(c->level)->squares[x->dtype],
               .x = x,
               .length = nd_parts(x->size, MOST_PIECES),
               .sums = sums };
  if (p.length < ND_BLOCK)
    p.length = ND_BLOCK;
  const nd_step step = { .units = nd_parts(x->size, p.length),
                         .cost = .25F * (float)p.length,
                         .run = add_squares };
  nd_step_finish(c, &step, &p);
  for (int64_t i = 0; i < step.units; i++)
    sum += sums[i];
  return sum;
}

static double by_itself(double norm, double most)
{
  return most / (norm > most || isnan(norm) ? norm : most);
}

// Where the norm of all is no number, there is nothing to go by.
static double by_all(double norm, double most)
{
  return isfinite(norm) ? most * fmin(1 / norm, 1 / most) : (double)NAN;
}

void nd_clip_find(const nd_optimizer *o, int n, nd_update_job *jobs,
                  double scale)
{
  const double one = nd_optimizer_common(o, ND_CLIPNORM);
  const double all = nd_optimizer_common(o, ND_GLOBAL_CLIPNORM);
  double total = 0;
  if (one == 0 && all == 0)
    return;
  for (int i = 0; i < n; i++) {
    if (jobs[i].gradient == NULL)
      continue;
    const double sum = sum_squares(o->context, jobs[i].gradient);
    jobs[i].scale = by_itself(scale * sqrt(sum), one);
    total += sum;
  }
  for (int i = 0; i < n && all > 0; i++)
    jobs[i].scale = by_all(scale * sqrt(total), all);
}

// -------------------------------------------------------------------- sums --

typedef struct adding {
  nd_gather_kernel *add;
  const nd_tensor *x;
  nd_tensor *sum;
  bool first;
} adding;

static void add_part(const void *what, void *shared, void *own, int64_t from,
                     int64_t to)
{
  const adding *a = what;
  const size_t at = (size_t)from * nd_dtype_size((nd_dtype)a->x->dtype);
  a->add(to - from, a->first, a->sum->data + at, a->x->data + at);
}

static void add_gradient(nd_optimizer *o, nd_slots *slots, const nd_tensor *g)
{
  const adding a = { .add = nd_frame_kernels(o->context->level)->add[g->dtype],
                     .x = g,
                     .sum = slots->at[ND_SUM_SLOT],
                     .first = !slots->summed };
  const nd_step step = { .units = g->size, .cost = .3F, .run = add_part };
  nd_step_finish(o->context, &step, &a);
  slots->summed = true;
}

bool nd_sums_take(nd_optimizer *o, int n, nd_variable *const *variables,
                  nd_update_job *jobs)
{
  const int64_t calls = nd_optimizer_calls(o);
  if (calls == 1)
    return true;
  for (int i = 0; i < n; i++) {
    if (jobs[i].gradient == NULL)
      continue;
    nd_slots *slots = nd_slots_find(o, variables[i]);
    add_gradient(o, slots, jobs[i].gradient);
    nd_tensor_release(jobs[i].gradient);
    jobs[i].gradient = nd_tensor_keep(slots->at[ND_SUM_SLOT]);
  }
  o->waiting = (o->waiting + 1) % calls;
  return o->waiting == 0;
}
