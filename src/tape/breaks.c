// tape/breaks.c: where gradients end. Nothing here is on the way of an op that
// is recorded, unless a break came before.

#include "tape/breaks.h"

#include "ops/entries.h"
#include "tape/tape.h"

// ------------------------------------------------------------------- lists --

// Room for one more in a list that doubles from 8 up to `most`; false without
// memory.
static bool grow(nd_context *c, void *list, size_t width, int32_t count,
                 int32_t *room)
{
  if (count < *room)
    return true;
  const int32_t bigger = *room ? 2 * *room : 8;
  void **at = list;
  void *moved = nd_memory_resize(c, *at, (size_t)*room * width,
                                 (size_t)bigger * width, ND_MEMORY_OBJECT);
  if (moved == NULL)
    return false;
  *at = moved;
  *room = bigger;
  return true;
}

static bool start(nd_tape *t)
{
  if (t->breaks != NULL)
    return true;
  t->breaks = nd_memory_new(t->context, sizeof *t->breaks, ND_MEMORY_OBJECT);
  if (t->breaks != NULL)
    *t->breaks = (nd_breaks){ 0 };
  return t->breaks != NULL;
}

void nd_breaks_free(nd_context *c, nd_breaks *b)
{
  if (b == NULL)
    return;
  nd_identities_clear(c, &b->from);
  nd_memory_free(c, b->at, (size_t)b->room * sizeof *b->at, ND_MEMORY_OBJECT);
  nd_memory_free(c, b->joins, (size_t)b->join_room * sizeof *b->joins,
                 ND_MEMORY_OBJECT);
  if (b->numbers != NULL)
    nd_memory_free(c, b->numbers, ND_MOST_NUMBERS * sizeof *b->numbers,
                   ND_MEMORY_OBJECT);
  nd_memory_free(c, b, sizeof *b, ND_MEMORY_OBJECT);
}

static bool is_full(const nd_breaks *b, int more)
{
  return b->count > ND_MOST_BREAKS - more ||
         b->from.count > (size_t)ND_MOST_JOINS;
}

static bool append(nd_tape *t, const nd_break *k)
{
  nd_breaks *b = t->breaks;
  if (!grow(t->context, (void *)&b->at, sizeof *b->at, b->count, &b->room))
    return false;
  b->at[b->count] = *k;
  b->at[b->count++].at = t->context->last_id;
  return true;
}

int32_t nd_breaks_find(const nd_breaks *b, const nd_tensor *x)
{
  return b == NULL ? 0 : nd_identities_find(&b->from, x->identity.id);
}

// The same, but for what was only read.
static int32_t find_way(const nd_breaks *b, const nd_tensor *x)
{
  const int32_t from = nd_breaks_find(b, x);
  return b != NULL && b->at != NULL && from > 0 &&
             b->at[from - 1].cut == ND_CUT_UNWATCHED
           ? 0
           : from;
}

// -------------------------------------------------------------------- ops --

// Whether the values of a Variable go in that the tape does not know.
static bool is_strange(const nd_tensor *x)
{
  return nd_is_of_variable(x) && nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS);
}

// Appends how `x` comes to break `k`, if it does.
static bool append_way(nd_tape *t, nd_break k, const nd_tensor *x)
{
  const nd_breaks *b = t->breaks;
  const int32_t from = find_way(b, x);
  k.more = true;
  k.from = k.cut == ND_CUT_JOIN ? 0 : nd_tape_node(t, x);
  if (k.from != 0)
    return append(t, &k);
  if (from != 0) {
    k.cut = ND_CUT_JOIN;
    k.from = -from;
    return append(t, &k);
  }
  k.id = x->identity.id;
  return k.cut != ND_CUT_PAUSE || !is_strange(x) || append(t, &k);
}

// The break that the ways from `first` on are; they are taken back if that was
// there before.
static int32_t end_ways(nd_breaks *b, int32_t first)
{
  if (b->count == first)
    return 0;
  const nd_break *k = &b->at[first];
  bool same = k->cut == ND_CUT_JOIN;
  for (int32_t i = first + 1; i < b->count; i++)
    same = same && b->at[i].cut == ND_CUT_JOIN && b->at[i].from == k->from;
  if (same) {
    b->count = first;
    return -k->from;
  }
  b->at[b->count - 1].more = false;
  return first + 1;
}

// Notes of what goes into a job that it ends like that, and that what comes out
// is of there.
static bool note(nd_tape *t, const nd_job *j, const nd_break *like)
{
  if (!start(t))
    return false;
  nd_breaks *b = t->breaks;
  const int32_t first = b->count;
  if (is_full(b, j->n))
    return true;
  for (int i = 0; i < j->n; i++) {
    if (!append_way(t, *like, j->in[i])) {
      b->count = first;
      return false;
    }
  }
  const int32_t from = end_ways(b, first);
  for (int k = 0; k < j->outs && from != 0; k++) {
    if (!nd_identities_set(t->context, &b->from, j->out[k]->identity.id, from))
      return false;
  }
  return true;
}

static bool any_is_watched(const nd_tape *t, const nd_job *j)
{
  for (int i = 0; i < j->n; i++) {
    if (nd_tape_node(t, j->in[i]) != 0)
      return true;
  }
  return false;
}

static bool any_is_strange(const nd_job *j)
{
  for (int i = 0; i < j->n; i++) {
    if (is_strange(j->in[i]))
      return true;
  }
  return false;
}

static nd_cut cut_of(const nd_op *op)
{
  if (op->derivative != ND_NO_GRAD)
    return ND_CUT_DTYPE;
  return op == &nd_op_stop_gradient ? ND_CUT_STOP : ND_CUT_OP;
}

static bool note_placed(nd_tape *t, const nd_job *j, nd_cut cut)
{
  if (t->breaks != NULL && is_full(t->breaks, j->n))
    return true;
  nd_break k = { .cut = (uint8_t)cut,
                 .dtype = j->out[0]->dtype,
                 .word = j->op->name };
  k.place = nd_context_where(t->context);
  return note(t, j, &k);
}

bool nd_breaks_pass(nd_tape *t, const nd_job *j)
{
  const nd_breaks *b = t->breaks;
  static const nd_break like = { .cut = ND_CUT_JOIN };
  bool any = false;
  if (b == NULL || j->op->by_type)
    return true;
  for (int i = 0; i < j->n; i++)
    any |= find_way(b, j->in[i]) != 0;
  return !any || note(t, j, &like);
}

bool nd_breaks_cut(nd_tape *t, const nd_job *j)
{
  if (j->op->by_type || j->outs == 0)
    return true;
  return any_is_watched(t, j) ? note_placed(t, j, cut_of(j->op))
                              : nd_breaks_pass(t, j);
}

bool nd_breaks_miss(nd_tape *t, const nd_job *j)
{
  if (j->op->by_type || j->outs == 0)
    return true;
  return any_is_watched(t, j) || any_is_strange(j)
           ? note_placed(t, j, ND_CUT_PAUSE)
           : nd_breaks_pass(t, j);
}

bool nd_breaks_join(nd_tape *t, const nd_job *j, const int32_t *nodes,
                    int32_t node)
{
  nd_breaks *b = t->breaks;
  for (int i = 0; i < j->n; i++) {
    const int32_t from = nodes[i] == 0 ? find_way(b, j->in[i]) : 0;
    if (from == 0 || b->join_count == ND_MOST_JOINS)
      continue;
    if (!grow(t->context, (void *)&b->joins, sizeof *b->joins, b->join_count,
              &b->join_room))
      return false;
    b->joins[b->join_count++] = (nd_join){ .node = node, .from = from };
  }
  return true;
}

// --------------------------------------------------------------- variables --

bool nd_breaks_unwatched(nd_tape *t, const nd_tensor *x)
{
  if (!nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS) || nd_tape_node(t, x) != 0 ||
      nd_breaks_find(t->breaks, x) != 0)
    return true;
  nd_break k = { .cut = ND_CUT_UNWATCHED, .id = x->identity.id };
  if (!start(t))
    return false;
  if (is_full(t->breaks, 1))
    return true;
  k.place = nd_context_where(t->context);
  return append(t, &k) && nd_identities_set(t->context, &t->breaks->from, k.id,
                                            t->breaks->count);
}

// From now on none of what was assigned to it stands.
static void end_assigned(nd_breaks *b, uint64_t id, int32_t nodes)
{
  for (int32_t i = 0; i < b->count; i++) {
    if (b->at[i].cut == ND_CUT_ASSIGN && b->at[i].into == id &&
        b->at[i].until == INT32_MAX)
      b->at[i].until = nodes;
  }
}

// What comes out of a break that is assigned, and what the Variable had before,
// go on to the Variable.
static bool note_assigned(nd_tape *t, nd_break *k, int32_t before)
{
  nd_breaks *b = t->breaks;
  if (is_full(b, 2))
    return true;
  k->place = nd_context_where(t->context);
  k->more = before != 0;
  if (!append(t, k))
    return false;
  const int32_t first = b->count;
  const nd_break old = { .cut = ND_CUT_JOIN, .from = -before };
  return (before == 0 || append(t, &old)) &&
         nd_identities_set(t->context, &b->from, k->into, first);
}

bool nd_breaks_assign(nd_tape *t, const nd_tensor *value, const nd_tensor *x,
                      bool whole)
{
  const uint64_t id = value->identity.id;
  const int32_t from = find_way(t->breaks, x), node = nd_tape_node(t, x);
  const bool reshaped = !nd_same_shape(value, x) && whole &&
                        nd_tape_node(t, value) != 0;
  nd_break k = { .cut = reshaped ? ND_CUT_RESHAPE : ND_CUT_ASSIGN,
                 .from = node != 0 ? node : -from,
                 .into = id,
                 .since = t->nodes,
                 .until = INT32_MAX,
                 .word = t->context->strand.name };
  int32_t before = find_way(t->breaks, value);
  if (t->breaks != NULL && whole) {
    end_assigned(t->breaks, id, t->nodes);
    if (before != 0 && !nd_identities_set(t->context, &t->breaks->from, id, 0))
      return false;
    before = 0;
  }
  if (k.from == 0 && !reshaped)
    return true;
  return start(t) && note_assigned(t, &k, before);
}

// ----------------------------------------------------------------- numbers --

bool nd_breaks_take(nd_tape *t, const nd_tensor *x)
{
  const int32_t from = find_way(t->breaks, x), node = nd_tape_node(t, x);
  if (node == 0 && from == 0 && !is_strange(x))
    return true;
  if (!start(t))
    return false;
  nd_breaks *b = t->breaks;
  if (b->numbers == NULL)
    b->numbers = nd_memory_new(t->context, ND_MOST_NUMBERS * sizeof *b->numbers,
                               ND_MEMORY_OBJECT);
  if (b->numbers == NULL)
    return false;
  nd_break *k = &b->numbers[b->next_number];
  *k = (nd_break){ .cut = ND_CUT_NUMBER,
                   .id = x->identity.id,
                   .from = node != 0 ? node : -from,
                   .at = t->context->last_id };
  k->place = nd_context_where(t->context);
  b->next_number = (b->next_number + 1) % ND_MOST_NUMBERS;
  b->number_count += b->number_count < ND_MOST_NUMBERS;
  return true;
}
