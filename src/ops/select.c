// ops/select.c: where: one of two tensors, element by element. Jointly linear
// in both, so forward mode needs no code.

#include "op/engine.h"
#include "op/op.h"
#include "ops/rules.h"

static const nd_param params[] = { { "condition", ND_TENSOR,
                                     .dtypes = ND_BOOLS },
                                   { "x", ND_TENSOR },
                                   { "y", ND_TENSOR },
                                   { 0 } };

static bool where_infer(nd_context *c, const nd_job *j, nd_type *out)
{
  out->dtype = (nd_dtype)j->in[1]->dtype;
  return nd_broadcast(c, j, out);
}

// Without a branch, which conditions at random would send the wrong way.
#define CHOOSE(type)                                                          \
  static void choose_##type(int n, void *restrict out, const void *const *in) \
  {                                                                           \
    type *restrict o = out;                                                   \
    const uint8_t *condition = in[0];                                         \
    const type *x = in[1], *y = in[2];                                        \
    for (int i = 0; i < n; i++) {                                             \
      const type mask = (type)(0 - (condition[i] != 0));                      \
      o[i] = (type)(y[i] ^ ((x[i] ^ y[i]) & mask));                           \
    }                                                                         \
  }

CHOOSE(uint8_t)
CHOOSE(uint32_t)
CHOOSE(uint64_t)

static void where_run(const nd_job *j, int64_t from, int64_t to)
{
  const nd_dtype dtype = (nd_dtype)j->out[0]->dtype;
  const nd_dtype dtypes[] = { ND_BOOL, dtype, dtype };
  const size_t width = nd_dtype_size(dtype);
  nd_engine e;
  nd_engine_start(&e,
                  width == 4   ? choose_uint32_t
                  : width == 8 ? choose_uint64_t
                               : choose_uint8_t,
                  3, j->in, dtypes, j->out[0]);
  nd_engine_run(&e, from, to);
}

static void where_transpose(nd_context *c, const nd_job *j, nd_tensor *const *g,
                            const bool *wanted, nd_tensor **gx)
{
  nd_tensor *zero = NUM(0);
  if (wanted[1])
    gx[1] = IF(j->in[0], g[0], zero);
  if (wanted[2])
    gx[2] = IF(j->in[0], zero, g[0]);
}

const nd_op nd_op_where = {
  .name = "where",
  .doc = "x where condition is true, else y; the three broadcast",
  .params = params,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .needs = { 0, 1 << 0, 1 << 0 },
  .infer = where_infer,
  .run = where_run,
  .transpose = where_transpose,
  .low = -3,
  .high = 3,
  .cases = "bool[3 4] [3 4] [3 4]; bool[4] [3 1] []; bool[0] [0] [0]",
  .cost = 1,
};

const nd_op *const nd_ops_select[] = { &nd_op_where, NULL };
