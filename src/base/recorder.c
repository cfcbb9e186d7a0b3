// base/recorder.c: the stack of those who listen to a context.

#include "base/recorder.h"

void nd_recorder_enter(nd_context *c, nd_recorder *r)
{
  r->outer = c->recorder;
  c->recorder = r;
  r->entered = true;
}

void nd_recorder_leave(nd_context *c, nd_recorder *r)
{
  nd_recorder **link = &c->recorder;
  while (*link != NULL && *link != r)
    link = &(*link)->outer;
  if (*link == r)
    *link = r->outer;
  r->entered = false;
  r->paused = false;
}

bool nd_recorders_applied(nd_context *c, const struct nd_job *j)
{
  for (nd_recorder *r = c->recorder; r != NULL; r = r->outer) {
    if (!r->paused && !r->applied(r, j))
      return false;
  }
  return true;
}

bool nd_recorders_read(nd_context *c, nd_variable *v)
{
  for (nd_recorder *r = c->recorder; r != NULL; r = r->outer) {
    if (!r->paused && !r->read(r, v))
      return false;
  }
  return true;
}

bool nd_recorders_hear(const nd_context *c)
{
  const nd_recorder *r = c->recorder;
  while (r != NULL && r->paused)
    r = r->outer;
  return r != NULL;
}

bool nd_recorders_watch(const nd_context *c, const nd_tensor *x)
{
  for (const nd_recorder *r = c->recorder; r != NULL; r = r->outer) {
    if (!r->paused && r->watches(r, x))
      return true;
  }
  return false;
}

int nd_recorders_depth(const nd_context *c)
{
  int depth = 0;
  for (const nd_recorder *r = c->recorder; r != NULL; r = r->outer)
    depth++;
  return depth;
}

void nd_recorders_leave_to(nd_context *c, int depth)
{
  int n = nd_recorders_depth(c);
  for (; c->recorder != NULL && n > depth; n--)
    nd_recorder_leave(c, c->recorder);
}
