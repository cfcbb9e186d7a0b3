// optim/rules.levels.c: the kernels of the update rules, in the dtype of the
// variable; `prepare` of their entries gives the coefficients (rule_*.c).
//
// Source of the rules: Keras 3.

#include "optim/rules.h"

#include <math.h>

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

// m, v: means of g and g^2; r = c m / (sqrt(d v) + epsilon); w - rate r.
// k: rate, 1 - beta_1, 1 - beta_2, epsilon, c, d.
UPDATES(lamb, {
  const T rate = (T)k[0], a = (T)k[1], b = (T)k[2], epsilon = (T)k[3];
  const T c = (T)k[4], d = (T)k[5];
  T *m = slots[0], *v = slots[1];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i];
    m[i] += (gi - m[i]) * a;
    v[i] += (gi * gi - v[i]) * b;
    o[i] = pw[i] - rate * (m[i] * c) / (SQUARE_ROOT(v[i] * d) + epsilon);
  }
})

// w - rate g / sqrt(v), where v is a mean of g^2 + epsilon; or one of the row,
// as a share of that of all rows, times that of each column.
// k: rate, beta_2, epsilon.
UPDATES(adafactor, {
  const T rate = (T)k[0], keep = (T)k[1], rest = (T)(1 - k[1]);
  const T epsilon = (T)k[2];
  const T *columns = slots[1], *row = slots[3];
  T *v = slots[2];
  for (int64_t i = 0; i < n && row != NULL; i++)
    o[i] = pw[i] - rate * pg[i] / SQUARE_ROOT(*row * columns[i]);
  for (int64_t i = 0; i < n && row == NULL; i++) {
    v[i] = keep * v[i] + rest * (pg[i] * pg[i] + epsilon);
    o[i] = pw[i] - rate * pg[i] / SQUARE_ROOT(v[i]);
  }
})

// m = mu m + g; w - rate x, where x has been made of m. Without x as Adam.
// k: rate, mu; alpha, 1 - beta_1, 1 - beta_2, epsilon of Adam.
UPDATES(muon, {
  const T rate = (T)k[0], mu = (T)k[1];
  const T alpha = (T)k[2], a = (T)k[3], b = (T)k[4], epsilon = (T)k[5];
  T *m = slots[0], *v = slots[1];
  const T *x = slots[2];
  for (int64_t i = 0; i < n && x != NULL; i++) {
    m[i] = mu * m[i] + pg[i];
    o[i] = pw[i] - rate * x[i];
  }
  for (int64_t i = 0; i < n && x == NULL; i++) {
    const T gi = pg[i];
    m[i] += (gi - m[i]) * a;
    v[i] += (gi * gi - v[i]) * b;
    o[i] = pw[i] - alpha * m[i] / (SQUARE_ROOT(v[i]) + epsilon);
  }
})

// z: w as plain Adam without momentum would have it, v: mean of g^2. The
// weights are y = (1 - beta_1) z + beta_1 x, where x is the mean of all z.
// k: lr, 1 - beta_2, what corrects v, epsilon, beta_1, share of z in x.
UPDATES(schedule_free, {
  const T lr = (T)k[0], b = (T)k[1], c = (T)k[2], epsilon = (T)k[3];
  const T keep = (T)k[4], rest = (T)(1 - k[4]), share = (T)k[5];
  T *z = slots[0], *v = slots[1];
  for (int64_t i = 0; i < n; i++) {
    const T gi = pg[i];
    const T x = keep > 0 ? (pw[i] - rest * z[i]) / keep : z[i];
    v[i] += (gi * gi - v[i]) * b;
    z[i] -= lr * gi / (SQUARE_ROOT(v[i] * c) + epsilon);
    o[i] = rest * z[i] + keep * ((1 - share) * x + share * z[i]);
  }
})
