// ops/gru_back.c: gated recurrent units (ops/gru.c) back through time, given
// the gates that were kept.

#include <string.h>

#include "ops/gru.h"

static bool infer(nd_context *c, const nd_job *j, nd_type *out)
{
  const nd_tensor *gates = j->in[KEPT];
  const int64_t *d = gates->dims, units = j->in[FACTOR]->dims[0];
  const int64_t own = j->attr[RESET_AFTER].integer ? d[1] : 0;
  out[DX] = nd_recurrent_type(gates, 3, d[0], d[1], SUMS * units);
  out[DM] = nd_recurrent_type(gates, 3, d[0], own, SUMS * units);
  out[FIRST_H] = nd_recurrent_type(gates, 2, d[0], units, 0);
  return true;
}

// A row on the way back. The gradient of h lies where that of what is before
// it comes to lie, but for what it gave to products.
typedef struct way {
  const char *gates, *dy;
  char *dx, *dm, *dh, *room;
  bool seen;
} way;

static way find_way(const nd_workplace *w, int64_t t, int64_t row,
                    int64_t first)
{
  const nd_job *j = w->what;
  const nd_unroll *u = w->u;
  const int64_t at = row * u->time + t, n = u->units;
  return (way){
    .gates = nd_unroll_at(u, nd_values(j->in[KEPT]), at * BLOCKS * n),
    .dy = j->in[DY]->rank == 0 ? w->zeros
                               : nd_unroll_at(u, nd_values(j->in[DY]), at * n),
    .dx = nd_unroll_at(u, j->out[DX]->data, at * SUMS * n),
    .dm = nd_unroll_at(u, j->out[DM]->data, at * SUMS * n),
    .dh = nd_unroll_at(u, j->out[FIRST_H]->data, row * n),
    .room = nd_unroll_at(u, w->room, (row - first) * n),
    .seen = nd_recurrent_sees(j->in[SEEN_AT], at),
  };
}

// Where nothing was done nothing goes to sums.
static void pass_back(const nd_workplace *w, const way *p)
{
  const nd_unroll *u = w->u;
  const nd_job *j = w->what;
  const size_t bytes = nd_unroll_bytes(u, SUMS * u->units);
  memset(p->dx, 0, bytes);
  if (j->attr[RESET_AFTER].integer)
    memset(p->dm, 0, bytes);
  u->products->plus(u->units, p->dh, p->dy);
}

static void return_row(const nd_workplace *w, const way *p)
{
  const nd_unroll *u = w->u;
  const void *in[ND_CELLS_IN], **to = in;
  void *out[ND_CELLS_OUT], **into = out;
  nd_unroll_in(u, &to, BLOCKS, p->gates);
  nd_unroll_in(u, &to, 1, p->dy);
  nd_unroll_in(u, &to, 1, p->dh);
  nd_unroll_out(u, &into, SUMS, p->dx);
  nd_unroll_out(u, &into, SUMS, p->dm);
  nd_unroll_out(u, &into, 1, p->dh);
  u->cells->gru_back(u->units, in, out);
}

// What goes to the sums of z and g.
static void return_blend(const nd_workplace *w, const way *p)
{
  const nd_unroll *u = w->u;
  const int64_t n = u->units;
  const void *in[ND_CELLS_IN], **to = in;
  void *out[ND_CELLS_OUT], **into = out;
  nd_unroll_in(u, &to, 1, p->gates);
  nd_unroll_in(u, &to, 1, nd_unroll_at(u, p->gates, G * n));
  nd_unroll_in(u, &to, 1, nd_unroll_at(u, p->gates, BEFORE * n));
  nd_unroll_in(u, &to, 1, p->dy);
  nd_unroll_in(u, &to, 1, p->dh);
  nd_unroll_out(u, &into, 1, p->dx);
  nd_unroll_out(u, &into, 1, nd_unroll_at(u, p->dx, G * n));
  nd_unroll_out(u, &into, 1, p->dh);
  u->cells->gru_blend_back(n, in, out);
}

// What goes to that of r, given the gradient of r h.
static void return_gates(const nd_workplace *w, const way *p)
{
  const nd_unroll *u = w->u;
  const int64_t n = u->units;
  const void *in[ND_CELLS_IN], **to = in;
  void *out[ND_CELLS_OUT], **into = out;
  nd_unroll_in(u, &to, 1, nd_unroll_at(u, p->gates, R * n));
  nd_unroll_in(u, &to, 1, nd_unroll_at(u, p->gates, BEFORE * n));
  nd_unroll_in(u, &to, 1, p->dh);
  nd_unroll_in(u, &to, 1, p->room);
  nd_unroll_out(u, &into, 1, nd_unroll_at(u, p->dx, R * n));
  nd_unroll_out(u, &into, 1, p->dh);
  u->cells->gru_gates_back(n, in, out);
}

static void for_ways(const nd_workplace *w, int64_t t, int64_t from, int64_t to,
                     void (*f)(const nd_workplace *w, const way *p),
                     void (*otherwise)(const nd_workplace *w, const way *p))
{
  const nd_job *j = w->what;
  for (int64_t row = from; row < to; row++) {
    const nd_unroll *u = w->u;
    const int64_t next = row + 1 < to ? (row + 1) * u->time + t : -1;
    const way p = find_way(w, t, row, from);
    nd_unroll_ask(u, nd_values(j->in[KEPT]), next, BLOCKS * u->units);
    nd_unroll_ask(u, j->out[DX]->data, next, SUMS * u->units);
    if (p.seen)
      f(w, &p);
    else if (otherwise != NULL)
      otherwise(w, &p);
  }
}

static void go_back(const nd_workplace *w, int64_t phase, int64_t from,
                    int64_t to)
{
  const nd_job *j = w->what;
  const nd_unroll *u = w->u;
  const int64_t n = u->units, t = u->time - phase, apart = u->time * SUMS * n;
  const bool after = j->attr[RESET_AFTER].integer;
  if (phase == 0) {
    nd_unroll_copy(u, j->out[FIRST_H], j->in[DH], from, to);
    return;
  }
  const way p = find_way(w, t, from, from);
  for_ways(w, t, from, to, after ? return_row : return_blend, pass_back);
  if (!after) {
    nd_unroll_multiply(w, LATER, false, to - from, nd_unroll_at(u, p.dx, G * n),
                       apart, p.room, n);
    for_ways(w, t, from, to, return_gates, NULL);
  }
  nd_unroll_multiply(w, ALL, true, to - from, after ? p.dm : p.dx, apart, p.dh,
                     n);
}

static nd_unroll unroll(const nd_job *j)
{
  const nd_tensor *gates = j->in[KEPT];
  nd_unroll u = nd_unroll_start(gates, gates->dims[0], gates->dims[1],
                                j->in[FACTOR]->dims[0]);
  nd_gru_set_factors(&u, j->in[FACTOR], j->attr[RESET_AFTER].integer, true);
  u.room = u.units;
  u.cost = 2.5F;
  u.step = go_back;
  return u;
}

ND_UNROLLED(back, unroll)

// -------------------------------------------------------------- the entry --

static const nd_param params[] = {
  { "dy", ND_TENSOR },
  { "dh", ND_TENSOR },
  { "gates", ND_TENSOR },
  { "recurrent_kernel", ND_TENSOR },
  { "mask", ND_TENSOR, .dtypes = ND_BOOLS },
  { "reset_after", ND_FLAG, "true" },
  { 0 },
};
static const char *const results[] = { "sums", "products", "h", NULL };

const nd_op nd_op_gru_sequence_back = {
  .name = "gru_sequence_back",
  .hidden = true,
  .doc =
    "gradients of the sums and products of gru_sequence, and of what h was "
    "before",
  .params = params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_NO_GRAD,
  .results = results,
  .infer = infer,
  .work = back_work,
  .dense = ND_DENSE_ALL,
  .low = -1,
  .high = 1,
  .cases = "[2 3 2] [2 2] [2 3 10] [2 6] bool[]; "
           "[] [2 3] [2 4 15] [3 9] bool[2 4] reset_after=false",
  .long_cases = "[100 40 20] [100 20] [100 40 100] [20 60] bool[]; "
                "[7 9 300] [] [7 9 1500] [300 900] bool[7 9] reset_after=false",
};

const nd_op *const nd_ops_gru_back[] = { &nd_op_gru_sequence_back, NULL };
