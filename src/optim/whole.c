// optim/whole.c: has a rule look at each variable, before anything changes: its
// ops may fail, take memory, and be interrupted.

#include "optim/turn.h"

#include <string.h>

#include "optim/look.h"

// The gradient as the frame will leave it.
static nd_tensor *frame_gradient(nd_whole *w, const nd_frame *f)
{
  nd_context *c = w->context;
  nd_tensor *g = w->g;
  if (f->scale != 1)
    g = MUL(g, NUM(f->scale));
  if (f->limit != (double)INFINITY)
    g = MAXIMUM(MINIMUM(g, NUM(f->limit)), NUM(-f->limit));
  return g;
}

// Keeps what the rule found, with its values.
static bool keep(const nd_whole *w, nd_found *found)
{
  bool ok = true;
  for (int i = 0; i < ND_MAX_SLOTS && ok; i++) {
    if (w->after[i] == NULL || !nd_force(w->after[i]))
      ok = w->after[i] == NULL;
    else
      found->after[i] = nd_tensor_dense(w->after[i]);
    ok = ok && (w->after[i] == NULL) == (found->after[i] == NULL);
  }
  return ok;
}

static bool look(const nd_turn *turn, const nd_update_job *j, nd_whole *w,
                 const nd_frame *frame)
{
  const nd_optimizer *o = turn->o;
  const nd_slots *slots = nd_slots_find(o, j->variable);
  const nd_frame f = nd_turn_frame(turn, j, frame);
  w->way = j->way;
  w->left = 1 - f.decay;
  w->w = j->variable->value;
  w->slots = slots->at;
  w->g = j->gradient;
  w->g = frame_gradient(w, &f);
  return w->g != NULL && o->update->whole(w) && keep(w, j->found);
}

bool nd_turn_look(nd_turn *turn, const nd_frame *frame, const double *k)
{
  nd_optimizer *o = turn->o;
  bool ok = true;
  for (int i = 0; i < turn->n && ok; i++) {
    nd_update_job *j = &turn->jobs[i];
    const size_t mark = nd_pool_mark(o->context);
    if (j->gradient == NULL)
      continue;
    memcpy(j->found->k, k, sizeof j->found->k);
    nd_whole w = { .context = o->context,
                   .settings = o->settings,
                   .t = (double)(o->iterations + 1),
                   .k = j->found->k };
    ok = look(turn, j, &w, frame);
    nd_pool_drain(o->context, mark);
  }
  return ok;
}
