// ops/binary.levels.c: elementwise functions of two tensors, broadcast to each
// other.
//
// As ops/unary.levels.c, with inputs a and b, and two slopes, dy/da and dy/db.
// Where y is linear in an operand, as a + b and a * b are, its slope stays what
// it is if y is nan. `refused` is what integers b may not be, since no integer
// could be the result.

#include "kernel/level.h"
#include "op/integers.h"
#include "op/op.h"

// 1 where the operand that `chosen` speaks for is the result, 0 where it is the
// other one, nan where one of them is nan.
#define SHARE(chosen, other) IF(chosen, NUM(1), IF(other, NUM(0), NUM(NAN)))

// `slope`, but nan where the result is.
#define DEFINED(slope) IF(EQ(Y, Y), slope, Y)

// b a^(b-1), which is 0 for b = 0 even at a = 0. Below 1/2, where b - 1 rounds,
// it is b y / a, unless y is 0 or inf.
#define POW_DA                                      \
  IF(EQ(B, NUM(0)), NUM(0),                         \
     IF(OR(GE(B, NUM(0.5)), EQ(Y, MUL(NUM(2), Y))), \
        MUL(B, POW(A, SUB(B, NUM(1)))), DIV(MUL(B, Y), A)))

// y log(a). A base that is no power of e has none: there it is 0, at a = 0 and
// below b = 0 it is -inf.
#define POW_DB                                                    \
  IF(GT(A, NUM(0)), MUL(Y, LOG(A)),                               \
     IF(EQ(A, NUM(0)), IF(GE(B, NUM(0)), NUM(0), NEG(MUL(Y, Y))), \
        DEFINED(NUM(0))))

// `slope` where it holds for every a, else 0 if a is 0.
#define UNLESS_NONE(holds, slope) \
  IF(holds, slope, IF(EQ(A, NUM(0)), NUM(0), slope))
#define NOT_ZERO OR(GT(B, NUM(0)), GT(NUM(0), B))

// a / (1 + b) and a / b, nan where the logarithm is.
#define SHARE_OF(u) DIV(IF(GE(u, NUM(0)), A, NUM(NAN)), u)

// Of hypot.
#define UNIT(u) IF(EQ(Y, NUM(0)), NUM(0), DIV(u, Y))

#define LENGTH(a) \
  _Generic((a), float : length_float32, default : length_float64)

// C's function by the type of a; exact, so it is the same everywhere.
#define NEXT(a) _Generic((a), float : nextafterf, default : nextafter)

// clang-format off
#define BINARY(OP, HOT, SUM, FLAT)                                             \
/* name      dtypes   refused  y                                               \
             dy/da             dy/db                          sampled */       \
HOT(add,     NUMBERS, NONE,    a + b,                                          \
             NUM(1),           NUM(1),                        -3, 3,           \
   "a + b", .metamethod = "__add")                                             \
HOT(subtract,NUMBERS, NONE,    a - b,                                          \
             NUM(1),           NUM(-1),                       -3, 3,           \
   "a - b", .metamethod = "__sub")                                             \
SUM(multiply,NUMBERS, NONE,    a * b,                                          \
             B,                A,                             -3, 3,           \
   "a * b", .metamethod = "__mul")                                             \
HOT(divide,  CAST,    NONE,    a / b,                                          \
             DIV(NUM(1), B),   NEG(DIV(Y, B)),                .5, 3,           \
   "a / b; integers give float32", .metamethod = "__div")                      \
OP(mod,      DIVIDED, ZERO,    PER_TYPE(remainder, a)(a, b),                   \
             DEFINED(NUM(1)),  DEFINED(NEG(FLOORDIV(A, B))),  1.1, 1.9,        \
   "remainder with the sign of b, as Python's %",                              \
   .cost = 2, .metamethod = "__mod")                                          \
OP(pow,      HEAVY,   NEGATIVE, PER_TYPE(power, a)(a, b),                      \
             POW_DA,           POW_DB,                        .5, 2,           \
   "a to the power b", .cost = 4, .metamethod = "__pow")                       \
HOT(maximum, NUMBERS, NONE,    a >= b || a != a ? a : b,                       \
             SHARE(GE(A, B), GT(B, A)),                                        \
                               SHARE(GT(B, A), GE(A, B)),     -3, 3,           \
   "the larger of a and b; nan wins; a tie belongs to a")                      \
HOT(minimum, NUMBERS, NONE,    a <= b || a != a ? a : b,                       \
             SHARE(GE(B, A), GT(A, B)),                                        \
                               SHARE(GT(A, B), GE(B, A)),     -3, 3,           \
   "the smaller of a and b; nan wins; a tie belongs to a")                     \
HOT(squared_difference, NUMBERS, NONE, (a - b) * (a - b),                      \
             MUL(NUM(2), SUB(A, B)),                                           \
                               MUL(NUM(2), SUB(B, A)),        -3, 3,           \
   "(a - b) * (a - b)")                                                        \
OP(atan2,    FLOATS,  NONE,    PER_FLOAT(atan2, a)(a, b),                      \
             TURN(A, B),       NEG(TURN(B, A)),               .5, 3,           \
   "angle of the point (b, a) in radians, -pi..pi", .cost = 1)                 \
OP(hypot,    FLOATS,  NONE,    LENGTH(a)(a, b),                                \
             UNIT(A),          UNIT(B),                       .5, 3,           \
   "sqrt(a * a + b * b) without overflow; slopes 0 where both are 0")          \
OP(heaviside, FLOATS, NONE,    a == 0 ? b : a > 0 ? 1 : a < 0 ? 0 : a,         \
             DEFINED(NUM(0)),                                                  \
                 DEFINED(IF(EQ(A, NUM(0)), NUM(1), NUM(0))),  .5, 3,           \
   "0 where a is below 0, 1 where it is above, b where it is 0")               \
OP(divide_no_nan, FLOATS, NONE, b == 0 ? 0 : a / b,                            \
             IF(EQ(B, NUM(0)), NUM(0), DIV(NUM(1), B)),                        \
             IF(EQ(B, NUM(0)), NUM(0), NEG(DIV(Y, B))),       .5, 3,           \
   "a / b; 0 where b is 0, even if a is nan or inf")                           \
OP(xlogy,    FLOATS,  NONE,    a == 0 ? 0 : a * LOG(b),                        \
             UNLESS_NONE(GT(B, NUM(0)), LOG(B)),                               \
             UNLESS_NONE(GT(B, NUM(0)), SHARE_OF(B)),         .5, 3,           \
   "a * log(b); 0 where a is 0, whatever b is", .cost = 1)                     \
OP(xlog1py,  FLOATS,  NONE,    a == 0 ? 0 : a * LOG1P(b),                      \
             UNLESS_NONE(GT(B, NUM(-1)), LOG1P(B)),                            \
             UNLESS_NONE(GT(B, NUM(-1)), SHARE_OF(ADD(NUM(1), B))), .5, 3,     \
   "a * log(1 + b); 0 where a is 0, whatever b is", .cost = 1)                 \
OP(xdivy,    FLOATS,  NONE,    a == 0 ? 0 : a / b,                             \
             UNLESS_NONE(NOT_ZERO, DIV(NUM(1), B)),                            \
             UNLESS_NONE(NOT_ZERO, NEG(DIV(Y, B))),           .5, 3,           \
   "a / b; 0 where a is 0, whatever b is")                                     \
OP(nextafter, FLOATS, NONE,    NEXT(a)(a, b),                                  \
             DEFINED(NUM(1)),  DEFINED(NUM(0)),               .5, 3,           \
   "the number next to a on the way to b", .cost = 1)                          \
FLAT(multiply_no_nan, FLOATS, NONE, b == 0 ? 0 : a * b,                        \
   "a * b; 0 where b is 0, even if a is nan or inf", NAN_AT_NO_ZERO)           \
OP(turn,     FLOATS,  NONE,    TURN(a, b),                                     \
             MUL(NUM(-2), MUL(Y, TURN(B, A))),                                 \
                               MUL(SUB(TURN(B, A), Y), ADD(TURN(B, A), Y)),    \
             .5, 3,                                                            \
   "b / (a * a + b * b); 0 where both are 0", .cost = 1, .hidden = true)       \
FLAT(zero_wins, FLOATS, NONE, a == 0 || b == 0 ? 0 : a * b,                    \
   "a * b; 0 where either is 0, even if the other is nan or inf", ZERO_WINS)   \
FLAT(floordiv,      DIVIDED, ZERO, PER_TYPE(quotient, a)(a, b),                \
   "floor of a / b, as Python's //", .cost = 2, .metamethod = "__idiv")       \
FLAT(equal,         COMPARE, NONE, a == b, "true where a equals b")            \
FLAT(not_equal,     COMPARE, NONE, a != b, "true where a differs from b")      \
FLAT(less,          COMPARE, NONE, a < b,  "true where a < b")                 \
FLAT(less_equal,    COMPARE, NONE, a <= b, "true where a <= b")                \
FLAT(greater,       COMPARE, NONE, a > b,  "true where a > b")                 \
FLAT(greater_equal, COMPARE, NONE, a >= b, "true where a >= b")                \
FLAT(logical_and,   BOOLS,   NONE, a & b,  "true where both are true")         \
FLAT(logical_or,    BOOLS,   NONE, a | b,  "true where one is true")           \
FLAT(logical_xor,   BOOLS,   NONE, a ^ b,  "true where just one is true")
// clang-format on

#include "ops/entries.h"
#include "ops/joined.h"
#include "ops/vocab_scalar.h"

// DIVIDED is NUMBERS, but runs of floats whose quotients are not large have
// loops that vectorize.
#define DTYPES_DIVIDED DTYPES_NUMBERS
#define RESULT_DIVIDED RESULT_NUMBERS
#define VALUES_DIVIDED(...) VALUES_HEAVY(__VA_ARGS__)
#define FORWARD_DIVIDED(name)                                           \
  {                                                                     \
    [ND_FLOAT32] = name##_of_float32, [ND_FLOAT64] = name##_of_float64, \
    [ND_INT32] = name##_int32, [ND_INT64] = name##_int64,               \
    [ND_UINT8] = name##_uint8                                           \
  }
#define NEAR(inputs, name, label, type, result, formula)          \
  static bool name##_##label(int n, const type *a, const type *b) \
  {                                                               \
    int near = 1;                                                 \
    for (int i = 0; i < n; i++)                                   \
      near &= PER_FLOAT(remainder_is_near, a[i])(a[i], b[i]);     \
    return near;                                                  \
  }
#define CHOOSE(inputs, name, label, type, result, function) \
  GROUPED_FORWARD(inputs, name##_near, label, type, result, \
                  function##_near_##label(a, b))            \
  ND_BLOCK_KERNEL(name##_of_##label)                        \
  {                                                         \
    if (are_near_##label(n, in[0], in[1]))                  \
      name##_near_##label(n, p, out, in);                   \
    else                                                    \
      name##_##label(n, p, out, in);                        \
  }

#define DECLARE(name, ...) extern const nd_op nd_op_##name;
#define KERNELS(name, dtypes, refused, y, ...)             \
  VALUES_##dtypes(2, name, y) WALKS(2, name##_da, name, 0) \
    WALKS(2, name##_db, name, 1)
#define KERNELS_HOT(name, dtypes, refused, y, da, db, ...)      \
  VALUES_##dtypes(2, name, y) SLOPES_##dtypes(2, name##_da, da) \
    SLOPES_##dtypes(2, name##_db, db)
#define KERNELS_FLAT(name, dtypes, refused, y, ...) VALUES_##dtypes(2, name, y)

BINARY(DECLARE, DECLARE, DECLARE, DECLARE)
BINARY(KERNELS, KERNELS_HOT, KERNELS_HOT, KERNELS_FLAT)

KERNELS_FLOATS(NEAR, 2, are_near, )
KERNELS_FLOATS(CHOOSE, 2, mod, remainder)
KERNELS_FLOATS(CHOOSE, 2, floordiv, quotient)

#define ROW(name, dtypes, ...)                           \
  { .forward = FORWARD_##dtypes(name),                   \
    .slope = { { name##_da_float32, name##_da_float64 }, \
               { name##_db_float32, name##_db_float64 } } },
#define ROW_FLAT(name, dtypes, ...) { .forward = FORWARD_##dtypes(name) },

const nd_kernels ND_LEVELLED(nd_kernels_binary)[] = { BINARY(ROW, ROW, ROW,
                                                             ROW_FLAT) };

// ---------------------------------------------------------------- joined --

#define NOTHING(...)
#define VALUES(name, dtypes, refused, y, ...) \
  VALUE(2, name, float32, float, float, y)
#define SUMS(name, dtypes, refused, y, da, db, ...) \
  SUM_FORWARD(2, name, y)                           \
  SUM_BACKWARD(2, name##_da, da)                    \
  SUM_BACKWARD(2, name##_db, db)

BINARY(NOTHING, VALUES, VALUES, NOTHING)
BINARY(NOTHING, NOTHING, SUMS, NOTHING)

// What two lines, or a pair and a line, make together. With three inputs or
// more it counts that those which repeat one element stay in registers; with
// two, the store takes as long.
#define PAIRS(OF)                           \
  OF(float32, float, multiply, add, 0)      \
  OF(float32, float, multiply, subtract, 0) \
  OF(float32, float, multiply, subtract, 1) \
  OF(float32, float, multiply, multiply, 0) \
  OF(float32, float, add, add, 0)           \
  OF(float32, float, add, multiply, 0)      \
  OF(float32, float, subtract, multiply, 0) \
  OF(float32, float, multiply_add_0, subtract, 0)

#define OF_0(second, label, x, y) second##_of_##label(x, y)
#define OF_1(second, label, x, y) second##_of_##label(y, x)
#define INPUTS_multiply_add_0 4
#define INPUTS_multiply 3
#define INPUTS_add 3
#define INPUTS_subtract 3
#define TWO(first, label) first##_of_##label(q0, q1)
#define BOTH_multiply_add_0(label, OF, second) \
  OF(second, label, add_of_##label(TWO(multiply, label), q2), q3)
#define BOTH_multiply(label, OF, second) \
  OF(second, label, TWO(multiply, label), q2)
#define BOTH_add(label, OF, second) OF(second, label, TWO(add, label), q2)
#define BOTH_subtract(label, OF, second) \
  OF(second, label, TWO(subtract, label), q2)

#define DEFINE_PAIR(label, type, first, second, at) \
  DEFINE_ONES(0, label, type, first, second, at)    \
  DEFINE_ONES(1, label, type, first, second, at)    \
  DEFINE_ONES(2, label, type, first, second, at)    \
  DEFINE_ONES(5, label, type, first, second, at)    \
  DEFINE_ONES(6, label, type, first, second, at)
#define DEFINE_ONES(ones, label, type, first, second, at)                    \
  JOINED(first##_##second##_##at##_ones_##ones, label, type, INPUTS_##first, \
         ones, BOTH_##first(label, OF_##at, second))
#define multiply_add_0_float32 multiply_add_0_ones_0_float32

PAIRS(DEFINE_PAIR)

#define PAIR_ROW(label, type, one, two, place)      \
  { one##_##label,                                  \
    two##_##label,                                  \
    place,                                          \
    { [0] = one##_##two##_##place##_ones_0_##label, \
      [1] = one##_##two##_##place##_ones_1_##label, \
      [2] = one##_##two##_##place##_ones_2_##label, \
      [5] = one##_##two##_##place##_ones_5_##label, \
      [6] = one##_##two##_##place##_ones_6_##label } },
#define SUM_ROW(name) { name##_float32, name##_sum_float32 },
#define SUM_ROWS(name, ...) SUM_ROW(name) SUM_ROW(name##_da) SUM_ROW(name##_db)

const nd_joined ND_LEVELLED(nd_joined_binary)[] = { PAIRS(PAIR_ROW){ NULL } };
const nd_summing ND_LEVELLED(nd_sums_binary)[] = {
  BINARY(NOTHING, NOTHING, SUM_ROWS, NOTHING){ NULL }
};

#if ND_IS_BASELINE
#include "ops/rules.h"

nd_tensor *nd_rule_add(nd_context *c, nd_tensor *p, nd_tensor *q)
{
  return p == NULL ? q : q == NULL ? p : ADD(p, q);
}

nd_tensor *nd_rule_chain(nd_context *c, nd_tensor *g, nd_tensor *slope)
{
  const nd_op *op = c->strict_gradients ? &nd_op_multiply
                                        : &nd_op_multiply_no_nan;
  return nd_rule2(c, op, slope, g);
}

nd_tensor *nd_rule_both(nd_context *c, nd_tensor *p, nd_tensor *q)
{
  const nd_op *op = c->strict_gradients ? &nd_op_multiply : &nd_op_zero_wins;
  return nd_rule2(c, op, p, q);
}

// Where b is 0 a does not matter, so nothing reaches it, not even nan: more
// than a slope can say.
static void no_nan_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                       const bool *wanted, nd_tensor **gx)
{
  if (wanted[0])
    gx[0] = BOTH(g[0], j->in[1]);
  if (wanted[1])
    gx[1] = CHAIN(g[0], j->in[0]);
}

static void no_nan_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                       nd_tensor **ty)
{
  nd_tensor *by_a = t[0] != NULL ? BOTH(t[0], j->in[1]) : NULL;
  nd_tensor *by_b = t[1] != NULL ? CHAIN(t[1], j->in[0]) : NULL;
  ty[0] = ADD_ANY(by_a, by_b);
}

// For rules whose value is linear in two things that both may be gradients:
// multiply_no_nan lets a zero win on one side only.
static void both_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                           const bool *wanted, nd_tensor **gx)
{
  for (int i = 0; i < 2; i++) {
    if (wanted[i])
      gx[i] = BOTH(g[0], j->in[1 - i]);
  }
}

#include "ops/vocab_term.h"

#define SLOPES(name, dtypes, refused, y, da, db, ...) \
  static const nd_term *const name##_slope[] = { da, db };

BINARY(SLOPES, SLOPES, SLOPES, NOTHING)

#include "ops/vocab_needs.h"

#define INDEX(name, ...) row_##name,

enum { BINARY(INDEX, INDEX, INDEX, INDEX) };

ND_DECLARE_ROWS(const nd_kernels, nd_kernels_binary);

static const nd_param params[] = { { "a", ND_TENSOR },
                                   { "b", ND_TENSOR },
                                   { 0 } };

static bool refuse_zero(nd_context *c, const nd_job *j)
{
  return nd_integers_avoid(j->in[1], 0, 0) ||
         nd_fail(c, ND_BAD_ARGUMENT, "integer division by zero");
}

static bool refuse_negative(nd_context *c, const nd_job *j)
{
  return nd_integers_avoid(j->in[1], INT64_MIN, -1) ||
         nd_fail(c, ND_BAD_ARGUMENT, "integer to a negative power");
}

#define NAN_AT_NO_ZERO                                               \
  .derivative = ND_VJP, .needs = { B, A }, .vjp = no_nan_vjp,        \
  .jvp = no_nan_jvp, .jvp_within_needs = true, .low = .5, .high = 3, \
  .cases = CASES

#define ZERO_WINS                                               \
  .hidden = true, .derivative = ND_BILINEAR, .needs = { B, A }, \
  .transpose = both_transpose, .low = .5, .high = 3, .cases = CASES

#define CHECK_NONE NULL
#define CHECK_ZERO refuse_zero
#define CHECK_NEGATIVE refuse_negative

#define CASES "[3 4] [3 4]; [2 1 3] [4 1]; [] [2]; [0 3] [3]"

#define ENTRY(word, set, refused, formula, da, db, from, to, text, ...)   \
  const nd_op nd_op_##word = { .name = #word,                             \
                               .doc = text,                               \
                               .params = params,                          \
                               .dtypes = DTYPES_##set,                    \
                               .result = RESULT_##set,                    \
                               .check = CHECK_##refused,                  \
                               .derivative = ND_SLOPE,                    \
                               .needs = { da, db },                       \
                               .slope = word##_slope,                     \
                               .kernels = ND_LIST_ROWS(nd_kernels_binary, \
                                                       row_##word),       \
                               .low = from,                               \
                               .high = to,                                \
                               .cases = CASES,                            \
                               __VA_ARGS__ };
#define ENTRY_FLAT(word, set, refused, formula, text, ...)                \
  const nd_op nd_op_##word = { .name = #word,                             \
                               .doc = text,                               \
                               .params = params,                          \
                               .dtypes = DTYPES_##set,                    \
                               .result = RESULT_##set,                    \
                               .check = CHECK_##refused,                  \
                               .kernels = ND_LIST_ROWS(nd_kernels_binary, \
                                                       row_##word),       \
                               __VA_ARGS__ };
#define LISTED(name, ...) &nd_op_##name,

BINARY(ENTRY, ENTRY, ENTRY, ENTRY_FLAT)

const nd_op *const nd_ops_binary[] = { BINARY(LISTED, LISTED, LISTED, LISTED)
                                         NULL };
#endif
