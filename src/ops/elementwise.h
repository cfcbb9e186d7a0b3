// ops/elementwise.h: what the families of elementwise ops share: which kernels
// and which result each word for a set of dtypes stands for.
//
//   FLOATS   float32, float64           result: the same dtype
//   NUMBERS  floats and integers        the same
//   CAST     floats and integers        integers are read as float32
//   TEST     floats                     bool
//   COMPARE  everything                 bool
//   BOOLS    bool                       bool

#ifndef ND_OP_ELEMENTWISE_H
#define ND_OP_ELEMENTWISE_H

#include "base/dtype.h"
#include "kernel/block.h"

enum {
  DTYPES_FLOATS = ND_FLOATS,
  DTYPES_NUMBERS = ND_NUMBERS,
  DTYPES_CAST = ND_NUMBERS,
  DTYPES_TEST = ND_FLOATS,
  DTYPES_COMPARE = ND_ANY,
  DTYPES_BOOLS = ND_BOOLS
};

#define RESULT_FLOATS ND_AS_INPUT
#define RESULT_NUMBERS ND_AS_INPUT
#define RESULT_CAST ND_AS_FLOAT
#define RESULT_TEST ND_AS_BOOL
#define RESULT_COMPARE ND_AS_BOOL
#define RESULT_BOOLS ND_AS_BOOL

// The kernels K(name, label, type, result type, formula) of a set of dtypes.
#define KERNELS_FLOATS(K, name, formula)  \
  K(name, float32, float, float, formula) \
  K(name, float64, double, double, formula)
#define KERNELS_NUMBERS(K, name, formula)   \
  KERNELS_FLOATS(K, name, formula)          \
  K(name, int32, int32_t, int32_t, formula) \
  K(name, int64, int64_t, int64_t, formula) \
  K(name, uint8, uint8_t, uint8_t, formula)
#define KERNELS_CAST(K, name, formula) KERNELS_FLOATS(K, name, formula)
#define KERNELS_TEST(K, name, formula)      \
  K(name, float32, float, uint8_t, formula) \
  K(name, float64, double, uint8_t, formula)
#define KERNELS_BOOLS(K, name, formula) \
  K(name, truth, uint8_t, uint8_t, formula)
#define KERNELS_COMPARE(K, name, formula)   \
  KERNELS_TEST(K, name, formula)            \
  KERNELS_BOOLS(K, name, formula)           \
  K(name, int32, int32_t, uint8_t, formula) \
  K(name, int64, int64_t, uint8_t, formula) \
  K(name, uint8, uint8_t, uint8_t, formula)

// Their places in nd_kernels.forward.
#define FORWARD_FLOATS(name)                                     \
  {                                                              \
    [ND_FLOAT32] = name##_float32, [ND_FLOAT64] = name##_float64 \
  }
#define FORWARD_NUMBERS(name)                                     \
  {                                                               \
    [ND_FLOAT32] = name##_float32, [ND_FLOAT64] = name##_float64, \
    [ND_INT32] = name##_int32, [ND_INT64] = name##_int64,         \
    [ND_UINT8] = name##_uint8                                     \
  }
#define FORWARD_CAST(name) FORWARD_FLOATS(name)
#define FORWARD_TEST(name) FORWARD_FLOATS(name)
#define FORWARD_BOOLS(name)  \
  {                          \
    [ND_BOOL] = name##_truth \
  }
#define FORWARD_COMPARE(name)                                     \
  {                                                               \
    [ND_FLOAT32] = name##_float32, [ND_FLOAT64] = name##_float64, \
    [ND_INT32] = name##_int32, [ND_INT64] = name##_int64,         \
    [ND_UINT8] = name##_uint8, [ND_BOOL] = name##_truth           \
  }

// Gradient times slope: where nothing comes in nothing goes out, even if the
// slope is inf or nan. With its recorded forms, multiply_no_nan and zero_wins
// of ops/binary.levels.c, this is the home of that rule. Where gradients are
// multiplied and added up by matmul it ends: 0 * nan is nan there.
#define ZERO_STAYS(g, slope) ((g) == 0 ? 0 : (g) * (slope))

// Generic code compares unsigned numbers with 0.
#pragma GCC diagnostic ignored "-Wtype-limits"

#endif
