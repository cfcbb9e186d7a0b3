// tape/notes.c: short lists of the context's, of which the oldest entry goes
// for a new one.

#include "tape/notes.h"

#include "tape/explain.h"

// ---------------------------------------------------------------- missing --

static uint64_t digest(int n, nd_tensor *const *targets)
{
  uint64_t sum = (uint64_t)n;
  for (int i = 0; i < n; i++)
    sum = sum * 0x9E3779B97F4A7C15U + targets[i]->identity.id;
  return sum;
}

static nd_missing *find(nd_notes *notes, uint64_t source)
{
  for (int i = 0; i < ND_NOTES; i++) {
    if (notes->missing[i].source == source)
      return &notes->missing[i];
  }
  return NULL;
}

// The place of the source's note, or of the oldest one.
static nd_missing *choose(nd_notes *notes, uint64_t source)
{
  nd_missing *m = find(notes, source);
  if (m != NULL)
    return m;
  m = &notes->missing[notes->next_missing];
  notes->next_missing = (notes->next_missing + 1) % ND_NOTES;
  notes->any_missing = true;
  return m;
}

static void note(nd_tape *t, int n, nd_tensor *const *targets,
                 const nd_tensor *source)
{
  nd_context *c = t->context;
  nd_missing *m = choose(&c->notes, source->identity.id);
  bool missing;
  m->source = 0;
  m->targets = digest(n, targets);
  m->tape = t->number;
  if (!nd_explain(t, n, targets, source, &missing, m->text))
    nd_error_clear(c);
  else if (missing)
    m->source = source->identity.id;
}

static void forget(nd_notes *notes, const nd_tensor *source)
{
  nd_missing *m = find(notes, source->identity.id);
  if (m != NULL)
    m->source = 0;
}

void nd_missing_note(nd_tape *t, int target_count, nd_tensor *const *targets,
                     int n, nd_tensor *const *sources,
                     nd_tensor *const *results)
{
  nd_notes *notes = &t->context->notes;
  const int first = t->strangers > 0 ? t->stranger : -1;
  int noted = 0;
  if (first >= 0)
    note(t, target_count, targets, sources[first]), noted++;
  for (int i = 0; i < n; i++) {
    if (results[i] != NULL && notes->any_missing)
      forget(notes, sources[i]);
    else if (results[i] == NULL && i != first && noted++ < ND_NOTES)
      note(t, target_count, targets, sources[i]);
  }
}

const char *nd_missing_find(const nd_context *c, const nd_tape *t, int n,
                            nd_tensor *const *targets, const nd_tensor *source)
{
  const nd_missing *m = c->notes.missing;
  for (int i = 0; i < ND_NOTES; i++, m++) {
    if (m->source == source->identity.id &&
        (t == NULL ||
         (m->tape == t->number && m->targets == digest(n, targets))))
      return m->text;
  }
  return NULL;
}

// ---------------------------------------------------------------- derived --

void nd_derived_note(nd_context *c, const nd_tensor *x)
{
  nd_notes *notes = &c->notes;
  if (notes->derived_room == 0 || nd_context_has_recorders(c))
    return;
  nd_derived *d = &notes->derived[notes->next_derived];
  notes->derived_room--;
  notes->next_derived = (notes->next_derived + 1) % ND_NOTES;
  d->id = x->identity.id;
  d->place = nd_context_where(c);
}

const nd_derived *nd_derived_find(const nd_context *c, const nd_tensor *x)
{
  for (int i = 0; i < ND_NOTES; i++) {
    if (c->notes.derived[i].id == x->identity.id)
      return &c->notes.derived[i];
  }
  return NULL;
}
