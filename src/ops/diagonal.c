// ops/diagonal.c: diagonals of matrices, the last two axes, and what is beside
// them. Diagonal k begins k columns to the right of the corner, or -k
// rows below it.

#include "op/axes.h"
#include "ops/rules.h"

// ------------------------------------------------------------------- masks --

// Positions 0.. along one axis of a shape of that rank, with 1 for the others.
static nd_tensor *positions(nd_context *c, int rank, int axis, int64_t size)
{
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < rank; i++)
    shape[i] = i == axis ? size : 1;
  return RESHAPE(COUNT(size, 1), rank, shape);
}

// Column less row of every element of a matrix.
static nd_tensor *offsets(nd_context *c, int64_t rows, int64_t columns)
{
  return SUB(positions(c, 2, 1, columns), positions(c, 2, 0, rows));
}

// True on diagonal k.
static nd_tensor *on_diagonal(nd_context *c, int64_t rows, int64_t columns,
                              int64_t k)
{
  nd_tensor *at = offsets(c, rows, columns);
  return at == NULL ? NULL : EQ(at, NUMBER(at, (double)k));
}

static bool check_matrix(nd_context *c, const nd_tensor *x)
{
  return x->rank >= 2 ||
         nd_fail(c, ND_BAD_ARGUMENT, "needs at least 2 axes, got %s",
                 ND_SHAPE(x->rank, x->dims));
}

// How many elements diagonal k has; 0 outside.
static int64_t length_of(int64_t rows, int64_t columns, int64_t k)
{
  const int64_t right = columns - (k > 0 ? k : 0);
  const int64_t down = rows - (k < 0 ? -k : 0);
  const int64_t least = right < down ? right : down;
  return least > 0 ? least : 0;
}

// ---------------------------------------------------------------- diagonal --

enum { AXES = 0 };  // attribute: two axes

static const nd_param diagonal_params[] = {
  { "x", ND_TENSOR },
  { "axes", ND_AXES },
  { 0 },
};

typedef struct pair {
  int first, second;
} pair;

static pair axes_of(const nd_job *j)
{
  const nd_value *v = &j->attr[AXES];
  const int rank = j->in[0]->rank;
  return (pair){ nd_axis_place(v->list[0], rank),
                 nd_axis_place(v->list[1], rank) };
}

static bool diagonal_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *x = j->in[0];
  if (nd_axes_resolve(c, &j->attr[AXES], x->rank) < 0)
    return false;
  if (j->attr[AXES].n != 2)
    return nd_fail(c, ND_BAD_ARGUMENT, "needs two axes, got %d",
                   j->attr[AXES].n);
  const pair p = axes_of(j);
  if (x->dims[p.first] != x->dims[p.second])
    return nd_fail(c, ND_BAD_ARGUMENT, "axes %d and %d of %s differ",
                   p.first + 1, p.second + 1, ND_SHAPE(x->rank, x->dims));
  *out = nd_type_of(x);
  out->rank = 0;
  for (int i = 0; i < x->rank; i++) {
    if (i != p.second)
      out->shape[out->rank++] = x->dims[i];
  }
  return true;
}

static void diagonal_view(nd_context *c, const nd_job *j, const nd_type *type)
{
  nd_tensor *x = j->in[0];
  const pair p = axes_of(j);
  int64_t strides[ND_MAX_RANK];
  for (int i = 0, n = 0; i < x->rank; i++) {
    if (i != p.second)
      strides[n++] = nd_strides(x)[i] +
                     (i == p.first ? nd_strides(x)[p.second] : 0);
  }
  j->out[0] = nd_tensor_view(x, type->rank, type->shape, strides, 0);
}

static void diagonal_transpose(nd_context *c, const nd_job *j,
                               nd_tensor *const *g, const bool *wanted,
                               nd_tensor **gx)
{
  const nd_tensor *x = j->in[0];
  const pair p = axes_of(j);
  const int64_t size = x->dims[p.first];
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    shape[i] = i == p.second ? 1 : x->dims[i];
  nd_tensor *mask = EQ(positions(c, x->rank, p.first, size),
                       positions(c, x->rank, p.second, size));
  nd_tensor *spread = RESHAPE(g[0], x->rank, shape);
  gx[0] = IF(mask, spread, NUMBER(x, 0));
}

nd_tensor *nd_rule_as_row(nd_context *c, nd_tensor *w, bool flip)
{
  if (w == NULL)
    return NULL;
  const int last = w->rank - 1;
  const int64_t n = w->dims[last];
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < last; i++)
    shape[i] = w->dims[i];
  shape[last] = flip ? n : 1;
  shape[last + 1] = flip ? 1 : n;
  return RESHAPE(w, w->rank + 1, shape);
}

nd_tensor *nd_rule_diagonal_of(nd_context *c, nd_tensor *x, int first,
                               int second)
{
  const int64_t axes[] = { first + 1, second + 1 };
  const nd_value attr[] = { [AXES] = nd_value_list(2, axes) };
  return nd_rule_apply(c, &nd_op_diagonal, 1, &x, attr);
}

nd_tensor *nd_rule_diagonal(nd_context *c, nd_tensor *x)
{
  return x == NULL ? NULL : DIAGONAL_OF(x, x->rank - 2, x->rank - 1);
}

const nd_op nd_op_diagonal = {
  .name = "diagonal",
  .hidden = true,
  .doc = "what lies at equal places of two axes, as the first of them",
  .params = diagonal_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .infer = diagonal_infer,
  .view = diagonal_view,
  .transpose = diagonal_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3 3] axes=[1 2]; [2 3 2] axes=[3 1]; [0 0] axes=[1 2]; "
           "[2 3 4 3] axes=[2 -1]",
};

// --------------------------------------------------------------- diag_part --

enum { K = 0 };  // attribute

static const nd_param part_params[] = {
  { "x", ND_TENSOR },
  { "k", ND_INTEGER, "0" },
  { 0 },
};

static bool check_inside(nd_context *c, const nd_tensor *x, int64_t k)
{
  const int64_t rows = x->dims[x->rank - 2], columns = x->dims[x->rank - 1];
  return (k > -rows && k < columns) || k == 0 ||
         nd_fail(c, ND_BAD_ARGUMENT, "k %lld is outside matrices of %s",
                 (long long)k, ND_SHAPE(x->rank, x->dims));
}

// Positions first..first+n-1 of an axis.
static nd_tensor *take(nd_context *c, nd_tensor *x, int axis, int64_t first,
                       int64_t n)
{
  if (x == NULL)
    return NULL;
  return n > 0 ? SLICE_ALONG(x, axis, first, first + n - 1, 1)
               : SLICE_ALONG(x, axis, 2, 1, 1);
}

// Diagonal k of matrices, NULL after an error.
static nd_tensor *part_of(nd_context *c, nd_tensor *x, int64_t k)
{
  if (!check_matrix(c, x) || !check_inside(c, x, k))
    return NULL;
  const int row = x->rank - 2, column = x->rank - 1;
  const int64_t n = length_of(x->dims[row], x->dims[column], k);
  nd_tensor *part = take(c, x, row, k < 0 ? 1 - k : 1, n);
  part = take(c, part, column, k > 0 ? 1 + k : 1, n);
  return part == NULL ? NULL : DIAGONAL_OF(part, row, column);
}

static void diag_part(nd_context *c, const nd_job *j)
{
  j->out[0] = part_of(c, j->in[0], j->attr[K].integer);
}

const nd_op nd_op_diag_part = {
  .name = "diag_part",
  .module = "linalg",
  .inside = true,
  .doc = "diagonal k of matrices, the last two axes: k columns right of the "
         "corner, or -k rows below it",
  .params = part_params,
  .attrs = 1,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = diag_part,
  .low = -3,
  .high = 3,
  .cases = "[3 3]; [2 3 4] k=1; [4 3] k=-2; [0 3]",
};

static void trace(nd_context *c, const nd_job *j)
{
  nd_tensor *x = part_of(c, j->in[0], 0);
  if (x != NULL)
    j->out[0] = SUM_ALONG(x, x->rank, DROP);
}

static const nd_param matrix_params[] = { { "x", ND_TENSOR }, { 0 } };

const nd_op nd_op_trace = {
  .name = "trace",
  .module = "linalg",
  .inside = true,
  .doc = "sum of the diagonal of matrices, the last two axes",
  .params = matrix_params,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = trace,
  .low = -3,
  .high = 3,
  .cases = "[3 3]; [2 3 4]; [0 0]",
};

// ------------------------------------------------------- matrices of these --

// `d` [.. n] with zeros up to [.. size] behind it.
static nd_tensor *lengthen(nd_context *c, nd_tensor *d, int64_t size)
{
  const int last = d->rank - 1;
  int64_t shape[ND_MAX_RANK];
  for (int i = 0; i < d->rank; i++)
    shape[i] = d->dims[i];
  shape[last] = size - d->dims[last];
  if (shape[last] == 0)
    return d;
  nd_tensor *parts[] = { d, BROADCAST(NUMBER(d, 0), d->rank, shape) };
  return CONCAT(2, parts, d->rank);
}

// Matrices like `rest`, a tensor or a number, with `d` as their diagonal k. It
// is spread over all columns if k is not below 0, else over all rows.
static nd_tensor *put_diagonal(nd_context *c, nd_tensor *d, int64_t rows,
                               int64_t columns, int64_t k, nd_tensor *rest)
{
  int64_t shape[ND_MAX_RANK];
  const int last = d->rank - 1;
  if (d->rank == ND_MAX_RANK) {
    nd_fail(c, ND_BAD_ARGUMENT, "more than %d axes", ND_MAX_RANK);
    return NULL;
  }
  d = lengthen(c, d, k >= 0 ? rows : columns);
  if (d == NULL)
    return NULL;
  for (int i = 0; i < last; i++)
    shape[i] = d->dims[i];
  shape[last] = k >= 0 ? rows : 1;
  shape[last + 1] = k >= 0 ? 1 : columns;
  return IF(on_diagonal(c, rows, columns, k), RESHAPE(d, d->rank + 1, shape),
            rest);
}

static const nd_param diag_params[] = {
  { "diagonal", ND_TENSOR },
  { "k", ND_INTEGER, "0" },
  { 0 },
};

static void diag(nd_context *c, const nd_job *j)
{
  nd_tensor *d = j->in[0];
  const int64_t k = j->attr[K].integer;
  int64_t side;
  if (d->rank < 1) {
    nd_fail(c, ND_BAD_ARGUMENT, "needs at least 1 axis, got []");
    return;
  }
  if (k == INT64_MIN ||
      __builtin_add_overflow(d->dims[d->rank - 1], k < 0 ? -k : k, &side)) {
    nd_fail(c, ND_BAD_ARGUMENT, "k is too large: %lld", (long long)k);
    return;
  }
  j->out[0] = put_diagonal(c, d, side, side, k, NUMBER(d, 0));
}

const nd_op nd_op_diag = {
  .name = "diag",
  .module = "linalg",
  .inside = true,
  .doc = "square matrices of zeros but for diagonal k",
  .params = diag_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = diag,
  .low = -3,
  .high = 3,
  .cases = "[3]; [2 3] k=1; [2] k=-2; [0]",
};

static const nd_param set_params[] = {
  { "x", ND_TENSOR },
  { "diagonal", ND_TENSOR },
  { "k", ND_INTEGER, "0" },
  { 0 },
};

// [.. n] for matrices [.. rows columns].
static bool check_diagonal(nd_context *c, const nd_tensor *x,
                           const nd_tensor *d, int64_t n)
{
  bool fits = d->rank == x->rank - 1 && d->dims[d->rank - 1] == n;
  for (int i = 0; i < d->rank - 1 && fits; i++)
    fits = d->dims[i] == x->dims[i];
  return fits || nd_fail(c, ND_BAD_ARGUMENT,
                         "the diagonal of %s has %lld elements, got %s",
                         ND_SHAPE(x->rank, x->dims), (long long)n,
                         ND_SHAPE(d->rank, d->dims));
}

static void set_diag(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0], *d = j->in[1];
  const int64_t k = j->attr[K].integer;
  if (!check_matrix(c, x) || !check_inside(c, x, k))
    return;
  const int64_t rows = x->dims[x->rank - 2], columns = x->dims[x->rank - 1];
  if (check_diagonal(c, x, d, length_of(rows, columns, k)))
    j->out[0] = put_diagonal(c, d, rows, columns, k, x);
}

const nd_op nd_op_set_diag = {
  .name = "set_diag",
  .module = "linalg",
  .inside = true,
  .doc = "matrices x with another diagonal k",
  .params = set_params,
  .attrs = 1,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = set_diag,
  .low = -3,
  .high = 3,
  .cases = "[3 3] [3]; [2 3 4] [2 3] k=1; [4 3] [2] k=-2; [0 3] [0]",
};

// --------------------------------------------------------------- band_part --

enum { LOWER, UPPER };  // attributes

static const nd_param band_params[] = {
  { "x", ND_TENSOR },
  { "num_lower", ND_INTEGER },
  { "num_upper", ND_INTEGER },
  { 0 },
};

// Beyond all matrices where nothing is to be cut.
static double limit(int64_t diagonals)
{
  const double far = 0x1p62;
  return diagonals < 0 || (double)diagonals > far ? far : (double)diagonals;
}

// True up to `lower` below the diagonal and `upper` above it; negative: all.
// Nothing is outside on both sides.
static nd_tensor *band(nd_context *c, nd_tensor *at, int64_t lower,
                       int64_t upper)
{
  if (at == NULL)
    return NULL;
  nd_tensor *least = NUMBER(at, -limit(lower)),
            *most = NUMBER(at, limit(upper));
  return EQ(GE(at, least), GE(most, at));
}

static void band_part(nd_context *c, const nd_job *j)
{
  nd_tensor *x = j->in[0];
  if (!check_matrix(c, x))
    return;
  nd_tensor *at = offsets(c, x->dims[x->rank - 2], x->dims[x->rank - 1]);
  j->out[0] = IF(band(c, at, j->attr[LOWER].integer, j->attr[UPPER].integer), x,
                 NUMBER(x, 0));
}

const nd_op nd_op_band_part = {
  .name = "band_part",
  .module = "linalg",
  .inside = true,
  .doc = "matrices x with zeros below num_lower diagonals under the main one "
         "and above num_upper over it; negative: none are cut",
  .params = band_params,
  .attrs = 2,
  .dtypes = ND_NUMBERS,
  .derivative = ND_COMPOSED,
  .compose = band_part,
  .low = -3,
  .high = 3,
  .cases = "[3 3] num_lower=0 num_upper=-1; [2 3 4] num_lower=1 num_upper=0; "
           "[0 3] num_lower=0 num_upper=0",
};

static void matrix_transpose(nd_context *c, const nd_job *j)
{
  if (check_matrix(c, j->in[0]))
    j->out[0] = ADJOINT(j->in[0]);
}

const nd_op nd_op_matrix_transpose = {
  .name = "matrix_transpose",
  .module = "linalg",
  .inside = true,
  .doc = "x with its last two axes exchanged; a view",
  .params = matrix_params,
  .dtypes = ND_ANY,
  .derivative = ND_COMPOSED,
  .compose = matrix_transpose,
  .low = -3,
  .high = 3,
  .cases = "[3 4]; [2 3 4]; [0 3]",
};

const nd_op *const nd_ops_diagonal[] = {
  &nd_op_diagonal,
  &nd_op_diag_part,
  &nd_op_trace,
  &nd_op_diag,
  &nd_op_set_diag,
  &nd_op_band_part,
  &nd_op_matrix_transpose,
  NULL,
};
