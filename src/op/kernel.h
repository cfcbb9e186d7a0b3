// op/kernel.h: which kernel an elementwise job runs, what it reads its inputs
// as and what it gives.

#ifndef ND_OP_KERNEL_H
#define ND_OP_KERNEL_H

#include "op/op.h"

// How many of the first inputs have dtypes of their own, which the others do
// not share.
static inline int nd_kernel_own(const nd_op *op)
{
  int n = 0;
  while (op->params[n].kind == ND_TENSOR && op->params[n].dtypes != 0)
    n++;
  return n;
}

// The dtype that kernels of the job are found by.
static inline nd_dtype nd_kernel_dtype(const nd_job *j)
{
  const nd_dtype dtype = (nd_dtype)j->in[nd_kernel_own(j->op)]->dtype;
  const bool is_float = nd_dtype_in(dtype, ND_FLOATS);
  return j->op->result == ND_AS_FLOAT && !is_float ? ND_FLOAT32 : dtype;
}

// What the kernel found by `dtype` gives, and what it reads each input as.
static inline nd_dtype nd_kernel_result(const nd_job *j, nd_dtype dtype)
{
  switch (j->op->result) {
  case ND_AS_BOOL: return ND_BOOL;
  case ND_AS_ASKED: return (nd_dtype)j->attr[0].integer;
  default: return dtype;
  }
}

static inline void nd_kernel_reads(const nd_job *j, nd_dtype dtype,
                                   nd_dtype *as)
{
  const int own = nd_kernel_own(j->op);
  for (int i = 0; i < j->n; i++)
    as[i] = i < own ? (nd_dtype)j->in[i]->dtype : dtype;
}

static inline nd_block_kernel *nd_kernel_find(nd_level level, const nd_job *j,
                                              nd_dtype dtype)
{
  const nd_kernels *rows = j->op->kernels[level];
  const bool asked = j->op->result == ND_AS_ASKED;
  return rows[asked ? j->attr[0].integer : 0].forward[dtype];
}

// The attributes as the numbers that kernels read.
static inline void nd_kernel_parameters(const nd_op *op, const nd_value *attr,
                                        double *p)
{
  const nd_param *param = op->params;
  for (int i = 0; i < op->attrs; param++) {
    if (!nd_param_is_tensor(param)) {
      p[i] = nd_param_number(param, &attr[i]);
      i++;
    }
  }
}

#endif
