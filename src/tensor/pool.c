// tensor/pool.c: a stack of references.

#include "tensor/pool.h"

static bool grow(nd_context *c)
{
  const size_t room = c->pool_room ? 2 * c->pool_room : 32;
  const size_t width = sizeof *c->pool;
  nd_tensor **pool = nd_memory_resize(c, c->pool, c->pool_room * width,
                                      room * width, ND_MEMORY_OBJECT);
  if (pool == NULL)
    return false;
  c->pool = pool;
  c->pool_room = room;
  return true;
}

nd_tensor *nd_pool_add(nd_context *c, nd_tensor *x)
{
  if (x == NULL)
    return NULL;
  if (c->pool_size == c->pool_room && !grow(c)) {
    nd_tensor_release(x);
    return NULL;
  }
  c->pool[c->pool_size++] = x;
  return x;
}

void nd_pool_drain(nd_context *c, size_t mark)
{
  while (c->pool_size > mark)
    nd_tensor_release(c->pool[--c->pool_size]);
}
