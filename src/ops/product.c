// ops/product.c: products of all others, the derivative of a product, and all
// its further derivatives, which are one op.
//
// For rows x and directions h1..hr, all of one shape, element j of a row is
//
//     the sum over distinct k1..kr, none of them j, of
//       h1[k1] .. hr[kr] * the product of x over all other positions but j
//
// that is what is left of the product over k != j of (x[k] + e1 h1[k] + .. + er
// hr[k]) before e1 e2 .. er (op/duals.h). Nothing is divided, so zeros and
// products that overflow do no harm. Each order of derivative puts one more
// direction into the list: the sum is the same whichever of the h, or of the
// position j, one takes for the incoming gradient.

#include <string.h>

#include "op/duals.h"
#include "ops/rules.h"

static const nd_param params[] = {
  { "values", ND_TENSORS },
  { 0 },
};

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  *out = nd_type_of(j->in[0]);
  return j->n <= 1 + ND_MAX_DIRECTIONS ||
         nd_fail(c, ND_BAD_ARGUMENT, "at most %d orders of derivative",
                 1 + ND_MAX_DIRECTIONS);
}

// ------------------------------------------------------------------- rows --

typedef struct rows {
  int r;      // directions
  int64_t n;  // elements of a row
  nd_tensor *const *x;
  double *before;  // of each position, the product of those before it
} rows;

// p times element i of the inputs.
static void multiply_element(const rows *l, double *p, int64_t i)
{
  double h[ND_MAX_DIRECTIONS];
  for (int k = 0; k < l->r; k++)
    h[k] = nd_duals_read(l->x[1 + k], i);
  nd_duals_multiply(p, l->r, nd_duals_read(l->x[0], i), h);
}

// The row that starts at element `at`: what comes before each position, and
// then, from the last one on, that times what comes after.
static void fill_row(const rows *l, int64_t at, nd_tensor *out)
{
  double p[1 << ND_MAX_DIRECTIONS];
  nd_duals_start(p, l->r);
  for (int64_t i = 0; i < l->n; i++) {
    memcpy(l->before + (i << l->r), p, sizeof *p << l->r);
    multiply_element(l, p, at + i);
  }
  nd_duals_start(p, l->r);
  for (int64_t i = l->n - 1; i >= 0; i--) {
    const double y = nd_duals_join(l->before + (i << l->r), p, l->r);
    nd_duals_write(out, at + i, y);
    multiply_element(l, p, at + i);
  }
}

static int64_t row_length(const nd_job *j)
{
  return j->out[0]->dims[j->out[0]->rank - 1];
}

static void run(const void *what, void *shared, void *own, int64_t from,
                int64_t to)
{
  const nd_job *j = what;
  const rows l = {
    .r = j->n - 1, .n = row_length(j), .x = j->in, .before = own
  };
  for (int64_t row = from; row < to; row++)
    fill_row(&l, row * l.n, j->out[0]);
}

// One step over the rows.
static bool next(const void *what, nd_step *step, int i)
{
  const nd_job *j = what;
  const int64_t n = row_length(j);
  *step = (nd_step){
    .units = n > 0 ? j->out[0]->size / n : 0,
    .cost = 4 * (float)(n << (j->n - 1)),
    .run = run,
  };
  return i == 0;
}

static nd_work work(const nd_job *j)
{
  const size_t coefficients = (size_t)(row_length(j) << (j->n - 1));
  return (nd_work){ .own = coefficients * sizeof(double), .next = next };
}

// ------------------------------------------------------------- derivatives --

// The op with direction `g` in place of input `i`, or after all when i is 0.
static nd_tensor *redirect(nd_context *c, int i, const nd_job *j, nd_tensor *g)
{
  nd_tensor *in[2 + ND_MAX_DIRECTIONS];
  for (int k = 0; k < j->n; k++)
    in[k] = j->in[k];
  in[i > 0 ? i : j->n] = g;
  return nd_rule_apply(c, j->op, i > 0 ? j->n : j->n + 1, in, NULL);
}

static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  for (int i = 0; i < j->n; i++) {
    if (wanted[i])
      gx[i] = redirect(c, i, j, g[0]);
  }
}

static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  for (int i = 0; i < j->n; i++) {
    if (t[i] != NULL)
      ty[0] = ADD_ANY(ty[0], redirect(c, i, j, t[i]));
  }
}

const nd_op nd_op_products_of_others = {
  .name = "products_of_others",
  .hidden = true,
  .doc = "along the last axis, the product of all elements but this one",
  .params = params,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { ND_NEEDS_IN, ND_NEEDS_IN, ND_NEEDS_IN },
  .infer = infer,
  .work = work,
  .dense = ND_DENSE_ALL,
  .vjp = vjp,
  .jvp = jvp,
  .jvp_within_needs = true,
  .low = .5,
  .high = 2,
  .cases =
    "[4]; [3 4]; [3] [3]; [2 3] [2 3] [2 3]; [1]; [1] [1]; [0 2]; [2 0]; "
    "[5] [5] [5]",
};

const nd_op *const nd_ops_product[] = { &nd_op_products_of_others, NULL };
