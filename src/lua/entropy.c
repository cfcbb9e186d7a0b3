// lua/entropy.c: the system's random bits.

#include "lua/entropy.h"

#include <time.h>
#include <unistd.h>

uint64_t ndL_invent(const void *p)
{
  uint64_t bits;
  if (getentropy(&bits, sizeof bits) == 0)
    return bits;
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  bits = ((uint64_t)now.tv_sec << 30) + (uint64_t)now.tv_nsec;
  return (bits ^ (uintptr_t)p) * 0x9e3779b97f4a7c15u;
}
