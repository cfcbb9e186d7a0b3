// tensor/reader.c: a walk, and a change of dtype behind it.

#include "tensor/reader.h"

static void begin(nd_reader *r, const nd_tensor *x, nd_dtype as)
{
  r->level = x->context->level;
  r->from = (nd_dtype)x->dtype;
  r->as = as;
  r->width = nd_dtype_size(as);
  r->tile = NULL;
}

void nd_reader_start(nd_reader *r, const nd_tensor *x, nd_dtype as)
{
  begin(r, x, as);
  nd_walk_start(&r->walk, x, 0);
}

void nd_reader_broadcast(nd_reader *r, const nd_tensor *x, nd_dtype as,
                         int rank, const int64_t *shape)
{
  begin(r, x, as);
  nd_walk_broadcast(&r->walk, x, rank, shape, 0);
}

void nd_reader_permuted(nd_reader *r, const nd_tensor *x, nd_dtype as,
                        const int *axes)
{
  begin(r, x, as);
  nd_walk_permuted(&r->walk, x, axes, 0);
}

void nd_reader_seek(nd_reader *r, int64_t from)
{
  nd_walk_seek(&r->walk, from);
}

void nd_reader_use(nd_reader *r, nd_tile *t)
{
  if (nd_tile_start(t, &r->walk, r->level))
    r->tile = t;
}

// A block of the tensor's own dtype, as it is wanted.
static const void *convert(nd_reader *r, int64_t n, const void *block)
{
  nd_convert(r->level, r->as, r->from, (int)n, r->room, block);
  return r->room;
}

const void *nd_reader_next(nd_reader *r, int64_t n)
{
  double raw[ND_BLOCK];
  if (r->from == r->as)
    return nd_walk_next(&r->walk, n, r->room);
  return convert(r, n, nd_walk_next(&r->walk, n, raw));
}

const void *nd_reader_place(const nd_reader *r)
{
  return r->from == r->as && nd_walk_is_dense(&r->walk) ? r->walk.data : NULL;
}

const void *nd_reader_at(nd_reader *r, int64_t from, int64_t n)
{
  const char *place = nd_reader_place(r);
  if (place != NULL)
    return place + from * (int64_t)r->width;
  if (r->tile != NULL) {
    const void *block = nd_tile_at(r->tile, from, n);
    return r->from == r->as ? block : convert(r, n, block);
  }
  nd_walk_seek(&r->walk, from);
  return nd_reader_next(r, n);
}
