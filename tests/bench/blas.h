// blas.h: products of matrices by OpenBLAS, BLIS and oneDNN, which are opened
// where the machine has them.

#ifndef ND_BENCH_BLAS_H
#define ND_BENCH_BLAS_H

#include <dlfcn.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "nadir.h"

// c[m n] = a[m k] b[k n], rows of memory; a is [k m] if it is flipped.
typedef struct gemm {
  int m, n, k;
  bool flip_a, flip_b;
} gemm;

enum { ROW_MAJOR = 101, PLAIN = 111, FLIPPED = 112 };

typedef void blas32(int order, int flip_a, int flip_b, int m, int n, int k,
                    float alpha, const void *a, int a_row, const void *b,
                    int b_row, float beta, void *c, int c_row);
typedef void blas64(int order, int flip_a, int flip_b, int m, int n, int k,
                    double alpha, const void *a, int a_row, const void *b,
                    int b_row, double beta, void *c, int c_row);
typedef int onednn32(char flip_a, char flip_b, int64_t m, int64_t n, int64_t k,
                     float alpha, const void *a, int64_t a_row, const void *b,
                     int64_t b_row, float beta, void *c, int64_t c_row);

typedef struct peer {
  const char *name, *file, *float32, *float64;
  void *call32, *call64;
} peer;

static peer peers[] = {
  { "OpenBLAS", "libopenblas.so.0", "cblas_sgemm", "cblas_dgemm" },
  { "BLIS", "libblis.so.4", "cblas_sgemm", "cblas_dgemm" },
  { "oneDNN", "libdnnl.so.2", "dnnl_sgemm", NULL },
};

enum { PEERS = sizeof peers / sizeof *peers };

// With one thread, and told the CPU, which those of Debian may not know; who
// sets that keeps it.
static inline void open_peers(nd_level level)
{
  setenv("OMP_NUM_THREADS", "1", 0);
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
  setenv("BLIS_NUM_THREADS", "1", 0);
  if (level == ND_AVX2)
    setenv("OPENBLAS_CORETYPE", "Zen", 0);
  if (level == ND_AVX512)
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
  for (int i = 0; i < PEERS; i++) {
    void *library = dlopen(peers[i].file, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
      continue;
    peers[i].call32 = dlsym(library, peers[i].float32);
    if (peers[i].float64 != NULL)
      peers[i].call64 = dlsym(library, peers[i].float64);
  }
}

static inline bool peer_has(const peer *y, nd_dtype dtype)
{
  return (dtype == ND_FLOAT32 ? y->call32 : y->call64) != NULL;
}

static inline void run_blas(const peer *y, const gemm *g, nd_dtype dtype,
                            const void *a, const void *b, void *c)
{
  const int a_row = g->flip_a ? g->m : g->k, b_row = g->flip_b ? g->k : g->n;
  const int flip_a = g->flip_a ? FLIPPED : PLAIN;
  const int flip_b = g->flip_b ? FLIPPED : PLAIN;
  if (dtype == ND_FLOAT32)
    ((blas32 *)y->call32)(ROW_MAJOR, flip_a, flip_b, g->m, g->n, g->k, 1, a,
                          a_row, b, b_row, 0, c, g->n);
  else
    ((blas64 *)y->call64)(ROW_MAJOR, flip_a, flip_b, g->m, g->n, g->k, 1, a,
                          a_row, b, b_row, 0, c, g->n);
}

static inline void run_peer(const peer *y, const gemm *g, nd_dtype dtype,
                            const void *a, const void *b, void *c)
{
  const int a_row = g->flip_a ? g->m : g->k, b_row = g->flip_b ? g->k : g->n;
  if (y->float64 != NULL)
    run_blas(y, g, dtype, a, b, c);
  else
    ((onednn32 *)y->call32)(g->flip_a ? 'T' : 'N', g->flip_b ? 'T' : 'N', g->m,
                            g->n, g->k, 1, a, a_row, b, b_row, 0, c, g->n);
}

#endif
