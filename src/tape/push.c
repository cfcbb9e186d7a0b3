// tape/push.c: the forward sweep. It walks the records from the first to the
// last and keeps a tangent until the last record that reads it is passed.

#include "tape/push.h"

#include <string.h>

#include "tape/derive.h"

static size_t push_bytes(const nd_push *p)
{
  return ((size_t)p->nodes + 1) *
         (sizeof *p->tangents + sizeof *p->uses + sizeof *p->left);
}

static bool leads_on(const nd_push *p, const nd_record *r)
{
  for (int k = 0; k < r->outs; k++) {
    if (nd_push_reaches(p, r->node + k))
      return true;
  }
  return false;
}

// Counts for each node the records on the way to the target that read it.
static void count_uses(nd_push *p)
{
  for (const nd_record *r = p->last; r != NULL; r = r->before) {
    for (int i = 0; i < r->n && leads_on(p, r); i++)
      p->uses[r->nodes[i]]++;
  }
  p->uses[0] = 0;
}

bool nd_push_start(nd_push *p, nd_tape *t, const nd_tensor *target)
{
  *p = (nd_push){ .c = t->context,
                  .tape = t,
                  .last = t->records.last,
                  .nodes = t->nodes,
                  .target = nd_tape_node(t, target) };
  p->tangents = nd_memory_new(p->c, push_bytes(p), ND_MEMORY_OBJECT);
  if (p->tangents == NULL)
    return false;
  memset(p->tangents, 0, push_bytes(p));
  p->uses = (int32_t *)(void *)(p->tangents + p->nodes + 1);
  p->left = p->uses + p->nodes + 1;
  count_uses(p);
  return true;
}

void nd_push_finish(nd_push *p)
{
  if (p->tangents != NULL)
    nd_memory_free(p->c, p->tangents, push_bytes(p), ND_MEMORY_OBJECT);
  p->tangents = NULL;
}

// The tangents of slopes and products read what the gradients do, those of
// linear ops what their transposes do: values of inputs that have no gradient.
static bool keeps_enough(const nd_op *op)
{
  return op->derivative != ND_VJP || op->jvp_within_needs;
}

bool nd_push_is_possible(const nd_push *p)
{
  for (const nd_record *r = p->last; r != NULL; r = r->before) {
    if (leads_on(p, r) && !keeps_enough(r->op))
      return false;
  }
  return true;
}

// Leaves the tangents of the record's outputs that lead on, which are so many,
// given room for those of the inputs.
static bool pass(nd_push *p, const nd_record *r, const nd_opened *o,
                 nd_tensor **t)
{
  for (int i = 0; i < r->n; i++)
    t[i] = p->tangents[r->nodes[i]];
  nd_tensor **ty = t + r->n;
  if (!nd_job_jvp(p->c, &o->job, t, ty))
    return false;
  for (int k = 0; k < r->outs; k++) {
    const int32_t node = r->node + k;
    if (nd_push_reaches(p, node) && p->tangents[node] == NULL)
      p->tangents[node] = ty[k];
    else
      nd_tensor_release(ty[k]);
  }
  return true;
}

static void forget(nd_push *p, int32_t node)
{
  nd_tensor_release(p->tangents[node]);
  p->tangents[node] = NULL;
}

static bool has_tangent(const nd_push *p, const nd_record *r)
{
  for (int i = 0; i < r->n; i++) {
    if (p->tangents[r->nodes[i]] != NULL)
      return true;
  }
  return false;
}

static bool visit(nd_push *p, const nd_record *r)
{
  nd_opened o;
  if (!nd_record_open(p->c, &p->tape->records, r, &o))
    return false;
  const bool ok = pass(p, r, &o, o.gx);
  nd_record_close(p->c, &o);
  for (int i = 0; i < r->n; i++) {
    if (--p->left[r->nodes[i]] == 0 && r->nodes[i] != p->target)
      forget(p, r->nodes[i]);
  }
  return ok;
}

static bool run(nd_push *p)
{
  const nd_record *end = p->last == NULL ? NULL : p->last->after;
  for (const nd_record *r = p->tape->records.first; r != end; r = r->after) {
    if (leads_on(p, r) && has_tangent(p, r) && !visit(p, r))
      return false;
  }
  return true;
}

nd_tensor *nd_push_run(nd_push *p, int32_t node, nd_tensor *tangent)
{
  const size_t n = (size_t)p->nodes + 1;
  memcpy(p->left, p->uses, n * sizeof *p->left);
  p->tangents[node] = nd_tensor_keep(tangent);
  nd_tensor *result = run(p) ? nd_tensor_keep(p->tangents[p->target]) : NULL;
  for (size_t i = 0; i < n; i++)
    forget(p, (int32_t)i);
  return result;
}
