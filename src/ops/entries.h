// ops/entries.h: the entries that C applies by themselves; all others are found
// by their names. Nothing below src/ops has any of them.

#ifndef ND_OPS_ENTRIES_H
#define ND_OPS_ENTRIES_H

#include "op/op.h"

// What formulas are made of.
extern const nd_op nd_op_add, nd_op_subtract, nd_op_multiply, nd_op_divide,
  nd_op_pow, nd_op_floordiv, nd_op_negative, nd_op_sign, nd_op_exp, nd_op_log,
  nd_op_sqrt, nd_op_sin, nd_op_cos, nd_op_tan, nd_op_sinh, nd_op_cosh,
  nd_op_tanh, nd_op_sigmoid, nd_op_bell, nd_op_gauss, nd_op_arc, nd_op_turn,
  nd_op_erf, nd_op_log1p, nd_op_softplus, nd_op_silu, nd_op_multiply_no_nan,
  nd_op_zero_wins, nd_op_digamma, nd_op_polygamma, nd_op_gamma_slope;

// Choices.
extern const nd_op nd_op_where, nd_op_boolean_mask, nd_op_nonzero, nd_op_equal,
  nd_op_not_equal, nd_op_greater, nd_op_greater_equal, nd_op_logical_or,
  nd_op_is_finite;

// Tensors of other dtypes and shapes, and what is made of nothing.
extern const nd_op nd_op_cast, nd_op_identity, nd_op_stop_gradient,
  nd_op_reshape, nd_op_transpose, nd_op_broadcast_to, nd_op_linspace,
  nd_op_ones_like;

// Parts of tensors, and tensors of parts.
extern const nd_op nd_op_slice, nd_op_unslice, nd_op_diagonal, nd_op_concat,
  nd_op_stack, nd_op_gather, nd_op_ungather, nd_op_segment_rows,
  nd_op_unsorted_segment_sum, nd_op_argsort, nd_op_scatter_rows,
  nd_op_scatter_extremes, nd_op_row_positions;

// What composed ops are made of, beside all that.
extern const nd_op nd_op_running_sum, nd_op_square, nd_op_root, nd_op_rsqrt,
  nd_op_maximum, nd_op_minimum, nd_op_abs, nd_op_floor, nd_op_reduce_min,
  nd_op_moments, nd_op_normal, nd_op_truncated_normal, nd_op_uniform,
  nd_op_searchsorted, nd_op_sort, nd_op_gelu_exact, nd_op_gelu_tanh;

// Sums and products, softmax and its kind.
extern const nd_op nd_op_reduce_sum, nd_op_reduce_max, nd_op_products_of_others,
  nd_op_matmul, nd_op_softmax, nd_op_log_softmax, nd_op_log_softmax_tangent,
  nd_op_log_softmax_slope, nd_op_softmax_cross_entropy_slope,
  nd_op_reduce_logsumexp, nd_op_argmax, nd_op_ctc_loss, nd_op_ctc_loss_slope;

// Matrices.
extern const nd_op nd_op_scale_triangles, nd_op_triangular_solve, nd_op_inv,
  nd_op_solve, nd_op_cofactors, nd_op_cholesky, nd_op_qr, nd_op_eigh, nd_op_svd,
  nd_op_pinv, nd_op_lu, nd_op_det, nd_op_slogdet;

// Recurrent layers.
extern const nd_op nd_op_lstm_sequence, nd_op_lstm_sequence_back,
  nd_op_gru_sequence, nd_op_gru_sequence_back;

// Convolutions and pools.
extern const nd_op nd_op_convolution, nd_op_conv_transpose,
  nd_op_conv_filter_gradient, nd_op_depthwise_conv2d, nd_op_max_pool_gradient,
  nd_op_max_pool_tangent, nd_op_avg_pool, nd_op_avg_pool_gradient;

#endif
