// ops/gru.c: what gated recurrent units do with the products of their inputs
// (ops/recurrent.c), over whole sequences:
//   h' = z h + (1 - z) g    z r = sigmoid(x + h U)    g = tanh(x + ..)
// each with its bias, where .. is r (h U + bias) if `reset_after`, or (r h) U.
// Kernels go through time, and keep the gates for the way back; whoever listens
// to a gradient, or wants a tangent, has the same by words.

#include <string.h>

#include "ops/gru.h"

enum { X, RECURRENT, BIAS, H, MASK };
enum { SEQUENCE, LAST_H, GATES };

void nd_gru_set_factors(nd_unroll *u, const nd_tensor *recurrent, bool after,
                        bool flips)
{
  const int64_t n = u->units, wide = SUMS * n;
  const int64_t columns[] = { after ? wide : R * n + n, n };
  u->factors = after ? 1 : 2;
  for (int i = 0; i < u->factors; i++)
    u->factor[i] = (nd_unroll_factor){
      .terms = flips ? columns[i] : n,
      .columns = flips ? n : columns[i],
      .from = nd_unroll_at(u, nd_values(recurrent), i * G * n),
      .row = flips ? 1 : wide,
      .column = flips ? wide : 1,
    };
}

// --------------------------------------------------------------- forward --

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const int64_t *d = j->in[X]->dims, units = j->in[RECURRENT]->dims[0];
  const int64_t kept = j->attr[KEEPS].integer ? d[1] : 0;
  out[SEQUENCE] = nd_recurrent_type(j->in[X], 3, d[0], d[1], units);
  out[LAST_H] = nd_recurrent_type(j->in[X], 2, d[0], units, 0);
  out[GATES] = nd_recurrent_type(j->in[X], 3, d[0], kept, BLOCKS * units);
  return true;
}

// A row at one time: where its values are. Where gates are not kept they lie
// where products do.
typedef struct place {
  const char *x, *bias;
  char *h, *y, *gates, *room;
  bool seen;
} place;

static place find_place(const nd_workplace *w, int64_t t, int64_t row,
                        int64_t first)
{
  const nd_job *j = w->what;
  const nd_unroll *u = w->u;
  const int64_t at = row * u->time + t, n = u->units;
  place p = {
    .x = nd_unroll_at(u, nd_values(j->in[X]), at * SUMS * n),
    .bias = nd_values(j->in[BIAS]),
    .h = nd_unroll_at(u, j->out[LAST_H]->data, row * n),
    .y = nd_unroll_at(u, j->out[SEQUENCE]->data, at * n),
    .room = nd_unroll_at(u, w->room, (row - first) * u->room),
    .seen = nd_recurrent_sees(j->in[MASK], at),
  };
  p.gates = j->attr[KEEPS].integer
              ? nd_unroll_at(u, j->out[GATES]->data, at * BLOCKS * n)
              : p.room + nd_unroll_bytes(u, SUMS * n);
  return p;
}

static void pass_over(const nd_unroll *u, const place *p)
{
  memcpy(p->y, p->h, nd_unroll_bytes(u, u->units));
  memset(p->gates, 0, nd_unroll_bytes(u, BLOCKS * u->units));
}

static void go_row(const nd_unroll *u, const place *p)
{
  const void *in[ND_CELLS_IN], **to = in;
  void *out[ND_CELLS_OUT], **into = out;
  nd_unroll_in(u, &to, SUMS, p->x);
  nd_unroll_in(u, &to, SUMS, p->bias);
  nd_unroll_in(u, &to, SUMS, p->room);
  nd_unroll_in(u, &to, SUMS, p->bias + nd_unroll_bytes(u, SUMS * u->units));
  nd_unroll_in(u, &to, 1, p->h);
  nd_unroll_out(u, &into, BLOCKS, p->gates);
  nd_unroll_out(u, &into, 1, p->h);
  nd_unroll_out(u, &into, 1, p->y);
  u->cells->gru(u->units, in, out);
}

// z, r and r h, which comes to lie behind the products of h.
static void begin_row(const nd_unroll *u, const place *p)
{
  const void *in[ND_CELLS_IN], **to = in;
  void *out[ND_CELLS_OUT], **into = out;
  nd_unroll_in(u, &to, G, p->x);
  nd_unroll_in(u, &to, G, p->bias);
  nd_unroll_in(u, &to, G, p->room);
  nd_unroll_in(u, &to, 1, p->h);
  nd_unroll_out(u, &into, G, p->gates);
  nd_unroll_out(u, &into, 1, nd_unroll_at(u, p->gates, INNER * u->units));
  u->cells->gru_gates(u->units, in, out);
}

// The rest, given the product of r h.
static void end_row(const nd_unroll *u, const place *p)
{
  const int64_t n = u->units;
  const void *in[ND_CELLS_IN], **to = in;
  void *out[ND_CELLS_OUT], **into = out;
  nd_unroll_in(u, &to, 1, nd_unroll_at(u, p->x, G * n));
  nd_unroll_in(u, &to, 1, nd_unroll_at(u, p->bias, G * n));
  nd_unroll_in(u, &to, 1, nd_unroll_at(u, p->room, G * n));
  nd_unroll_in(u, &to, 1, p->gates);
  nd_unroll_in(u, &to, 1, p->h);
  nd_unroll_out(u, &into, 1, nd_unroll_at(u, p->gates, G * n));
  nd_unroll_out(u, &into, 1, nd_unroll_at(u, p->gates, BEFORE * n));
  nd_unroll_out(u, &into, 1, p->h);
  nd_unroll_out(u, &into, 1, p->y);
  u->cells->gru_blend(n, in, out);
}

static void for_rows(const nd_workplace *w, int64_t t, int64_t from, int64_t to,
                     void (*f)(const nd_unroll *u, const place *p))
{
  const nd_job *j = w->what;
  for (int64_t row = from; row < to; row++) {
    const nd_unroll *u = w->u;
    const int64_t next = row + 1 < to ? (row + 1) * u->time + t : -1;
    const place p = find_place(w, t, row, from);
    nd_unroll_ask(u, nd_values(j->in[X]), next, SUMS * u->units);
    if (j->attr[KEEPS].integer)
      nd_unroll_ask(u, j->out[GATES]->data, next, BLOCKS * u->units);
    (p.seen ? f : pass_over)(w->u, &p);
  }
}

static void go(const nd_workplace *w, int64_t phase, int64_t from, int64_t to)
{
  const nd_job *j = w->what;
  const nd_unroll *u = w->u;
  const int64_t n = u->units, t = phase - 1;
  if (phase == 0) {
    nd_unroll_copy(u, j->out[LAST_H], j->in[H], from, to);
    return;
  }
  const place p = find_place(w, t, from, from);
  nd_unroll_multiply(w, ALL, false, to - from, p.h, n, p.room, u->room);
  if (j->attr[RESET_AFTER].integer) {
    for_rows(w, t, from, to, go_row);
    return;
  }
  const int64_t apart = j->attr[KEEPS].integer ? u->time * BLOCKS * n : u->room;
  for_rows(w, t, from, to, begin_row);
  nd_unroll_multiply(w, LATER, false, to - from,
                     nd_unroll_at(u, p.gates, INNER * n), apart,
                     nd_unroll_at(u, p.room, G * n), u->room);
  for_rows(w, t, from, to, end_row);
}

static nd_unroll unroll(const nd_job *j)
{
  const nd_tensor *x = j->in[X];
  nd_unroll u = nd_unroll_start(x, x->dims[0], x->dims[1],
                                j->in[RECURRENT]->dims[0]);
  nd_gru_set_factors(&u, j->in[RECURRENT], j->attr[RESET_AFTER].integer, false);
  u.room = (SUMS + BLOCKS) * u.units;
  u.cost = 4.5F;
  u.step = go;
  return u;
}

ND_UNROLLED(forward, unroll)

// ---------------------------------------------------------------- by words --

typedef struct slopes {
  nd_tensor *gate[BLOCKS];
  nd_tensor *slope[SUMS];    // of a gate by its sum
  nd_tensor *rest, *gap;     // 1 - z, h - g
  nd_tensor *first, *later;  // factors: for z and r, and for g
  bool after;
} slopes;

static slopes find_slopes(nd_context *c, const nd_job *j)
{
  const int64_t n = j->in[RECURRENT]->dims[0];
  slopes s = { .after = j->attr[RESET_AFTER].integer };
  for (int i = 0; i < BLOCKS; i++)
    s.gate[i] = BLOCK_OF(j->out[GATES], i, n);
  for (int i = 0; i < SUMS; i++) {
    nd_tensor *p = s.gate[i], *one = NUMBER(p, 1);
    s.slope[i] = i == G ? SUB(one, MUL(p, p)) : MUL(p, SUB(one, p));
  }
  s.rest = SUB(NUMBER(s.gate[Z], 1), s.gate[Z]);
  s.gap = SUB(s.gate[BEFORE], s.gate[G]);
  s.first = SLICE_ALONG(j->in[RECURRENT], 1, 1, G * n, 1);
  s.later = BLOCK_OF(j->in[RECURRENT], G, n);
  return s;
}

// Gradients of sums at time `t`: of x, and of h U; and that of what is before.
typedef struct sums {
  nd_tensor *dx, *dm, *dh;
} sums;

// `x` and, where gates have a gradient of their own, that of block `i` times
// `slope`, if there is one.
static nd_tensor *with_own(nd_context *c, nd_tensor *x, nd_tensor *own, int i,
                           nd_tensor *slope)
{
  if (own == NULL)
    return x;
  nd_tensor *g = BLOCK_OF(own, i, own->dims[1] / BLOCKS);
  return ADD(x, slope == NULL ? g : MUL(g, slope));
}

static sums return_words(nd_context *c, const nd_job *j, const slopes *s,
                         int64_t t, nd_tensor *own, nd_tensor *dh)
{
  nd_tensor *slope[SUMS], *r = AT(s->gate[R], t), *x[SUMS];
  for (int i = 0; i < SUMS; i++)
    slope[i] = AT(s->slope[i], t);
  x[Z] = with_own(c, MUL(MUL(dh, AT(s->gap, t)), slope[Z]), own, Z, slope[Z]);
  x[G] = with_own(c, MUL(MUL(dh, AT(s->rest, t)), slope[G]), own, G, slope[G]);
  nd_tensor *inner = s->after ? MUL(x[G], r)
                              : MATMUL(x[G], false, s->later, true);
  inner = with_own(c, inner, own, INNER, NULL);
  nd_tensor *by_r = s->after ? MUL(x[G], AT(s->gate[INNER], t))
                             : MUL(inner, AT(s->gate[BEFORE], t));
  x[R] = with_own(c, MUL(by_r, slope[R]), own, R, slope[R]);
  sums y = { .dx = CONCAT(SUMS, x, 2) };
  nd_tensor *before = MUL(dh, AT(s->gate[Z], t));
  x[G] = inner;
  y.dm = CONCAT(s->after ? SUMS : G, x, 2);
  if (s->after)
    before = ADD(before, MATMUL(y.dm, false, j->in[RECURRENT], true));
  else
    before = ADD(ADD(before, MUL(inner, r)),
                 MATMUL(y.dm, false, s->first, true));
  y.dh = with_own(c, before, own, BEFORE, NULL);
  return y;
}

static bool back_by_words(nd_context *c, const nd_job *j, nd_tensor *const *g,
                          nd_tensor **d)
{
  const slopes s = find_slopes(c, j);
  const int64_t time = j->in[X]->dims[1];
  nd_tensor *mask = j->in[MASK], *dh = ADD_ANY(g[LAST_H], ZEROS(j->in[H]));
  nd_tensor **dx = nd_recurrent_times(c, time);
  nd_tensor **dm = nd_recurrent_times(c, time);
  for (int64_t t = time; t >= 1 && dx != NULL && dm != NULL; t--) {
    if (g[SEQUENCE] != NULL)
      dh = ADD(dh, AT(g[SEQUENCE], t));
    const sums y = return_words(c, j, &s, t, AT(g[GATES], t), dh);
    dx[t - 1] = SEEN(mask, t, y.dx, NULL);
    dm[t - 1] = SEEN(mask, t, y.dm, NULL);
    dh = SEEN(mask, t, y.dh, dh);
  }
  d[FIRST_H] = dh;
  d[DX] = nd_recurrent_stack(c, time, dx, j->in[X]);
  d[DM] = nd_recurrent_stack(c, time, dm, j->in[X]);
  return d[DX] != NULL && d[DM] != NULL;
}

static bool back_by_kernels(nd_context *c, const nd_job *j, nd_tensor *const *g,
                            nd_tensor **d)
{
  nd_tensor *none = NUMBER(j->out[GATES], 0);
  nd_tensor *in[] = {
    [DY] = g[SEQUENCE] != NULL ? g[SEQUENCE] : none,
    [DH] = g[LAST_H] != NULL ? g[LAST_H] : none,
    [KEPT] = j->out[GATES],
    [FACTOR] = j->in[RECURRENT],
    [SEEN_AT] = j->in[MASK],
  };
  return none != NULL && nd_rule_all(c, &nd_op_gru_sequence_back, SEEN_AT + 1,
                                     in, &j->attr[RESET_AFTER], d);
}

// Over batch and time.
static nd_tensor *sum_rows(nd_context *c, nd_tensor *x)
{
  return SUM(x, nd_value_list(2, (const int64_t[]){ 1, 2 }), DROP);
}

static nd_tensor *by_recurrent(nd_context *c, const nd_job *j,
                               nd_tensor *const *d)
{
  const int64_t n = j->in[RECURRENT]->dims[0];
  nd_tensor *before = nd_recurrent_before(c, j->in[H], j->out[SEQUENCE]);
  if (j->attr[RESET_AFTER].integer)
    return nd_recurrent_by_factor(c, before, d[DM]);
  nd_tensor *parts[] = {
    nd_recurrent_by_factor(c, before, SLICE_ALONG(d[DX], 2, 1, G * n, 1)),
    nd_recurrent_by_factor(c, BLOCK_OF(j->out[GATES], INNER, n),
                           BLOCK_OF(d[DX], G, n)),
  };
  return CONCAT(2, parts, 2);
}

static void vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                const bool *wanted, nd_tensor **gx)
{
  nd_tensor *d[3] = { NULL };
  const bool kernels = g[GATES] == NULL && !nd_rule_heard(c, j, g);
  if (!(kernels ? back_by_kernels : back_by_words)(c, j, g, d))
    return;
  gx[X] = d[DX];
  gx[H] = d[FIRST_H];
  if (wanted[BIAS] && j->attr[RESET_AFTER].integer)
    gx[BIAS] = STACK(
      2, ((nd_tensor *[]){ sum_rows(c, d[DX]), sum_rows(c, d[DM]) }), 1);
  else if (wanted[BIAS])
    gx[BIAS] = sum_rows(c, d[DX]);
  if (wanted[RECURRENT])
    gx[RECURRENT] = by_recurrent(c, j, d);
}

// ----------------------------------------------------------------- tangents --

// What moves the sums of x, and those of h U, or of (r h) U, before h moves:
// [batch time sums].
typedef struct drive {
  nd_tensor *x, *m;
} drive;

static drive find_drive(nd_context *c, const nd_job *j, nd_tensor *const *t)
{
  const bool after = j->attr[RESET_AFTER].integer;
  const int64_t n = j->in[RECURRENT]->dims[0];
  nd_tensor *b = t[BIAS], *u = t[RECURRENT];
  drive y = { ADD_ANY(t[X], ZEROS(j->in[X])), ZEROS(j->in[X]) };
  if (b != NULL)
    y.x = ADD(y.x, after ? PART(b, 0, 1) : b);
  if (b != NULL && after)
    y.m = ADD(y.m, PART(b, 0, 2));
  if (u == NULL)
    return y;
  nd_tensor *before = nd_recurrent_before(c, j->in[H], j->out[SEQUENCE]);
  nd_tensor *moved = MATMUL(before, false, u, false);
  if (!after) {
    nd_tensor *inner = BLOCK_OF(j->out[GATES], INNER, n);
    nd_tensor *parts[] = { SLICE_ALONG(moved, 2, 1, G * n, 1),
                           MATMUL(inner, false, BLOCK_OF(u, G, n), false) };
    moved = CONCAT(2, parts, 3);
  }
  y.m = ADD(y.m, moved);
  return y;
}

// The tangents of all blocks at time `t`, given that of h; returns that of h'.
static nd_tensor *move(nd_context *c, const nd_job *j, const slopes *s,
                       const drive *d, int64_t t, nd_tensor *h,
                       nd_tensor **parts)
{
  const int64_t n = j->in[RECURRENT]->dims[0];
  nd_tensor *x = AT(d->x, t), *m = AT(d->m, t);
  m = s->after ? ADD(m, MATMUL(h, false, j->in[RECURRENT], false)) : m;
  nd_tensor *first = ADD(x, m);
  if (!s->after)
    first = ADD(SLICE_ALONG(first, 1, 1, G * n, 1),
                MATMUL(h, false, s->first, false));
  for (int i = Z; i <= R; i++)
    parts[i] = MUL(AT(s->slope[i], t), BLOCK_OF(first, i, n));
  nd_tensor *r = AT(s->gate[R], t), *sum = BLOCK_OF(m, G, n);
  if (s->after) {
    parts[INNER] = sum;
    sum = ADD(MUL(r, sum), MUL(AT(s->gate[INNER], t), parts[R]));
  } else {
    parts[INNER] = ADD(MUL(parts[R], AT(s->gate[BEFORE], t)), MUL(r, h));
    sum = ADD(sum, MATMUL(parts[INNER], false, s->later, false));
  }
  parts[G] = MUL(AT(s->slope[G], t), ADD(BLOCK_OF(x, G, n), sum));
  parts[BEFORE] = h;
  return ADD(ADD(MUL(AT(s->gap, t), parts[Z]), MUL(AT(s->rest, t), parts[G])),
             MUL(AT(s->gate[Z], t), h));
}

static void jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                nd_tensor **ty)
{
  const slopes s = find_slopes(c, j);
  const drive d = find_drive(c, j, t);
  const int64_t time = j->in[X]->dims[1];
  nd_tensor *mask = j->in[MASK], *h = ADD_ANY(t[H], ZEROS(j->in[H]));
  nd_tensor **sequence = nd_recurrent_times(c, time);
  nd_tensor **gates = nd_recurrent_times(c, time);
  for (int64_t at = 1; at <= time && gates != NULL && sequence != NULL; at++) {
    nd_tensor *parts[BLOCKS];
    nd_tensor *new = move(c, j, &s, &d, at, h, parts);
    gates[at - 1] = SEEN(mask, at, CONCAT(BLOCKS, parts, 2), NULL);
    sequence[at - 1] = h = SEEN(mask, at, new, h);
  }
  ty[LAST_H] = h;
  ty[SEQUENCE] = nd_recurrent_stack(c, time, sequence, j->out[SEQUENCE]);
  ty[GATES] = nd_recurrent_stack(c, time, gates, j->out[GATES]);
}

// ------------------------------------------------------------- the entries --

static const nd_param params[] = {
  { "x", ND_TENSOR },
  { "recurrent_kernel", ND_TENSOR },
  { "bias", ND_TENSOR },
  { "h", ND_TENSOR },
  { "mask", ND_TENSOR, .dtypes = ND_BOOLS },
  { "reset_after", ND_FLAG, "true" },
  { "keep", ND_FLAG, "true" },
  { 0 },
};
static const char *const results[] = { "sequence", "h", "gates", NULL };

#define NEEDS (1 << RECURRENT | 1 << H | 1 << MASK | ND_NEEDS_OUT)

const nd_op nd_op_gru_sequence = {
  .name = "gru_sequence",
  .hidden = true,
  .doc = "gru of x, what kernels gave at all times; and, if told to keep them, "
         "the gates",
  .params = params,
  .attrs = 2,
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
  .cases = "[2 3 6] [2 6] [2 6] [2 2] bool[]; "
           "[2 3 6] [2 6] [6] [2 2] bool[] reset_after=false; "
           "[3 2 6] [2 6] [2 6] [3 2] bool[3 2]; "
           "[3 2 6] [2 6] [6] [3 2] bool[3 2] reset_after=false; "
           "[2 1 3] [1 3] [2 3] [2 1] bool[2 1]; "
           "[1 0 3] [1 3] [3] [1 1] bool[] reset_after=false; "
           "[0 2 3] [1 3] [2 3] [0 1] bool[]",
  .long_cases = "[100 40 60] [20 60] [2 60] [100 20] bool[]; "
                "[7 9 900] [300 900] [900] [7 300] bool[7 9] reset_after=false",
};

const nd_op *const nd_ops_gru[] = { &nd_op_gru_sequence, NULL };
