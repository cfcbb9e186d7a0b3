// ops/vocab_scalar.h: the vocabulary of formulas over C numbers of type T. It
// and ops/vocab_tensor.h and ops/vocab_needs.h give the same words three
// readings: as arithmetic in a kernel, as recorded ops, and as the set of
// values that the formula reads.

#include "kernel/math.h"
#include "kernel/math_gamma.h"
#include "ops/arithmetic.h"

#define X x
#define A a
#define B b
#define U u
#define V v
#define W w
#define Y y
#define P(i) ((T)p[i])
#define NUM(v) ((T)(v))
#define ADD(p, q) ((p) + (q))
#define SUB(p, q) ((p) - (q))
#define MUL(p, q) ((p) * (q))
#define DIV(p, q) ((p) / (q))
#define NEG(p) (-(p))
#define IF(condition, p, q) ((condition) ? (p) : (q))
#define EQ(p, q) ((p) == (q))
#define GT(p, q) ((p) > (q))
#define GE(p, q) ((p) >= (q))
#define OR(p, q) ((p) | (q))
#define POW(p, q) PER_FLOAT(pow, p)(p, q)
#define FLOORDIV(p, q) PER_TYPE(quotient, p)(p, q)
#define EXP(p) PER_FLOAT(exp, p)(p)
#define LOG(p) PER_FLOAT(log, p)(p)
#define LOG1P(p) PER_FLOAT(log1p, p)(p)
#define SQRT(p) PER_FLOAT(sqrt, p)(p)
#define SIN(p) PER_FLOAT(sin, p)(p)
#define COS(p) PER_FLOAT(cos, p)(p)
#define TAN(p) PER_FLOAT(tan, p)(p)
#define SINH(p) PER_FLOAT(sinh, p)(p)
#define COSH(p) PER_FLOAT(cosh, p)(p)
#define TANH(p) PER_FLOAT(tanh, p)(p)
#define SIGMOID(p) PER_FLOAT(sigmoid, p)(p)
#define SOFTPLUS(p) PER_FLOAT(softplus, p)(p)
#define ERF(p) PER_FLOAT(erf, p)(p)
#define DIGAMMA(p) PER_FLOAT(digamma, p)(p)
// `p` times `q`; 0 where `q` is 0, even if `p` is infinite.
#define NO_NAN(p, q) ((q) == 0 ? (T)0 : (p) * (q))
// `p`, but `q` where gradients are strict, which these kernels never see.
#define LAX(p, q) (p)
#define SIGN(p) ((p) != (p) ? (p) : ((p) > 0) - ((p) < 0))

// Factors of slopes, which have ops of their own that users do not see.
#define BELL(p) PER_FLOAT(bell, p)(p)
#define GAUSS(p) PER_FLOAT(gauss, p)(p)
#define ARC(p) PER_FLOAT(arc, p)(p)
#define TURN(p, q) PER_FLOAT(turn, p)(p, q)
