// ops/recurrent.c: see recurrent.h.

#include "ops/recurrent.h"

// ------------------------------------------------------------- arguments --

static bool is_shaped(nd_context *c, const char *name, const nd_tensor *x,
                      int rank, const int64_t *shape)
{
  bool fits = x == NULL || x->rank == rank;
  for (int i = 0; x != NULL && fits && i < rank; i++)
    fits = x->dims[i] == shape[i];
  return fits || nd_fail(c, ND_BAD_ARGUMENT, "%s must be %s, got %s", name,
                         ND_SHAPE(rank, shape), ND_SHAPE(x->rank, x->dims));
}

static bool check_kernels(nd_context *c, const nd_recurrent *r, int gates)
{
  const nd_tensor *x = r->x, *u = r->recurrent;
  if (x->rank != 3)
    return nd_fail(c, ND_BAD_ARGUMENT, "x must be [batch time width], got %s",
                   ND_SHAPE(x->rank, x->dims));
  if (u->rank != 2 || u->dims[1] != gates * u->dims[0])
    return nd_fail(c, ND_BAD_ARGUMENT,
                   "recurrent_kernel must be [units %d*units], got %s", gates,
                   ND_SHAPE(u->rank, u->dims));
  return is_shaped(c, "kernel", r->kernel, 2,
                   (int64_t[]){ x->dims[2], u->dims[1] });
}

bool nd_recurrent_check(nd_context *c, const nd_recurrent *r, int gates,
                        int bias_rows)
{
  if (!check_kernels(c, r, gates))
    return false;
  const int64_t *d = r->x->dims, units = r->recurrent->dims[0];
  const int64_t bias[] = { bias_rows, gates * units };
  const int64_t state[] = { d[0], units };
  return is_shaped(c, "bias", r->bias, bias_rows == 1 ? 1 : 2,
                   bias_rows == 1 ? bias + 1 : bias) &&
         is_shaped(c, "h", r->h, 2, state) &&
         is_shaped(c, "c", r->c, 2, state) &&
         is_shaped(c, "mask", r->mask, 2, d);
}

static nd_tensor *zeros(nd_context *c, const nd_tensor *like, int rank,
                        const int64_t *shape)
{
  return BROADCAST(NUMBER(like, 0), rank, shape);
}

bool nd_recurrent_complete(nd_context *c, nd_recurrent *r, int bias_rows)
{
  const int64_t *u = r->recurrent->dims;
  const int64_t bias[] = { bias_rows, u[1] };
  const int64_t state[] = { r->x->dims[0], u[0] };
  if (r->bias == NULL)
    r->bias = bias_rows == 1 ? zeros(c, r->x, 1, bias + 1)
                             : zeros(c, r->x, 2, bias);
  if (r->h == NULL)
    r->h = zeros(c, r->x, 2, state);
  if (r->c == NULL)
    r->c = zeros(c, r->x, 2, state);
  if (r->mask == NULL)
    r->mask = CAST(NUMBER(r->x, 0), ND_BOOL);
  return r->bias != NULL && r->h != NULL && r->c != NULL && r->mask != NULL;
}

bool nd_recurrent_heard(nd_context *c, const nd_recurrent *r, nd_tensor *sums)
{
  nd_tensor *const in[] = { sums, r->recurrent, r->bias, r->h, r->c };
  const nd_job j = { .n = sizeof in / sizeof *in, .in = in };
  return nd_rule_heard(c, &j, NULL);
}

nd_tensor *nd_recurrent_outputs(nd_context *c, const nd_recurrent *given,
                                nd_tensor *sequence, bool zeroed)
{
  nd_tensor *mask = given->mask;
  if (mask == NULL || (given->h == NULL && !zeroed))
    return sequence;
  if (!zeroed) {
    nd_tensor *seen = RUNNING_SUM(CAST(mask, (nd_dtype)given->h->dtype), 1,
                                  false);
    mask = GT(seen, NUMBER(given->h, 0));
  }
  if (mask == NULL)
    return NULL;
  const int64_t shape[] = { mask->dims[0], mask->dims[1], 1 };
  return IF(RESHAPE(mask, 3, shape), sequence, NUMBER(sequence, 0));
}

nd_type nd_recurrent_type(const nd_tensor *x, int rank, int64_t first,
                          int64_t second, int64_t third)
{
  return (nd_type){ .dtype = (nd_dtype)x->dtype,
                    .rank = rank,
                    .shape = { first, second, third } };
}

// --------------------------------------------------------------- by words --

nd_tensor *nd_recurrent_at(nd_context *c, nd_tensor *x, int64_t t)
{
  return x == NULL ? NULL : PART(x, 1, t);
}

nd_tensor *nd_recurrent_block(nd_context *c, nd_tensor *x, int i, int64_t units)
{
  if (x == NULL)
    return NULL;
  const int last = x->rank - 1;
  return SLICE_ALONG(x, last, i * units + 1, (i + 1) * units, 1);
}

nd_tensor *nd_recurrent_seen(nd_context *c, nd_tensor *mask, int64_t t,
                             nd_tensor *x, nd_tensor *y)
{
  if (mask->rank == 0 || x == NULL)
    return x;
  const int64_t shape[] = { mask->dims[0], 1 };
  return IF(RESHAPE(PART(mask, 1, t), 2, shape), x,
            y != NULL ? y : NUMBER(x, 0));
}

nd_tensor *nd_recurrent_before(nd_context *c, nd_tensor *first,
                               nd_tensor *sequence)
{
  const int64_t *d = sequence->dims, shape[] = { d[0], 1, d[2] };
  if (d[1] == 0)
    return sequence;
  nd_tensor *parts[2] = { RESHAPE(first, 3, shape) };
  if (d[1] == 1)
    return parts[0];
  parts[1] = SLICE_ALONG(sequence, 1, 1, d[1] - 1, 1);
  return CONCAT(2, parts, 2);
}

// [batch time n] as rows.
static nd_tensor *as_rows(nd_context *c, nd_tensor *x)
{
  const int64_t *d = x->dims;
  return RESHAPE(x, 2, ((int64_t[]){ d[0] * d[1], d[2] }));
}

nd_tensor *nd_recurrent_by_factor(nd_context *c, nd_tensor *x, nd_tensor *dy)
{
  if (x == NULL || dy == NULL)
    return NULL;
  return MATMUL(as_rows(c, x), true, as_rows(c, dy), false);
}

nd_tensor **nd_recurrent_times(nd_context *c, int64_t time)
{
  return nd_memory_new(c, (size_t)(time + 1) * sizeof(nd_tensor *),
                       ND_MEMORY_OBJECT);
}

nd_tensor *nd_recurrent_stack(nd_context *c, int64_t time, nd_tensor **x,
                              const nd_tensor *like)
{
  nd_tensor *y = time == 0 ? ZEROS(like) : STACK((int)time, x, 2);
  nd_memory_free(c, x, (size_t)(time + 1) * sizeof *x, ND_MEMORY_OBJECT);
  return y;
}

// -------------------------------------------------------------------- lstm --

enum { X, KERNEL, RECURRENT, BIAS, H };  // inputs of all
enum { LSTM_C = H + 1, LSTM_MASK };

// What comes of x at all times: x kernel.
static nd_tensor *sums_of(nd_context *c, const nd_recurrent *r)
{
  return MATMUL(r->x, false, r->kernel, false);
}

static nd_recurrent arguments(const nd_job *j)
{
  return (nd_recurrent){ .x = j->in[X],
                         .kernel = j->in[KERNEL],
                         .recurrent = j->in[RECURRENT],
                         .bias = nd_job_in(j, BIAS),
                         .h = nd_job_in(j, H) };
}

static void lstm(nd_context *c, const nd_job *j)
{
  nd_recurrent given = arguments(j);
  given.c = nd_job_in(j, LSTM_C);
  given.mask = nd_job_in(j, LSTM_MASK);
  nd_recurrent r = given;
  if (!nd_recurrent_check(c, &given, 4, 1) || !nd_recurrent_complete(c, &r, 1))
    return;
  nd_tensor *sums = sums_of(c, &r), *out[4];
  nd_tensor *in[] = { sums, r.recurrent, r.bias, r.h, r.c, r.mask };
  const bool heard = sums != NULL && nd_recurrent_heard(c, &r, sums);
  const nd_value keep = nd_value_integer(heard);
  if (sums == NULL || !nd_rule_all(c, &nd_op_lstm_sequence, 6, in, &keep, out))
    return;
  j->out[0] = nd_recurrent_outputs(c, &given, out[0], j->attr[0].integer != 0);
  j->out[1] = out[1];
  j->out[2] = out[2];
}

static const nd_param lstm_params[] = {
  { "x", ND_TENSOR },
  { "kernel", ND_TENSOR },
  { "recurrent_kernel", ND_TENSOR },
  { "bias", ND_TENSOR, "nil" },
  { "h", ND_TENSOR, "nil" },
  { "c", ND_TENSOR, "nil" },
  { "mask", ND_TENSOR, "nil", .dtypes = ND_BOOLS },
  { "zero_output_for_mask", ND_FLAG, "false" },
  { 0 },
};
static const char *const lstm_results[] = { "sequence", "h", "c", NULL };

const nd_op nd_op_lstm = {
  .name = "lstm",
  .module = "nn",
  .inside = true,
  .doc = "long short-term memory over x [batch time width], by kernel [width "
         "4*units], recurrent_kernel [units 4*units] and bias [4*units], whose "
         "gates are i f c o: outputs [batch time units], and the last h and c "
         "[batch units], which begin as 0 unless given; times where mask "
         "[batch time] is false leave these as they are and repeat the output "
         "before, or 0 if zero_output_for_mask",
  .params = lstm_params,
  .attrs = 1,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .results = lstm_results,
  .compose = lstm,
  .low = -1,
  .high = 1,
  .cases =
    "[2 3 2] [2 8] [2 8]; [2 2 3] [3 4] [1 4] [4] [2 1] [2 1] bool[2 2]; "
    "[1 2 1] [1 4] [1 4] [4] [1 1] [1 1] bool[1 2] "
    "zero_output_for_mask=true; [2 0 3] [3 4] [1 4]; [0 2 3] [3 4] [1 4]",
};

// --------------------------------------------------------------------- gru --

enum { GRU_MASK = H + 1 };
enum { RESET_AFTER, ZEROED };  // attributes

static void gru(nd_context *c, const nd_job *j)
{
  const int rows = j->attr[RESET_AFTER].integer ? 2 : 1;
  nd_recurrent given = arguments(j);
  given.mask = nd_job_in(j, GRU_MASK);
  nd_recurrent r = given;
  if (!nd_recurrent_check(c, &given, 3, rows) ||
      !nd_recurrent_complete(c, &r, rows))
    return;
  nd_tensor *sums = sums_of(c, &r), *out[3];
  nd_tensor *in[] = { sums, r.recurrent, r.bias, r.h, r.mask };
  const bool heard = sums != NULL && nd_recurrent_heard(c, &r, sums);
  const nd_value attr[] = { j->attr[RESET_AFTER], nd_value_integer(heard) };
  if (sums == NULL || !nd_rule_all(c, &nd_op_gru_sequence, 5, in, attr, out))
    return;
  j->out[0] = nd_recurrent_outputs(c, &given, out[0],
                                   j->attr[ZEROED].integer != 0);
  j->out[1] = out[1];
}

static const nd_param gru_params[] = {
  { "x", ND_TENSOR },
  { "kernel", ND_TENSOR },
  { "recurrent_kernel", ND_TENSOR },
  { "bias", ND_TENSOR, "nil" },
  { "h", ND_TENSOR, "nil" },
  { "mask", ND_TENSOR, "nil", .dtypes = ND_BOOLS },
  { "reset_after", ND_FLAG, "true" },
  { "zero_output_for_mask", ND_FLAG, "false" },
  { 0 },
};
static const char *const gru_results[] = { "sequence", "h", NULL };

const nd_op nd_op_gru = {
  .name = "gru",
  .module = "nn",
  .inside = true,
  .doc =
    "gated recurrent units over x [batch time width], by kernel [width "
    "3*units], recurrent_kernel [units 3*units] and bias, [2 3*units] if "
    "reset_after, else [3*units], whose gates are z r h: outputs [batch time "
    "units], and the last h [batch units], which begins as 0 unless given; "
    "times where mask [batch time] is false leave it as it is and repeat the "
    "output before, or 0 if zero_output_for_mask",
  .params = gru_params,
  .attrs = 2,
  .dtypes = ND_FLOATS,
  .derivative = ND_COMPOSED,
  .results = gru_results,
  .compose = gru,
  .low = -1,
  .high = 1,
  .cases =
    "[2 3 2] [2 6] [2 6]; [2 2 3] [3 3] [1 3] [2 3] [2 1] bool[2 2]; "
    "[1 2 1] [1 3] [1 3] [3] [1 1] bool[1 2] reset_after=false "
    "zero_output_for_mask=true; [2 0 3] [3 3] [1 3]; [0 2 3] [3 3] [1 3]",
};

const nd_op *const nd_ops_recurrent[] = { &nd_op_lstm, &nd_op_gru, NULL };
