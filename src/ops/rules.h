// ops/rules.h: the words of rules by hand, beside those of formulas: each is a
// function in the file of the op that it applies, which alone knows the order
// of that op's attributes. NULL for a tensor gives NULL. A rule stands where
// `c` is the context.

#ifndef ND_OPS_RULES_H
#define ND_OPS_RULES_H

#include "kernel/scatter.h"
#include "ops/vocab_tensor.h"

// Gradient times slope: where nothing comes in nothing goes out, even if the
// slope is inf or nan; unless gradients are strict.
#define CHAIN(g, slope) nd_rule_chain(c, g, slope)
nd_tensor *nd_rule_chain(nd_context *c, nd_tensor *g, nd_tensor *slope);

// `p` times `q`, zero where either is zero; likewise.
#define BOTH(p, q) nd_rule_both(c, p, q)
nd_tensor *nd_rule_both(nd_context *c, nd_tensor *p, nd_tensor *q);

// The sum of two, of which one may be NULL for zero.
#define ADD_ANY(p, q) nd_rule_add(c, p, q)
nd_tensor *nd_rule_add(nd_context *c, nd_tensor *p, nd_tensor *q);

// A number with the dtype of `like`; `x` as a tensor of its own.
#define NUMBER(like, v) nd_rule_number(c, like, v)
#define IDENTITY(x) nd_rule1(c, &nd_op_identity, x)

// Zeros with shape and dtype of `like`.
#define ZEROS(like) nd_rule_zeros(c, like)
nd_tensor *nd_rule_zeros(nd_context *c, const nd_tensor *like);

// 0, step, 2 step ..: so many int64 numbers.
#define COUNT(size, step) nd_rule_count(c, size, step)
nd_tensor *nd_rule_count(nd_context *c, int64_t size, int64_t step);

// `x` as another dtype.
#define CAST(x, dtype) nd_rule_cast(c, x, dtype)
nd_tensor *nd_rule_cast(nd_context *c, nd_tensor *x, nd_dtype dtype);

// The product of two matrices, each transposed if its flag says so.
#define MATMUL(x, flip_x, y, flip_y) nd_rule_matmul(c, x, flip_x, y, flip_y)
nd_tensor *nd_rule_matmul(nd_context *c, nd_tensor *x, bool flip_x,
                          nd_tensor *y, bool flip_y);

// Elementwise; ROOT is the square root with slope 0 at 0.
#define SQUARE(x) nd_rule1(c, &nd_op_square, x)
#define ROOT(x) nd_rule1(c, &nd_op_root, x)
#define RSQRT(x) nd_rule1(c, &nd_op_rsqrt, x)
#define MAXIMUM(x, y) nd_rule2(c, &nd_op_maximum, x, y)
#define MINIMUM(x, y) nd_rule2(c, &nd_op_minimum, x, y)
#define ABS(x) nd_rule1(c, &nd_op_abs, x)
#define FLOOR(x) nd_rule1(c, &nd_op_floor, x)

// Number `n` of a family (kernel/gamma_slope.h); number 1 is how a draw of
// gamma numbers moves with its alpha.
#define GAMMA_SLOPE(alpha, draw, n) nd_rule_gamma_slope(c, alpha, draw, n)
nd_tensor *nd_rule_gamma_slope(nd_context *c, nd_tensor *alpha, nd_tensor *draw,
                               double n);

// --------------------------------------------------------------- matrices --

// `x` with its last two axes exchanged.
#define ADJOINT(x) nd_rule_adjoint(c, x)
nd_tensor *nd_rule_adjoint(nd_context *c, nd_tensor *x);

// What is below, on and above the diagonal of `x`, times these.
#define TRIANGLES(x, below, on, above) nd_rule_triangles(c, x, below, on, above)
nd_tensor *nd_rule_triangles(nd_context *c, nd_tensor *x, double below,
                             double on, double above);

// The solution y of t y = x for a triangle of t, or of the adjoint of t.
#define SOLVE_TRIANGLE(t, x, lower, adjoint) \
  nd_rule_solve_triangle(c, t, x, lower, adjoint)
nd_tensor *nd_rule_solve_triangle(nd_context *c, nd_tensor *t, nd_tensor *x,
                                  bool lower, bool adjoint);

// The diagonals of square matrices, as rows of values, or what lies at equal
// places of two axes, which count from 0, as the first of them; and values as
// rows of matrices, or as columns.
#define DIAGONAL(x) nd_rule_diagonal(c, x)
#define DIAGONAL_OF(x, first, second) nd_rule_diagonal_of(c, x, first, second)
#define AS_ROW(w, flip) nd_rule_as_row(c, w, flip)
nd_tensor *nd_rule_diagonal(nd_context *c, nd_tensor *x);
nd_tensor *nd_rule_diagonal_of(nd_context *c, nd_tensor *x, int first,
                               int second);
nd_tensor *nd_rule_as_row(nd_context *c, nd_tensor *w, bool flip);

// 1 / x, and 0 where x is 0.
#define INVERSE(x) nd_rule_inverse(c, x)
nd_tensor *nd_rule_inverse(nd_context *c, nd_tensor *x);

// q and r; s, u and v, or s alone. False after an error.
#define QR(x, out) nd_rule_qr(c, x, out)
#define SVD(x, vectors, out) nd_rule_svd(c, x, vectors, out)
bool nd_rule_qr(nd_context *c, nd_tensor *x, nd_tensor **out);
bool nd_rule_svd(nd_context *c, nd_tensor *x, bool vectors, nd_tensor **out);

// The solution y of a y = x, or of adjoint(a) y = x; and the inverse.
#define SOLVE(a, x, adjoint) nd_rule_solve(c, a, x, adjoint)
#define INV(a, adjoint) nd_rule_inv(c, a, adjoint)
nd_tensor *nd_rule_solve(nd_context *c, nd_tensor *a, nd_tensor *x,
                         bool adjoint);
nd_tensor *nd_rule_inv(nd_context *c, nd_tensor *a, bool adjoint);

// ------------------------------------------------------------------ shapes --

// `x` in that shape; broadcast to it; with its axes in that order, from 1.
#define RESHAPE(x, rank, shape) nd_rule_reshape(c, x, rank, shape)
#define BROADCAST(x, rank, shape) nd_rule_broadcast(c, x, rank, shape)
#define TRANSPOSE(x, perm) nd_rule_transpose(c, x, perm)
nd_tensor *nd_rule_reshape(nd_context *c, nd_tensor *x, int rank,
                           const int64_t *shape);
nd_tensor *nd_rule_broadcast(nd_context *c, nd_tensor *x, int rank,
                             const int64_t *shape);
nd_tensor *nd_rule_transpose(nd_context *c, nd_tensor *x, const int64_t *perm);

// `x` with `count` axes, the first of which, axis `from`, becomes axis `to`;
// both count from 0.
#define MOVE_AXES(x, from, count, to) nd_rule_move_axes(c, x, from, count, to)
nd_tensor *nd_rule_move_axes(nd_context *c, nd_tensor *x, int from, int count,
                             int to);

// Parts of `x`, and `x` put there into zeros, by an attribute of ND_RANGES.
#define SLICE(x, ranges) nd_rule_slice(c, x, ranges)
#define UNSLICE(x, ranges, like) nd_rule_unslice(c, x, ranges, like)
nd_tensor *nd_rule_slice(nd_context *c, nd_tensor *x, nd_value ranges);
nd_tensor *nd_rule_unslice(nd_context *c, nd_tensor *x, nd_value ranges,
                           const nd_tensor *like);

// Positions first..last of one axis, which counts from 0; and what is at one
// position, without that axis.
#define SLICE_ALONG(x, axis, first, last, step) \
  nd_rule_slice_along(c, x, axis, first, last, step)
#define PART(x, axis, at) nd_rule_part(c, x, axis, at)
nd_tensor *nd_rule_slice_along(nd_context *c, nd_tensor *x, int axis,
                               int64_t first, int64_t last, int64_t step);
nd_tensor *nd_rule_part(nd_context *c, nd_tensor *x, int axis, int64_t at);

// `x` with zeros around it: so many before and behind along each axis.
#define PAD(x, paddings) nd_rule_pad(c, x, paddings)
nd_tensor *nd_rule_pad(nd_context *c, nd_tensor *x, const int64_t *paddings);

// Tensors one after the other along an axis, from 1; and along a new one.
#define CONCAT(n, x, axis) nd_rule_concat(c, n, x, axis)
#define STACK(n, x, axis) nd_rule_stack(c, n, x, axis)
nd_tensor *nd_rule_concat(nd_context *c, int n, nd_tensor *const *x,
                          int64_t axis);
nd_tensor *nd_rule_stack(nd_context *c, int n, nd_tensor *const *x,
                         int64_t axis);

// Numbers that are drawn: floats of 0..1, below 1, or whole ones; `seed` is an
// attribute of random.uniform.
#define DRAW(dtype, rank, shape, seed) \
  nd_rule_uniform(c, dtype, rank, shape, seed)
nd_tensor *nd_rule_uniform(nd_context *c, nd_dtype dtype, int rank,
                           const int64_t *shape, nd_value seed);

// ------------------------------------------------------------------- folds --

// Whether the axes that a fold takes away stay as axes of size 1.
enum { DROP = 0, KEEP = 1 };

// The sum of `x` over axes, an attribute of ND_AXES, or over one axis.
#define SUM(x, axes, keep) nd_rule_sum(c, x, axes, keep)
#define SUM_ALONG(x, axis, keep) nd_rule_sum_along(c, x, axis, keep)
// Any fold likewise; the largest and the smallest over axes, which go.
#define MAX_OF(x, axes) nd_rule_fold(c, &nd_op_reduce_max, x, axes, DROP)
#define MIN_OF(x, axes) nd_rule_fold(c, &nd_op_reduce_min, x, axes, DROP)
nd_tensor *nd_rule_fold(nd_context *c, const nd_op *fold, nd_tensor *x,
                        nd_value axes, bool keep);
nd_tensor *nd_rule_sum(nd_context *c, nd_tensor *x, nd_value axes, bool keep);
nd_tensor *nd_rule_sum_along(nd_context *c, nd_tensor *x, int64_t axis,
                             bool keep);

// Running sums along an axis, which counts from 0, from its end if `reverse`.
#define RUNNING_SUM(x, axis, reverse) nd_rule_running_sum(c, x, axis, reverse)
nd_tensor *nd_rule_running_sum(nd_context *c, nd_tensor *x, int axis,
                               bool reverse);

// Its variance, by the attributes of a fold.
#define VARIANCE(x, attr) nd_rule_variance(c, x, attr)
nd_tensor *nd_rule_variance(nd_context *c, nd_tensor *x, const nd_value *attr);

// `x` summed over the axes that broadcasting added, to the shape of `like`.
// The one home of that rule.
#define SUM_TO(x, like) nd_rule_sum_to(c, x, like)
nd_tensor *nd_rule_sum_to(nd_context *c, nd_tensor *x, const nd_tensor *like);

// `y`, what a fold of `x` over the axes gave, with those axes as 1; and spread
// over them.
#define KEEP_AXES(y, x, axes) nd_rule_keep_axes(c, y, x, axes)
#define SPREAD(y, x, axes) nd_rule_spread(c, y, x, axes)
nd_tensor *nd_rule_keep_axes(nd_context *c, nd_tensor *y, const nd_tensor *x,
                             nd_value axes);
nd_tensor *nd_rule_spread(nd_context *c, nd_tensor *y, const nd_tensor *x,
                          nd_value axes);

// `x`, which has the shape of `like`, as [kept, folded]; and back from there.
#define AS_ROWS(x, like, axes) nd_rule_as_rows(c, x, like, axes)
#define FROM_ROWS(rows, like, axes) nd_rule_from_rows(c, rows, like, axes)
nd_tensor *nd_rule_as_rows(nd_context *c, nd_tensor *x, const nd_tensor *like,
                           nd_value axes);
nd_tensor *nd_rule_from_rows(nd_context *c, nd_tensor *rows,
                             const nd_tensor *like, nd_value axes);

// Along the last axis, the product of all elements but each.
#define OTHERS(x) nd_rule1(c, &nd_op_products_of_others, x)

// ---------------------------------------------------------------- softmax --

#define SOFTMAX(x, axis) nd_rule_softmax(c, x, axis)
#define LOG_SOFTMAX(x, axis) nd_rule_log_softmax(c, x, axis)
nd_tensor *nd_rule_softmax(nd_context *c, nd_tensor *x, int64_t axis);
nd_tensor *nd_rule_log_softmax(nd_context *c, nd_tensor *x, int64_t axis);

// With p = softmax along the axis: x - sum(p x), and its transpose x - p
// sum(x).
#define CENTRE(p, x, axis) nd_rule_centre(c, p, x, axis)
#define UNCENTRE(p, x, axis) nd_rule_uncentre(c, p, x, axis)
nd_tensor *nd_rule_centre(nd_context *c, nd_tensor *p, nd_tensor *x,
                          int64_t axis);
nd_tensor *nd_rule_uncentre(nd_context *c, nd_tensor *p, nd_tensor *x,
                            int64_t axis);

// --------------------------------------------------------- rows by position --

// Of rows of numbers that do not fall, the first position, from 1, that is
// above the value, or that is not below it.
#define SEARCH(sorted, values, above) nd_rule_search(c, sorted, values, above)
nd_tensor *nd_rule_search(nd_context *c, nd_tensor *sorted, nd_tensor *values,
                          bool above);

// The positions of numbers, by their order along the last axis.
#define ARGSORT(x) nd_rule_argsort(c, x)
nd_tensor *nd_rule_argsort(nd_context *c, nd_tensor *x);

// Rows of `x` at positions, and the rows of `x` added there into `size` zeros;
// the same two by ids, of which those below 1 stand for no row.
#define GATHER(x, positions) nd_rule_gather(c, x, positions)
#define UNGATHER(x, positions, size) nd_rule_ungather(c, x, positions, size)
#define SEGMENT_ROWS(x, ids) nd_rule_segment_rows(c, x, ids)
#define SEGMENT_SUM(x, ids, size) nd_rule_segment_sum(c, x, ids, size)
nd_tensor *nd_rule_gather(nd_context *c, nd_tensor *x, nd_tensor *positions);
nd_tensor *nd_rule_ungather(nd_context *c, nd_tensor *x, nd_tensor *positions,
                            int64_t size);
nd_tensor *nd_rule_segment_rows(nd_context *c, nd_tensor *x, nd_tensor *ids);
nd_tensor *nd_rule_segment_sum(nd_context *c, nd_tensor *x, nd_tensor *ids,
                               int64_t size);

// `x` with rows that meet its own at positions, one after the other.
#define SCATTER(x, positions, rows, way) \
  nd_rule_scatter(c, x, positions, rows, way)
nd_tensor *nd_rule_scatter(nd_context *c, nd_tensor *x, nd_tensor *positions,
                           nd_tensor *rows, nd_scatter_way way);

// The positions, from 1, that lists of indices have among all of a tensor of
// that shape; what is left of its axes makes a row. Its first axes may be
// batches, as those of the indices then are.
#define ROW_POSITIONS(indices, rank, shape, batch_dims) \
  nd_rule_row_positions(c, indices, rank, shape, batch_dims)
nd_tensor *nd_rule_row_positions(nd_context *c, nd_tensor *indices, int rank,
                                 const int64_t *shape, int64_t batch_dims);

#endif
