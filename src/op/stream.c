// op/stream.c: streams by seed.

#include "op/stream.h"

#include "base/context.h"

bool nd_stream_check(nd_context *c, const nd_value *seed)
{
  return !seed->given || seed->n == 1 || seed->n == 2 ||
         nd_fail(c, ND_BAD_ARGUMENT, "seed is one number or two, got %d",
                 seed->n);
}

bool nd_stream_check_stateless(nd_context *c, const nd_value *seed)
{
  return seed->n == 2 ||
         nd_fail(c, ND_BAD_ARGUMENT, "seed is two numbers, got %d", seed->n);
}

// Whether the stream is that of two numbers.
static bool is_stateless(const nd_value *seed)
{
  return seed->given && seed->n == 2;
}

bool nd_stream_take(nd_context *c, const nd_value *seed)
{
  if (!is_stateless(seed))
    c->stream++;
  return true;
}

// One number for another, that has little to do with it (splitmix64).
static uint64_t scatter_bits(uint64_t x)
{
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

nd_philox nd_stream_of(const nd_context *c, const nd_value *seed)
{
  nd_philox s = { .seed = c->seed, .stream = c->stream };
  if (seed->given)
    s.seed = scatter_bits((uint64_t)seed->list[0] ^
                          (is_stateless(seed) ? 0 : scatter_bits(c->seed)));
  if (is_stateless(seed))
    s.stream = scatter_bits((uint64_t)seed->list[1]);
  return s;
}
