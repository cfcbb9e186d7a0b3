// tensor/writer.c: a place, and a change of dtype before it.

#include "tensor/writer.h"

#include "kernel/convert.h"

void nd_writer_start(nd_writer *w, const nd_tensor *x, nd_dtype as)
{
  w->level = x->context->level;
  w->as = as;
  w->to = (nd_dtype)x->dtype;
  w->width = (int64_t)nd_dtype_size(w->to);
  w->data = x->data;
  w->next = x->data;
}

void nd_writer_seek(nd_writer *w, int64_t from)
{
  w->next = w->data + from * w->width;
}

void *nd_writer_next(nd_writer *w)
{
  return w->as == w->to ? (void *)w->next : w->room;
}

void nd_writer_done(nd_writer *w, int64_t n)
{
  if (w->as != w->to)
    nd_convert(w->level, w->to, w->as, (int)n, w->next, w->room);
  w->next += n * w->width;
}

void nd_writer_put(nd_writer *w, int64_t i, const void *value)
{
  nd_writer_seek(w, i);
  nd_convert(w->level, w->to, w->as, 1, w->next, value);
  w->next += w->width;
}
