// ops/ternary.levels.c: elementwise functions of three tensors, broadcast to
// each other. As ops/unary.levels.c, with inputs u, v and w, and three slopes,
// dy/du, dy/dv and dy/dw. Each op has names of its own for its inputs.

#include "kernel/level.h"
#include "op/op.h"

#define INPUTS(u, v, w)                                      \
  .params = (const nd_param[])                               \
  {                                                          \
    { #u, ND_TENSOR }, { #v, ND_TENSOR }, { #w, ND_TENSOR }, \
    {                                                        \
      0                                                      \
    }                                                        \
  }

// Of u, low and high: p where u is below low, q where it is above high, r else,
// which is nan where u is. High wins where they cross.
#define BY_SIDE(p, q, r) \
  IF(GT(U, W), q, IF(GT(V, U), IF(GT(V, W), q, p), IF(EQ(U, U), r, U)))

// clang-format off
#define TERNARY(OP)                                                            \
/* name          dtypes   y                                                    \
                 dy/du          dy/dv          dy/dw           sampled */      \
OP(clip_by_value, NUMBERS, u > w ? w : u < v ? (v > w ? w : v) : u,            \
   BY_SIDE(NUM(0), NUM(0), NUM(1)),                                            \
   BY_SIDE(NUM(1), NUM(0), NUM(0)),                                            \
   BY_SIDE(NUM(0), NUM(1), NUM(0)), -3, 3,                                     \
   "x, but not below low nor above high; at a bound the gradient is that of x",\
   INPUTS(x, low, high))                                                       \
OP(lerp,          FLOATS,  u + w * (v - u),                                    \
   SUB(NUM(1), W), W,             SUB(V, U), -3, 3,                            \
   "start + weight * (end - start)",                                           \
   INPUTS(start, end, weight))
// clang-format on

#include "ops/elementwise.h"
#include "ops/vocab_scalar.h"

#define DECLARE(name, ...) extern const nd_op nd_op_##name;
#define KERNELS(name, dtypes, y, ...)                      \
  VALUES_##dtypes(3, name, y) WALKS(3, name##_du, name, 0) \
    WALKS(3, name##_dv, name, 1) WALKS(3, name##_dw, name, 2)

TERNARY(DECLARE)
TERNARY(KERNELS)

#define ROW(name, dtypes, ...)                           \
  { .forward = FORWARD_##dtypes(name),                   \
    .slope = { { name##_du_float32, name##_du_float64 }, \
               { name##_dv_float32, name##_dv_float64 }, \
               { name##_dw_float32, name##_dw_float64 } } },

const nd_kernels ND_LEVELLED(nd_kernels_ternary)[] = { TERNARY(ROW) };

#if ND_IS_BASELINE
#include "ops/vocab_term.h"

#define SLOPES(name, dtypes, y, du, dv, dw, ...) \
  static const nd_term *const name##_slope[] = { du, dv, dw };

TERNARY(SLOPES)

#include "ops/vocab_needs.h"

#define INDEX(name, ...) row_##name,

enum { TERNARY(INDEX) };

ND_DECLARE_ROWS(const nd_kernels, nd_kernels_ternary);

#define ENTRY(word, set, formula, du, dv, dw, from, to, text, ...)             \
  const nd_op nd_op_##word = { .name = #word,                                  \
                               .doc = text,                                    \
                               .dtypes = DTYPES_##set,                         \
                               .result = RESULT_##set,                         \
                               .derivative = ND_SLOPE,                         \
                               .needs = { du, dv, dw },                        \
                               .slope = word##_slope,                          \
                               .kernels = ND_LIST_ROWS(nd_kernels_ternary,     \
                                                       row_##word),            \
                               .low = from,                                    \
                               .high = to,                                     \
                               .cases = "[3 4] [3 4] [3 4]; [2 1 3] [4 1] [];" \
                                        " [0 3] [3] [1 1]",                    \
                               __VA_ARGS__ };
#define LISTED(name, ...) &nd_op_##name,

TERNARY(ENTRY)

const nd_op *const nd_ops_ternary[] = { TERNARY(LISTED) NULL };
#endif
