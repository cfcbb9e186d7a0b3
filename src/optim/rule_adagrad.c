// optim/rule_adagrad.c: rules that add up squares of gradients: Adagrad,
// Adadelta, Ftrl.

#include "optim/entry.h"

DECLARE_KERNELS(adagrad);
DECLARE_KERNELS(adadelta);
DECLARE_KERNELS(ftrl);

enum { ADAGRAD_INITIAL = 1, ADAGRAD_EPSILON };

static double adagrad_begin(const double *s, int slot)
{
  (void)slot;
  return s[ADAGRAD_INITIAL];
}

static bool always(const double *s)
{
  (void)s;
  return true;
}

static void adagrad_prepare(const double *s, double t, double *k)
{
  (void)t;
  k[0] = s[RATE];
  k[1] = s[ADAGRAD_EPSILON];
}

enum { ADADELTA_RHO = 1, ADADELTA_EPSILON };

static void adadelta_prepare(const double *s, double t, double *k)
{
  (void)t;
  k[0] = s[RATE];
  k[1] = s[ADADELTA_RHO];
  k[2] = s[ADADELTA_EPSILON];
}

enum {
  FTRL_POWER = 1,
  FTRL_INITIAL,
  FTRL_L1,
  FTRL_L2,
  FTRL_SHRINKAGE,
  FTRL_BETA
};

static double ftrl_begin(const double *s, int slot)
{
  return slot == 0 ? s[FTRL_INITIAL] : 0;
}

static void ftrl_prepare(const double *s, double t, double *k)
{
  (void)t;
  k[0] = s[RATE];
  k[1] = -s[FTRL_POWER];
  k[2] = s[FTRL_L1];
  k[3] = 2 * s[FTRL_L2] + (s[RATE] > 0 ? s[FTRL_BETA] / s[RATE] : 0);
  k[4] = 2 * s[FTRL_SHRINKAGE];
}

const nd_update nd_entry_adagrad = {
  .name = "Adagrad",
  .doc = "steps divided by the root of the sum of the gradient's squares",
  .settings = SETTINGS("0.001", "nil", INITIAL, DIVISOR),
  .slots = { { "accumulator" } },
  .begin = adagrad_begin,
  .rests = always,
  .prepare = adagrad_prepare,
  .kernels = KERNELS(adagrad),
};

const nd_update nd_entry_adadelta = {
  .name = "Adadelta",
  .doc = "steps scaled by running means of the squares of gradients and of "
         "steps",
  .settings = SETTINGS("0.001", "nil", RHO("0.95"), DIVISOR),
  .slots = { { "accumulated_grad" }, { "accumulated_delta_var" } },
  .prepare = adadelta_prepare,
  .kernels = KERNELS(adadelta),
};

const nd_update nd_entry_ftrl = {
  .name = "Ftrl",
  .doc = "follow the regularized leader: weights made anew of sums of "
         "gradients",
  .settings = SETTINGS(
    "0.001", "nil",
    { "learning_rate_power", ND_FALL, "-0.5",
      .doc = "of the sum of squares that divides the rate" },
    INITIAL,
    { "l1_regularization_strength", ND_AMOUNT, "0",
      .doc = "sizes of weights that become 0" },
    { "l2_regularization_strength", ND_AMOUNT, "0",
      .doc = "how strongly weights are drawn to 0" },
    { "l2_shrinkage_regularization_strength", ND_AMOUNT, "0",
      .doc = "the same, in proportion to their sizes" },
    { "beta", ND_AMOUNT, "0", .doc = "added to the divisor of the rate" }),
  .slots = { { "accumulator" }, { "linear" } },
  .begin = ftrl_begin,
  .prepare = ftrl_prepare,
  .kernels = KERNELS(ftrl),
};
