// optim/slots.c: makes slots when a variable is first seen; they go with it or
// with the optimizer, whichever goes first.

#include "optim/optimizer.h"

// Frees slots that are off the variable's list.
static void drop_slots(nd_attachment *a)
{
  nd_slots *slots = (nd_slots *)a;
  const nd_optimizer *o = a->keeper;
  *slots->link = slots->next;
  if (slots->next != NULL)
    slots->next->link = slots->link;
  for (int i = 0; i < ND_ALL_SLOTS; i++)
    nd_tensor_release(slots->at[i]);
  nd_memory_free(o->context, slots, sizeof *slots, ND_MEMORY_OBJECT);
}

static nd_slots *add_slots(nd_optimizer *o, nd_variable *v)
{
  nd_slots *slots = nd_memory_new(o->context, sizeof *slots, ND_MEMORY_OBJECT);
  if (slots == NULL)
    return NULL;
  *slots = (nd_slots){ .attachment = { .keeper = o, .drop = drop_slots },
                       .next = o->slots,
                       .link = &o->slots };
  if (o->slots != NULL)
    o->slots->link = &slots->next;
  o->slots = slots;
  nd_variable_attach(v, &slots->attachment);
  return slots;
}

static void fill(nd_tensor *x, double value)
{
  float *f = (float *)(void *)x->data;
  double *d = (double *)(void *)x->data;
  for (int64_t i = 0; i < x->size; i++) {
    if (x->dtype == ND_FLOAT32)
      f[i] = (float)value;
    else
      d[i] = value;
  }
}

static nd_slot describe(const nd_optimizer *o, int i)
{
  return i < ND_MAX_SLOTS ? o->update->slots[i]
                          : (nd_slot){ .copies = i == ND_MEAN_SLOT };
}

nd_type nd_slot_type(const nd_optimizer *o, const nd_variable *v, int i)
{
  const nd_lies lies = describe(o, i).lies;
  nd_type type = nd_type_of(v->value);
  if (type.rank < 2 || lies == ND_BY_ELEMENT)
    return type;
  if (lies == ND_BY_COLUMN)
    type.shape[type.rank - 2] = type.shape[type.rank - 1];
  type.rank--;
  return type;
}

// Running means begin as the values: rows that are not looked at keep theirs.
static nd_tensor *make_slot(nd_optimizer *o, const nd_variable *v, int i)
{
  const nd_update *u = o->update;
  const nd_type type = nd_slot_type(o, v, i);
  nd_tensor *x = nd_tensor_new(o->context, type.dtype, type.rank, type.shape,
                               describe(o, i).copies ? v->value->data : NULL);
  const double first = i < ND_MAX_SLOTS && u->begin != NULL
                         ? u->begin(o->settings, i)
                         : 0;
  if (x != NULL && first != 0)
    fill(x, first);
  return x;
}

int nd_slots_kept(const nd_optimizer *o, int way)
{
  const nd_update *u = o->update;
  int kept = u->kept != NULL ? u->kept(o->settings, way) : 0;
  for (int i = 0; i < ND_MAX_SLOTS && u->kept == NULL; i++)
    kept |= (u->slots[i].name != NULL) << i;
  if (nd_optimizer_common(o, ND_USE_EMA) != 0)
    kept |= 1 << ND_MEAN_SLOT;
  if (nd_optimizer_calls(o) > 1)
    kept |= 1 << ND_SUM_SLOT;
  return kept;
}

void nd_slots_forget(nd_optimizer *o)
{
  int kept = 0;
  for (int way = 0; way < ND_WAYS; way++)
    kept |= nd_slots_kept(o, way);
  for (nd_slots *s = o->slots; s != NULL; s = s->next) {
    for (int i = 0; i < ND_MAX_SLOTS; i++) {
      if (kept >> i & 1)
        continue;
      nd_tensor_release(s->at[i]);
      s->at[i] = NULL;
    }
  }
}

nd_slots *nd_slots_find(const nd_optimizer *o, nd_variable *v)
{
  return (nd_slots *)nd_variable_attachment(v, o);
}

nd_slots *nd_slots_take(nd_optimizer *o, nd_variable *v)
{
  nd_slots *slots = nd_slots_find(o, v);
  return slots != NULL ? slots : add_slots(o, v);
}

bool nd_slots_ensure(nd_optimizer *o, nd_variable *v, int kept)
{
  if (kept == 0)
    return true;
  nd_slots *slots = nd_slots_take(o, v);
  for (int i = 0; i < ND_ALL_SLOTS && slots != NULL; i++) {
    if (slots->at[i] != NULL || !(kept >> i & 1))
      continue;
    slots->at[i] = make_slot(o, v, i);
    if (slots->at[i] == NULL)
      return false;
  }
  return slots != NULL;
}
