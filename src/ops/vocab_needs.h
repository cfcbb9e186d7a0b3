// ops/vocab_needs.h: the vocabulary of formulas over sets: a formula's value is
// the set of inputs and outputs that it reads, which is what a tape must keep,
// and of ND_NEEDS_WORK unless it is just 1.

#include "ops/vocab_clear.h"

#define NUM(v) ((v) == 1 ? 0 : ND_NEEDS_WORK)
#define ADD(p, q) (ND_NEEDS_WORK | (p) | (q))
#define SUB(p, q) (ND_NEEDS_WORK | (p) | (q))
#define MUL(p, q) (ND_NEEDS_WORK | (p) | (q))
#define DIV(p, q) (ND_NEEDS_WORK | (p) | (q))
#define NEG(p) (ND_NEEDS_WORK | (p))
#define IF(condition, p, q) (ND_NEEDS_WORK | (condition) | (p) | (q))
#define EQ(p, q) (ND_NEEDS_WORK | (p) | (q))
#define GT(p, q) (ND_NEEDS_WORK | (p) | (q))
#define GE(p, q) (ND_NEEDS_WORK | (p) | (q))
#define OR(p, q) (ND_NEEDS_WORK | (p) | (q))
#define POW(p, q) (ND_NEEDS_WORK | (p) | (q))
#define FLOORDIV(p, q) (ND_NEEDS_WORK | (p) | (q))
#define EXP(p) (ND_NEEDS_WORK | (p))
#define LOG(p) (ND_NEEDS_WORK | (p))
#define SQRT(p) (ND_NEEDS_WORK | (p))
#define SIN(p) (ND_NEEDS_WORK | (p))
#define COS(p) (ND_NEEDS_WORK | (p))
#define TAN(p) (ND_NEEDS_WORK | (p))
#define SINH(p) (ND_NEEDS_WORK | (p))
#define COSH(p) (ND_NEEDS_WORK | (p))
#define TANH(p) (ND_NEEDS_WORK | (p))
#define SIGMOID(p) (ND_NEEDS_WORK | (p))
#define SIGN(p) (ND_NEEDS_WORK | (p))
#define BELL(p) (ND_NEEDS_WORK | (p))
#define GAUSS(p) (ND_NEEDS_WORK | (p))
#define ARC(p) (ND_NEEDS_WORK | (p))
#define TURN(p, q) (ND_NEEDS_WORK | (p) | (q))
