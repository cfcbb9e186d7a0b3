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
};

enum { ROWS = sizeof rows / sizeof *rows };

// Numbers between 0 and 1, or NULL for a shape that is none.
static nd_tensor *random_input(const int64_t *shape)
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
  }
  nd_tensor *x = nd_tensor_new(c, ND_FLOAT32, rank, shape, values);
  free(values);
  return x;
}

static bool call_op(const row *r, nd_tensor *const *x)
{
  nd_tensor *y = nd_call(c, r->op, x[1] != NULL ? 2 : 1, x, r->options);
  const bool ok = y != NULL && nd_force(y);
  nd_tensor_release(y);
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
  nd_tensor *x[MOST] = { random_input(r->shape[0]), random_input(r->shape[1]) };
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
