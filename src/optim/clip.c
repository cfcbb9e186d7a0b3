// optim/clip.c: norms of gradients.

#include "optim/clip.h"

#include <math.h>

#include "base/cut.h"
#include "base/work.h"
#include "kernel/block.h"
#include "optim/frame.h"

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

void nd_clip_find(nd_turn *turn, double scale)
{
  const nd_optimizer *o = turn->o;
  const double one = nd_optimizer_common(o, ND_CLIPNORM);
  const double all = nd_optimizer_common(o, ND_GLOBAL_CLIPNORM);
  nd_update_job *jobs = turn->jobs;
  double total = 0;
  if (one == 0 && all == 0)
    return;
  for (int i = 0; i < turn->n; i++) {
    if (jobs[i].gradient == NULL)
      continue;
    const double sum = sum_squares(o->context, jobs[i].gradient);
    jobs[i].scale = by_itself(scale * sqrt(sum), one);
    total += sum;
  }
  for (int i = 0; i < turn->n && all > 0; i++)
    jobs[i].scale = by_all(scale * sqrt(total), all);
}
