// tape/variable.c: variables. A value that was read keeps what it was: an
// assignment gives the variable another tensor, and the old one lives on while
// somebody holds it.

#include "tape/variable.h"

#include <stdio.h>
#include <string.h>

#include "op/op.h"
#include "ops/entries.h"

static void drop_attachments(nd_variable *v)
{
  while (v->attachments != NULL) {
    nd_attachment *a = v->attachments;
    nd_attachment_detach(a);
    a->drop(a);
  }
}

// Makes `value`, whose reference it takes, the variable's. In another shape it
// is another source, for which nothing is kept.
static void adopt(nd_variable *v, nd_tensor *value)
{
  if (v->value != NULL && nd_same_shape(v->value, value))
    value->identity = v->value->identity;
  else
    drop_attachments(v);
  value->identity.id |= 1;
  nd_tensor_release(v->value);
  v->value = value;
}

// A tensor with the values of `x` and memory of its own, dense.
static nd_tensor *copy_values(nd_tensor *x)
{
  if (!nd_force(x))
    return NULL;
  const nd_type type = nd_type_of(x);
  nd_tensor *y = nd_tensor_make(x->context, &type);
  if (y == NULL || nd_tensor_copy(x, y->data))
    return y;
  nd_tensor_release(y);
  return NULL;
}

nd_variable *nd_variable_new(nd_tensor *value, bool trainable)
{
  if (value == NULL || !nd_context_ready(value->context))
    return NULL;
  nd_context *c = value->context;
  nd_variable *v = nd_memory_new(c, sizeof *v, ND_MEMORY_OBJECT);
  if (v == NULL)
    return NULL;
  *v = (nd_variable){ .context = c, .refs = 1, .trainable = trainable };
  nd_tensor *copy = copy_values(value);
  if (copy == NULL) {
    nd_memory_free(c, v, sizeof *v, ND_MEMORY_OBJECT);
    return NULL;
  }
  adopt(v, copy);
  return v;
}

nd_variable *nd_variable_retain(nd_variable *v)
{
  if (v != NULL)
    v->refs++;
  return v;
}

void nd_variable_release(nd_variable *v)
{
  if (v == NULL || --v->refs > 0)
    return;
  drop_attachments(v);
  nd_tensor_release(v->value);
  nd_memory_free(v->context, v->shapes, sizeof *v->shapes, ND_MEMORY_OBJECT);
  nd_memory_free(v->context, v, sizeof *v, ND_MEMORY_OBJECT);
}

void nd_variable_attach(nd_variable *v, nd_attachment *a)
{
  a->next = v->attachments;
  a->link = &v->attachments;
  if (a->next != NULL)
    a->next->link = &a->next;
  v->attachments = a;
}

void nd_attachment_detach(nd_attachment *a)
{
  *a->link = a->next;
  if (a->next != NULL)
    a->next->link = a->link;
}

nd_attachment *nd_variable_attachment(nd_variable *v, const void *keeper)
{
  nd_attachment *a = v->attachments;
  while (a != NULL && a->keeper != keeper)
    a = a->next;
  if (a != NULL && a != v->attachments) {
    nd_attachment_detach(a);
    nd_variable_attach(v, a);
  }
  return a;
}

nd_tensor *nd_variable_use(nd_variable *v)
{
  nd_context *c = v->context;
  if (nd_context_has_recorders(c) && !nd_recorders_read(c, v))
    return NULL;
  return v->value;
}

// By an op, so that to a tape which begins later this is a constant: the value
// itself has the variable's identity.
nd_tensor *nd_variable_read(nd_variable *v)
{
  nd_tensor *x = v == NULL ? NULL : nd_variable_use(v);
  if (x == NULL)
    return NULL;
  return nd_apply(v->context, &nd_op_identity, 1, &x, NULL);
}

// --------------------------------------------------------------- assigning --

static bool fits(const nd_shapes *s, const nd_tensor *x)
{
  if (s->rank >= 0 && s->rank != x->rank)
    return false;
  for (int i = 0; i < s->rank; i++) {
    if (s->size[i] >= 0 && s->size[i] != x->dims[i])
      return false;
  }
  return true;
}

bool nd_variable_set_shapes(nd_variable *v, const nd_shapes *shapes)
{
  nd_context *c = v->context;
  if (!fits(shapes, v->value))
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "shapes differ: value is %s, shape is %s",
                   ND_SHAPE(v->value->rank, v->value->dims),
                   ND_SHAPE(shapes->rank, shapes->size));
  nd_shapes *own = nd_memory_new(c, sizeof *own, ND_MEMORY_OBJECT);
  if (own == NULL)
    return false;
  *own = *shapes;
  v->shapes = own;
  return true;
}

bool nd_variable_takes(const nd_variable *v, const nd_tensor *x)
{
  if (x->context != v->context)
    return nd_fail_foreign(v->context, "the value", 0);
  return v->value->dtype == x->dtype ||
         nd_fail(v->context, ND_BAD_ARGUMENT,
                 "dtypes differ: the variable is %s, the value is %s; use "
                 "nd.cast",
                 nd_dtype_name((nd_dtype)v->value->dtype),
                 nd_dtype_name((nd_dtype)x->dtype));
}

static bool fail_shapes(const nd_variable *v, const nd_tensor *x,
                        const char *hint)
{
  const nd_tensor *value = v->value;
  return nd_fail(v->context, ND_BAD_ARGUMENT,
                 "shapes differ: the variable is %s, the value is %s%s",
                 ND_SHAPE(value->rank, value->dims), ND_SHAPE(x->rank, x->dims),
                 hint);
}

bool nd_variable_tell(nd_variable *v, nd_tensor *x, bool whole)
{
  nd_context *c = v->context;
  return !nd_context_has_recorders(c) || nd_recorders_assigned(c, v, x, whole);
}

static bool may_be(const nd_variable *v, const nd_tensor *x)
{
  return nd_same_shape(v->value, x) ||
         (v->shapes != NULL && fits(v->shapes, x));
}

bool nd_variable_accepts(const nd_variable *v, const nd_tensor *x)
{
  return nd_variable_takes(v, x) && (may_be(v, x) || fail_shapes(v, x, ""));
}

static bool assign(nd_variable *v, nd_tensor *x)
{
  if (!nd_variable_accepts(v, x) || !nd_force(x) ||
      !nd_variable_tell(v, x, true))
    return false;
  const bool apart = x->block == NULL || x->block != v->value->block;
  if (nd_same_shape(v->value, x) && !nd_tensor_is_shared(v->value) && apart &&
      nd_tensor_copies_at_once(x))
    return nd_tensor_copy(x, v->value->data);
  nd_tensor *copy = copy_values(x);
  if (copy != NULL)
    adopt(v, copy);
  return copy != NULL;
}

bool nd_variable_assign(nd_variable *v, nd_tensor *x)
{
  if (v == NULL || x == NULL || !nd_context_ready(v->context))
    return false;
  const char *before = nd_context_enter(v->context, "assign");
  const bool ok = assign(v, x);
  nd_context_leave(v->context, before);
  return ok;
}

// The copies that the variables are to have; they take no memory any more.
static bool copy_all(int n, nd_variable *const *v, nd_tensor *const *x,
                     nd_tensor **copies)
{
  bool ok = true;
  for (int i = 0; i < n && ok; i++)
    ok = nd_variable_accepts(v[i], x[i]);
  for (int i = 0; i < n && ok; i++)
    ok = (copies[i] = copy_values(x[i])) != NULL;
  for (int i = 0; i < n && ok; i++)
    ok = nd_variable_tell(v[i], x[i], true);
  return ok;
}

bool nd_variable_assign_all(nd_context *c, int n, nd_variable *const *v,
                            nd_tensor *const *x)
{
  if (n == 0)
    return nd_context_ready(c);
  const size_t size = (size_t)n * sizeof(nd_tensor *);
  nd_tensor **copies = nd_memory_new(c, size, ND_MEMORY_OBJECT);
  if (copies == NULL)
    return false;
  memset(copies, 0, size);
  const bool ok = nd_context_ready(c) && copy_all(n, v, x, copies);
  for (int i = 0; i < n && ok; i++)
    adopt(v[i], copies[i]);
  for (int i = 0; i < n && !ok; i++)
    nd_tensor_release(copies[i]);
  nd_memory_free(c, copies, size, ND_MEMORY_OBJECT);
  return ok;
}

void nd_variable_put_back(nd_variable *v, const nd_variable *kept)
{
  nd_tensor *x = kept->value;
  if (kept->context == v->context && x->dtype == v->value->dtype &&
      may_be(v, x))
    adopt(v, nd_tensor_retain(x));
}

bool nd_variable_replace(nd_variable *v, nd_tensor *value)
{
  if (value == NULL)
    return false;
  adopt(v, value);
  return true;
}

nd_tensor *nd_variable_compute(nd_context *c, const nd_op *op, int n,
                               nd_tensor *const *x, const nd_value *attr)
{
  nd_op named = *op;
  named.name = c->strand.name;
  nd_recorder rest;
  nd_recorders_part(c, nd_recorders_first(c), &rest);
  nd_tensor *y = nd_apply(c, &named, n, x, attr);
  nd_recorders_move(&c->strand.recorders, &rest);
  if (y == NULL || nd_force(y))
    return y;
  nd_tensor_release(y);
  return NULL;
}

// A value that would broadcast is named with the way to do that.
static bool check_same(nd_variable *v, nd_tensor *x, const char *sign)
{
  const nd_tensor *value = v->value;
  char hint[48] = "";
  if (nd_same_shape(value, x))
    return true;
  if (nd_broadcasts_to(x, value->rank, value->dims))
    snprintf(hint, sizeof hint, "; use assign(v %s x)", sign);
  return fail_shapes(v, x, hint);
}

// v = op(v, x)
static bool update(nd_variable *v, nd_tensor *x, const nd_op *op,
                   const char *name, const char *sign)
{
  if (v == NULL || x == NULL || !nd_context_ready(v->context))
    return false;
  nd_context *c = v->context;
  const char *before = nd_context_enter(c, name);
  nd_tensor *sum = NULL;
  if (nd_variable_takes(v, x) && check_same(v, x, sign))
    sum = nd_variable_compute(c, op, 2, (nd_tensor *[]){ v->value, x }, NULL);
  const bool ok = sum != NULL && nd_variable_tell(v, x, false);
  nd_context_leave(c, before);
  if (ok)
    return nd_variable_replace(v, sum);
  nd_tensor_release(sum);
  return false;
}

bool nd_variable_assign_add(nd_variable *v, nd_tensor *x)
{
  return update(v, x, &nd_op_add, "assign_add", "+");
}

bool nd_variable_assign_sub(nd_variable *v, nd_tensor *x)
{
  return update(v, x, &nd_op_subtract, "assign_sub", "-");
}
