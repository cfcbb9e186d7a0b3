// ops/unary.levels.c: elementwise functions of one tensor.
//
// One line is one op. `y` is C over a scalar x and is compiled per dtype, so it
// uses integer literals; P(0), P(1).. are the op's parameters. `slope` is dy/dx
// in the words of ops/vocab_scalar.h, over X, Y and the parameters. It is read
// as data (ops/vocab_term.h), which gives the fused backward kernel and the
// recorded rule that serves vjp, jvp and higher orders; over sets, as the
// values that a tape keeps for it; and in HOT lines also as C, which makes
// their backward kernels faster and longer; SUM is HOT with kernels that add up
// what they give. `sampled` is where tests may look.
// FLAT is an op without a slope, ANGLE one of an angle, with kernels of its
// own for far ones. What is hidden only slopes and formulas apply, so that
// their own slopes are as good.
//
// A slope reads x where y has rounded to its limit, and is nan where y is nan;
// those of relu and its kind are so where gradients are strict (LAX), and else
// what TensorFlow has.

#include "kernel/level.h"
#include "op/op.h"

// The numbers that an op takes beside x: name, initial value.
#define PARAM(name, initial)                            \
  .attrs = 1, .params = (const nd_param[])              \
  {                                                     \
    { "x", ND_TENSOR }, { #name, ND_NUMBER, #initial }, \
    {                                                   \
      0                                                 \
    }                                                   \
  }

// 1 / (1 + abs(x)); its square is in the range wherever a gradient needs it.
#define FADE DIV(NUM(1), ADD(NUM(1), MUL(X, SIGN(X))))

// `slope`, but nan where x is.
#define DEFINED(slope) IF(EQ(X, X), slope, X)

// `inside` where -limit < x < limit, else 0.
#define INSIDE(limit, inside) \
  IF(GE(X, limit), NUM(0), IF(GE(NEG(limit), X), NUM(0), inside))

// selu's numbers, and those of the approximate gelu: sqrt(8 / pi), and that
// times 0.044715. HALF_ROOT is sqrt(1 / 2), NORMAL sqrt(1 / 2 / pi).
#define SELU_SCALE 1.0507009873554805
#define SELU_ALPHA 1.6732632423543772
#define GELU_A 1.5957691216057308
#define GELU_B 0.07135481627260025
#define HALF_ROOT 0.7071067811865476
#define NORMAL 0.3989422804014327

// clang-format off
#define UNARY(OP, HOT, SUM, FLAT, ANGLE)                                       \
/* name      dtypes   y                     slope                  sampled */  \
HOT(negative, NUMBERS, -x,                   NUM(-1),               -3, 3,     \
   "minus x", .metamethod = "__unm")                                           \
HOT(abs,     NUMBERS, x < 0 ? -x : x + 0,   SIGN(X),               .2, 3,      \
   "absolute value; slope 0 at 0")                                             \
OP(sign,     NUMBERS, SIGN(x),              SUB(Y, Y),             .2, 3,      \
   "-1, 0 or 1; nan stays; the gradient is zero everywhere")                   \
SUM(square,  NUMBERS, x * x,                MUL(NUM(2), X),        -3, 3,      \
   "x * x")                                                                    \
HOT(sqrt,    FLOATS,  SQRT(x),              DIV(NUM(0.5), Y),      .2, 4,      \
   "square root; nan below 0")                                                 \
OP(rsqrt,    FLOATS,  1 / SQRT(x),          DIV(MUL(NUM(-0.5), Y), X), .2, 4,  \
   "1 / sqrt(x); inf at 0, nan below")                                         \
OP(reciprocal, FLOATS, 1 / x,               NEG(MUL(Y, Y)),        .5, 3,      \
   "1 / x")                                                                    \
HOT(exp,     FLOATS,  EXP(x),               Y, -3, 3,                          \
   "e to the power x", .cost = 1)                                              \
OP(expm1,    FLOATS,  PER_FLOAT(expm1, x)(x), EXP(X),              -2, 2,      \
   "exp(x) - 1, exact near 0", .cost = 1)                                      \
HOT(log,     FLOATS,  LOG(x),                                                  \
   DIV(IF(GE(X, NUM(0)), NUM(1), NUM(NAN)), X), .2, 4,                         \
   "natural logarithm; -inf at 0, nan below", .cost = 1)                       \
OP(log1p,    FLOATS,  PER_FLOAT(log1p, x)(x),                                  \
   DIV(IF(GE(X, NUM(-1)), NUM(1), NUM(NAN)), ADD(NUM(1), X)), -.5, 3,          \
   "log(1 + x), exact near 0; -inf at -1, nan below", .cost = 1)               \
ANGLE(sin,   FLOATS,  SIN(x),               COS(X),                -3, 3,      \
   "sine of x in radians", .cost = 1)                                          \
ANGLE(cos,   FLOATS,  COS(x),               NEG(SIN(X)),           -3, 3,      \
   "cosine of x in radians", .cost = 1)                                        \
ANGLE(tan,   FLOATS,  TAN(x),               ADD(NUM(1), MUL(Y, Y)), -1.2, 1.2, \
   "tangent of x in radians", .cost = 2)                                       \
OP(asin,     FLOATS,  PER_FLOAT(asin, x)(x), ARC(X),               -.8, .8,    \
   "arc sine in radians; nan outside -1..1", .cost = 1)                        \
OP(acos,     FLOATS,  PER_FLOAT(acos, x)(x), NEG(ARC(X)),          -.8, .8,    \
   "arc cosine in radians; nan outside -1..1", .cost = 1)                      \
OP(atan,     FLOATS,  PER_FLOAT(atan, x)(x), TURN(X, NUM(1)),      -3, 3,      \
   "arc tangent in radians", .cost = 1)                                        \
OP(sinh,     FLOATS,  SINH(x),             COSH(X),               -2, 2,       \
   "hyperbolic sine", .cost = 1)                                               \
OP(cosh,     FLOATS,  COSH(x),             SINH(X),               -2, 2,       \
   "hyperbolic cosine", .cost = 1)                                             \
OP(asinh,    DOUBLES, nd_asinh_f64(x),                                         \
   IF(GT(MUL(X, SIGN(X)), NUM(1e9)), DIV(SIGN(X), X),                          \
      DIV(NUM(1), SQRT(ADD(NUM(1), MUL(X, X))))), -3, 3,                       \
   "inverse of sinh", .cost = 2)                                               \
OP(acosh,    DOUBLES, nd_acosh_f64(x),                                         \
   DIV(NUM(1), MUL(SQRT(SUB(X, NUM(1))), SQRT(ADD(X, NUM(1))))), 1.3, 4,       \
   "inverse of cosh, not below 0; nan below 1", .cost = 2)                     \
OP(atanh,    DOUBLES, nd_atanh_f64(x),                                         \
   DIV(IF(GE(NUM(1), MUL(X, X)), NUM(1), NUM(NAN)),                            \
       MUL(SUB(NUM(1), X), ADD(NUM(1), X))), -.8, .8,                          \
   "inverse of tanh; nan outside -1..1", .cost = 2)                            \
HOT(tanh,    FLOATS,  TANH(x),                                                 \
   MUL(NUM(4), BELL(MUL(NUM(2), X))), -2, 2,                                   \
   "hyperbolic tangent", .cost = 1,                                            \
   .module = "nn")                                                             \
HOT(sigmoid, FLOATS,  SIGMOID(x),           BELL(X),               -3, 3,      \
   "1 / (1 + exp(-x))", .cost = 1,                                             \
   .module = "nn")                                                             \
OP(softplus, FLOATS,  SOFTPLUS(x), SIGMOID(X)      ,       -3, 3,              \
   "log(1 + exp(x)) without overflow", .cost = 1,                              \
   .module = "nn")                                                             \
OP(log_sigmoid, FLOATS, -SOFTPLUS(-x), SIGMOID(NEG(X)), -3, 3,                 \
   "log(sigmoid(x)) without overflow", .cost = 1)                              \
OP(erf,      FLOATS,  ERF(x),                                                  \
   MUL(NUM(1.1283791670955126), GAUSS(X)), -2, 2,                              \
   "error function", .cost = 1)                                                \
OP(erfc,     DOUBLES, nd_erfc_f64(x),                                          \
   MUL(NUM(-1.1283791670955126), GAUSS(X)), -2, 2,                             \
   "1 - erf(x), exact also where that is next to 0", .cost = 3)                \
OP(lgamma,   DOUBLES, nd_lgamma_f64(x), DIGAMMA(X), 2.5, 5,                    \
   "log(abs(gamma(x))); inf at 0 and whole numbers below", .cost = 8)          \
FLAT(digamma, DOUBLES, nd_digamma_f64(x),                                      \
   "slope of lgamma; nan at 0 and whole numbers below", .cost = 6,             \
   BY_POLYGAMMA, .cases = "[3 4]; [0 3]")                                      \
FLAT(polygamma, DOUBLES, nd_polygamma_f64(P(0), x),                            \
   "derivative number n of digamma", .cost = 300, .hidden = true,              \
   PARAM(n, 1), BY_POLYGAMMA, .cases = "[3 4]; [2 3] n=2; [2] n=0")            \
HOT(relu,    NUMBERS, x < 0 ? 0 : x,                                           \
   IF(GT(Y, NUM(0)), NUM(1), LAX(NUM(0), Y)), .2, 3,                           \
   "x where positive, else 0; nan stays; slope 0 at 0",                        \
   .module = "nn")                                                             \
HOT(leaky_relu, FLOATS, x < 0 ? x * P(0) : x,                                  \
   IF(GT(X, NUM(0)), NUM(1), LAX(P(0), IF(GE(NUM(0), X), P(0), X))), .2, 3,    \
   "x where positive, else alpha * x; slope alpha at 0",                       \
   .module = "nn", PARAM(alpha, 0.2), .cases = "[3 4]; [2 3] alpha=-2; [0 3]") \
OP(relu6,    NUMBERS, x < 0 ? 0 : x > 6 ? 6 : x,                               \
   IF(GE(X, NUM(6)), NUM(0), IF(GT(X, NUM(0)), NUM(1), LAX(NUM(0), Y))),       \
   .2, 5,                                                                      \
   "x within 0..6; nan stays; slope 0 at 0 and 6",                             \
   .module = "nn")                                                             \
OP(elu,      FLOATS,  x < 0 ? P(0) * PER_FLOAT(expm1, x)(x) : x,               \
   IF(GE(X, NUM(0)), NUM(1), MUL(P(0), EXP(X))), -3, -.2,                      \
   "x where positive, else alpha * (exp(x) - 1)", .cost = 1,                   \
   .module = "nn", PARAM(alpha, 1), .cases = "[3 4]; [2 3] alpha=.3; [0 3]")   \
OP(selu,     FLOATS,                                                           \
   (T)SELU_SCALE * (x < 0 ? (T)SELU_ALPHA * PER_FLOAT(expm1, x)(x) : x),       \
   IF(GE(X, NUM(0)), NUM(SELU_SCALE),                                          \
      MUL(NUM(SELU_SCALE * SELU_ALPHA), EXP(X))), -3, -.2,                     \
   "elu whose scale and alpha keep mean 0 and variance 1 through layers",      \
   .module = "nn")                                                             \
OP(celu,     FLOATS,  x < 0 ? P(0) * PER_FLOAT(expm1, x)(x / P(0)) : x,        \
   IF(GE(X, NUM(0)), NUM(1), EXP(DIV(X, P(0)))), -3, -.2,                      \
   "x where positive, else alpha * (exp(x / alpha) - 1)", .cost = 1,           \
   .module = "nn", PARAM(alpha, 1), .cases = "[3 4]; [2 3] alpha=.5; [0 3]")   \
OP(gelu_exact, FLOATS,                                                         \
   NO_NAN(x, (T)0.5 * (1 + ERF(x * (T)HALF_ROOT))),                            \
   ADD(MUL(NUM(0.5), ADD(NUM(1), ERF(MUL(X, NUM(HALF_ROOT))))),                \
       NO_NAN(X, MUL(NUM(NORMAL), GAUSS(MUL(X, NUM(HALF_ROOT)))))),            \
   -.5, 3,                                                                     \
   "gelu by erf", .cost = 2, .hidden = true)                                   \
OP(gelu_tanh, FLOATS, NO_NAN(x, SIGMOID(x * (GELU_A + GELU_B * (x * x)))),     \
   ADD(SIGMOID(MUL(X, ADD(NUM(GELU_A), MUL(NUM(GELU_B), MUL(X, X))))),         \
       NO_NAN(MUL(X, ADD(NUM(GELU_A), MUL(NUM(3 * GELU_B), MUL(X, X)))),       \
              BELL(MUL(X, ADD(NUM(GELU_A), MUL(NUM(GELU_B), MUL(X, X))))))),   \
   -.5, 3,                                                                     \
   "gelu by tanh", .cost = 1, .hidden = true)                                  \
OP(silu,     FLOATS,  NO_NAN(x, SIGMOID(P(0) * x)),                            \
   ADD(SIGMOID(MUL(P(0), X)), NO_NAN(MUL(P(0), X), BELL(MUL(P(0), X)))),       \
   -.5, 3,                                                                     \
   "x * sigmoid(beta * x), also called swish", .cost = 1,                      \
   .module = "nn", PARAM(beta, 1), .cases = "[3 4]; [2 3] beta=2; [0 3]")      \
OP(mish,     FLOATS,  NO_NAN(x, TANH(SOFTPLUS(x))),                            \
   ADD(TANH(SOFTPLUS(X)),                                                      \
       NO_NAN(NO_NAN(X, SIGMOID(X)),                                           \
              MUL(NUM(4), BELL(MUL(NUM(2), SOFTPLUS(X)))))), -.5, 3,           \
   "x * tanh(softplus(x))", .cost = 2,                                         \
   .module = "nn")                                                             \
OP(hard_sigmoid, FLOATS, x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6,               \
   INSIDE(NUM(3), DEFINED(DIV(NUM(1), NUM(6)))), -2.8, 2.8,                    \
   "x / 6 + 1 / 2 within 0..1; slope 0 at -3 and 3",                           \
   .module = "nn")                                                             \
OP(hard_silu, FLOATS, x <= -3 ? 0 : x >= 3 ? x : x * ((x + 3) / 6),            \
   IF(GE(X, NUM(3)), NUM(1), IF(GE(NUM(-3), X), NUM(0),                        \
      DIV(ADD(MUL(NUM(2), X), NUM(3)), NUM(6)))), -2.8, 2.8,                   \
   "x * hard_sigmoid(x)",                                                      \
   .module = "nn")                                                             \
OP(hard_tanh, FLOATS, x < -1 ? -1 : x > 1 ? 1 : x,                             \
   IF(GT(X, NUM(1)), NUM(0), IF(GT(NUM(-1), X), NUM(0), DEFINED(NUM(1)))),     \
   -.9, .9,                                                                    \
   "x within -1..1; slope 1 at -1 and 1",                                      \
   .module = "nn")                                                             \
OP(hard_shrink, FLOATS, x >= -P(0) && x <= P(0) ? 0 : x,                       \
   IF(GT(X, P(0)), NUM(1), IF(GT(NEG(P(0)), X), NUM(1), Y)), .6, 3,            \
   "x, but 0 within -threshold..threshold",                                    \
   .module = "nn", PARAM(threshold, 0.5),                                      \
   .cases = "[3 4]; [2 3] threshold=.2; [0 3]")                                \
OP(soft_shrink, FLOATS, x > P(0) ? x - P(0) : x < -P(0) ? x + P(0) : x - x,    \
   IF(GT(X, P(0)), NUM(1), IF(GT(NEG(P(0)), X), NUM(1), Y)), .6, 3,            \
   "x nearer to 0 by threshold; 0 within -threshold..threshold",               \
   .module = "nn", PARAM(threshold, 0.5),                                      \
   .cases = "[3 4]; [2 3] threshold=.2; [0 3]")                                \
OP(sparse_plus, FLOATS,                                                        \
   x <= -1 ? 0 : x >= 1 ? x : (x + 1) * (x + 1) / 4,                           \
   IF(GE(X, NUM(1)), NUM(1), IF(GE(NUM(-1), X), NUM(0),                        \
      MUL(NUM(0.5), ADD(X, NUM(1))))), -.9, .9,                                \
   "0 below -1, x above 1, between them (x + 1) * (x + 1) / 4",                \
   .module = "nn")                                                             \
OP(sparse_sigmoid, FLOATS, x <= -1 ? 0 : x >= 1 ? 1 : (x + 1) / 2,             \
   INSIDE(NUM(1), DEFINED(NUM(0.5))), -.9, .9,                                 \
   "(x + 1) / 2 within 0..1; slope 0 at -1 and 1",                             \
   .module = "nn")                                                             \
OP(softsign, FLOATS,                                                           \
   x - x != 0 && x == x ? SIGN(x) : x / (1 + (x < 0 ? -x : x)),                \
   MUL(FADE, FADE), .2, 3,                                                     \
   "x / (1 + abs(x))",                                                         \
   .module = "nn")                                                             \
OP(bell,     FLOATS,  BELL(x),                                                 \
   MUL(NEG(Y), TANH(MUL(NUM(0.5), X))), -3, 3,                                 \
   "sigmoid(x) * sigmoid(-x)", .cost = 1, .hidden = true)                      \
OP(gauss,    FLOATS, GAUSS(x),             MUL(NUM(-2), MUL(X, Y)), -2, 2,     \
   "exp(-x * x)", .cost = 1, .hidden = true)                                   \
OP(arc,      FLOATS,  ARC(x),                                                  \
   MUL(MUL(X, Y), MUL(Y, Y)), -.8, .8,                                         \
   "1 / sqrt(1 - x * x)", .hidden = true)                                      \
OP(root,     FLOATS,  SQRT(x),                                                 \
   IF(EQ(Y, NUM(0)), NUM(0), DIV(NUM(0.5), Y)), .2, 4,                         \
   "square root of a sum of squares: slope 0 at 0", .hidden = true)            \
FLAT(floor,  FLOATS,  PER_FLOAT(floor, x)(x),                                  \
   "largest whole number not above x")                                         \
FLAT(ceil,   FLOATS,  PER_FLOAT(ceil, x)(x),                                   \
   "smallest whole number not below x")                                        \
FLAT(round,  FLOATS,  PER_FLOAT(round, x)(x),                                  \
   "nearest whole number, halves to even")                                     \
FLAT(is_nan, TEST,    x != x,                                                  \
   "true where x is not a number")                                             \
FLAT(is_inf, TEST,    (x - x != 0) & (x == x),                                 \
   "true where x is inf or -inf")                                              \
FLAT(is_finite, TEST, x - x == 0,                                              \
   "true where x is neither nan nor infinite")                                 \
FLAT(logical_not, BOOLS, !x,                                                   \
   "true where x is false")
// clang-format on

#include "ops/entries.h"
#include "ops/joined.h"
#include "ops/vocab_scalar.h"

#define DECLARE(name, ...) extern const nd_op nd_op_##name;
#define KERNELS(name, dtypes, y, ...) \
  VALUES_##dtypes(1, name, y) WALKS(1, name##_slope, name, 0)
#define KERNELS_HOT(name, dtypes, y, slope, ...) \
  VALUES_##dtypes(1, name, y) SLOPES_##dtypes(1, name##_slope, slope)
#define KERNELS_FLAT(name, dtypes, y, ...) VALUES_##dtypes(1, name, y)

UNARY(DECLARE, DECLARE, DECLARE, DECLARE, DECLARE)
UNARY(KERNELS, KERNELS_HOT, KERNELS_HOT, KERNELS_FLAT, KERNELS)

// A run of angles that are all near takes the loops above, which vectorize.
#define NEAR(inputs, name, label, type, result, formula) \
  static bool name##_##label(int n, const type *x)       \
  {                                                      \
    const type limit = ND_ANGLE_LIMIT(x[0]);             \
    int far = 0;                                         \
    for (int i = 0; i < n; i++)                          \
      far |= !(x[i] < limit && x[i] > -limit);           \
    return !far;                                         \
  }
#define CHOOSE(inputs, name, label, type, result, formula) \
  ND_BLOCK_KERNEL(name##_of_##label)                       \
  {                                                        \
    if (are_near_##label(n, in[0]))                        \
      name##_##label(n, p, out, in);                       \
    else                                                   \
      name##_any_##label(n, p, out, in);                   \
  }
#define KERNELS_ANGLE(name, dtypes, y, ...)   \
  KERNELS_##dtypes(FORWARD, 1, name##_any, y) \
    KERNELS_##dtypes(CHOOSE, 1, name, )
#define NOTHING(...)

#define SUMS(name, dtypes, y, slope, ...) \
  SUM_FORWARD(1, name, y)                 \
  SUM_BACKWARD(1, name##_slope, slope)
#define SUM_ROWS(name, ...)               \
  { name##_float32, name##_sum_float32 }, \
    { name##_slope_float32, name##_slope_sum_float32 },

UNARY(NOTHING, NOTHING, SUMS, NOTHING, NOTHING)

const nd_summing ND_LEVELLED(nd_sums_unary)[] = {
  UNARY(NOTHING, NOTHING, SUM_ROWS, NOTHING, NOTHING){ NULL }
};

#include "ops/vocab_angle.h"

KERNELS_FLOATS(NEAR, 1, are_near, )
UNARY(NOTHING, NOTHING, NOTHING, NOTHING, KERNELS_ANGLE)

#define ROW(name, dtypes, ...)         \
  { .forward = FORWARD_##dtypes(name), \
    .slope = { { name##_slope_float32, name##_slope_float64 } } },
#define ROW_FLAT(name, dtypes, ...) { .forward = FORWARD_##dtypes(name) },
#define ROW_ANGLE(name, dtypes, ...)        \
  { .forward = FORWARD_##dtypes(name##_of), \
    .slope = { { name##_slope_float32, name##_slope_float64 } } },

const nd_kernels ND_LEVELLED(nd_kernels_unary)[] = {
  UNARY(ROW, ROW, ROW, ROW_FLAT, ROW_ANGLE)
};

#if ND_IS_BASELINE
#include "ops/rules.h"

// The derivative of one that is derivative number n of digamma; digamma is
// number 0.
static nd_tensor *next_derivative(nd_context *c, const nd_job *j)
{
  const double n = j->op->attrs > 0 ? j->attr[0].number : 0;
  const nd_value next = { .given = true, .number = n + 1 };
  return nd_rule_apply(c, &nd_op_polygamma, 1, j->in, &next);
}

static void polygamma_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                          const bool *wanted, nd_tensor **gx)
{
  if (wanted[0])
    gx[0] = CHAIN(g[0], next_derivative(c, j));
}

static void polygamma_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                          nd_tensor **ty)
{
  ty[0] = CHAIN(t[0], next_derivative(c, j));
}

#include "ops/vocab_term.h"

#define SLOPE(name, dtypes, y, dydx, ...) \
  static const nd_term *const name##_slope[] = { dydx };

UNARY(SLOPE, SLOPE, SLOPE, NOTHING, SLOPE)

#include "ops/vocab_needs.h"

#define INDEX(name, ...) row_##name,

enum { UNARY(INDEX, INDEX, INDEX, INDEX, INDEX) };

ND_DECLARE_ROWS(const nd_kernels, nd_kernels_unary);

static const nd_param params[] = { { "x", ND_TENSOR }, { 0 } };

#define BY_POLYGAMMA                                                    \
  .derivative = ND_VJP, .needs = { ND_NEEDS_IN }, .vjp = polygamma_vjp, \
  .jvp = polygamma_jvp, .low = .5, .high = 3, .jvp_within_needs = true

#define ENTRY(word, set, formula, dydx, from, to, text, ...)             \
  const nd_op nd_op_##word = { .name = #word,                            \
                               .doc = text,                              \
                               .params = params,                         \
                               .dtypes = DTYPES_##set,                   \
                               .result = RESULT_##set,                   \
                               .derivative = ND_SLOPE,                   \
                               .needs = { dydx },                        \
                               .slope = word##_slope,                    \
                               .kernels = ND_LIST_ROWS(nd_kernels_unary, \
                                                       row_##word),      \
                               .low = from,                              \
                               .high = to,                               \
                               .cases = "[3 4]; [0 3]",                  \
                               __VA_ARGS__ };
#define ENTRY_FLAT(word, set, formula, text, ...)                        \
  const nd_op nd_op_##word = { .name = #word,                            \
                               .doc = text,                              \
                               .params = params,                         \
                               .dtypes = DTYPES_##set,                   \
                               .result = RESULT_##set,                   \
                               .kernels = ND_LIST_ROWS(nd_kernels_unary, \
                                                       row_##word),      \
                               __VA_ARGS__ };
#define LISTED(name, ...) &nd_op_##name,

UNARY(ENTRY, ENTRY, ENTRY, ENTRY_FLAT, ENTRY)

const nd_op *const nd_ops_unary[] = { UNARY(LISTED, LISTED, LISTED, LISTED,
                                            LISTED) NULL };
#endif
