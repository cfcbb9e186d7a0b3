// build/bench/matmul [WORD]: products of matrices beside those of OpenBLAS,
// BLIS and oneDNN, for the rows whose name has the word; README.md beside this
// says how to read it. Peers are opened where the machine has them. All have
// one thread, whose own time counts, so that a busy machine changes little.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blas.h"
#include "contest.h"
#include "kernel/matmul.h"
#include "op/op.h"
#include "ops/entries.h"

ND_DECLARE_WIDE(const nd_matmul_table, nd_matmul_table);

// One product, as rows of memory: a is [k m] if it is flipped.
typedef struct row {
  const char *name;
  int batch, m, n, k;
  bool flip_a, flip_b;
} row;

static const row rows[] = {
  { "4", 1, 4, 4, 4 },
  { "8", 1, 8, 8, 8 },
  { "12", 1, 12, 12, 12 },
  { "16", 1, 16, 16, 16 },
  { "24", 1, 24, 24, 24 },
  { "32", 1, 32, 32, 32 },
  { "33", 1, 33, 33, 33 },
  { "48", 1, 48, 48, 48 },
  { "64", 1, 64, 64, 64 },
  { "96", 1, 96, 96, 96 },
  { "128", 1, 128, 128, 128 },
  { "192", 1, 192, 192, 192 },
  { "256", 1, 256, 256, 256 },
  { "384", 1, 384, 384, 384 },
  { "512", 1, 512, 512, 512 },
  { "768", 1, 768, 768, 768 },
  { "1024", 1, 1024, 1024, 1024 },
  { "16 a'", 1, 16, 16, 16, true },
  { "16 b'", 1, 16, 16, 16, false, true },
  { "48 a'", 1, 48, 48, 48, true },
  { "48 b'", 1, 48, 48, 48, false, true },
  { "256 a'", 1, 256, 256, 256, true },
  { "256 b'", 1, 256, 256, 256, false, true },
  { "256 a'b'", 1, 256, 256, 256, true, true },
  { "1024 a'", 1, 1024, 1024, 1024, true },
  { "1024 b'", 1, 1024, 1024, 1024, false, true },
  { "mlp 32 x w", 1, 32, 128, 784 },
  { "mlp 32 x' g", 1, 784, 128, 32, true },
  { "mlp 32 g w'", 1, 32, 784, 128, false, true },
  { "mlp 32 h v", 1, 32, 10, 128 },
  { "mlp 32 h' g", 1, 128, 10, 32, true },
  { "mlp 32 g v'", 1, 32, 128, 10, false, true },
  { "mlp 256 x w", 1, 256, 128, 784 },
  { "mlp 256 x' g", 1, 784, 128, 256, true },
  { "mlp 256 g w'", 1, 256, 784, 128, false, true },
  { "mlp 256 h v", 1, 256, 10, 128 },
  { "mlp 256 h' g", 1, 128, 10, 256, true },
  { "mlp 256 g v'", 1, 256, 128, 10, false, true },
  { "vector row", 1, 1, 1024, 1024 },
  { "vector column", 1, 1024, 1, 1024 },
  { "batch", 32, 64, 64, 64 },
  { "batch a'", 32, 64, 64, 64, true },
  { "batch b'", 32, 64, 64, 64, false, true },
};

// -------------------------------------------------------------- contestants --

typedef struct problem {
  const row *r;
  nd_dtype dtype;
  nd_context *c;
  nd_tensor *in[2];
  void *out, *scratch;
  nd_matmul plan;
} problem;

static const char *values_of(const problem *p, int i, int batch)
{
  return nd_values(p->in[i]) + p->in[i]->size / p->r->batch * batch *
                                 (int64_t)nd_dtype_size(p->dtype);
}

static char *out_of(const problem *p, int batch)
{
  return (char *)p->out +
         (int64_t)p->r->m * p->r->n * batch * (int64_t)nd_dtype_size(p->dtype);
}

// The op, as scripts call it: checks, a tensor for the result, cutting.
static void run_ours(const problem *p)
{
  const nd_value attr[] = { nd_value_integer(p->r->flip_a),
                            nd_value_integer(p->r->flip_b) };
  nd_tensor_release(nd_apply(p->c, &nd_op_matmul, 2, p->in, attr));
}

static const nd_matmul_kernels *find_kernels(const problem *p)
{
  static const nd_matmul_table *const tables[ND_LEVELS] = ND_LIST_WIDE(
    nd_matmul_table);
  return tables[p->c->level]->at[p->dtype];
}

// The kernel alone, not cut.
static void run_kernel(const problem *p)
{
  nd_matmul x = p->plan;
  for (int i = 0; i < p->r->batch; i++) {
    x.a = values_of(p, 0, i);
    x.b = values_of(p, 1, i);
    x.c = out_of(p, i);
    find_kernels(p)->run(&x, p->scratch);
  }
}

enum { OURS = 2, ALL = OURS + PEERS };

static void run_other(const problem *p, const peer *y)
{
  const row *r = p->r;
  const gemm g = { r->m, r->n, r->k, r->flip_a, r->flip_b };
  for (int i = 0; i < r->batch; i++)
    run_peer(y, &g, p->dtype, values_of(p, 0, i), values_of(p, 1, i),
             out_of(p, i));
}

static void run_by(const void *what, int who)
{
  const problem *p = what;
  if (who == 0)
    run_ours(p);
  else if (who == 1)
    run_kernel(p);
  else
    run_other(p, &peers[who - OURS]);
}

// ---------------------------------------------------------------- problems --

static nd_tensor *make_matrix(nd_context *c, const row *r, int i,
                              nd_dtype dtype)
{
  const bool flipped = i == 0 ? r->flip_a : r->flip_b;
  const int high = i == 0 ? r->m : r->k, wide = i == 0 ? r->k : r->n;
  char options[100];
  snprintf(options, sizeof options, "shape=[%d %d %d] dtype=%s", r->batch,
           flipped ? wide : high, flipped ? high : wide, nd_dtype_name(dtype));
  if (r->batch == 1)
    snprintf(options, sizeof options, "shape=[%d %d] dtype=%s",
             flipped ? wide : high, flipped ? high : wide,
             nd_dtype_name(dtype));
  return nd_call(c, "normal", 0, NULL, options);
}

static nd_matmul plan_of(const row *r)
{
  nd_matmul p = { .m = r->m, .n = r->n, .k = r->k };
  p.a_row = r->flip_a ? 1 : r->k;
  p.a_column = r->flip_a ? r->m : 1;
  p.b_row = r->flip_b ? 1 : r->n;
  p.b_column = r->flip_b ? r->k : 1;
  p.c_row = p.n;
  return p;
}

static void hold_contest(const problem *p)
{
  const row *r = p->r;
  contest t = { .count = ALL,
                .ours = OURS,
                .run = run_by,
                .problem = p,
                .operations = 2. * r->batch * r->m * r->n * r->k,
                .level = p->c->level,
                .narrow = p->dtype == ND_FLOAT32 };
  for (int who = 0; who < ALL; who++)
    t.there[who] = who < OURS || peer_has(&peers[who - OURS], p->dtype);
  time_all(&t);
  print_contest(&t);
}

static void run_row(nd_context *c, const row *r, nd_dtype dtype)
{
  problem p = { .r = r, .dtype = dtype, .c = c, .plan = plan_of(r) };
  const size_t bytes = (size_t)r->batch * (size_t)r->m * (size_t)r->n *
                       nd_dtype_size(dtype);
  const size_t room = find_kernels(&p)->scratch(&p.plan);
  p.out = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
  p.scratch = aligned_alloc(64, (room + 64) & ~(size_t)63);
  for (int i = 0; i < 2; i++)
    p.in[i] = make_matrix(c, r, i, dtype);
  if (p.in[0] == NULL || p.in[1] == NULL) {
    printf("%s: %s\n", r->name, nd_error_message(c));
  } else {
    printf("%-14s %s", r->name, dtype == ND_FLOAT32 ? "32" : "64");
    hold_contest(&p);
  }
  nd_tensor_release(p.in[0]);
  nd_tensor_release(p.in[1]);
  free(p.out);
  free(p.scratch);
}

int main(int n, char **arguments)
{
  nd_context *c = nd_context_new(NULL);
  open_peers(c->level);
  printf("level %s\n%-17s %8s %8s", nd_level_name(c->level), "", "op",
         "kernel");
  for (int i = 0; i < PEERS; i++)
    printf(" %8s", peers[i].name);
  printf(" %6s  %11s  %11s\n", "peak", "op", "kernel");
  for (nd_dtype dtype = ND_FLOAT32; dtype <= ND_FLOAT64; dtype++) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      if (n < 2 || strstr(rows[i].name, arguments[1]) != NULL)
        run_row(c, &rows[i], dtype);
    }
  }
  nd_context_free(c);
  return 0;
}
