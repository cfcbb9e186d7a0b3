// optim/rule_sgd.c: SGD and RMSprop.

#include "optim/entry.h"

DECLARE_KERNELS(sgd);
DECLARE_KERNELS(rmsprop);

enum { SGD_MOMENTUM = 1, SGD_NESTEROV };

static int sgd_kept(const double *s, int way)
{
  (void)way;
  return s[SGD_MOMENTUM] != 0;
}

static bool sgd_rests(const double *s)
{
  return s[SGD_MOMENTUM] == 0;
}

static void sgd_prepare(const double *s, double t, double *k)
{
  (void)t;
  k[0] = s[RATE];
  k[1] = s[SGD_MOMENTUM];
  k[2] = s[SGD_NESTEROV];
}

enum { RMSPROP_RHO = 1, RMSPROP_MOMENTUM, RMSPROP_EPSILON, RMSPROP_CENTERED };

static int rmsprop_kept(const double *s, int way)
{
  (void)way;
  return 1 | (s[RMSPROP_MOMENTUM] != 0) << 1 | (s[RMSPROP_CENTERED] != 0) << 2;
}

static void rmsprop_prepare(const double *s, double t, double *k)
{
  (void)t;
  k[0] = s[RATE];
  k[1] = s[RMSPROP_RHO];
  k[2] = s[RMSPROP_MOMENTUM];
  k[3] = s[RMSPROP_EPSILON];
}

const nd_update nd_entry_sgd = {
  .name = "SGD",
  .doc = "gradient descent, with momentum and Nesterov's momentum",
  .settings = SETTINGS(
    "0.01", "nil", MOMENTUM,
    { "nesterov", ND_FLAG, "false", .doc = "whether momentum looks ahead" }),
  .slots = { { "momentum" } },
  .kept = sgd_kept,
  .rests = sgd_rests,
  .prepare = sgd_prepare,
  .kernels = KERNELS(sgd),
};

const nd_update nd_entry_rmsprop = {
  .name = "RMSprop",
  .doc = "steps divided by the root of the running mean of the gradient's "
         "square",
  .settings = SETTINGS(
    "0.001", "nil", RHO("0.9"), MOMENTUM, DIVISOR,
    { "centered", ND_FLAG, "false",
      .doc = "whether the square of the mean is taken off" }),
  .slots = { { "velocity" }, { "momentum" }, { "average_gradient" } },
  .kept = rmsprop_kept,
  .prepare = rmsprop_prepare,
  .kernels = KERNELS(rmsprop),
};
