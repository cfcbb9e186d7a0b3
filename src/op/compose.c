// op/compose.c: ops that are made of others. Recorders hear those others, so
// that derivatives of every order are theirs; of an op with rules of its own
// they hear nothing but itself.

#include "op/compose.h"

#include "tensor/pool.h"

// Takes references of the outputs, which are the pool's.
static bool keep_outputs(const nd_job *j)
{
  bool ok = true;
  for (int k = 0; k < j->outs; k++) {
    j->out[k] = nd_tensor_keep(j->out[k]);
    ok = ok && j->out[k] != NULL;
  }
  return ok;
}

static void drop_outputs(const nd_job *j)
{
  for (int k = 0; k < j->outs; k++) {
    nd_tensor_release(j->out[k]);
    j->out[k] = NULL;
  }
}

static void compose_unheard(nd_context *c, const nd_job *j)
{
  nd_recorder rest;
  nd_recorders_part(c, NULL, &rest);
  j->op->compose(c, j);
  nd_recorders_move(&c->strand.recorders, &rest);
}

// The finder of nan is told of what comes out alone: what is on the way there
// may be infinite for good reason.
static void compose_heard(nd_context *c, const nd_job *j)
{
  const bool rests = nd_finder_rest(c, true);
  j->op->compose(c, j);
  nd_finder_rest(c, rests);
}

static bool is_found_sound(nd_context *c, const nd_job *j)
{
  nd_recorder *finder = &c->strand.finder;
  return !nd_recorder_entered(finder) || finder->paused ||
         j->op->derivative != ND_COMPOSED || finder->applied(finder, j);
}

// Whether tensors were left out.
static bool lacks_some(const nd_job *j)
{
  int n = 0;
  for (const nd_param *p = j->op->params; p->name != NULL; p++) {
    if (p->kind == ND_TENSOR && nd_job_in(j, n++) == NULL)
      return true;
  }
  return false;
}

bool nd_is_composed(const nd_job *j)
{
  return j->op->compose != NULL && (j->op->kernels[0] == NULL || lacks_some(j));
}

// What fails has taken no stream of random numbers, as in op/dispatch.c.
bool nd_compose(nd_context *c, const nd_job *j)
{
  const uint64_t stream = c->stream;
  const size_t mark = nd_pool_mark(c);
  for (int k = 0; k < j->outs; k++)
    j->out[k] = NULL;
  if (!nd_hears_parts(j))
    compose_unheard(c, j);
  else
    compose_heard(c, j);
  const bool ok = keep_outputs(j) && is_found_sound(c, j);
  nd_pool_drain(c, mark);
  if (ok)
    return true;
  drop_outputs(j);
  c->stream = stream;
  nd_error_blame(c, j->op->name);
  return false;
}
