// Every op that has a derivative, for every case in its entry: reverse mode,
// forward mode and second order against differences and against each other, in
// both float dtypes and in every layout; and that wrong rules are found.

#include <float.h>
#include <stdlib.h>

#include "probe.h"
#include "tape/differences.h"
#include "tape/push.h"

// ------------------------------------------------------------- differences --

// A function of what stands in one place, and in another that has the same
// value.
typedef struct varied {
  double (*f)(probe *p);
  probe *p;
  double x, *place, *other;
} varied;

static bool vary(void *what, double t, double *y)
{
  const varied *v = what;
  *v->place = *v->other = v->x + t;
  *y = v->f(v->p);
  return true;
}

static double differ(double (*f)(probe *p), probe *p, double *place,
                     double *other)
{
  varied v = { f, p, *place, place, other };
  double room, dy;
  nd_differences(vary, &v, 0x1p-10, 1, &room, &dy);
  *place = *other = v.x;
  return dy;
}

static double weighted_output(probe *p)
{
  const int mark = owned_count;
  double scale = 0;
  nd_tensor *before[CASE_OUTPUTS];
  memcpy(before, p->k.out, sizeof before);
  forward(p);
  const double sum = weigh(p, p->k.out, &scale);
  memcpy(p->k.out, before, sizeof before);
  release_to(mark);
  return sum;
}

// The change of the weighted output along the moves, by reverse mode.
static double weighted_slope(probe *p)
{
  const int mark = owned_count;
  double sum = 0, scale = 0;
  nd_tensor *before[CASE_OUTPUTS];
  memcpy(before, p->k.out, sizeof before);
  forward(p);
  for (int i = 0; i < p->t->n; i++) {
    if (flows(p, i))
      sum += dot(backward(p, i, true), p->moves[i], &scale);
  }
  memcpy(p->k.out, before, sizeof before);
  release_to(mark);
  return sum;
}

static bool compare_gradient(probe *p, int i, nd_tensor *g,
                             double (*f)(probe *p), double tolerance,
                             const char *what)
{
  nd_tensor *x = p->k.in[i];
  if (g != NULL && (!nd_same_shape(g, x) || g->dtype != x->dtype))
    return report(p->t, "%s of input %d has shape %s", what, i + 1,
                  ND_SHAPE(g->rank, g->dims));
  for (int64_t j = 0; j < x->size; j++) {
    const int64_t other = opposite(p->t, i, j);
    double *values = (double *)(void *)x->data;
    double got = g == NULL ? 0 : at(g, j);
    if (g != NULL && other != j)
      got += at(g, other);
    const double want = differ(f, p, values + j, values + other);
    if (!is_near(got, want, tolerance))
      return report(p->t, "%s of input %d is %.12g at %d, not %.12g", what,
                    i + 1, got, (int)j, want);
  }
  return true;
}

// ------------------------------------------------------------------ checks --

static bool check_reverse(probe *p)
{
  for (int i = 0; i < p->t->n; i++) {
    for (int fused = 0; flows(p, i) && fused < 2; fused++) {
      nd_tensor *g = backward(p, i, fused);
      if (g == NULL)
        return report(p->t, "no gradient: %s", nd_error_message(c));
      if (!compare_gradient(p, i, g, weighted_output, 1e-8,
                            fused ? "fused gradient" : "gradient"))
        return false;
    }
  }
  return true;
}

// Moves all inputs `h` along `t`.
static void move(probe *p, nd_tensor *const *t, double h)
{
  for (int i = 0; i < p->t->n; i++) {
    double *x = (double *)(void *)p->k.in[i]->data;
    for (int64_t j = 0; t[i] != NULL && j < t[i]->size; j++)
      x[j] += h * at(t[i], j);
  }
}

// How the outputs lie when all inputs are moved by `step` along `t`.
static void outputs_at(probe *p, nd_tensor *const *t, double step,
                       nd_tensor **y)
{
  probe moved = { .t = p->t };
  call_start(&moved.k, p->t, ND_FLOAT64, DENSE);
  move(&moved, t, step);
  forward(&moved);
  for (int k = 0; k < moved.k.job.outs; k++)
    y[k] = moved.k.out[k];
}

// The outputs on the way along `t`, one after the other.
typedef struct path {
  probe *p;
  nd_tensor *const *t;
} path;

static bool walk(void *what, double step, double *values)
{
  const path *w = what;
  nd_tensor *y[CASE_OUTPUTS];
  outputs_at(w->p, w->t, step, y);
  for (int k = 0; k < w->p->k.job.outs; k++) {
    for (int64_t j = 0; j < y[k]->size; j++)
      *values++ = at(y[k], j);
  }
  return true;
}

static bool compare_tangent_of(probe *p, int k, nd_tensor *dy,
                               const double *want)
{
  const nd_tensor *out = p->k.out[k];
  if (!nd_same_shape(dy, out) || dy->dtype != out->dtype)
    return report(p->t, "tangent has shape %s", ND_SHAPE(dy->rank, dy->dims));
  for (int64_t j = 0; j < dy->size; j++) {
    if (!is_near(at(dy, j), want[j], 1e-8))
      return report(p->t, "tangent is %.12g at %d, not %.12g", at(dy, j),
                    (int)j, want[j]);
  }
  return true;
}

static bool compare_tangent(probe *p, nd_tensor *const *t)
{
  nd_tensor *dy[CASE_OUTPUTS];
  if (!tangent(p, t, dy))
    return report(p->t, "no tangent: %s", nd_error_message(c));
  int64_t n = 0;
  for (int k = 0; k < p->k.job.outs; k++)
    n += p->k.out[k]->size;
  double *room = malloc((2 * (size_t)n + 1) * sizeof *room);
  const double *want = room + n;
  nd_differences(walk, &(path){ p, t }, 0x1p-10, n, room, room + n);
  bool ok = true;
  for (int k = 0; k < p->k.job.outs && ok; k++) {
    ok = dy[k] == NULL || compare_tangent_of(p, k, dy[k], want);
    want += p->k.out[k]->size;
  }
  free(room);
  return ok;
}

// Along all inputs at once, and along each alone.
static bool check_forward(probe *p)
{
  if (!compare_tangent(p, p->moves))
    return false;
  for (int i = 0; i < p->t->n; i++) {
    nd_tensor *alone[CASE_INPUTS] = { NULL };
    alone[i] = p->moves[i];
    if (flows(p, i) && !compare_tangent(p, alone))
      return false;
  }
  return true;
}

// <w, J m> = <J' w, m>
static bool check_duality(probe *p)
{
  double scale = DBL_MIN;
  nd_tensor *dy[CASE_OUTPUTS];
  if (!tangent(p, p->moves, dy))
    return report(p->t, "no tangent: %s", nd_error_message(c));
  const double ahead = weigh(p, dy, &scale);
  for (int fused = 0; fused < 2; fused++) {
    double back = 0;
    for (int i = 0; i < p->t->n; i++) {
      if (flows(p, i))
        back += dot(backward(p, i, fused), p->moves[i], &scale);
    }
    if (!(fabs(ahead - back) <= 1e-12 * scale))
      return report(p->t, "forward mode gives %.17g, reverse mode %.17g", ahead,
                    back);
  }
  return true;
}

static bool same_bits(nd_tensor *x, nd_tensor *y)
{
  if (x == NULL || y == NULL || !nd_same_shape(x, y) || x->dtype != y->dtype)
    return false;
  const size_t width = nd_dtype_size((nd_dtype)x->dtype);
  return memcmp(dense(x)->data, dense(y)->data, (size_t)x->size * width) == 0;
}

// The same bits; for products of matrices, which add up batches in another
// order when they are strided, and what is made of them, nearly.
static bool alike(const trial *t, nd_tensor *x, nd_tensor *y)
{
  const nd_derivative kind = t->op->derivative;
  if ((kind != ND_BILINEAR && kind != ND_COMPOSED) || x == NULL || y == NULL)
    return same_bits(x, y);
  const double tolerance = x->dtype == ND_FLOAT32 ? 1e-6 : 1e-14;
  bool same = nd_same_shape(x, y) && x->dtype == y->dtype;
  for (int64_t j = 0; same && j < x->size; j++)
    same = is_near(at(x, j), at(y, j), tolerance);
  return same;
}

// What the fused kernels and the rules of an elementwise op give has the same
// bits: both are the same formula.
static bool check_same_bits(probe *p)
{
  for (int i = 0; i < p->t->n && p->t->op->derivative == ND_SLOPE; i++) {
    if (flows(p, i) && !same_bits(backward(p, i, true), backward(p, i, false)))
      return report(p->t, "fused gradient %d has other bits", i + 1);
  }
  return true;
}

// One tape gives what the rule gives, with what the tape kept of the op.
static bool check_tape(probe *p)
{
  nd_tensor *g[CASE_INPUTS], *targets[CASE_OUTPUTS], *seeds[CASE_OUTPUTS];
  nd_tape *t = nd_tape_new(c, 0);
  for (int i = 0; i < p->t->n; i++)
    nd_tape_watch(t, p->k.in[i]);
  call_run(&p->k);
  const int n = list_targets(p, p->k.out, targets, seeds);
  const bool ok = nd_tape_differentiate(t, n, targets, seeds, p->t->n, p->k.in,
                                        g);
  nd_tape_free(t);
  if (!ok)
    return report(p->t, "tape fails: %s", nd_error_message(c));
  for (int i = 0; i < p->t->n; i++) {
    own(g[i]);
    if (flows(p, i) && !same_bits(g[i], backward(p, i, true)))
      return report(p->t, "a tape's gradient of input %d differs", i + 1);
  }
  return true;
}

// Pushed through the record of a tape that knows only input `i`, its move gives
// what the rule gives: the record keeps what tangents read, if its entry says
// so.
static bool check_push_of(probe *p, nd_tape *t, int i)
{
  nd_tensor *alone[CASE_INPUTS] = { NULL }, *want[CASE_OUTPUTS];
  alone[i] = p->moves[i];
  if (!tangent(p, alone, want))
    return report(p->t, "no tangent: %s", nd_error_message(c));
  for (int k = 0; k < p->k.job.outs; k++) {
    nd_push s;
    nd_tensor *got = NULL;
    const int32_t node = nd_tape_node(t, p->k.in[i]);
    const bool open = nd_push_start(&s, t, p->k.out[k]) &&
                      nd_push_reaches(&s, node) && nd_push_is_possible(&s);
    if (open)
      got = own(nd_push_run(&s, node, alone[i]));
    nd_push_finish(&s);
    if (open && !same_bits(got, want[k]))
      return report(p->t, "a record of input %d alone gives another tangent",
                    i + 1);
  }
  return true;
}

static bool check_push(probe *p)
{
  bool ok = true;
  for (int i = 0; i < p->t->n && ok; i++) {
    if (!flows(p, i))
      continue;
    nd_tape *t = nd_tape_new(c, 0);
    nd_tape_watch(t, p->k.in[i]);
    call_run(&p->k);
    nd_tape_stop(t);
    ok = check_push_of(p, t, i);
    nd_tape_free(t);
  }
  return ok;
}

// The sum of the gradients' elements, along the moves.
static nd_tensor *along_moves(probe *p, nd_tensor **firsts)
{
  nd_tensor *sum = F64("0");
  for (int i = 0; i < p->t->n; i++) {
    if (own(firsts[i]) != NULL)
      sum = CALL("add", NULL, sum,
                 CALL("reduce_sum", NULL,
                      CALL("multiply", NULL, firsts[i], p->moves[i])));
  }
  return sum;
}

// The gradient of the weighted gradient, along the moves, by two tapes:
// `seconds` for the inputs, and then for the weights.
static bool differentiate_twice(probe *p, nd_tensor **seconds)
{
  const int n = p->t->n;
  nd_tensor *sources[CASE_INPUTS + CASE_OUTPUTS], *firsts[CASE_INPUTS];
  nd_tensor *targets[CASE_OUTPUTS], *seeds[CASE_OUTPUTS];
  nd_tape *outer = nd_tape_new(c, 0);
  nd_tape *inner = nd_tape_new(c, 0);
  const int weights = list_targets(p, p->k.out, targets, sources + n);
  for (int i = 0; i < n; i++)
    sources[i] = p->k.in[i];
  for (int i = 0; i < n + weights; i++) {
    nd_tape_watch(outer, sources[i]);
    nd_tape_watch(inner, sources[i]);
  }
  call_run(&p->k);
  list_targets(p, p->k.out, targets, seeds);
  nd_tape_differentiate(inner, weights, targets, seeds, n, sources, firsts);
  nd_tensor *sum = along_moves(p, firsts);
  const bool ok = nd_tape_differentiate(outer, 1, &sum, NULL, n + weights,
                                        sources, seconds);
  nd_tape_free(inner);
  nd_tape_free(outer);
  return ok || report(p->t, "second order fails: %s", nd_error_message(c));
}

// The weighted gradient is linear in the weights: its gradient is J m.
static bool check_upstream(probe *p, nd_tensor **seconds)
{
  nd_tensor *want[CASE_OUTPUTS];
  tangent(p, p->moves, want);
  for (int k = 0, n = 0; k < p->k.job.outs; k++) {
    if (p->weights[k] == NULL)
      continue;
    nd_tensor *g = seconds[n++];
    for (int64_t j = 0; j < want[k]->size; j++) {
      const double got = g == NULL ? 0 : at(g, j);
      if (!is_near(got, at(want[k], j), 1e-11))
        return report(p->t,
                      "gradient of the upstream is %.12g at %d, not %.12g", got,
                      (int)j, at(want[k], j));
    }
  }
  return true;
}

// Both accumulators move the inputs; the outer one hears the inner one's rules.
static bool push_twice(probe *p, nd_tensor **twice)
{
  nd_accumulator *outer = nd_accumulator_new(c);
  nd_accumulator *inner = nd_accumulator_new(c);
  for (int i = 0; i < p->t->n; i++) {
    if (p->moves[i] != NULL) {
      nd_accumulator_watch(outer, p->k.in[i], p->moves[i]);
      nd_accumulator_watch(inner, p->k.in[i], p->moves[i]);
    }
  }
  const bool ok = nd_accumulator_start(outer) && nd_accumulator_start(inner) &&
                  call_run(&p->k);
  for (int k = 0; ok && k < p->k.job.outs; k++) {
    nd_tensor *once = own(nd_accumulator_jvp(inner, p->k.out[k]));
    twice[k] = once == NULL ? NULL
                            : dense(own(nd_accumulator_jvp(outer, once)));
  }
  nd_accumulator_free(inner);
  nd_accumulator_free(outer);
  return nd_error_code(c) == ND_OK;
}

// The accumulator moves the inputs, and hears what gives the tape's gradient.
static bool push_gradient(probe *p, nd_tensor **seconds)
{
  nd_tensor *targets[CASE_OUTPUTS], *seeds[CASE_OUTPUTS];
  nd_tensor *firsts[CASE_INPUTS] = { NULL };
  nd_accumulator *outer = nd_accumulator_new(c);
  nd_tape *inner = nd_tape_new(c, 0);
  for (int i = 0; i < p->t->n; i++) {
    nd_tape_watch(inner, p->k.in[i]);
    if (p->moves[i] != NULL)
      nd_accumulator_watch(outer, p->k.in[i], p->moves[i]);
  }
  if (nd_accumulator_start(outer) && call_run(&p->k))
    nd_tape_differentiate(inner, list_targets(p, p->k.out, targets, seeds),
                          targets, seeds, p->t->n, p->k.in, firsts);
  for (int i = 0; i < p->t->n; i++) {
    if (own(firsts[i]) != NULL)
      seconds[i] = dense(own(nd_accumulator_jvp(outer, firsts[i])));
  }
  nd_tape_free(inner);
  nd_accumulator_free(outer);
  return nd_error_code(c) == ND_OK;
}

// The weighted second derivative along the moves.
static double along(const probe *p, nd_tensor *const *seconds, double *scale)
{
  double sum = 0;
  for (int i = 0; i < p->t->n; i++) {
    if (p->moves[i] != NULL && seconds[i] != NULL)
      sum += dot(seconds[i], p->moves[i], scale);
  }
  return sum;
}

// It is the same forward twice, forward over a gradient, and by tapes.
static bool check_second_tangent(probe *p, nd_tensor *const *seconds)
{
  nd_tensor *twice[CASE_OUTPUTS] = { NULL }, *pushed[CASE_INPUTS] = { NULL };
  double scale = 1;
  if (!push_twice(p, twice) || !push_gradient(p, pushed))
    return report(p->t, "second tangent: %s", nd_error_message(c));
  const double want = along(p, seconds, &scale);
  const double got = weigh(p, twice, &scale);
  const double mixed = along(p, pushed, &scale);
  if (!is_near(got / scale, want / scale, 1e-11))
    return report(p->t, "second tangent is %.12g, not %.12g", got, want);
  return is_near(mixed / scale, want / scale, 1e-11) ||
         report(p->t, "tangent of the gradient is %.12g, not %.12g", mixed,
                want);
}

static bool check_second(probe *p)
{
  nd_tensor *seconds[CASE_INPUTS + CASE_OUTPUTS] = { NULL };
  if (!differentiate_twice(p, seconds))
    return false;
  for (int i = 0; i < CASE_INPUTS + CASE_OUTPUTS; i++)
    seconds[i] = dense(own(seconds[i]));
  for (int i = 0; i < p->t->n; i++) {
    if (flows(p, i) && !compare_gradient(p, i, seconds[i], weighted_slope, 1e-7,
                                         "second gradient"))
      return false;
  }
  return check_upstream(p, seconds + p->t->n) &&
         check_second_tangent(p, seconds);
}

// All outputs of two probes, or all of what they have in their places.
static bool all_alike(const trial *t, int n, nd_tensor *const *x,
                      nd_tensor *const *y)
{
  for (int k = 0; k < n; k++) {
    if ((x[k] != NULL || y[k] != NULL) && !alike(t, dense(x[k]), dense(y[k])))
      return false;
  }
  return true;
}

static bool compare_layout(const trial *t, nd_dtype dtype, layout how)
{
  probe p, q;
  if (!start_probe(&p, t, dtype, DENSE) || !start_probe(&q, t, dtype, how))
    return false;
  const int outs = p.k.job.outs;
  if (!all_alike(t, outs, p.k.out, q.k.out))
    return report(t, "layout %d gives other values", how);
  for (int i = 0; i < p.t->n; i++) {
    for (int fused = 0; flows(&p, i) && fused < 2; fused++) {
      if (!alike(t, backward(&p, i, fused), backward(&q, i, fused)))
        return report(t, "layout %d gives another %sgradient of input %d", how,
                      fused ? "fused " : "", i + 1);
    }
  }
  nd_tensor *dp[CASE_OUTPUTS], *dq[CASE_OUTPUTS];
  if (!tangent(&p, p.moves, dp) || !tangent(&q, q.moves, dq) ||
      !all_alike(t, outs, dp, dq))
    return report(t, "layout %d gives another tangent", how);
  return true;
}

static bool compare_single(const trial *t, nd_tensor *a, nd_tensor *b,
                           const char *what)
{
  for (int64_t j = 0; b != NULL && j < b->size; j++) {
    if (!is_near(at(a, j), at(b, j), 1e-5))
      return report(t, "%s in float32 is %.9g at %d, not %.9g", what, at(a, j),
                    (int)j, at(b, j));
  }
  return true;
}

static bool check_single(const trial *t)
{
  probe p, q;
  if (!start_probe(&p, t, ND_FLOAT32, DENSE) ||
      !start_probe(&q, t, ND_FLOAT64, DENSE))
    return false;
  nd_tensor *dp[CASE_OUTPUTS], *dq[CASE_OUTPUTS];
  bool ok = tangent(&p, p.moves, dp) && tangent(&q, q.moves, dq);
  for (int k = 0; ok && k < p.k.job.outs; k++)
    ok = p.weights[k] == NULL ||
         (compare_single(t, dense(p.k.out[k]), dense(q.k.out[k]), "value") &&
          compare_single(t, dp[k], dq[k], "tangent"));
  for (int i = 0; i < p.t->n; i++) {
    for (int fused = 0; ok && flows(&p, i) && fused < 2; fused++)
      ok = compare_single(t, backward(&p, i, fused), backward(&q, i, fused),
                          "gradient");
  }
  return ok;
}

static bool check_case(const trial *t)
{
  const int mark = owned_count;
  probe p;
  bool ok = start_probe(&p, t, ND_FLOAT64, DENSE) && check_duality(&p) &&
            check_forward(&p) && check_tape(&p) && check_push(&p) &&
            check_same_bits(&p);
  int64_t largest = 0;
  for (int i = 0; i < t->n; i++)
    largest = t->in[i].size > largest ? t->in[i].size : largest;
  ok = ok && (largest > 100 || (check_reverse(&p) && check_second(&p))) &&
       check_single(t);
  for (layout how = TRANSPOSED; ok && how < LAYOUTS; how++)
    ok = compare_layout(t, ND_FLOAT32, how) &&
         compare_layout(t, ND_FLOAT64, how);
  if (ok && nd_error_code(c) != ND_OK)
    report(t, "leaves an error: %s", nd_error_message(c));
  nd_error_clear(c);
  release_to(mark);
  return fault[0] == '\0';
}

// True when the derivative of `op` is right in all of these cases.
static bool is_right(const nd_op *op, const char *cases)
{
  static trial t;
  fault[0] = '\0';
  while (cases != NULL && fault[0] == '\0') {
    cases = case_read(&t, op, cases);
    check_case(&t);
  }
  return fault[0] == '\0';
}

// ------------------------------------------------------------------- tests --

static const nd_op *op;

static bool is_elementwise(void)
{
  return op->derivative == ND_SLOPE ||
         (op->derivative == ND_VJP && op->infer == NULL && op->compose == NULL);
}

// Beyond an entry's cases, for elementwise ops: 0-d, every rank, broadcasting
// on both sides, and more elements than a block.
static const char *further_cases(void)
{
  if (!is_elementwise())
    return NULL;
  const int inputs = nd_params_count(op->params) - op->attrs;
  if (inputs == 3)
    return "[] [] []; [2 1] [] [1 2]; [3 1] [1 2] [3 2]; [700] [700] [1]";
  if (inputs == 1)
    return "[]; [1]; [2 1 3 1 2]; [1 1 1 2 1 1 1 2]; [700]; [3 400]";
  if (op->infer != NULL)
    return "[]  []; [2 1 3] [2 1 3]; [700] [700]";
  return "[] []; [2 1] [1 2]; [1 3] [2 1 1]; [] [0]; [1] [0 1]; "
         "[2 1 1 1 1 1 1 2] [1 2]; [700] [700]; [2 600] [2 1]; [600] []";
}

// [S27, S61]
static void every_derivative_is_right(void)
{
  start();
  const char *further = further_cases();
  if (!is_right(op, op->cases) || (further != NULL && !is_right(op, further)))
    CHECK_STR(fault, "");
  finish();
}

// Points where slopes are 0, inf or nan.
static const char *const extremes =
  "[0 -0 1 -1 6 inf -inf nan 1e-40 -1e-40 1e30 -1e30 88.9 -88.9 .5 -2]";

// A call with those points, the same for all inputs or each with each.
static void fill_extremes(nd_dtype dtype, case_call *k, bool across)
{
  static nd_value attr[ND_MAX_ATTRS];
  nd_values_start(op, attr);
  *k = (case_call){ .job = { .op = op, .attr = attr } };
  k->job.n = nd_params_count(op->params) - op->attrs;
  k->job.in = k->in;
  k->job.out = k->out;
  for (int i = 0; i < k->job.n; i++)
    k->in[i] = tensor(dtype, extremes);
  for (int i = 1; i < k->job.n && across && op->infer == NULL; i++) {
    for (int q = 0; q < i; q++)
      k->in[q] = CALL("expand_dims", "axis=-1", k->in[q]);
  }
}

static bool gives_zero(case_call *k, int i, bool fused)
{
  nd_tensor *gx[CASE_INPUTS];
  bool wanted[CASE_INPUTS] = { false };
  wanted[i] = true;
  nd_tensor *zero = CALL("zeros_like", NULL, k->out[0]);
  nd_job_vjp(c, &k->job, &zero, wanted, fused, gx);
  return is_zero(dense(own(gx[i])));
}

static bool moves_nothing(case_call *k, int i)
{
  nd_tensor *t[CASE_INPUTS] = { NULL };
  nd_tensor *dy;
  t[i] = CALL("zeros_like", NULL, k->in[i]);
  nd_job_jvp(c, &k->job, t, &dy);
  return is_zero(dense(own(dy)));
}

static void nothing_in_gives_nothing_out(void)
{
  start();
  for (int way = 0; way < 4; way++) {
    case_call k;
    fill_extremes(way & 1 ? ND_FLOAT64 : ND_FLOAT32, &k, way & 2);
    CHECK(call_run(&k));
    for (int i = 0; i < k.job.n; i++) {
      CHECK(gives_zero(&k, i, true));
      CHECK(gives_zero(&k, i, false));
      CHECK(moves_nothing(&k, i));
    }
  }
  finish();
}

// ------------------------------------------------------- wrong on purpose --

extern const nd_op nd_op_tanh, nd_op_multiply, nd_op_matmul, nd_op_reduce_sum,
  nd_op_softmax, nd_op_where, nd_op_sigmoid;

static void pass(nd_context *in, const nd_job *j, nd_tensor *const *g,
                 const bool *wanted, nd_tensor **gx)
{
  gx[0] = g[0];
}

static void swapped(nd_context *in, const nd_job *j, nd_tensor *const *g,
                    const bool *wanted, nd_tensor **gx)
{
  const bool all[] = { false, true, true };
  nd_op_where.transpose(in, j, g, all, gx);
  nd_tensor *first = gx[1];
  gx[1] = gx[2];
  gx[2] = first;
}

static void pass_tangent(nd_context *in, const nd_job *j, nd_tensor *const *t,
                         nd_tensor **ty)
{
  ty[0] = t[0];
}

#define CHECK_CAUGHT(change, part)         \
  do {                                     \
    start();                               \
    change;                                \
    CHECK(!is_right(&wrong, wrong.cases)); \
    CHECK(strstr(fault, part) != NULL);    \
    if (strstr(fault, part) == NULL)       \
      printf("  found: %s\n", fault);      \
    finish();                              \
  } while (0)

static void a_wrong_slope_is_found(void)
{
  nd_op wrong = nd_op_tanh;
  CHECK_CAUGHT(wrong.slope = nd_op_sigmoid.slope, "mode");
  const nd_term *first_of_both[] = { nd_op_multiply.slope[0],
                                     nd_op_multiply.slope[0] };
  wrong = nd_op_multiply;
  CHECK_CAUGHT(wrong.slope = first_of_both, "mode");
}

static void a_wrong_fused_kernel_is_found(void)
{
  nd_op wrong = nd_op_tanh;
  nd_kernels kernels[ND_LEVELS];
  for (int i = 0; i < ND_LEVELS && wrong.kernels[i] != NULL; i++) {
    kernels[i] = *wrong.kernels[i];
    kernels[i].slope[0][1] = nd_op_sigmoid.kernels[i]->slope[0][1];
    wrong.kernels[i] = &kernels[i];
  }
  CHECK_CAUGHT((void)0, "mode");
}

static void a_wrong_transpose_is_found(void)
{
  nd_op wrong = nd_op_where;
  CHECK_CAUGHT(wrong.transpose = swapped, "mode");
}

static void a_wrong_vjp_is_found(void)
{
  nd_op wrong = nd_op_softmax;
  CHECK_CAUGHT(wrong.vjp = pass, "mode");
}

static void a_wrong_jvp_is_found(void)
{
  nd_op wrong = nd_op_softmax;
  CHECK_CAUGHT(wrong.jvp = pass_tangent, "mode");
}

// Forward and reverse mode that are wrong alike differ from the differences.
static void rules_that_agree_on_a_wrong_answer_are_found(void)
{
  nd_op wrong = nd_op_softmax;
  wrong.jvp = pass_tangent;
  CHECK_CAUGHT(wrong.vjp = pass, "tangent is");
}

// ------------------------------------------------------------- all of them --

static void run_named(void (*test)(void), const char *before)
{
  char name[80];
  snprintf(name, sizeof name, "%s %s", before, op->name);
  check_run(test, name);
}

int main(void)
{
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (op->derivative != ND_NO_GRAD && op->cases != NULL)
      run_named(every_derivative_is_right, "the derivative is right of");
    if (is_elementwise())
      run_named(nothing_in_gives_nothing_out, "zero stays zero through");
  }
  RUN(a_wrong_slope_is_found);
  RUN(a_wrong_fused_kernel_is_found);
  RUN(a_wrong_transpose_is_found);
  RUN(a_wrong_vjp_is_found);
  RUN(a_wrong_jvp_is_found);
  RUN(rules_that_agree_on_a_wrong_answer_are_found);
  return check_done();
}
