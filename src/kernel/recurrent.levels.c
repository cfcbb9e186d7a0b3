// kernel/recurrent.levels.c: the cells of both float dtypes from one template.

#include "kernel/recurrent.h"

#include <string.h>

#include "kernel/group.h"
#include "kernel/math.h"

// Whole groups, of which none reads what another writes.
#define EACH(group)                        \
  const int64_t whole = n & -(int)(group); \
  ND_INDEPENDENT for (int64_t i = 0; i < whole; i++)

#define LABEL float32
#define REAL float
#define SIGMOID nd_sigmoid_f32
#define TANH nd_tanh_f32
#include "kernel/recurrent_real.h"

#define LABEL float64
#define REAL double
#define SIGMOID nd_sigmoid_f64
#define TANH nd_tanh_f64
#include "kernel/recurrent_real.h"

const nd_recurrent_table ND_LEVELLED(nd_recurrent_table) = {
  .at = { [ND_FLOAT32] = &float32_kernels, [ND_FLOAT64] = &float64_kernels }
};
