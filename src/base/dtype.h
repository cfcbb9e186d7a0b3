// base/dtype.h: element types: names, sizes, and sets of them.

#ifndef ND_BASE_DTYPE_H
#define ND_BASE_DTYPE_H

#include "nadir.h"

// The one list of element types: constant, C type, name in messages.
#define ND_DTYPE_LIST(T)           \
  T(ND_FLOAT32, float, float32)    \
  T(ND_FLOAT64, double, float64)   \
  T(ND_INT32, int32_t, int32)      \
  T(ND_INT64, int64_t, int64)      \
  T(ND_UINT8, uint8_t, uint8)      \
  T(ND_BOOL, uint8_t, bool)        \
  T(ND_FLOAT16, uint16_t, float16) \
  T(ND_BFLOAT16, uint16_t, bfloat16)

// The loops that move elements of any dtype know those of 1, 2, 4 and 8
// bytes.
#define ND_MOVES(dtype, type, name)                        \
  _Static_assert(sizeof(type) == 1 || sizeof(type) == 2 || \
                   sizeof(type) == 4 || sizeof(type) == 8, \
                 "kernel/flip.h, ops/select.levels.c, tensor/walk.c move it");
ND_DTYPE_LIST(ND_MOVES)
#undef ND_MOVES

// Sets of dtypes, one bit each.
enum {
  ND_FLOATS = 1 << ND_FLOAT32 | 1 << ND_FLOAT64,
  ND_INTS = 1 << ND_INT32 | 1 << ND_INT64 | 1 << ND_UINT8,
  ND_NUMBERS = ND_FLOATS | ND_INTS,
  ND_BOOLS = 1 << ND_BOOL,
  ND_VALUES = ND_NUMBERS | ND_BOOLS,  // that something is computed with
  ND_ANY = (1 << ND_DTYPES) - 1       // and those that are for storing alone
};

const char *nd_dtype_name(nd_dtype dtype);
size_t nd_dtype_size(nd_dtype dtype);

// False when no dtype has that name; else sets `*dtype`.
bool nd_dtype_find(const char *name, nd_dtype *dtype);

static inline bool nd_dtype_in(nd_dtype dtype, int set)
{
  return (set >> dtype & 1) != 0;
}

#endif
