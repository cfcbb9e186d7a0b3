// kernel/scatter.c: the loops of rows that meet rows.

#include "kernel/scatter.h"

#include <string.h>

#include "base/dtype.h"

const char *const nd_scatter_ways[] = { "update", "add", "sub", "mul",
                                        "div",    "min", "max", NULL };

nd_scatter_way nd_scatter_find(const char *name)
{
  int way = 0;
  while (nd_scatter_ways[way] != NULL &&
         strcmp(nd_scatter_ways[way], name) != 0)
    way++;
  return (nd_scatter_way)way;
}

typedef void kernel(int64_t n, const int64_t *row, int64_t run, int64_t from,
                    int64_t to, const void *in, void *out);

#define KERNEL(way, label, type, value)                                 \
  static void way##_##label(int64_t n, const int64_t *row, int64_t run, \
                            int64_t from, int64_t to, const void *in,   \
                            void *out)                                  \
  {                                                                     \
    const type *restrict b = in;                                        \
    for (int64_t i = 0; i < n; i++, b += run) {                         \
      type *restrict a = (type *)out + row[i] * run;                    \
      for (int64_t j = from; j < to; j++) {                             \
        const type x = a[j], y = b[j];                                  \
        a[j] = (type)(value);                                           \
      }                                                                 \
    }                                                                   \
  }

#define KERNELS(label, type, quotient)              \
  KERNEL(add, label, type, x + y)                   \
  KERNEL(sub, label, type, x - y)                   \
  KERNEL(mul, label, type, x *y)                    \
  KERNEL(div, label, type, quotient)                \
  KERNEL(min, label, type, x < y || x != x ? x : y) \
  KERNEL(max, label, type, x > y || x != x ? x : y)

// Divisors of 0 are refused before; the smallest number has no opposite.
#define WHOLE(type) y == 0 ? 0 : y == (type)-1 && (type)-1 < 0 ? 0 - x : x / y

KERNELS(float32, float, x / y)
KERNELS(float64, double, x / y)
KERNELS(int32, int32_t, WHOLE(int32_t))
KERNELS(int64, int64_t, WHOLE(int64_t))
KERNELS(uint8, uint8_t, WHOLE(uint8_t))

#define ROW(way)                                                \
  {                                                             \
    [ND_FLOAT32] = way##_float32, [ND_FLOAT64] = way##_float64, \
    [ND_INT32] = way##_int32, [ND_INT64] = way##_int64,         \
    [ND_UINT8] = way##_uint8                                    \
  }

static kernel *const kernels[ND_SCATTER_WAYS][ND_DTYPES] = {
  [ND_SCATTER_ADD] = ROW(add), [ND_SCATTER_SUB] = ROW(sub),
  [ND_SCATTER_MUL] = ROW(mul), [ND_SCATTER_DIV] = ROW(div),
  [ND_SCATTER_MIN] = ROW(min), [ND_SCATTER_MAX] = ROW(max),
};

static void update(size_t width, int64_t n, const int64_t *row, int64_t run,
                   int64_t from, int64_t to, const char *in, char *out)
{
  const int64_t bytes = run * (int64_t)width, offset = from * (int64_t)width;
  for (int64_t i = 0; i < n; i++)
    memcpy(out + row[i] * bytes + offset, in + i * bytes + offset,
           (size_t)(to - from) * width);
}

void nd_scatter_rows(nd_scatter_way way, nd_dtype dtype, int64_t n,
                     const int64_t *row, int64_t run, int64_t from, int64_t to,
                     const void *in, void *out)
{
  if (way == ND_SCATTER_UPDATE)
    update(nd_dtype_size(dtype), n, row, run, from, to, in, out);
  else
    kernels[way][dtype](n, row, run, from, to, in, out);
}
