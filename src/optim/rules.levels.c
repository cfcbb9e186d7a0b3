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

// v: mean of g^2, a: of g, b: inc with momentum, inc = lr g / sqrt(d) where
// d = v + epsilon, or v - a^2 + epsilon; w - b. k: lr, rho, momentum, epsilon.
UPDATES(rmsprop, {
  const T lr = (T)k[0], rho = (T)k[1], mu = (T)k[2], epsilon = (T)k[3];
  const T rest = (T)(1 - k[1]);
  T *v = slots[0], *b = slots[1], *a = slots[2];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i];
    T d = v[i] = rho * v[i] + rest * (gi * gi);
    if (a != NULL) {
      a[i] = rho * a[i] + rest * gi;
      d -= a[i] * a[i];
      d = d < 0 ? 0 : d;  // by rounding
    }
    T step = lr * gi / SQUARE_ROOT(d + epsilon);
    if (b != NULL)
      step = b[i] = mu * b[i] + step;
    o[i] = pw[i] - step;
  }
})

// m: mean of g, u: the largest |g|, which fades; w - rate m / (u + epsilon),
// where the rate is corrected. k: rate, 1 - beta_1, beta_2, epsilon.
UPDATES(adamax, {
  const T rate = (T)k[0], a = (T)k[1], fade = (T)k[2], epsilon = (T)k[3];
  T *m = slots[0], *u = slots[1];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i], size = gi < 0 ? -gi : gi, faded = fade * u[i];
    m[i] += (gi - m[i]) * a;
    u[i] = faded > size ? faded : size;
    o[i] = pw[i] - rate * m[i] / (u[i] + epsilon);
  }
})

// m, v: means of g and g^2; w - (a m + b g) / (sqrt(c v) + epsilon).
// k: a, b, 1 - beta_1, 1 - beta_2, c, epsilon.
UPDATES(nadam, {
  const T a = (T)k[0], b = (T)k[1], first = (T)k[2], second = (T)k[3];
  const T c = (T)k[4], epsilon = (T)k[5];
  T *m = slots[0], *v = slots[1];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i];
    m[i] += (gi - m[i]) * first;
    v[i] += (gi * gi - v[i]) * second;
    o[i] = pw[i] - (a * m[i] + b * gi) / (SQUARE_ROOT(v[i] * c) + epsilon);
  }
})

// a: the sum of g^2; w - lr g / sqrt(a + epsilon). k: lr, epsilon.
UPDATES(adagrad, {
  const T lr = (T)k[0], epsilon = (T)k[1];
  T *a = slots[0];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i];
    a[i] += gi * gi;
    o[i] = pw[i] - lr * gi / SQUARE_ROOT(a[i] + epsilon);
  }
})

// a, d: means of g^2 and of steps^2; step = sqrt(d + epsilon) /
// sqrt(a + epsilon) g; w - lr step. k: lr, rho, epsilon.
UPDATES(adadelta, {
  const T lr = (T)k[0], rho = (T)k[1], epsilon = (T)k[2];
  const T rest = (T)(1 - k[1]);
  T *a = slots[0], *d = slots[1];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i];
    a[i] = rho * a[i] + rest * (gi * gi);
    const T step = SQUARE_ROOT(d[i] + epsilon) / SQUARE_ROOT(a[i] + epsilon) *
                   gi;
    d[i] = rho * d[i] + rest * (step * step);
    o[i] = pw[i] - lr * step;
  }
})

// m: mean of g; w - lr sign(beta_1 m + (1 - beta_1) g), then m with beta_2.
// k: lr, beta_1, beta_2.
UPDATES(lion, {
  const T lr = (T)k[0], first = (T)k[1], second = (T)k[2];
  const T first_rest = (T)(1 - k[1]), second_rest = (T)(1 - k[2]);
  T *m = slots[0];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i], way = first * m[i] + first_rest * gi;
    o[i] = pw[i] - lr * (way > 0 ? 1 : way < 0 ? -1 : way);
    m[i] = second * m[i] + second_rest * gi;
  }
})

#define POWER(x, y) _Generic((x), float : powf, double : pow)(x, y)

// a: the sum of g^2, z: of what w is made of. With p(a) = a^-lr_power:
// z + g + 2 shrinkage w - (p(a + g^2) - p(a)) w / lr;
// w = (clip(z, -l1, l1) - z) / (p(a + g^2) / lr + q).
// k: lr, -lr_power, l1, q, 2 shrinkage. A rate of 0 changes nothing, nor
// does a sum of 0.
UPDATES(ftrl, {
  const T lr = (T)k[0], power = (T)k[1], l1 = (T)k[2], q = (T)k[3];
  const T shrink = (T)k[4];
  T *a = slots[0], *z = slots[1];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i], wi = pw[i], sum = a[i] + gi * gi;
    o[i] = wi;
    if (lr == 0 || sum == 0)
      continue;
    const T before = POWER(a[i], power), after = POWER(sum, power);
    z[i] += gi + shrink * wi - (after - before) / lr * wi;
    const T clipped = z[i] > l1 ? l1 : z[i] < -l1 ? -l1 : z[i];
    o[i] = (clipped - z[i]) / (after / lr + q);
    a[i] = sum;
  }
})

#if ND_IS_BASELINE

#define RULES(R) \
  R(sgd)         \
  R(adam) R(rmsprop) R(adamax) R(nadam) R(adagrad) R(adadelta) R(lion) R(ftrl)
#define DECLARE(name) ND_DECLARE_LEVELS(const nd_update_pair, nd_update_##name);
RULES(DECLARE)

// Every rule has its rate as the first setting, and starts with it.
enum { RATE };

// -------------------------------------------------------- SGD and RMSprop --

enum { SGD_MOMENTUM = 1, SGD_NESTEROV };

static int sgd_kept(const double *s)
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
  k[0] = s[RATE];
  k[1] = s[SGD_MOMENTUM];
  k[2] = s[SGD_NESTEROV];
}

enum { RMSPROP_RHO = 1, RMSPROP_MOMENTUM, RMSPROP_EPSILON, RMSPROP_CENTERED };

static int rmsprop_kept(const double *s)
{
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

// --------------------------------------------------------- Adam and its kin --

enum { BETA_1 = 1, BETA_2, EPSILON, ADAM_AMSGRAD };

static int adam_kept(const double *s)
{
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

// Momentum of step t, u(t) = beta_1 (1 - .96^t / 2), and the product of all up
// to it: beta_1^t, times factors that soon are 1 in double.
static double nadam_momentum(double beta_1, double t)
{
  return beta_1 * (1 - .5 * pow(.96, t));
}

static double nadam_product(double beta_1, double t)
{
  enum { LAST = 1000 };  // .96^1000 is 2e-18
  double product = pow(beta_1, t), power = 1;
  for (int i = 1; i <= LAST && i <= t; i++) {
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

// ------------------------------------------------- Adagrad, Adadelta, Ftrl --

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

// --------------------------------------------------------------- the table --

// What every optimizer has is said here, and stands around a rule's own.
#define SETTINGS(rate, decay, ...)                                             \
  ((const nd_param[]){                                                         \
    { "learning_rate", ND_RATE, rate,                                          \
      .doc = "how far a step goes; a function gives it for each" },            \
    __VA_ARGS__,                                                               \
    { "weight_decay", ND_AMOUNT, decay,                                        \
      .doc = "what a step takes from a weight first, times learning_rate and " \
             "the weight" },                                                   \
    { "clipnorm", ND_AMOUNT, "nil", .doc = "largest norm of one gradient" },   \
    { "clipvalue", ND_AMOUNT, "nil",                                           \
      .doc = "largest size of an element of a gradient" },                     \
    { "global_clipnorm", ND_AMOUNT, "nil",                                     \
      .doc = "largest norm of all gradients together" },                       \
    { "use_ema", ND_FLAG, "false",                                             \
      .doc = "whether running means of the weights are kept" },                \
    { "ema_momentum", ND_SHARE, "0.99", .doc = "of these means" },             \
    { "ema_overwrite_frequency", ND_COUNT, "nil",                              \
      .doc = "after so many steps, each time, weights become their means" },   \
    { "loss_scale_factor", ND_AMOUNT, "nil",                                   \
      .doc = "what gradients are divided by, as scale_loss multiplies" },      \
    { "gradient_accumulation_steps", ND_COUNT, "nil",                          \
      .doc = "how many calls make a step, by the mean of their gradients" },   \
    { "lazy", ND_FLAG, "false",                                                \
      .doc = "whether rows without gradient stay as they are" },               \
    { .name = NULL } })
#define MEAN_1(initial)                                               \
  {                                                                   \
    "beta_1", ND_DECAY, initial, .doc = "of the mean of the gradient" \
  }
#define MEAN_2(initial)                                             \
  {                                                                 \
    "beta_2", ND_DECAY, initial, .doc = "of the mean of its square" \
  }
#define RHO(initial)                                                        \
  {                                                                         \
    "rho", ND_DECAY, initial, .doc = "of the mean of the gradient's square" \
  }
#define DIVISOR                                                  \
  {                                                              \
    "epsilon", ND_AMOUNT, "1e-07", .doc = "added to the divisor" \
  }
#define AMSGRAD                                           \
  {                                                       \
    "amsgrad", ND_FLAG, "false",                          \
      .doc = "whether the mean of the square never falls" \
  }
#define INITIAL                                                  \
  {                                                              \
    "initial_accumulator_value", ND_AMOUNT, "0.1",               \
      .doc = "what the sum of the gradient's square begins with" \
  }

#define MOMENTUM                                                      \
  {                                                                   \
    "momentum", ND_SHARE, "0", .doc = "of the last step that goes on" \
  }

// All of Adam, with that weight decay.
#define ADAM(decay)                                                       \
  .settings = SETTINGS("0.001", decay, MEAN_1("0.9"), MEAN_2("0.999"),    \
                       DIVISOR, AMSGRAD),                                 \
  .slots = { "momentum", "velocity", "velocity_hat" }, .kept = adam_kept, \
  .prepare = adam_prepare, .kernels = ND_LIST_LEVELS(nd_update_adam)

static const nd_update updates[] = {
  { .name = "SGD",
    .doc = "gradient descent, with momentum and Nesterov's momentum",
    .settings = SETTINGS(
      "0.01", "nil", MOMENTUM,
      { "nesterov", ND_FLAG, "false", .doc = "whether momentum looks ahead" }),
    .slots = { "momentum" },
    .kept = sgd_kept,
    .rests = sgd_rests,
    .prepare = sgd_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_sgd) },
  { .name = "RMSprop",
    .doc = "steps divided by the root of the running mean of the gradient's "
           "square",
    .settings = SETTINGS(
      "0.001", "nil", RHO("0.9"), MOMENTUM, DIVISOR,
      { "centered", ND_FLAG, "false",
        .doc = "whether the square of the mean is taken off" }),
    .slots = { "velocity", "momentum", "average_gradient" },
    .kept = rmsprop_kept,
    .prepare = rmsprop_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_rmsprop) },
  { .name = "Adam",
    .doc = "steps scaled by running means of the gradient and its square",
    ADAM("nil") },
  { .name = "AdamW", .doc = "Adam with decoupled weight decay", ADAM("0.004") },
  { .name = "Adamax",
    .doc = "Adam by the largest gradient of late, not by the mean of squares",
    .settings = SETTINGS(
      "0.001", "nil", MEAN_1("0.9"),
      { "beta_2", ND_DECAY, "0.999", .doc = "of the largest gradient" },
      DIVISOR),
    .slots = { "momentum", "norm" },
    .prepare = adamax_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_adamax) },
  { .name = "Nadam",
    .doc = "Adam with Nesterov's momentum",
    .settings = SETTINGS("0.001", "nil", MEAN_1("0.9"), MEAN_2("0.999"),
                         DIVISOR),
    .slots = { "momentum", "velocity" },
    .prepare = nadam_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_nadam) },
  { .name = "Adagrad",
    .doc = "steps divided by the root of the sum of the gradient's squares",
    .settings = SETTINGS("0.001", "nil", INITIAL, DIVISOR),
    .slots = { "accumulator" },
    .begin = adagrad_begin,
    .rests = always,
    .prepare = adagrad_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_adagrad) },
  { .name = "Adadelta",
    .doc = "steps scaled by running means of the squares of gradients and of "
           "steps",
    .settings = SETTINGS("0.001", "nil", RHO("0.95"), DIVISOR),
    .slots = { "accumulated_grad", "accumulated_delta_var" },
    .prepare = adadelta_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_adadelta) },
  { .name = "Ftrl",
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
    .slots = { "accumulator", "linear" },
    .begin = ftrl_begin,
    .prepare = ftrl_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_ftrl) },
  { .name = "Lion",
    .doc = "steps of one size, by the sign of a running mean of the gradient",
    .settings = SETTINGS(
      "0.001", "nil",
      { "beta_1", ND_DECAY, "0.9", .doc = "of the mean whose sign is taken" },
      { "beta_2", ND_DECAY, "0.99", .doc = "of the mean that is kept" }),
    .slots = { "momentum" },
    .prepare = lion_prepare,
    .kernels = ND_LIST_LEVELS(nd_update_lion) },
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
