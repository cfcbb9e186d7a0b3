// tape/trace.c: two walks over the records say what depends on the source and
// what leads to a target. Breaks come from earlier ones, so that one pass over
// them says where the source's way ends that leads to each.

#include "tape/trace.h"

#include <string.h>

enum { FROM = 1, TO = 2 };  // marks: depends on the source; leads to a target

// ------------------------------------------------------------------- walks --

static void walk_forward(nd_trace *s)
{
  s->marks[s->node] = FROM;
  s->marks[0] = 0;
  for (const nd_record *r = s->t->records.first; r != NULL; r = r->after) {
    uint8_t marks = 0;
    for (int i = 0; i < r->n; i++)
      marks |= s->marks[r->nodes[i]];
    for (int k = 0; k < r->outs; k++)
      s->marks[r->node + k] |= marks & FROM;
  }
}

static bool leads_on(const nd_trace *s, const nd_record *r)
{
  for (int k = 0; k < r->outs; k++) {
    if (s->marks[r->node + k] & TO)
      return true;
  }
  return false;
}

static void walk_back(nd_trace *s)
{
  for (int i = 0; i < s->n; i++)
    s->marks[nd_tape_node(s->t, s->targets[i])] |= TO;
  for (const nd_record *r = s->t->records.last; r != NULL; r = r->before) {
    for (int i = 0; i < r->n && leads_on(s, r); i++)
      s->marks[r->nodes[i]] |= TO;
  }
  s->marks[0] = 0;
}

bool nd_trace_start(nd_trace *s, const nd_tape *t, int n,
                    nd_tensor *const *targets, const nd_tensor *source)
{
  const size_t nodes = (size_t)t->nodes + 1;
  const size_t breaks = t->breaks == NULL ? 1 : (size_t)t->breaks->count + 1;
  *s = (nd_trace){ .t = t,
                   .n = n,
                   .targets = targets,
                   .source = source,
                   .node = nd_tape_node(t, source),
                   .bytes = nodes + breaks * sizeof *s->found };
  s->found = nd_memory_new(t->context, s->bytes, ND_MEMORY_OBJECT);
  if (s->found == NULL)
    return false;
  memset(s->found, 0, s->bytes);
  s->marks = (uint8_t *)(s->found + breaks);
  walk_forward(s);
  return true;
}

void nd_trace_finish(nd_trace *s)
{
  if (s->found != NULL)
    nd_memory_free(s->t->context, s->found, s->bytes, ND_MEMORY_OBJECT);
  s->found = NULL;
}

bool nd_trace_connects(const nd_trace *s)
{
  for (int i = 0; i < s->n; i++) {
    const nd_tensor *y = s->targets[i];
    if (s->marks[nd_tape_node(s->t, y)] & FROM ||
        (y->identity.id == s->source->identity.id &&
         nd_dtype_in((nd_dtype)y->dtype, ND_FLOATS)))
      return true;
  }
  return false;
}

// ------------------------------------------------------------------ breaks --

// The break where the source's way ends that goes into `k`, whose number is
// `own`; 0 if none does.
static int32_t trace(const nd_trace *s, const nd_break *k, int32_t own)
{
  if (k->from < 0)
    return s->found[-k->from];
  const bool goes = k->from > 0 ? s->marks[k->from] & FROM
                                : k->id == s->source->identity.id;
  return goes && k->cut != ND_CUT_UNWATCHED ? own : 0;
}

bool nd_trace_goes(const nd_trace *s, const nd_break *k)
{
  return trace(s, k, 1) != 0;
}

// Of the ways into a break the last counts.
static void trace_all(nd_trace *s)
{
  const nd_breaks *b = s->t->breaks;
  int32_t first = 1;
  for (int32_t i = 1; i <= b->count; i++) {
    const nd_break *k = &b->at[i - 1];
    const int32_t found = trace(s, k, i);
    if (found > s->found[first])
      s->found[first] = found;
    if (!k->more)
      first = i + 1;
  }
}

// The break that a target itself comes from, or 0.
static int32_t find_at_targets(const nd_trace *s)
{
  int32_t nearest = 0;
  for (int i = 0; i < s->n; i++) {
    const int32_t from = nd_breaks_find(s->t->breaks, s->targets[i]);
    if (s->found[from] > nearest)
      nearest = s->found[from];
  }
  return nearest;
}

// The break that goes into the last record on the way to a target; *at becomes
// its node.
static int32_t find_at_records(const nd_trace *s, int32_t *at)
{
  const nd_breaks *b = s->t->breaks;
  for (int32_t i = b->join_count - 1; i >= 0; i--) {
    const nd_join *j = &b->joins[i];
    if (s->marks[j->node] & TO && s->found[j->from] != 0) {
      *at = j->node;
      return s->found[j->from];
    }
  }
  return 0;
}

// The last record on the way to a target that has read the Variable with `node`
// while what was assigned stood; returns the record's node, or 0.
static int32_t last_reader(const nd_trace *s, int32_t node, const nd_break *k)
{
  for (const nd_record *r = s->t->records.last; r != NULL; r = r->before) {
    if (r->node <= k->since)
      return 0;
    if (r->node > k->until || !leads_on(s, r))
      continue;
    for (int i = 0; i < r->n; i++) {
      if (r->nodes[i] == node)
        return r->node;
    }
  }
  return 0;
}

// The assignment to a watched Variable that is read last, and after `at`; or
// `nearest`.
static int32_t find_assigned(const nd_trace *s, int32_t nearest, int32_t at)
{
  const nd_breaks *b = s->t->breaks;
  for (int32_t i = 1; i <= b->count; i++) {
    const nd_break *k = &b->at[i - 1];
    if (k->cut != ND_CUT_ASSIGN || s->found[i] == 0)
      continue;
    const int32_t node = nd_identities_find(&s->t->watched, k->into);
    const int32_t reader = node == 0 ? 0 : last_reader(s, node, k);
    if (reader > 0 && reader >= at) {
      nearest = s->found[i];
      at = reader;
    }
  }
  return nearest;
}

const nd_break *nd_trace_break(nd_trace *s)
{
  const nd_breaks *b = s->t->breaks;
  int32_t at = 0;
  if (b == NULL)
    return NULL;
  walk_back(s);
  trace_all(s);
  int32_t nearest = find_at_targets(s);
  if (nearest == 0)
    nearest = find_assigned(s, find_at_records(s, &at), at);
  return nearest == 0 ? NULL : &b->at[nearest - 1];
}
