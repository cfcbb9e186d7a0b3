// ops/lstm.c: what long short-term memory does with the products of its inputs
// (ops/recurrent.c), over whole sequences. With s = x + bias + h U,
//   i f o = sigmoid(s)    g = tanh(s)    c' = f c + i g    h' = o tanh(c')
// Kernels go through time, and keep the gates for the way back; whoever listens
// to a gradient, or wants a tangent, has the same by words.

#include <string.h>

#include "op/unroll.h"
#include "ops/recurrent.h"

enum { X, RECURRENT, BIAS, H, C, MASK, INPUTS };
enum { SEQUENCE, LAST_H, LAST_C, GATES, OUTPUTS };
enum { KEEPS = 0 };  // attribute

// What gates has of each time, in blocks of units; the first are of sums, too.
enum { INPUT, FORGET, NEW, OUTPUT, SUMS, BEFORE = SUMS, BLOCKS };

// --------------------------------------------------------------- forward --

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const int64_t *d = j->in[X]->dims, units = j->in[RECURRENT]->dims[0];
  const int64_t kept = j->attr[KEEPS].integer ? d[1] : 0;
  out[SEQUENCE] = nd_recurrent_type(j->in[X], 3, d[0], d[1], units);
  out[LAST_H] = out[LAST_C] = nd_recurrent_type(j->in[X], 2, d[0], units, 0);
  out[GATES] = nd_recurrent_type(j->in[X], 3, d[0], kept, BLOCKS * units);
  return true;
}

// A row at time `t`, given what h gives. Where gates are not kept they lie
// there.
static void go_row(const nd_workplace *w, int64_t row, int64_t t, void *m)
{
  const nd_job *j = w->what;
  const nd_unroll *u = w->u;
  const int64_t at = row * u->time + t, n = u->units;
  void *h = nd_unroll_at(u, j->out[LAST_H]->data, row * n);
  void *last = nd_unroll_at(u, j->out[LAST_C]->data, row * n);
  void *y = nd_unroll_at(u, j->out[SEQUENCE]->data, at * n);
  void *gates = j->attr[KEEPS].integer
                  ? nd_unroll_at(u, j->out[GATES]->data, at * BLOCKS * n)
                  : m;
  const size_t bytes = nd_unroll_bytes(u, n);
  if (!nd_recurrent_sees(j->in[MASK], at)) {
    memcpy(y, h, bytes);
    memset(gates, 0, BLOCKS * bytes);
    return;
  }
  const void *in[ND_CELLS_IN], **to = in;
  void *out[ND_CELLS_OUT], **into = out;
  nd_unroll_in(u, &to, SUMS, nd_unroll_at(u, j->in[X]->data, at * SUMS * n));
  nd_unroll_in(u, &to, SUMS, nd_values(j->in[BIAS]));
  nd_unroll_in(u, &to, SUMS, m);
  nd_unroll_in(u, &to, 1, last);
  nd_unroll_out(u, &into, BLOCKS, gates);
  nd_unroll_out(u, &into, 1, last);
  nd_unroll_out(u, &into, 1, h);
  nd_unroll_out(u, &into, 1, y);
  u->cells->lstm(n, in, out);
}

static void go(const nd_workplace *w, int64_t phase, int64_t from, int64_t to)
{
  const nd_job *j = w->what;
  const nd_unroll *u = w->u;
  const int64_t n = u->units;
  if (phase == 0) {
    nd_unroll_copy(u, j->out[LAST_H], j->in[H], from, to);
    nd_unroll_copy(u, j->out[LAST_C], j->in[C], from, to);
    return;
  }
  nd_unroll_multiply(w, 0, false, to - from,
                     nd_unroll_at(u, j->out[LAST_H]->data, from * n), n,
                     w->room, BLOCKS * n);
  for (int64_t row = from; row < to; row++) {
    const int64_t next = row + 1 < to ? (row + 1) * u->time + phase - 1 : -1;
    nd_unroll_ask(u, nd_values(j->in[X]), next, SUMS * n);
    if (j->attr[KEEPS].integer)
      nd_unroll_ask(u, j->out[GATES]->data, next, BLOCKS * n);
    go_row(w, row, phase - 1,
           nd_unroll_at(u, w->room, (row - from) * BLOCKS * n));
  }
}

static nd_unroll unroll(const nd_job *j)
{
  const nd_tensor *x = j->in[X];
  const int64_t n = j->in[RECURRENT]->dims[0];
  nd_unroll u = nd_unroll_start(x, x->dims[0], x->dims[1], n);
  u.factors = 1;
  u.factor[0] = (nd_unroll_factor){ .terms = n,
                                    .columns = SUMS * n,
                                    .from = nd_values(j->in[RECURRENT]),
                                    .row = SUMS * n,
                                    .column = 1 };
  u.room = BLOCKS * n;
  u.cost = 6;
  u.step = go;
  return u;
}

ND_UNROLLED(forward, unroll)

// ------------------------------------------------------------------ back --

// Inputs; the first three may be scalars: 0.
enum { DY, DH, DC, KEPT, FACTOR, SEEN_AT };
enum { DSUMS, FIRST_H, FIRST_C };

static bool back_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *gates = j->in[KEPT];
  const int64_t *d = gates->dims, units = j->in[FACTOR]->dims[0];
  out[DSUMS] = nd_recurrent_type(gates, 3, d[0], d[1], SUMS * units);
  out[FIRST_H] = out[FIRST_C] = nd_recurrent_type(gates, 2, d[0], units, 0);
  return true;
}

// A row at time `t`: from the gradients of what is after it, which lie where
// those of what is before it come to lie, but for what h gave.
static void return_row(const nd_workplace *w, int64_t row, int64_t t)
{
  const nd_job *j = w->what;
  const nd_unroll *u = w->u;
  const int64_t at = row * u->time + t, n = u->units;
  void *dh = nd_unroll_at(u, j->out[FIRST_H]->data, row * n);
  void *dc = nd_unroll_at(u, j->out[FIRST_C]->data, row * n);
  void *sums = nd_unroll_at(u, j->out[DSUMS]->data, at * SUMS * n);
  const void *dy = j->in[DY]->rank == 0
                     ? w->zeros
                     : nd_unroll_at(u, nd_values(j->in[DY]), at * n);
  if (!nd_recurrent_sees(j->in[SEEN_AT], at)) {
    memset(sums, 0, nd_unroll_bytes(u, SUMS * n));
    u->products->plus(n, dh, dy);
    return;
  }
  const void *in[ND_CELLS_IN], **to = in;
  void *out[ND_CELLS_OUT], **into = out;
  nd_unroll_in(u, &to, BLOCKS,
               nd_unroll_at(u, nd_values(j->in[KEPT]), at * BLOCKS * n));
  nd_unroll_in(u, &to, 1, dy);
  nd_unroll_in(u, &to, 1, dh);
  nd_unroll_in(u, &to, 1, dc);
  nd_unroll_out(u, &into, SUMS, sums);
  nd_unroll_out(u, &into, 1, dc);
  u->cells->lstm_back(n, in, out);
  memset(dh, 0, nd_unroll_bytes(u, n));
}

static void go_back(const nd_workplace *w, int64_t phase, int64_t from,
                    int64_t to)
{
  const nd_job *j = w->what;
  const nd_unroll *u = w->u;
  const int64_t t = u->time - phase, n = u->units;
  if (phase == 0) {
    nd_unroll_copy(u, j->out[FIRST_H], j->in[DH], from, to);
    nd_unroll_copy(u, j->out[FIRST_C], j->in[DC], from, to);
    return;
  }
  for (int64_t row = from; row < to; row++) {
    const int64_t next = row + 1 < to ? (row + 1) * u->time + t : -1;
    nd_unroll_ask(u, nd_values(j->in[KEPT]), next, BLOCKS * n);
    nd_unroll_ask(u, j->out[DSUMS]->data, next, SUMS * n);
    return_row(w, row, t);
  }
  nd_unroll_multiply(
    w, 0, true, to - from,
    nd_unroll_at(u, j->out[DSUMS]->data, (from * u->time + t) * SUMS * n),
    u->time * SUMS * n, nd_unroll_at(u, j->out[FIRST_H]->data, from * n), n);
}

static nd_unroll unroll_back(const nd_job *j)
{
  const nd_tensor *gates = j->in[KEPT];
  const int64_t n = j->in[FACTOR]->dims[0];
  nd_unroll u = nd_unroll_start(gates, gates->dims[0], gates->dims[1], n);
  u.factors = 1;
  u.factor[0] = (nd_unroll_factor){ .terms = SUMS * n,
                                    .columns = n,
                                    .from = nd_values(j->in[FACTOR]),
                                    .row = 1,
                                    .column = SUMS * n };
  u.cost = 3;
  u.step = go_back;
  return u;
}

ND_UNROLLED(back, unroll_back)

// ---------------------------------------------------------------- by words --

// How gates, new values of c and outputs move, at all times at once:
//   dgates = slope ds    dc' = f dc + by ds    dh' = rise dc' + by ds of OUTPUT
typedef struct slopes {
  nd_tensor *gate[BLOCKS];
  nd_tensor *slope[SUMS], *by[SUMS];
  nd_tensor *rise;
} slopes;

static slopes find_slopes(nd_context *c, const nd_job *j)
{
  slopes s;
  nd_tensor **gate = s.gate, **slope = s.slope;
  for (int i = 0; i < BLOCKS; i++)
    gate[i] = BLOCK_OF(j->out[GATES], i, j->in[RECURRENT]->dims[0]);
  for (int i = 0; i < SUMS; i++) {
    nd_tensor *p = gate[i], *one = NUMBER(p, 1);
    slope[i] = i == NEW ? SUB(one, MUL(p, p)) : MUL(p, SUB(one, p));
  }
  nd_tensor *t = TANH(
    ADD(MUL(gate[FORGET], gate[BEFORE]), MUL(gate[INPUT], gate[NEW])));
  s.rise = MUL(gate[OUTPUT], SUB(NUMBER(t, 1), MUL(t, t)));
  s.by[INPUT] = MUL(gate[NEW], slope[INPUT]);
  s.by[FORGET] = MUL(gate[BEFORE], slope[FORGET]);
  s.by[NEW] = MUL(gate[INPUT], slope[NEW]);
  s.by[OUTPUT] = MUL(t, slope[OUTPUT]);
  return s;
}

// The gradient of the sums at time `t`, given those of h' and c' there.
static nd_tensor *sums_at(nd_context *c, const nd_job *j, const slopes *s,
                          int64_t t, nd_tensor *const *g, nd_tensor *dh,
                          nd_tensor *dc)
{
  nd_tensor *parts[SUMS], *all = AT(g[GATES], t);
  for (int i = 0; i < SUMS; i++) {
    parts[i] = MUL(AT(s->by[i], t), i == OUTPUT ? dh : dc);
    if (all != NULL)
      parts[i] = ADD(
        parts[i],
        MUL(AT(s->slope[i], t), BLOCK_OF(all, i, j->in[RECURRENT]->dims[0])));
  }
  return SEEN(j->in[MASK], t, CONCAT(SUMS, parts, 2), NULL);
}

static bool back_by_words(nd_context *c, const nd_job *j, nd_tensor *const *g,
                          nd_tensor **d)
{
  const slopes s = find_slopes(c, j);
  const int64_t time = j->in[X]->dims[1], units = j->in[RECURRENT]->dims[0];
  nd_tensor *mask = j->in[MASK], **sums = nd_recurrent_times(c, time);
  nd_tensor *dh = ADD_ANY(g[LAST_H], ZEROS(j->in[H]));
  nd_tensor *dc = ADD_ANY(g[LAST_C], ZEROS(j->in[H]));
  if (sums == NULL)
    return false;
  for (int64_t t = time; t >= 1; t--) {
    if (g[SEQUENCE] != NULL)
      dh = ADD(dh, AT(g[SEQUENCE], t));
    nd_tensor *all = ADD(dc, MUL(AT(s.rise, t), dh));
    nd_tensor *ds = sums_at(c, j, &s, t, g, dh, all);
    nd_tensor *before = MUL(AT(s.gate[FORGET], t), all);
    if (g[GATES] != NULL)
      before = ADD(before, BLOCK_OF(AT(g[GATES], t), BEFORE, units));
    dc = SEEN(mask, t, before, dc);
    nd_tensor *through = MATMUL(ds, false, j->in[RECURRENT], true);
    dh = mask->rank == 0 ? through : ADD(through, SEEN(mask, t, ZEROS(dh), dh));
    sums[t - 1] = ds;
  }
  d[FIRST_H] = dh;
  d[FIRST_C] = dc;
  d[DSUMS] = nd_recurrent_stack(c, time, sums, j->in[X]);
  return d[DSUMS] != NULL;
}

static bool back_by_kernels(nd_context *c, const nd_job *j, nd_tensor *const *g,
                            nd_tensor **d)
{
  nd_tensor *none = NUMBER(j->out[GATES], 0);
  nd_tensor *in[] = {
    [DY] = g[SEQUENCE] != NULL ? g[SEQUENCE] : none,
    [DH] = g[LAST_H] != NULL ? g[LAST_H] : none,
    [DC] = g[LAST_C] != NULL ? g[LAST_C] : none,
    [KEPT] = j->out[GATES],
    [FACTOR] = j->in[RECURRENT],
    [SEEN_AT] = j->in[MASK],
  };
  return none != NULL &&
         nd_rule_all(c, &nd_op_lstm_sequence_back, SEEN_AT + 1, in, NULL, d);
}

static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  nd_tensor *d[3] = { NULL };
  const bool kernels = g[GATES] == NULL && !nd_rule_heard(c, j, g);
  if (!(kernels ? back_by_kernels : back_by_words)(c, j, g, d))
    return;
  gx[X] = d[DSUMS];
  gx[H] = d[FIRST_H];
  gx[C] = d[FIRST_C];
  if (wanted[BIAS])
    gx[BIAS] = SUM(d[DSUMS], nd_value_list(2, (const int64_t[]){ 1, 2 }), DROP);
  if (wanted[RECURRENT])
    gx[RECURRENT] = nd_recurrent_by_factor(
      c, nd_recurrent_before(c, j->in[H], j->out[SEQUENCE]), d[DSUMS]);
}

// What moves sums by themselves, before h moves: [batch time sums].
static nd_tensor *driven(nd_context *c, const nd_job *j, nd_tensor *const *t)
{
  nd_tensor *sums = ADD_ANY(t[X], ZEROS(j->in[X]));
  if (t[RECURRENT] != NULL)
    sums = ADD(sums, MATMUL(nd_recurrent_before(c, j->in[H], j->out[SEQUENCE]),
                            false, t[RECURRENT], false));
  return ADD_ANY(sums, t[BIAS]);
}

static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  const slopes s = find_slopes(c, j);
  const int64_t time = j->in[X]->dims[1], units = j->in[RECURRENT]->dims[0];
  nd_tensor *mask = j->in[MASK], *drive = driven(c, j, t);
  nd_tensor *h = ADD_ANY(t[H], ZEROS(j->in[H]));
  nd_tensor *last = ADD_ANY(t[C], ZEROS(j->in[H]));
  nd_tensor **sequence = nd_recurrent_times(c, time);
  nd_tensor **gates = nd_recurrent_times(c, time);
  for (int64_t at = 1; at <= time && gates != NULL && sequence != NULL; at++) {
    nd_tensor *sums = ADD(AT(drive, at),
                          MATMUL(h, false, j->in[RECURRENT], false));
    nd_tensor *new = MUL(AT(s.gate[FORGET], at), last), *parts[BLOCKS];
    for (int i = 0; i < SUMS; i++) {
      nd_tensor *sum = BLOCK_OF(sums, i, units);
      nd_tensor *by = MUL(AT(s.by[i], at), sum);
      parts[i] = MUL(AT(s.slope[i], at), sum);
      new = i == OUTPUT ? new : ADD(new, by);
      if (i == OUTPUT)
        h = SEEN(mask, at, ADD(MUL(AT(s.rise, at), new), by), h);
    }
    parts[BEFORE] = last;
    gates[at - 1] = SEEN(mask, at, CONCAT(BLOCKS, parts, 2), NULL);
    last = SEEN(mask, at, new, last);
    sequence[at - 1] = h;
  }
  ty[LAST_H] = h;
  ty[LAST_C] = last;
  ty[SEQUENCE] = nd_recurrent_stack(c, time, sequence, j->out[SEQUENCE]);
  ty[GATES] = nd_recurrent_stack(c, time, gates, j->out[GATES]);
}

// ------------------------------------------------------------- the entries --

static const nd_param params[] = {
  { "x", ND_TENSOR },          { "recurrent_kernel", ND_TENSOR },
  { "bias", ND_TENSOR },       { "h", ND_TENSOR },
  { "c", ND_TENSOR },          { "mask", ND_TENSOR, .dtypes = ND_BOOLS },
  { "keep", ND_FLAG, "true" }, { 0 },
};
static const char *const results[] = { "sequence", "h", "c", "gates", NULL };

#define NEEDS (1 << RECURRENT | 1 << H | 1 << MASK | ND_NEEDS_OUT)

const nd_op nd_op_lstm_sequence = {
  .name = "lstm_sequence",
  .hidden = true,
  .doc =
    "lstm of x, what kernels gave at all times; and, if told to keep them, "
    "the gates",
  .params = params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_VJP,
  .needs = { NEEDS, NEEDS, NEEDS },
  .results = results,
  .infer = infer,
  .work = forward_work,
  .dense = ND_DENSE_ALL,
  .vjp = vjp,
  .jvp = jvp,
  .jvp_within_needs = true,
  .low = -1,
  .high = 1,
  .cases = "[2 3 8] [2 8] [8] [2 2] [2 2] bool[]; "
           "[3 2 12] [3 12] [12] [3 3] [3 3] bool[3 2]; "
           "[2 1 4] [1 4] [4] [2 1] [2 1] bool[2 1]; "
           "[1 0 4] [1 4] [4] [1 1] [1 1] bool[]; "
           "[0 2 4] [1 4] [4] [0 1] [0 1] bool[]",
  .long_cases = "[100 40 80] [20 80] [80] [100 20] [100 20] bool[]; "
                "[7 9 1200] [300 1200] [1200] [7 300] [7 300] bool[7 9]",
};

static const nd_param back_params[] = {
  { "dy", ND_TENSOR },
  { "dh", ND_TENSOR },
  { "dc", ND_TENSOR },
  { "gates", ND_TENSOR },
  { "recurrent_kernel", ND_TENSOR },
  { "mask", ND_TENSOR, .dtypes = ND_BOOLS },
  { 0 },
};
static const char *const back_results[] = { "sums", "h", "c", NULL };

const nd_op nd_op_lstm_sequence_back = {
  .name = "lstm_sequence_back",
  .hidden = true,
  .doc = "gradients of the sums of lstm_sequence, and of what h and c were "
         "before",
  .params = back_params,
  .dtypes = ND_FLOATS,
  .derivative = ND_NO_GRAD,
  .results = back_results,
  .infer = back_infer,
  .work = back_work,
  .dense = ND_DENSE_ALL,
  .low = -1,
  .high = 1,
  .cases = "[2 3 2] [2 2] [2 2] [2 3 10] [2 8] bool[]; "
           "[] [2 3] [] [2 4 15] [3 12] bool[2 4]",
  .long_cases = "[100 40 20] [100 20] [] [100 40 100] [20 80] bool[]; "
                "[7 9 300] [] [] [7 9 1500] [300 1200] bool[7 9]",
};

const nd_op *const nd_ops_lstm[] = { &nd_op_lstm_sequence,
                                     &nd_op_lstm_sequence_back, NULL };
