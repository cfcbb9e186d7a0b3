// tape/record.c: records in an arena of pages. A tensor is kept by reference, a
// scalar as its value and what tapes know it by, and one whose values the
// derivative does not read as an outline: a scalar's takes no room at all.

#include "tape/record.h"

#include <stddef.h>
#include <string.h>

#include "op/kernel.h"

// ------------------------------------------------------------------ arena --

// The first chunk is a leaf, for the many small tapes; then come pages. What
// does not fit a page gets a chunk of its own size.
static bool add_chunk(nd_context *c, nd_records *l, size_t need)
{
  nd_chunk *chunk;
  size_t size = l->chunks == NULL ? ND_LEAF : ND_PAGE;
  if (sizeof *chunk + need > size)
    size = ND_PAGE;
  if (sizeof *chunk + need > size)
    size = sizeof *chunk + need;
  chunk = size <= ND_PAGE ? nd_page_new(c, size)
                          : nd_memory_new(c, size, ND_MEMORY_OBJECT);
  if (chunk == NULL)
    return false;
  chunk->next = l->chunks;
  chunk->size = size - sizeof *chunk;
  chunk->used = 0;
  l->chunks = chunk;
  return true;
}

// Room for a record of at most so many bytes, to be claimed as far as it goes.
static void *reserve(nd_context *c, nd_records *l, size_t bytes)
{
  const nd_chunk *chunk = l->chunks;
  if ((chunk == NULL || chunk->size - chunk->used < bytes) &&
      !add_chunk(c, l, bytes))
    return NULL;
  return l->chunks->bytes + l->chunks->used;
}

static void claim(nd_records *l, const char *end)
{
  nd_chunk *chunk = l->chunks;
  chunk->used = (size_t)(end - chunk->bytes);
}

static void free_chunks(nd_context *c, nd_records *l)
{
  while (l->chunks != NULL) {
    nd_chunk *chunk = l->chunks;
    const size_t size = sizeof *chunk + chunk->size;
    l->chunks = chunk->next;
    if (size <= ND_PAGE)
      nd_page_free(c, chunk, size);
    else
      nd_memory_free(c, chunk, size, ND_MEMORY_OBJECT);
  }
}

// ----------------------------------------------------- how tensors are kept --

// OUTLINE: a scalar's dtype. SCALAR: also its value; it has no node but the one
// that this tape gave it. NAMED: also the node that another tape gave it.
// TENSOR: a reference, to a tensor with or without values; also to a scalar
// that waits.
typedef enum way { OUTLINE, SCALAR, NAMED, TENSOR } way;

// What is kept of one tensor; of a scalar as much as its way says.
typedef union cell {
  struct {
    uint64_t id;
    nd_scalar value;
    uint32_t tape;
    int32_t node;
  };
  nd_tensor *tensor;
} cell;

static const uint8_t way_size[] = { 0, offsetof(cell, tape), sizeof(cell),
                                    sizeof(nd_tensor *) };

// Where a walk over the tensors of a record stands: outputs, then inputs.
typedef struct walk {
  uint8_t *how;  // the way, and eight times it the dtype
  cell *at;
} walk;

static way way_of(const walk *w)
{
  return (way)(*w->how & 7);
}

static void step(walk *w)
{
  w->at = (cell *)(void *)((char *)w->at + way_size[way_of(w)]);
  w->how++;
}

static way choose_way(const nd_records *l, const nd_tensor *x, bool values)
{
  if (x->rank == 0 && !values)
    return OUTLINE;
  if (x->rank > 0 || x->waits)
    return TENSOR;
  const uint32_t tape = x->identity.tape;
  return tape == 0 || tape == l->serial ? SCALAR : NAMED;
}

// True if the outline of `y` can stand for that of `x`.
static bool is_like(const nd_tensor *x, const nd_tensor *y)
{
  return y != NULL && x->dtype == y->dtype && nd_same_shape(x, y);
}

static bool put_tensor(walk *w, nd_tensor *x, bool values, nd_tensor *like)
{
  w->at->tensor = values             ? nd_tensor_keep(x)
                  : is_like(x, like) ? nd_tensor_keep(like)
                                     : nd_tensor_outline(x);
  return w->at->tensor != NULL;
}

// Keeps `x` where the walk stands. Its outline may be `like`, which is kept
// already.
static inline bool put(const nd_records *l, walk *w, nd_tensor *x, bool values,
                       nd_tensor *like)
{
  const way how = choose_way(l, x, values);
  bool ok = true;
  *w->how++ = (uint8_t)(how | x->dtype << 3);
  if (how == OUTLINE)
    return true;
  if (how == TENSOR)
    ok = put_tensor(w, x, values, like);
  else
    *w->at = (cell){ { x->identity.id, x->value, x->identity.tape,
                       x->identity.node } };
  w->at = (cell *)(void *)((char *)w->at + way_size[how]);
  return ok;
}

// Stands for every scalar whose values a rule does not read.
#define OUTLINE_OF(constant, type, name) \
  [constant] = { .dtype = (constant), .dense = true, .size = 1 },
static const nd_tensor scalar_outlines[ND_DTYPES] = { ND_DTYPE_LIST(
  OUTLINE_OF) };

// The scalar where the walk stands, at `home`.
static nd_tensor *restore(nd_context *c, const nd_records *l, const walk *w,
                          int32_t node, nd_tensor *home)
{
  const cell *at = w->at;
  home->context = c;
  home->block = NULL;
  home->data = (char *)&home->value;
  home->identity.id = at->id;
  home->identity.tape = way_of(w) == NAMED ? at->tape : node ? l->serial : 0;
  home->identity.node = way_of(w) == NAMED ? at->node : node;
  home->refs = 0;
  home->dtype = *w->how >> 3;
  home->rank = 0;
  home->dense = true;
  home->waits = false;
  home->size = 1;
  home->value = at->value;
  return home;
}

// What is kept where the walk stands, of a tensor with that node.
static nd_tensor *get(nd_context *c, const nd_records *l, const walk *w,
                      int32_t node, nd_tensor *home)
{
  switch (way_of(w)) {
  case TENSOR: return w->at->tensor;
  case OUTLINE: return (nd_tensor *)(uintptr_t)&scalar_outlines[*w->how >> 3];
  default: return restore(c, l, w, node, home);
  }
}

// ---------------------------------------------------------------- layout --

static uint8_t *find_how(const nd_record *r)
{
  return (uint8_t *)(uintptr_t)(r->nodes + r->n);
}

// After a byte for each tensor, aligned.
static nd_value *find_attr(const nd_record *r)
{
  const uintptr_t end = (uintptr_t)(find_how(r) + r->outs + r->n);
  return (nd_value *)((end + 7) & ~(uintptr_t)7);
}

static walk start_walk(const nd_record *r)
{
  return (walk){ .how = find_how(r),
                 .at = (cell *)(void *)(find_attr(r) + r->op->attrs) };
}

static size_t list_bytes(const nd_value *v)
{
  return v->holds == ND_HOLDS_LIST ? (size_t)v->n * sizeof *v->list : 0;
}

// Bytes that a record of `j` takes at most.
static size_t most_bytes(const nd_job *j)
{
  const size_t n = (size_t)j->n, outs = (size_t)j->outs;
  size_t bytes = offsetof(nd_record, nodes) + n * sizeof(int32_t) + 7 +
                 (outs + n) * (1 + sizeof(cell)) +
                 j->op->attrs * sizeof *j->attr;
  for (int i = 0; i < j->op->attrs; i++)
    bytes += list_bytes(&j->attr[i]);
  return bytes;
}

// Copies the attributes, keeps closures, and copies to `end` what lists point
// to; returns the new end.
static char *copy_attr(nd_records *l, nd_record *r, const nd_job *j, char *end)
{
  nd_value *attr = find_attr(r);
  for (int i = 0; i < j->op->attrs; i++) {
    const size_t bytes = list_bytes(&j->attr[i]);
    attr[i] = j->attr[i];
    if (attr[i].holds == ND_HOLDS_CLOSURE) {
      l->hosted |= nd_closure_keep(attr[i].closure)->hosted;
      r->closures = true;
    }
    if (bytes == 0)
      continue;
    memcpy(end, j->attr[i].list, bytes);
    attr[i].list = (const int64_t *)(void *)end;
    end += bytes;
  }
  return end;
}

// ----------------------------------------------------------------- keeping --

// What the derivative by the inputs with nodes reads.
static int needs_of(const nd_job *j, const int32_t *nodes)
{
  int needs = 0;
  for (int i = 0; i < j->n; i++) {
    if (nodes[i] != 0)
      needs |= nd_op_needs(j->op, i);
  }
  return needs;
}

static void release_closures(const nd_record *r)
{
  const nd_value *attr = find_attr(r);
  for (int i = 0; i < r->op->attrs; i++) {
    if (attr[i].holds == ND_HOLDS_CLOSURE)
      nd_closure_release(attr[i].closure);
  }
}

static void release_tensors(const nd_record *r)
{
  walk w = start_walk(r);
  for (int i = 0; i < r->outs + r->n; i++, step(&w)) {
    if (way_of(&w) == TENSOR)
      nd_tensor_release(w.at->tensor);
  }
}

// Whether what the walk has just passed is.
static bool is_kept_by_reference(const walk *w)
{
  return (w->how[-1] & 7) == TENSOR;
}

// Keeps all tensors of the job; false without memory. The walk goes to the end.
static bool fill(const nd_records *l, nd_record *r, const nd_job *j, walk *w)
{
  const int needs = needs_of(j, r->nodes);
  const walk first = *w;
  bool ok = true, scalars = true;
  for (int k = 0; k < j->outs; k++) {
    ok = put(l, w, j->out[k], needs & ND_NEEDS_OUT, NULL) && ok;
    scalars = scalars && !is_kept_by_reference(w);
  }
  nd_tensor *like = scalars || way_of(&first) != TENSOR ? NULL
                                                        : first.at->tensor;
  for (int i = 0; i < j->n; i++) {
    const bool values = needs >> (i < 6 ? i : 6) & 1;
    ok = put(l, w, j->in[i], values, like) && ok;
    scalars = scalars && !is_kept_by_reference(w);
  }
  r->scalars = scalars;
  r->closures = false;
  return ok;
}

static void append(nd_records *l, nd_record *r)
{
  r->before = l->last;
  r->after = NULL;
  if (l->last != NULL)
    l->last->after = r;
  else
    l->first = r;
  l->last = r;
}

nd_record *nd_records_reserve(nd_context *c, nd_records *l, const nd_job *j)
{
  nd_record *r = reserve(c, l, most_bytes(j));
  if (r == NULL)
    return NULL;
  r->op = j->op;
  r->n = j->n;
  r->outs = j->outs;
  return r;
}

bool nd_records_add(nd_records *l, nd_record *r, const nd_job *j)
{
  walk w = start_walk(r);
  if (!fill(l, r, j, &w)) {
    release_tensors(r);
    return false;
  }
  char *end = (char *)w.at;
  claim(l, r->op->attrs > 0 ? copy_attr(l, r, j, end) : end);
  append(l, r);
  return true;
}

// A closure that goes may call a host, who finds the list empty.
void nd_records_clear(nd_context *c, nd_records *l)
{
  nd_records old = *l;
  l->first = l->last = NULL;
  l->chunks = NULL;
  l->hosted = false;
  for (const nd_record *r = old.first; r != NULL; r = r->after) {
    if (!r->scalars)
      release_tensors(r);
    if (r->closures)
      release_closures(r);
  }
  free_chunks(c, &old);
}

// ----------------------------------------------------------------- opening --

// Room for `n` tensors of all kinds: some, or memory where they may be more.
static bool make_room(nd_context *c, nd_opened *o, size_t n,
                      nd_tensor **scalars)
{
  o->room = NULL;
  o->gx = o->pointers + n;
  o->wanted = o->flags;
  *scalars = o->scalars;
  if (n <= ND_OPEN_FEW)
    return true;
  o->bytes = n * (sizeof(nd_tensor) + 2 * sizeof(nd_tensor *) + sizeof(bool));
  o->room = nd_memory_new(c, o->bytes, ND_MEMORY_OBJECT);
  if (o->room == NULL)
    return false;
  *scalars = o->room;
  o->gx = (nd_tensor **)(void *)(*scalars + n) + n;
  o->wanted = (bool *)(o->gx + n);
  return true;
}

bool nd_record_open(nd_context *c, const nd_records *l, const nd_record *r,
                    nd_opened *o)
{
  const int outs = r->outs, n = outs + r->n;
  nd_tensor *home;
  if (!make_room(c, o, (size_t)n, &home))
    return false;
  nd_tensor **tensors = o->gx - n;
  walk w = start_walk(r);
  for (int i = 0; i < n; i++, step(&w)) {
    const int32_t node = i < outs ? r->node + i : r->nodes[i - outs];
    tensors[i] = get(c, l, &w, node, home + i);
  }
  o->job.op = r->op;
  o->job.n = r->n;
  o->job.outs = outs;
  o->job.in = tensors + outs;
  o->job.out = tensors;
  o->job.attr = find_attr(r);
  return true;
}

void nd_record_values(const nd_record *r, const void *g, const void **values)
{
  walk w = start_walk(r);
  values[0] = g;
  for (int i = 0; i <= r->n; i++, step(&w))
    values[i == 0 ? 1 + r->n : i] = way_of(&w) == OUTLINE ? g : &w.at->value;
}

void nd_record_parameters(const nd_record *r, double *p)
{
  nd_kernel_parameters(r->op, find_attr(r), p);
}

void nd_record_close(nd_context *c, nd_opened *o)
{
  if (o->room != NULL)
    nd_memory_free(c, o->room, o->bytes, ND_MEMORY_OBJECT);
}
