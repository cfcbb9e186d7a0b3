// nest.h: derivatives by tapes and accumulators, one inside the other in every
// order, for tests of what should have all of them.

#ifndef ND_TEST_NEST_H
#define ND_TEST_NEST_H

#include "../values.h"
#include "base/recorder.h"
#include "tape/tape.h"

static inline nd_tensor *squared(nd_tensor *x)
{
  return CALL("square", NULL, x);
}

static inline nd_tensor *product(nd_tensor *x, nd_tensor *y)
{
  return CALL("multiply", NULL, x, y);
}

static inline nd_accumulator *watching(nd_tensor *x, nd_tensor *tangent)
{
  nd_accumulator *a = nd_accumulator_new(c);
  CHECK(nd_accumulator_watch(a, x, tangent));
  return a;
}

static inline nd_tape *tape_on(nd_tensor *x, int flags)
{
  nd_tape *t = nd_tape_new(c, flags);
  nd_tape_watch(t, x);
  return t;
}

static inline nd_tensor *jvp(nd_accumulator *a, nd_tensor *x)
{
  return own(nd_accumulator_jvp(a, x));
}

// What a host's function does that gives its inputs.
static inline bool keep_values(void *data, nd_context *in, int n,
                               nd_tensor *const *inputs, int count,
                               nd_tensor **outputs)
{
  for (int k = 0; k < count; k++)
    outputs[k] = nd_tensor_retain(inputs[k]);
  return true;
}

// A function of one tensor, element by element.
typedef nd_tensor *function(nd_tensor *x);

static inline nd_tensor *derive(function *f, const char *ways, nd_tensor *x);

static inline nd_tensor *derive_forward(function *f, const char *ways,
                                        nd_tensor *x)
{
  nd_accumulator *a = watching(x, CALL("ones_like", NULL, x));
  nd_accumulator_start(a);
  nd_tensor *y = derive(f, ways, x);
  nd_accumulator_stop(a);
  nd_tensor *t = jvp(a, y);
  nd_accumulator_free(a);
  return t;
}

static inline nd_tensor *derive_backward(function *f, const char *ways,
                                         nd_tensor *x)
{
  nd_tape *t = nd_tape_new(c, 0);
  nd_tape_watch(t, x);
  nd_tensor *y = derive(f, ways, x), *g = NULL;
  nd_tape_differentiate(t, 1, &y, NULL, 1, &x, &g);
  nd_tape_free(t);
  return own(g);
}

// A derivative for each letter, the outermost first: 'f' by an accumulator, 'b'
// by a tape.
static inline nd_tensor *derive(function *f, const char *ways, nd_tensor *x)
{
  switch (*ways) {
  case 'f': return derive_forward(f, ways + 1, x);
  case 'b': return derive_backward(f, ways + 1, x);
  default: return f(x);
  }
}

// sin(x) x^3
static inline nd_tensor *curve(nd_tensor *x)
{
  return product(CALL("sin", NULL, x), product(x, squared(x)));
}

enum { POINTS = 3 };

static inline double curve_at(int order, double x)
{
  const double s = sin(x), k = cos(x);
  switch (order) {
  case 1: return x * x * (3 * s + x * k);
  case 2: return x * (6 * s + 6 * x * k - x * x * s);
  default: return 6 * s + 18 * x * k - 9 * x * x * s - x * x * x * k;
  }
}

static inline void check_all_orders(function *f)
{
  static const char *const ways[] = { "f",   "b",   "ff",  "fb",  "bf",
                                      "bb",  "fff", "ffb", "fbf", "fbb",
                                      "bff", "bfb", "bbf", "bbb" };
  const double points[] = { 0.3, -1.2, 2.5 };
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    nd_tensor *x = F64("[0.3 -1.2 2.5]");
    nd_tensor *d = derive(f, ways[i], x);
    CHECK(d != NULL && nd_force(d));
    const double *values = (const double *)(const void *)nd_values(d);
    for (int k = 0; k < POINTS; k++)
      CHECK_NEAR(values[k], curve_at((int)strlen(ways[i]), points[k]), 1e-12);
    nd_tensor *of_scalar = derive(f, ways[i], F64("0.3"));
    CHECK(nd_force(of_scalar));
    CHECK_NEAR(nd_tensor_first(of_scalar), curve_at((int)strlen(ways[i]), 0.3),
               1e-12);
  }
  CHECK_INT(nd_recorders_depth(c), 0);
}

#endif
