// op/term.c: walks formulas: over tensors, by applying ops, and over blocks, by
// the kernels of those ops.

#include "op/term.h"

#include "op/kernel.h"
#include "op/rule.h"

// ---------------------------------------------------------------- tensors --

static nd_tensor *apply_number(nd_context *c, const nd_term *t, const nd_job *j)
{
  double p[ND_MAX_ATTRS];
  if (t->kind == ND_TERM_NUMBER)
    return nd_rule_number(c, j->out[0], t->number);
  nd_kernel_parameters(j->op, j->attr, p);
  return nd_rule_number(c, j->out[0], p[t->at]);
}

nd_tensor *nd_term_apply(nd_context *c, const nd_term *t, const nd_job *j)
{
  nd_tensor *of[ND_TERM_FEW];
  int n = 0;
  switch (t->kind) {
  case ND_TERM_INPUT: return j->in[t->at];
  case ND_TERM_OUTPUT: return j->out[0];
  case ND_TERM_OP: break;
  case ND_TERM_LAX: return nd_term_apply(c, t->of[c->strict_gradients], j);
  default: return apply_number(c, t, j);
  }
  for (; n < ND_TERM_FEW && t->of[n] != NULL; n++)
    of[n] = nd_term_apply(c, t->of[n], j);
  return nd_rule_apply(c, t->op, n, of, NULL);
}

// ----------------------------------------------------------------- blocks --

static void spread(const nd_term_feed *f, double number, double *room)
{
  float *narrow = (float *)room;
  if (f->dtype == ND_FLOAT32) {
    for (int i = 0; i < f->n; i++)
      narrow[i] = (float)number;
  } else {
    for (int i = 0; i < f->n; i++)
      room[i] = number;
  }
}

// What the term stands for in blocks, which no strict gradient comes from.
static const nd_term *lax(const nd_term *t)
{
  return t->kind == ND_TERM_LAX ? t->of[0] : t;
}

// The dtype of the term's values goes to `dtype`: that of the feed, or bool.
static const void *compute(const nd_term *t, const nd_term_feed *f,
                           nd_dtype *dtype, double *room)
{
  double rooms[ND_TERM_FEW][ND_BLOCK];
  const void *of[ND_TERM_FEW];
  *dtype = f->dtype;
  for (int i = 0; i < ND_TERM_FEW && t->of[i] != NULL; i++) {
    const nd_term *operand = lax(t->of[i]);
    if (operand->kind == ND_TERM_OP)
      of[i] = compute(operand, f, dtype, rooms[i]);
    else
      of[i] = nd_term_block(operand, f, rooms[i]);
    if (operand->kind != ND_TERM_OP)
      *dtype = f->dtype;
  }
  t->op->kernels[f->level]->forward[*dtype](f->n, NULL, room, of);
  if (t->op->result == ND_AS_BOOL)
    *dtype = ND_BOOL;
  return room;
}

const void *nd_term_block(const nd_term *t, const nd_term_feed *f, double *room)
{
  nd_dtype dtype;
  switch (t->kind) {
  case ND_TERM_INPUT: return f->in[t->at];
  case ND_TERM_OUTPUT: return f->in[f->count];
  case ND_TERM_PARAM: spread(f, f->p[t->at], room); return room;
  case ND_TERM_NUMBER: spread(f, t->number, room); return room;
  default: return compute(t, f, &dtype, room);
  }
}
