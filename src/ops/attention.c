// ops/attention.c: dot_product_attention, softmax(q k^T scale + bias) v, with
// bounded memory: what is large is halved along one axis after the other, until
// few logits are there at once. The gradient makes them again, so that tapes
// keep what comes in and what goes out.
//
// `attention`, which does that, knows q[b n g t d], k[b n 1 s d], v[b n 1 s e],
// bias and mask that broadcast to [b n g t s], or that are scalars where there
// is none; g queries share a key.

#include <float.h>
#include <math.h>

#include "base/number.h"
#include "ops/rules.h"

// ------------------------------------------------------------------- parts --

enum { MOST_LOGITS = 1 << 20, AXES = 5, TIME = 3 };

// What comes in, the gradient of the result, and tangents.
enum { Q, K, V, BIAS, MASK, G, TQ, TK, TV, TBIAS, ROLES };
enum { GRADIENTS = 4 };  // of Q, K, V and BIAS

// The work on a part of them; where there is none of a role it has NULL.
typedef struct part part;
struct part {
  nd_tensor *x[ROLES];
  int64_t before;  // queries before those of this part
  double scale;
  bool causal;
  bool wanted[GRADIENTS];
  // Gives the result, or what it is of roles 0, 1 ..; false after an error.
  bool (*compute)(nd_context *c, const part *p, nd_tensor **out);
};

// Whether `x` in that role has a part for each of the parts along an axis.
static bool parts_along(const nd_tensor *x, int role, int axis)
{
  const bool timeless = role == K || role == V || role == TK || role == TV;
  return x->rank == AXES && x->dims[axis] > 1 && !(timeless && axis == TIME);
}

// The axis along which to halve; -1 if there are few logits.
static int find_axis(const part *p)
{
  const nd_tensor *q = p->x[Q];
  int64_t logits = p->x[K]->dims[TIME];
  for (int i = 0; i <= TIME; i++)
    logits *= q->dims[i];
  for (int i = 0; i <= TIME && logits > MOST_LOGITS; i++) {
    if (q->dims[i] > 1)
      return i;
  }
  return -1;
}

// Makes the part of positions first..last along an axis.
static bool cut(nd_context *c, const part *p, int axis, int64_t first,
                int64_t last, part *half)
{
  *half = *p;
  if (axis == TIME)
    half->before += first - 1;
  for (int i = 0; i < ROLES; i++) {
    nd_tensor *x = p->x[i];
    if (x == NULL || !parts_along(x, i, axis))
      continue;
    half->x[i] = SLICE_ALONG(x, axis, first, last, 1);
    if (half->x[i] == NULL)
      return false;
  }
  return true;
}

static bool attend(nd_context *c, const part *p, nd_tensor **out);

// Leaves nothing in the pool but what it gives.
static bool attend_half(nd_context *c, const part *p, int axis, int64_t first,
                        int64_t last, nd_tensor **out)
{
  part half;
  const size_t mark = nd_pool_mark(c);
  bool ok = cut(c, p, axis, first, last, &half) && attend(c, &half, out);
  for (int k = 0; k < GRADIENTS; k++) {
    ok = ok && (out[k] == NULL || nd_force(out[k]));
    out[k] = ok && out[k] != NULL ? nd_tensor_keep(out[k]) : NULL;
  }
  nd_pool_drain(c, mark);
  for (int k = 0; k < GRADIENTS; k++) {
    const bool there = out[k] != NULL;
    out[k] = there ? nd_pool_add(c, out[k]) : NULL;
    ok = ok && there == (out[k] != NULL);
  }
  return ok;
}

// What halves along an axis give: one after the other, or added up where they
// had it in common.
static bool attend(nd_context *c, const part *p, nd_tensor **out)
{
  nd_tensor *low[GRADIENTS] = { NULL }, *high[GRADIENTS] = { NULL };
  const int axis = find_axis(p);
  if (axis < 0)
    return p->compute(c, p, out);
  const int64_t n = p->x[Q]->dims[axis];
  if (!attend_half(c, p, axis, 1, n / 2, low) ||
      !attend_half(c, p, axis, n / 2 + 1, n, high))
    return false;
  for (int k = 0; k < GRADIENTS; k++) {
    nd_tensor *halves[] = { low[k], high[k] };
    if (low[k] == NULL)
      continue;
    out[k] = parts_along(p->x[k], k, axis) ? CONCAT(2, halves, axis + 1)
                                           : ADD(low[k], high[k]);
    if (out[k] == NULL)
      return false;
  }
  return true;
}

// ------------------------------------------------------------- of one part --

static bool has_all(const nd_tensor *x)
{
  return x->rank == AXES;
}

static nd_tensor *scaled(nd_context *c, const part *p, nd_tensor *x)
{
  return x == NULL ? NULL : MUL(x, NUMBER(x, p->scale));
}

// [t s]: whether the key is not after the query.
static nd_tensor *make_past(nd_context *c, const part *p)
{
  const int64_t t = p->x[Q]->dims[TIME], s = p->x[K]->dims[TIME];
  nd_tensor *at = COUNT(t, 1);
  if (at != NULL)
    at = ADD(at, NUMBER(at, (double)p->before));
  return GE(RESHAPE(at, 2, ((int64_t[]){ t, 1 })), COUNT(s, 1));
}

// `logits`, but `value` where a query does not see the key.
static nd_tensor *hide(nd_context *c, const part *p, nd_tensor *logits,
                       double value)
{
  nd_tensor *hidden = NUMBER(p->x[Q], value);
  if (has_all(p->x[MASK]))
    logits = IF(p->x[MASK], logits, hidden);
  return p->causal ? IF(make_past(c, p), logits, hidden) : logits;
}

// The distribution of each query over the keys: [b n g t s]. What is hidden is
// the lowest of numbers, not -inf: a query that sees nothing sees all alike.
static nd_tensor *make_weights(nd_context *c, const part *p)
{
  nd_tensor *const *x = p->x;
  const double most = x[Q]->dtype == ND_FLOAT32 ? (double)FLT_MAX : DBL_MAX;
  nd_tensor *logits = MATMUL(scaled(c, p, x[Q]), false, x[K], true);
  if (has_all(x[BIAS]))
    logits = ADD(logits, x[BIAS]);
  return SOFTMAX(hide(c, p, logits, -.7 * most), -1);
}

static bool forward(nd_context *c, const part *p, nd_tensor **out)
{
  out[0] = MATMUL(make_weights(c, p), false, p->x[V], false);
  return out[0] != NULL;
}

// How a change of the logits in direction `t` changes the distributions w, and
// symmetrically how a gradient of these passes to the logits: w (t - sum(w t)).
static nd_tensor *bend(nd_context *c, const part *p, nd_tensor *w, nd_tensor *t)
{
  return hide(c, p, BOTH(CENTRE(w, t, -1), w), 0);
}

// gv = w' g, and with r of the logits gq = r k scale, gk = r' q scale.
static bool backward(nd_context *c, const part *p, nd_tensor **out)
{
  nd_tensor *const *x = p->x, *w = make_weights(c, p);
  nd_tensor *r = bend(c, p, w, MATMUL(x[G], false, x[V], true));
  if (p->wanted[Q])
    out[Q] = scaled(c, p, MATMUL(r, false, x[K], false));
  if (p->wanted[K])
    out[K] = scaled(c, p, SUM_TO(MATMUL(r, true, x[Q], false), x[K]));
  if (p->wanted[V])
    out[V] = SUM_TO(MATMUL(w, true, x[G], false), x[V]);
  if (p->wanted[BIAS])
    out[BIAS] = has_all(x[BIAS]) ? SUM_TO(r, x[BIAS]) : ZEROS(x[BIAS]);
  for (int k = 0; k < GRADIENTS; k++) {
    if (p->wanted[k] && out[k] == NULL)
      return false;
  }
  return true;
}

static bool tangent(nd_context *c, const part *p, nd_tensor **out)
{
  nd_tensor *const *x = p->x, *w = make_weights(c, p), *t = NULL, *y = NULL;
  if (w == NULL)
    return false;
  if (x[TQ] != NULL)
    t = scaled(c, p, MATMUL(x[TQ], false, x[K], true));
  if (x[TK] != NULL)
    t = ADD_ANY(t, scaled(c, p, MATMUL(x[Q], false, x[TK], true)));
  if (x[TBIAS] != NULL)
    t = ADD_ANY(t, BROADCAST(x[TBIAS], w->rank, w->dims));
  if (t != NULL)
    y = MATMUL(bend(c, p, w, t), false, x[V], false);
  if (x[TV] != NULL)
    y = ADD_ANY(y, MATMUL(w, false, x[TV], false));
  out[0] = y;
  return y != NULL;
}

// --------------------------------------------------------------- attention --

enum { SCALE, CAUSAL, ATTRS };  // attributes

static const nd_param part_params[] = {
  { "q", ND_TENSOR },
  { "k", ND_TENSOR },
  { "v", ND_TENSOR },
  { "bias", ND_TENSOR },
  { "mask", ND_TENSOR, .dtypes = ND_BOOLS },
  { "scale", ND_NUMBER, "1" },
  { "is_causal", ND_FLAG, "false" },
  { 0 },
};

static part all_of(const nd_job *j)
{
  part p = { .x = { [Q] = j->in[Q], [K] = j->in[K] },
             .scale = j->attr[SCALE].number,
             .causal = j->attr[CAUSAL].integer != 0 };
  for (int i = V; i < j->n; i++)
    p.x[i] = j->in[i];
  return p;
}

static void run_attention(nd_context *c, const nd_job *j)
{
  part p = all_of(j);
  nd_tensor *out[GRADIENTS] = { NULL };
  p.compute = forward;
  for (int i = 0; i < j->n; i++) {
    const int rank = j->in[i]->rank;
    if (rank == AXES || (i >= BIAS && rank == 0))
      continue;
    nd_fail(c, ND_BAD_ARGUMENT, "%s must have %d axes, got %s",
            part_params[i].name, AXES, ND_SHAPE(rank, j->in[i]->dims));
    return;
  }
  if (attend(c, &p, out))
    j->out[0] = out[0];
}

static void attention_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                          const bool *wanted, nd_tensor **gx)
{
  part p = all_of(j);
  nd_tensor *out[GRADIENTS] = { NULL };
  p.compute = backward;
  p.x[G] = g[0];
  for (int k = 0; k < GRADIENTS; k++)
    p.wanted[k] = wanted[k];
  if (!attend(c, &p, out))
    return;
  for (int k = 0; k < GRADIENTS; k++)
    gx[k] = out[k];
}

static void attention_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                          nd_tensor **ty)
{
  part p = all_of(j);
  nd_tensor *out[GRADIENTS] = { NULL };
  p.compute = tangent;
  p.x[TQ] = t[Q];
  p.x[TK] = t[K];
  p.x[TV] = t[V];
  p.x[TBIAS] = t[BIAS];
  if (attend(c, &p, out))
    ty[0] = out[0];
}

#define NEEDS (1 << Q | 1 << K | 1 << V | 1 << BIAS | 1 << MASK)

const nd_op nd_op_attention = {
  .name = "attention",
  .hidden = true,
  .doc = "dot_product_attention of groups of queries that share a key",
  .params = part_params,
  .attrs = ATTRS,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { NEEDS, NEEDS, NEEDS },
  .compose = run_attention,
  .vjp = attention_vjp,
  .jvp = attention_jvp,
  .jvp_within_needs = true,
  .low = -1,
  .high = 1,
  .cases = "[1 2 1 3 2] [1 2 1 4 2] [1 2 1 4 3] [] bool[]; "
           "[2 1 2 3 2] [2 1 1 2 2] [2 1 1 2 1] [1 1 2 3 2] bool[] scale=.5; "
           "[1 1 1 3 2] [1 1 1 3 2] [1 1 1 3 2] [] bool[1 1 1 3 3] "
           "is_causal=true",
};

// --------------------------------------------------- dot_product_attention --

static const nd_param params[] = {
  { "query", ND_TENSOR },
  { "key", ND_TENSOR },
  { "value", ND_TENSOR },
  { "bias", ND_TENSOR, "nil" },
  { "mask", ND_TENSOR, "nil", .dtypes = ND_BOOLS },
  { "scale", ND_NUMBER, "nil" },
  { "is_causal", ND_FLAG, "false" },
  { 0 },
};

enum { BATCH, AT, HEADS, DIM, RANK };  // axes of what comes in

static bool check_inputs(nd_context *c, const nd_job *j)
{
  const nd_tensor *q = j->in[Q], *k = j->in[K], *v = j->in[V];
  for (int i = 0; i <= V; i++) {
    const nd_tensor *x = j->in[i];
    if (x->rank != RANK)
      return nd_fail(c, ND_BAD_ARGUMENT,
                     "%s must be [batch time heads dim], got %s",
                     params[i].name, ND_SHAPE(x->rank, x->dims));
  }
  const int64_t heads = k->dims[HEADS];
  if (k->dims[BATCH] != q->dims[BATCH] || k->dims[DIM] != q->dims[DIM])
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "query and key differ in batch or dim: query is %s, key is "
                   "%s",
                   ND_SHAPE(RANK, q->dims), ND_SHAPE(RANK, k->dims));
  if (heads < 1 || q->dims[HEADS] % heads != 0)
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "heads of key must divide those of query: query is %s, key "
                   "is %s",
                   ND_SHAPE(RANK, q->dims), ND_SHAPE(RANK, k->dims));
  for (int i = BATCH; i <= HEADS; i++) {
    if (k->dims[i] != v->dims[i])
      return nd_fail(c, ND_BAD_ARGUMENT,
                     "key and value differ: key is %s, value is %s",
                     ND_SHAPE(RANK, k->dims), ND_SHAPE(RANK, v->dims));
  }
  return true;
}

// Bias or mask, which must broadcast to [batch heads tq tk].
static bool check_logits(nd_context *c, const nd_job *j, int role)
{
  const nd_tensor *x = nd_job_in(j, role), *q = j->in[Q];
  const int64_t logits[] = { q->dims[BATCH], q->dims[HEADS], q->dims[AT],
                             j->in[K]->dims[AT] };
  bool fits = x == NULL || x->rank <= RANK;
  for (int i = 1; x != NULL && fits && i <= x->rank; i++) {
    const int64_t size = x->dims[x->rank - i];
    fits = size == 1 || size == logits[RANK - i];
  }
  return fits || nd_fail(c, ND_BAD_ARGUMENT,
                         "%s must broadcast to [batch heads tq tk], %s, got %s",
                         params[role].name, ND_SHAPE(RANK, logits),
                         ND_SHAPE(x->rank, x->dims));
}

// [batch time heads dim] as [b n g t d].
static nd_tensor *group(nd_context *c, nd_tensor *x, int64_t n)
{
  const int64_t *d = x->dims;
  const int64_t shape[] = { d[BATCH], d[AT], n, d[HEADS] / n, d[DIM] };
  return TRANSPOSE(RESHAPE(x, AXES, shape), ((int64_t[]){ 1, 3, 4, 2, 5 }));
}

static nd_tensor *ungroup(nd_context *c, nd_tensor *y)
{
  if (y == NULL)
    return NULL;
  const int64_t *d = y->dims;
  const int64_t shape[] = { d[0], d[TIME], d[1] * d[2], d[4] };
  return RESHAPE(TRANSPOSE(y, ((int64_t[]){ 1, 4, 2, 3, 5 })), RANK, shape);
}

// What broadcasts to [batch heads tq tk] as what does to [b n g t s].
static nd_tensor *group_logits(nd_context *c, nd_tensor *x, int64_t n)
{
  int64_t d[RANK], shape[AXES];
  for (int i = 0; i < RANK; i++)
    d[i] = i < RANK - x->rank ? 1 : x->dims[i - RANK + x->rank];
  const bool shared = d[1] == 1;
  shape[0] = d[0];
  shape[1] = shared ? 1 : n;
  shape[2] = shared ? 1 : d[1] / n;
  shape[3] = d[2];
  shape[4] = d[3];
  return RESHAPE(x, AXES, shape);
}

static void dot_product_attention(nd_context *c, const nd_job *j)
{
  nd_tensor *const *in = j->in, *bias = nd_job_in(j, BIAS);
  nd_tensor *mask = nd_job_in(j, MASK);
  if (!check_inputs(c, j) || !check_logits(c, j, BIAS) ||
      !check_logits(c, j, MASK))
    return;
  const int64_t n = in[K]->dims[HEADS], dim = in[Q]->dims[DIM];
  const double root = sqrt((double)(dim > 0 ? dim : 1));
  nd_value attr[ATTRS] = { j->attr[SCALE], j->attr[CAUSAL] };
  if (!attr[SCALE].given)
    attr[SCALE] = (nd_value){ .given = true, .number = 1 / root };
  nd_tensor *none = NUMBER(in[Q], 0);
  nd_tensor *parts[] = {
    [Q] = group(c, in[Q], n),
    [K] = group(c, in[K], n),
    [V] = group(c, in[V], n),
    [BIAS] = bias == NULL ? none : group_logits(c, bias, n),
    [MASK] = mask == NULL ? CAST(none, ND_BOOL) : group_logits(c, mask, n),
  };
  nd_tensor *y = nd_rule_apply(c, &nd_op_attention, MASK + 1, parts, attr);
  j->out[0] = ungroup(c, y);
}

const nd_op nd_op_dot_product_attention = {
  .name = "dot_product_attention",
  .module = "nn",
  .inside = true,
  .doc =
    "softmax(query key^T * scale + bias) value for each head of query, key, "
    "value [batch time heads dim]; heads of key and value may be shared by "
    "as many of query each; scale is 1 / sqrt(dim) unless given; bias and mask "
    "broadcast to [batch heads tq tk]; where mask is false, and for is_causal "
    "after the query, a key is not seen; who sees none sees all alike",
  .params = params,
  .attrs = ATTRS,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .compose = dot_product_attention,
  .low = -1,
  .high = 1,
  .cases = "[1 3 2 2] [1 4 2 2] [1 4 2 2]; "
           "[2 3 4 2] [2 2 2 2] [2 2 2 3] [4 3 2] scale=.5; "
           "[1 3 1 2] [1 3 1 2] [1 3 1 2] [3] bool[1 1 3 3] is_causal=true; "
           "[1 0 1 2] [1 3 1 2] [1 3 1 2]; [0 2 1 2] [0 3 1 2] [0 3 1 2]",
};

const nd_op *const nd_ops_attention[] = { &nd_op_attention,
                                          &nd_op_dot_product_attention, NULL };
