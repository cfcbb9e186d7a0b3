// kernel/sort_8.levels.c: elements of 8 bytes.

#include "kernel/sort.h"

typedef struct item {
  uint64_t key, place;
} __attribute__((may_alias)) item;

#define ITEM(key, place) ((item){ key, (uint64_t)(place) })
#define KEY(x) ((x).key)
#define PLACE(x) ((x).place)
#define COMES_BEFORE(x, y) \
  (KEY(x) < KEY(y) || (KEY(x) == KEY(y) && PLACE(x) < PLACE(y)))

#include "kernel/sort_items.h"

static inline uint64_t float_key(double x)
{
  const double whole = x + 0;  // not -0
  uint64_t bits;
  memcpy(&bits, &whole, sizeof bits);
  return bits ^ (bits >> 63 ? UINT64_MAX : (uint64_t)1 << 63);
}

#define INT_KEY(x) ((uint64_t)(x) ^ (uint64_t)1 << 63)

DEFINE_ELEMENTS(float64, double, uint64_t, float_key)
DEFINE_ELEMENTS(int64, int64_t, uint64_t, INT_KEY)

const nd_sort_kernels ND_LEVELLED(nd_sort_float64) = SORT_KERNELS(float64, 8);
const nd_sort_kernels ND_LEVELLED(nd_sort_int64) = SORT_KERNELS(int64, 8);
