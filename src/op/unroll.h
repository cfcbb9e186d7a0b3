// op/unroll.h: work that goes through time: rows of a batch, each on its own,
// have products with the same matrices at each time, and what an op makes of
// these. A unit is a strip of rows at some times.
//
// A job's op says what it does in an nd_unroll, and calls these in its `work`,
// its steps and their units. Sums of products are chains of ND_MATMUL_CHAIN
// terms, added in order.

#ifndef ND_OP_UNROLL_H
#define ND_OP_UNROLL_H

#include "kernel/matmul.h"
#include "kernel/recurrent.h"
#include "op/op.h"

enum { ND_UNROLL_FACTORS = 2 };

// A matrix [terms columns] that rows are multiplied with; strides in elements.
typedef struct nd_unroll_factor {
  int64_t terms, columns;
  const void *from;
  int64_t row, column;
} nd_unroll_factor;

typedef struct nd_unroll nd_unroll;

// Where units work.
typedef struct nd_workplace {
  const nd_unroll *u;
  const void *what;
  void *packed;   // the factors
  char *room;     // u->room elements, for each of ND_UNROLL_ROWS rows
  void *zeros;    // u->units of them
  void *scratch;  // of products
} nd_workplace;

enum { ND_UNROLL_ROWS = 48 };  // that are worked on together, at most

struct nd_unroll {
  const nd_matmul_kernels *products;
  const nd_recurrent_kernels *cells;
  nd_dtype dtype;
  int64_t batch, time, units;
  int factors;
  nd_unroll_factor factor[ND_UNROLL_FACTORS];
  int64_t room;  // elements that `step` wants for each row
  float cost;    // nanoseconds of what is no product, for each unit of a row

  // Phase 0..time of some rows.
  void (*step)(const nd_workplace *w, int64_t phase, int64_t from, int64_t to);
};

// Work on a tensor like `like`, whose other fields are the caller's to set.
nd_unroll nd_unroll_start(const nd_tensor *like, int64_t batch, int64_t time,
                          int64_t units);

// The job's memory; then step number `i`, run by `run`, and units of it.
nd_work nd_unroll_memory(const nd_unroll *u);
bool nd_unroll_next(const nd_unroll *u, nd_units_run *run, nd_step *step,
                    int i);
void nd_unroll_run(const nd_unroll *u, const void *what, void *shared,
                   void *own, int64_t from, int64_t to);

// c[rows columns] = a[rows terms] times a factor, or added to it; rows are so
// many elements apart.
void nd_unroll_multiply(const nd_workplace *w, int factor, bool adds,
                        int64_t rows, const void *a, int64_t a_row, void *c,
                        int64_t c_row);

// Element `i` of what lies at `x`.
static inline char *nd_unroll_at(const nd_unroll *u, const void *x, int64_t i)
{
  return (char *)x + i * (int64_t)nd_dtype_size(u->dtype);
}

static inline size_t nd_unroll_bytes(const nd_unroll *u, int64_t n)
{
  return (size_t)n * nd_dtype_size(u->dtype);
}

// Asks for row number `row` of rows of `n` elements at `x`, unless it is
// negative: rows of one time are far from each other.
static inline void nd_unroll_ask(const nd_unroll *u, const void *x, int64_t row,
                                 int64_t n)
{
  if (row < 0)
    return;
  const char *at = nd_unroll_at(u, x, row * n);
  const size_t bytes = nd_unroll_bytes(u, n);
  for (size_t i = 0; i < bytes; i += 64)
    __builtin_prefetch(at + i, 0, 2);
}

// Points the next `n` of `*to` to blocks of units, one after the other.
void nd_unroll_in(const nd_unroll *u, const void ***to, int n,
                  const void *from);
void nd_unroll_out(const nd_unroll *u, void ***to, int n, void *from);

// Copies rows of [batch units]; a scalar stands for zeros.
void nd_unroll_copy(const nd_unroll *u, nd_tensor *to, const nd_tensor *from,
                    int64_t row, int64_t end);

// NAME_work for an entry, given what makes its job an nd_unroll.
#define ND_UNROLLED(name, unroll)                                   \
  static void name##_run(const void *what, void *shared, void *own, \
                         int64_t from, int64_t to)                  \
  {                                                                 \
    const nd_unroll u = unroll(what);                               \
    nd_unroll_run(&u, what, shared, own, from, to);                 \
  }                                                                 \
  static bool name##_next(const void *what, nd_step *step, int i)   \
  {                                                                 \
    const nd_unroll u = unroll(what);                               \
    return nd_unroll_next(&u, name##_run, step, i);                 \
  }                                                                 \
  static nd_work name##_work(const nd_job *j)                       \
  {                                                                 \
    const nd_unroll u = unroll(j);                                  \
    nd_work work = nd_unroll_memory(&u);                            \
    work.next = name##_next;                                        \
    return work;                                                    \
  }

#endif
