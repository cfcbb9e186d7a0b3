// op/plain.c: a kernel, called once.

#include "op/plain.h"

#include "op/engine.h"

bool nd_is_plain(const nd_context *c, const nd_tensor *like, int n,
                 nd_tensor *const *in)
{
  if (!like->dense || like->size > ND_BLOCK || like->size >= c->least_waiting ||
      like->size == 0)
    return false;
  for (int i = 0; i < n; i++) {
    const nd_tensor *x = in[i];
    if (x != like && (x->size == 1 ? x->rank > like->rank
                                   : !nd_same_shape(x, like) ||
                                       !(x->dense || nd_is_one(x))))
      return false;
  }
  return true;
}

nd_tensor *nd_plain_run(const nd_tensor *like, nd_block_kernel *kernel,
                        const double *p, int n, nd_tensor *const *in,
                        nd_dtype dtype)
{
  uint64_t rooms[ND_MAX_FEEDS][ND_BLOCK];
  const void *values[ND_MAX_FEEDS];
  nd_tensor *out = nd_tensor_like(like, dtype);
  if (out == NULL)
    return NULL;
  for (int i = 0; i < n; i++) {
    const nd_tensor *x = in[i];
    values[i] = nd_values(x);
    if (x->size != like->size || !x->dense) {
      const size_t width = nd_dtype_size((nd_dtype)x->dtype);
      nd_spread(width, like->size, values[i], rooms[i]);
      values[i] = rooms[i];
    }
  }
  kernel((int)like->size, p, out->data, values);
  return out;
}
