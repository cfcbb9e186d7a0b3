// optim/rules.levels.c: the update rules. A kernel computes in the variable's
// dtype; rates and bias corrections come from `prepare`, in double.
//
// Source of the rules: Keras 3.

#include "optim/rules.h"

#include <math.h>
#include <string.h>

#define UPDATE(name, label, type, ...)                                         \
  static void name##_##label(int64_t n, const double *k, void *out,            \
                             const void *w, const void *g, void *const *slots) \
  {                                                                            \
    typedef type T;                                                            \
    T *o = out;                                                                \
    const T *pw = w, *pg = g;                                                  \
    __VA_ARGS__                                                                \
  }
#define UPDATES(name, ...)                   \
  UPDATE(name, float32, float, __VA_ARGS__)  \
  UPDATE(name, float64, double, __VA_ARGS__) \
  const nd_update_pair ND_LEVELLED(          \
    nd_update_##name) = { { name##_float32, name##_float64 } };

// w - lr g; with momentum m = mu m - lr g, w + m, or w + mu m - lr g.
// k: lr, mu, nesterov.
UPDATES(sgd, {
  const T lr = (T)k[0], mu = (T)k[1];
  T *m = slots[0];
  if (m == NULL) {
    for (int64_t i = 0; i < n; i++)
      o[i] = pw[i] - lr * pg[i];
    return;
  }
  const bool nesterov = k[2] != 0;
  for (int64_t i = 0; i < n; i++) {
    const T step = lr * pg[i];
    m[i] = mu * m[i] - step;
    o[i] = pw[i] + (nesterov ? mu * m[i] - step : m[i]);
  }
})

#define SQUARE_ROOT(x) _Generic((x), float : sqrtf, double : sqrt)(x)

// m, v: means of g and g^2; w - alpha m / (sqrt(v) + epsilon), where alpha has
// both bias corrections. k: alpha, 1 - beta_1, 1 - beta_2, epsilon.
UPDATES(adam, {
  const T alpha = (T)k[0], a = (T)k[1], b = (T)k[2], epsilon = (T)k[3];
  T *m = slots[0], *v = slots[1], *most = slots[2];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i];
    m[i] += (gi - m[i]) * a;
    v[i] += (gi * gi - v[i]) * b;
    T root = v[i];
    if (most != NULL)
      root = most[i] = most[i] > v[i] ? most[i] : v[i];
    o[i] = pw[i] - alpha * m[i] / (SQUARE_ROOT(root) + epsilon);
  }
})

#if ND_IS_BASELINE

ND_DECLARE_LEVELS(const nd_update_pair, nd_update_sgd);
ND_DECLARE_LEVELS(const nd_update_pair, nd_update_adam);

enum { SGD_RATE, SGD_MOMENTUM, SGD_NESTEROV };

static int sgd_slots(const double *s)
{
  return s[SGD_MOMENTUM] != 0;
}

static bool sgd_rests(const double *s)
{
  return s[SGD_MOMENTUM] == 0;
}

static void sgd_prepare(const double *s, double t, double *k)
{
  (void)t;
  k[0] = s[SGD_RATE];
  k[1] = s[SGD_MOMENTUM];
  k[2] = s[SGD_NESTEROV];
}

enum { ADAM_RATE, ADAM_BETA_1, ADAM_BETA_2, ADAM_EPSILON, ADAM_AMSGRAD };

static int adam_slots(const double *s)
{
  return s[ADAM_AMSGRAD] != 0 ? 3 : 2;
}

static void adam_prepare(const double *s, double t, double *k)
{
  const double first = 1 - pow(s[ADAM_BETA_1], t);
  const double second = 1 - pow(s[ADAM_BETA_2], t);
  k[0] = s[ADAM_RATE] * sqrt(second) / first;
  k[1] = 1 - s[ADAM_BETA_1];
  k[2] = 1 - s[ADAM_BETA_2];
  k[3] = s[ADAM_EPSILON];
}

// What every optimizer has is said here, and stands around a rule's own.
#define SETTINGS(rate, ...) \
  ((const nd_param[]){ RATE(rate), __VA_ARGS__, LAZY, { .name = NULL } })
#define RATE(initial)                                                 \
  {                                                                   \
    "learning_rate", ND_AMOUNT, initial, .doc = "how far a step goes" \
  }

#define LAZY                                                  \
  {                                                           \
    "lazy", ND_FLAG, "false",                                 \
      .doc = "whether rows without gradient stay as they are" \
  }

static const nd_update updates[] = {
  { .name = "SGD",
    .doc = "gradient descent, with momentum and Nesterov's momentum",
    .settings = SETTINGS(
      "0.01",
      { "momentum", ND_SHARE, "0", .doc = "of the last step that goes on" },
      { "nesterov", ND_FLAG, "false", .doc = "whether momentum looks ahead" }),
    .slots = sgd_slots,
    .rests = sgd_rests,
    .prepare = sgd_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_sgd) },
  { .name = "Adam",
    .doc = "steps scaled by running means of the gradient and its square",
    .settings = SETTINGS(
      "0.001",
      { "beta_1", ND_DECAY, "0.9", .doc = "of the mean of the gradient" },
      { "beta_2", ND_DECAY, "0.999", .doc = "of the mean of its square" },
      { "epsilon", ND_AMOUNT, "1e-07", .doc = "added to the divisor" },
      { "amsgrad", ND_FLAG, "false",
        .doc = "whether the mean of the square never falls" }),
    .slots = adam_slots,
    .prepare = adam_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_adam) },
};

enum { UPDATES_COUNT = sizeof updates / sizeof *updates };

const nd_update *nd_update_at(int i)
{
  return i < UPDATES_COUNT ? &updates[i] : NULL;
}

const nd_update *nd_update_find(const char *name)
{
  for (int i = 0; i < UPDATES_COUNT; i++) {
    if (strcmp(updates[i].name, name) == 0)
      return &updates[i];
  }
  return NULL;
}

double nd_setting_initial(const nd_param *s)
{
  const nd_value v = nd_param_initial(s);
  return nd_param_number(s, &v);
}
#endif
