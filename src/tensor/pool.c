// tensor/pool.c: a stack of references.

#include "tensor/pool.h"

static bool grow(nd_context *c, nd_strand *s)
{
  const size_t room = s->pool_room ? 2 * s->pool_room : 32;
  const size_t width = sizeof *s->pool;
  nd_tensor **pool = nd_memory_resize(c, s->pool, s->pool_room * width,
                                      room * width, ND_MEMORY_OBJECT);
  if (pool == NULL)
    return false;
  s->pool = pool;
  s->pool_room = room;
  return true;
}

nd_tensor *nd_pool_add(nd_context *c, nd_tensor *x)
{
  if (x == NULL)
    return NULL;
  nd_strand *s = &c->strand;
  if (s->pool_size == s->pool_room && !grow(c, s)) {
    nd_tensor_release(x);
    return NULL;
  }
  s->pool[s->pool_size++] = x;
  return x;
}

void nd_pool_drain(nd_context *c, size_t mark)
{
  nd_strand *s = &c->strand;
  while (s->pool_size > mark)
    nd_tensor_release(s->pool[--s->pool_size]);
}
