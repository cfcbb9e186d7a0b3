// lua/taped.c: the list of the userdata of tapes, and tapes that nobody has.

#include "lua/taped.h"

#include "tape/tape.h"

void ndL_taped_start(ndL_state *S, ndL_taped *b, nd_tape *t)
{
  *b = (ndL_taped){ .tape = t, .place = NDL_PLACES, .after = S->taped };
  if (b->after != NULL)
    b->after->before = b;
  S->taped = b;
}

bool ndL_taped_has_place(const ndL_state *S, const ndL_taped *b)
{
  return b->place < NDL_PLACES && S->tapes[b->place] == b->tape;
}

nd_tape *ndL_taped_end(ndL_state *S, ndL_taped *b)
{
  nd_tape *t = b->tape;
  if (ndL_taped_has_place(S, b))
    S->tapes[b->place] = NULL;
  if (b->after != NULL)
    b->after->before = b->before;
  *(b->before != NULL ? &b->before->after : &S->taped) = b->after;
  b->tape = NULL;
  return t;
}

void ndL_taped_drop(ndL_state *S, ndL_taped *b)
{
  nd_tape *t = ndL_taped_end(S, b);
  if (!t->records.hosted) {
    nd_tape_free(t);
    return;
  }
  nd_tape_stop(t);
  t->next = S->lost;
  S->lost = t;
}

void ndL_taped_free_lost(ndL_state *S)
{
  while (S->lost != NULL) {
    nd_tape *t = S->lost;
    S->lost = t->next;
    nd_tape_free(t);
  }
}

void ndL_taped_free_all(ndL_state *S)
{
  while (S->taped != NULL)
    nd_tape_free(ndL_taped_end(S, S->taped));
  ndL_taped_free_lost(S);
}
