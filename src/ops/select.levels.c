// ops/select.levels.c: where: one of two tensors, element by element. Jointly
// linear in both, so forward mode needs no code.

#include "base/dtype.h"
#include "kernel/level.h"
#include "kernel/block.h"

// Without a branch, which conditions at random would send the wrong way.
#define CHOOSE(type)                                     \
  ND_BLOCK_KERNEL(choose_##type)                         \
  {                                                      \
    type *restrict o = out;                              \
    const uint8_t *condition = in[0];                    \
    const type *x = in[1], *y = in[2];                   \
    for (int i = 0; i < n; i++) {                        \
      const type mask = (type)(0 - (condition[i] != 0)); \
      o[i] = (type)(y[i] ^ ((x[i] ^ y[i]) & mask));      \
    }                                                    \
  }

CHOOSE(uint8_t)
CHOOSE(uint16_t)
CHOOSE(uint32_t)
CHOOSE(uint64_t)

#define BY_SIZE(dtype, type, name)                \
  [dtype] = sizeof(type) == 1   ? choose_uint8_t  \
            : sizeof(type) == 2 ? choose_uint16_t \
            : sizeof(type) == 4 ? choose_uint32_t \
                                : choose_uint64_t,

const nd_kernels ND_LEVELLED(nd_kernels_select) = {
  .forward = { ND_DTYPE_LIST(BY_SIZE) },
};

#if ND_IS_BASELINE
#include "ops/rules.h"

ND_DECLARE_LEVELS(const nd_kernels, nd_kernels_select);

static const nd_param params[] = { { "condition", ND_TENSOR,
                                     .dtypes = ND_BOOLS },
                                   { "x", ND_TENSOR, "nil" },
                                   { "y", ND_TENSOR, "nil" },
                                   { 0 } };

static void positions(nd_context *c, const nd_job *j)
{
  if (nd_job_in(j, 1) == NULL && nd_job_in(j, 2) == NULL)
    j->out[0] = nd_rule1(c, &nd_op_nonzero, j->in[0]);
  else
    nd_fail(c, ND_BAD_ARGUMENT, "%s is missing; x and y come together",
            nd_job_in(j, 1) == NULL ? "x" : "y");
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
  .doc =
    "x where condition is true, else y; the three broadcast. Of a condition "
    "alone, the positions of what is true: int64 [n rank]",
  .params = params,
  .dtypes = ND_ANY,
  .derivative = ND_LINEAR,
  .needs = { 0, 1 << 0, 1 << 0 },
  .kernels = ND_LIST_LEVELS(nd_kernels_select),
  .compose = positions,
  .transpose = where_transpose,
  .low = -3,
  .high = 3,
  .cases = "bool[3 4] [3 4] [3 4]; bool[4] [3 1] []; bool[0] [0] [0]",
};

const nd_op *const nd_ops_select[] = { &nd_op_where, NULL };
#endif
