// ops/vocab_tensor.h: the vocabulary of formulas over tensors: each word is an
// op, applied and recorded. A formula stands where `c` is the context and `j`
// the job, whose output has the dtype of the formula's numbers.

#include "op/rule.h"
#include "ops/entries.h"

#include "ops/vocab_clear.h"

#define NUM(v) nd_rule_number(c, j->out[0], v)
#define ADD(p, q) nd_rule2(c, &nd_op_add, p, q)
#define SUB(p, q) nd_rule2(c, &nd_op_subtract, p, q)
#define MUL(p, q) nd_rule2(c, &nd_op_multiply, p, q)
#define DIV(p, q) nd_rule2(c, &nd_op_divide, p, q)
#define NEG(p) nd_rule1(c, &nd_op_negative, p)
#define IF(condition, p, q) nd_rule3(c, &nd_op_where, condition, p, q)
#define EQ(p, q) nd_rule2(c, &nd_op_equal, p, q)
#define GT(p, q) nd_rule2(c, &nd_op_greater, p, q)
#define GE(p, q) nd_rule2(c, &nd_op_greater_equal, p, q)
#define OR(p, q) nd_rule2(c, &nd_op_logical_or, p, q)
#define POW(p, q) nd_rule2(c, &nd_op_pow, p, q)
#define FLOORDIV(p, q) nd_rule2(c, &nd_op_floordiv, p, q)
#define EXP(p) nd_rule1(c, &nd_op_exp, p)
#define LOG(p) nd_rule1(c, &nd_op_log, p)
#define SQRT(p) nd_rule1(c, &nd_op_sqrt, p)
#define SIN(p) nd_rule1(c, &nd_op_sin, p)
#define COS(p) nd_rule1(c, &nd_op_cos, p)
#define TAN(p) nd_rule1(c, &nd_op_tan, p)
#define SINH(p) nd_rule1(c, &nd_op_sinh, p)
#define COSH(p) nd_rule1(c, &nd_op_cosh, p)
#define TANH(p) nd_rule1(c, &nd_op_tanh, p)
#define SIGMOID(p) nd_rule1(c, &nd_op_sigmoid, p)
#define SIGN(p) nd_rule1(c, &nd_op_sign, p)
#define BELL(p) nd_rule1(c, &nd_op_bell, p)
#define GAUSS(p) nd_rule1(c, &nd_op_gauss, p)
#define ARC(p) nd_rule1(c, &nd_op_arc, p)
#define TURN(p, q) nd_rule2(c, &nd_op_turn, p, q)
