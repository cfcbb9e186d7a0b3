// ops/elementwise.h: what the families of elementwise ops share: which kernels
// and which result each word for a set of dtypes stands for, and the templates
// of kernels of one, two and three inputs.
//
//   FLOATS   float32, float64           result: the same dtype
//   NUMBERS  floats and integers        the same
//   CAST     floats and integers        integers are read as float32
//   DOUBLES  floats, of one input       the same; float32 by float64's kernel
//   HEAVY    floats and integers        the same, by long formulas of floats
//   TEST     floats                     bool
//   COMPARE  everything                 bool
//   BOOLS    bool                       bool

#ifndef ND_OP_ELEMENTWISE_H
#define ND_OP_ELEMENTWISE_H

#include "base/dtype.h"
#include "kernel/group.h"
#include "op/term.h"

enum {
  DTYPES_FLOATS = ND_FLOATS,
  DTYPES_NUMBERS = ND_NUMBERS,
  DTYPES_CAST = ND_NUMBERS,
  DTYPES_DOUBLES = ND_FLOATS,
  DTYPES_HEAVY = ND_NUMBERS,
  DTYPES_TEST = ND_FLOATS,
  DTYPES_COMPARE = ND_VALUES,
  DTYPES_BOOLS = ND_BOOLS
};

#define RESULT_FLOATS ND_AS_INPUT
#define RESULT_NUMBERS ND_AS_INPUT
#define RESULT_CAST ND_AS_FLOAT
#define RESULT_DOUBLES ND_AS_INPUT
#define RESULT_HEAVY ND_AS_INPUT
#define RESULT_TEST ND_AS_BOOL
#define RESULT_COMPARE ND_AS_BOOL
#define RESULT_BOOLS ND_AS_BOOL

// The kernels K(inputs, name, label, type, result type, formula) of a set of
// dtypes.
#define KERNELS_FLOATS(K, inputs, name, formula)  \
  K(inputs, name, float32, float, float, formula) \
  K(inputs, name, float64, double, double, formula)
#define KERNELS_INTEGERS(K, inputs, name, formula)  \
  K(inputs, name, int32, int32_t, int32_t, formula) \
  K(inputs, name, int64, int64_t, int64_t, formula) \
  K(inputs, name, uint8, uint8_t, uint8_t, formula)
#define KERNELS_NUMBERS(K, inputs, name, formula) \
  KERNELS_FLOATS(K, inputs, name, formula)        \
  KERNELS_INTEGERS(K, inputs, name, formula)
#define KERNELS_CAST(K, inputs, name, formula) \
  KERNELS_FLOATS(K, inputs, name, formula)
#define KERNELS_TEST(K, inputs, name, formula)      \
  K(inputs, name, float32, float, uint8_t, formula) \
  K(inputs, name, float64, double, uint8_t, formula)
#define KERNELS_BOOLS(K, inputs, name, formula) \
  K(inputs, name, truth, uint8_t, uint8_t, formula)
#define KERNELS_COMPARE(K, inputs, name, formula)   \
  KERNELS_TEST(K, inputs, name, formula)            \
  KERNELS_BOOLS(K, inputs, name, formula)           \
  K(inputs, name, int32, int32_t, uint8_t, formula) \
  K(inputs, name, int64, int64_t, uint8_t, formula) \
  K(inputs, name, uint8, uint8_t, uint8_t, formula)

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
#define FORWARD_DOUBLES(name) FORWARD_FLOATS(name)
#define FORWARD_HEAVY(name) FORWARD_NUMBERS(name)
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
// multiplied and added up by matmul it ends: 0 * nan is nan there. Strict
// gradients know no such rule: sweeps then leave these kernels alone, and what
// is recorded multiplies (CHAIN in ops/rules.h).
#define ZERO_STAYS(g, slope) ((g) == 0 ? 0 : (g) * (slope))

// Where the inputs of a kernel lie, from `in[at]` on, and what lies there from
// element i on under the name that formulas know it by: an E, which is T, the
// type of one element, or a vector of these.
#define ND_UNUSED __attribute__((unused))
#define PLACES_1(at) const T *ND_UNUSED p1 = in[at];
#define PLACES_2(at) PLACES_1(at) const T *ND_UNUSED p2 = in[(at) + 1];
#define PLACES_3(at) PLACES_2(at) const T *ND_UNUSED p3 = in[(at) + 2];
#define READ(name, place) \
  const E ND_UNUSED name = *(const E *)(const void *)((place) + i);
#define READ_1 READ(x, p1)
#define READ_2 READ(a, p1) READ(b, p2)
#define READ_3 READ(u, p1) READ(v, p2) READ(w, p3)

// What the values of an op, and the gradient of one of its inputs, are by
// formulas: for i < n; and their kernels.
#define VALUES_LOOP(inputs, type, result, formula) \
  typedef type T, E;                               \
  result *restrict o = out;                        \
  PLACES_##inputs(0) for (int i = 0; i < n; i++)   \
  {                                                \
    READ_##inputs o[i] = (result)(formula);        \
  }
// Of bools, by whole groups: gcc makes them best of numbers that are as wide as
// the elements.
#define TEST_LOOP(inputs, type, formula)                         \
  typedef type T, E;                                             \
  typedef __typeof__(_Generic((T)0, float : 0, double            \
                              : INT64_C(0), default              \
                              : (T)0)) whole;                    \
  enum { GROUP = ND_GROUP(sizeof(T)) };                          \
  uint8_t *restrict o = out;                                     \
  PLACES_##inputs(0) for (int from = 0; from < n; from += GROUP) \
  {                                                              \
    whole is[GROUP];                                             \
    for (int k = 0; k < GROUP; k++) {                            \
      const int i = from + k;                                    \
      READ_##inputs is[k] = (formula);                           \
    }                                                            \
    for (int k = 0; k < GROUP; k++)                              \
      o[from + k] = (uint8_t)is[k];                              \
  }
#define SLOPE_LOOP(inputs, type, formula)              \
  typedef type T, E;                                   \
  T *restrict o = out;                                 \
  const T *pg = in[0], *ND_UNUSED py = in[inputs + 1]; \
  PLACES_##inputs(1) for (int i = 0; i < n; i++)       \
  {                                                    \
    const T g = pg[i], ND_UNUSED y = py[i];            \
    READ_##inputs o[i] = ZERO_STAYS(g, formula);       \
  }
#define FORWARD(inputs, name, label, type, result, formula) \
  ND_BLOCK_KERNEL(name##_##label)                           \
  {                                                         \
    VALUES_LOOP(inputs, type, result, formula)              \
  }
#define BACKWARD(inputs, name, label, type, result, formula) \
  ND_BLOCK_KERNEL(name##_##label)                            \
  {                                                          \
    SLOPE_LOOP(inputs, type, formula)                        \
  }

// The same over groups, for formulas that are longer than a call.
#define GROUPED(name, label, inputs, type, result, loop)                       \
  ND_BLOCK_KERNEL(name##_groups_##label)                                       \
  {                                                                            \
    n &= -ND_GROUP(sizeof(type));                                              \
    loop                                                                       \
  }                                                                            \
  ND_BLOCK_KERNEL(name##_##label)                                              \
  {                                                                            \
    static const nd_grouped k = { name##_groups_##label, inputs, sizeof(type), \
                                  sizeof(result) };                            \
    ND_LEVELLED(nd_run_grouped)(n, p, out, in, &k);                            \
  }
#define GROUPED_FORWARD(inputs, name, label, type, result, formula) \
  GROUPED(name, label, inputs, type, result,                        \
          VALUES_LOOP(inputs, type, result, formula))
#define GROUPED_TEST(inputs, name, label, type, result, formula) \
  GROUPED(name, label, inputs, type, result, TEST_LOOP(inputs, type, formula))
#define GROUPED_BACKWARD(inputs, name, label, type, result, formula) \
  GROUPED(name, label, inputs + 2, type, type,                       \
          SLOPE_LOOP(inputs, type, formula))

// Which of them a set of dtypes has: formulas of floats are long, and so is
// what makes a narrow bool of a wide element.
#define VALUES_FLOATS(...) KERNELS_FLOATS(GROUPED_FORWARD, __VA_ARGS__)
#define VALUES_NUMBERS(...) KERNELS_NUMBERS(FORWARD, __VA_ARGS__)
#define VALUES_CAST(...) KERNELS_CAST(FORWARD, __VA_ARGS__)
#define VALUES_DOUBLES(inputs, name, formula)                      \
  GROUPED_FORWARD(inputs, name, float64, double, double, formula)  \
  ND_BLOCK_KERNEL(name##_float32)                                  \
  {                                                                \
    ND_LEVELLED(nd_run_widened)(n, p, out, in[0], name##_float64); \
  }
#define VALUES_HEAVY(...)    \
  VALUES_FLOATS(__VA_ARGS__) \
  KERNELS_INTEGERS(FORWARD, __VA_ARGS__)
#define VALUES_TEST(...) KERNELS_TEST(GROUPED_TEST, __VA_ARGS__)
#define VALUES_COMPARE(...) KERNELS_COMPARE(GROUPED_TEST, __VA_ARGS__)
#define VALUES_BOOLS(...) KERNELS_BOOLS(FORWARD, __VA_ARGS__)
#define SLOPES_FLOATS(...) KERNELS_FLOATS(GROUPED_BACKWARD, __VA_ARGS__)
#define SLOPES_NUMBERS(...) KERNELS_FLOATS(BACKWARD, __VA_ARGS__)
#define SLOPES_CAST(...) KERNELS_FLOATS(BACKWARD, __VA_ARGS__)

// The gradient from the formula as data: slope number `i` of the op `entry`.
#define WALK(inputs, name, label, entry, i)                      \
  ND_BLOCK_KERNEL(name##_##label)                                \
  {                                                              \
    walk_##label(inputs, nd_op_##entry.slope[i], n, p, out, in); \
  }
#define DEFINE_WALK(label, type, name)                          \
  ND_UNUSED __attribute__((noinline)) static void walk_##label( \
    int inputs, const nd_term *slope, int n, const double *p,   \
    void *restrict out, const void *const *in)                  \
  {                                                             \
    const nd_term_feed f = {                                    \
      ND_JOIN(ND_NUMBER, ND_LEVEL), name, n, p, inputs, in + 1  \
    };                                                          \
    double room[ND_BLOCK];                                      \
    const type *s = nd_term_block(slope, &f, room), *g = in[0]; \
    type *restrict o = out;                                     \
    for (int i = 0; i < n; i++)                                 \
      o[i] = ZERO_STAYS(g[i], s[i]);                            \
  }

DEFINE_WALK(float32, float, ND_FLOAT32)
DEFINE_WALK(float64, double, ND_FLOAT64)

#define WALKS(inputs, name, entry, i)   \
  WALK(inputs, name, float32, entry, i) \
  WALK(inputs, name, float64, entry, i)

// Generic code compares unsigned numbers with 0.
#pragma GCC diagnostic ignored "-Wtype-limits"

// What stands at the end of a line replaces what its template gives.
#pragma GCC diagnostic ignored "-Woverride-init"

#endif
