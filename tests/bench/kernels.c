// How near single ops come to what this machine can do: build/bench/kernels.
// Each line of what it prints is a row of a table, its columns between tabs:
// the op, its time in seconds, the rate, the part of the measured peak that is,
// and how many times as long the libraries take that are installed.

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nadir.h"
#include "tensor/tensor.h"

enum { ROUNDS = 7, MOST = 2, FLOATS = 1000000 };

static nd_context *c;

// Of this thread alone, so that a busy machine changes little.
static double thread_seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// -------------------------------------------------------------------- peak --
// This file is compiled with contraction to FMA, which the library is not.

enum { SUMS = 12, TURNS = 1 << 16 };

volatile float sink;  // what loops add up, so that they run

#define PEAK(name, bytes, ...)                               \
  __VA_ARGS__ static double name(void)                       \
  {                                                          \
    typedef float lanes __attribute__((vector_size(bytes))); \
    lanes sum[SUMS] = { { 0 } }, x, y;                       \
    for (size_t i = 0; i < bytes / sizeof(float); i++)       \
      x[i] = 0.999f, y[i] = 0.001f;                          \
    for (int turn = 0; turn < TURNS; turn++)                 \
      for (int k = 0; k < SUMS; k++)                         \
        sum[k] = sum[k] * x + y;                             \
    for (int k = 1; k < SUMS; k++)                           \
      sum[0] += sum[k];                                      \
    sink = sum[0][0];                                        \
    return 2.0 * SUMS * TURNS * (bytes / sizeof(float));     \
  }

#if defined(__x86_64__)
PEAK(fma_32, 32, __attribute__((target("avx2,fma"))))
PEAK(fma_64, 64, __attribute__((target("avx512f"))))
#endif
PEAK(fma_16, 16, )

// Runs the widest loop of multiply-adds; gives how many operations it was.
static double multiply_add(void)
{
#if defined(__x86_64__)
  if (strcmp(nd_context_cpu(c), "avx512") == 0)
    return fma_64();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return fma_32();
#endif
  return fma_16();
}

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

// --------------------------------------------------------------- libraries --

typedef struct gemm {
  bool at, bt;
  int m, n, k;
  const float *a, *b;
  float *y;
} gemm;

typedef void cblas(int order, int ta, int tb, int m, int n, int k, float alpha,
                   const float *a, int lda, const float *b, int ldb, float beta,
                   float *y, int ldy);
typedef int dnnl(char ta, char tb, int64_t m, int64_t n, int64_t k, float alpha,
                 const float *a, int64_t lda, const float *b, int64_t ldb,
                 float beta, float *y, int64_t ldy);

typedef struct library {
  const char *name, *file, *symbol;
  bool is_dnnl;
  void *gemm;
} library;

static library libraries[] = {
  { "OpenBLAS", "libopenblas.so.0", "cblas_sgemm" },
  { "BLIS", "libblis.so.4", "cblas_sgemm" },
  { "oneDNN", "libdnnl.so.2", "dnnl_sgemm", true },
};

enum { LIBRARIES = sizeof libraries / sizeof *libraries };

// OpenBLAS of Debian does not know newer CPUs by itself.
static void open_libraries(void)
{
  const bool wide = strcmp(nd_context_cpu(c), "avx512") == 0;
  setenv("OMP_NUM_THREADS", "1", 1);
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  setenv("BLIS_NUM_THREADS", "1", 1);
  setenv("OPENBLAS_CORETYPE", wide ? "SkylakeX" : "Haswell", 0);
  for (int i = 0; i < LIBRARIES; i++) {
    void *file = dlopen(libraries[i].file, RTLD_NOW | RTLD_LOCAL);
    libraries[i].gemm = file != NULL ? dlsym(file, libraries[i].symbol) : NULL;
  }
}

static void run_library(const library *l, const gemm *g)
{
  const int lda = g->at ? g->m : g->k, ldb = g->bt ? g->k : g->n;
  if (l->is_dnnl)
    ((dnnl *)l->gemm)(g->at ? 'T' : 'N', g->bt ? 'T' : 'N', g->m, g->n, g->k, 1,
                      g->a, lda, g->b, ldb, 0, g->y, g->n);
  else
    ((cblas *)l->gemm)(101, g->at ? 112 : 111, g->bt ? 112 : 111, g->m, g->n,
                       g->k, 1, g->a, lda, g->b, ldb, 0, g->y, g->n);
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
      false, false, m, n, k                          \
    }                                                \
  }
#define EACH(op, in)                                    \
  {                                                     \
    op, op, NULL, { { FLOATS } }, 4. * FLOATS *(in + 1) \
  }

static row rows[] = {
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
    { true, false, 784, 128, 256 } },
  { "matmul [256 128] [784 128]'",
    "matmul",
    "transpose_b=true",
    { { 256, 128 }, { 784, 128 } },
    0,
    { false, true, 256, 784, 128 } },
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

// Seconds of one run of the op, or of the library if there is one.
static double time_once(const row *r, nd_tensor *const *x, const library *l)
{
  int count = 0;
  const double start = thread_seconds();
  double spent;
  do {
    if (l != NULL)
      run_library(l, &r->product);
    else if (!call_op(r, x))
      return 0;
    count++;
    spent = thread_seconds() - start;
  } while (spent < 0.01);
  return spent / count;
}

static int compare_times(const void *a, const void *b)
{
  const double p = *(const double *)a, q = *(const double *)b;
  return (p > q) - (p < q);
}

static double median(double at[ROUNDS])
{
  qsort(at, ROUNDS, sizeof *at, compare_times);
  return at[ROUNDS / 2];
}

static void show_row(row *r, double flops, double bandwidth)
{
  double ours[ROUNDS], ratio[LIBRARIES][ROUNDS];
  nd_tensor *x[MOST] = { random_input(r->shape[0]), random_input(r->shape[1]) };
  gemm *g = &r->product;
  if (g->m > 0) {
    g->a = (const float *)(const void *)nd_values(x[0]);
    g->b = (const float *)(const void *)nd_values(x[1]);
    g->y = malloc((size_t)g->m * (size_t)g->n * sizeof(float));
  }
  for (int i = 0; i < ROUNDS; i++) {
    ours[i] = time_once(r, x, NULL);
    for (int k = 0; k < LIBRARIES; k++)
      ratio[k][i] = g->m > 0 && libraries[k].gemm != NULL
                      ? time_once(r, x, &libraries[k]) / ours[i]
                      : 0;
  }
  const double time = median(ours);
  const double work = g->m > 0 ? 2. * g->m * g->n * g->k : r->bytes;
  printf("%s\t%g\t%.1f %s\t%.0f%%", r->name, time, work / time / 1e9,
         g->m > 0 ? "GFLOP/s" : "GB/s",
         100 * work / time / (g->m > 0 ? flops : bandwidth));
  for (int k = 0; k < LIBRARIES; k++)
    printf(ratio[k][0] > 0 ? "\t%.2fx" : "\t", median(ratio[k]));
  puts("");
  fflush(stdout);
  free(g->y);
  nd_tensor_release(x[0]);
  nd_tensor_release(x[1]);
}

int main(void)
{
  c = nd_context_new(NULL);
  if (c == NULL)
    return 1;
  open_libraries();
  from = aligned_alloc(64, FLOATS * sizeof *from);
  to = aligned_alloc(64, FLOATS * sizeof *to);
  if (from == NULL || to == NULL)
    return 1;
  memset(from, 0, FLOATS * sizeof *from);
  const double flops = peak(multiply_add), read = peak(read_all);
  const double copied = peak(copy_all), best = read > copied ? read : copied;
  printf("peak %.0f GFLOP/s, %.0f GB/s\ttime\trate\tof peak", flops / 1e9,
         best / 1e9);
  for (int k = 0; k < LIBRARIES; k++)
    printf("\t%s", libraries[k].gemm != NULL ? libraries[k].name : "");
  puts("");
  for (int i = 0; i < ROWS; i++)
    show_row(&rows[i], flops, best);
  free(from);
  free(to);
  nd_context_free(c);
  return 0;
}
