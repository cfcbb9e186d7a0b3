// op/program.c: a program runs block by block. Registers and constants stay in
// L1; each block of a tensor is read once, where it lies if it lies so.

#include "op/program.h"

#include <stdalign.h>

#include "op/engine.h"

// What a thread has for itself: where it lies in that, in bytes.
typedef struct layout {
  size_t registers, constants, folds, streams, readers, end;
} layout;

// A program and what is bound to it.
typedef struct running {
  const nd_program *program;
  const nd_bindings *bindings;
  int64_t unit, units;  // elements of a unit; how many units
  size_t stride;        // bytes from register to register
  layout layout;
} running;

// Where the blocks of a tensor are, or those that are made.
typedef struct stream {
  char *at;           // of the next block
  size_t width;       // from element to element
  nd_reader *reader;  // NULL: they are read in place
} stream;

// One thread at work.
typedef struct worker {
  const running *r;
  nd_fold_part *folds;
  stream *streams;
  void *place[ND_PLACES];
} worker;

static bool is_in_place(const nd_bound_memory *m)
{
  return m->x == NULL ||
         (m->x->dense && m->x->dtype == m->as && nd_same_shape(m->x, m->over));
}

static size_t count_readers(const running *r)
{
  size_t n = 0;
  for (int i = 0; i < r->program->memories; i++)
    n += !is_in_place(&r->bindings->memory[i]);
  return n;
}

// Takes `bytes` behind `*end`, in whole lines.
static size_t take(size_t *end, size_t bytes)
{
  const size_t at = *end;
  const size_t line = ND_ALIGNMENT;
  *end += (bytes + line - 1) / line * line;
  return at;
}

static void lay_out(running *r)
{
  const nd_program *p = r->program;
  layout *l = &r->layout;
  l->end = 0;
  l->registers = take(&l->end, (size_t)p->registers * r->stride);
  l->constants = take(&l->end, (size_t)p->constants * r->stride);
  l->folds = take(&l->end, (size_t)p->folds * sizeof(nd_fold_part));
  l->streams = take(&l->end, (size_t)p->memories * sizeof(stream));
  l->readers = take(&l->end, count_readers(r) * sizeof(nd_reader));
}

// ----------------------------------------------------------------- starting --

static void start_constants(worker *w, char *own)
{
  const running *r = w->r;
  const int64_t size = r->bindings->size;
  for (int i = 0; i < r->program->constants; i++) {
    const nd_bound_constant *k = &r->bindings->constant[i];
    char *block = own + r->layout.constants + (size_t)i * r->stride;
    w->place[ND_CONSTANTS + i] = (void *)(uintptr_t)&k->value;
    if (!r->program->spread[i])
      continue;
    nd_spread(nd_dtype_size(k->dtype), size < ND_BLOCK ? size : ND_BLOCK,
              &k->value, block);
    w->place[ND_CONSTANTS + i] = block;
  }
}

// The stream of a tensor from element `from` on.
static void start_stream(stream *s, const nd_bound_memory *m, int64_t from,
                         nd_reader **reader)
{
  s->width = nd_dtype_size(m->as);
  s->reader = NULL;
  if (m->x == NULL) {
    s->at = m->out + (size_t)from * s->width;
  } else if (is_in_place(m)) {
    s->at = (char *)(uintptr_t)nd_values(m->x) + (size_t)from * s->width;
  } else {
    s->reader = (*reader)++;
    nd_reader_broadcast(s->reader, m->x, m->as, m->over->rank, m->over->dims);
    nd_reader_seek(s->reader, from);
  }
}

static void start_worker(worker *w, const running *r, char *own, int64_t from)
{
  w->r = r;
  w->folds = (nd_fold_part *)(void *)(own + r->layout.folds);
  w->streams = (stream *)(void *)(own + r->layout.streams);
  for (int i = 0; i < r->program->registers; i++)
    w->place[ND_REGISTERS + i] = own + r->layout.registers +
                                 (size_t)i * r->stride;
  start_constants(w, own);
  nd_reader *reader = (nd_reader *)(void *)(own + r->layout.readers);
  for (int i = 0; i < r->program->memories; i++)
    start_stream(&w->streams[i], &r->bindings->memory[i], from, &reader);
}

// ------------------------------------------------------------------- blocks --

// Goes to the next `n` elements of all tensors.
static void step_streams(worker *w, int64_t n)
{
  const int count = w->r->program->memories;
  for (int i = 0; i < count; i++) {
    stream *s = &w->streams[i];
    if (s->reader != NULL) {
      w->place[ND_MEMORIES + i] = (void *)(uintptr_t)nd_reader_next(s->reader,
                                                                    n);
    } else {
      w->place[ND_MEMORIES + i] = s->at;
      s->at += (size_t)n * s->width;
    }
  }
}

// A code that gives values and the lanes of their sum.
static void run_summed(worker *w, const nd_instruction *k, const double *p,
                       int n, const void *const *in)
{
  nd_fold_part *part = &w->folds[k->fold];
  k->summed(n, p, k->kept ? w->place[k->out] : NULL, nd_fold_part_lanes(part),
            in);
  nd_fold_part_next(part);
}

static void run_code(worker *w, const nd_instruction *k, const double *p, int n)
{
  const void *in[ND_MAX_FEEDS];
  for (int i = 0; i < k->n; i++)
    in[i] = w->place[k->in[i]];
  if (k->summed != NULL)
    run_summed(w, k, p, n, in);
  else if (k->kernel != NULL)
    k->kernel(n, p, w->place[k->out], in);
  else
    nd_fold_part_add(&w->folds[k->out], n, in[0]);
}

static void run_block(worker *w, int64_t n)
{
  const nd_program *p = w->r->program;
  step_streams(w, n);
  for (int i = 0; i < p->codes; i++)
    run_code(w, &p->code[i], w->r->bindings->p[i], (int)n);
}

// What the folds of a unit give lies side by side in `parts`, by units.
static void *find_part(const running *r, void *parts, int64_t unit, int fold)
{
  return (nd_scalar *)parts + unit * r->program->folds + fold;
}

static void run_unit(worker *w, void *parts, int64_t unit)
{
  const running *r = w->r;
  const int folds = r->program->folds;
  int64_t left = r->bindings->size - unit * r->unit;
  if (left > r->unit)
    left = r->unit;
  for (int i = 0; i < folds; i++)
    nd_fold_part_start(&w->folds[i], r->bindings->fold[i].kernels);
  for (; left > 0; left -= ND_BLOCK)
    run_block(w, left < ND_BLOCK ? left : ND_BLOCK);
  for (int i = 0; i < folds; i++)
    nd_fold_part_end(&w->folds[i], find_part(r, parts, unit, i));
}

static void run_units(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const running *r = what;
  worker w;
  start_worker(&w, r, own, from * r->unit);
  for (int64_t unit = from; unit < to; unit++)
    run_unit(&w, shared, unit);
}

// Units are folds.
static void join_parts(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const running *r = what;
  const int64_t size = r->bindings->size;
  const size_t stride = (size_t)r->program->folds * sizeof(nd_scalar);
  for (int64_t i = from; i < to; i++) {
    const nd_bound_fold *f = &r->bindings->fold[i];
    nd_fold_join_row(f->kernels, nd_dtype_size(f->dtype), size,
                     find_part(r, shared, 0, (int)i), stride, f->out);
    if (f->reduction->finish != NULL)
      f->reduction->finish(f->dtype, size, f->out);
  }
}

// ---------------------------------------------------------------------- all --

static bool next_step(const void *what, nd_step *step, int i)
{
  const running *r = what;
  const int folds = r->program->folds;
  if (i == 0) {
    *step = (nd_step){ .units = r->units,
                       .cost = (float)r->unit * r->bindings->cost,
                       .run = run_units };
  } else {
    *step = (nd_step){ .units = folds,
                       .cost = 10 * (float)r->units,
                       .run = join_parts };
  }
  return i == 0 || (i == 1 && folds > 0);
}

// Room on the stack for what is short.
enum { SHORT_BYTES = 16384, SHORT_PARTS = 64 };

static bool is_short(const running *r)
{
  return (float)r->bindings->size * r->bindings->cost <= ND_PATIENCE / 10 &&
         r->units * r->program->folds <= SHORT_PARTS &&
         r->layout.end <= SHORT_BYTES;
}

static void run_short(const running *r)
{
  alignas(ND_ALIGNMENT) char own[SHORT_BYTES];
  nd_scalar parts[SHORT_PARTS];
  run_units(r, parts, own, 0, r->units);
  join_parts(r, parts, NULL, 0, r->program->folds);
}

bool nd_program_run(nd_context *c, const nd_program *p, const nd_bindings *b)
{
  running r = { .program = p, .bindings = b };
  r.unit = p->folds > 0 ? ND_FOLD_PART : ND_BLOCK;
  r.units = (b->size + r.unit - 1) / r.unit;
  r.stride = ND_BLOCK * p->width;
  lay_out(&r);
  if (is_short(&r)) {
    run_short(&r);
    return true;
  }
  const size_t parts = (size_t)r.units * (size_t)p->folds;
  const nd_work work = { .shared = parts * sizeof(nd_scalar),
                         .own = r.layout.end,
                         .next = next_step };
  return nd_work_run(c, &work, &r);
}
