// ulp.c: measures the errors of the elementary functions, as ops compute them,
// and prints the page that says them, docs/accuracy.md. `make ulp` keeps it.
//
//   ulp [STEP]    every STEP-th float (101) and 10^7 doubles

#include "nadir.h"

#include "exact.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1 << 14, DOUBLES = 10000000, LEVELS = 2 };

typedef struct function {
  const char *name;
  double (*exact)(double);
  long double (*exactl)(long double);
  double (*exact2)(double, double);
  long double (*exact2l)(long double, long double);
  bool positive;  // is measured where x is not below 0
} function;

// clang-format off
#define ONE(name, exact) { #name, exact, exact##l, NULL, NULL }
#define ABOVE(name, exact) { #name, exact, exact##l, NULL, NULL, true }
#define TWO(name, exact) { #name, NULL, NULL, exact, exact##l }

static const function functions[] = {
  ONE(acos, acos), ONE(acosh, acosh), ONE(asin, asin), ONE(asinh, asinh),
  ONE(atan, atan), TWO(atan2, atan2), ONE(atanh, atanh),
  ONE(cos, cos), ONE(cosh, cosh), ONE(erf, erf), ONE(erfc, erfc), ONE(exp, exp),
  ONE(expm1, expm1), ABOVE(lgamma, lgamma), ONE(log, log), ONE(log1p, log1p),
  ONE(log_sigmoid, exact_log_sigmoid), TWO(pow, pow), ONE(rsqrt, exact_rsqrt),
  ONE(sigmoid, exact_sigmoid), ONE(sin, sin), ONE(sinh, sinh),
  ONE(softplus, exact_softplus), ONE(sqrt, sqrt), ONE(tan, tan),
  ONE(tanh, tanh)
};
// clang-format on

enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static float x_f32[COUNT], y_f32[COUNT], z_f32[COUNT];
static double x_f64[COUNT], y_f64[COUNT], z_f64[COUNT];
static uint64_t state;

static uint64_t draw_bits(void)
{
  state += 0x9e3779b97f4a7c15u;
  uint64_t u = state;
  u = (u ^ (u >> 30)) * 0xbf58476d1ce4e5b9u;
  u = (u ^ (u >> 27)) * 0x94d049bb133111ebu;
  return u ^ (u >> 31);
}

static double draw_between(double low, double high)
{
  return low + (high - low) * ((double)(draw_bits() >> 11) * 0x1p-53);
}

// By turns near 0, where exponentials live, and any double at all.
static double draw_double(int turn)
{
  const uint64_t u = draw_bits();
  double any;
  memcpy(&any, &u, sizeof any);
  return turn % 3 == 0   ? draw_between(-2, 2)
         : turn % 3 == 1 ? draw_between(-760, 760)
                         : any;
}

static float draw_float(int turn)
{
  const uint32_t u = (uint32_t)draw_bits();
  float any;
  memcpy(&any, &u, sizeof any);
  return turn % 3 == 2 ? any : (float)(draw_double(turn) / 7);
}

// z = f(x) or f(x, y), as the op computes it.
static bool apply_op(nd_context *c, const function *f, nd_dtype type)
{
  const bool narrow = type == ND_FLOAT32;
  const int64_t shape[] = { COUNT };
  nd_tensor *in[] = {
    nd_tensor_new(c, type, 1, shape, narrow ? (void *)x_f32 : x_f64),
    nd_tensor_new(c, type, 1, shape, narrow ? (void *)y_f32 : y_f64)
  };
  nd_tensor *z = nd_call(c, f->name, f->exact != NULL ? 1 : 2, in, NULL);
  const bool ok = nd_tensor_read(z, narrow ? (void *)z_f32 : z_f64);
  nd_tensor_release(z);
  nd_tensor_release(in[0]);
  nd_tensor_release(in[1]);
  return ok;
}

// What is rounded correctly, as most is, needs no division.
static double largest_error_f32(const function *f)
{
  double worst = 0;
  for (int i = 0; i < COUNT; i++) {
    const double want = f->exact != NULL ? f->exact(x_f32[i])
                                         : f->exact2(x_f32[i], y_f32[i]);
    if (z_f32[i] != (float)want || z_f32[i] == 0)
      worst = fmax(worst, ulps_f32(z_f32[i], want));
  }
  return worst;
}

static double largest_error_f64(const function *f)
{
  double worst = 0;
  for (int i = 0; i < COUNT; i++) {
    const long double want = f->exactl != NULL ? f->exactl(x_f64[i])
                                               : f->exact2l(x_f64[i], y_f64[i]);
    if (z_f64[i] != (double)want || z_f64[i] == 0)
      worst = fmax(worst, ulps_f64l(z_f64[i], want));
  }
  return worst;
}

static double measure_f32(nd_context *c, const function *f, uint64_t step)
{
  double worst = 0.5;
  for (uint64_t first = 0; first < (uint64_t)1 << 32; first += COUNT * step) {
    for (int i = 0; i < COUNT; i++) {
      const uint32_t u = (uint32_t)(first + (uint64_t)i * step);
      memcpy(&x_f32[i], &u, sizeof u);
      x_f32[i] = f->positive ? fabsf(x_f32[i]) : x_f32[i];
      y_f32[i] = draw_float(i);
      if (f->exact2 != NULL && i % 2 == 0)
        x_f32[i] = draw_float(i / 2);
    }
    if (!apply_op(c, f, ND_FLOAT32))
      return NAN;
    worst = fmax(worst, largest_error_f32(f));
  }
  return worst;
}

static double measure_f64(nd_context *c, const function *f)
{
  double worst = 0.5;
  for (int n = 0; n < DOUBLES; n += COUNT) {
    for (int i = 0; i < COUNT; i++) {
      x_f64[i] = draw_double(i);
      x_f64[i] = f->positive ? fabs(x_f64[i]) : x_f64[i];
      y_f64[i] = draw_double(i / 3);
    }
    if (!apply_op(c, f, ND_FLOAT64))
      return NAN;
    worst = fmax(worst, largest_error_f64(f));
  }
  return worst;
}

static void print_head(uint64_t step)
{
  printf("# Accuracy\n\n"
         "The largest errors of the elementary functions, in units in the last "
         "place: how\nfar a result is from the exact value, where 0.50 is as "
         "near as a result can be.\n\n");
  printf(
    "`make ulp` made this page. It applied each op to one float32 in %llu of "
    "all there\nare, and to %d float64: a third between -2 and 2, a third "
    "between -760 and\n760, a third of any size. The exact values are the C "
    "library's in the next wider\ntype. The first two columns are of kernels "
    "for CPUs with FMA, which all give the\nsame bits. No error is above 2; "
    "`make test` watches that. `lgamma` is measured\nabove 0: next to its "
    "zeros "
    "below, its error is small beside 1, not beside the\nresult. That of "
    "`digamma`, for which C has no function, is up to 6.\n\n",
    (unsigned long long)step, DOUBLES);
  printf("| op | float32 | float64 | float32, no FMA | float64, no FMA |\n"
         "| --- | ---: | ---: | ---: | ---: |\n");
}

// Prints a row, and returns whether all of it is within 2.
static bool print_errors(nd_context *const *c, const function *f, uint64_t step)
{
  double worst = 0;
  printf("| `%s` |", f->name);
  for (int k = 0; k < LEVELS; k++) {
    const double narrow = measure_f32(c[k], f, step);
    const double wide = measure_f64(c[k], f);
    printf(" %.2f | %.2f |", narrow, wide);
    worst = narrow <= 2 && wide <= 2 ? worst : INFINITY;
  }
  printf("\n");
  fflush(stdout);
  return worst <= 2;
}

int main(int argc, char **argv)
{
  const uint64_t step = argc > 1 ? strtoull(argv[1], NULL, 10) : 101;
  const nd_config plain = { .size = sizeof plain, .cpu = "baseline" };
  nd_context *c[LEVELS] = { nd_context_new(NULL), nd_context_new(&plain) };
  if (step == 0 || c[0] == NULL || c[1] == NULL)
    return 2;
  bool good = true;
  print_head(step);
  for (int k = 0; k < FUNCTIONS; k++)
    good = print_errors(c, &functions[k], step) && good;
  nd_context_free(c[0]);
  nd_context_free(c[1]);
  return good ? 0 : 1;
}
