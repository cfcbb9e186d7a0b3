// op/engine.c: the block engine. An input is read directly when its elements
// lie in the output's order, spread once when it is one element, and otherwise
// gathered block by block into a buffer in L1; so a kernel sees contiguous runs
// whatever the strides, and the output can be computed in any ranges.

#include "op/engine.h"

#include <string.h>

typedef struct nd_source {
  const char *at;    // next block, unless it is read
  int64_t step;      // bytes from element to element; 0: it stays
  nd_reader reader;  // also the room of one element that is spread
} nd_source;

bool nd_is_one(const nd_tensor *x)
{
  if (x->size == 1)
    return true;
  for (int i = 0; i < x->rank; i++) {
    if (x->dims[i] != 1 && nd_strides(x)[i] != 0)
      return false;
  }
  return x->size > 0;
}

void nd_engine_start(nd_engine *e, nd_block_kernel *kernel, const double *p,
                     int n, nd_tensor *const *inputs, const nd_dtype *to,
                     nd_tensor *out)
{
  e->level = out->context->level;
  e->kernel = kernel;
  e->p = p;
  e->n = n;
  e->out = out;
  for (int i = 0; i < n; i++) {
    nd_feed *f = &e->feeds[i];
    f->tensor = inputs[i];
    f->as = to[i];
    if (nd_is_one(inputs[i]))
      f->mode = ND_FEED_ONE;
    else if (inputs[i]->dense && inputs[i]->dtype == to[i] &&
             nd_same_shape(inputs[i], out))
      f->mode = ND_FEED_DIRECT;
    else
      f->mode = ND_FEED_READ;
  }
}

// Eight bytes that repeat an element.
static uint64_t repeat(size_t width, const void *one)
{
  uint64_t bytes = 0;
  uint32_t word;
  uint16_t half;
  switch (width) {
  case 1: memset(&bytes, *(const uint8_t *)one, sizeof bytes); return bytes;
  case 2: memcpy(&half, one, sizeof half); return half * 0x1000100010001U;
  case 4: memcpy(&word, one, sizeof word); return word * 0x100000001U;
  default: memcpy(&bytes, one, sizeof bytes); return bytes;
  }
}

// After a line of the cache, copies what is there, twice as much each time
// while it stays in L1.
void nd_spread(size_t width, int64_t n, const void *one, void *out)
{
  enum { MOST_BYTES = 4096 };
  const size_t bytes = (size_t)n * width;
  const uint64_t eight = repeat(width, one);
  size_t done = 0;
  for (; done < ND_ALIGNMENT && done + sizeof eight <= bytes;
       done += sizeof eight)
    memcpy((char *)out + done, &eight, sizeof eight);
  if (done < ND_ALIGNMENT && done < bytes) {
    memcpy((char *)out + done, &eight, bytes - done);
    return;
  }
  for (size_t more; done < bytes; done += more) {
    more = done < MOST_BYTES ? done : MOST_BYTES;
    more = more < bytes - done ? more : bytes - done;
    memcpy((char *)out + done, out, more);
  }
}

static void start_source(const nd_engine *e, int i, int64_t from, int64_t n,
                         nd_source *s)
{
  const nd_feed *f = &e->feeds[i];
  const nd_tensor *x = f->tensor;
  const size_t width = nd_dtype_size(f->as);
  if (f->mode == ND_FEED_ONE) {
    double one;
    nd_convert(e->level, f->as, (nd_dtype)x->dtype, 1, &one, nd_values(x));
    nd_spread(width, n < ND_BLOCK ? n : ND_BLOCK, &one, s->reader.room);
    s->at = (const char *)s->reader.room;
    s->step = 0;
  } else if (f->mode == ND_FEED_DIRECT) {
    s->at = nd_values(x) + from * (int64_t)width;
    s->step = (int64_t)width;
  } else {
    nd_reader_broadcast(&s->reader, x, f->as, e->out->rank, e->out->dims);
    nd_reader_seek(&s->reader, from);
  }
}

// The next `n` elements of a source, as the kernel wants them.
static const void *next_block(const nd_feed *f, int64_t n, nd_source *s)
{
  if (f->mode == ND_FEED_READ)
    return nd_reader_next(&s->reader, n);
  const void *block = s->at;
  s->at += n * s->step;
  return block;
}

void nd_engine_run(const nd_engine *e, int64_t from, int64_t to)
{
  nd_source sources[ND_MAX_FEEDS];
  const void *in[ND_MAX_FEEDS];
  for (int i = 0; i < e->n; i++)
    start_source(e, i, from, to - from, &sources[i]);
  const int64_t width = (int64_t)nd_dtype_size((nd_dtype)e->out->dtype);
  for (int64_t at = from; at < to; at += ND_BLOCK) {
    const int64_t n = to - at < ND_BLOCK ? to - at : ND_BLOCK;
    for (int i = 0; i < e->n; i++)
      in[i] = next_block(&e->feeds[i], n, &sources[i]);
    e->kernel((int)n, e->p, e->out->data + at * width, in);
  }
}
