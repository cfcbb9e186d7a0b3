// ops/linalg_qr.c: x = q r with orthonormal columns of q and an upper
// triangular r, by reflections (op/reflect.h). The diagonal of r has the sign
// that LAPACK and TensorFlow give it.

#include <math.h>
#include <string.h>

#include "base/cut.h"
#include "op/reflect.h"
#include "ops/rules.h"

enum { FULL };  // attribute
enum { Q, R };  // outputs
enum { BAND = ND_BLOCK_ROWS, BLOCK = ND_REFLECTIONS };

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  if (!nd_matrices_infer(c, j, 0))
    return false;
  const nd_type x = nd_type_of(j->in[0]);
  const int last = x.rank - 1;
  const int64_t m = x.shape[last - 1], n = x.shape[last];
  const int64_t k = j->attr[FULL].integer ? m : nd_least(m, n);
  out[Q] = out[R] = x;
  out[Q].shape[last] = k;
  out[R].shape[last - 1] = k;
  return true;
}

// ------------------------------------------------------------------- memory --

typedef struct room {
  nd_reflections h;
  char *rows;  // x' [n m], which becomes r'
  char *q;     // q' [k m]
  int64_t k;
} room;

static int64_t columns_of_q(const nd_matrices *p)
{
  return p->job->attr[FULL].integer ? p->m : p->least;
}

static size_t shared_bytes(const nd_matrices *p)
{
  return nd_reflections_bytes(p->least, p->m, p->width) +
         (size_t)((p->n + columns_of_q(p)) * p->m * p->width);
}

static room find_room(const nd_piece *y)
{
  const nd_matrices *p = y->p;
  room r = { .h = { .count = p->least, .length = p->m }, .k = columns_of_q(p) };
  r.rows = nd_reflections_lay(&r.h, y->shared, p->width);
  r.q = r.rows + p->n * p->m * p->width;
  return r;
}

static size_t own_bytes(const nd_matrices *p)
{
  return nd_reflections_own(p, p->m);
}

// ------------------------------------------------------------------ stages --

// Reflections that a stage makes, so that it does not take long.
static int64_t some(const nd_matrices *p)
{
  const int64_t n = 16384 / (p->m + 1);
  return n < 1 ? 1 : nd_least(n, BLOCK);
}

// A block is made in pieces, joined, and applied to all rows after it; then q
// is made, from the last block to the first.
static int64_t block_stages(const nd_matrices *p)
{
  return nd_parts(BLOCK, some(p)) + 2;
}

static int64_t stages(const nd_matrices *p)
{
  return 2 + nd_reflections_blocks(p->least) * (block_stages(p) + 1);
}

static float cost(const nd_matrices *p)
{
  const double m = (double)p->m, n = (double)p->n, k = (double)columns_of_q(p);
  return 40 + (float)(m * n * 4) + 80 * (float)n * (float)p->least +
         nd_terms_cost(p, m * n * n * 2 + m * k * (double)p->least * 2);
}

static nd_stage stage(const nd_matrices *p, int64_t i)
{
  const int64_t each = block_stages(p);
  const int64_t blocks = nd_reflections_blocks(p->least);
  if (i == 0)
    return nd_strips(p, p->n + columns_of_q(p), (float)(BAND * p->m));
  if (i == stages(p) - 1)
    return nd_strips(p, p->m + columns_of_q(p), (float)(BAND * p->m));
  if (--i >= blocks * each)
    return nd_reflections_stage(
      p, columns_of_q(p) - (blocks * (each + 1) - 1 - i) * BLOCK, p->m);
  const int64_t next = nd_least(i / each * BLOCK + BLOCK, p->least);
  if (i % each == each - 1)
    return nd_reflections_stage(p, p->n - next, p->m);
  if (i % each == each - 2)
    return (nd_stage){ 1, nd_terms_cost(p, (double)(BLOCK * BLOCK * p->m)) };
  return (nd_stage){ 1,
                     nd_terms_cost(p, (double)(some(p) * 2 * BLOCK * p->m)) };
}

// ----------------------------------------------------------------- running --

// x' and the unit matrix.
static void load(const nd_piece *y, const room *r)
{
  const nd_matrices *p = y->p;
  const char *x = nd_matrix_at(p->job->in[0], p->job->in[0], y->matrix);
  const int64_t from = y->from * BAND;
  const int64_t to = nd_least(p->n + r->k, y->to * BAND);
  const int64_t rows = nd_least(to, p->n);
  if (from < rows)
    nd_flip_rows(p, from, rows, p->m, x, p->n, r->rows, p->m);
  for (int64_t i = from > p->n ? from - p->n : 0; i < to - p->n; i++) {
    char *row = r->q + i * p->m * p->width;
    memset(row, 0, (size_t)(p->m * p->width));
    nd_element_set(p, row, i, 1);
  }
}

// Reflections from..to-1 of a block that ends with `end`.
static void make(const nd_piece *y, const room *r, int64_t from, int64_t to,
                 int64_t end)
{
  const nd_matrices *p = y->p;
  for (int64_t i = from; i < to; i++) {
    char *x = r->rows + i * p->m * p->width;
    nd_element_set(p, x, i, nd_reflections_make(p, &r->h, i, x));
    for (int64_t row = i + 1; row < end; row++)
      nd_reflections_apply(p, &r->h, i, r->rows + row * p->m * p->width);
  }
}

static void store(const nd_piece *y, const room *r)
{
  const nd_matrices *p = y->p;
  const nd_job *j = p->job;
  char *q = nd_matrix_at(j->out[Q], j->out[Q], y->matrix);
  char *out = nd_matrix_at(j->out[R], j->out[R], y->matrix);
  const int64_t from = y->from * BAND;
  const int64_t to = nd_least(p->m + r->k, y->to * BAND);
  const int64_t rows = nd_least(to, p->m);
  if (from < rows)
    nd_flip_rows(p, from, rows, r->k, r->q, p->m, q, r->k);
  const int64_t first = from > p->m ? from - p->m : 0;
  if (first >= to - p->m)
    return;
  nd_flip_rows(p, first, to - p->m, p->n, r->rows, p->m, out, p->n);
  for (int64_t i = first; i < to - p->m; i++)
    memset(out + i * p->n * p->width, 0,
           (size_t)(nd_least(i, p->n) * p->width));
}

static void run_block(const nd_piece *y, const room *r, int64_t i)
{
  const nd_matrices *p = y->p;
  const int64_t each = block_stages(p), number = i / each, at = i % each;
  const int64_t first = number * BLOCK;
  const int64_t end = nd_least(first + BLOCK, p->least);
  if (at < each - 2)
    make(y, r, nd_least(first + at * some(p), end),
         nd_least(first + (at + 1) * some(p), end), end);
  else if (at == each - 2)
    nd_reflections_join(y, &r->h, number);
  else
    nd_reflections_run(y, &r->h, number, false, r->rows + end * p->m * p->width,
                       p->m, p->n - end);
}

static void run(const nd_piece *y)
{
  const nd_matrices *p = y->p;
  const room r = find_room(y);
  const int64_t blocks = nd_reflections_blocks(p->least);
  const int64_t made = blocks * block_stages(p), i = y->stage - 1;
  if (y->stage == 0) {
    load(y, &r);
  } else if (y->stage == stages(p) - 1) {
    store(y, &r);
  } else if (i < made) {
    run_block(y, &r, i);
  } else {
    const int64_t number = made + blocks - 1 - i, first = number * BLOCK;
    nd_reflections_run(y, &r.h, number, true, r.q + first * p->m * p->width,
                       p->m, r.k - first);
  }
}

static const nd_series series = {
  .stages = stages,
  .stage = stage,
  .run = run,
  .cost = cost,
  .shared = shared_bytes,
  .own = own_bytes,
};

// ------------------------------------------------------------- derivatives --

bool nd_rule_qr(nd_context *c, nd_tensor *x, nd_tensor **out)
{
  return x != NULL && nd_rule_all(c, &nd_op_qr, 1, &x,
                                  (nd_value[]){ nd_value_integer(false) }, out);
}

// The first or last columns of `x`: `n` of them.
static nd_tensor *columns(nd_context *c, nd_tensor *x, bool first, int64_t n)
{
  if (x == NULL)
    return NULL;
  const int64_t size = x->dims[x->rank - 1];
  int64_t ends[3 * ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++) {
    ends[3 * i] = 1;
    ends[3 * i + 1] = x->dims[i];
    ends[3 * i + 2] = 1;
  }
  ends[3 * x->rank - 3] = first ? 1 : size - n + 1;
  ends[3 * x->rank - 2] = first ? n : size;
  return SLICE(x, nd_value_list(3 * x->rank, ends));
}

// y r'^-1
static nd_tensor *divide(nd_context *c, nd_tensor *y, nd_tensor *r)
{
  return ADJOINT(SOLVE_TRIANGLE(r, ADJOINT(y), false, false));
}

// Of a square r, with m = r gr' - gq' q:
//   gx = (gq + q (lower(m) + strictly_lower(m)')) r'^-1.
static nd_tensor *pull(nd_context *c, nd_tensor *q, nd_tensor *r, nd_tensor *gq,
                       nd_tensor *gr)
{
  nd_tensor *m = ADD_ANY(MATMUL(r, false, gr, true),
                         MATMUL(NEG(gq), true, q, false));
  nd_tensor *both = ADD(TRIANGLES(m, 1, 1, 0), ADJOINT(TRIANGLES(m, 1, 0, 0)));
  return divide(c, ADD_ANY(gq, MATMUL(q, false, both, false)), r);
}

// What is beyond the first m columns of a wide x = [x1 x2] is q' x2 in r.
static nd_tensor *pull_wide(nd_context *c, const nd_job *j, nd_tensor *gq,
                            nd_tensor *gr)
{
  nd_tensor *x = j->in[0];
  const int64_t m = x->dims[x->rank - 2], n = x->dims[x->rank - 1];
  nd_tensor *q = j->out[Q], *x2 = columns(c, x, false, n - m);
  nd_tensor *gr2 = columns(c, gr, false, n - m);
  nd_tensor *parts[] = { NULL, gr2 != NULL ? MATMUL(q, false, gr2, false)
                                           : ZEROS(x2) };
  gq = ADD_ANY(gq, MATMUL(x2, false, gr2, true));
  parts[0] = pull(c, q, columns(c, j->out[R], true, m), gq,
                  columns(c, gr, true, m));
  return parts[0] == NULL ? NULL : CONCAT(2, parts, -1);
}

static bool has_derivative(nd_context *c, const nd_job *j)
{
  const nd_tensor *x = j->in[0];
  return !j->attr[FULL].integer ||
         x->dims[x->rank - 2] <= x->dims[x->rank - 1] ||
         nd_fail(c, ND_BAD_ARGUMENT,
                 "no gradient with full_matrices of more rows than columns: x "
                 "is %s; leave full_matrices out",
                 ND_SHAPE(x->rank, x->dims));
}

static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  const nd_tensor *x = j->in[0];
  if (!has_derivative(c, j))
    return;
  gx[0] = x->dims[x->rank - 2] < x->dims[x->rank - 1]
            ? pull_wide(c, j, g[Q], g[R])
            : pull(c, j->out[Q], j->out[R], g[Q], g[R]);
}

// With s = q' dx r^-1 and the skew w = lower(s) - lower(s)', strictly lower:
//   dr = q' dx - w r,  dq = q w + (dx - q q' dx) r^-1.
static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  nd_tensor *x = j->in[0], *q = j->out[Q];
  const int64_t m = x->dims[x->rank - 2], n = x->dims[x->rank - 1];
  if (!has_derivative(c, j))
    return;
  const bool wide = m < n;
  nd_tensor *r = wide ? columns(c, j->out[R], true, m) : j->out[R];
  nd_tensor *dx = wide ? columns(c, t[0], true, m) : t[0];
  nd_tensor *moved = ADJOINT(SOLVE_TRIANGLE(r, ADJOINT(dx), false, true));
  nd_tensor *s = MATMUL(q, true, moved, false);
  nd_tensor *lower = TRIANGLES(s, 1, 0, 0);
  nd_tensor *skew = SUB(lower, ADJOINT(lower));
  nd_tensor *within = MATMUL(q, false, SUB(skew, s), false);
  ty[Q] = ADD(moved, within);
  ty[R] = SUB(MATMUL(q, true, t[0], false),
              MATMUL(skew, false, j->out[R], false));
  ty[R] = TRIANGLES(ty[R], 0, 1, 1);
}

// ------------------------------------------------------------------- entry --

static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "full_matrices", ND_FLAG, "false" },
  { 0 },
};
static const char *const results[] = { "q", "r", NULL };

const nd_op nd_op_qr = {
  .name = "qr",
  .module = "linalg",
  .inside = true,
  .doc = "q with orthonormal columns and an upper triangular r, x = q r; as "
         "many columns of q as x has rows if full_matrices, else the lesser of "
         "rows and columns",
  .params = params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { 1 << 0 | ND_NEEDS_OUT },
  .results = results,
  .infer = infer,
  .work = nd_series_work,
  .series = &series,
  .dense = 1 << 0,
  .vjp = vjp,
  .jvp = jvp,
  .low = -1,
  .high = 1,
  .cases = "regular[3 3]; regular[4 2]; regular[2 4]; regular[2 2 2]; "
           "regular[3 3] full_matrices=true; regular[1 3]; [0 0]; [0 2 2]",
  .long_cases = "[300 300]; [300 100] full_matrices=true; [100 400]",
};

const nd_op *const nd_ops_linalg_qr[] = { &nd_op_qr, NULL };
