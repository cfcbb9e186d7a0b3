// ops/vocab_term.h: the vocabulary of formulas as data: a formula's value is
// the address of a constant tree (op/term.h), for initial values at file scope.

#include "op/term.h"
#include "ops/entries.h"

#include "ops/vocab_clear.h"

#define LEAF(what, i) (&(const nd_term){ .kind = what, .at = i })
#define TERM(entry, ...) \
  (&(const nd_term){ .op = entry, .of = { __VA_ARGS__ } })

#define X LEAF(ND_TERM_INPUT, 0)
#define A LEAF(ND_TERM_INPUT, 0)
#define B LEAF(ND_TERM_INPUT, 1)
#define U LEAF(ND_TERM_INPUT, 0)
#define V LEAF(ND_TERM_INPUT, 1)
#define W LEAF(ND_TERM_INPUT, 2)
#define Y LEAF(ND_TERM_OUTPUT, 0)
#define P(i) LEAF(ND_TERM_PARAM, i)
#define NUM(v) (&(const nd_term){ .kind = ND_TERM_NUMBER, .number = v })
#define ADD(p, q) TERM(&nd_op_add, p, q)
#define SUB(p, q) TERM(&nd_op_subtract, p, q)
#define MUL(p, q) TERM(&nd_op_multiply, p, q)
#define DIV(p, q) TERM(&nd_op_divide, p, q)
#define NEG(p) TERM(&nd_op_negative, p)
#define IF(condition, p, q) TERM(&nd_op_where, condition, p, q)
#define EQ(p, q) TERM(&nd_op_equal, p, q)
#define GT(p, q) TERM(&nd_op_greater, p, q)
#define GE(p, q) TERM(&nd_op_greater_equal, p, q)
#define OR(p, q) TERM(&nd_op_logical_or, p, q)
#define POW(p, q) TERM(&nd_op_pow, p, q)
#define FLOORDIV(p, q) TERM(&nd_op_floordiv, p, q)
#define EXP(p) TERM(&nd_op_exp, p)
#define LOG(p) TERM(&nd_op_log, p)
#define LOG1P(p) TERM(&nd_op_log1p, p)
#define SQRT(p) TERM(&nd_op_sqrt, p)
#define SIN(p) TERM(&nd_op_sin, p)
#define COS(p) TERM(&nd_op_cos, p)
#define TAN(p) TERM(&nd_op_tan, p)
#define SINH(p) TERM(&nd_op_sinh, p)
#define COSH(p) TERM(&nd_op_cosh, p)
#define TANH(p) TERM(&nd_op_tanh, p)
#define SIGMOID(p) TERM(&nd_op_sigmoid, p)
#define SIGN(p) TERM(&nd_op_sign, p)
#define BELL(p) TERM(&nd_op_bell, p)
#define GAUSS(p) TERM(&nd_op_gauss, p)
#define ARC(p) TERM(&nd_op_arc, p)
#define TURN(p, q) TERM(&nd_op_turn, p, q)
#define ERF(p) TERM(&nd_op_erf, p)
#define DIGAMMA(p) TERM(&nd_op_digamma, p)
#define SOFTPLUS(p) TERM(&nd_op_softplus, p)
#define NO_NAN(p, q) TERM(&nd_op_multiply_no_nan, p, q)
#define LAX(p, q) (&(const nd_term){ .kind = ND_TERM_LAX, .of = { p, q } })
