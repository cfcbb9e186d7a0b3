// tape/tape.c: what is recorded, and when. Tapes that are entered stand on a
// stack that belongs to the context; every op is told to each that records.

#include "tape/tape.h"

#include <string.h>

#include "op/derive.h"
#include "tape/variable.h"

// ------------------------------------------------------------------ arena --

// The first chunk is small, for the many small tapes; then come pages. A record
// that does not fit a page gets a chunk of its own size.
enum { FIRST_CHUNK = 4000, PAGE_BYTES = ND_PAGE - sizeof(nd_chunk) };

static bool add_chunk(nd_tape *t, size_t need)
{
  size_t size = t->chunks == NULL ? FIRST_CHUNK : PAGE_BYTES;
  size = need > size ? (need > PAGE_BYTES ? need : PAGE_BYTES) : size;
  nd_chunk *chunk = size == PAGE_BYTES
                      ? nd_page_new(t->context)
                      : nd_memory_new(t->context, sizeof *chunk + size,
                                      ND_MEMORY_OBJECT);
  if (chunk == NULL)
    return false;
  chunk->next = t->chunks;
  chunk->size = size;
  chunk->used = 0;
  t->chunks = chunk;
  return true;
}

static void *take(nd_tape *t, size_t bytes)
{
  bytes = (bytes + 7) & ~(size_t)7;
  nd_chunk *chunk = t->chunks;
  if (chunk == NULL || chunk->size - chunk->used < bytes) {
    if (!add_chunk(t, bytes))
      return NULL;
    chunk = t->chunks;
  }
  void *p = chunk->bytes + chunk->used;
  chunk->used += bytes;
  return p;
}

static void free_chunks(nd_tape *t)
{
  while (t->chunks != NULL) {
    nd_chunk *chunk = t->chunks;
    t->chunks = chunk->next;
    if (chunk->size == PAGE_BYTES)
      nd_page_free(t->context, chunk);
    else
      nd_memory_free(t->context, chunk, sizeof *chunk + chunk->size,
                     ND_MEMORY_OBJECT);
  }
}

// ---------------------------------------------------------------- records --

// Stands for every scalar whose value a rule does not read.
static const nd_tensor scalar_outlines[] = {
  [ND_FLOAT32] = { .dtype = ND_FLOAT32, .dense = true, .size = 1 },
  [ND_FLOAT64] = { .dtype = ND_FLOAT64, .dense = true, .size = 1 },
};

// True if a record keeps the value of input `i`. Bit 6 of op->needs stands for
// the seventh input and all later ones.
static bool keeps(const nd_op *op, int i)
{
  return op->needs >> (i < 6 ? i : 6) & 1;
}

static bool keeps_out(const nd_op *op)
{
  return op->needs & ND_NEEDS_OUT;
}

// Keeps `x` for a record: a scalar by value at *room, others by reference; what
// the rule does not read as an outline.
static nd_tensor *save(nd_tensor *x, bool values, nd_tensor **room)
{
  if (x->rank > 0)
    return values ? nd_tensor_keep(x) : nd_tensor_outline(x);
  if (!values && nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS))
    return (nd_tensor *)(uintptr_t)&scalar_outlines[x->dtype];
  nd_tensor *copy = (*room)++;
  nd_scalar_copy(copy, x);
  return copy;
}

static void let_go(nd_tensor **x)
{
  if (*x != NULL && (*x)->refs > 0)
    nd_tensor_release(*x);
  *x = NULL;
}

void nd_record_release(nd_record *r)
{
  for (int i = 0; i < r->n; i++)
    let_go(&r->in[i]);
  for (int i = 0; i < r->outs; i++)
    let_go(&r->out[i]);
}

// A record with room for its pointers and, at *room, for `scalars` values.
static nd_record *make_record(nd_tape *t, const nd_op *op, int n, int scalars,
                              nd_tensor **room)
{
  const size_t pointers = (size_t)(n + 1) * sizeof(nd_tensor *);
  const size_t nodes = (size_t)n * sizeof(int32_t);
  const size_t attrs = op->attrs * sizeof(nd_attr);
  const size_t values = (size_t)scalars * sizeof(nd_tensor);
  nd_record *r = take(t, sizeof *r + pointers + attrs + nodes + values);
  if (r == NULL)
    return NULL;
  r->op = op;
  r->n = n;
  r->outs = 1;
  r->in = (nd_tensor **)(r + 1);
  r->out = r->in + n;
  r->attr = (nd_attr *)(r->out + 1);
  *room = (nd_tensor *)(void *)((char *)r->attr + attrs);
  r->in_nodes = (int32_t *)(void *)((char *)*room + values);
  return r;
}

static int count_scalars(const nd_op *op, const nd_args *a,
                         const nd_tensor *out)
{
  int n = out->rank == 0 && keeps_out(op);
  for (int i = 0; i < a->n; i++)
    n += a->in[i]->rank == 0;
  return n;
}

// True if the output's outline can stand for the input's.
static bool is_like(const nd_tensor *in, const nd_tensor *out)
{
  return in->rank > 0 && in->dtype == out->dtype && nd_same_shape(in, out);
}

static bool fill_record(nd_record *r, const nd_args *a, nd_tensor *out,
                        nd_tensor *room)
{
  r->out[0] = save(out, keeps_out(r->op), &room);
  bool ok = true;
  for (int i = 0; i < a->n; i++) {
    const bool values = keeps(r->op, i);
    if (!values && is_like(a->in[i], out))
      r->in[i] = nd_tensor_keep(r->out[0]);
    else
      r->in[i] = save(a->in[i], values, &room);
    ok = ok && r->in[i] != NULL;
  }
  if (r->op->attrs > 0)
    memcpy(r->attr, a->attr, r->op->attrs * sizeof *a->attr);
  return ok && r->out[0] != NULL;
}

static void append(nd_tape *t, nd_record *r)
{
  r->before = t->last;
  r->after = NULL;
  if (t->last != NULL)
    t->last->after = r;
  else
    t->first = r;
  t->last = r;
}

// Gives `x` the next node: in its own slot, or in the map if that is taken.
static bool number(nd_tape *t, nd_tensor *x)
{
  if (x->tape == 0) {
    x->tape = t->serial;
    x->node = ++t->nodes;
    return true;
  }
  return nd_identities_add(t->context, &t->watched, x->id, ++t->nodes);
}

// Room for the nodes of ops with few inputs.
enum { FEW_NODES = 8 };

static bool find_nodes(const nd_tape *t, const nd_op *op, const nd_args *a,
                       int32_t *nodes)
{
  bool any = false;
  for (int i = 0; i < a->n; i++) {
    const int32_t node = nd_op_flows(op, a->in[i]) ? nd_tape_node(t, a->in[i])
                                                   : 0;
    if (nodes != NULL)
      nodes[i] = node;
    any |= node != 0;
  }
  return any;
}

static bool record(nd_tape *t, const nd_op *op, const nd_args *a,
                   nd_tensor *out)
{
  int32_t few[FEW_NODES];
  int32_t *nodes = a->n <= FEW_NODES ? few : NULL;
  if (!find_nodes(t, op, a, nodes))
    return true;
  nd_tensor *room;
  nd_record *r = make_record(t, op, a->n, count_scalars(op, a, out), &room);
  if (r == NULL)
    return false;
  if (nodes != NULL)
    memcpy(r->in_nodes, few, (size_t)a->n * sizeof *few);
  else
    find_nodes(t, op, a, r->in_nodes);
  if (!fill_record(r, a, out, room) || !number(t, out)) {
    nd_record_release(r);
    return false;
  }
  append(t, r);
  r->node = t->nodes;
  if (keeps_out(op) && r->out[0]->tape == 0) {
    r->out[0]->tape = out->tape;
    r->out[0]->node = out->node;
  }
  return true;
}

static bool record_on_all(nd_context *c, const nd_op *op, const nd_args *a,
                          nd_tensor *out)
{
  if (!nd_op_flows(op, out))
    return true;
  for (nd_tape *t = c->tape; t != NULL; t = t->outer) {
    if (!t->paused && !record(t, op, a, out))
      return false;
  }
  return true;
}

// --------------------------------------------------------------- the stack --

static void leave(nd_tape *t)
{
  nd_context *c = t->context;
  nd_tape **link = &c->tape;
  while (*link != NULL && *link != t)
    link = &(*link)->outer;
  if (*link == t)
    *link = t->outer;
  t->entered = false;
  t->paused = false;
  if (c->tape == NULL)
    c->on_apply = NULL;
}

static void enter(nd_tape *t)
{
  nd_context *c = t->context;
  t->outer = c->tape;
  c->tape = t;
  c->on_apply = record_on_all;
  t->entered = true;
}

int nd_tape_depth(const nd_context *c)
{
  int depth = 0;
  for (const nd_tape *t = c->tape; t != NULL; t = t->outer)
    depth++;
  return depth;
}

void nd_tape_leave_to(nd_context *c, int depth)
{
  for (int n = nd_tape_depth(c); n > depth; n--)
    leave(c->tape);
}

static bool fail_state(nd_tape *t, const char *name, const char *text)
{
  const char *before = nd_context_enter(t->context, name);
  nd_fail(t->context, ND_BAD_STATE, "%s", text);
  nd_context_leave(t->context, before);
  return false;
}

// ------------------------------------------------------- public functions --

// 0 stands for no tape.
static uint32_t next_serial(nd_context *c)
{
  if (++c->last_serial == 0)
    c->last_serial = 1;
  return c->last_serial;
}

nd_tape *nd_tape_new(nd_context *c, int flags)
{
  if (!nd_context_ready(c))
    return NULL;
  nd_tape *t = nd_memory_new(c, sizeof *t, ND_MEMORY_OBJECT);
  if (t == NULL)
    return NULL;
  *t = (nd_tape){
    .context = c,
    .serial = next_serial(c),
    .persistent = flags & ND_TAPE_PERSISTENT,
    .auto_watch = !(flags & ND_TAPE_NO_AUTO_WATCH),
    .fresh = true,
  };
  enter(t);
  return t;
}

void nd_tape_drop(nd_tape *t)
{
  for (nd_record *r = t->first; r != NULL; r = r->after)
    nd_record_release(r);
  free_chunks(t);
  nd_identities_clear(t->context, &t->watched);
  t->first = t->last = NULL;
  t->nodes = 0;
  t->serial = next_serial(t->context);
}

static void clear(nd_tape *t)
{
  nd_tape_drop(t);
  for (size_t i = 0; i < t->variable_count; i++)
    nd_variable_release(t->variables[i]);
  nd_memory_free(t->context, t->variables,
                 t->variable_room * sizeof *t->variables, ND_MEMORY_OBJECT);
  t->variables = NULL;
  t->variable_count = t->variable_room = 0;
}

void nd_tape_free(nd_tape *t)
{
  if (t == NULL)
    return;
  leave(t);
  clear(t);
  nd_memory_free(t->context, t, sizeof *t, ND_MEMORY_OBJECT);
}

void nd_tape_release(nd_tape *t)
{
  leave(t);
  clear(t);
  t->used = t->released = true;
}

bool nd_tape_stop(nd_tape *t)
{
  if (t == NULL)
    return false;
  leave(t);
  return true;
}

bool nd_tape_start(nd_tape *t)
{
  if (t == NULL || !nd_context_ready(t->context))
    return false;
  if (t->entered)
    return fail_state(t, "GradientTape", "the tape is still recording");
  if (t->used)
    clear(t);
  t->used = t->released = t->fresh = false;
  enter(t);
  return true;
}

bool nd_tape_pause(nd_tape *t, const char *name)
{
  if (!t->entered || t->paused)
    return fail_state(t, name, "the tape is not recording");
  t->paused = true;
  return true;
}

bool nd_tape_resume(nd_tape *t)
{
  if (t != NULL && t->entered)
    t->paused = false;
  return true;
}

bool nd_tape_reset(nd_tape *t)
{
  if (!t->entered || t->paused)
    return fail_state(t, "reset", "the tape is not recording");
  clear(t);
  return true;
}

static bool fail_foreign(nd_tape *t)
{
  const char *before = nd_context_enter(t->context, "watch");
  nd_fail_foreign(t->context, "a value", 0);
  nd_context_leave(t->context, before);
  return false;
}

bool nd_tape_watch(nd_tape *t, nd_tensor *x)
{
  if (t == NULL || x == NULL || !nd_context_ready(t->context))
    return false;
  if (x->context != t->context)
    return fail_foreign(t);
  if (!nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS) || nd_tape_node(t, x) != 0)
    return true;
  if (!nd_identities_add(t->context, &t->watched, x->id, t->nodes + 1))
    return false;
  t->nodes++;
  return true;
}

static bool remember(nd_tape *t, nd_variable *v)
{
  if (t->variable_count == t->variable_room) {
    const size_t room = t->variable_room ? 2 * t->variable_room : 8;
    const size_t width = sizeof *t->variables;
    nd_variable **variables = nd_memory_resize(t->context, t->variables,
                                               t->variable_room * width,
                                               room * width, ND_MEMORY_OBJECT);
    if (variables == NULL)
      return false;
    t->variables = variables;
    t->variable_room = room;
  }
  t->variables[t->variable_count++] = nd_variable_retain(v);
  return true;
}

bool nd_tape_watch_variable(nd_tape *t, nd_variable *v)
{
  if (t == NULL || v == NULL || !nd_context_ready(t->context))
    return false;
  if (v->context != t->context)
    return fail_foreign(t);
  nd_tensor *x = v->value;
  if (!nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS) || nd_tape_node(t, x) != 0)
    return true;
  if (!remember(t, v) || !nd_tape_watch(t, x))
    return false;
  x->tape = t->serial;
  x->node = t->nodes;
  return true;
}

bool nd_tape_note_read(nd_context *c, nd_variable *v)
{
  if (!v->trainable)
    return true;
  for (nd_tape *t = c->tape; t != NULL; t = t->outer) {
    if (!t->paused && t->auto_watch && !nd_tape_watch_variable(t, v))
      return false;
  }
  return true;
}

bool nd_tape_any_records(const nd_context *c)
{
  const nd_tape *t = c->tape;
  while (t != NULL && t->paused)
    t = t->outer;
  return t != NULL;
}

bool nd_tape_any_watches(const nd_context *c, const nd_tensor *x)
{
  for (const nd_tape *t = c->tape; t != NULL; t = t->outer) {
    if (!t->paused && nd_tape_node(t, x) != 0)
      return true;
  }
  return false;
}
