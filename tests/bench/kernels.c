// How near single ops come to what this machine can do: build/bench/kernels.
// Each line of what it prints is a row of a table, its columns between tabs:
// the op, its time in seconds, the rate, the part of the measured peak that is,
// and how many times as long the libraries take that are installed.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "blas.h"
#include "measure.h"
#include "tensor/tensor.h"

enum { ROUNDS = 7, MOST = 2, FLOATS = 1000000 };

static nd_context *c;

// -------------------------------------------------------------------- peak --

static double multiply_add(void)
{
  return multiply_and_add(c->level, true, 1 << 16);
}

static volatile float sink;  // what is read, so that it is

static float *from, *to;

// Copies as many floats as most rows have; gives the bytes moved.
static double copy_all(void)
{
  memcpy(to, from, FLOATS * sizeof *to);
  return 2.0 * FLOATS * sizeof *to;
}

static double read_all(void)
{
  typedef float lanes __attribute__((vector_size(64)));
  lanes sum[4] = { { 0 } };
  for (size_t i = 0; i + 64 <= FLOATS; i += 64)
    for (size_t k = 0; k < 4; k++)
      sum[k] += *(const lanes *)(const void *)(from + i + 16 * k);
  sink = sum[0][0] + sum[1][1] + sum[2][2] + sum[3][3];
  return (double)FLOATS * sizeof *from;
}

// The best rate of many runs.
static double peak(double (*run)(void))
{
  double best = 0;
  for (int i = 0; i < 200; i++) {
    const double start = thread_seconds(), done = run();
    const double rate = done / (thread_seconds() - start);
    best = rate > best ? rate : best;
  }
  return best;
}

// -------------------------------------------------------------------- rows --

typedef struct row {
  const char *name, *op, *options;
  int64_t shape[MOST][4];  // of each input, up to a zero
  double bytes;            // that have to move, for what is no product
  gemm product;            // m, n and k for one
  int places;  // which input, from 1, has int32 places up to `most`; or 0
  int32_t most;
  bool flipped;  // the inputs are transposed
} row;

#define PRODUCT(name, m, n, k)                       \
  {                                                  \
    name, "matmul", NULL, { { m, k }, { k, n } }, 0, \
    {                                                \
      m, n, k, false, false                          \
    }                                                \
  }
#define EACH(op, in)                                    \
  {                                                     \
    op, op, NULL, { { FLOATS } }, 4. * FLOATS *(in + 1) \
  }

#define FLIPPED(name, ...)                                       \
  {                                                              \
    name, "reshape", "shape=[-1]", { __VA_ARGS__ }, 8. * FLOATS, \
      .flipped = true                                            \
  }
#define JOINED(name, op, ...)                         \
  {                                                   \
    name, op, "axis=-1", { __VA_ARGS__ }, 8. * FLOATS \
  }

// With places in input `at`; `bytes` for each of FLOATS elements.
#define PLACED(name, op, options, at, bytes, ...)                     \
  {                                                                   \
    name, op, options, { __VA_ARGS__ }, (bytes)*FLOATS, .places = at, \
                                                        .most = 1000  \
  }

static const row rows[] = {
  PRODUCT("matmul 16", 16, 16, 16),
  PRODUCT("matmul 32", 32, 32, 32),
  PRODUCT("matmul 64", 64, 64, 64),
  PRODUCT("matmul 128", 128, 128, 128),
  PRODUCT("matmul 256", 256, 256, 256),
  PRODUCT("matmul 512", 512, 512, 512),
  PRODUCT("matmul 1024", 1024, 1024, 1024),
  PRODUCT("matmul [32 784] [784 128]", 32, 128, 784),
  PRODUCT("matmul [256 784] [784 128]", 256, 128, 784),
  { "matmul [256 784]' [256 128]",
    "matmul",
    "transpose_a=true",
    { { 256, 784 }, { 256, 128 } },
    0,
    { 784, 128, 256, true, false } },
  { "matmul [256 128] [784 128]'",
    "matmul",
    "transpose_b=true",
    { { 256, 128 }, { 784, 128 } },
    0,
    { 256, 784, 128, false, true } },
  { "add", "add", NULL, { { FLOATS }, { FLOATS } }, 12. * FLOATS },
  EACH("square", 1),
  EACH("exp", 1),
  EACH("log", 1),
  EACH("sin", 1),
  EACH("tanh", 1),
  EACH("sigmoid", 1),
  { "reduce_sum, all", "reduce_sum", NULL, { { FLOATS } }, 4. * FLOATS },
  { "reduce_sum, columns",
    "reduce_sum",
    "axis=1",
    { { 10000, 100 } },
    4. * FLOATS },
  { "reduce_sum, rows of 100",
    "reduce_sum",
    "axis=2",
    { { 10000, 100 } },
    4. * FLOATS },
  { "reduce_max, all", "reduce_max", NULL, { { FLOATS } }, 4. * FLOATS },
  { "argmax, rows of 100",
    "argmax",
    "axis=2",
    { { 10000, 100 } },
    4. * FLOATS },
  { "softmax, rows of 100", "softmax", NULL, { { 10000, 100 } }, 8. * FLOATS },
  FLIPPED("copy of [1000 1000]'", { 1000, 1000 }),
  FLIPPED("copy of [1000000 3]'", { 1000000, 3 }),
  FLIPPED("copy of [100 100 100]'", { 100, 100, 100 }),
  JOINED("stack of two, last axis", "stack", { 500000 }, { 500000 }),
  JOINED("concat of rows of 3 and 5", "concat", { 125000, 3 }, { 125000, 5 }),
  JOINED("concat of rows of 100", "concat", { 5000, 100 }, { 5000, 100 }),
  PLACED("gather of elements", "gather", NULL, 2, 12, { FLOATS }, { FLOATS }),
  PLACED("gather of rows of 8", "gather", NULL, 2, 8.5, { 125000, 8 },
         { 125000 }),
  PLACED("gather of rows of 100", "gather", NULL, 2, 8.04, { 10000, 100 },
         { 10000 }),
  PLACED("sums of rows of 8 by segment", "unsorted_segment_sum",
         "num_segments=1000", 2, 4.5, { 125000, 8 }, { 125000 }),
  PLACED("sums of rows of 100 by segment", "unsorted_segment_sum",
         "num_segments=1000", 2, 4.04, { 10000, 100 }, { 10000 }),
  PLACED("one_hot of 10", "one_hot", "depth=10", 1, 4.4, { 100000 }, { 0 }),
  { "sort of 1e6", "sort", NULL, { { FLOATS } }, 8. * FLOATS },
  { "sort, rows of 1000", "sort", NULL, { { 1000, 1000 } }, 8. * FLOATS },
  { "sort, rows of 100", "sort", NULL, { { 10000, 100 } }, 8. * FLOATS },
  { "top_k, 10 of 1e6", "top_k", "k=10", { { FLOATS } }, 4. * FLOATS },
  { "top_k, 5 of rows of 100",
    "top_k",
    "k=5",
    { { 10000, 100 } },
    4. * FLOATS },
};

enum { ROWS = sizeof rows / sizeof *rows };

// Numbers between 0 and 1, or whole ones in 1..most; NULL for a shape that is
// none.
static nd_tensor *random_input(const int64_t *shape, int32_t most)
{
  int rank = 0;
  int64_t size = 1;
  while (rank < 4 && shape[rank] > 0)
    size *= shape[rank++];
  if (rank == 0)
    return NULL;
  float *values = malloc((size_t)size * sizeof *values);
  if (values == NULL)
    return NULL;
  uint32_t state = 1;
  for (int64_t i = 0; i < size; i++) {
    state = state * 1664525 + 1013904223;
    values[i] = (float)(state >> 8) / (1 << 24);
    if (most > 0) {
      const int32_t place = 1 + (int32_t)((state >> 8) % (uint32_t)most);
      memcpy(values + i, &place, sizeof place);
    }
  }
  nd_tensor *x = nd_tensor_new(c, most > 0 ? ND_INT32 : ND_FLOAT32, rank, shape,
                               values);
  free(values);
  return x;
}

// Input number `i` of a row, or NULL.
static nd_tensor *make_input_of(const row *r, int i)
{
  nd_tensor *x = random_input(r->shape[i], r->places == i + 1 ? r->most : 0);
  if (x == NULL || !r->flipped)
    return x;
  nd_tensor *flipped = nd_call(c, "transpose", 1, &x, NULL);
  nd_tensor_release(x);
  return flipped;
}

static bool call_op(const row *r, nd_tensor *const *x)
{
  nd_tensor *y[MOST];
  int outs = MOST;
  bool ok = nd_call_all(c, r->op, x[1] != NULL ? 2 : 1, (nd_tensor **)x,
                        r->options, &outs, y);
  for (int i = 0; i < outs && ok; i++)
    ok = nd_force(y[i]);
  for (int i = 0; i < outs; i++)
    nd_tensor_release(y[i]);
  return ok;
}

// Seconds of one run of the op, or of a peer, whose result goes to `y`.
static double time_once(const row *r, nd_tensor *const *x, const peer *who,
                        float *y)
{
  int count = 0;
  const double start = thread_seconds();
  double spent;
  do {
    if (who != NULL)
      run_peer(who, &r->product, ND_FLOAT32, nd_values(x[0]), nd_values(x[1]),
               y);
    else if (!call_op(r, x))
      return 0;
    count++;
    spent = thread_seconds() - start;
  } while (spent < 0.01);
  return spent / count;
}

static void show_row(const row *r, double flops, double bandwidth)
{
  double ours[ROUNDS], ratio[PEERS][ROUNDS];
  nd_tensor *x[MOST] = { make_input_of(r, 0), make_input_of(r, 1) };
  const gemm *g = &r->product;
  float *y = malloc(((size_t)g->m * (size_t)g->n + 1) * sizeof *y);
  for (int i = 0; i < ROUNDS; i++) {
    ours[i] = time_once(r, x, NULL, NULL);
    for (int k = 0; k < PEERS; k++)
      ratio[k][i] = g->m > 0 && peer_has(&peers[k], ND_FLOAT32)
                      ? time_once(r, x, &peers[k], y) / ours[i]
                      : 0;
  }
  const double time = median_of(ROUNDS, ours);
  const double work = g->m > 0 ? 2. * g->m * g->n * g->k : r->bytes;
  printf("%s\t%g\t%.1f %s\t%.0f%%", r->name, time, work / time / 1e9,
         g->m > 0 ? "GFLOP/s" : "GB/s",
         100 * work / time / (g->m > 0 ? flops : bandwidth));
  for (int k = 0; k < PEERS; k++)
    printf(ratio[k][0] > 0 ? "\t%.2fx" : "\t", median_of(ROUNDS, ratio[k]));
  puts("");
  fflush(stdout);
  free(y);
  nd_tensor_release(x[0]);
  nd_tensor_release(x[1]);
}

int main(void)
{
  c = nd_context_new(NULL);
  if (c == NULL)
    return 1;
  open_peers(c->level);
  from = aligned_alloc(64, FLOATS * sizeof *from);
  to = aligned_alloc(64, FLOATS * sizeof *to);
  if (from == NULL || to == NULL)
    return 1;
  memset(from, 0, FLOATS * sizeof *from);
  const double flops = peak(multiply_add), read = peak(read_all);
  const double copied = peak(copy_all), best = read > copied ? read : copied;
  printf("peak %.0f GFLOP/s, %.0f GB/s\ttime\trate\tof peak", flops / 1e9,
         best / 1e9);
  for (int k = 0; k < PEERS; k++)
    printf("\t%s", peer_has(&peers[k], ND_FLOAT32) ? peers[k].name : "");
  puts("");
  for (int i = 0; i < ROWS; i++)
    show_row(&rows[i], flops, best);
  free(from);
  free(to);
  nd_context_free(c);
  return 0;
}
