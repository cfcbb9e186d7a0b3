// optim/rule_adam.c: Adam and its kin.

#include "optim/entry.h"

DECLARE_KERNELS(adam);
DECLARE_KERNELS(adamax);
DECLARE_KERNELS(nadam);
DECLARE_KERNELS(lion);
DECLARE_KERNELS(schedule_free);

enum { BETA_1 = 1, BETA_2, EPSILON, ADAM_AMSGRAD };

static int adam_kept(const double *s, int way)
{
  (void)way;
  return s[ADAM_AMSGRAD] != 0 ? 7 : 3;
}

static void adam_prepare(const double *s, double t, double *k)
{
  const double first = 1 - pow(s[BETA_1], t);
  const double second = 1 - pow(s[BETA_2], t);
  k[0] = s[RATE] * sqrt(second) / first;
  k[1] = 1 - s[BETA_1];
  k[2] = 1 - s[BETA_2];
  k[3] = s[EPSILON];
}

static void adamax_prepare(const double *s, double t, double *k)
{
  k[0] = s[RATE] / (1 - pow(s[BETA_1], t));
  k[1] = 1 - s[BETA_1];
  k[2] = s[BETA_2];
  k[3] = s[EPSILON];
}

// Momentum of step t, u(t) = beta_1 (1 - .96^t / 2).
static double nadam_momentum(double beta_1, double t)
{
  return beta_1 * (1 - .5 * pow(.96, t));
}

#define ALL_FACTORS 13.919739944701101  // factors_beyond(.48)

// -log of the product of all factors 1 - x .96^i for i = 0, 1, ...: the sum of
// x^k / (k (1 - .96^k)) over k = 1, 2, ...
static double factors_beyond(double x)
{
  double sum = 0, power = 1, fade = 1;
  for (int k = 1; k < 64 && power * x > sum * 1e-17; k++) {
    power *= x;
    fade *= .96;
    sum += power / (k * (1 - fade));
  }
  return sum;
}

// The product of u(1) .. u(t). Many factors are all that there are without
// those beyond.
static double nadam_product(double beta_1, double t)
{
  enum { FEW = 32 };
  double product = pow(beta_1, t), power = 1;
  if (t > FEW)
    return product * exp(factors_beyond(.5 * pow(.96, t + 1)) - ALL_FACTORS);
  for (int i = 1; i <= t; i++) {
    power *= .96;
    product *= 1 - .5 * power;
  }
  return product;
}

static void nadam_prepare(const double *s, double t, double *k)
{
  const double now = nadam_momentum(s[BETA_1], t);
  const double then = nadam_momentum(s[BETA_1], t + 1);
  const double product = nadam_product(s[BETA_1], t);
  k[0] = s[RATE] * then / (1 - product * then);
  k[1] = s[RATE] * (1 - now) / (1 - product);
  k[2] = 1 - s[BETA_1];
  k[3] = 1 - s[BETA_2];
  k[4] = 1 / (1 - pow(s[BETA_2], t));
  k[5] = s[EPSILON];
}

static void lion_prepare(const double *s, double t, double *k)
{
  (void)t;
  k[0] = s[RATE];
  k[1] = s[BETA_1];
  k[2] = s[BETA_2];
}

enum { SCHEDULE_FREE_WARMUP = 4 };

static void schedule_free_prepare(const double *s, double t, double *k)
{
  const double warm = s[SCHEDULE_FREE_WARMUP];
  k[0] = s[RATE] * (t < warm ? t / warm : 1);
  k[1] = 1 - s[BETA_2];
  k[2] = 1 / (1 - pow(s[BETA_2], t));
  k[3] = s[EPSILON];
  k[4] = s[BETA_1];
  k[5] = 1 / t;
}

// All of Adam, with that weight decay.
#define ADAM(decay)                                                \
  .settings = SETTINGS(                                            \
    "0.001", decay, MEAN_1("0.9"), MEAN_2("0.999"), DIVISOR,       \
    { "amsgrad", ND_FLAG, "false",                                 \
      .doc = "whether the mean of the square never falls" }),      \
  .slots = { { "momentum" }, { "velocity" }, { "velocity_hat" } }, \
  .kept = adam_kept, .prepare = adam_prepare, .kernels = KERNELS(adam)

const nd_update nd_entry_adam = {
  .name = "Adam",
  .doc = "steps scaled by running means of the gradient and its square",
  ADAM("nil"),
};

const nd_update nd_entry_adamw = {
  .name = "AdamW",
  .doc = "Adam with decoupled weight decay",
  .decays = true,
  ADAM("0.004"),
};

const nd_update nd_entry_adamax = {
  .name = "Adamax",
  .doc = "Adam by the largest gradient of late, not by the mean of squares",
  .settings = SETTINGS(
    "0.001", "nil", MEAN_1("0.9"),
    { "beta_2", ND_DECAY, "0.999", .doc = "of the largest gradient" }, DIVISOR),
  .slots = { { "momentum" }, { "norm" } },
  .prepare = adamax_prepare,
  .kernels = KERNELS(adamax),
};

const nd_update nd_entry_nadam = {
  .name = "Nadam",
  .doc = "Adam with Nesterov's momentum",
  .settings = SETTINGS("0.001", "nil", MEAN_1("0.9"), MEAN_2("0.999"), DIVISOR),
  .slots = { { "momentum" }, { "velocity" } },
  .prepare = nadam_prepare,
  .kernels = KERNELS(nadam),
};

const nd_update nd_entry_lion = {
  .name = "Lion",
  .doc = "steps of one size, by the sign of a running mean of the gradient",
  .settings = SETTINGS(
    "0.001", "nil",
    { "beta_1", ND_DECAY, "0.9", .doc = "of the mean whose sign is taken" },
    { "beta_2", ND_DECAY, "0.99", .doc = "of the mean that is kept" }),
  .slots = { { "momentum" } },
  .prepare = lion_prepare,
  .kernels = KERNELS(lion),
};

const nd_update nd_entry_schedule_free = {
  .name = "ScheduleFreeAdamW",
  .doc = "Adam without a schedule: weights are between where it is and the "
         "mean of where it was",
  .settings = SETTINGS(
    "0.0025", "nil",
    { "beta_1", ND_DECAY, "0.9", .doc = "how near weights are to the mean" },
    MEAN_2("0.999"),
    { "epsilon", ND_AMOUNT, "1e-08", .doc = "added to the divisor" },
    { "warmup_steps", ND_COUNT, "0",
      .doc = "in which the rate rises along a line" }),
  .slots = { { "momentum", .copies = true }, { "velocity" } },
  .prepare = schedule_free_prepare,
  .kernels = KERNELS(schedule_free),
};
