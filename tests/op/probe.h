// probe.h: an op at work on one case, for test_gradient.c: its values, its
// gradients, its tangents, and where the first thing that is wrong is noted.

#ifndef ND_TEST_PROBE_H
#define ND_TEST_PROBE_H

#include <stdarg.h>

#include "cases.h"
#include "tape/derive.h"
#include "tape/tape.h"

// An op at work on one case: weights of the outputs' elements, and directions
// in which the inputs move; NULL where no gradient flows.
typedef struct probe {
  const trial *t;
  case_call k;
  nd_tensor *weights[CASE_OUTPUTS];
  nd_tensor *moves[CASE_INPUTS];
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
  nd_force(x);
  return x->dtype == ND_FLOAT32 ? (double)((float *)(void *)x->data)[i]
                                : ((double *)(void *)x->data)[i];
}

static inline bool is_zero(nd_tensor *x)
{
  for (int64_t i = 0; x != NULL && i < x->size; i++) {
    if (at(x, i) != 0)
      return false;
  }
  return x != NULL;
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

// Computes the outputs again, dense.
static inline void forward(probe *p)
{
  call_run(&p->k);
  for (int k = 0; k < p->k.job.outs; k++)
    p->k.out[k] = dense(p->k.out[k]);
}

// The outputs that gradients flow to, and their weights.
static inline int list_targets(const probe *p, nd_tensor *const *y,
                               nd_tensor **targets, nd_tensor **seeds)
{
  int n = 0;
  for (int k = 0; k < p->k.job.outs; k++) {
    if (p->weights[k] == NULL)
      continue;
    targets[n] = y[k];
    seeds[n++] = p->weights[k];
  }
  return n;
}

// The gradient of an op that is made of others, by a tape; where another tape
// records the sweep, no kernel is fused.
static inline nd_tensor *backward_composed(probe *p, int i, bool fused)
{
  nd_tensor *g = NULL, *targets[CASE_OUTPUTS], *seeds[CASE_OUTPUTS];
  nd_tensor *before[CASE_OUTPUTS];
  memcpy(before, p->k.out, sizeof before);
  nd_tape *outer = nd_tape_new(c, 0), *t = nd_tape_new(c, 0);
  nd_tape_watch(t, p->k.in[i]);
  if (!fused)
    nd_tape_watch(outer, p->k.in[i]);
  call_run(&p->k);
  const int n = list_targets(p, p->k.out, targets, seeds);
  const bool ok = nd_tape_differentiate(t, n, targets, seeds, 1, &p->k.in[i],
                                        &g);
  nd_tape_free(t);
  nd_tape_free(outer);
  memcpy(p->k.out, before, sizeof before);
  if (ok && g == NULL)
    return CALL("zeros_like", NULL, p->k.in[i]);
  return dense(own(g));
}

static inline nd_tensor *backward(probe *p, int i, bool fused)
{
  nd_tensor *gx[CASE_INPUTS];
  bool wanted[CASE_INPUTS] = { false };
  wanted[i] = true;
  if (p->t->op->derivative == ND_COMPOSED)
    return backward_composed(p, i, fused);
  nd_job_vjp(c, &p->k.job, p->weights, wanted, fused, gx);
  return dense(own(gx[i]));
}

// By an accumulator, as users would: runs the op once more. False after an
// error; ty[k] is NULL for outputs that no gradient flows to.
static inline bool tangent(probe *p, nd_tensor *const *t, nd_tensor **ty)
{
  nd_accumulator *a = nd_accumulator_new(c);
  bool ok = true;
  for (int i = 0; i < p->k.job.n; i++) {
    if (t[i] != NULL)
      ok = nd_accumulator_watch(a, p->k.in[i], t[i]) && ok;
  }
  ok = nd_accumulator_start(a) && call_run(&p->k) && ok;
  for (int k = 0; k < p->k.job.outs; k++) {
    ty[k] = ok ? dense(own(nd_accumulator_jvp(a, p->k.out[k]))) : NULL;
    p->k.out[k] = dense(p->k.out[k]);
  }
  nd_accumulator_free(a);
  return ok;
}

static inline bool flows(const probe *p, int i)
{
  return nd_op_flows(p->t->op, p->k.in[i]);
}

// The sum of products of the weights with such of the outputs, or with tangents
// of them, NULL for zero.
static inline double weigh(probe *p, nd_tensor *const *y, double *scale)
{
  double sum = 0;
  for (int k = 0; k < p->k.job.outs; k++) {
    if (p->weights[k] != NULL && y[k] != NULL)
      sum += dot(y[k], dense(p->weights[k]), scale);
  }
  return sum;
}

// Where the element opposite to element `j` of a matrix of input `i` is, if the
// input is symmetric; else `j`.
static inline int64_t opposite(const trial *t, int i, int64_t j)
{
  if (t->in[i].kind != SYMMETRIC)
    return j;
  const int64_t n = t->in[i].shape[t->in[i].rank - 1], at = j % (n * n);
  return j - at + at % n * n + at / n;
}

// A direction in which input `i` may move.
static inline nd_tensor *move_like(const trial *t, int i, const nd_tensor *x)
{
  nd_tensor *y = random_like(x);
  for (int64_t j = 0; j < y->size; j++) {
    const int64_t other = opposite(t, i, j);
    const int width = (int)nd_dtype_size((nd_dtype)y->dtype);
    memcpy(y->data + other * width, y->data + j * width, (size_t)width);
  }
  return y;
}

// The case in a dtype and a layout, with weights and moves that are the same in
// all of them.
static inline bool start_probe(probe *p, const trial *t, nd_dtype dtype,
                               layout how)
{
  *p = (probe){ .t = t };
  call_start(&p->k, t, dtype, how);
  if (!call_run(&p->k))
    return report(t, "does not run: %s", nd_error_message(c));
  sample_seed(99);
  for (int k = 0; k < p->k.job.outs; k++) {
    const nd_tensor *y = p->k.out[k];
    p->weights[k] = nd_op_flows(t->op, y) ? lay(random_like(y), how) : NULL;
  }
  for (int i = 0; i < t->n; i++)
    p->moves[i] = flows(p, i) ? lay(move_like(t, i, p->k.in[i]), how) : NULL;
  return true;
}

#endif
