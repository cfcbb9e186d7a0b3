// tape/backward.c: the reverse sweep. It walks the records from the last to the
// first, asks each op's entry for its rule, and adds up what arrives at each
// node. Only what lies between the sources and the targets is visited.

#include <string.h>

#include "op/rule.h"
#include "ops/entries.h"
#include "tape/derive.h"
#include "tape/finder.h"
#include "tape/slices.h"
#include "tape/sweep.h"
#include "tape/variable.h"

enum { LEADS = 1, SOURCE = 2 };  // marks of a node

typedef nd_sweep sweep;

// Bytes of what a sweep has for each node and for each source.
static size_t sweep_bytes(const sweep *s)
{
  return ((size_t)s->nodes + 1) * (sizeof *s->grads + 1) +
         (size_t)s->count * sizeof *s->sources + sizeof *s->sources;
}

static bool start(sweep *s, nd_tape *t, int count)
{
  t->strangers = 0;
  *s = (sweep){
    .c = t->context,
    .tape = t,
    .last = t->records.last,
    .nodes = t->nodes,
    .count = count,
  };
  const size_t n = (size_t)t->nodes + 1;
  s->grads = nd_memory_new(s->c, sweep_bytes(s), ND_MEMORY_OBJECT);
  if (s->grads == NULL)
    return false;
  memset(s->grads, 0, n * sizeof *s->grads);
  s->sources = (int32_t *)(void *)(s->grads + n);
  s->marks = (uint8_t *)(s->sources + count);
  memset(s->marks, 0, n);
  return true;
}

void nd_sweep_finish(sweep *s)
{
  if (s->grads == NULL)
    return;
  const size_t n = (size_t)s->nodes + 1;
  for (size_t i = 0; i < n; i++)
    nd_tensor_release(s->grads[i]);
  nd_memory_free(s->c, s->grads, sweep_bytes(s), ND_MEMORY_OBJECT);
}

// Marks the nodes that depend on a source.
static void mark(sweep *s, nd_tensor *const *sources)
{
  for (int i = 0; i < s->count; i++) {
    s->sources[i] = nd_tape_node(s->tape, sources[i]);
    s->marks[s->sources[i]] = LEADS | SOURCE;
  }
  s->marks[0] = 0;
  const nd_record *end = s->last == NULL ? NULL : s->last->after;
  for (const nd_record *r = s->tape->records.first; r != end; r = r->after) {
    uint8_t leads = 0;
    for (int i = 0; i < r->n; i++)
      leads |= s->marks[r->nodes[i]];
    for (int i = 0; i < r->outs; i++)
      s->marks[r->node + i] |= leads & LEADS;
  }
}

// The sum of two gradients; of two that have rows, what has those of both.
static nd_tensor *add(nd_context *c, nd_tensor *x, nd_tensor *y)
{
  if (nd_is_sliced(x) && nd_is_sliced(y))
    return nd_slices_join(c, x, y);
  const bool rests = nd_finder_rest(c, true);
  nd_tensor *const in[] = { x, y };
  nd_tensor *sum = nd_apply(c, &nd_op_add, 2, in, NULL);
  nd_finder_rest(c, rests);
  if (sum == NULL || !nd_finder_hears(c) || nd_finder_sum(c, in, sum))
    return sum;
  nd_tensor_release(sum);
  return NULL;
}

// Adds `g`, whose reference it takes, to `*sum`.
static bool accumulate(nd_context *c, nd_tensor **sum, nd_tensor *g)
{
  if (g == NULL)
    return false;
  if (*sum == NULL) {
    *sum = g;
    return true;
  }
  nd_tensor *both = add(c, *sum, g);
  nd_tensor_release(g);
  if (both == NULL)
    return false;
  nd_tensor_release(*sum);
  *sum = both;
  return true;
}

// What flows into a target: its seed, or ones.
static nd_tensor *make_seed(nd_context *c, nd_tensor *target, nd_tensor *seed)
{
  if (seed != NULL)
    return nd_tensor_keep(seed);
  if (target->rank == 0) {
    nd_tensor one;
    nd_scalar_set(c, &one, (nd_dtype)target->dtype, 1);
    return nd_tensor_keep(&one);
  }
  return nd_apply(c, &nd_op_ones_like, 1, &target, NULL);
}

static bool plant(sweep *s, int n, nd_tensor *const *targets,
                  nd_tensor *const *seeds)
{
  for (int i = 0; i < n; i++) {
    const int32_t node = nd_tape_node(s->tape, targets[i]);
    if (!(s->marks[node] & LEADS))
      continue;
    nd_tensor *seed = make_seed(s->c, targets[i], seeds ? seeds[i] : NULL);
    if (!accumulate(s->c, &s->grads[node], seed))
      return false;
  }
  return true;
}

// Passes the gradients `g` of the record's outputs on to its inputs.
static bool pass_on(sweep *s, const nd_record *r, nd_opened *o,
                    nd_tensor *const *g)
{
  const bool fused = !(s->heard && nd_rule_heard(s->c, &o->job, g));
  for (int i = 0; i < r->n; i++)
    o->wanted[i] = s->marks[r->nodes[i]] & LEADS;
  bool ok = nd_job_vjp(s->c, &o->job, g, o->wanted, fused, o->gx);
  for (int i = 0; i < r->n; i++) {
    if (!ok)
      nd_tensor_release(o->gx[i]);
    else if (o->wanted[i])
      ok = accumulate(s->c, &s->grads[r->nodes[i]], o->gx[i]);
  }
  return ok;
}

// The short way: scalars through an elementwise op, with nobody listening.
static bool visit_scalars(sweep *s, const nd_record *r, nd_tensor *g)
{
  const void *values[ND_MAX_FEEDS];
  values[0] = NULL;
  double p[ND_MAX_ATTRS];
  if (r->op->attrs > 0)
    nd_record_parameters(r, p);
  for (int i = 0; i < r->n; i++) {
    const int32_t node = r->nodes[i];
    if (!(s->marks[node] & LEADS))
      continue;
    nd_tensor *gi;
    if (nd_op_needs(r->op, i) == 0) {
      gi = nd_tensor_keep(g);
    } else {
      if (values[0] == NULL)
        nd_record_values(r, nd_values(g), values);
      gi = nd_apply_scalar_slope(s->c, r->op, i, (nd_dtype)g->dtype, p, values);
    }
    if (!accumulate(s->c, &s->grads[node], gi))
      return false;
  }
  return true;
}

static bool visit_opened(sweep *s, const nd_record *r, nd_tensor *const *g)
{
  nd_opened o;
  if (!nd_record_open(s->c, &s->tape->records, r, &o))
    return false;
  const bool ok = pass_on(s, r, &o, g);
  nd_record_close(s->c, &o);
  return ok;
}

static bool has_rows(int n, nd_tensor *const *g)
{
  for (int k = 0; k < n; k++) {
    if (g[k] != NULL && nd_is_sliced(g[k]))
      return true;
  }
  return false;
}

// Passes gradients on without their rows: only what was gathered from has a
// gradient with rows, not what that was made of.
static bool visit_plain(sweep *s, const nd_record *r, nd_tensor *const *g)
{
  const size_t bytes = (size_t)r->outs * sizeof *g;
  nd_tensor **plain = nd_memory_new(s->c, bytes, ND_MEMORY_OBJECT);
  if (plain == NULL)
    return false;
  bool ok = true;
  for (int k = 0; k < r->outs; k++) {
    plain[k] = nd_tensor_keep(g[k]);
    if (g[k] == NULL || !nd_is_sliced(g[k]))
      continue;
    nd_tensor_release(plain[k]);
    plain[k] = nd_apply(s->c, &nd_op_identity, 1, &g[k], NULL);
    ok = ok && plain[k] != NULL;
  }
  ok = ok && visit_opened(s, r, plain);
  for (int k = 0; k < r->outs; k++)
    nd_tensor_release(plain[k]);
  nd_memory_free(s->c, plain, bytes, ND_MEMORY_OBJECT);
  return ok;
}

static bool visit(sweep *s, const nd_record *r, nd_tensor *const *g)
{
  if (r->scalars && !s->heard && r->op->derivative == ND_SLOPE && !g[0]->waits)
    return visit_scalars(s, r, g[0]);
  return (has_rows(r->outs, g) ? visit_plain : visit_opened)(s, r, g);
}

static bool has_arrived(int n, nd_tensor *const *g)
{
  for (int k = 0; k < n; k++) {
    if (g[k] != NULL)
      return true;
  }
  return false;
}

// Visits the records backwards. Gradients are not needed again once they were
// passed on, except those of sources. The records are: after a failure the tape
// is as it was.
static bool run(sweep *s)
{
  for (const nd_record *r = s->last; r != NULL; r = r->before) {
    nd_tensor **g = &s->grads[r->node];
    if (has_arrived(r->outs, g) && !visit(s, r, g))
      return false;
    for (int k = 0; k < r->outs; k++) {
      if (s->marks[r->node + k] & SOURCE)
        continue;
      nd_tensor_release(g[k]);
      g[k] = NULL;
    }
  }
  return true;
}

// The gradient of a source that the tape does not know: what its targets bring
// if it is among them.
static bool collect_direct(sweep *s, int n, nd_tensor *const *targets,
                           nd_tensor *const *seeds, const nd_tensor *source,
                           nd_tensor **gradient)
{
  for (int i = 0; i < n; i++) {
    if (targets[i]->identity.id != source->identity.id ||
        !nd_dtype_in((nd_dtype)source->dtype, ND_FLOATS))
      continue;
    nd_tensor *seed = make_seed(s->c, targets[i], seeds ? seeds[i] : NULL);
    if (!accumulate(s->c, gradient, seed))
      return false;
  }
  return true;
}

// The gradients of all sources that the tape does not know.
static bool collect_strangers(sweep *s, int target_count,
                              nd_tensor *const *targets,
                              nd_tensor *const *seeds,
                              nd_tensor *const *sources, nd_tensor **gradients)
{
  for (int i = 0; i < s->count; i++) {
    if (s->sources[i] != 0)
      continue;
    if (!collect_direct(s, target_count, targets, seeds, sources[i],
                        &gradients[i]))
      return false;
    if (gradients[i] == NULL && s->tape->strangers++ == 0)
      s->tape->stranger = i;
  }
  return true;
}

// Takes the gradients of the sources that the tape knows, which leaves the
// sweep as it was before it ran.
static void collect(sweep *s, nd_tensor **gradients)
{
  for (int i = 0; i < s->count; i++) {
    if (s->sources[i] != 0)
      gradients[i] = nd_tensor_keep(s->grads[s->sources[i]]);
  }
  for (int i = 0; i < s->count; i++) {
    nd_tensor_release(s->grads[s->sources[i]]);
    s->grads[s->sources[i]] = NULL;
  }
}

bool nd_sweep_start(sweep *s, nd_tape *t, int n, nd_tensor *const *sources)
{
  if (!start(s, t, n))
    return false;
  mark(s, sources);
  return true;
}

bool nd_sweep_run(sweep *s, int target_count, nd_tensor *const *targets,
                  nd_tensor *const *seeds, nd_tensor *const *sources,
                  nd_tensor **gradients)
{
  s->heard = nd_recorders_hear(s->c) || s->c->strict_gradients;
  s->tape->strangers = 0;
  const bool ok = plant(s, target_count, targets, seeds) &&
                  collect_strangers(s, target_count, targets, seeds, sources,
                                    gradients) &&
                  run(s);
  if (ok)
    collect(s, gradients);
  for (int i = 0; i < s->count && !ok; i++) {
    nd_tensor_release(gradients[i]);
    gradients[i] = NULL;
  }
  return ok;
}
