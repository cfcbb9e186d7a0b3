// ops/contract.h: tensors whose axes have labels, and products of two of them,
// summed over labels. Words of rules: what they give is the pool's.

#ifndef ND_OPS_CONTRACT_H
#define ND_OPS_CONTRACT_H

#include "op/op.h"

enum { ND_LABELS = 64 };

typedef uint64_t nd_labels;  // a set

static inline nd_labels nd_label(int label)
{
  return (nd_labels)1 << label;
}

typedef struct nd_factor {
  nd_tensor *x;  // NULL after an error
  int rank;
  uint8_t at[ND_MAX_RANK];  // labels of its axes, each once
} nd_factor;

static inline nd_labels nd_factor_labels(const nd_factor *f)
{
  nd_labels all = 0;
  for (int i = 0; i < f->rank; i++)
    all |= nd_label(f->at[i]);
  return all;
}

// `f` without the axes whose labels are in `gone`, which are added up.
nd_factor nd_factor_sum(nd_context *c, const nd_factor *f, nd_labels gone);

// The tensor of `f` with its axes in the order of `at`.
nd_tensor *nd_factor_arrange(nd_context *c, const nd_factor *f,
                             const uint8_t *at);

// The product of two, summed over all labels that are not in `kept`. Axes with
// one label are of one size.
nd_factor nd_factor_contract(nd_context *c, const nd_factor *p,
                             const nd_factor *q, nd_labels kept);

#endif
