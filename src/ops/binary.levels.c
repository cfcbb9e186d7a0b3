// ops/binary.levels.c: elementwise functions of two tensors, broadcast to each
// other.
//
// As ops/unary.levels.c, with inputs a and b, and two slopes, dy/da and dy/db.
// Where y is linear in an operand, as a + b and a * b are, its slope stays what
// it is if y is nan. `refused` is what integers b may not be, since no integer
// could be the result. One HIDDEN is a FLAT that users do not see either.

#include "kernel/level.h"
#include "op/integers.h"
#include "op/op.h"

// 1 where the operand that `chosen` speaks for is the result, 0 where it is the
// other one, nan where one of them is nan.
#define SHARE(chosen, other) IF(chosen, NUM(1), IF(other, NUM(0), NUM(NAN)))

// `slope`, but nan where the result is.
#define DEFINED(slope) IF(EQ(y, y), slope, y)

// b a^(b-1), which is 0 for b = 0 even at a = 0. Below 1/2, where b - 1 rounds,
// it is b y / a, unless y is 0 or inf.
#define POW_DA                                      \
  IF(EQ(b, NUM(0)), NUM(0),                         \
     IF(OR(GE(b, NUM(0.5)), EQ(y, MUL(NUM(2), y))), \
        MUL(b, POW(a, SUB(b, NUM(1)))), DIV(MUL(b, y), a)))

// y log(a). A base that is no power of e has none: there it is 0, at a = 0 and
// below b = 0 it is -inf.
#define POW_DB                                                    \
  IF(GT(a, NUM(0)), MUL(y, LOG(a)),                               \
     IF(EQ(a, NUM(0)), IF(GE(b, NUM(0)), NUM(0), NEG(MUL(y, y))), \
        DEFINED(NUM(0))))

// clang-format off
#define BINARY(OP, FLAT, FACTOR, HIDDEN)                                       \
/* name      dtypes   refused  y                                               \
             dy/da             dy/db                          sampled */       \
OP(add,      NUMBERS, NONE,    a + b,                                          \
             NUM(1),           NUM(1),                        -3, 3,           \
   "a + b", .metamethod = "__add")                                             \
OP(subtract, NUMBERS, NONE,    a - b,                                          \
             NUM(1),           NUM(-1),                       -3, 3,           \
   "a - b", .metamethod = "__sub")                                             \
OP(multiply, NUMBERS, NONE,    a * b,                                          \
             b,                a,                             -3, 3,           \
   "a * b", .metamethod = "__mul")                                             \
OP(divide,   CAST,    NONE,    a / b,                                          \
             DIV(NUM(1), b),   NEG(DIV(y, b)),                .5, 3,           \
   "a / b; integers give float32", .metamethod = "__div")                      \
OP(mod,      NUMBERS, ZERO,    PER_TYPE(remainder, a)(a, b),                   \
             DEFINED(NUM(1)),  DEFINED(NEG(FLOORDIV(a, b))),  1.1, 1.9,        \
   "remainder with the sign of b, as Python's %", .metamethod = "__mod")       \
OP(pow,      NUMBERS, NEGATIVE, PER_TYPE(power, a)(a, b),                      \
             POW_DA,           POW_DB,                        .5, 2,           \
   "a to the power b", .metamethod = "__pow")                                  \
OP(maximum,  NUMBERS, NONE,    a >= b || a != a ? a : b,                       \
             SHARE(GE(a, b), GT(b, a)),                                        \
                               SHARE(GT(b, a), GE(a, b)),     -3, 3,           \
   "the larger of a and b; nan wins; a tie belongs to a")                      \
OP(minimum,  NUMBERS, NONE,    a <= b || a != a ? a : b,                       \
             SHARE(GE(b, a), GT(a, b)),                                        \
                               SHARE(GT(a, b), GE(b, a)),     -3, 3,           \
   "the smaller of a and b; nan wins; a tie belongs to a")                     \
OP(squared_difference, NUMBERS, NONE, (a - b) * (a - b),                       \
             MUL(NUM(2), SUB(a, b)),                                           \
                               MUL(NUM(2), SUB(b, a)),        -3, 3,           \
   "(a - b) * (a - b)")                                                        \
OP(atan2,    FLOATS,  NONE,    PER_FLOAT(atan2, a)(a, b),                      \
             TURN(a, b),       NEG(TURN(b, a)),               .5, 3,           \
   "angle of the point (b, a) in radians, -pi..pi")                            \
FLAT(multiply_no_nan, FLOATS, NONE, b == 0 ? 0 : a * b,                        \
   "a * b; 0 where b is 0, even if a is nan or inf", NO_NAN)                   \
FACTOR(turn, FLOATS,  NONE,    TURN(a, b),                                     \
             MUL(NUM(-2), MUL(y, TURN(b, a))),                                 \
                               MUL(SUB(TURN(b, a), y), ADD(TURN(b, a), y)),    \
             .5, 3,                                                            \
   "b / (a * a + b * b); 0 where both are 0", .hidden = true)                  \
HIDDEN(zero_wins, FLOATS, NONE, a == 0 || b == 0 ? 0 : a * b,                  \
   "a * b; 0 where either is 0, even if the other is nan or inf", ZERO_WINS)   \
FLAT(floordiv,      NUMBERS, ZERO, PER_TYPE(quotient, a)(a, b),                \
   "floor of a / b, as Python's //", .metamethod = "__idiv")                   \
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

#include "ops/elementwise.h"
#include "ops/vocab_scalar.h"

#define FORWARD(name, label, type, result, formula) \
  ND_BLOCK_KERNEL(name##_##label)                   \
  {                                                 \
    typedef type T;                                 \
    result *restrict o = out;                       \
    const T *pa = in[0], *pb = in[1];               \
    for (int i = 0; i < n; i++) {                   \
      const T a = pa[i], b = pb[i];                 \
      o[i] = (result)(formula);                     \
    }                                               \
  }
#define BACKWARD(name, label, type, result, slope)              \
  ND_BLOCK_KERNEL(name##_##label)                               \
  {                                                             \
    typedef type T;                                             \
    T *restrict o = out;                                        \
    const T *pg = in[0], *pa = in[1], *pb = in[2], *py = in[3]; \
    for (int i = 0; i < n; i++) {                               \
      const T g = pg[i], a = pa[i], b = pb[i], y = py[i];       \
      (void)a;                                                  \
      (void)b;                                                  \
      (void)y;                                                  \
      o[i] = ZERO_STAYS(g, slope);                              \
    }                                                           \
  }
#define KERNELS(name, dtypes, refused, y, da, db, low, high, doc, ...)       \
  KERNELS_##dtypes(FORWARD, name, y) KERNELS_FLOATS(BACKWARD, name##_da, da) \
    KERNELS_FLOATS(BACKWARD, name##_db, db)
#define KERNELS_FLAT(name, dtypes, refused, y, doc, ...) \
  KERNELS_##dtypes(FORWARD, name, y)

BINARY(KERNELS, KERNELS_FLAT, KERNELS, KERNELS_FLAT)

#define ROW(name, dtypes, refused, y, da, db, low, high, doc, ...) \
  { .forward = FORWARD_##dtypes(name),                             \
    .slope = { { name##_da_float32, name##_da_float64 },           \
               { name##_db_float32, name##_db_float64 } } },
#define ROW_FLAT(name, dtypes, refused, y, doc, ...) \
  { .forward = FORWARD_##dtypes(name) },

const nd_kernels ND_LEVELLED(nd_kernels_binary)[] = { BINARY(ROW, ROW_FLAT, ROW,
                                                             ROW_FLAT) };

#if ND_IS_BASELINE
#include "ops/rules.h"

#define RULE(name, dtypes, refused, formula, da, db, low, high, doc, ...) \
  static nd_tensor *name##_rule(nd_context *c, int i, const nd_job *j)    \
  {                                                                       \
    nd_tensor *a = j->in[0], *b = j->in[1], *y = j->out[0];               \
    (void)a;                                                              \
    (void)b;                                                              \
    (void)y;                                                              \
    return i == 0 ? da : db;                                              \
  }
#define NO_RULE(name, dtypes, refused, y, doc, ...)

BINARY(RULE, NO_RULE, RULE, NO_RULE)

nd_tensor *nd_rule_add(nd_context *c, nd_tensor *p, nd_tensor *q)
{
  return p == NULL ? q : q == NULL ? p : ADD(p, q);
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

#include "ops/vocab_needs.h"

enum { a = 1 << 0, b = 1 << 1, y = ND_NEEDS_OUT };

#define INDEX(name, dtypes, refused, formula, da, db, low, high, doc, ...) \
  row_##name,
#define INDEX_FLAT(name, dtypes, refused, formula, doc, ...) row_##name,

enum { BINARY(INDEX, INDEX_FLAT, INDEX, INDEX_FLAT) };

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

#define NO_NAN                                                \
  .derivative = ND_VJP, .needs = { b, a }, .vjp = no_nan_vjp, \
  .jvp = no_nan_jvp, .low = .5, .high = 3, .cases = CASES

#define ZERO_WINS                                               \
  .hidden = true, .derivative = ND_BILINEAR, .needs = { b, a }, \
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
                               .slope = word##_rule,                      \
                               .kernels = ND_LIST_ROWS(nd_kernels_binary, \
                                                       row_##word),       \
                               .low = from,                               \
                               .high = to,                                \
                               .cost = 1,                                 \
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
                               .cost = 1,                                 \
                               __VA_ARGS__ };
#define LISTED(name, dtypes, refused, formula, da, db, low, high, doc, ...) \
  &nd_op_##name,
#define LISTED_FLAT(name, dtypes, refused, formula, doc, ...) &nd_op_##name,

BINARY(ENTRY, ENTRY_FLAT, ENTRY, ENTRY_FLAT)

const nd_op *const nd_ops_binary[] = { BINARY(LISTED, LISTED_FLAT, LISTED,
                                              LISTED_FLAT) NULL };
#endif
