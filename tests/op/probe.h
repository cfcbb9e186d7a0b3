// probe.h: an op at work on one case, for test_gradient.c: its values, its
// gradients, its tangents, and where the first thing that is wrong is noted.

#ifndef ND_TEST_PROBE_H
#define ND_TEST_PROBE_H

#include <stdarg.h>

#include "cases.h"
#include "op/derive.h"

// An op at work on one case: the inputs, weights of the output's elements, and
// directions in which the inputs move.
typedef struct probe {
  const trial *t;
  nd_args a;
  nd_tensor *out;
  nd_tensor *weights;
  nd_tensor *moves[CASE_INPUTS];  // NULL where no gradient flows
} probe;

// ------------------------------------------------------------------ faults --

static char fault[400];  // the first one found; "" while there is none

static inline bool report(const trial *t, const char *format, ...)
{
  if (fault[0] != '\0')
    return false;
  const int n = snprintf(fault, sizeof fault, "%s %s: ", t->op->name, t->text);
  va_list args;
  va_start(args, format);
  vsnprintf(fault + n, sizeof fault - (size_t)n, format, args);
  va_end(args);
  return false;
}

static inline bool is_near(double a, double b, double tolerance)
{
  return fabs(a - b) <= tolerance * (1 + fabs(b));
}

// ------------------------------------------------------------------- tools --

static inline nd_tensor *random_like(const nd_tensor *x)
{
  const nd_type type = nd_type_of(x);
  nd_tensor *y = own(nd_tensor_make(c, &type));
  for (int64_t i = 0; i < y->size; i++) {
    const float value = (float)sample_within(-1, 1);
    if (y->dtype == ND_FLOAT32)
      ((float *)(void *)y->data)[i] = value;
    else
      ((double *)(void *)y->data)[i] = value;
  }
  return y;
}

static inline double at(nd_tensor *x, int64_t i)
{
  return x->dtype == ND_FLOAT32 ? (double)((float *)(void *)x->data)[i]
                                : ((double *)(void *)x->data)[i];
}

// The sum of products, of dense tensors; their sizes go to `*scale`.
static inline double dot(nd_tensor *x, nd_tensor *y, double *scale)
{
  double sum = 0;
  for (int64_t i = 0; i < x->size; i++) {
    sum += at(x, i) * at(y, i);
    *scale += fabs(at(x, i) * at(y, i));
  }
  return sum;
}

static inline nd_tensor *dense(nd_tensor *x)
{
  return own(nd_tensor_dense(x));
}

static inline nd_tensor *forward(probe *p)
{
  return dense(own(nd_apply(c, p->t->op, &p->a)));
}

static inline nd_tensor *backward(probe *p, int i, nd_tensor *g, bool fused)
{
  nd_tensor *gi = nd_op_vjp(c, p->t->op, i, &p->a, p->out, g, fused);
  return dense(own(gi));
}

static inline nd_tensor *tangent(probe *p, nd_tensor *const *t)
{
  return dense(own(nd_op_jvp(c, p->t->op, &p->a, p->out, t)));
}

static inline bool flows(const probe *p, int i)
{
  return nd_op_flows(p->t->op, p->a.in[i]);
}

// The case in a dtype and a layout, with weights and moves that are the same in
// all of them.
static inline bool start_probe(probe *p, const trial *t, nd_dtype dtype,
                               layout how)
{
  *p = (probe){ .t = t };
  case_args(t, dtype, how, &p->a);
  p->out = own(nd_apply(c, t->op, &p->a));
  if (p->out == NULL)
    return report(t, "does not run: %s", nd_error_message(c));
  sample_seed(99);
  p->weights = lay(random_like(p->out), how);
  for (int i = 0; i < t->n; i++)
    p->moves[i] = flows(p, i) ? lay(random_like(p->a.in[i]), how) : NULL;
  return true;
}

#endif
