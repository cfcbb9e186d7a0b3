// op/series.h: ops on matrices, each of which takes a series of stages: a
// factorization goes block by block, and what follows uses it. Stages of one
// matrix follow each other; their units run in any order. Small matrices are
// units themselves, which take all their stages at once; larger ones come one
// after the other, a stage a step. The bits are the same.

#ifndef ND_OP_SERIES_H
#define ND_OP_SERIES_H

#include "kernel/factor.h"
#include "kernel/flip.h"
#include "kernel/matmul.h"
#include "op/op.h"

// A job on matrices: the last two axes of its first input.
typedef struct nd_matrices {
  const nd_job *job;
  const nd_factor_kernels *kernels;
  const nd_matmul_kernels *multiply;
  nd_flip *flip;
  int64_t width;  // bytes of an element
  int64_t count;  // matrices of the first output
  int64_t m, n;   // rows and columns of those of the first input
  int64_t least;  // of the two
  int64_t w;      // columns of the second input's
} nd_matrices;

// One stage of a matrix.
typedef struct nd_stage {
  int64_t units;
  float cost;  // about nanoseconds a unit
} nd_stage;

// Units of a stage at work.
typedef struct nd_piece {
  const nd_matrices *p;
  int64_t matrix;
  int64_t stage;
  int64_t from, to;
  char *shared;    // of the matrix
  char *own;       // of the thread
  int64_t *found;  // what was found out about the matrix, 0 at first
} nd_piece;

struct nd_series {
  int64_t (*stages)(const nd_matrices *p);
  nd_stage (*stage)(const nd_matrices *p, int64_t i);
  void (*run)(const nd_piece *y);
  float (*cost)(const nd_matrices *p);     // of a matrix, about nanoseconds
  size_t (*shared)(const nd_matrices *p);  // bytes for a matrix
  size_t (*own)(const nd_matrices *p);     // bytes for a thread; NULL: 0
  // Fails with what was found out about matrix number `matrix`. May be NULL.
  bool (*refuse)(nd_context *c, const nd_matrices *p, int64_t matrix,
                 int64_t found);
};

// nd_op.work of an op with a series.
nd_work nd_series_work(const nd_job *j);

nd_matrices nd_matrices_of(const nd_job *j);

// Fails unless input `i` has two axes.
bool nd_matrices_infer(nd_context *c, const nd_job *j, int i);

// The same, and that it is square.
bool nd_square_infer(nd_context *c, const nd_job *j, int i);

// Fails unless the rows of the second input's matrices are as many as those of
// the first.
bool nd_sides_infer(nd_context *c, const nd_job *j);

// The leading axes of two inputs with matrices, broadcast, and their dtype.
bool nd_batches_infer(nd_context *c, const nd_job *j, nd_type *out);

// Where matrix number `matrix` of tensor `x`, which is dense, lies, if leading
// axes are broadcast to those of `like`.
char *nd_matrix_at(const nd_tensor *x, const nd_tensor *like, int64_t matrix);

enum { ND_PLACE_TEXT = ND_SHAPE_TEXT + 4 };

// " at [2 3]" for that matrix of `x` in messages, or "" if there is but one.
const char *nd_matrix_place(char text[ND_PLACE_TEXT], const nd_tensor *x,
                            int64_t matrix);
#define ND_PLACE(x, matrix) \
  nd_matrix_place((char[ND_PLACE_TEXT]){ 0 }, x, matrix)

// c[m n] += a b; `terms` are at most one chain.
void nd_matrices_add(const nd_matrices *p, const nd_matmul *y, void *own);

// c[m n] = a b
void nd_matrices_multiply(const nd_matrices *p, const nd_matmul *y, void *own);

// Bytes that these take at `own`, for so many rows, columns and terms at most.
size_t nd_matrices_scratch(const nd_matrices *p, int64_t m, int64_t n,
                           int64_t k);

#endif
