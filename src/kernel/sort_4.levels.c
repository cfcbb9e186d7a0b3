// kernel/sort_4.levels.c: elements of up to 4 bytes. An item is one number, the
// key above the place.

#include "kernel/sort.h"

typedef uint64_t item __attribute__((may_alias));

#define ITEM(key, place) ((uint64_t)(key) << 32 | (uint64_t)(place))
#define KEY(x) ((uint32_t)((x) >> 32))
#define PLACE(x) ((uint32_t)(x))
#define COMES_BEFORE(x, y) ((x) < (y))

#include "kernel/sort_items.h"

static inline uint32_t float_key(float x)
{
  const float whole = x + 0;  // not -0
  uint32_t bits;
  memcpy(&bits, &whole, sizeof bits);
  return bits ^ (bits >> 31 ? UINT32_MAX : (uint32_t)1 << 31);
}

#define INT_KEY(x) ((uint32_t)(x) ^ (uint32_t)1 << 31)
#define BYTE_KEY(x) (x)

DEFINE_ELEMENTS(float32, float, uint32_t, float_key)
DEFINE_ELEMENTS(int32, int32_t, uint32_t, INT_KEY)
DEFINE_ELEMENTS(uint8, uint8_t, uint8_t, BYTE_KEY)

const nd_sort_kernels ND_LEVELLED(nd_sort_float32) = SORT_KERNELS(float32, 4);
const nd_sort_kernels ND_LEVELLED(nd_sort_int32) = SORT_KERNELS(int32, 4);
const nd_sort_kernels ND_LEVELLED(nd_sort_uint8) = SORT_KERNELS(uint8, 1);
