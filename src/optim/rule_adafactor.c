// optim/rule_adafactor.c: Adafactor, whose mean of the squares of a matrix is
// kept as those of its rows and of its columns.

#include "optim/look.h"

DECLARE_KERNELS(adafactor);

enum { FALL = 1, EPSILON_1, EPSILON_2, THRESHOLD };
enum { MATRIX, VECTOR };                 // ways
enum { ROWS, COLUMNS, EACH, RELATIVE };  // slots

static int find_way(const nd_tensor *w, bool excluded)
{
  (void)excluded;
  return w->rank >= 2 ? MATRIX : VECTOR;
}

static int kept(const double *s, int way)
{
  (void)s;
  return way == MATRIX ? 1 << ROWS | 1 << COLUMNS : 1 << EACH;
}

static void prepare(const double *s, double t, double *k)
{
  k[0] = fmin(s[RATE], 1 / sqrt(t));
  k[1] = 1 - pow(t, s[FALL]);
  k[2] = s[EPSILON_1];
}

// The mean of x along an axis from the end, which goes.
static nd_tensor *mean_along(nd_whole *w, nd_tensor *x, int from_end)
{
  nd_context *c = w->context;
  const double size = (double)w->w->dims[w->w->rank - from_end];
  return DIV(SUM_ALONG(x, -from_end, DROP), NUM(size));
}

// `x`, which lacks one of the last two axes of w, with 1 in its place.
static nd_tensor *spread(nd_whole *w, nd_tensor *x, int from_end)
{
  nd_context *c = w->context;
  nd_type type = nd_type_of(w->w);
  type.shape[type.rank - from_end] = 1;
  return RESHAPE(x, type.rank, type.shape);
}

// The means of g^2 of rows and of columns go on, and the square that a step is
// divided by is the product of those of its row and of its column, by the mean
// of all rows: u^2 = g^2 / v.
static nd_tensor *look_at_matrix(nd_whole *w)
{
  nd_context *c = w->context;
  const double share = 1 - w->k[1];
  nd_tensor *squares = SQUARE(w->g), *epsilon = NUM(w->k[2]);
  nd_tensor *rows = MIX(w->slots[ROWS], ADD(mean_along(w, squares, 1), epsilon),
                        share);
  nd_tensor *columns = MIX(w->slots[COLUMNS],
                           ADD(mean_along(w, squares, 2), epsilon), share);
  const double count = (double)w->w->dims[w->w->rank - 2];
  nd_tensor *all = DIV(SUM_ALONG(rows, -1, KEEP), NUM(count));
  nd_tensor *relative = DIV(rows, all);
  w->after[ROWS] = rows;
  w->after[COLUMNS] = columns;
  w->after[RELATIVE] = relative;
  return DIV(squares, MUL(spread(w, relative, 1), spread(w, columns, 2)));
}

static nd_tensor *look_at_vector(nd_whole *w)
{
  nd_context *c = w->context;
  nd_tensor *squares = SQUARE(w->g);
  return DIV(squares,
             MIX(w->slots[EACH], ADD(squares, NUM(w->k[2])), 1 - w->k[1]));
}

// The rate is in proportion to the weights, and less where steps would be
// large: both by root mean squares.
static bool look(nd_whole *w)
{
  nd_context *c = w->context;
  const double *s = w->settings, n = (double)w->w->size;
  nd_tensor *u = (w->way == MATRIX ? look_at_matrix : look_at_vector)(w);
  double steps, weights;
  if (!nd_look_at(SUM(u, (nd_value){ .given = false }, DROP), &steps) ||
      !nd_look_at(SQUARES(w->w), &weights))
    return false;
  w->k[0] *= fmax(s[EPSILON_2], w->left * sqrt(weights / n)) /
             fmax(1, sqrt(steps / n) / s[THRESHOLD]);
  return true;
}

const nd_update nd_entry_adafactor = {
  .name = "Adafactor",
  .doc = "steps divided by the root of a mean of squares that takes little "
         "memory, in proportion to the weights",
  .settings = SETTINGS(
    "0.001", "nil",
    { "beta_2_decay", ND_FALL, "-0.8",
      .doc = "the power of the step that the mean forgets by" },
    { "epsilon_1", ND_AMOUNT, "1e-30", .doc = "added to squares" },
    { "epsilon_2", ND_AMOUNT, "0.001",
      .doc = "what weights count as, at least" },
    { "clip_threshold", ND_AMOUNT, "1",
      .doc = "the largest root mean square of a step, before the rate" },
    { "relative_step", ND_FLAG, "true",
      .doc = "as in Keras, where the rate is at most 1 / sqrt(step) either "
             "way" }),
  .slots = { [ROWS] = { "rows", .lies = ND_BY_ROW },
             [COLUMNS] = { "columns", .lies = ND_BY_COLUMN },
             [EACH] = { "velocity" },
             [RELATIVE] = { "relative", .lies = ND_BY_ROW } },
  .way = find_way,
  .kept = kept,
  .prepare = prepare,
  .whole = look,
  .kernels = KERNELS(adafactor),
};
