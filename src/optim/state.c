// optim/state.c: what optimizers keep of variables, by name, to be saved and to
// be put back.

#include <string.h>

#include "base/dtype.h"
#include "optim/optimizer.h"

// Number `i` of all, whatever the rule has.
static const char *name_of(const nd_optimizer *o, int i)
{
  return i == ND_MEAN_SLOT  ? "average"
         : i == ND_SUM_SLOT ? "waiting_sum"
                            : o->update->slots[i].name;
}

// What is kept in some way, or may be: not what is for one step alone.
static bool is_kept(const nd_optimizer *o, int i)
{
  const nd_update *u = o->update;
  if (i >= ND_MAX_SLOTS || u->way == NULL)
    return name_of(o, i) != NULL;
  return ((u->kept(o->settings, 0) | u->kept(o->settings, 1)) >> i & 1) != 0;
}

const char *nd_optimizer_slot_name(const nd_optimizer *o, int i)
{
  for (int k = 0; o != NULL && k < ND_ALL_SLOTS; k++) {
    if (is_kept(o, k) && i-- == 0)
      return name_of(o, k);
  }
  return NULL;
}

static int find_slot(const nd_optimizer *o, const char *name)
{
  for (int i = 0; i < ND_ALL_SLOTS; i++) {
    if (is_kept(o, i) && strcmp(name_of(o, i), name) == 0)
      return i;
  }
  nd_fail(o->context, ND_BAD_ARGUMENT, "no such slot: '%s'", name);
  return -1;
}

// Whether the slot has what counts: sums and means that are over stay as memory
// for the next.
static bool has(const nd_slots *s, int i)
{
  return s != NULL && s->at[i] != NULL && (i != ND_MEAN_SLOT || s->averaged) &&
         (i != ND_SUM_SLOT || s->summed);
}

static nd_tensor *copy(nd_context *c, const nd_tensor *x)
{
  return nd_tensor_new(c, (nd_dtype)x->dtype, x->rank, x->dims, x->data);
}

static nd_tensor *get(nd_optimizer *o, nd_variable *v, const char *name)
{
  if (v->context != o->context) {
    nd_fail_foreign(o->context, "variable", 1);
    return NULL;
  }
  const int i = find_slot(o, name);
  const nd_slots *slots = i < 0 ? NULL : nd_slots_find(o, v);
  return has(slots, i) ? copy(o->context, slots->at[i]) : NULL;
}

nd_tensor *nd_optimizer_slot(nd_optimizer *o, nd_variable *v, const char *name)
{
  if (o == NULL || v == NULL || name == NULL || !nd_context_ready(o->context))
    return NULL;
  const char *before = nd_context_enter(o->context, o->update->name);
  nd_tensor *x = get(o, v, name);
  nd_context_leave(o->context, before);
  return x;
}

static bool check_value(nd_optimizer *o, const nd_variable *v, int i,
                        const nd_tensor *x)
{
  const nd_type type = nd_slot_type(o, v, i);
  bool same = x->dtype == type.dtype && x->rank == type.rank;
  for (int k = 0; k < type.rank && same; k++)
    same = x->dims[k] == type.shape[k];
  return same ||
         nd_fail(o->context, ND_BAD_ARGUMENT, "slot '%s' is %s %s, got %s %s",
                 name_of(o, i), nd_dtype_name(type.dtype),
                 ND_SHAPE(type.rank, type.shape),
                 nd_dtype_name((nd_dtype)x->dtype), ND_SHAPE(x->rank, x->dims));
}

// Puts `value` in the place of what there is.
static void put(nd_slots *slots, int i, nd_tensor *value)
{
  nd_tensor_release(slots->at[i]);
  slots->at[i] = value;
  if (i == ND_MEAN_SLOT)
    slots->averaged = value != NULL;
  if (i == ND_SUM_SLOT)
    slots->summed = value != NULL;
}

static bool set(nd_optimizer *o, nd_variable *v, const char *name, nd_tensor *x)
{
  const int i = find_slot(o, name);
  if (i < 0 || !check_value(o, v, i, x))
    return false;
  nd_slots *slots = nd_slots_take(o, v);
  nd_tensor *dense = slots == NULL ? NULL : nd_tensor_dense(x);
  nd_tensor *value = dense == NULL ? NULL : copy(o->context, dense);
  nd_tensor_release(dense);
  if (value != NULL)
    put(slots, i, value);
  return value != NULL;
}

bool nd_optimizer_set_slot(nd_optimizer *o, nd_variable *v, const char *name,
                           nd_tensor *x)
{
  if (o == NULL || v == NULL || name == NULL || x == NULL ||
      !nd_context_ready(o->context))
    return false;
  const char *before = nd_context_enter(o->context, o->update->name);
  bool ok = true;
  if (v->context != o->context || x->context != o->context)
    ok = nd_fail_foreign(o->context,
                         v->context != o->context ? "variable" : "value", 0);
  ok = ok && set(o, v, name, x);
  nd_context_leave(o->context, before);
  return ok;
}

bool nd_slots_drop(nd_optimizer *o, nd_variable *v, const char *name)
{
  const char *before = nd_context_enter(o->context, o->update->name);
  const int i = find_slot(o, name);
  nd_slots *slots = i < 0 ? NULL : nd_slots_find(o, v);
  if (slots != NULL)
    put(slots, i, NULL);
  nd_context_leave(o->context, before);
  return i >= 0;
}
