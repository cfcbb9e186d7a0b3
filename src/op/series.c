// op/series.c: see series.h.

#include "op/series.h"

#include <stdio.h>
#include <string.h>

#include "base/cut.h"
#include "tensor/tile.h"

ND_DECLARE_LEVELS(const nd_factor_table, nd_factor_table);
ND_DECLARE_WIDE(const nd_matmul_table, nd_matmul_table);

enum { MOST_UNITS = 1 << 20 };  // of a stage

// --------------------------------------------------------------- matrices --

static int64_t side(const nd_tensor *x, int axis)
{
  return x->rank < 2 ? 0 : x->dims[x->rank - 2 + axis];
}

static int64_t count_matrices(const nd_tensor *x)
{
  int64_t count = 1;
  for (int i = 0; i < x->rank - 2; i++)
    count *= x->dims[i];
  return count;
}

nd_matrices nd_matrices_of(const nd_job *j)
{
  static const nd_factor_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_factor_table);
  static const nd_matmul_table *const products[ND_LEVELS] = ND_LIST_WIDE(
    nd_matmul_table);
  const nd_tensor *x = j->in[0];
  const nd_level level = j->out[0]->context->level;
  nd_matrices p = { .job = j,
                    .kernels = tables[level]->at[x->dtype],
                    .multiply = products[level]->at[x->dtype],
                    .width = (int64_t)nd_dtype_size((nd_dtype)x->dtype),
                    .m = side(x, 0),
                    .n = side(x, 1) };
  p.flip = nd_tile_flip(level, (size_t)p.width);
  p.least = nd_least(p.m, p.n);
  p.w = j->n > 1 ? side(j->in[1], 1) : 0;
  p.count = count_matrices(j->n > 1 ? j->out[0] : x);
  return p;
}

bool nd_matrices_infer(nd_context *c, const nd_job *j, int i)
{
  const nd_tensor *x = j->in[i];
  return x->rank >= 2 ||
         nd_fail(c, ND_BAD_ARGUMENT, "needs at least 2 axes: %s is %s",
                 j->op->params[i].name, ND_SHAPE(x->rank, x->dims));
}

bool nd_square_infer(nd_context *c, const nd_job *j, int i)
{
  const nd_tensor *x = j->in[i];
  return nd_matrices_infer(c, j, i) &&
         (side(x, 0) == side(x, 1) ||
          nd_fail(c, ND_BAD_ARGUMENT, "matrices must be square: %s is %s",
                  j->op->params[i].name, ND_SHAPE(x->rank, x->dims)));
}

bool nd_sides_infer(nd_context *c, const nd_job *j)
{
  const nd_tensor *a = j->in[0], *b = j->in[1];
  return side(a, 0) == side(b, 0) ||
         nd_fail(c, ND_BAD_ARGUMENT, "rows differ: %s is %s, %s is %s",
                 j->op->params[0].name, ND_SHAPE(a->rank, a->dims),
                 j->op->params[1].name, ND_SHAPE(b->rank, b->dims));
}

bool nd_batches_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0], *y = j->in[1];
  const int rank = x->rank > y->rank ? x->rank : y->rank;
  *out = (nd_type){ .dtype = (nd_dtype)x->dtype, .rank = rank };
  for (int i = 0; i < rank - 2; i++) {
    const int at = i - (rank - x->rank), beside = i - (rank - y->rank);
    const int64_t p = at < 0 ? 1 : x->dims[at];
    const int64_t q = beside < 0 ? 1 : y->dims[beside];
    if (p != q && p != 1 && q != 1)
      return nd_fail(c, ND_BAD_ARGUMENT,
                     "batch axes do not broadcast: %s is %s, %s is %s",
                     j->op->params[0].name, ND_SHAPE(x->rank, x->dims),
                     j->op->params[1].name, ND_SHAPE(y->rank, y->dims));
    out->shape[i] = p == 1 ? q : p;
  }
  return true;
}

char *nd_matrix_at(const nd_tensor *x, const nd_tensor *like, int64_t matrix)
{
  const int missing = like->rank - x->rank;
  int64_t offset = 0, size = side(x, 0) * side(x, 1);
  for (int axis = like->rank - 3; axis >= missing; axis--) {
    const int64_t at = matrix % like->dims[axis];
    matrix /= like->dims[axis];
    if (x->dims[axis - missing] != 1)
      offset += at * size;
    size *= x->dims[axis - missing];
  }
  return (char *)nd_values(x) +
         offset * (int64_t)nd_dtype_size((nd_dtype)x->dtype);
}

const char *nd_matrix_place(char text[ND_PLACE_TEXT], const nd_tensor *x,
                            int64_t matrix)
{
  int64_t at[ND_MAX_RANK];
  const int n = x->rank - 2;
  if (n == 0)
    return "";
  for (int i = n - 1; i >= 0; i--) {
    at[i] = matrix % x->dims[i] + 1;
    matrix /= x->dims[i];
  }
  char shape[ND_SHAPE_TEXT];
  snprintf(text, ND_PLACE_TEXT, " at %s", nd_shape_text(shape, n, at));
  return text;
}

// ---------------------------------------------------------------- products --

void nd_matrices_add(const nd_matrices *p, const nd_matmul *y, void *own)
{
  if (y->m > 0 && y->n > 0)
    p->multiply->add(y, own);
}

void nd_matrices_multiply(const nd_matrices *p, const nd_matmul *y, void *own)
{
  if (y->m > 0 && y->n > 0)
    p->multiply->run(y, own);
}

size_t nd_matrices_scratch(const nd_matrices *p, int64_t m, int64_t n,
                           int64_t k)
{
  enum { FEW = 16 };  // columns: such products may be turned
  size_t most = 0;
  for (int way = 0; way < 4; way++) {
    const nd_matmul y = { .m = m,
                          .n = n,
                          .k = k,
                          .a_row = way & 1 ? 1 : k,
                          .a_column = way & 1 ? m : 1,
                          .b_row = way & 2 ? 1 : n,
                          .b_column = way & 2 ? k : 1,
                          .c_row = n + 1 };
    const size_t bytes = p->multiply->scratch(&y);
    most = bytes > most ? bytes : most;
  }
  return most + (size_t)((k + 1) * FEW * p->width);
}

// ------------------------------------------------------------------- steps --

// What each matrix found, then what is shared by the stages of one.
static size_t found_bytes(const nd_matrices *p)
{
  return ((size_t)p->count * sizeof(int64_t) + 63) / 64 * 64;
}

static size_t lines(size_t bytes)
{
  return (bytes + 63) / 64 * 64;
}

static size_t own_bytes(const nd_matrices *p)
{
  const nd_series *s = p->job->op->series;
  return s->own != NULL ? s->own(p) : 0;
}

// Matrices from..to-1, whose memory is all of the thread's own.
static void run_matrices(const void *what, void *shared, void *own,
                         int64_t from, int64_t to)
{
  const nd_matrices p = nd_matrices_of(what);
  const nd_series *s = p.job->op->series;
  const size_t bytes = lines(s->shared(&p));
  const int64_t stages = s->stages(&p);
  nd_piece y = { .p = &p, .shared = own, .own = (char *)own + bytes };
  for (y.matrix = from; y.matrix < to; y.matrix++) {
    y.found = (int64_t *)shared + y.matrix;
    *y.found = 0;
    for (y.stage = 0; y.stage < stages; y.stage++) {
      y.to = s->stage(&p, y.stage).units;
      s->run(&y);
    }
  }
}

static void run_stage(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_matrices p = nd_matrices_of(what);
  const nd_series *s = p.job->op->series;
  const int64_t stages = s->stages(&p), number = from / MOST_UNITS;
  const nd_piece y = { .p = &p,
                       .matrix = number / stages,
                       .stage = number % stages,
                       .from = from % MOST_UNITS,
                       .to = from % MOST_UNITS + to - from,
                       .shared = (char *)shared + found_bytes(&p),
                       .own = own,
                       .found = (int64_t *)shared + number / stages };
  s->run(&y);
}

// Nothing is found yet.
static void run_start(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_matrices p = nd_matrices_of(what);
  memset(shared, 0, found_bytes(&p));
}

// True if matrices are units.
static bool takes_whole(const nd_matrices *p)
{
  return p->job->op->series->cost(p) <= ND_PATIENCE / 2;
}

static bool next_matrices(const void *what, nd_step *step, int i)
{
  const nd_matrices p = nd_matrices_of(what);
  *step = (nd_step){ .units = p.count,
                     .cost = p.job->op->series->cost(&p),
                     .run = run_matrices };
  return i == 0;
}

// The first step is before all stages, whose units read what is found.
static bool next_stage(const void *what, nd_step *step, int i)
{
  if (i-- == 0) {
    *step = (nd_step){ .units = 1, .run = run_start };
    return true;
  }
  const nd_matrices p = nd_matrices_of(what);
  const nd_series *s = p.job->op->series;
  const int64_t stages = s->stages(&p);
  const nd_stage stage = s->stage(&p, i % stages);
  *step = (nd_step){ .first = (int64_t)i * MOST_UNITS,
                     .units = stage.units,
                     .cost = stage.cost,
                     .run = run_stage };
  return i < p.count * stages;
}

static bool end(nd_context *c, const void *what, const void *shared)
{
  const nd_matrices p = nd_matrices_of(what);
  const nd_series *s = p.job->op->series;
  const int64_t *found = shared;
  for (int64_t i = 0; s->refuse != NULL && i < p.count; i++) {
    if (found[i] != 0 && !s->refuse(c, &p, i, found[i]))
      return false;
  }
  return true;
}

static bool next_none(const void *what, nd_step *step, int i)
{
  return false;
}

nd_work nd_series_work(const nd_job *j)
{
  const nd_matrices p = nd_matrices_of(j);
  const nd_series *s = j->op->series;
  if (p.count == 0)
    return (nd_work){ .next = next_none };
  const size_t shared = lines(s->shared(&p)), own = own_bytes(&p);
  const bool whole = takes_whole(&p);
  return (nd_work){ .shared = found_bytes(&p) + (whole ? 0 : shared),
                    .own = whole ? shared + own : own,
                    .next = whole ? next_matrices : next_stage,
                    .end = end };
}
