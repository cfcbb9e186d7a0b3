// op/integers.c: reads integer tensors of any dtype and strides in pieces.

#include "op/integers.h"

#include "kernel/convert.h"
#include "tensor/walk.h"

void nd_integers_read(const nd_tensor *x, int64_t from, int64_t n, int64_t *out)
{
  const nd_dtype dtype = (nd_dtype)x->dtype;
  const nd_level level = x->context->level;
  if (x->dense) {
    const char *at = nd_values(x) + from * (int64_t)nd_dtype_size(dtype);
    nd_convert(level, ND_INT64, dtype, n, out, at);
    return;
  }
  int64_t raw[ND_INTEGERS_READ];
  nd_walk walk;
  nd_walk_start(&walk, x, from);
  nd_walk_copy(&walk, n, raw);
  nd_convert(level, ND_INT64, dtype, n, out, raw);
}

bool nd_integers_within(nd_tensor *x, int64_t low, int64_t high, int64_t *bad)
{
  int64_t values[ND_INTEGERS_READ];
  for (int64_t from = 0; from < x->size; from += ND_INTEGERS_READ) {
    const int64_t left = x->size - from;
    const int64_t n = left < ND_INTEGERS_READ ? left : ND_INTEGERS_READ;
    nd_integers_read(x, from, n, values);
    for (int64_t i = 0; i < n; i++) {
      if (values[i] < low || values[i] > high) {
        *bad = values[i];
        return false;
      }
    }
  }
  return true;
}

bool nd_integers_avoid(nd_tensor *x, int64_t low, int64_t high)
{
  if (!nd_dtype_in((nd_dtype)x->dtype, ND_INTS))
    return true;
  int64_t values[ND_INTEGERS_READ];
  for (int64_t from = 0; from < x->size; from += ND_INTEGERS_READ) {
    const int64_t left = x->size - from;
    const int64_t n = left < ND_INTEGERS_READ ? left : ND_INTEGERS_READ;
    nd_integers_read(x, from, n, values);
    for (int64_t i = 0; i < n; i++) {
      if (values[i] >= low && values[i] <= high)
        return false;
    }
  }
  return true;
}
