// op/op.h: what an op is. The table of them (op/table.c) is the only list of
// ops: the C call, the Lua function, the method, argument checking, help,
// completion and the gradient tests are all made from these entries.

#ifndef ND_OP_OP_H
#define ND_OP_OP_H

#include "base/dtype.h"
#include "kernel/block.h"
#include "kernel/level.h"
#include "tensor/tensor.h"

// ------------------------------------------------------------ arguments --

typedef enum nd_kind {
  ND_TENSOR,   // one tensor
  ND_TENSORS,  // a list of them; the only tensors of their op
  ND_FLAG,     // true or false
  ND_INTEGER,
  ND_NUMBER,
  ND_WORD_DTYPE,  // the name of a dtype
  ND_AXIS,        // one axis, counted from 1 or from -1
  ND_AXES,        // one axis or a list of them
  ND_SIZES,       // a shape
  ND_RANGES       // per axis a position or {first, last, step}
} nd_kind;

typedef struct nd_param {
  const char *name;
  nd_kind kind;
  const char *initial;  // as users would write it; NULL: must be given
  int dtypes;  // of a tensor: 0 if it shares the op's dtype, else its own set
} nd_param;

enum {
  ND_MAX_ATTRS = 4,  // arguments of an op that are no tensors
  ND_FEW = 4         // tensor arguments without memory of their own
};

// The value of one argument that is no tensor.
typedef struct nd_attr {
  bool given;       // false: left out, and the initial value is nil
  uint8_t n;        // how many `v` hold: axes, sizes, or 3 per range
  uint8_t dropped;  // ND_RANGES: bit i set if axis i was one position
  union {
    int64_t integer;  // ND_FLAG, ND_INTEGER, ND_WORD_DTYPE, ND_AXIS
    double number;
  };
  int64_t v[3 * ND_MAX_RANK];
} nd_attr;

// How far a rule that is asked for one input after the other has come in a list
// of them: what it counted up to input `next`, not included.
typedef struct nd_cursor {
  int next;
  int64_t count;
} nd_cursor;

typedef struct nd_args {
  int n;           // tensors
  nd_tensor **in;  // `few`, or memory of the caller
  nd_tensor *few[ND_FEW];
  nd_cursor *cursor;  // of who asks a rule for many inputs; may be NULL
  nd_attr attr[ND_MAX_ATTRS];
} nd_args;

// ------------------------------------------------------------------ the op --

// What an op's derivative is made of; exactly one for each op.
typedef enum nd_derivative {
  ND_NO_GRAD,   // none, by decision
  ND_SLOPE,     // elementwise: dy/dx, fused for numbers, recorded for tensors
  ND_LINEAR,    // jointly linear in its float inputs: `transpose`
  ND_BILINEAR,  // linear in each of its float inputs: `transpose`
  ND_VJP        // anything else: `vjp` and `jvp`
} nd_derivative;

// The result's dtype, for ops whose inputs share one.
typedef enum nd_result {
  ND_AS_INPUT,
  ND_AS_BOOL,
  ND_AS_FLOAT  // integers become float32
} nd_result;

enum { ND_NEEDS_OUT = 1 << 7 };

typedef struct nd_op nd_op;
typedef struct nd_job nd_job;

// Gradient of input `i`, given the gradient `g` of the output. May have any
// shape that broadcasting gives: the caller sums it back to the input's.
typedef nd_tensor *nd_vjp(nd_context *c, int i, const nd_args *a,
                          nd_tensor *out, nd_tensor *g);

// Tangent of the output; `t[i]` is that of input i or NULL for zero.
typedef nd_tensor *nd_jvp(nd_context *c, const nd_args *a, nd_tensor *out,
                          nd_tensor *const *t);

struct nd_op {
  const char *name;    // the word users write
  const char *module;  // also found there: "nn", "random"; NULL: nowhere else
  bool inside;         // found only there, not at the top level
  bool hidden;         // only rules apply it; users do not find it
  const char *metamethod;  // Lua's name of the operator, or NULL
  const char *doc;         // shapes, special values, one line
  const nd_param *params;  // in the order of calls; ends with a NULL name
  uint8_t attrs;           // how many of them are no tensors
  int dtypes;              // that the inputs may have
  nd_result result;
  nd_derivative derivative;
  int needs;  // bit i: derivative reads the values of input i, bit 6 also
              // those of all later ones; ND_NEEDS_OUT: of the output

  // Shape and dtype of the result; checks the arguments. NULL: elementwise.
  bool (*infer)(nd_context *c, const nd_args *a, nd_type *out);

  // Refuses values (integer division by zero). May be NULL.
  bool (*check)(nd_context *c, const nd_args *a);

  // One of these three computes. `run` fills elements from..to-1 of job->out;
  // dispatch may call it several times.
  const nd_kernels *kernels[ND_LEVELS];
  nd_tensor *(*view)(nd_context *c, const nd_args *a, const nd_type *type);
  bool (*run)(nd_context *c, const nd_job *job, int64_t from, int64_t to);

  // As `derivative` says.
  nd_tensor *(*slope)(nd_context *c, int i, const nd_args *a, nd_tensor *out);
  nd_vjp *transpose;
  nd_vjp *vjp;
  nd_jvp *jvp;

  double low, high;   // where tests may sample the inputs
  const char *cases;  // arguments for tests, see tests/op/test_gradient.c
  float cost;         // about nanoseconds per element of the result
};

// An op at work.
struct nd_job {
  const nd_op *op;
  const nd_args *args;
  nd_tensor *out;
};

// -------------------------------------------------------------- the table --

// The families, one for each file of ops/, each a list that ends with NULL; so
// does this one. The build makes it from the names of the files.
extern const nd_op *const *const nd_families[];

// Entries by position, NULL after the last; and by name, NULL if there is none.
// Hidden ones are among them.
const nd_op *nd_op_at(int i);
const nd_op *nd_op_find(const char *name);

// The attribute called `name` of an op has this position in nd_args.attr; -1.
int nd_op_attr(const nd_op *op, const char *name, const nd_param **param);

// Sets the attributes that were left out to their initial values.
void nd_args_start(const nd_op *op, nd_args *a);

// Reads "axis=2 keepdims=true shape=[2 3]" into `a`.
bool nd_args_parse(nd_context *c, const nd_op *op, nd_args *a,
                   const char *text);

// --------------------------------------------------------------- dispatch --

// Applies an op: check, infer, allocate, run, record. Returns one reference.
nd_tensor *nd_apply(nd_context *c, const nd_op *op, const nd_args *a);

// The same; a scalar may come to stand in `home`, which is then the result and
// is not counted.
nd_tensor *nd_apply_at(nd_context *c, const nd_op *op, const nd_args *a,
                       nd_tensor *home);

// The gradient of input `i` in one pass over blocks, for ND_SLOPE ops when
// nobody records: g * slope, with a zero g giving zero.
nd_tensor *nd_apply_slope(nd_context *c, const nd_op *op, int i,
                          const nd_args *a, nd_tensor *out, nd_tensor *g);

// The shape that shapes broadcast to; an error that shows them.
bool nd_broadcast(nd_context *c, const nd_args *a, nd_type *out);

#endif
