// base/work.c: the one loop under all long work.

#include "base/work.h"

// How many units to run before asking again.
static int64_t units_at_once(const nd_step *step)
{
  if ((float)step->units * step->cost <= ND_PATIENCE)
    return step->units;
  const float most = ND_PATIENCE / step->cost;
  for (int64_t units = ND_UNITS; units >= ND_FEW_UNITS; units /= 8) {
    if (most >= (float)units)
      return (int64_t)most / units * units;
  }
  return most > 1 ? (int64_t)most : 1;
}

static bool run(nd_context *c, const nd_step *step, const void *what,
                void *shared, void *own)
{
  const int64_t end = step->first + step->units;
  const int64_t most = units_at_once(step);
  for (int64_t from = step->first; from < end; from += most) {
    const int64_t to = end - from < most ? end : from + most;
    if (from > step->first && !nd_context_ready(c))
      return false;
    step->run(what, shared, own, from, to);
  }
  return true;
}

bool nd_step_cut(nd_context *c, const nd_step *step, const void *what,
                 void *shared)
{
  return run(c, step, what, shared, NULL);
}

void nd_step_finish(nd_context *c, const nd_step *step, const void *what)
{
  step->run(what, NULL, NULL, step->first, step->first + step->units);
}

static bool run_steps(nd_context *c, const nd_work *work, const void *what,
                      void *shared, void *own)
{
  nd_step step;
  for (int i = 0; work->next(what, &step, i); i++) {
    if ((i > 0 && !nd_context_ready(c)) || !run(c, &step, what, shared, own))
      return false;
  }
  return true;
}

bool nd_work_run(nd_context *c, const nd_work *work, const void *what)
{
  const size_t shared = (work->shared + 63) & ~(size_t)63;
  const size_t bytes = shared + work->own;
  if (bytes == 0)
    return run_steps(c, work, what, NULL, NULL);
  nd_block *block = nd_block_new(c, bytes);
  if (block == NULL)
    return false;
  char *data = nd_block_data(block);
  const bool ok = run_steps(c, work, what, data, data + shared);
  nd_block_free(c, block);
  return ok;
}
