// op/program.c: a program runs block by block. Registers and constants stay in
// L1; each block of a tensor is read once, where it lies if it lies so.

#include "op/program.h"

#include <stdalign.h>

#include "base/cut.h"
#include "op/engine.h"

// What a thread has for itself: where it lies in that, in bytes.
typedef struct layout {
  size_t registers, constants, folds, streams, readers, end;
} layout;

// A program and what is bound to it.
typedef struct running {
  const nd_program *program;
  const nd_bindings *bindings;
  int64_t units;
  size_t stride;  // bytes from register to register
  size_t part;    // bytes of what a unit gives of a fold; 0: values
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
  nd_fold_blocks *folds;
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
  *end += nd_whole_lines(bytes);
  return at;
}

static void lay_out(running *r)
{
  const nd_program *p = r->program;
  layout *l = &r->layout;
  l->end = 0;
  l->registers = take(&l->end, (size_t)p->registers * r->stride);
  l->constants = take(&l->end, (size_t)p->constants * r->stride);
  l->folds = take(&l->end, (size_t)p->folds * sizeof(nd_fold_blocks));
  l->streams = take(&l->end, (size_t)p->memories * sizeof(stream));
  l->readers = take(&l->end, count_readers(r) * sizeof(nd_reader));
}

// ----------------------------------------------------------------- starting --

static void start_constants(worker *w, char *own)
{
  const running *r = w->r;
  const int64_t size = r->bindings->span.size;
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
  w->folds = (nd_fold_blocks *)(void *)(own + r->layout.folds);
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
  nd_fold_blocks *f = &w->folds[k->fold];
  k->summed(n, p, k->kept ? w->place[k->out] : NULL, nd_fold_blocks_lanes(f),
            in);
  nd_fold_blocks_next(f, n);
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
    nd_fold_blocks_add(&w->folds[k->out], n, in[0]);
}

static void run_block(worker *w, int64_t n)
{
  const nd_program *p = w->r->program;
  step_streams(w, n);
  for (int i = 0; i < p->codes; i++)
    run_code(w, &p->code[i], w->r->bindings->p[i], (int)n);
}

// ------------------------------------------------------------------- units --

// Elements from..to-1.
static void find_unit(const running *r, int64_t unit, int64_t *from,
                      int64_t *to)
{
  const nd_span *s = &r->bindings->span;
  if (r->program->folds > 0) {
    nd_span_unit(s, unit, from, to);
  } else {
    *from = unit * ND_BLOCK;
    *to = s->size - *from < ND_BLOCK ? s->size : *from + ND_BLOCK;
  }
}

static int64_t count_units(const running *r)
{
  const nd_span *s = &r->bindings->span;
  return r->program->folds > 0 ? nd_span_units(s) : nd_parts(s->size, ND_BLOCK);
}

// Parts that the folds of a unit give lie side by side, by units.
static char *find_part(const running *r, void *parts, int64_t unit, int fold)
{
  const size_t i = (size_t)(unit * r->program->folds + fold);
  return (char *)parts + i * r->part;
}

static void finish(const running *r, const nd_bound_fold *f, int64_t n,
                   char *values)
{
  const int64_t folded = nd_span_folded(&r->bindings->span);
  const size_t width = nd_dtype_size(f->dtype);
  for (int64_t i = 0; i < n && f->reduction->finish != NULL; i++)
    f->reduction->finish(f->dtype, folded, values + (size_t)i * width);
}

// The values of a unit that begins with element `from`.
static char *find_values(const running *r, const nd_bound_fold *f, int64_t from)
{
  const size_t at = (size_t)(from / r->bindings->span.row);
  return f->out + at * nd_dtype_size(f->dtype);
}

static void start_folds(worker *w, char *parts, int64_t unit, int64_t from,
                        int64_t to)
{
  const running *r = w->r;
  for (int i = 0; i < r->program->folds; i++) {
    const nd_bound_fold *f = &r->bindings->fold[i];
    nd_fold_blocks_start(&w->folds[i], &r->bindings->span, f->kernels,
                         nd_dtype_size(f->dtype), to - from,
                         r->part > 0 ? find_part(r, parts, unit, i)
                                     : find_values(r, f, from));
  }
}

static void end_folds(worker *w, int64_t from, int64_t to)
{
  const running *r = w->r;
  for (int i = 0; i < r->program->folds && r->part == 0; i++) {
    const nd_bound_fold *f = &r->bindings->fold[i];
    finish(r, f, (to - from) / r->bindings->span.row, find_values(r, f, from));
  }
}

static void run_unit(worker *w, char *parts, int64_t unit)
{
  const nd_span *span = &w->r->bindings->span;
  int64_t from, to, n;
  find_unit(w->r, unit, &from, &to);
  start_folds(w, parts, unit, from, to);
  for (int64_t at = from; at < to; at += n) {
    n = nd_span_block(span, at, to);
    run_block(w, n);
  }
  end_folds(w, from, to);
}

static void run_units(const void *what, void *shared, void *own, int64_t unit,
                      int64_t end)
{
  worker w;
  int64_t from, to;
  find_unit(what, unit, &from, &to);
  start_worker(&w, what, own, from);
  for (; unit < end; unit++)
    run_unit(&w, shared, unit);
}

// Units are folds.
static void join_parts(const void *what, void *shared, void *own, int64_t from,
                       int64_t to)
{
  const running *r = what;
  const nd_span *span = &r->bindings->span;
  const size_t stride = (size_t)r->program->folds * r->part;
  for (int64_t i = from; i < to; i++) {
    const nd_bound_fold *f = &r->bindings->fold[i];
    nd_fold_blocks_join(span, f->kernels, nd_dtype_size(f->dtype),
                        find_part(r, shared, 0, (int)i), stride, f->out);
    finish(r, f, span->size / nd_span_folded(span), f->out);
  }
}

// ---------------------------------------------------------------------- all --

static bool next_step(const void *what, nd_step *step, int i)
{
  const running *r = what;
  const int folds = r->program->folds;
  if (i == 0) {
    const float size = (float)r->bindings->span.size;
    *step = (nd_step){ .units = r->units,
                       .cost = size / (float)r->units * r->bindings->cost,
                       .run = run_units };
  } else {
    const size_t values = r->part / sizeof(nd_scalar);
    *step = (nd_step){ .units = folds,
                       .cost = (10 + .2F * (float)values) * (float)r->units,
                       .run = join_parts };
  }
  return i == 0 || (i == 1 && r->part > 0);
}

// Room on the stack for what is short.
enum { SHORT_BYTES = 16384, SHORT_PARTS = 512 };

static size_t bytes_of_parts(const running *r)
{
  return (size_t)(r->units * r->program->folds) * r->part;
}

static bool is_short(const nd_context *c, const running *r)
{
  const nd_bindings *b = r->bindings;
  const float time = (float)b->span.size * b->cost;
  return time <= c->threads.alone && time <= ND_PATIENCE / 10 &&
         bytes_of_parts(r) <= SHORT_PARTS && r->layout.end <= SHORT_BYTES;
}

static void run_short(const running *r)
{
  alignas(ND_ALIGNMENT) char own[SHORT_BYTES];
  alignas(ND_ALIGNMENT) char parts[SHORT_PARTS];
  run_units(r, parts, own, 0, r->units);
  if (r->part > 0)
    join_parts(r, parts, NULL, 0, r->program->folds);
}

static size_t size_of_part(const running *r)
{
  const nd_span *s = &r->bindings->span;
  if (!nd_span_has_parts(s))
    return 0;
  return s->columns ? (size_t)s->row * sizeof(nd_scalar) : sizeof(nd_scalar);
}

bool nd_program_run(nd_context *c, const nd_program *p, const nd_bindings *b)
{
  running r = { .program = p, .bindings = b };
  r.units = count_units(&r);
  r.part = size_of_part(&r);
  r.stride = ND_BLOCK * p->width;
  lay_out(&r);
  if (is_short(c, &r)) {
    run_short(&r);
    return true;
  }
  const nd_work work = { .shared = bytes_of_parts(&r),
                         .own = r.layout.end,
                         .next = next_step };
  return nd_work_run(c, &work, &r);
}
