// op/pending.c: what waits: it is made, let go of, and computed.

#include "op/pending.h"

#include <string.h>

#include "op/axes.h"
#include "op/pass.h"

// Longer chains of nodes are computed as far as they go, so that to plan and to
// release them takes bounded room on the stack.
enum { DEEPEST = 48 };

// So many folds, or more than a few over so many bytes, do not wait together:
// a loop that only collects losses would keep the inputs of all.
enum { MOST_FOLDS = 64, FEW_FOLDS = 8, MOST_BYTES = 16 << 20 };

// ------------------------------------------------------------------ spaces --

nd_space *nd_space_find(const nd_context *c, const nd_span *span)
{
  nd_space *s = c->spaces;
  while (s != NULL && !nd_span_same(&s->span, span))
    s = s->next;
  return s;
}

nd_space *nd_space_find_size(const nd_context *c, int64_t size)
{
  nd_space *s = c->spaces;
  while (s != NULL && s->span.size != size)
    s = s->next;
  return s;
}

static nd_space *make_space(nd_context *c, const nd_span *span)
{
  nd_space *s = nd_small_new(c, sizeof *s);
  if (s == NULL)
    return NULL;
  *s = (nd_space){ .next = c->spaces, .span = *span };
  c->spaces = s;
  return s;
}

static void free_space(nd_context *c, nd_space *s)
{
  nd_space **link = &c->spaces;
  while (*link != s)
    link = &(*link)->next;
  *link = s->next;
  nd_small_free(c, s, sizeof *s);
}

static void enter_space(nd_node *p, nd_space *s)
{
  p->space = s;
  p->after = NULL;
  p->before = s->last;
  if (s->last != NULL)
    s->last->after = p;
  else
    s->first = p;
  s->last = p;
  s->count++;
}

static void leave_space(nd_context *c, nd_node *p)
{
  nd_space *s = p->space;
  if (p->before != NULL)
    p->before->after = p->after;
  else
    s->first = p->after;
  if (p->after != NULL)
    p->after->before = p->before;
  else
    s->last = p->before;
  if (--s->count == 0)
    free_space(c, s);
}

// ------------------------------------------------------------------- nodes --

static void charge(nd_context *c, size_t old_bytes, size_t new_bytes)
{
  nd_account_count(&c->memory.account, ND_MEMORY_TENSOR, old_bytes, new_bytes);
}

// Lets go of the node, which no tensor has any more.
static void free_node(nd_context *c, nd_node *p)
{
  if (p->space != NULL)
    leave_space(c, p);
  charge(c, p->charged, 0);
  for (int i = 0; i < p->n; i++)
    nd_tensor_release(p->in[i]);
  nd_small_free(c, p, sizeof *p);
}

static void drop(nd_tensor *x)
{
  free_node(x->context, nd_node_of(x));
}

static bool force(nd_tensor *x)
{
  return nd_force_all(x->context, 1, &x);
}

// What the values of `x` will take of the quota.
static size_t bytes_of(const nd_tensor *x)
{
  return x->rank > 0 ? (size_t)x->size * nd_dtype_size((nd_dtype)x->dtype) : 0;
}

// A node of no inputs, which `x` does not have yet.
static nd_node *make_node(const nd_op *op, nd_tensor *x)
{
  nd_context *c = x->context;
  const size_t bytes = bytes_of(x);
  if (!nd_account_allows(c, bytes, ND_MEMORY_TENSOR))
    return NULL;
  nd_node *p = nd_small_new(c, sizeof *p);
  if (p == NULL)
    return NULL;
  p->pending = (nd_pending){ .force = force, .drop = drop };
  p->tensor = x;
  p->op = op;
  p->kernel = NULL;
  p->reduction = NULL;
  p->space = NULL;
  p->charged = bytes;
  p->depth = 0;
  p->n = 0;
  p->passes = 0;
  p->plan = 0;
  charge(c, 0, bytes);
  return p;
}

static void begin_to_wait(nd_tensor *x, nd_node *p)
{
  x->pending = &p->pending;
  x->waits = true;
}

char *nd_node_take_room(nd_node *p, nd_block **block)
{
  nd_tensor *x = p->tensor;
  const size_t bytes = p->charged;
  *block = NULL;
  if (x->rank == 0)
    return (char *)&x->value;
  charge(x->context, bytes, 0);
  *block = nd_block_new(x->context, bytes);
  p->charged = *block != NULL ? 0 : bytes;
  charge(x->context, 0, p->charged);
  return *block != NULL ? nd_block_data(*block) : NULL;
}

void nd_node_return_room(nd_node *p, nd_block *block)
{
  if (block == NULL)
    return;
  p->charged = block->bytes;
  nd_block_free(p->tensor->context, block);
  charge(p->tensor->context, 0, p->charged);
}

void nd_node_end(nd_node *p, nd_block *block)
{
  nd_tensor *x = p->tensor;
  x->waits = false;
  x->block = block;
  x->data = block != NULL ? nd_block_data(block) : (char *)&x->value;
  free_node(x->context, p);
}

// Adds `x`, of which the node keeps a reference, as its next input.
static void add_input(nd_node *p, nd_tensor *x, nd_dtype as)
{
  p->as[p->n] = (uint8_t)as;
  p->in[p->n++] = nd_tensor_keep(x);
  if (x->waits && nd_node_of(x)->depth >= p->depth)
    p->depth = (int16_t)(nd_node_of(x)->depth + 1);
}

// The same for the one value of `x`.
static void add_number(nd_node *p, const nd_tensor *x, nd_dtype as)
{
  nd_convert(x->context->level, as, (nd_dtype)x->dtype, 1, &p->number[p->n],
             nd_values(x));
  p->as[p->n] = (uint8_t)as;
  p->in[p->n++] = NULL;
}

// ---------------------------------------------------------------- elements --

static bool can_wait(const nd_tensor *x)
{
  return nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS | ND_BOOLS);
}

bool nd_may_wait(const nd_elements *e, const nd_tensor *out)
{
  if (e->op->attrs > ND_MOST_PARAMETERS)
    return false;
  if (out->size >= out->context->least_waiting)
    return can_wait(out);
  if (out->size != 1)
    return false;
  for (int i = 0; i < e->n; i++) {
    if (e->in[i]->waits)
      return can_wait(out);
  }
  return false;
}

// Whether the waiting `x` can be computed beside `out`, element by element, or
// before it if both are just one.
static bool is_beside(const nd_tensor *x, const nd_tensor *out)
{
  const nd_node *p = nd_node_of(x);
  return x->size == out->size && p->depth < DEEPEST &&
         (p->reduction == NULL || x->size == 1);
}

// Computes the inputs that cannot wait on. Where the quota has no room for what
// would wait, all do not: what only they hold then goes.
static bool settle(const nd_elements *e, const nd_tensor *out)
{
  const nd_account *a = &out->context->memory.account;
  const bool full = bytes_of(out) > nd_account_room(a, ND_MEMORY_TENSOR);
  for (int i = 0; i < e->n; i++) {
    nd_tensor *x = e->in[i];
    if (x->waits && (full || !is_beside(x, out)) && !nd_force(x))
      return false;
  }
  return true;
}

bool nd_wait_elements(const nd_elements *e, nd_tensor *out)
{
  if (!settle(e, out))
    return false;
  nd_node *p = make_node(e->op, out);
  if (p == NULL)
    return false;
  p->kernel = e->kernel;
  memcpy(p->p, e->p, e->op->attrs * sizeof *p->p);
  for (int i = 0; i < e->n; i++) {
    nd_tensor *x = e->in[i];
    if (!x->waits && nd_is_one(x))
      add_number(p, x, e->as[i]);
    else
      add_input(p, x, e->as[i]);
  }
  begin_to_wait(out, p);
  return true;
}

// ------------------------------------------------------------------- folds --

// Computes all folds of the space where they are too many.
static bool relieve(nd_tensor *x, const nd_tensor *input)
{
  const nd_space *s = nd_node_of(x)->space;
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)input->dtype);
  const bool large = s->count * s->span.size * width > MOST_BYTES;
  if (s->count > MOST_FOLDS || (s->count > FEW_FOLDS && large))
    return nd_force(x);
  return true;
}

bool nd_may_wait_fold(const nd_job *j, nd_span *span)
{
  if (j->op->reduction == NULL)
    return false;
  const nd_tensor *x = j->in[0];
  return x->waits && x->size > 1 && nd_node_of(x)->reduction == NULL &&
         nd_span_find(x, nd_axes_set(&j->attr[0], x->rank), span);
}

bool nd_wait_fold(const nd_op *op, nd_tensor *x, const nd_span *span,
                  nd_tensor *out)
{
  nd_context *c = out->context;
  nd_space *s = nd_space_find(c, span);
  if (s == NULL)
    s = make_space(c, span);
  nd_node *p = s == NULL ? NULL : make_node(op, out);
  if (p == NULL) {
    if (s != NULL && s->count == 0)
      free_space(c, s);
    return false;
  }
  p->reduction = op->reduction;
  enter_space(p, s);
  add_input(p, x, (nd_dtype)x->dtype);
  begin_to_wait(out, p);
  return relieve(out, x);
}

// ----------------------------------------------------------------- forcing --

// An element that others like it are made of, which are computed first.
static bool force_one(nd_tensor *x)
{
  nd_node *p = nd_node_of(x);
  nd_context *c = x->context;
  const void *in[ND_MAX_FEEDS];
  for (int i = 0; i < p->n; i++) {
    if (p->in[i] != NULL && !nd_force(p->in[i]))
      return false;
  }
  double room[ND_MAX_FEEDS];
  for (int i = 0; i < p->n; i++) {
    const nd_tensor *input = p->in[i];
    in[i] = input == NULL ? (const void *)&p->number[i] : &room[i];
    if (input != NULL)
      nd_convert(c->level, (nd_dtype)p->as[i], (nd_dtype)input->dtype, 1,
                 &room[i], nd_values(input));
  }
  nd_block *block;
  char *out = nd_node_take_room(p, &block);
  if (out == NULL)
    return false;
  p->kernel(1, p->p, out, in);
  nd_node_end(p, block);
  return true;
}

static bool is_one_of_elements(const nd_tensor *x)
{
  return x->size == 1 && nd_node_of(x)->reduction == NULL;
}

// The span of the pass for a waiting tensor; elements take any over as many.
static nd_span span_of_pass(const nd_tensor *x)
{
  const nd_node *p = nd_node_of(x);
  return p->space != NULL ? p->space->span : (nd_span){ .size = x->size };
}

// Whether one pass can compute `x` and what is over `span`, which then is that
// of both.
static bool fits(const nd_tensor *x, nd_span *span)
{
  const nd_span own = span_of_pass(x);
  if (own.size != span->size || own.row == 0)
    return own.size == span->size;
  if (span->row == 0)
    *span = own;
  return nd_span_same(&own, span);
}

// The first of `x` that waits, and those that the same pass can compute.
static int choose_roots(int n, nd_tensor *const *x, nd_tensor **roots, int most)
{
  int count = 0;
  nd_span span;
  for (int i = 0; i < n && count < most; i++) {
    if (x[i] == NULL || !nd_waits_for_pass(x[i]) || is_one_of_elements(x[i]))
      continue;
    if (count == 0)
      span = span_of_pass(x[i]);
    if (fits(x[i], &span))
      roots[count++] = x[i];
  }
  return count;
}

bool nd_force_all(nd_context *c, int n, nd_tensor *const *x)
{
  nd_tensor *roots[ND_MOST_ROOTS];
  if (!nd_context_ready(c))
    return false;
  for (int count; (count = choose_roots(n, x, roots, ND_MOST_ROOTS)) > 0;) {
    if (!nd_pass_run(c, count, roots))
      return false;
  }
  for (int i = 0; i < n; i++) {
    if (x[i] == NULL || !x[i]->waits)
      continue;
    if (!(nd_is_sliced(x[i]) ? nd_force(x[i]) : force_one(x[i])))
      return false;
  }
  return true;
}
