// op/plain.c: a kernel, called block by block.

#include "op/plain.h"

#include "op/engine.h"

enum { FEW = 2048 };  // also where nothing waits

// Whether `x` can be read as it lies, or repeats one element.
static bool fits(const nd_tensor *x, const nd_tensor *like)
{
  return x->size == 1 ? x->rank <= like->rank
                      : nd_same_shape(x, like) && (x->dense || nd_is_one(x));
}

bool nd_is_plain(const nd_context *c, const nd_tensor *like, int n,
                 nd_tensor *const *in)
{
  if (!like->dense || like->size > FEW || like->size >= c->least_waiting ||
      like->size == 0)
    return false;
  for (int i = 0; i < n; i++) {
    if (in[i] != like && !fits(in[i], like))
      return false;
  }
  return true;
}

// Block by block; from one to the next, inputs go on by so many bytes.
static void run_pieces(nd_block_kernel *kernel, const double *p, nd_tensor *out,
                       int n, const void **values, const size_t *steps)
{
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)out->dtype);
  for (int64_t at = 0; at < out->size; at += ND_BLOCK) {
    const int64_t left = out->size - at;
    kernel((int)(left < ND_BLOCK ? left : ND_BLOCK), p, out->data + at * width,
           values);
    for (int i = 0; i < n; i++)
      values[i] = (const char *)values[i] + steps[i];
  }
}

nd_tensor *nd_plain_run(const nd_tensor *like, nd_block_kernel *kernel,
                        const double *p, int n, nd_tensor *const *in,
                        nd_dtype dtype)
{
  uint64_t rooms[ND_MAX_FEEDS][ND_BLOCK];
  const void *values[ND_MAX_FEEDS];
  size_t steps[ND_MAX_FEEDS];
  nd_tensor *out = nd_tensor_like(like, dtype);
  if (out == NULL)
    return NULL;
  const int64_t size = like->size, most = size < ND_BLOCK ? size : ND_BLOCK;
  for (int i = 0; i < n; i++) {
    const nd_tensor *x = in[i];
    if (i > 0 && x == in[0]) {  // as where g stands in
      values[i] = values[0];
      steps[i] = steps[0];
      continue;
    }
    const size_t width = nd_dtype_size((nd_dtype)x->dtype);
    values[i] = nd_values(x);
    steps[i] = (size_t)most * width;
    if (x->size != size || !x->dense) {
      nd_spread(width, most, values[i], rooms[i]);
      values[i] = rooms[i];
      steps[i] = 0;
    }
  }
  run_pieces(kernel, p, out, n, values, steps);
  return out;
}
