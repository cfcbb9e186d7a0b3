// optim/rule_muon.c: Muon, for matrices; what else there is goes by AdamW.

#include "optim/look.h"

DECLARE_KERNELS(muon);

enum {
  MOMENTUM_SHARE = 1,
  NESTEROV,
  STEPS,
  MUON_A,
  MUON_B,
  MUON_C,
  RMS_RATE,
  ADAM_BETA_1,
  ADAM_BETA_2,
  ADAM_DECAY,
  EPSILON,
  ADAM_RATIO
};
enum { MATRIX, OTHER };                     // ways
enum { MEAN, MEAN_OF_SQUARE, ORTHOGONAL };  // slots

static int find_way(const nd_tensor *w, bool excluded)
{
  return w->rank == 2 && !excluded ? MATRIX : OTHER;
}

static int kept(const double *s, int way)
{
  (void)s;
  return way == MATRIX ? 1 << MEAN : 1 << MEAN | 1 << MEAN_OF_SQUARE;
}

static double adam_decay(const double *s)
{
  return s[ADAM_DECAY];
}

static void prepare(const double *s, double t, double *k)
{
  const double first = 1 - pow(s[ADAM_BETA_1], t);
  const double second = 1 - pow(s[ADAM_BETA_2], t);
  k[0] = s[RATE];
  k[1] = s[MOMENTUM_SHARE];
  k[2] = s[RATE] * s[ADAM_RATIO] * sqrt(second) / first;
  k[3] = 1 - s[ADAM_BETA_1];
  k[4] = 1 - s[ADAM_BETA_2];
  k[5] = s[EPSILON];
}

// One step that draws the singular values of x towards 1, by a polynomial:
// with a = x x', a x + (b a + c a a) x. Keeps what it gives.
static nd_tensor *draw(nd_whole *w, nd_tensor *x)
{
  nd_context *c = w->context;
  const double *s = w->settings;
  const size_t mark = nd_pool_mark(c);
  nd_tensor *a = MATMUL(x, false, x, true);
  nd_tensor *b = ADD(MUL(a, NUM(s[MUON_B])),
                     MUL(MATMUL(a, false, a, false), NUM(s[MUON_C])));
  nd_tensor *y = ADD(MUL(x, NUM(s[MUON_A])), MATMUL(b, false, x, false));
  y = nd_tensor_keep(y);
  if (y != NULL && !nd_force(y)) {
    nd_tensor_release(y);
    y = NULL;
  }
  nd_pool_drain(c, mark);
  return y;
}

// The momentum with singular values near 1: by Newton and Schulz, wide.
static bool look(nd_whole *w)
{
  nd_context *c = w->context;
  const double *s = w->settings, *k = w->k;
  if (w->way != MATRIX)
    return true;
  const int64_t rows = w->w->dims[0], columns = w->w->dims[1];
  nd_tensor *m = ADD(MUL(w->slots[MEAN], NUM(k[1])), w->g);
  nd_tensor *x = s[NESTEROV] != 0 ? ADD(w->g, MUL(m, NUM(k[1]))) : m;
  x = rows > columns ? ADJOINT(x) : x;
  x = DIV(x, ADD(SQRT(SQUARES(x)), NUM(1e-7)));
  for (int i = 0; i < s[STEPS] && x != NULL; i++)
    x = nd_pool_add(c, draw(w, x));
  w->after[ORTHOGONAL] = rows > columns ? ADJOINT(x) : x;
  if (s[RMS_RATE] != 0)
    w->k[0] *= s[RMS_RATE] * sqrt((double)(rows > columns ? rows : columns));
  return x != NULL;
}

const nd_update nd_entry_muon = {
  .name = "Muon",
  .doc = "steps of matrices by their momentum with all singular values near "
         "1, of others by AdamW",
  .settings = SETTINGS(
    "0.001", "0.004",
    { "momentum", ND_SHARE, "0.95", .doc = "of the sum that goes on" },
    { "nesterov", ND_FLAG, "true", .doc = "whether momentum looks ahead" },
    { "ns_steps", ND_COUNT, "5", .doc = "that draw singular values to 1" },
    { "muon_a", ND_NUMBER, "3.4445", .doc = "of their polynomial: of x" },
    { "muon_b", ND_NUMBER, "-4.775", .doc = "of x to the power 3" },
    { "muon_c", ND_NUMBER, "2.0315", .doc = "of x to the power 5" },
    { "rms_rate", ND_AMOUNT, "0.2",
      .doc = "the root mean square of a step, before the rate; 0: steps keep "
             "their singular values" },
    { "adam_beta_1", ND_DECAY, "0.9", .doc = "beta_1 of AdamW" },
    { "adam_beta_2", ND_DECAY, "0.999", .doc = "beta_2 of AdamW" },
    { "adam_weight_decay", ND_AMOUNT, "0.004", .doc = "that of AdamW" },
    { "epsilon", ND_AMOUNT, "1e-07", .doc = "that of AdamW" },
    { "adam_lr_ratio", ND_AMOUNT, "1",
      .doc = "the rate of AdamW, as a share of learning_rate" }),
  .slots = { { "momentum" }, { "velocity" }, { "orthogonal" } },
  .way = find_way,
  .excludes = "muon",
  .kept = kept,
  .decay = adam_decay,
  .prepare = prepare,
  .whole = look,
  .kernels = KERNELS(muon),
};
