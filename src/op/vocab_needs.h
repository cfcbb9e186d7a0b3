// op/vocab_needs.h: the vocabulary of formulas over sets: a formula's value is
// the set of inputs and outputs that it reads, which is what a tape must keep.

#include "op/vocab_clear.h"

#define NUM(v) 0
#define ADD(p, q) ((p) | (q))
#define SUB(p, q) ((p) | (q))
#define MUL(p, q) ((p) | (q))
#define DIV(p, q) ((p) | (q))
#define NEG(p) (p)
#define IF(condition, p, q) ((condition) | (p) | (q))
#define EQ(p, q) ((p) | (q))
#define GT(p, q) ((p) | (q))
#define GE(p, q) ((p) | (q))
#define OR(p, q) ((p) | (q))
#define POW(p, q) ((p) | (q))
#define FLOORDIV(p, q) ((p) | (q))
#define EXP(p) (p)
#define LOG(p) (p)
#define SQRT(p) (p)
#define SIN(p) (p)
#define COS(p) (p)
#define TAN(p) (p)
#define SINH(p) (p)
#define COSH(p) (p)
#define TANH(p) (p)
#define SIGMOID(p) (p)
#define SIGN(p) (p)
#define BELL(p) (p)
#define GAUSS(p) (p)
#define ARC(p) (p)
#define TURN(p, q) ((p) | (q))
