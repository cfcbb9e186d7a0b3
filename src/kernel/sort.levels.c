// kernel/sort.levels.c: the table of what sorts.

#include "kernel/sort.h"

extern const nd_sort_kernels ND_LEVELLED(nd_sort_float32),
  ND_LEVELLED(nd_sort_float64), ND_LEVELLED(nd_sort_int32),
  ND_LEVELLED(nd_sort_int64), ND_LEVELLED(nd_sort_uint8);

const nd_sort_table ND_LEVELLED(nd_sort_table) = {
  .at[ND_FLOAT32] = &ND_LEVELLED(nd_sort_float32),
  .at[ND_FLOAT64] = &ND_LEVELLED(nd_sort_float64),
  .at[ND_INT32] = &ND_LEVELLED(nd_sort_int32),
  .at[ND_INT64] = &ND_LEVELLED(nd_sort_int64),
  .at[ND_UINT8] = &ND_LEVELLED(nd_sort_uint8),
};
