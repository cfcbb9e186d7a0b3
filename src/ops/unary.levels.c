// ops/unary.levels.c: elementwise functions of one tensor.
//
// One OP is one op. `y` is C over a scalar x and is compiled per dtype, so it
// uses integer literals. `slope` is dy/dx, in the vocabulary of
// ops/vocab_scalar.h. It is read three times: over scalars it becomes the fused
// backward kernel, over tensors the recorded rule that serves vjp, jvp and
// higher orders, over sets the values that a tape keeps for it. `sampled` is
// where tests may look. One FLAT is an op without a gradient. One FACTOR is an
// op that only slopes apply, so that their own slopes are as good: users do not
// see it. One ANGLE is an op of an angle, with kernels of its own for far ones.
//
// A slope reads x where y has rounded to its limit, and is nan where y is nan.

#include "kernel/level.h"
#include "op/op.h"

// 1 / (1 + abs(x)); its square is in the range wherever a gradient needs it.
#define FADE DIV(NUM(1), ADD(NUM(1), MUL(x, SIGN(x))))

// clang-format off
#define UNARY(OP, FLAT, FACTOR, ANGLE)                                         \
/* name      dtypes   y                     slope                  sampled */  \
OP(negative, NUMBERS, -x,                   NUM(-1),               -3, 3,      \
   "minus x", .metamethod = "__unm") \
OP(abs,      NUMBERS, x < 0 ? -x : x + 0,   SIGN(x),               .2, 3,      \
   "absolute value; slope 0 at 0")                                             \
OP(sign,     NUMBERS, SIGN(x),              SUB(y, y),             .2, 3,      \
   "-1, 0 or 1; nan stays; the gradient is zero everywhere")                   \
OP(square,   NUMBERS, x * x,                MUL(NUM(2), x),        -3, 3,      \
   "x * x")                                                                    \
OP(sqrt,     FLOATS,  SQRT(x),              DIV(NUM(0.5), y),      .2, 4,      \
   "square root; nan below 0")                                                 \
OP(rsqrt,    FLOATS,  1 / SQRT(x),          DIV(MUL(NUM(-0.5), y), x), .2, 4,  \
   "1 / sqrt(x); inf at 0, nan below")                                         \
OP(reciprocal, FLOATS, 1 / x,               NEG(MUL(y, y)),        .5, 3,      \
   "1 / x")                                                                    \
OP(exp,      FLOATS,  EXP(x),               y,                     -3, 3,      \
   "e to the power x")                                                         \
OP(expm1,    FLOATS,  PER_FLOAT(expm1, x)(x), EXP(x),              -2, 2,      \
   "exp(x) - 1, exact near 0")                                                 \
OP(log,      FLOATS,  LOG(x),                                                  \
   DIV(IF(GE(x, NUM(0)), NUM(1), NUM(NAN)), x), .2, 4,                         \
   "natural logarithm; -inf at 0, nan below")                                  \
OP(log1p,    FLOATS,  PER_FLOAT(log1p, x)(x),                                  \
   DIV(IF(GE(x, NUM(-1)), NUM(1), NUM(NAN)), ADD(NUM(1), x)), -.5, 3,          \
   "log(1 + x), exact near 0; -inf at -1, nan below")                          \
ANGLE(sin,   FLOATS,  SIN(x),               COS(x),                -3, 3,      \
   "sine of x in radians")                                                     \
ANGLE(cos,   FLOATS,  COS(x),               NEG(SIN(x)),           -3, 3,      \
   "cosine of x in radians")                                                   \
ANGLE(tan,   FLOATS,  TAN(x),               ADD(NUM(1), MUL(y, y)), -1.2, 1.2, \
   "tangent of x in radians")                                                  \
OP(asin,     FLOATS,  PER_FLOAT(asin, x)(x), ARC(x),               -.8, .8,    \
   "arc sine in radians; nan outside -1..1")                                   \
OP(acos,     FLOATS,  PER_FLOAT(acos, x)(x), NEG(ARC(x)),          -.8, .8,    \
   "arc cosine in radians; nan outside -1..1")                                 \
OP(atan,     FLOATS,  PER_FLOAT(atan, x)(x), TURN(x, NUM(1)),      -3, 3,      \
   "arc tangent in radians")                                                   \
OP(sinh,     FLOATS,  SINH(x),              COSH(x),               -2, 2,      \
   "hyperbolic sine")                                                          \
OP(cosh,     FLOATS,  COSH(x),              SINH(x),               -2, 2,      \
   "hyperbolic cosine")                                                        \
OP(tanh,     FLOATS,  TANH(x),                                                 \
   MUL(NUM(4), BELL(MUL(NUM(2), x))), -2, 2,                                   \
   "hyperbolic tangent",                                                       \
   .module = "nn")                                                             \
OP(sigmoid,  FLOATS,  SIGMOID(x),           BELL(x),               -3, 3,      \
   "1 / (1 + exp(-x))",                                                        \
   .module = "nn")                                                             \
OP(softplus, FLOATS,  PER_FLOAT(softplus, x)(x), SIGMOID(x),       -3, 3,      \
   "log(1 + exp(x)) without overflow",                                         \
   .module = "nn")                                                             \
OP(log_sigmoid, FLOATS, -PER_FLOAT(softplus, x)(-x), SIGMOID(NEG(x)), -3, 3,   \
   "log(sigmoid(x)) without overflow")                                         \
OP(erf,      FLOATS,  PER_FLOAT(erf, x)(x),                                    \
   MUL(NUM(1.1283791670955126), GAUSS(x)), -2, 2,                              \
   "error function")                                                           \
OP(relu,     NUMBERS, x < 0 ? 0 : x,        IF(GT(y, NUM(0)), NUM(1), y),      \
   .2, 3,                                                                      \
   "x where positive, else 0; nan stays; slope 0 at 0",                        \
   .module = "nn")                                                             \
OP(softsign, FLOATS,                                                           \
   x - x != 0 && x == x ? SIGN(x) : x / (1 + (x < 0 ? -x : x)),                \
   MUL(FADE, FADE), .2, 3,                                                     \
   "x / (1 + abs(x))",                                                         \
   .module = "nn")                                                             \
FACTOR(bell, FLOATS,  BELL(x),                                                 \
   MUL(NEG(y), TANH(MUL(NUM(0.5), x))), -3, 3,                                 \
   "sigmoid(x) * sigmoid(-x)", .hidden = true)                                 \
FACTOR(gauss, FLOATS, GAUSS(x),             MUL(NUM(-2), MUL(x, y)), -2, 2,    \
   "exp(-x * x)", .hidden = true)                                              \
FACTOR(arc,  FLOATS,  ARC(x),                                                  \
   MUL(MUL(x, y), MUL(y, y)), -.8, .8,                                         \
   "1 / sqrt(1 - x * x)", .hidden = true)                                      \
FLAT(floor,  FLOATS,  PER_FLOAT(floor, x)(x),                                  \
   "largest whole number not above x")                                         \
FLAT(ceil,   FLOATS,  PER_FLOAT(ceil, x)(x),                                   \
   "smallest whole number not below x")                                        \
FLAT(round,  FLOATS,  PER_FLOAT(round, x)(x),                                  \
   "nearest whole number, halves to even")                                     \
FLAT(is_nan, TEST,    x != x,                                                  \
   "true where x is not a number")                                             \
FLAT(is_inf, TEST,    x - x != 0 && x == x,                                    \
   "true where x is inf or -inf")                                              \
FLAT(is_finite, TEST, x - x == 0,                                              \
   "true where x is neither nan nor infinite")                                 \
FLAT(logical_not, BOOLS, !x,                                                   \
   "true where x is false")
// clang-format on

#include "ops/elementwise.h"
#include "ops/vocab_scalar.h"

#define FORWARD(name, label, type, result, y) \
  ND_BLOCK_KERNEL(name##_##label)             \
  {                                           \
    typedef type T;                           \
    result *restrict o = out;                 \
    const T *px = in[0];                      \
    for (int i = 0; i < n; i++) {             \
      const T x = px[i];                      \
      o[i] = (result)(y);                     \
    }                                         \
  }
#define BACKWARD(name, label, type, result, slope) \
  ND_BLOCK_KERNEL(name##_##label)                  \
  {                                                \
    typedef type T;                                \
    T *restrict o = out;                           \
    const T *pg = in[0], *px = in[1], *py = in[2]; \
    for (int i = 0; i < n; i++) {                  \
      const T g = pg[i], x = px[i], y = py[i];     \
      (void)x;                                     \
      (void)y;                                     \
      o[i] = ZERO_STAYS(g, slope);                 \
    }                                              \
  }
#define KERNELS(name, dtypes, y, slope, low, high, doc, ...) \
  KERNELS_##dtypes(FORWARD, name, y)                         \
    KERNELS_FLOATS(BACKWARD, name##_slope, slope)
#define KERNELS_FLAT(name, dtypes, y, doc, ...) \
  KERNELS_##dtypes(FORWARD, name, y)

UNARY(KERNELS, KERNELS_FLAT, KERNELS, KERNELS)

// A run of angles that are all near takes the loops above, which vectorize. The
// angles are input `at`.
#define NEAR(name, label, type, result, formula)   \
  static bool name##_##label(int n, const type *x) \
  {                                                \
    const type limit = ND_ANGLE_LIMIT(x[0]);       \
    int far = 0;                                   \
    for (int i = 0; i < n; i++)                    \
      far |= !(x[i] < limit && x[i] > -limit);     \
    return !far;                                   \
  }
#define CHOOSE(name, label, type, result, at) \
  ND_BLOCK_KERNEL(name##_of_##label)          \
  {                                           \
    if (are_near_##label(n, in[at]))          \
      name##_##label(n, p, out, in);          \
    else                                      \
      name##_any_##label(n, p, out, in);      \
  }
#define KERNELS_ANGLE(name, dtypes, y, slope, low, high, doc, ...) \
  KERNELS_##dtypes(FORWARD, name##_any, y)                         \
    KERNELS_FLOATS(BACKWARD, name##_slope_any, slope)              \
      KERNELS_FLOATS(CHOOSE, name, 0) KERNELS_FLOATS(CHOOSE, name##_slope, 1)
#define NO_KERNELS(...)

#include "ops/vocab_angle.h"

KERNELS_FLOATS(NEAR, are_near, )
UNARY(NO_KERNELS, NO_KERNELS, NO_KERNELS, KERNELS_ANGLE)

#define ROW(name, dtypes, y, dydx, low, high, doc, ...) \
  { .forward = FORWARD_##dtypes(name),                  \
    .slope = { { name##_slope_float32, name##_slope_float64 } } },
#define ROW_FLAT(name, dtypes, y, doc, ...) \
  { .forward = FORWARD_##dtypes(name) },
#define ROW_ANGLE(name, dtypes, y, dydx, low, high, doc, ...) \
  { .forward = FORWARD_##dtypes(name##_of),                   \
    .slope = { { name##_slope_of_float32, name##_slope_of_float64 } } },

const nd_kernels ND_LEVELLED(nd_kernels_unary)[] = { UNARY(ROW, ROW_FLAT, ROW,
                                                           ROW_ANGLE) };

#if ND_IS_BASELINE
#include "ops/vocab_tensor.h"

#define RULE(name, dtypes, formula, slope, low, high, doc, ...)        \
  static nd_tensor *name##_rule(nd_context *c, int i, const nd_job *j) \
  {                                                                    \
    nd_tensor *x = j->in[0], *y = j->out[0];                           \
    (void)x;                                                           \
    (void)y;                                                           \
    return slope;                                                      \
  }
#define NO_RULE(name, dtypes, y, doc, ...)

UNARY(RULE, NO_RULE, RULE, RULE)

#include "ops/vocab_needs.h"

enum { x = 1 << 0, y = ND_NEEDS_OUT };

#define INDEX(name, dtypes, formula, slope, low, high, doc, ...) row_##name,
#define INDEX_FLAT(name, dtypes, formula, doc, ...) row_##name,

enum { UNARY(INDEX, INDEX_FLAT, INDEX, INDEX) };

ND_DECLARE_ROWS(const nd_kernels, nd_kernels_unary);

static const nd_param params[] = { { "x", ND_TENSOR }, { 0 } };

#define ENTRY(word, set, formula, s, from, to, text, ...)                \
  const nd_op nd_op_##word = { .name = #word,                            \
                               .doc = text,                              \
                               .params = params,                         \
                               .dtypes = DTYPES_##set,                   \
                               .result = RESULT_##set,                   \
                               .derivative = ND_SLOPE,                   \
                               .needs = { s },                           \
                               .slope = word##_rule,                     \
                               .kernels = ND_LIST_ROWS(nd_kernels_unary, \
                                                       row_##word),      \
                               .low = from,                              \
                               .high = to,                               \
                               .cases = "[3 4]; [0 3]",                  \
                               .cost = 1,                                \
                               __VA_ARGS__ };
#define ENTRY_FLAT(word, set, formula, text, ...)                        \
  const nd_op nd_op_##word = { .name = #word,                            \
                               .doc = text,                              \
                               .params = params,                         \
                               .dtypes = DTYPES_##set,                   \
                               .result = RESULT_##set,                   \
                               .kernels = ND_LIST_ROWS(nd_kernels_unary, \
                                                       row_##word),      \
                               .cost = 1,                                \
                               __VA_ARGS__ };
#define LISTED(name, dtypes, formula, slope, low, high, doc, ...) &nd_op_##name,
#define LISTED_FLAT(name, dtypes, formula, doc, ...) &nd_op_##name,

UNARY(ENTRY, ENTRY_FLAT, ENTRY, ENTRY)

const nd_op *const nd_ops_unary[] = { UNARY(LISTED, LISTED_FLAT, LISTED, LISTED)
                                        NULL };
#endif
