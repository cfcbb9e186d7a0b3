// ops/matmul.c: c[.. m n] = a[.. m k] b[.. k n]. Linear in a and in b, so
// forward mode needs no code; the transpose below is the whole derivative.
// Leading axes are batches and broadcast.

#include "kernel/matmul.h"

#include <string.h>

#include "kernel/tree.h"
#include "ops/rules.h"

ND_DECLARE_LEVELS(const nd_matmul_table, nd_matmul_table);

enum { TRANSPOSE_A, TRANSPOSE_B };  // attributes

static const nd_param params[] = {
  { "a", ND_TENSOR },
  { "b", ND_TENSOR },
  { "transpose_a", ND_FLAG, "false" },
  { "transpose_b", ND_FLAG, "false" },
  { 0 },
};

static bool is_flipped(const nd_job *j, int i)
{
  return j->attr[i == 0 ? TRANSPOSE_A : TRANSPOSE_B].integer != 0;
}

// Size of the rows (0) or columns (1) of input `i` as it is multiplied.
static int64_t side(const nd_job *j, int i, int axis)
{
  const nd_tensor *x = j->in[i];
  return x->dims[x->rank - 2 + (axis ^ (int)is_flipped(j, i))];
}

static int64_t side_stride(const nd_job *j, int i, int axis)
{
  const nd_tensor *x = j->in[i];
  return nd_strides(x)[x->rank - 2 + (axis ^ (int)is_flipped(j, i))];
}

// -------------------------------------------------------------- inference --

static bool fail_shapes(nd_context *c, const nd_job *j, const char *what)
{
  return nd_fail(c, ND_BAD_ARGUMENT, "%s: a is %s%s, b is %s%s", what,
                 ND_SHAPE(j->in[0]->rank, j->in[0]->dims),
                 is_flipped(j, 0) ? " transposed" : "",
                 ND_SHAPE(j->in[1]->rank, j->in[1]->dims),
                 is_flipped(j, 1) ? " transposed" : "");
}

// The batch axes of the result.
static bool infer_batch(const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0]->rank >= j->in[1]->rank ? j->in[0] : j->in[1];
  const nd_tensor *y = x == j->in[0] ? j->in[1] : j->in[0];
  const int missing = x->rank - y->rank;
  out->rank = x->rank;
  for (int i = 0; i < x->rank - 2; i++) {
    const int64_t p = x->dims[i];
    const int64_t q = i < missing ? 1 : y->dims[i - missing];
    if (p != q && p != 1 && q != 1)
      return false;
    out->shape[i] = p == 1 ? q : p;
  }
  return true;
}

static bool matmul_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  for (int i = 0; i < 2; i++) {
    const nd_tensor *x = j->in[i];
    if (x->rank < 2)
      return nd_fail(c, ND_BAD_ARGUMENT, "needs at least 2 axes: %s is %s",
                     params[i].name, ND_SHAPE(x->rank, x->dims));
  }
  if (side(j, 0, 1) != side(j, 1, 0))
    return fail_shapes(c, j, "inner sizes differ");
  if (!infer_batch(j, out))
    return fail_shapes(c, j, "batch axes do not broadcast");
  out->dtype = (nd_dtype)j->in[0]->dtype;
  out->shape[out->rank - 2] = side(j, 0, 0);
  out->shape[out->rank - 1] = side(j, 1, 1);
  return true;
}

// ---------------------------------------------------------------- running --

// Where matrix number `batch` of the result finds its input `i`.
static const void *find_matrix(const nd_job *j, int i, int64_t batch)
{
  const nd_tensor *x = j->in[i];
  const nd_tensor *out = j->out[0];
  const int missing = out->rank - x->rank;
  int64_t offset = 0;
  for (int axis = out->rank - 3; axis >= missing; axis--) {
    const int64_t at = batch % out->dims[axis];
    batch /= out->dims[axis];
    if (x->dims[axis - missing] != 1)
      offset += at * nd_strides(x)[axis - missing];
  }
  return nd_values(x) + offset * (int64_t)nd_dtype_size((nd_dtype)x->dtype);
}

// True if a's batches are multiplied with the same matrix, so that one after
// the other they are the rows of one matrix.
static bool stacks(const nd_job *j)
{
  return j->in[0]->rank > 2 && j->in[1]->rank == 2 && !is_flipped(j, 0);
}

static nd_matmul plan(const nd_job *j)
{
  nd_matmul p = {
    .m = side(j, 0, 0),
    .n = side(j, 1, 1),
    .k = side(j, 0, 1),
    .a_row = side_stride(j, 0, 0),
    .a_column = side_stride(j, 0, 1),
    .b_row = side_stride(j, 1, 0),
    .b_column = side_stride(j, 1, 1),
  };
  if (stacks(j) && j->in[0]->dense) {
    p.m = j->out[0]->size / p.n;
    p.a_row = p.k;
    p.a_column = 1;
  }
  return p;
}

// Elements from..to-1 of the result, matrix by matrix.
static void run_batches(const nd_job *j, const nd_matmul_kernels *kernels,
                        nd_matmul *p, void *scratch, int64_t from, int64_t to)
{
  const int64_t size = p->m * p->n;
  const size_t width = nd_dtype_size((nd_dtype)j->out[0]->dtype);
  for (int64_t batch = from / size; batch * size < to; batch++) {
    const int64_t first = batch * size;
    p->a = find_matrix(j, 0, batch);
    p->b = find_matrix(j, 1, batch);
    p->c = j->out[0]->data + first * (int64_t)width;
    p->from = from > first ? from - first : 0;
    p->to = to - first < size ? to - first : size;
    kernels->run(p, scratch);
  }
}

static const nd_matmul_kernels *find_kernels(const nd_job *j)
{
  static const nd_matmul_table *const tables[ND_LEVELS] = ND_LIST_LEVELS(
    nd_matmul_table);
  const nd_tensor *out = j->out[0];
  return tables[out->context->level]->at[out->dtype];
}

static void run_range(const nd_job *j, void *scratch, int64_t from, int64_t to)
{
  nd_matmul p = plan(j);
  run_batches(j, find_kernels(j), &p, scratch, from, to);
}

static void matmul_run(const nd_job *j, int64_t from, int64_t to)
{
  run_range(j, NULL, from, to);
}

static void run_with_scratch(const void *what, void *shared, void *own,
                             int64_t from, int64_t to)
{
  run_range(what, own, from, to);
}

// ------------------------------------------------------------------ cutting --

// Elements of the result are units where a piece of them has rows enough to pay
// for packing b again. What is larger is cut into areas: units of a step take
// some terms of one area each, and steps follow each other along k.

enum {
  BLOCK = ND_MATMUL_CHAIN * ND_MATMUL_CHAINS,
  MANY_ROWS = 384,  // that share what is packed of b
  FLIPPED = 256,    // the same where a is packed, for as many columns
  AREA = 65536,     // elements of an area, at most
  DOTS = 512,       // the same where a dot is a loop of its own
  AREAS = 4         // that are worked on at the same time
};

// Nanoseconds that a term takes for so many rows and columns: to multiply, and
// to read b.
static float term_cost(const nd_job *j, int64_t rows, int64_t columns)
{
  const nd_dtype dtype = (nd_dtype)j->out[0]->dtype;
  const float width = (float)nd_dtype_size(dtype);
  const float each = nd_dtype_in(dtype, ND_FLOATS) ? .0125F * width : 1;
  return (float)columns * ((float)rows * each + .1F * width);
}

// True if elements are dots of two rows that lie in memory, so that nothing is
// packed; so do integers.
static bool are_dots(const nd_job *j, const nd_matmul *p)
{
  return !nd_dtype_in((nd_dtype)j->out[0]->dtype, ND_FLOATS) ||
         (p->m == 1 && p->b_row == 1) || (p->n == 1 && p->a_column == 1);
}

typedef struct cuts {
  nd_matmul p;
  int64_t rows, columns;  // of an area
  int64_t terms;          // of a step: a chain, or blocks
  int64_t leaf;           // terms of what is put together by kernel/tree.h
  int64_t beside, areas;  // in one row of areas; in all
} cuts;

static int64_t least(int64_t x, int64_t y)
{
  return x < y ? x : y;
}

static int64_t parts_of(int64_t n, int64_t size)
{
  return (n + size - 1) / size;
}

// Columns of areas, all of about one width.
static int64_t area_width(const nd_job *j, const cuts *c, int64_t most)
{
  const float term = term_cost(j, c->rows, 1) * ND_MATMUL_CHAIN;
  const int64_t fit = least(most / c->rows, (int64_t)(2 * ND_PATIENCE / term));
  const int64_t areas = parts_of(c->p.n, fit / 64 * 64 > 0 ? fit / 64 * 64 : 1);
  return least(parts_of(parts_of(c->p.n, areas), 64) * 64, c->p.n);
}

// As many blocks as may be taken at once; a chain if not even one.
static int64_t choose_terms(const nd_job *j, const cuts *c)
{
  const float cost = term_cost(j, c->rows, c->columns);
  int64_t terms = BLOCK;
  if (cost * BLOCK > ND_PATIENCE && find_kernels(j)->chain != NULL)
    return ND_MATMUL_CHAIN;
  while (terms < c->p.k && 2 * cost * (float)terms <= ND_PATIENCE)
    terms *= 2;
  return terms;
}

static cuts cut(const nd_job *j)
{
  cuts c = { .p = plan(j) };
  const bool dots = are_dots(j, &c.p);
  c.rows = dots && c.p.n > 1 ? 1
                             : least(c.p.m, dots                ? DOTS
                                            : c.p.a_column == 1 ? MANY_ROWS
                                                                : FLIPPED);
  c.columns = area_width(j, &c, dots ? DOTS : AREA);
  c.terms = choose_terms(j, &c);
  c.leaf = c.terms < BLOCK ? BLOCK : c.terms;
  c.beside = parts_of(c.p.n, c.columns);
  c.areas = j->out[0]->size / (c.p.m * c.p.n) * c.beside *
            parts_of(c.p.m, c.rows);
  return c;
}

// Elements that wait for other blocks of one area; 0 if it is worked on where
// it is to stand.
static int64_t count_slots(const cuts *c)
{
  const int64_t leaves = parts_of(c->p.k, c->leaf);
  return leaves == 1 && c->terms < BLOCK
           ? 0
           : nd_tree_slots(leaves) * c->rows * c->columns;
}

// One area at work: its multiply, some terms of it, and where its slots lie.
typedef struct area {
  const nd_matmul_kernels *kernels;
  nd_matmul p;
  char *c;  // where it is to stand, rows of `c_row` elements
  int64_t c_row;
  char *slots;
  int64_t size, width;  // elements of a slot, bytes of one
} area;

static char *slot(const area *y, int i)
{
  return y->slots + i * y->size * y->width;
}

static void join(void *all, int into, int from)
{
  const area *y = all;
  y->kernels->plus(y->size, slot(y, into), slot(y, from));
}

static area see_area(const nd_job *j, const cuts *c, int64_t number,
                     void *shared)
{
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)j->out[0]->dtype);
  const int64_t each = c->beside * parts_of(c->p.m, c->rows);
  const int64_t batch = number / each;
  const int64_t row = number % each / c->beside * c->rows;
  const int64_t column = number % c->beside * c->columns;
  area y = { .kernels = find_kernels(j), .p = c->p, .c_row = c->p.n };
  y.width = width;
  y.p.m = least(c->rows, c->p.m - row);
  y.p.n = least(c->columns, c->p.n - column);
  y.p.from = 0;
  y.p.to = y.size = y.p.m * y.p.n;
  y.p.a = (const char *)find_matrix(j, 0, batch) + row * c->p.a_row * width;
  y.p.b = (const char *)find_matrix(j, 1, batch) +
          column * c->p.b_column * width;
  y.c = j->out[0]->data + ((batch * c->p.m + row) * c->p.n + column) * width;
  y.slots = (char *)shared + number % AREAS * count_slots(c) * width;
  return y;
}

// Copies a slot to where the area is to stand.
static void deliver(const area *y, const char *in)
{
  const size_t bytes = (size_t)(y->p.n * y->width);
  for (int64_t i = 0; i < y->p.m; i++)
    memcpy(y->c + i * y->c_row * y->width, in + (size_t)i * bytes, bytes);
}

// Terms from `first` on of the area, into its slots.
static void run_in_slots(const cuts *c, area *y, int64_t first, void *own)
{
  const int64_t leaf = first / c->leaf, end = first + y->p.k;
  y->p.c = slot(y, nd_tree_slot(leaf));
  if (c->terms < BLOCK)
    y->kernels->chain(&y->p, y->p.n, first % c->leaf != 0, own);
  else
    y->kernels->run(&y->p, own);
  if (end % c->leaf == 0 || end == c->p.k)
    nd_tree_add(leaf, join, y);
  if (end == c->p.k)
    deliver(y, slot(y, nd_tree_end(leaf + 1, join, y)));
}

// Unit i * areas + n takes part i of the terms of area n.
static void run_areas(const void *what, void *shared, void *own, int64_t from,
                      int64_t to)
{
  const nd_job *j = what;
  const cuts c = cut(j);
  for (int64_t unit = from; unit < to; unit++) {
    const int64_t first = unit / c.areas * c.terms;
    const int64_t width = (int64_t)nd_dtype_size((nd_dtype)j->out[0]->dtype);
    area y = see_area(j, &c, unit % c.areas, shared);
    y.p.a = (const char *)y.p.a + first * c.p.a_column * width;
    y.p.b = (const char *)y.p.b + first * c.p.b_row * width;
    y.p.k = least(c.terms, c.p.k - first);
    y.p.c = y.c;
    if (count_slots(&c) > 0)
      run_in_slots(&c, &y, first, own);
    else
      y.kernels->chain(&y.p, y.c_row, first > 0, own);
  }
}

// True if elements are units; then what one costs.
static bool has_cheap_elements(const nd_job *j, float *cost)
{
  const nd_matmul p = plan(j);
  const int64_t rows = least(p.m, MANY_ROWS);
  const bool dots = are_dots(j, &p);
  *cost = 0;
  if (j->out[0]->size == 0)
    return true;
  *cost = (float)p.k * term_cost(j, dots ? 1 : rows, dots ? 1 : p.n) /
          (float)(dots ? 1 : rows * p.n);
  return *cost * (float)(dots ? 1 : rows * p.n) <= ND_PATIENCE;
}

static bool matmul_next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  *step = (nd_step){ .units = j->out[0]->size, .run = run_with_scratch };
  if (has_cheap_elements(j, &step->cost))
    return i == 0;
  const cuts c = cut(j);
  const int64_t parts = parts_of(c.p.k, c.terms);
  const int64_t first = i / parts * AREAS;
  *step = (nd_step){ .first = i % parts * c.areas + first,
                     .units = least(AREAS, c.areas - first),
                     .cost = term_cost(j, c.rows, c.columns) * (float)c.terms,
                     .run = run_areas };
  return first < c.areas;
}

// Only large products need more memory than the stack has.
static nd_work matmul_work(const nd_job *j)
{
  float cost;
  nd_matmul p = plan(j);
  p.to = p.m * p.n;
  if (has_cheap_elements(j, &cost)) {
    const size_t own = find_kernels(j)->scratch(&p);
    const bool tiny = own == 0 && cost * (float)p.to <= ND_PATIENCE;
    return (nd_work){ .own = own, .next = tiny ? NULL : matmul_next };
  }
  const cuts c = cut(j);
  const size_t width = nd_dtype_size((nd_dtype)j->out[0]->dtype);
  p.m = c.rows;
  p.n = c.columns;
  p.to = p.m * p.n;
  p.k = c.terms < BLOCK ? 2 * ND_MATMUL_CHAIN : c.terms;
  return (nd_work){ .shared = (size_t)(AREAS * count_slots(&c)) * width,
                    .own = find_kernels(j)->scratch(&p),
                    .next = matmul_next };
}

// ------------------------------------------------------------- derivative --

nd_tensor *nd_rule_matmul(nd_context *c, nd_tensor *x, bool flip_x,
                          nd_tensor *y, bool flip_y)
{
  const nd_value attr[] = { [TRANSPOSE_A] = nd_value_integer(flip_x),
                            [TRANSPOSE_B] = nd_value_integer(flip_y) };
  return nd_rule_apply(c, &nd_op_matmul, 2, (nd_tensor *[]){ x, y }, attr);
}

// The batches of `x`, one after the other, as the rows of one matrix.
static nd_tensor *stack(nd_context *c, nd_tensor *x)
{
  if (x == NULL)
    return NULL;
  const int64_t width = x->dims[x->rank - 1];
  int64_t rows = 1;
  for (int i = 0; i < x->rank - 1; i++)
    rows *= x->dims[i];
  return RESHAPE(x, 2, ((int64_t[]){ rows, width }));
}

// With c = A B, dA = g B^T and dB = A^T g; a flipped input wants that
// transposed, which flips and swaps the factors.
static nd_tensor *by_a(nd_context *c, const nd_job *j, nd_tensor *g)
{
  const bool flip_b = is_flipped(j, 1);
  return is_flipped(j, 0) ? MATMUL(j->in[1], flip_b, g, true)
                          : MATMUL(g, false, j->in[1], !flip_b);
}

static nd_tensor *by_b(nd_context *c, const nd_job *j, nd_tensor *g)
{
  const bool flip_a = is_flipped(j, 0);
  nd_tensor *x = j->in[0];
  if (stacks(j)) {
    x = stack(c, x);
    g = stack(c, g);
  }
  return is_flipped(j, 1) ? MATMUL(g, true, x, flip_a)
                          : MATMUL(x, !flip_a, g, false);
}

static void matmul_transpose(nd_context *c, const nd_job *j,
                             nd_tensor *const *g, const bool *wanted,
                             nd_tensor **gx)
{
  if (wanted[0])
    gx[0] = by_a(c, j, g[0]);
  if (wanted[1])
    gx[1] = by_b(c, j, g[0]);
}

const nd_op nd_op_matmul = {
  .name = "matmul",
  .doc = "matrix product a[.. m k] b[.. k n], of either transposed if told to; "
         "leading axes are batches and broadcast",
  .params = params,
  .attrs = 2,
  .dtypes = ND_NUMBERS,
  .derivative = ND_BILINEAR,
  .needs = { 1 << 1, 1 << 0 },
  .infer = matmul_infer,
  .run = matmul_run,
  .work = matmul_work,
  .transpose = matmul_transpose,
  .low = -3,
  .high = 3,
  .cases = "[2 3] [3 4]; [3 2] [3 4] transpose_a=true; "
           "[2 3] [4 3] transpose_b=true; "
           "[3 2] [4 3] transpose_a=true transpose_b=true; [2 2 3] [3 4]; "
           "[2 1 2 3] [3 3 2]; [2 2 3] [4 3] transpose_b=true; "
           "[2 3 2] [3 4] transpose_a=true; [0 3] [3 4]; [2 0] [0 3]",
  .long_cases =
    "[300 300] [300 500]; [100 1300] [1300 700]; [2 1000 300] [2 300 130]; "
    "[1 3000] [3000 9000]; [3 200000] [200000 5]; [5 200000] [200000 3]; "
    "[1 1200000] [2 1200000] transpose_b=true; [2 1200000] [1200000 1]; "
    "[1300 500] [1300 300] transpose_a=true",
  .cost = 8,
};

const nd_op *const nd_ops_matmul[] = { &nd_op_matmul, NULL };
