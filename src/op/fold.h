// op/fold.h: folds a tensor over axes. Every element of the result is one fixed
// tree over its inputs, decided by the shape and the axes alone:
// - rows, when the last axis of more than one element is folded: blocks of
//   ND_BLOCK inputs, each over lanes (kernel/reduce.h), whose lanes are put
//   together pairwise (kernel/tree.h); beyond ND_FOLD_PART inputs, pairwise
//   over such parts;
// - columns, when the last axis stays: a group of rows (op/fold_plan.h) is
//   added up one by one, then as many groups, then those.
//
// A fold of many inputs may be done in parts, which are subtrees, so that the
// bits stay: ND_FOLD_PART inputs of a row, or a group of a column, so that many
// of these can be walked together. Unit p * outputs + i of the parts is part p
// of output i, whose fold stands in that place; then they are joined.

#ifndef ND_OP_FOLD_H
#define ND_OP_FOLD_H

#include "kernel/reduce.h"
#include "op/fold_plan.h"

const nd_reduce_kernels *nd_fold_kernels(const nd_tensor *x, nd_fold fold);

// The short way: one call of a kernel folds all of few elements that lie in
// order and do not wait.
bool nd_fold_is_short(const nd_tensor *x);
void nd_fold_all(const nd_tensor *x, nd_fold fold, void *out);

// Elements from..to-1 of j->out[0], a fold of j->in[0].
void nd_fold_range(const nd_job *j, const nd_value *axes, nd_fold fold,
                   int64_t from, int64_t to);

// The inputs of a part of a row.
enum { ND_FOLD_PART = 65536 };

// How many parts a fold of a row of so many inputs has, and that of a job.
int64_t nd_fold_row_parts(int64_t folded);
int64_t nd_fold_parts(const nd_job *j, const nd_value *axes);

// A part of a row whose blocks come from elsewhere, one after the other, all
// but the last of ND_BLOCK inputs.
enum { ND_FOLD_SLOTS = 8 };
typedef struct nd_fold_part {
  const nd_reduce_kernels *k;
  int64_t blocks;
  double *at[ND_FOLD_SLOTS];  // lanes of blocks in the tree
  double room[ND_FOLD_SLOTS][ND_LANES];
} nd_fold_part;

void nd_fold_part_start(nd_fold_part *p, const nd_reduce_kernels *k);
void nd_fold_part_add(nd_fold_part *p, int64_t n, const void *block);

// Puts the blocks together; then another part can begin.
void nd_fold_part_end(nd_fold_part *p, void *out);

// nd_fold_part_add in two: where the lanes of the next block go, then that they
// are there.
void *nd_fold_part_lanes(nd_fold_part *p);
void nd_fold_part_next(nd_fold_part *p);

// Puts together the parts of a row of `folded` inputs, elements of `width`
// bytes that lie `stride` bytes apart.
void nd_fold_join_row(const nd_reduce_kernels *k, size_t width, int64_t folded,
                      const char *parts, size_t stride, void *out);

// The same of `n` columns, ND_BLOCK at most, of `groups` parts each, side by
// side, of which `group` are added up one by one.
void nd_fold_join_columns(const nd_reduce_kernels *k, size_t width,
                          int64_t groups, int64_t group, int64_t n,
                          const char *parts, size_t stride, void *out);

// The same by units of parts, and then by outputs.
void nd_fold_run_parts(const nd_job *j, const nd_value *axes, nd_fold fold,
                       char *parts, int64_t from, int64_t to);
void nd_fold_join_parts(const nd_job *j, const nd_value *axes, nd_fold fold,
                        const char *parts, int64_t from, int64_t to);

#endif
