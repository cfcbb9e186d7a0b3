// op/op.h: what an op is. The table of them (op/table.c) is the only list of
// ops: the C call, the Lua function, the method, argument checking, help,
// completion and the gradient tests are all made from these entries.

#ifndef ND_OP_OP_H
#define ND_OP_OP_H

#include "base/dtype.h"
#include "base/work.h"
#include "kernel/block.h"
#include "kernel/level.h"
#include "kernel/reduce.h"
#include "op/param.h"
#include "tensor/tensor.h"

enum {
  ND_MAX_ATTRS = 8,  // arguments of an op that are no tensors
  ND_FEW = 7         // tensor arguments of an op that takes no list
};

// ------------------------------------------------------------------ the op --

typedef struct nd_op nd_op;
typedef struct nd_term nd_term;      // a formula (op/term.h)
typedef struct nd_series nd_series;  // of stages (op/series.h)

// An op at work: all that dispatch, tapes and rules know of it. Where a call
// may leave tensors out, `in` ends with the last that is given, and has NULL
// for one before it that is not.
typedef struct nd_job {
  const nd_op *op;
  int n, outs;  // tensors that come in and go out
  nd_tensor *const *in;
  nd_tensor **out;       // each NULL until it is made
  const nd_value *attr;  // op->attrs of them
} nd_job;

// Input `i`, or NULL if it was left out.
static inline nd_tensor *nd_job_in(const nd_job *j, int i)
{
  return i < j->n ? j->in[i] : NULL;
}

// What an op's derivative is made of; exactly one for each op.
typedef enum nd_derivative {
  ND_NO_GRAD,   // none, by decision
  ND_SLOPE,     // elementwise: dy/dx, fused for numbers, recorded for tensors
  ND_LINEAR,    // jointly linear in its float inputs: `transpose`
  ND_BILINEAR,  // linear in each of its float inputs: `transpose`
  ND_VJP,       // anything else: `vjp` and `jvp`
  ND_COMPOSED   // those of the ops that it applies
} nd_derivative;

// What help and the reference page call it.
const char *nd_derivative_name(nd_derivative derivative);

// The result's dtype, for elementwise ops.
typedef enum nd_result {
  ND_AS_INPUT,  // that which inputs without dtypes of their own share
  ND_AS_BOOL,
  ND_AS_FLOAT,  // integers become float32
  ND_AS_ASKED   // by the first attribute; there is a row of kernels for each
} nd_result;

// What a derivative reads: bit i the values of input i, bit 6 also those of all
// later ones.
enum {
  ND_NEEDS_IN = (1 << 7) - 1,  // all inputs
  ND_NEEDS_OUT = 1 << 7,       // the outputs
  ND_NEEDS_WORK = 1 << 8       // nothing, but a slope is not simply 1
};

enum { ND_DENSE_ALL = (1 << 8) - 1 };  // of nd_op.dense

// Gradients of the inputs in `wanted` into gx, given those of the outputs; g[k]
// is NULL where nothing came in, but not all are. One call for all inputs, as
// they often share their work. A gradient has the input's shape, or one that it
// broadcasts to: the caller sums it back.
typedef void nd_vjp(nd_context *c, const nd_job *j, nd_tensor *const *g,
                    const bool *wanted, nd_tensor **gx);

// Tangents of the outputs into ty; t[i] is that of input i or NULL for zero.
typedef void nd_jvp(nd_context *c, const nd_job *j, nd_tensor *const *t,
                    nd_tensor **ty);

// A fold over the axes of attribute 0 that may wait for its input's values.
typedef struct nd_reduction {
  nd_fold fold;
  // Makes of the fold of so many values, floats, what is wanted. May be NULL.
  void (*finish)(nd_dtype dtype, int64_t folded, void *value);
} nd_reduction;

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
  uint16_t needs[3];  // of the derivative by each input; the last stands for
                      // all later ones

  // Names of the outputs, where there are several; ends with NULL.
  const char *const *results;

  // How many outputs, where that depends on the call: so many of `results`, or
  // they are a list. Checks what it reads; -1 after an error. NULL: as many as
  // `results`, or one.
  int (*outs)(nd_context *c, const nd_job *j);

  // Shapes and dtypes of the outputs; checks the arguments. NULL: elementwise.
  bool (*infer)(nd_context *c, const nd_job *j, nd_type *out);

  // Refuses values (integer division by zero). May be NULL.
  bool (*check)(nd_context *c, const nd_job *j);

  // One of these three computes. `view` sets all j->out, or leaves NULL in one
  // that failed. `run` fills elements from..to-1 of the first output, and what
  // belongs to them in others, in any order and on any thread. `work` is for
  // what takes several steps or memory (base/work.h); where it gives no `next`,
  // `run` is there for the job. Inputs and outputs may have no elements.
  const nd_kernels *kernels[ND_LEVELS];
  void (*view)(nd_context *c, const nd_job *j, const nd_type *types);
  void (*run)(const nd_job *j, int64_t from, int64_t to);
  nd_work (*work)(const nd_job *j);

  // Instead of all of these: applies other ops, which recorders hear in its
  // stead if its derivative is theirs. Sets all j->out to tensors of the pool
  // that are not among the inputs, or leaves NULL in one that failed. It checks
  // the arguments itself. Only for such ops a tensor's initial value may be
  // "nil", which is to say that it may be left out; of an op with kernels, this
  // is for those calls that do so.
  void (*compose)(nd_context *c, const nd_job *j);

  const nd_series *series;        // what nd_series_work makes steps of
  const nd_reduction *reduction;  // what else computes it; NULL: nothing
  bool by_type;  // no values of the inputs are read, only what they are like
  bool rows;     // the result waits as the rows and positions that came in
                 // (op/slices.h)
  bool jvp_within_needs;  // `jvp` reads no values but those that `needs` has
  int dense;  // bit i: input i comes to these row by row, without gaps; bit 7
              // also all later ones

  // As `derivative` says; `slope` has that for each input.
  const nd_term *const *slope;
  nd_vjp *transpose;
  nd_vjp *vjp;
  nd_jvp *jvp;

  double low, high;        // where tests may sample the inputs
  const char *cases;       // arguments for tests (tests/op/cases.h)
  const char *long_cases;  // by shapes alone, where work is cut into more steps
  float cost;  // about nanoseconds per element of the inputs or of the
               // result, whichever has more; 0: nd_op_cost knows
  int picks;   // like `dense`: few elements of them are read, and do not count
};

// What an element costs: of what only moves and adds numbers, a quarter.
static inline float nd_op_cost(const nd_op *op)
{
  return op->cost > 0 ? op->cost : .25F;
}

static inline int nd_op_needs(const nd_op *op, int i)
{
  return op->needs[i < 2 ? i : 2];
}

// True if a gradient flows through a tensor like `x` in or out of the op.
static inline bool nd_op_flows(const nd_op *op, const nd_tensor *x)
{
  return op->derivative != ND_NO_GRAD &&
         nd_dtype_in((nd_dtype)x->dtype, ND_FLOATS);
}

// -------------------------------------------------------------- the table --

// The families, one for each file of ops/, each a list that ends with NULL; so
// does this one. The build makes it from the names of the files.
extern const nd_op *const *const nd_families[];

// Entries by position, NULL after the last; and by name, NULL if there is none.
// Hidden ones are among them.
const nd_op *nd_op_at(int i);
const nd_op *nd_op_find(const char *name);

// The attribute called `name` of an op has this position among them; -1.
int nd_op_attr(const nd_op *op, const char *name, const nd_param **param);

// ----------------------------------------------------------------- values --

// Sets op->attrs values to their initial ones.
void nd_values_start(const nd_op *op, nd_value *values);

// Reads "axis=2 keepdims=true shape=[2 3]" into `values`. Lists are put one
// after the other at `lists`, which has room for nd_values_room(text) numbers.
size_t nd_values_room(const char *text);
bool nd_values_parse(nd_context *c, const nd_op *op, nd_value *values,
                     int64_t *lists, const char *text);

// --------------------------------------------------------------- dispatch --

// Applies an op that has one output: check, infer, allocate, run, record. NULL
// for `attr` stands for the initial values. Returns one reference.
nd_tensor *nd_apply(nd_context *c, const nd_op *op, int n, nd_tensor *const *in,
                    const nd_value *attr);

// The same; a scalar may come to stand in `home`, which is then the result and
// is not counted.
nd_tensor *nd_apply_at(nd_context *c, const nd_op *op, int n,
                       nd_tensor *const *in, const nd_value *attr,
                       nd_tensor *home);

// The same for any op: sets j->outs, or fails; then fills j->out, which is the
// caller's and has room for as many, with one reference each. After a failure
// all are NULL.
bool nd_job_count(nd_context *c, nd_job *j);
bool nd_job_apply(nd_context *c, const nd_job *j);

// Only computes the outputs, which are made: what is checked and inferred is
// so, inputs have their values, and nobody is told.
bool nd_job_run(nd_context *c, const nd_job *j);

// The gradient of input `i` in one pass over blocks, for ND_SLOPE ops when
// nobody records: g * slope, with a zero g giving zero.
nd_tensor *nd_apply_slope(nd_context *c, const nd_job *j, int i, nd_tensor *g);

// The same for scalars of that dtype, given the op's parameters and where the
// values are: g, the inputs, the output. What the slope does not read may be
// anything.
nd_tensor *nd_apply_scalar_slope(nd_context *c, const nd_op *op, int i,
                                 nd_dtype dtype, const double *p,
                                 const void *const *values);

// The shape that shapes broadcast to; an error that shows them.
bool nd_broadcast(nd_context *c, const nd_job *j, nd_type *out);

#endif
